/*
 * A file system that is ill, for the doctor's tests.  To be preloaded
 * (ld.so(8)).
 *
 *	HPO_SICK=WORD[,WORD]     what it has
 *	HPO_SICK_MOUNTS=FILE     is read for /proc/self/mountinfo
 *
 * All calls are concerned, in all processes, from the first on, but those on
 * files in directories other than DIR and those below it, if there is
 *
 *	HPO_SICK_UNDER=DIR       (absolute)
 *
 * The words:
 *
 *	twice      a rename that found no source says that it was done
 *	replaces   a full directory as target is replaced
 *	loses      what is renamed is lost
 *	swaps      who is told that it was done, and who not, are exchanged
 *	forgets    a rename that was done says ENOENT
 *	notrename  a rename says EXDEV
 *	below      a rename to a name below a file says that it was done
 *	wrong      and one that should say ENOTDIR says EIO
 *	slow       fsync(2) takes 0.3 s
 *	hangs      fsync(2) never returns
 *	unsynced   fsync(2) says EIO
 *	quick      fsync(2) does nothing
 *	stale      a listing lacks what is younger than a minute
 *	late       the same for 0.3 s
 *	ahead      time stamps are an hour ahead
 *	behind     and an hour behind
 *	inodes     ten files can still be made
 *	blocks     and ten blocks be written
 *	dynamic    there is no number of files
 *	quota      five files and 3 MiB are left to the user
 *	noquota    nobody has a quota
 *	hidden     and who has is not told
 *	readonly   nothing can be made: EROFS
 *	noroom     posix_fallocate(3) says ENOSPC
 *	nokeep     it says EOPNOTSUPP
 *
 * For systems whose off_t has 64 bits.
 */

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* RTLD_NEXT, RENAME_EXCHANGE */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { PATH = 8192, HOUR = 3600, FEW = 10 };

/* The C library's function of this name into the pointer ${fn}. */
static void
find(const char *name, void *fn)
{
	void *p = dlsym(RTLD_NEXT, name);

	memcpy(fn, &p, sizeof p);
}

/* Is ${word} one of those in HPO_SICK? */
static bool
has(const char *word)
{
	const char *list = getenv("HPO_SICK");
	size_t n = strlen(word), k;

	for (; list != NULL && *list != '\0'; list += k + (list[k] == ',')) {
		k = strcspn(list, ",");
		if (k == n && strncmp(list, word, n) == 0)
			return true;
	}

	return false;
}

/* Is the file ${name} from the directory ${at}, or ${at} itself, ill? */
static bool
is_ill(int at, const char *name)
{
	const char *top = getenv("HPO_SICK_UNDER");
	char path[2 * PATH] = "", fd[64];
	size_t used = 0;
	ssize_t n;

	if (top == NULL)
		return true;
	if (name == NULL || name[0] != '/') {
		snprintf(fd, sizeof fd, "/proc/self/%s", "cwd");
		if (at != AT_FDCWD)
			snprintf(fd, sizeof fd, "/proc/self/fd/%d", at);
		n = readlink(fd, path, PATH - 1);
		used = n > 0 ? (size_t)n : 0;
	}
	snprintf(path + used, PATH, "%s%s", used > 0 ? "/" : "",
	    name != NULL ? name : "");

	return strncmp(path, top, strlen(top)) == 0;
}

static bool
suffers(const char *word, int at, const char *name)
{
	int saved = errno;
	bool yes = has(word) && is_ill(at, name);

	errno = saved;

	return yes;
}

static int
refuse(int sys)
{
	errno = sys;

	return -1;
}

/* The functions that are replaced, under names of our own for the compiler. */
#define AS(symbol) __asm__(symbol)
#define ALSO(name, symbol) __asm__(".globl " name "\n\t.set " name ", " symbol)

int sick_renameat(int fromat, const char *from, int toat, const char *to)
    AS("renameat");
int sick_fsync(int fd) AS("fsync");
struct dirent *sick_readdir(DIR *dir) AS("readdir");
int sick_fstatat(int at, const char *path, struct stat *st, int flags)
    AS("fstatat");
int sick_fstatvfs(int fd, struct statvfs *f) AS("fstatvfs");
int sick_openat(int at, const char *path, int flags, ...) AS("openat");
int sick_mkdirat(int at, const char *path, mode_t mode) AS("mkdirat");
int sick_posix_fallocate(int fd, off_t at, off_t n) AS("posix_fallocate");
int sick_quotactl(int cmd, const char *device, int id, char *to) AS("quotactl");

ALSO("readdir64", "readdir");
ALSO("fstatat64", "fstatat");
ALSO("fstatvfs64", "fstatvfs");
ALSO("openat64", "openat");
ALSO("__openat_2", "openat");
ALSO("__openat64_2", "openat");
ALSO("posix_fallocate64", "posix_fallocate");

/* A rename that was refused. */
static int
refused(int fromat, const char *from, int toat, const char *to)
{
	int (*real)(int, const char *, int, const char *, unsigned);
	int sys = errno;

	if (sys == ENOENT && suffers("twice", toat, to))
		return 0;
	if (sys == ENOENT && suffers("swaps", toat, to))
		return 0;
	if (sys == ENOTDIR && suffers("below", toat, to))
		return 0;
	if (sys == ENOTDIR && suffers("wrong", toat, to))
		return refuse(EIO);
	if ((sys == ENOTEMPTY || sys == EEXIST) &&
	    suffers("replaces", toat, to)) {
		find("renameat2", &real);
		return real(fromat, from, toat, to, RENAME_EXCHANGE);
	}

	return refuse(sys);
}

