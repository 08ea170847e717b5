#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/proc.h"
#include "base/walk.h"

enum { DEEPEST = 64 };

enum which { ALL, DIRS };

/* The names in a directory but "." and "..". */
static int
list(int at, const char *path, enum which which, struct fs_names *names,
    struct err *e)
{
	int fd =
	    openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *d;
	DIR *dir;
	int bad = 0;

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return err_sys(e, "cannot list '%s'", path);
	}
	while (errno = 0, (d = readdir(dir)) != NULL) {
		if (which == DIRS) {
			if (d->d_name[0] == '.' || proc_is_listed_file(d))
				continue;
		} else if (strcmp(d->d_name, ".") == 0 ||
		    strcmp(d->d_name, "..") == 0 ||
		    str_starts(d->d_name, ".nfs")) {
			continue;
		}
		*arr_push(names) = mem_dup(d->d_name);
	}
	if (errno != 0)
		bad = err_sys(e, "cannot list '%s'", path);
	closedir(dir);

	return bad;
}

int
walk_dirs(int at, const char *path, struct fs_names *names, struct err *e)
{
	return list(at, path, DIRS, names, e);
}

static int
walk(int at, const char *path, int deep, struct fs_names *files, struct err *e);

static int /* NOLINTNEXTLINE(misc-no-recursion) */
take(int at, char *path, int deep, struct fs_names *files, struct err *e)
{
	struct stat st;
	int bad = 0;

	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot examine '%s'", path);
	if (S_ISDIR(st.st_mode))
		bad = walk(at, path, deep + 1, files, e);
	else if (S_ISREG(st.st_mode))
		*arr_push(files) = mem_dup(path);
	else
		bad = err_set(e, EX_DATAERR,
		    "'%s' is neither a file nor a directory", path);

	return bad;
}

static int /* NOLINTNEXTLINE(misc-no-recursion) */
walk(int at, const char *path, int deep, struct fs_names *files, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str below = STR_EMPTY;
	size_t i;
	int bad;

	if (deep > DEEPEST)
		return err_set(e, EX_DATAERR, "'%s' is too deep", path);
	bad = list(at, path, ALL, &names, e);
	fs_sort(&names);
	for (i = 0; i < names.n && !bad; i++) {
		fs_join(&below, path, names.v[i]);
		bad = take(at, below.s, deep, files, e);
	}
	str_free(&below);
	fs_free(&names);

	return bad;
}

int
walk_files(int at, const char *path, struct fs_names *files, struct err *e)
{
	return walk(at, path, 0, files, e);
}
