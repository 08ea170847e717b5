/*
 * A system call that fails, or lies, or the program that dies at it: at the
 * k-th of a kind, for tests that try every k.  To be preloaded (ld.so(8)).
 *
 *	HPO_SHIM=OP:K:ACTION     what to do at which call, counted from 1
 *	HPO_SHIM_UNDER=DIR       count only calls on files under DIR (absolute)
 *	HPO_SHIM_PROG=NAME       only in the program of this name
 *	HPO_SHIM_FIRED=FILE      gets a byte appended when it has happened
 *
 * OP is rename, fsync (syncfs too), write (pwrite too), close, create (an
 * open that may make a file), mkdir, unlink (rmdir too), truncate or reserve
 * (posix_fallocate).  ACTION is
 *
 *	EIO, ENOSPC, …  do nothing and fail with this errno
 *	lie             do it and say that it failed, as after a lost reply:
 *	                its repetition by the client found it done
 *	short           write one half
 *	before, after   SIGKILL to this process before or after the call
 *
 * Children count for themselves after exec, and not at all before it.  For
 * systems whose off_t has 64 bits: there names with 64 are the others.
 */

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* RTLD_NEXT */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum action { PASS, FAIL, LIE, SHORT, BEFORE, AFTER };

enum { OP = 12, PATH = 8192, USAGE = 64 };

struct shim {
	bool armed;
	pid_t pid;
	char op[OP];
	enum action action;
	int sys; /* of FAIL */
	unsigned long k, n;
	const char *under, *fired;
};

static struct shim *
shim_state(void)
{
	static struct shim s;

	return &s;
}

enum { FUNCTIONS = 10 };

/* The C library's own functions. */
static struct {
	const char *name;
	void *p;
} library[FUNCTIONS];

/*
 * All are looked up at the start: dlsym(3) takes a lock, and a handler of the
 * program's may call write(2) while it is held.
 */
__attribute__((constructor)) static void
find_all(void)
{
	static const char *const names[FUNCTIONS] = { "close", "ftruncate",
		"mkdirat", "open", "openat", "posix_fallocate", "pwrite",
		"renameat2", "unlinkat", "write" };
	size_t i;

	for (i = 0; i < FUNCTIONS; i++) {
		library[i].p = dlsym(RTLD_NEXT, names[i]);
		library[i].name = names[i];
	}
}

/* The function of this name into the pointer ${fn}. */
static void
find(const char *name, void *fn)
{
	void *p = NULL;
	size_t i;

	for (i = 0; i < FUNCTIONS && p == NULL; i++)
		if (library[i].name != NULL &&
		    strcmp(library[i].name, name) == 0)
			p = library[i].p;
	if (p == NULL) /* before the start */
		p = dlsym(RTLD_NEXT, name);
	memcpy(fn, &p, sizeof p);
}

static void
usage(const char *text)
{
	fprintf(stderr, "shim: HPO_SHIM is OP:K:ACTION, not '%s'\n", text);
	_exit(USAGE);
}

static bool
parse_action(const char *word, struct shim *s)
{
	static const struct {
		const char *name;
		enum action action;
		int sys;
	} known[] = { { "EIO", FAIL, EIO }, { "ENOSPC", FAIL, ENOSPC },
		{ "EDQUOT", FAIL, EDQUOT }, { "ESTALE", FAIL, ESTALE },
		{ "EINTR", FAIL, EINTR }, { "EACCES", FAIL, EACCES },
		{ "EPERM", FAIL, EPERM }, { "EROFS", FAIL, EROFS },
		{ "lie", LIE, 0 }, { "short", SHORT, 0 },
		{ "before", BEFORE, 0 }, { "after", AFTER, 0 } };
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(word, known[i].name) == 0) {
			s->action = known[i].action;
			s->sys = known[i].sys;
			return true;
		}

	return false;
}

static bool
parse(const char *text, struct shim *s)
{
	static const char ops[] = ":rename:fsync:write:close:create:mkdir:"
				  "unlink:truncate:reserve:";
	size_t n = strcspn(text, ":");
	char word[OP + 2], *end;

	snprintf(word, sizeof word, ":%.*s:", (int)n, text);
	if (text[n] == '\0' || strstr(ops, word) == NULL)
		return false;
	snprintf(s->op, sizeof s->op, "%.*s", (int)n, text);
	s->k = strtoul(text + n + 1, &end, 10);

	return s->k > 0 && *end == ':' && parse_action(end + 1, s);
}

