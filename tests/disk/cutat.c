/*
 * The power goes before the k-th call that changes a file system, for tests
 * that try every k.  To be preloaded (ld.so(8)).
 *
 *	HPO_CUT_UNDER=DIR    a mounted ext4 or xfs: calls on its files count
 *	HPO_CUT_AT=K         before which call, counted from 1; 0 for never
 *	HPO_CUT_PROG=NAME    only in the program of this name
 *	HPO_CUT_FIRED=FILE   on another file system, made when it happens
 *	HPO_CUT_LOG=kept     the file system's log is written before, as it
 *	                     is every few seconds, but no contents of files;
 *	                     otherwise what no program has synced is gone
 *	HPO_CUT_NOSYNC=1     no call that syncs does anything, in any program
 *
 * The file system is shut down by the ioctl that ext4 and xfs share
 * (linux/fs/ext4/ext4.h, linux/fs/xfs/libxfs/xfs_fs.h): what is not on the
 * disk by then never will be.  The process dies at once.  Children count for
 * themselves after exec, and not at all before it.
 */

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* RTLD_NEXT */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* XFS_IOC_GOINGDOWN and EXT4_IOC_SHUTDOWN, and their flags. */
#define CUT_IOC _IOR('X', 125, uint32_t)
enum { CUT_LOGFLUSH = 1, CUT_NOLOGFLUSH = 2 };

struct cut {
	bool armed, nosync, kept;
	pid_t pid;
	dev_t dev; /* of the file system */
	unsigned long k, n;
	const char *under, *fired;
};

static struct cut *
cut_state(void)
{
	static struct cut c;

	return &c;
}

__attribute__((constructor)) static void
arm(void)
{
	struct cut *c = cut_state();
	const char *at = getenv("HPO_CUT_AT");
	const char *prog = getenv("HPO_CUT_PROG");
	const char *log = getenv("HPO_CUT_LOG");
	struct stat st;

	c->under = getenv("HPO_CUT_UNDER");
	c->fired = getenv("HPO_CUT_FIRED");
	c->kept = log != NULL && strcmp(log, "kept") == 0;
	c->nosync = getenv("HPO_CUT_NOSYNC") != NULL;
	if (at == NULL || c->under == NULL || c->fired == NULL ||
	    (prog != NULL && strcmp(prog, program_invocation_short_name) != 0))
		return;
	c->k = strtoul(at, NULL, 10);
	if (stat(c->under, &st) != 0)
		return;
	c->dev = st.st_dev;
	c->pid = getpid();
	c->armed = true;
}

/* The C library's function into the pointer ${fn}. */
static void
find(const char *name, void *fn)
{
	void *p = dlsym(RTLD_NEXT, name);

	memcpy(fn, &p, sizeof p);
}

static void
cut(const struct cut *c)
{
	int (*real)(int, const char *, int, ...);
	uint32_t flag = c->kept ? CUT_LOGFLUSH : CUT_NOLOGFLUSH;
	int fd;

	find("openat", &real);
	fd = real(AT_FDCWD, c->under, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && ioctl(fd, CUT_IOC, &flag) == 0)
		real(AT_FDCWD, c->fired, O_WRONLY | O_CREAT, 0666);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Count a call on the file that ${fd} is, or on a name in that directory. */
static void
meet(int fd)
{
	struct cut *c = cut_state();
	int saved = errno;
	struct stat st;

	if (c->armed && c->pid == getpid() &&
	    (fd == AT_FDCWD ? stat(".", &st) : fstat(fd, &st)) == 0 &&
	    st.st_dev == c->dev && ++c->n == c->k)
		cut(c);
	errno = saved;
}

/*
 * The functions of the C library that are replaced, under names of our own
 * for the compiler: its headers know them with attributes.
 */
#define AS(symbol) __asm__(symbol)

int cut_renameat(int fromat, const char *from, int toat, const char *to)
    AS("renameat");
int cut_rename(const char *from, const char *to) AS("rename");
int cut_fsync(int fd) AS("fsync");
int cut_fdatasync(int fd) AS("fdatasync");
int cut_syncfs(int fd) AS("syncfs");
ssize_t cut_write(int fd, const void *p, size_t n) AS("write");
ssize_t cut_pwrite(int fd, const void *p, size_t n, off_t off) AS("pwrite");
int cut_open(const char *path, int flags, ...) AS("open");
int cut_openat(int at, const char *path, int flags, ...) AS("openat");
int cut_mkdirat(int at, const char *path, mode_t mode) AS("mkdirat");
int cut_mkdir(const char *path, mode_t mode) AS("mkdir");
int cut_symlinkat(const char *to, int at, const char *path) AS("symlinkat");
int cut_unlinkat(int at, const char *path, int flags) AS("unlinkat");
int cut_ftruncate(int fd, off_t n) AS("ftruncate");
int cut_posix_fallocate(int fd, off_t at, off_t n) AS("posix_fallocate");

int
cut_renameat(int fromat, const char *from, int toat, const char *to)
{
	int (*real)(int, const char *, int, const char *);

	meet(toat);
	find("renameat", &real);

	return real(fromat, from, toat, to);
}

int
cut_rename(const char *from, const char *to)
{
	return cut_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

static int
sync_by(const char *name, int fd)
{
	int (*real)(int);

	meet(fd);
	if (cut_state()->nosync)
		return 0;
	find(name, &real);

	return real(fd);
}

int
cut_fsync(int fd)
{
	return sync_by("fsync", fd);
}

int
cut_fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int
cut_syncfs(int fd)
{
	return sync_by("syncfs", fd);
}

ssize_t
cut_write(int fd, const void *p, size_t n)
{
	ssize_t (*real)(int, const void *, size_t);

	meet(fd);
	find("write", &real);

	return real(fd, p, n);
}

ssize_t
cut_pwrite(int fd, const void *p, size_t n, off_t off)
{
	ssize_t (*real)(int, const void *, size_t, off_t);

	meet(fd);
	find("pwrite", &real);

	return real(fd, p, n, off);
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

	if (makes(flags))
		meet(at);
	find("openat", &real);

	return real(at, path, flags, mode);
}

int
cut_open(const char *path, int flags, ...)
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
cut_openat(int at, const char *path, int flags, ...)
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
cut_mkdirat(int at, const char *path, mode_t mode)
{
	int (*real)(int, const char *, mode_t);

	meet(at);
	find("mkdirat", &real);

	return real(at, path, mode);
}

int
cut_mkdir(const char *path, mode_t mode)
{
	return cut_mkdirat(AT_FDCWD, path, mode);
}

int
cut_symlinkat(const char *to, int at, const char *path)
{
	int (*real)(const char *, int, const char *);

	meet(at);
	find("symlinkat", &real);

	return real(to, at, path);
}

int
cut_unlinkat(int at, const char *path, int flags)
{
	int (*real)(int, const char *, int);

	meet(at);
	find("unlinkat", &real);

	return real(at, path, flags);
}

int
cut_ftruncate(int fd, off_t n)
{
	int (*real)(int, off_t);

	meet(fd);
	find("ftruncate", &real);

	return real(fd, n);
}

int
cut_posix_fallocate(int fd, off_t at, off_t n)
{
	int (*real)(int, off_t, off_t);

	meet(fd);
	find("posix_fallocate", &real);

	return real(fd, at, n);
}
