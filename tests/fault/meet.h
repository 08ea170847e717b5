#ifndef TESTS_FAULT_MEET_H
#define TESTS_FAULT_MEET_H

/*
 * What is to happen at which call: the first part of shim.c, which says how
 * it is told so.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define OPS(X)                                                                 \
	X(open)   /* of what is there, a directory too */                      \
	X(create) /* an open that may make a file, symlink(2) */               \
	X(read)   /* pread(2) too */                                           \
	X(write)  /* pwrite(2) too */                                          \
	X(fsync)  /* fdatasync(2), syncfs(2) too */                            \
	X(close)  /* which closes, whatever it says */                         \
	X(rename) /* renameat(2), renameat2(2) too */                          \
	X(unlink) /* unlinkat(2), rmdir(2) too */                              \
	X(mkdir)  /* mkdirat(2), mkdtemp(3) too */                             \
	X(list)   /* opendir(3), fdopendir(3) */                               \
	X(readdir)                                                             \
	X(stat)     /* and its kin, access(2), statvfs(3) */                   \
	X(truncate) /* ftruncate(2) */                                         \
	X(reserve)  /* posix_fallocate(3) */

#define ENUM(op) OP_##op,
enum op { OPS(ENUM) OP_ANY };

#define BIT(op) (1U << OP_##op)
enum {
	ALL = (1 << OP_ANY) - 1,
	CHANGE = BIT(create) | BIT(write) | BIT(rename) | BIT(unlink) |
	    BIT(mkdir) | BIT(truncate) | BIT(reserve) | BIT(fsync),
	SPACE = (CHANGE & ~BIT(unlink)) | BIT(close),
	SLOW = CHANGE | BIT(open) | BIT(read) | BIT(close)
};

enum action { PASS, FAIL, LIE, SHORT, STALE, BEFORE, AFTER };

static const struct known {
	const char *name;
	enum action action;
	int sys; /* errno; of LIE 0: the call's; of BEFORE, AFTER: a signal */
	unsigned ops;
} known[] = { { "EIO", FAIL, EIO, ALL }, { "ENOSPC", FAIL, ENOSPC, SPACE },
	{ "EDQUOT", FAIL, EDQUOT, SPACE }, { "ESTALE", FAIL, ESTALE, ALL },
	{ "EINTR", FAIL, EINTR, SLOW }, { "EACCES", FAIL, EACCES, ALL },
	{ "EPERM", FAIL, EPERM, ALL }, { "EROFS", FAIL, EROFS, CHANGE },
	{ "lie", LIE, 0, BIT(rename) | BIT(unlink) | BIT(mkdir) },
	{ "late", LIE, EIO, CHANGE | BIT(close) },
	{ "short", SHORT, 0, BIT(read) | BIT(write) },
	{ "stale", STALE, 0, BIT(list) },
	{ "unseen", FAIL, ENOENT, BIT(open) | BIT(stat) },
	{ "before", BEFORE, SIGKILL, CHANGE },
	{ "after", AFTER, SIGKILL, CHANGE },
	{ "stop-before", BEFORE, SIGSTOP, CHANGE },
	{ "stop-after", AFTER, SIGSTOP, CHANGE } };

enum { PATH = 8192, STALES = 16, USAGE = 64, NAP = 10 };

static struct shim {
	bool armed, on, unseen, hurry;
	pid_t pid;
	unsigned ops;
	enum action action;
	int sys;
	unsigned long k, n;
	const char *under, *fired, *start, *past;
	struct {
		DIR *dir, *past;
	} stale[STALES];
} shim;

/*
 * The C library's own functions.  All are looked up at the start: dlsym(3)
 * takes a lock, and a handler of the program's may call write(2) while it is
 * held.
 */
#define FUNCTIONS(X)                                                           \
	X(int, openat, (int, const char *, int, ...))                          \
	X(ssize_t, read, (int, void *, size_t))                                \
	X(ssize_t, pread, (int, void *, size_t, off_t))                        \
	X(ssize_t, write, (int, const void *, size_t))                         \
	X(ssize_t, pwrite, (int, const void *, size_t, off_t))                 \
	X(int, fsync, (int))                                                   \
	X(int, fdatasync, (int))                                               \
	X(int, syncfs, (int))                                                  \
	X(int, close, (int))                                                   \
	X(int, renameat2, (int, const char *, int, const char *, unsigned))    \
	X(int, unlinkat, (int, const char *, int))                             \
	X(int, mkdirat, (int, const char *, mode_t))                           \
	X(char *, mkdtemp, (char *))                                           \
	X(int, symlinkat, (const char *, int, const char *))                   \
	X(DIR *, opendir, (const char *))                                      \
	X(DIR *, fdopendir, (int))                                             \
	X(struct dirent *, readdir, (DIR *))                                   \
	X(int, closedir, (DIR *))                                              \
	X(int, fstatat, (int, const char *, struct stat *, int))               \
	X(int, faccessat, (int, const char *, int, int))                       \
	X(int, fstatvfs, (int, struct statvfs *))                              \
	X(int, ftruncate, (int, off_t))                                        \
	X(int, posix_fallocate, (int, off_t, off_t))                           \
	X(int, poll, (struct pollfd *, nfds_t, int))                           \
	X(int, nanosleep, (const struct timespec *, struct timespec *))

