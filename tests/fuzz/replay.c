/* Show a fuzz target the files and directories named. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "fuzz.h"

enum { INPUT_MAX = 64 << 20 };

static int
give_up(const struct err *e)
{
	err_report("replay", e);

	return 1;
}

static int
show_file(int at, const char *name)
{
	struct str text = STR_EMPTY;
	struct err e = ERR_NONE;
	uint8_t *bytes;

	if (fs_slurp(at, name, INPUT_MAX, &text, &e) < 0)
		return give_up(&e);
	/* Told before, so that a crash has a name. */
	printf("%s\n", name);
	fflush(stdout);
	/* Of just their size, as the fuzzer would. */
	bytes = mem_alloc(text.n);
	if (text.n > 0)
		memcpy(bytes, text.s, text.n);
	LLVMFuzzerTestOneInput(bytes, text.n);
	free(bytes);
	str_free(&text);

	return 0;
}

static int
show_directory(const char *path)
{
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	size_t i;
	int fd, bad = 0;

	fd = fs_open_dir(AT_FDCWD, path, &e);
	if (fd < 0 || fs_list(fd, ".", &names, &e) < 0)
		return give_up(&e);
	fs_sort(&names);
	for (i = 0; i < names.n && !bad; i++)
		bad = show_file(fd, names.v[i]);
	fs_free(&names);

	return bad;
}

int
main(int argc, char *argv[])
{
	int i, bad = 0;

	for (i = 1; i < argc && !bad; i++)
		bad = fs_is_dir(AT_FDCWD, argv[i])
		    ? show_directory(argv[i])
		    : show_file(AT_FDCWD, argv[i]);

	return bad;
}
