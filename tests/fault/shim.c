/*
 * A call on a file that fails, or lies, or the program that dies at it: at
 * the k-th of a kind, for tests that try every k.  To be preloaded (ld.so(8)).
 *
 *	HPO_SHIM=OP:K:ACTION     what to do at which call, counted from 1
 *	HPO_SHIM_UNDER=DIR       count only calls on files under DIR (absolute)
 *	HPO_SHIM_PROG=NAME       only in the program of this name
 *	HPO_SHIM_FIRED=FILE      gets a line "OP PATH" when it has happened
 *	HPO_SHIM_START=DIR       DIR's like as it was when the program started
 *	HPO_SHIM_PAST=DIR        and as it was at some time before that
 *	HPO_SHIM_HURRY=1         no wait takes longer than some milliseconds
 *
 * OP is one of those below, or "any"; only those calls are counted that the
 * action is for.  ACTION is
 *
 *	EIO, ENOSPC, …  do nothing and fail with this errno
 *	lie             do it and say that it had been done before, as after a
 *	                lost reply: its repetition by the client found it done
 *	late            do it and say EIO, as when the repetition fails, too
 *	short           read or write one half
 *	stale           show a directory as it was in the past
 *	unseen          say ENOENT of what was not there in the past, and was
 *	                when the program started
 *	before, after   SIGKILL to this process before or after the call
 *	stop-before, stop-after   SIGSTOP in the same places
 *
 * and with a + behind it (EIO+) not only the k-th but all that follow.
 * Children count for themselves after exec, and not at all before it.  For
 * systems whose off_t has 64 bits: there names with 64 are the others.
 */

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* RTLD_NEXT */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "meet.h"

__attribute__((constructor)) static void
arm(void)
{
	const char *text = getenv("HPO_SHIM");
	const char *prog = getenv("HPO_SHIM_PROG");

	find_all();
	if (prog != NULL && strcmp(prog, program_invocation_short_name) != 0)
		return;
	shim.hurry = getenv("HPO_SHIM_HURRY") != NULL;
	if (text == NULL)
		return;
	if (!parse(text)) {
		fprintf(stderr, "shim: HPO_SHIM is OP:K:ACTION, not '%s'\n",
		    text);
		_exit(USAGE);
	}
	shim.under = getenv("HPO_SHIM_UNDER");
	shim.fired = getenv("HPO_SHIM_FIRED");
	shim.start = getenv("HPO_SHIM_START");
	shim.past = getenv("HPO_SHIM_PAST");
	shim.pid = getpid();
	shim.armed = true;
}

/*
 * The functions of the C library that are replaced, under names of our own
 * for the compiler: its headers know them with attributes.  ALSO gives one a
 * second name; it comes behind the definition.
 */
#define AS(symbol) __asm__(symbol)
#define ALSO(name, symbol) __asm__(".globl " name "\n\t.set " name ", " symbol)

/* One whose every call is CALL, met as ${op} of the file (${at}, ${name}). */
/* NOLINTBEGIN(bugprone-macro-parentheses): types */
#define REPLACE(type, symbol, args, op, at, name, call, done, no)              \
	type shim_##symbol args AS(#symbol);                                   \
	type shim_##symbol args                                                \
	{                                                                      \
		enum action a = meet(OP_##op, at, name);                       \
		type rc;                                                       \
                                                                               \
		if (a == FAIL) {                                               \
			refuse();                                              \
			return no;                                             \
		}                                                              \
		rc = call;                                                     \
		return made(a, 0, done) < 0 ? no : rc;                         \
	}

/* NOLINTEND(bugprone-macro-parentheses) */

/* One byte is read or written whole: none would be no progress. */
#define SHARE(n) (a == SHORT && (n) > 1 ? (n) / 2 : (n))

REPLACE(int, renameat2,
    (int from, const char *old, int to, const char *new, unsigned flags),
    rename, to, new, real.renameat2(from, old, to, new, flags), ENOENT, -1)
REPLACE(int, renameat, (int from, const char *old, int to, const char *new),
    rename, to, new, real.renameat2(from, old, to, new, 0), ENOENT, -1)
REPLACE(int, rename, (const char *old, const char *new), rename, AT_FDCWD, new,
    real.renameat2(AT_FDCWD, old, AT_FDCWD, new, 0), ENOENT, -1)
REPLACE(int, fsync, (int fd), fsync, fd, NULL, real.fsync(fd), EIO, -1)
REPLACE(int, fdatasync, (int fd), fsync, fd, NULL, real.fdatasync(fd), EIO, -1)
REPLACE(int, syncfs, (int fd), fsync, fd, NULL, real.syncfs(fd), EIO, -1)
REPLACE(ssize_t, read, (int fd, void *p, size_t n), read, fd, NULL,
    real.read(fd, p, SHARE(n)), EIO, -1)
REPLACE(ssize_t, pread, (int fd, void *p, size_t n, off_t at), read, fd, NULL,
    real.pread(fd, p, SHARE(n), at), EIO, -1)
REPLACE(ssize_t, write, (int fd, const void *p, size_t n), write, fd, NULL,
    real.write(fd, p, SHARE(n)), EIO, -1)
REPLACE(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), write, fd,
    NULL, real.pwrite(fd, p, SHARE(n), at), EIO, -1)