int
sick_renameat(int fromat, const char *from, int toat, const char *to)
{
	int (*real)(int, const char *, int, const char *);

	if (suffers("notrename", toat, to))
		return refuse(EXDEV);
	find("renameat", &real);
	if (real(fromat, from, toat, to) < 0)
		return refused(fromat, from, toat, to);
	if (suffers("loses", toat, to))
		unlinkat(toat, to, 0);
	if (suffers("forgets", toat, to) || suffers("swaps", toat, to))
		return refuse(ENOENT);

	return 0;
}

static void
wait_for_it(time_t seconds, long nanoseconds)
{
	struct timespec ts = { seconds, nanoseconds };

	while (nanosleep(&ts, &ts) < 0)
		continue;
}

int
sick_fsync(int fd)
{
	int (*real)(int);

	while (suffers("hangs", fd, NULL))
		wait_for_it(1, 0);
	if (suffers("slow", fd, NULL))
		wait_for_it(0, 300000000);
	if (suffers("unsynced", fd, NULL))
		return refuse(EIO);
	if (suffers("quick", fd, NULL))
		return 0;
	find("fsync", &real);

	return real(fd);
}

/* How long ago it was made, in seconds. */
static double
age(int at, const char *name)
{
	int (*real)(int, const char *, struct stat *, int);
	struct timespec now;
	struct stat st;

	find("fstatat", &real);
	if (real(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);

	return (double)(now.tv_sec - st.st_mtim.tv_sec) +
	    (double)(now.tv_nsec - st.st_mtim.tv_nsec) / 1e9;
}

struct dirent *
sick_readdir(DIR *dir)
{
	struct dirent *(*real)(DIR *);
	struct dirent *d;
	double young = suffers("stale", dirfd(dir), NULL) ? 60
	    : suffers("late", dirfd(dir), NULL)           ? 0.3
							  : 0;

	find("readdir", &real);
	do
		d = real(dir);
	while (d != NULL && young > 0 && d->d_name[0] != '.' &&
	    age(dirfd(dir), d->d_name) < young);

	return d;
}

int
sick_fstatat(int at, const char *path, struct stat *st, int flags)
{
	int (*real)(int, const char *, struct stat *, int);

	find("fstatat", &real);
	if (real(at, path, st, flags) < 0)
		return -1;
	if (suffers("ahead", at, path))
		st->st_mtim.tv_sec += HOUR;
	if (suffers("behind", at, path))
		st->st_mtim.tv_sec -= HOUR;

	return 0;
}

int
sick_fstatvfs(int fd, struct statvfs *f)
{
	int (*real)(int, struct statvfs *);

	find("fstatvfs", &real);
	if (real(fd, f) < 0)
		return -1;
	if (suffers("inodes", fd, NULL))
		f->f_favail = f->f_ffree = FEW;
	if (suffers("blocks", fd, NULL))
		f->f_bavail = f->f_bfree = FEW;
	if (suffers("dynamic", fd, NULL))
		f->f_files = f->f_favail = f->f_ffree = 0;

	return 0;
}

int
sick_openat(int at, const char *path, int flags, ...)
{
	const char *mounts = getenv("HPO_SICK_MOUNTS");
	int (*real)(int, const char *, int, ...);
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (mounts != NULL && strcmp(path, "/proc/self/mountinfo") == 0)
		path = mounts;
	if ((flags & O_CREAT) && suffers("readonly", at, path))
		return refuse(EROFS);
	find("openat", &real);

	return real(at, path, flags, mode);
}

int
sick_mkdirat(int at, const char *path, mode_t mode)
{
	int (*real)(int, const char *, mode_t);

	if (suffers("readonly", at, path))
		return refuse(EROFS);
	find("mkdirat", &real);

	return real(at, path, mode);
}

int
sick_posix_fallocate(int fd, off_t at, off_t n)
{
	int (*real)(int, off_t, off_t);

	if (suffers("noroom", fd, NULL))
		return ENOSPC;
	if (suffers("nokeep", fd, NULL))
		return EOPNOTSUPP;
	find("posix_fallocate", &real);

	return real(fd, at, n);
}

/* By device: which file system that is of is not looked at. */
int
sick_quotactl(int cmd, const char *device, int id, char *to)
{
	int (*real)(int, const char *, int, char *);
	struct dqblk d;

	if (has("hidden"))
		return refuse(EPERM);
	if (has("noquota") || (has("quota") && (cmd & SUBCMDMASK) == GRPQUOTA))
		return refuse(ESRCH);
	if (!has("quota")) {
		find("quotactl", &real);
		return real(cmd, device, id, to);
	}
	memset(&d, 0, sizeof d);
	d.dqb_bhardlimit = 4096; /* KiB */
	d.dqb_curspace = 1 << 20;
	d.dqb_isoftlimit = FEW / 2;
	d.dqb_ihardlimit = FEW;
	d.dqb_curinodes = FEW / 2;
	memcpy(to, &d, sizeof d);

	return 0;
}
