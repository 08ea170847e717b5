#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "queue/attempt.h"
#include "queue/doctor.h"
#include "queue/finish.h"
#include "queue/pool.h"
#include "queue/scan.h"

enum { MIN_INODES = 1000, MIN_MIB = 64, TAIL_LINES = 3 };

struct visit {
	const struct doctor *d;
	int findings;
};

static void find(struct visit *v, const char *remedy, const char *fmt, ...)
    ERR_PRINTF(3, 4);

static void
find(struct visit *v, const char *remedy, const char *fmt, ...)
{
	char what[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	v->findings++;
	v->d->finding(v->d->cookie, what, remedy);
}

static void
pass(struct visit *v, const char *what)
{
	if (v->d->passed != NULL)
		v->d->passed(v->d->cookie, what);
}

static void
check_command(struct visit *v)
{
	struct err e = ERR_NONE;

	if (attempt_check(v->d->q, v->d->c, v->d->bindir, &e) < 0)
		find(v, "correct the command in campaign.ini", "%s", e.msg);
	else
		pass(v, "the command is there and executable");
}

static void
check_parallel(struct visit *v)
{
	struct err e = ERR_NONE;
	struct str path = STR_EMPTY;

	if (pool_find(&path, &e) < 0)
		find(v, "apt install parallel", "%s", e.msg);
	else
		pass(v, "GNU parallel is there");
	str_free(&path);
}

static void
check_room(struct visit *v)
{
	struct statvfs f;

	if (fstatvfs(v->d->q->fd, &f) < 0)
		return;
	if (f.f_files > 0 && f.f_favail < MIN_INODES)
		find(v, "delete files, or ask for a larger quota of files",
		    "only %llu files can still be made here",
		    (unsigned long long)f.f_favail);
	else if ((double)f.f_bavail * (double)f.f_frsize / (1 << 20) < MIN_MIB)
		find(v, "make room, or move the campaign",
		    "only %.0f MiB are left here",
		    (double)f.f_bavail * (double)f.f_frsize / (1 << 20));
	else
		pass(v, "there is room on the file system");
}

/* A directory renamed onto a full one must be refused: births rest on it. */
static int
refuses_full_target(int at, const char *a, const char *b, struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	bad = fs_mkdir(at, a, e) < 0 || fs_mkdir(at, b, e) < 0 ||
	    fs_create(at, fs_join(&path, b, "full"), "", 0, e) < 0;
	str_free(&path);
	if (bad)
		return -1;

	return renameat(at, a, at, b) < 0 && fs_is_dir(at, a) &&
	    fs_is_dir(at, b);
}

static void
check_file_system(struct visit *v)
{
	static const char move[] =
	    "use another file system: the queue rests on rename(2)";
	struct queue *q = v->d->q;
	struct str a = STR_EMPTY, b = STR_EMPTY, path = STR_EMPTY;
	struct queue_room room;
	struct err e = ERR_NONE;
	int refuses, before = v->findings;

	queue_tmp(q, &a);
	queue_tmp(q, &b);
	refuses = refuses_full_target(q->fd, a.s, b.s, &e);
	if (refuses < 0)
		find(v, "make the directory writable, or make room",
		    "nothing can be made here: %s", e.msg);
	else if (refuses == 0)
		find(v, move,
		    "a directory can be renamed onto a full one here");
	err_clear(&e);
	if (refuses >= 0 &&
	    fs_rename(q->fd, fs_join(&path, b.s, "full"), "tmp/doctor", &e) < 0)
		find(v, move, "files cannot be renamed here: %s", e.msg);
	fs_remove(q->fd, "tmp/doctor", &e);
	err_clear(&e);
	if (fs_sync(q->fd, "tmp", &e) < 0)
		find(v, "use another file system: nothing is durable here",
		    "%s", e.msg);
	err_clear(&e);
	if (queue_reserve(q, FINISH_ROOM, &room, &e) < 0)
		find(v, "make room for results", "%s", e.msg);
	else
		queue_unreserve(q, &room);
	fs_remove(q->fd, a.s, &e);
	fs_remove(q->fd, b.s, &e);
	if (v->findings == before)
		pass(v, "the file system does what the queue needs");
	str_free(&path);
	str_free(&b);
	str_free(&a);
}

/* Links to everything in the campaign but its state. */
static int
link_all(const struct queue *q, int scratch, struct err *e)
{
	struct str target = STR_EMPTY;
	struct dirent *entry;
	DIR *dir = opendir(q->absolute);
	int bad = 0;

	if (dir == NULL)
		return err_sys(e, "cannot list '%s'", q->path);
	while (!bad && (entry = readdir(dir)) != NULL) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..") ||
		    str_eq(entry->d_name, "hpo") ||
		    str_starts(entry->d_name, ".hpo-"))
			continue;
		if (symlinkat(fs_join(&target, q->absolute, entry->d_name),
			scratch, entry->d_name) < 0)
			bad = err_sys(e, "cannot link '%s'", entry->d_name);
	}
	closedir(dir);
	str_free(&target);

	return bad;
}