REPLACE(int, mkdirat, (int at, const char *path, mode_t mode), mkdir, at, path,
    real.mkdirat(at, path, mode), EEXIST, -1)
REPLACE(int, mkdir, (const char *path, mode_t mode), mkdir, AT_FDCWD, path,
    real.mkdirat(AT_FDCWD, path, mode), EEXIST, -1)
REPLACE(char *, mkdtemp, (char *path), mkdir, AT_FDCWD, path,
    real.mkdtemp(path), EEXIST, NULL)
REPLACE(int, symlinkat, (const char *text, int at, const char *path), create,
    at, path, real.symlinkat(text, at, path), EEXIST, -1)
REPLACE(int, symlink, (const char *text, const char *path), create, AT_FDCWD,
    path, real.symlinkat(text, AT_FDCWD, path), EEXIST, -1)
REPLACE(int, unlinkat, (int at, const char *path, int flags), unlink, at, path,
    real.unlinkat(at, path, flags), ENOENT, -1)
REPLACE(int, unlink, (const char *path), unlink, AT_FDCWD, path,
    real.unlinkat(AT_FDCWD, path, 0), ENOENT, -1)
REPLACE(int, rmdir, (const char *path), unlink, AT_FDCWD, path,
    real.unlinkat(AT_FDCWD, path, AT_REMOVEDIR), ENOENT, -1)
REPLACE(int, fstatat, (int at, const char *path, struct stat *st, int flags),
    stat, at, path, real.fstatat(at, path, st, flags), EIO, -1)
REPLACE(int, stat, (const char *path, struct stat *st), stat, AT_FDCWD, path,
    real.fstatat(AT_FDCWD, path, st, 0), EIO, -1)
REPLACE(int, lstat, (const char *path, struct stat *st), stat, AT_FDCWD, path,
    real.fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW), EIO, -1)
REPLACE(int, fstat, (int fd, struct stat *st), stat, fd, NULL,
    real.fstatat(fd, "", st, AT_EMPTY_PATH), EIO, -1)
REPLACE(int, faccessat, (int at, const char *path, int mode, int flags), stat,
    at, path, real.faccessat(at, path, mode, flags), EIO, -1)
REPLACE(int, access, (const char *path, int mode), stat, AT_FDCWD, path,
    real.faccessat(AT_FDCWD, path, mode, 0), EIO, -1)
REPLACE(int, fstatvfs, (int fd, struct statvfs *st), stat, fd, NULL,
    real.fstatvfs(fd, st), EIO, -1)
REPLACE(int, ftruncate, (int fd, off_t n), truncate, fd, NULL,
    real.ftruncate(fd, n), EIO, -1)
/* The one that returns its errno. */
REPLACE(int, posix_fallocate, (int fd, off_t at, off_t n), reserve, fd, NULL,
    real.posix_fallocate(fd, at, n), EIO, errno)

ALSO("pread64", "pread");
ALSO("pwrite64", "pwrite");
ALSO("fstatat64", "fstatat");
ALSO("stat64", "stat");
ALSO("lstat64", "lstat");
ALSO("fstat64", "fstat");
ALSO("fstatvfs64", "fstatvfs");
ALSO("ftruncate64", "ftruncate");
ALSO("posix_fallocate64", "posix_fallocate");

