#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "queue/finish.h"
#include "queue/probe.h"

enum { SAMPLES = 9, FACT = 1024 };

static const double sync_budget = 0.5; /* seconds */

/*
 * A trial syncs eight times: its trial.ini and directory, trials/S, ready/S,
 * running/W, its result, its home, done/S; that is four times a file and a
 * directory.
 */
enum { TRIAL_FACTS = 4 };

/* A listing that is later than this is told of, or is a finding. */
static const double late = 0.1, too_late = 1;

static const double skew_max = 2; /* seconds */

static const char see[] = "see the message";

/* --- what renames do ------------------------------------------------------ */

static bool
is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Births rest on it: who comes second must find the id taken. */
void
probe_replace(const struct place *p, struct exam *x)
{
	struct err e = ERR_NONE;

	if (fs_mkdir(p->dir, "first", &e) < 0 ||
	    fs_create(p->dir, "first/1", "", 0, &e) < 0 ||
	    fs_mkdir(p->dir, "second", &e) < 0 ||
	    fs_create(p->dir, "second/2", "", 0, &e) < 0) {
		exam_find(x, see, "%s", e.msg);
		return;
	}
	errno = 0;
	if (renameat(p->dir, "second", p->dir, "first") == 0 ||
	    !is_there(p->dir, "first/1") || !is_there(p->dir, "second/2"))
		exam_find(x, PROBE_MOVE,
		    "a directory was renamed onto a full one");
	else if (errno == ENOTEMPTY || errno == EEXIST || errno == EPERM)
		exam_ok(x, "a full directory is not replaced: %s",
		    strerror(errno));
	else
		exam_note(x, "",
		    "a full directory is not replaced, but it says: %s",
		    strerror(errno));
}

/*
 * A sealed segment has an empty file in the place of a directory: a late
 * settle must be told so, and by no other error.
 */
void
probe_seal(const struct place *p, struct exam *x)
{
	struct err e = ERR_NONE;

	if (fs_mkdir(p->dir, "sealed", &e) < 0 ||
	    fs_create(p->dir, "token", "", 0, &e) < 0) {
		exam_find(x, see, "%s", e.msg);
		return;
	}
	if (unlinkat(p->dir, "sealed", AT_REMOVEDIR) < 0) {
		exam_find(x, PROBE_MOVE,
		    "an empty directory cannot be removed: %s",
		    strerror(errno));
		return;
	}
	if (fs_create(p->dir, "sealed", "", 0, &e) < 0) {
		exam_find(x, PROBE_MOVE, "%s", e.msg);
		return;
	}
	errno = 0;
	if (renameat(p->dir, "token", p->dir, "sealed/token") == 0 ||
	    !is_there(p->dir, "token"))
		exam_find(x, PROBE_MOVE,
		    "a file was renamed to a name below a file");
	else if (errno != ENOTDIR)
		exam_find(x, PROBE_MOVE,
		    "a rename to a name below a file should say '%s', not '%s'",
		    strerror(ENOTDIR), strerror(errno));
	else
		exam_ok(x, "nothing is renamed to below a file: %s",
		    strerror(errno));
}

/* --- files ---------------------------------------------------------------- */

void
probe_room(const struct place *p, struct exam *x)
{
	int fd, sys;

	fd = openat(p->dir, "room", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0666);
	if (fd < 0) {
		exam_find(x, see, "cannot make a file: %s", strerror(errno));
		return;
	}
	do
		sys = posix_fallocate(fd, 0, FINISH_ROOM);
	while (sys == EINTR);
	if (sys == EOPNOTSUPP || sys == EINVAL || sys == ENOSYS)
		exam_note(x, "",
		    "no room can be kept: what is overwritten may not fit");
	else if (sys != 0)
		exam_find(x, "make room, or move the campaign",
		    "there is no room for a result: %s", strerror(sys));
	if (close(fd) < 0)
		exam_find(x, "make room, or move the campaign",
		    "there is no room for a result: %s", strerror(errno));
	exam_ok(x, "room for a result can be kept before it is there");
}

/* Like the programs: a rename that is said to have failed is looked at. */
static int
rename_fact(int dir, const char *from, const char *to, struct err *e)
{
	if (fs_rename(dir, from, to, e) == 0)
		return 0;
	if (!is_there(dir, to))
		return -1;
	err_clear(e);

	return 0;
}

