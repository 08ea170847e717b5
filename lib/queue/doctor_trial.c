#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "queue/doctor.h"
#include "queue/finish.h"
#include "queue/scan.h"

/* The doctor's dry trial. */

enum { TAIL_LINES = 3 };

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
judge(struct exam *x, const char *scratch)
{
	struct outcome o = { .found = false };
	struct str words = STR_EMPTY;
	struct err e = ERR_NONE;
	struct queue q;
	size_t i;

	if (queue_open(scratch, QUEUE_READ, &q, &e) < 0) {
		exam_find(x, "see the message", "it left nothing: %s", e.msg);
		return;
	}
	o.q = &q;
	if (scan_each(&q, STATE_DONE, take_outcome, &o, &e) == 0)
		scan_each(&q, STATE_FAILED, take_outcome, &o, &e);
	if (!o.found) {
		exam_find(x, "run `hpo-sample --dry-run` and see",
		    "it did not run");
	} else if (o.r.status == STATUS_OK) {
		exam_value(x, o.r.seconds, "s");
		exam_ok(x, "ended well");
	} else {
		for (i = o.r.ntail > TAIL_LINES ? o.r.ntail - TAIL_LINES : 0;
		     i < o.r.ntail; i++)
			str_addf(&words, "; it said '%s'", o.r.tail[i]);
		exam_value(x, o.r.seconds, "s");
		exam_find(x,
		    "correct the command, or how it prints its metrics",
		    "failed: %s%s", o.r.cause, str_text(&words));
	}
	if (o.found)
		result_free(&o.r);
	str_free(&words);
	queue_close(&q);
}

void
doctor_trial(const struct doctor *d, struct exam *x)
{
	static const char where[] = "set TMPDIR to a directory with room";
	const char *tmp = getenv("TMPDIR");
	struct str scratch = STR_EMPTY;
	struct err e = ERR_NONE, ignored = ERR_NONE;
	bool in_time = false;
	int fd;

	exam_begin(x, "trial");
	str_addf(&scratch, "%s/hpo-check.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(scratch.s) == NULL) {
		exam_find(x, where, "cannot make '%s': %s", scratch.s,
		    strerror(errno));
		str_free(&scratch);
		return;
	}
	fd = fs_open_dir(AT_FDCWD, scratch.s, &e);
	if (fd < 0 || link_all(d->q, fd, &e) < 0 ||
	    run_trial(d, scratch.s, &in_time, &e) < 0) {
		exam_find(x, where, "%s", e.msg);
	} else if (in_time) {
		judge(x, scratch.s);
	} else {
		exam_value(x, d->trial_seconds, "s");
		exam_ok(x, "it started, still ran, and was ended");
	}
	if (fd >= 0)
		close(fd);
	fs_remove(AT_FDCWD, scratch.s, &ignored);
	str_free(&scratch);
}