__attribute__((constructor)) static void
arm(void)
{
	struct shim *s = shim_state();
	const char *text = getenv("HPO_SHIM");
	const char *prog = getenv("HPO_SHIM_PROG");

	if (text == NULL ||
	    (prog != NULL && strcmp(prog, program_invocation_short_name) != 0))
		return;
	if (!parse(text, s))
		usage(text);
	s->under = getenv("HPO_SHIM_UNDER");
	s->fired = getenv("HPO_SHIM_FIRED");
	s->pid = getpid();
	s->armed = true;
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

/* Is the file ${name} from the directory ${at}, or ${at} itself, ours? */
static bool
is_under(const char *top, int at, const char *name)
{
	char path[2 * PATH] = "";
	size_t n = strlen(top), used = 0;

	if (name == NULL || name[0] != '/')
		used = follow(at, path);
	if (name != NULL)
		snprintf(path + used, PATH, "%s%s", used > 0 ? "/" : "", name);

	return strncmp(path, top, n) == 0 &&
	    (path[n] == '/' || path[n] == '\0');
}

static void
die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Leave a mark, by functions that are not counted. */
static void
tell(const char *file)
{
	int (*real_open)(const char *, int, ...);
	ssize_t (*real_write)(int, const void *, size_t);
	int fd;

	find("open", &real_open);
	find("write", &real_write);
	fd = real_open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd >= 0)
		real_write(fd, "x", 1);
	/* The descriptor stays: close(2) is counted. */
}

/* Count a call; what is to become of it? */
static enum action
meet(const char *op, int at, const char *name)
{
	struct shim *s = shim_state();
	int saved = errno;
	bool now;

	if (!s->armed || strcmp(s->op, op) != 0 || s->pid != getpid() ||
	    (s->under != NULL && !is_under(s->under, at, name))) {
		errno = saved;
		return PASS;
	}
	now = ++s->n == s->k;
	if (now && s->fired != NULL)
		tell(s->fired);
	if (now && s->action == BEFORE)
		die();
	errno = saved;

	return now ? s->action : PASS;
}

static int
refuse(void)
{
	errno = shim_state()->sys;

	return -1;
}

/* A call that was made, with ${rc}.  ${lie} is the errno for "done before". */
static int
made(enum action a, int rc, int lie)
{
	if (a == AFTER)
		die();
	if (a == LIE) {
		errno = lie;
		return -1;
	}

	return rc;
}

/*
 * The functions of the C library that are replaced, under names of our own
 * for the compiler: its headers know them with attributes.
 */
#define AS(symbol) __asm__(symbol)

int shim_rename(const char *from, const char *to) AS("rename");
int shim_renameat(int fromat, const char *from, int toat, const char *to)
    AS("renameat");
int shim_renameat2(int fromat, const char *from, int toat, const char *to,
    unsigned flags) AS("renameat2");
int shim_fsync(int fd) AS("fsync");
int shim_fdatasync(int fd) AS("fdatasync");
int shim_syncfs(int fd) AS("syncfs");
ssize_t shim_write(int fd, const void *p, size_t n) AS("write");
ssize_t shim_pwrite(int fd, const void *p, size_t n, off_t off) AS("pwrite");
int shim_close(int fd) AS("close");
int shim_open(const char *path, int flags, ...) AS("open");
int shim_openat(int at, const char *path, int flags, ...) AS("openat");
int shim_creat(const char *path, mode_t mode) AS("creat");
int shim_mkdir(const char *path, mode_t mode) AS("mkdir");
int shim_mkdirat(int at, const char *path, mode_t mode) AS("mkdirat");
int shim_unlink(const char *path) AS("unlink");
int shim_rmdir(const char *path) AS("rmdir");
int shim_unlinkat(int at, const char *path, int flags) AS("unlinkat");
int shim_ftruncate(int fd, off_t n) AS("ftruncate");
int shim_posix_fallocate(int fd, off_t at, off_t n) AS("posix_fallocate");

/* And the same under a second name. */
#define ALSO(name, symbol) __asm__(".globl " name "\n\t.set " name ", " symbol)

ALSO("pwrite64", "pwrite");
ALSO("open64", "open");
ALSO("openat64", "openat");
ALSO("creat64", "creat");
ALSO("ftruncate64", "ftruncate");
ALSO("posix_fallocate64", "posix_fallocate");