/* A fact as the programs publish it; seconds, or -1. */
static double
publish(int dir, unsigned i, struct err *e)
{
	char data[FACT], from[24], to[24];
	double start = clk_boot();

	memset(data, 'x', sizeof data);
	snprintf(from, sizeof from, "fact.%u", i);
	snprintf(to, sizeof to, "published.%u", i);
	if (fs_create(dir, from, data, sizeof data, e) < 0 ||
	    fs_sync(dir, from, e) < 0 || rename_fact(dir, from, to, e) < 0 ||
	    fs_sync(dir, ".", e) < 0)
		return -1;

	return clk_boot() - start;
}

static int
by_value(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);

	return (x > y) - (x < y);
}

void
probe_fsync(const struct place *p, struct exam *x)
{
	double took[SAMPLES], end = clk_boot() + sync_budget, median, rate;
	struct err e = ERR_NONE;
	unsigned n = 0;

	do {
		took[n] = publish(p->dir, n, &e);
		if (took[n] < 0) {
			exam_find(x, PROBE_MOVE, "nothing is durable here: %s",
			    e.msg);
			return;
		}
	} while (++n < SAMPLES && clk_boot() < end);
	qsort(took, n, sizeof took[0], by_value);
	median = took[n / 2];
	rate = 1 / (TRIAL_FACTS * fmax(median, 1e-6));
	exam_value(x, median * 1000, "ms");
	if (rate < 1)
		exam_find(x, "use a local disk or a faster server",
		    "until a file is durable: a trial waits %.1f s for that",
		    1 / rate);
	else
		exam_ok(x,
		    "until a file is durable: at most %.*f trials a second a "
		    "worker",
		    rate < 10 ? 1 : 0, rate);
}

/* --- what another process does -------------------------------------------- */

static bool
is_listed(int dir, const char *path)
{
	struct fs_names names = { 0, 0, NULL };
	struct err ignored = ERR_NONE;
	bool any = fs_list(dir, path, &names, &ignored) == 0 && names.n > 0;

	fs_free(&names);

	return any;
}

/* Another process makes a file: 0 when it has, or its errno. */
static int
make_elsewhere(int dir, const char *name)
{
	struct err e = ERR_NONE;
	pid_t pid, parent = getpid();
	int status = 0;

	pid = fork();
	if (pid == 0) {
		proc_die_with_parent(parent);
		_exit(fs_create(dir, name, "", 0, &e) < 0 ? e.sys : 0);
	}
	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;

	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

void
probe_listing(const struct place *p, struct exam *x)
{
	struct err e = ERR_NONE;
	double start, took;
	bool listed;
	int sys;

	if (fs_mkdir(p->dir, "list", &e) < 0) {
		exam_find(x, see, "%s", e.msg);
		return;
	}
	is_listed(p->dir, "list"); /* so that there is something to be stale */
	sys = make_elsewhere(p->dir, "list/new");
	if (sys != 0) {
		exam_find(x, see, "another process cannot make a file: %s",
		    strerror(sys));
		return;
	}
	start = clk_boot();
	do {
		listed = is_listed(p->dir, "list");
		took = clk_boot() - start;
		if (!listed)
			clk_nap(0.001);
	} while (!listed && took < too_late);
	exam_value(x, took * 1000, "ms");
	if (!listed)
		exam_find(x, PROBE_MOVE,
		    "later a listing lacks what another process made");
	else if (took > late)
		exam_note(x, "",
		    "until a listing shows what another process "
		    "made");
	else
		exam_ok(x, "until a listing shows what another process made");
}

static double
wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);

	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* How far a new file's stamp lies outside the time it was made in. */
void
probe_clock(const struct place *p, struct exam *x)
{
	const double tick = 0.05; /* stamps are as coarse as a kernel's tick */
	double before = wall(), after, stamp, skew = 0;
	struct err e = ERR_NONE;
	struct stat st;

	if (fs_create(p->dir, "now", "x", 1, &e) < 0) {
		exam_find(x, see, "%s", e.msg);
		return;
	}
	after = wall();
	if (fstatat(p->dir, "now", &st, AT_SYMLINK_NOFOLLOW) < 0) {
		exam_find(x, see, "cannot look at a new file: %s",
		    strerror(errno));
		return;
	}
	stamp = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
	if (stamp > after + tick)
		skew = stamp - after;
	else if (stamp < before - tick)
		skew = stamp - before;
	exam_value(x, skew, "s");
	if (fabs(skew) > skew_max)
		exam_note(x, "let the hosts set their clocks by NTP",
		    "between this host's clock and the file server's; "
		    "no program goes by it");
	else
		exam_ok(x, "between this host's clock and the file server's");
}