#define MEMBER(type, name, args) type(*name) args;
static struct {
	FUNCTIONS(MEMBER)
} real;

/* A function's address into a pointer to it. */
static void
find(const char *name, void *fn)
{
	void *p = dlsym(RTLD_NEXT, name);

	memcpy(fn, &p, sizeof p);
}

#define FIND(type, name, args) find(#name, &real.name);
static void
find_all(void)
{
	if (real.close == NULL) {
		FUNCTIONS(FIND)
	}
}

static bool
parse_op(const char *word, size_t n, unsigned *ops)
{
#define NAME(op) #op,
	static const char *const names[] = { OPS(NAME) };
	unsigned i;

	*ops = ALL;
	for (i = 0; i < OP_ANY; i++)
		if (strncmp(names[i], word, n) == 0 && names[i][n] == '\0')
			*ops = 1U << i;

	return *ops != ALL || strncmp(word, "any:", n + 1) == 0;
}

static bool
parse(const char *text)
{
	size_t n = strcspn(text, ":"), i, len;
	char *end = NULL;

	if (text[n] == '\0' || !parse_op(text, n, &shim.ops))
		return false;
	shim.k = strtoul(text + n + 1, &end, 10);
	if (shim.k == 0 || *end++ != ':')
		return false;
	len = strlen(end);
	shim.on = len > 0 && end[len - 1] == '+';
	len -= shim.on;
	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strncmp(known[i].name, end, len) == 0 &&
		    known[i].name[len] == '\0') {
			shim.action = known[i].action;
			shim.sys = known[i].sys;
			shim.ops &= known[i].ops;
			shim.unseen = strncmp(end, "unseen", len) == 0;
			return true;
		}

	return false;
}

/* Where a descriptor or directory leads to, from the root. */
static size_t
follow(int fd, char *path)
{
	char fdname[64];
	ssize_t n;

	if (fd == AT_FDCWD)
		return getcwd(path, PATH) != NULL ? strlen(path) : 0;
	snprintf(fdname, sizeof fdname, "/proc/self/fd/%d", fd);
	/* NOLINTNEXTLINE(readability-suspicious-call-argument): no swap */
	n = readlink(fdname, path, PATH - 1);
	path[n > 0 ? n : 0] = '\0';

	return n > 0 ? (size_t)n : 0;
}

/*
 * The path below DIR of the file ${name} from the directory ${at}, or of
 * ${at} itself; NULL if it is elsewhere.
 */
static const char *
below(int at, const char *name, char path[2 * PATH])
{
	size_t n = shim.under != NULL ? strlen(shim.under) : 0, used = 0;

	path[0] = '\0';
	if (name == NULL || name[0] != '/')
		used = follow(at, path);
	if (name != NULL)
		snprintf(path + used, PATH, "%s%s", used > 0 ? "/" : "", name);
	if (n > 0 &&
	    (strncmp(path, shim.under, n) != 0 ||
		(path[n] != '/' && path[n] != '\0')))
		return NULL;

	return path + n;
}

/* Was there such a file below ${top}? */
static bool
was_in(const char *top, const char *path, size_t n)
{
	char full[2 * PATH];
	struct stat st;

	if (top == NULL)
		return false;
	snprintf(full, sizeof full, "%s%.*s", top, (int)n, path);

	return real.fstatat(AT_FDCWD, full, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * May the client still believe that there is no such name?  It looked for it
 * in vain in a directory that it knew, and another has made it.
 */
static bool
is_unseen(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = strlen(path);

	return slash != NULL && was_in(shim.start, path, n) &&
	    !was_in(shim.past, path, n) &&
	    was_in(shim.past, path, (size_t)(slash - path));
}

/* What a process gets is there before kill(2) returns to its only thread. */
static void
end_here(void)
{
	kill(getpid(), shim.sys);
}

/* Leave a mark, by functions that are not counted. */
static void
tell(enum op op, const char *path)
{
	static const char *const names[] = { OPS(NAME) };
	char line[PATH];
	int fd, n;

	n = snprintf(line, sizeof line, "%s %.4000s\n", names[op], path);
	fd = real.openat(AT_FDCWD, shim.fired,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || n < 0 || real.write(fd, line, (size_t)n) < 0)
		_exit(USAGE);
	real.close(fd);
}

/* Count a call; what is to become of it? */
static enum action
meet(enum op op, int at, const char *name)
{
	char path[2 * PATH];
	const char *rest;
	int saved = errno;
	bool now = false;

	find_all();
	if (!shim.armed || (shim.ops >> op & 1) == 0 || shim.pid != getpid())
		return PASS;
	rest = below(at, name, path);
	if (rest != NULL &&
	    (!shim.unseen || (name != NULL && is_unseen(rest)))) {
		shim.n++;
		now = shim.n == shim.k || (shim.on && shim.n > shim.k);
	}
	if (now && shim.fired != NULL)
		tell(op, rest);
	if (now && shim.action == BEFORE)
		end_here();
	errno = saved;

	return now ? shim.action : PASS;
}

static int
refuse(void)
{
	errno = shim.sys;

	return -1;
}

/* A call that was made, with ${rc}.  ${done} is the errno for "done before". */
static int
made(enum action a, int rc, int done)
{
	if (a == AFTER)
		end_here();
	if (a == LIE) {
		errno = shim.sys != 0 ? shim.sys : done;
		return -1;
	}

	return rc;
}

#endif