int
shim_renameat2(int fromat, const char *from, int toat, const char *to,
    unsigned flags)
{
	int (*real)(int, const char *, int, const char *, unsigned);
	enum action a = meet("rename", toat, to);

	find("renameat2", &real);

	return a == FAIL ? refuse()
			 : made(a, real(fromat, from, toat, to, flags), ENOENT);
}

int
shim_renameat(int fromat, const char *from, int toat, const char *to)
{
	return shim_renameat2(fromat, from, toat, to, 0);
}

int
shim_rename(const char *from, const char *to)
{
	return shim_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int
sync_by(const char *name, int fd)
{
	int (*real)(int);
	enum action a = meet("fsync", fd, NULL);

	find(name, &real);

	return a == FAIL ? refuse() : made(a, real(fd), EIO);
}

int
shim_fsync(int fd)
{
	return sync_by("fsync", fd);
}

int
shim_fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int
shim_syncfs(int fd)
{
	return sync_by("syncfs", fd);
}

/* One byte is written whole: none would be no progress. */
static size_t
share(enum action a, size_t n)
{
	return a == SHORT && n > 1 ? n / 2 : n;
}

ssize_t
shim_write(int fd, const void *p, size_t n)
{
	ssize_t (*real)(int, const void *, size_t), k;
	enum action a = meet("write", fd, NULL);

	find("write", &real);
	if (a == FAIL)
		return refuse();
	k = real(fd, p, share(a, n));

	return made(a, 0, EIO) < 0 ? -1 : k;
}

ssize_t
shim_pwrite(int fd, const void *p, size_t n, off_t off)
{
	ssize_t (*real)(int, const void *, size_t, off_t), k;
	enum action a = meet("write", fd, NULL);

	find("pwrite", &real);
	if (a == FAIL)
		return refuse();
	k = real(fd, p, share(a, n), off);

	return made(a, 0, EIO) < 0 ? -1 : k;
}

/* A descriptor is closed whatever close(2) says. */
int
shim_close(int fd)
{
	int (*real)(int), rc;
	enum action a = meet("close", fd, NULL);

	find("close", &real);
	rc = real(fd);

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
	int (*real)(int, const char *, int, ...);
	enum action a = makes(flags) ? meet("create", at, path) : PASS;

	find("openat", &real);

	return a == FAIL ? refuse()
			 : made(a, real(at, path, flags, mode), EEXIST);
}

int
shim_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (makes(flags))
		mode = va_arg(ap, mode_t);
	va_end(ap);

	return open_at(AT_FDCWD, path, flags, mode);
}

int
shim_openat(int at, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (makes(flags))
		mode = va_arg(ap, mode_t);
	va_end(ap);

	return open_at(at, path, flags, mode);
}

int
shim_creat(const char *path, mode_t mode)
{
	return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int
shim_mkdirat(int at, const char *path, mode_t mode)
{
	int (*real)(int, const char *, mode_t);
	enum action a = meet("mkdir", at, path);

	find("mkdirat", &real);

	return a == FAIL ? refuse() : made(a, real(at, path, mode), EEXIST);
}

int
shim_mkdir(const char *path, mode_t mode)
{
	return shim_mkdirat(AT_FDCWD, path, mode);
}

int
shim_unlinkat(int at, const char *path, int flags)
{
	int (*real)(int, const char *, int);
	enum action a = meet("unlink", at, path);

	find("unlinkat", &real);

	return a == FAIL ? refuse() : made(a, real(at, path, flags), ENOENT);
}

int
shim_unlink(const char *path)
{
	return shim_unlinkat(AT_FDCWD, path, 0);
}

int
shim_rmdir(const char *path)
{
	return shim_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
shim_ftruncate(int fd, off_t n)
{
	int (*real)(int, off_t);
	enum action a = meet("truncate", fd, NULL);

	find("ftruncate", &real);

	return a == FAIL ? refuse() : made(a, real(fd, n), EIO);
}

/* The one that returns its errno. */
int
shim_posix_fallocate(int fd, off_t at, off_t n)
{
	int (*real)(int, off_t, off_t), rc;
	enum action a = meet("reserve", fd, NULL);

	find("posix_fallocate", &real);
	if (a == FAIL)
		return shim_state()->sys;
	rc = real(fd, at, n);

	return made(a, 0, EIO) < 0 ? EIO : rc;
}
