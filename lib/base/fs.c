#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"

enum { CHUNK = 65536, STALE_TRIES = 3 };

/*
 * Did a server forget what was just opened, because somebody has removed it?
 * Then its path says what is there now: mostly nothing.
 */
static bool
is_forgotten(int *tries, struct err *e)
{
	if (e->sys != ESTALE || ++*tries > STALE_TRIES)
		return false;
	err_clear(e);

	return true;
}

int
fs_open_dir(int at, const char *path, struct err *e)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot open '%s'", path) : fd;
}

/* Read a descriptor to its end, or to one byte more than ${max}. */
static int
read_all(int fd, size_t max, struct str *b)
{
	size_t got = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, str_room(b, CHUNK), CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		str_grew(b, (size_t)n);
		got += (size_t)n;
		if (n == 0 || got > max)
			return 0;
	}
}

int
fs_drain(int fd, const char *name, size_t max, struct str *b, struct err *e)
{
	size_t old = b->n;

	if (read_all(fd, max, b) < 0)
		return err_sys(e, "cannot read '%s'", name);
	if (b->n - old > max)
		return err_set(e, EX_DATAERR, "'%s' is larger than %zu bytes",
		    name, max);

	return 0;
}

int
fs_open_file(int at, const char *path, bool follow, struct err *e)
{
	struct stat st;
	int fd, bad = 0;

	fd = openat(at, path,
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
		(follow ? 0 : O_NOFOLLOW));
	if (fd < 0 && !follow && errno == ELOOP)
		return err_set(e, EX_DATAERR, "'%s' is a symbolic link", path);
	/* A socket, a device without a driver: no file either. */
	if (fd < 0 && errno == ENXIO)
		return err_set(e, EX_DATAERR, "'%s' is not a file", path);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		bad = err_sys(e, "cannot read '%s'", path);
	else if (!S_ISREG(st.st_mode))
		bad = err_set(e, EX_DATAERR, "'%s' is not a file", path);
	if (bad)
		close(fd);

	return bad ? -1 : fd;
}

static int
slurp(int at, const char *path, size_t max, struct str *b, struct err *e)
{
	int fd = fs_open_file(at, path, false, e);
	int bad;

	if (fd < 0)
		return -1;
	bad = fs_drain(fd, path, max, b, e);
	close(fd);

	return bad;
}

int
fs_slurp(int at, const char *path, size_t max, struct str *b, struct err *e)
{
	size_t old = b->n;
	int bad, tries = 0;

	do {
		str_cut(b, old);
		bad = slurp(at, path, max, b, e);
	} while (bad && is_forgotten(&tries, e));

	return bad;
}

int
fs_write_all(int fd, const void *p, size_t n)
{
	const char *from = p;
	ssize_t k;

	while (n > 0) {
		k = write(fd, from, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		from += k;
		n -= (size_t)k;
	}

	return 0;
}

int
fs_pwrite_all(int fd, const void *p, size_t n, long long off)
{
	const char *from = p;
	ssize_t k;

	while (n > 0) {
		k = pwrite(fd, from, n, (off_t)off);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		from += k;
		off += k;
		n -= (size_t)k;
	}

	return 0;
}

int
fs_create(int at, const char *path, const void *p, size_t n, struct err *e)
{
	int bad = 0;
	int fd = openat(at, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (fd < 0)
		return err_sys(e, "cannot create '%s'", path);
	if (fs_write_all(fd, p, n) < 0)
		bad = err_sys(e, "cannot write '%s'", path);
	/* NFS tells of a full quota here. */
	if (close(fd) < 0 && !bad)
		bad = err_sys(e, "cannot write '%s'", path);
	if (bad)
		unlinkat(at, path, 0);

	return bad;
}

int
fs_sync(int at, const char *path, struct err *e)
{
	int fd, bad = 0;

	fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	while (fsync(fd) < 0) {
		if (errno == EINTR)
			continue;
		/* Some FUSE file systems cannot sync a directory. */
		if (errno != EINVAL)
			bad = err_sys(e, "cannot sync '%s'", path);
		break;
	}
	close(fd);

	return bad;
}

int
fs_mkdir(int at, const char *path, struct err *e)
{
	if (mkdirat(at, path, 0777) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make directory '%s'", path);

	return 0;
}

int
fs_rename(int at, const char *from, const char *to, struct err *e)
{
	if (renameat(at, from, at, to) < 0)
		return err_sys(e, "cannot rename '%s' to '%s'", from, to);

	return 0;
}

static int
list(int at, const char *path, struct fs_names *names, struct err *e)
{
	struct dirent *d;
	DIR *dir;
	int fd, bad = 0;

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return err_sys(e, "cannot list '%s'", path);
	}
	for (;;) {
		errno = 0;
		d = readdir(dir);
		if (d == NULL)
			break;
		if (d->d_name[0] != '.')
			*arr_push(names) = mem_dup(d->d_name);
	}
	if (errno != 0)
		bad = err_sys(e, "cannot list '%s'", path);
	closedir(dir);

	return bad;
}

int
fs_list(int at, const char *path, struct fs_names *names, struct err *e)
{
	size_t old = names->n;
	int bad, tries = 0;

	do {
		while (names->n > old)
			free(names->v[--names->n]);
		bad = list(at, path, names, e);
	} while (bad && is_forgotten(&tries, e));

	return bad;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
fs_sort(struct fs_names *names)
{
	if (names->n > 1)
		qsort(names->v, names->n, sizeof *names->v, by_bytes);
}

void
fs_free(struct fs_names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->v[i]);
	arr_free(names);
}

bool
fs_is_dir(int at, const char *path)
{
	struct stat st;

	return fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

bool
fs_is_link(int at, const char *path)
{
	struct stat st;

	return fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode);
}

bool
fs_crosses_link(int at, const char *path)
{
	struct str dir = STR_EMPTY;
	const char *slash = path;
	bool yes = false;

	while (!yes && (slash = strchr(slash, '/')) != NULL) {
		str_cut(&dir, 0);
		str_addn(&dir, path, (size_t)(slash++ - path));
		yes = dir.n > 0 && fs_is_link(at, dir.s);
	}
	str_free(&dir);

	return yes;
}

/*
 * Depth first.  Dot names go too, so this does not use fs_list(); on NFS a
 * file that somebody holds open leaves a .nfsXXXX behind, and the directory
 * is then left for a later sweep.
 */
static int /* NOLINTNEXTLINE(misc-no-recursion) */
remove_dir(int at, const char *path, struct err *e)
{
	struct dirent *d;
	DIR *dir;
	int fd, bad = 0;

	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : err_sys(e, "cannot open '%s'", path);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return err_sys(e, "cannot list '%s'", path);
	}
	while (!bad && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			bad = fs_remove(dirfd(dir), d->d_name, e);
	closedir(dir);
	if (!bad && unlinkat(at, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		bad = err_sys(e, "cannot remove directory '%s'", path);

	return bad;
}

int /* NOLINTNEXTLINE(misc-no-recursion) */
fs_remove(int at, const char *path, struct err *e)
{
	if (unlinkat(at, path, 0) == 0 || errno == ENOENT)
		return 0;
	/* EPERM is POSIX' word for unlink(2) of a directory. */
	if (errno == EISDIR || errno == EPERM)
		return remove_dir(at, path, e);

	return err_sys(e, "cannot remove '%s'", path);
}

const char *
fs_join(struct str *b, const char *dir, const char *name)
{
	str_cut(b, 0);
	str_add(b, dir);
	str_addc(b, '/');
	str_add(b, name);

	return b->s;
}