/* Run `hpo-trial SCRATCH`, at most so long. */
static int
run_trial(const struct doctor *d, const char *scratch, bool *in_time,
    struct err *e)
{
	struct proc_usage usage;
	struct str program = STR_EMPTY;
	double end = clk_boot() + d->trial_seconds;
	int status = 0, ended = 0;
	pid_t pid;

	str_addf(&program, "%s/hpo-trial", d->bindir);
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(EX_IOERR);
		execl(program.s, "hpo-trial", "--slot", "1", scratch,
		    (char *)NULL);
		_exit(EX_UNAVAILABLE);
	}
	str_free(&program);
	if (pid < 0)
		return err_sys(e, "cannot start 'hpo-trial'");
	while ((ended = proc_wait(pid, false, &status, &usage)) == 0 &&
	    clk_boot() < end)
		clk_nap(0.02);
	*in_time = ended != 0;
	/* Asked twice it does not wait for the command; two signals at once
	 * would be one. */
	while (ended == 0) {
		kill(pid, SIGTERM);
		clk_nap(0.2);
		ended = proc_wait(pid, false, &status, &usage);
	}

	return 0;
}

struct outcome {
	struct queue *q;
	struct result r;
	bool found;
};

static int
take_outcome(void *cookie, const struct token *t, struct err *e)
{
	struct outcome *o = cookie;

	o->found = finish_read(o->q, t->id, t->attempt, t->by, &o->r, e) == 0;

	return 1;
}

/* What became of the one trial. */
static void
judge_trial(struct visit *v, const char *scratch)
{
	struct outcome o = { .found = false };
	struct str words = STR_EMPTY;
	struct err e = ERR_NONE;
	struct queue q;
	size_t i;

	if (queue_open(scratch, QUEUE_READ, &q, &e) < 0) {
		find(v, "see the message", "the dry trial left nothing: %s",
		    e.msg);
		return;
	}
	o.q = &q;
	if (scan_each(&q, STATE_DONE, take_outcome, &o, &e) == 0)
		scan_each(&q, STATE_FAILED, take_outcome, &o, &e);
	if (!o.found) {
		find(v, "run `hpo-sample --dry-run` and see",
		    "the dry trial did not run");
	} else if (o.r.status == STATUS_OK) {
		str_addf(&words, "a dry trial ran well (%.1f s)", o.r.seconds);
		pass(v, words.s);
	} else {
		str_addf(&words, "a dry trial failed: %s", o.r.cause);
		for (i = o.r.ntail > TAIL_LINES ? o.r.ntail - TAIL_LINES : 0;
		     i < o.r.ntail; i++)
			str_addf(&words, "; it said '%s'", o.r.tail[i]);
		find(v, "correct the command, or how it prints its metrics",
		    "%s", words.s);
	}
	if (o.found)
		result_free(&o.r);
	str_free(&words);
	queue_close(&q);
}

static int
try_trial(struct visit *v, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct str scratch = STR_EMPTY, words = STR_EMPTY;
	struct err ignored = ERR_NONE;
	bool in_time = false;
	int fd, bad;

	str_addf(&scratch, "%s/hpo-check.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(scratch.s) == NULL) {
		bad = err_sys(e, "cannot make '%s'", scratch.s);
		str_free(&scratch);
		return bad;
	}
	fd = fs_open_dir(AT_FDCWD, scratch.s, e);
	bad = fd < 0 || link_all(v->d->q, fd, e) < 0 ||
	    run_trial(v->d, scratch.s, &in_time, e) < 0;
	if (!bad && in_time) {
		judge_trial(v, scratch.s);
	} else if (!bad) {
		str_addf(&words,
		    "a dry trial started, and still ran after %g s",
		    v->d->trial_seconds);
		pass(v, words.s);
	}
	if (fd >= 0)
		close(fd);
	fs_remove(AT_FDCWD, scratch.s, &ignored);
	str_free(&words);
	str_free(&scratch);

	return bad ? -1 : 0;
}

int
doctor_check(const struct doctor *d, struct err *e)
{
	struct visit v = { d, 0 };

	check_command(&v);
	check_parallel(&v);
	check_room(&v);
	check_file_system(&v);
	/* Without a command there is no trial to try. */
	if (v.findings == 0 && try_trial(&v, e) < 0)
		return -1;

	return v.findings;
}
