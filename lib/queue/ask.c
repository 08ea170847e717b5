#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sig.h"
#include "form/campaign.h"
#include "queue/ask.h"
#include "queue/claim.h"
#include "queue/control.h"
#include "queue/finish.h"
#include "queue/job.h"
#include "queue/report.h"
#include "queue/upkeep.h"

enum { FD_MAX = 1024, MISSES = 2 };

/* Hold nothing of the caller's: a pipe it waits on must see its end. */
static void
let_go(const struct work *k)
{
	const int ours[] = { k->q->root, k->q->fd, k->w.heartbeat };
	int null = open("/dev/null", O_RDWR);

	setsid();
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	proc_keep_only(ours, sizeof ours / sizeof ours[0]);
}

/*
 * Has the trial been taken away?  If two listings in a row lack its token a
 * reaper held us for dead; then the directory, kept alive by nothing but our
 * beat, goes too.
 */
static bool
is_taken(struct work *k, unsigned *misses)
{
	struct err e = ERR_NONE;
	struct token t;

	*misses = claim_left(k->q, k->w.name, &t, &e) == 0 ? *misses + 1 : 0;
	if (*misses < MISSES)
		return false;
	worker_stop(&k->w);

	return true;
}

/*
 * Beat until the owner has ended (its trial is then the reaper's), the
 * worker's directory is gone (the trial has ended), or the trial is.
 */
static void
beat_on(struct work *k, const struct proc_id *owner)
{
	struct str path = STR_EMPTY;
	struct err e = ERR_NONE;
	double next = clk_boot() + k->c->heartbeat;
	unsigned misses = 0;

	let_go(k);
	sig_reset();
	worker_file(k->w.name, "heartbeat", &path);
	while (!proc_is_dead(owner) && queue_exists(k->q, path.s)) {
		clk_nap(0.5);
		if (clk_boot() < next)
			continue;
		worker_beat(&k->w, &e);
		if (is_taken(k, &misses))
			break;
		next = clk_boot() + k->c->heartbeat;
	}
	_exit(0);
}

static int
begin(struct work *k, const struct proc_id *owner, struct err *e)
{
	struct worker_info info;

	memset(&info, 0, sizeof info);
	info.id = *owner;
	job_of_environment(&info.job);
	snprintf(info.kind, sizeof info.kind, "ask");

	return worker_start(k->q, k->q->self, &info, &k->w, e);
}

/* Claim, making a trial or looking after the others' where none waits. */
static int
claim(struct work *k, struct token *t, struct err *e)
{
	struct upkeep u;
	int rc;

	for (;;) {
		rc = claim_next(k->q, k->w.name, k->slot, t, e);
		if (rc != 0)
			return rc == 1 ? 1 : -1;
		rc = k->sample(k->cookie, e);
		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		if (upkeep(k->q, k->c, UPKEEP_FULL, &u, e) < 0)
			return -1;
		if (u.reclaimed + u.released + u.settled == 0)
			return 0;
	}
}

/* Its file is damaged: that is the trial's end. */
static int
end_damaged(struct work *k, const struct token *t, struct err *e)
{
	struct attempt a = { k->q, k->c, &k->w, 0, "" };
	struct result r;
	int step;

	attempt_damaged(&a, t, &r);
	step = finish_publish(k->q, NULL, &r, e);
	if (step == QUEUE_DONE)
		step = finish_move(k->q, k->c, t, &r, NULL, e);
	result_free(&r);

	return step < 0 ? -1 : 0;
}

int
ask_claim(struct work *k, pid_t owner, struct token *t, struct trial *trial,
    struct err *e)
{
	struct proc_id id;
	pid_t child;
	int rc;

	if (proc_identify(owner, &id) < 0)
		return err_set(e, EX_USAGE, "there is no process %ld",
		    (long)owner);
	if (begin(k, &id, e) < 0)
		return -1;
	for (;;) {
		rc = claim(k, t, e);
		if (rc != 1) {
			worker_stop(&k->w);
			return rc;
		}
		if (attempt_trial(k->q, t->id, trial, e) == 0)
			break;
		if (e->code != EX_DATAERR)
			return -1;
		err_clear(e);
		if (end_damaged(k, t, e) < 0)
			return -1;
	}
	child = fork();
	if (child == 0)
		beat_on(k, &id);
	/* Without a beat the lease ends it: late, but nothing is lost. */
	if (child < 0)
		return err_sys(e, "cannot start a process");

	return 1;
}

/* Does this worker hold it for ${owner}? */
static bool
is_owner(const struct queue *q, const struct worker_info *info, pid_t owner)
{
	return str_eq(info->kind, "ask") && info->id.pid == owner &&
	    proc_is_local(&info->id) && q->fd >= 0;
}

/* What was reported on the way comes before what is given at the end. */
static void
take_reports(struct work *k, const struct token *t, struct metrics *m)
{
	struct metrics given = *m;
	size_t i;

	memset(m, 0, sizeof *m);
	report_collect(k->q, t->by, t, m);
	for (i = 0; i < given.all.n; i++)
		metrics_add(m, given.all.v[i].name, given.all.v[i].value);
	metrics_free(&given);
}

static int
taken_back(uint32_t id, struct err *e)
{
	err_set(e, EX_NO, "trial %u was taken back: it is another's now", id);

	return 1;
}

/* Move the token on after its published result, and end the worker. */
static int
end_ask(struct work *k, const struct token *t, const struct result *r,
    struct err *e)
{
	struct worker w = { .q = k->q, .heartbeat = -1 };
	int step = finish_move(k->q, k->c, t, r, NULL, e);

	if (step > 0)
		return taken_back(t->id, e);
	if (step == QUEUE_DONE) {
		control_uncancel(k->q, t);
		snprintf(w.name, sizeof w.name, "%s", t->by);
		worker_stop(&w);
	}

	return step;
}

int
ask_finish(struct work *k, pid_t owner, uint32_t id, struct result *r,
    struct err *e)
{
	struct worker_info info;
	struct result there;
	struct token t;
	int step;

	step = report_find(k->q, id, &t, e);
	if (step < 0)
		return -1;
	if (step == 0) {
		err_set(e, EX_NO, "trial %u is not running", id);
		return 1;
	}
	if (worker_load(k->q, t.by, &info, e) < 0)
		return e->sys == ENOENT ? taken_back(id, e) : -1;
	if (!is_owner(k->q, &info, owner)) {
		err_set(e, EX_NO,
		    "trial %u is held by process %ld on '%s', not by process "
		    "%ld: see --pid",
		    id, (long)info.id.pid, info.id.host, (long)owner);
		return 1;
	}
	/* Written once: an earlier call may have died before the token moved. */
	step = finish_own(k->q, &t, t.by, &there, e);
	if (step < 0)
		return -1;
	if (step == 1) {
		result_free(r);
		*r = there;
		return end_ask(k, &t, r, e);
	}
	r->id = id;
	r->attempt = t.attempt;
	r->host = mem_dup(info.id.host);
	r->worker = mem_dup(t.by);
	r->job = info.job;
	snprintf(r->started, sizeof r->started, "%s", info.started);
	if (info.clock > 0)
		r->seconds = clk_boot() - info.clock;
	take_reports(k, &t, &r->metrics);
	if (r->status == STATUS_OK)
		attempt_judge(k->c, r);
	step = finish_publish(k->q, NULL, r, e);
	if (step == QUEUE_DONE)
		return end_ask(k, &t, r, e);
	if (step > 0)
		return taken_back(id, e);

	return step;
}
