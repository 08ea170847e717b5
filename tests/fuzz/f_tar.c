/* An archive, which nobody trusts; what is read is written, and read. */

#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/tar.h"
#include "fuzz.h"

enum {
	PIPE = 60000,
	ENTRY_MAX = 20000,
	HEADERS = 4096,
	PAD = 12000,
	BLOCK = 512
};

/* One pass: the members as a text, and into an archive if there is one. */
struct pass {
	struct str text;
	struct tar_writer *copy;
	size_t need; /* room for all of them in an archive, at most */
};

static void
check_name(const char *name)
{
	const char *p;

	must(*name != '/' && *name != '\0', "a name is relative");
	for (p = name; p != NULL; p = strchr(p, '/')) {
		p += *p == '/';
		must(*p != '/' && *p != '\0', "no component is empty");
		must(strncmp(p, "../", 3) != 0 && strcmp(p, "..") != 0,
		    "no name leads out");
	}
}

/* Take a member; -1 if it is damaged or too large. */
static int
take(struct tar_reader *r, const struct tar_entry *entry, struct pass *p,
    struct err *e)
{
	struct tar_entry now = *entry;
	struct str data = STR_EMPTY;
	int rc;

	check_name(entry->name);
	p->need += entry->size + 2 * strlen(entry->name) + HEADERS;
	must((entry->mode & ~(mode_t)0777) == 0, "a mode is permissions");
	str_addf(&p->text, "%s %o %lld ", entry->name, (unsigned)entry->mode,
	    (long long)entry->mtime);
	rc = tar_slurp(r, ENTRY_MAX, &data, e);
	must(rc != 0 || data.n == now.size, "a member is as long as it says");
	if (rc == 0)
		str_addn(&p->text, str_text(&data), data.n);
	if (rc == 0 && p->copy != NULL) {
		now.name = entry->name;
		must(tar_add(p->copy, &now, str_text(&data), e) == 0,
		    "what is read can be written");
	}
	str_free(&data);

	return rc;
}

/* Read the archive at ${fd} to its end; 0, or -1 if something is wrong. */
static int
read_all(int fd, struct pass *p)
{
	struct err e = ERR_NONE;
	struct tar_entry entry;
	struct tar_reader *r = tar_open(fd, "f", &e);
	int rc = r != NULL ? 1 : -1;

	while (rc > 0 && (rc = tar_next(r, &entry, &e)) > 0)
		if (take(r, &entry, p, &e) < 0)
			rc = -1;
	must(rc == 0 || (e.code == EX_DATAERR && e.msg[0] != '\0'),
	    "a mistake has a message");
	tar_close(r);

	return rc;
}

/* The bytes in a pipe, whose other end is closed. */
static int
pipe_of(const void *data, size_t size)
{
	int fd[2];

	must(pipe(fd) == 0 && write(fd[1], data, size) == (ssize_t)size,
	    "a pipe holds the bytes");
	close(fd[1]);

	return fd[0];
}

/* Write what is read the second time, and read that. */
static void
write_and_read(const uint8_t *data, size_t size, const char *text)
{
	struct pass p = { STR_EMPTY, NULL, 0 }, q = p;
	struct err e = ERR_NONE;
	int from = pipe_of(data, size), fd[2];

	must(pipe(fd) == 0, "a pipe can be made");
	p.copy = tar_create(fd[1], TAR_PLAIN, "copy", &e);
	must(p.copy != NULL && read_all(from, &p) == 0 &&
		tar_finish(p.copy, &e) == 0,
	    "a copy can be made");
	close(fd[1]);
	must(read_all(fd[0], &q) == 0, "what is written can be read");
	must(str_eq(str_text(&p.text), text), "a second pass reads the same");
	str_free(&p.text);
	str_free(&q.text);
	close(fd[0]);
	close(from);
}

static void
look(const uint8_t *data, size_t size)
{
	struct pass p = { STR_EMPTY, NULL, 0 };
	int fd = pipe_of(data, size);

	if (read_all(fd, &p) == 0 && p.need < PIPE - PAD)
		write_and_read(data, size, str_text(&p.text));
	str_free(&p.text);
	close(fd);
}

/* Put the sums of what looks like headers right, or nothing gets far. */
static void
mend(uint8_t *data, size_t size)
{
	unsigned sum;
	size_t i, k;

	for (i = 0; i + BLOCK <= size; i += BLOCK) {
		if (memcmp(data + i + 257, "ustar", 5) != 0)
			continue;
		memset(data + i + 148, ' ', 8);
		for (sum = 0, k = 0; k < BLOCK; k++)
			sum += data[i + k];
		snprintf((char *)data + i + 148, 8, "%06o", sum);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = (uint8_t *)fuzz_text(data, size);

	if (size <= PIPE) {
		look(data, size);
		mend(copy, size);
		if (size > 0 && memcmp(copy, data, size) != 0)
			look(copy, size);
	}
	free(copy);

	return 0;
}