/* A descriptor is closed whatever close(2) says. */
int shim_close(int fd) AS("close");
int
shim_close(int fd)
{
	enum action a = meet(OP_close, fd, NULL);
	int rc = real.close(fd);

	return a == FAIL ? refuse() : made(a, rc, EIO);
}

static bool
makes(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static int
open_at(int at, const char *path, int flags, mode_t mode)
{
	enum action a = meet(makes(flags) ? OP_create : OP_open, at, path);
	int fd;

	if (a == FAIL)
		return refuse();
	fd = real.openat(at, path, flags, mode);
	if (a == LIE && fd >= 0)
		real.close(fd);

	return made(a, fd, EEXIST);
}

#define OPEN(symbol, args, at)                                                 \
	int shim_##symbol args AS(#symbol);                                    \
	int shim_##symbol args                                                 \
	{                                                                      \
		mode_t mode = 0;                                               \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, flags);                                           \
		if (makes(flags))                                              \
			mode = va_arg(ap, mode_t);                             \
		va_end(ap);                                                    \
		return open_at(at, path, flags, mode);                         \
	}

OPEN(open, (const char *path, int flags, ...), AT_FDCWD)
OPEN(openat, (int at, const char *path, int flags, ...), at)
ALSO("open64", "open");
ALSO("openat64", "openat");
ALSO("__open_2", "open");
ALSO("__open64_2", "open");
ALSO("__openat_2", "openat");
ALSO("__openat64_2", "openat");

int shim_creat(const char *path, mode_t mode) AS("creat");
int
shim_creat(const char *path, mode_t mode)
{
	return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
ALSO("creat64", "creat");

/* ${dir} shows from here on what the directory was in the past. */
static DIR *
make_stale(DIR *dir, int at, const char *name)
{
	char path[2 * PATH], full[2 * PATH];
	const char *rest = below(at, name, path);
	size_t i = 0;

	while (i < STALES - 1 && shim.stale[i].dir != NULL)
		i++;
	snprintf(full, sizeof full, "%s%.*s", shim.past, PATH, rest);
	shim.stale[i].dir = dir;
	shim.stale[i].past = real.opendir(full);

	return dir;
}

static DIR *
listed(enum action a, DIR *dir, int at, const char *name)
{
	return a == STALE && dir != NULL && shim.past != NULL
	    ? make_stale(dir, at, name)
	    : dir;
}

REPLACE(DIR *, opendir, (const char *path), list, AT_FDCWD, path,
    listed(a, real.opendir(path), AT_FDCWD, path), EIO, NULL)
REPLACE(DIR *, fdopendir, (int fd), list, fd, NULL,
    listed(a, real.fdopendir(fd), fd, NULL), EIO, NULL)

static struct dirent *
next_entry(DIR *dir)
{
	size_t i;

	for (i = 0; i < STALES; i++)
		if (shim.stale[i].dir == dir)
			return shim.stale[i].past != NULL
			    ? real.readdir(shim.stale[i].past)
			    : NULL;

	return real.readdir(dir);
}

REPLACE(struct dirent *, readdir, (DIR * dir), readdir, dirfd(dir), NULL,
    next_entry(dir), EIO, NULL)
ALSO("readdir64", "readdir");

int shim_closedir(DIR *dir) AS("closedir");
int
shim_closedir(DIR *dir)
{
	size_t i;

	find_all();
	for (i = 0; i < STALES; i++)
		if (shim.stale[i].dir == dir) {
			if (shim.stale[i].past != NULL)
				real.closedir(shim.stale[i].past);
			shim.stale[i].dir = shim.stale[i].past = NULL;
		}

	return real.closedir(dir);
}

/* What a program waits for between two tries need not take its time. */
int shim_poll(struct pollfd *fds, nfds_t n, int ms) AS("poll");
int
shim_poll(struct pollfd *fds, nfds_t n, int ms)
{
	find_all();

	return real.poll(fds, n, shim.hurry && ms > NAP ? NAP : ms);
}

int
shim_nanosleep(const struct timespec *t, struct timespec *left) AS("nanosleep");
int
shim_nanosleep(const struct timespec *t, struct timespec *left)
{
	struct timespec nap = { 0, NAP * 1000000L };

	find_all();

	return real.nanosleep(shim.hurry ? &nap : t, left);
}
