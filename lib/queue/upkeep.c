#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "queue/birth.h"
#include "queue/control.h"
#include "queue/finish.h"
#include "queue/scan.h"
#include "queue/upkeep_pass.h"
#include "queue/worker.h"

void
upkeep_pass_note(struct upkeep_pass *p, const struct err *e)
{
	if (p->first->code == 0)
		*p->first = *e;
}

static const char *
without_newline(struct str *b)
{
	if (b->n > 0 && b->s[b->n - 1] == '\n')
		str_cut(b, b->n - 1);

	return b->n > 0 ? b->s : "-";
}

/* First look at everybody; verdicts only after it has been written down. */
static void
look_at_workers(struct upkeep_pass *p, const struct fs_names *workers)
{
	struct str pulse = STR_EMPTY;
	size_t i;

	for (i = 0; i < workers->n; i++) {
		str_cut(&pulse, 0);
		if (worker_pulse(p->q, workers->v[i], &pulse) == 0)
			observe_see_of(&p->seen, "worker", workers->v[i],
			    without_newline(&pulse));
	}
	str_free(&pulse);
}

/* What the dead worker ran must not go on beside the next attempt. */
static void
kill_command(const char *worker)
{
	struct str mark = STR_EMPTY;

	str_addf(&mark, "HPO_WORKER=%s", worker);
	proc_kill_marked(mark.s, SIGKILL);
	str_free(&mark);
}

/* Requeue what a dead worker holds.  Returns how many tokens it had. */
static unsigned
empty_worker(struct upkeep_pass *p, const char *worker,
    const struct upkeep_death *d)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct err e = ERR_NONE;
	const struct finish_end end = { d->status, d->cause, &d->info };
	struct token t;
	unsigned n = 0;
	size_t i;
	int step;

	if (queue_list(p->q, fs_join(&path, "running", worker), &names, &e) < 0)
		upkeep_pass_note(p, &e);
	for (i = 0; i < names.n; i++) {
		if (name_parse_token(names.v[i], STATE_RUNNING, &t) < 0)
			continue;
		if (n++ == 0 && d->local)
			kill_command(worker);
		snprintf(t.by, sizeof t.by, "%s", worker);
		err_clear(&e);
		step = finish_for(p->q, p->c, &t, &end, &e);
		if (step < 0)
			upkeep_pass_note(p, &e);
		else if (step == QUEUE_DONE)
			p->u->reclaimed++;
	}
	fs_free(&names);
	str_free(&path);

	return n;
}

/*
 * Remove a dead worker's empty directory, but only a lease after it was
 * last seen with a token: on a file system that loses an unsynced rename in
 * a power cut, the token may come back into it.
 */
static void
bury(struct upkeep_pass *p, const char *worker)
{
	const struct sighting *s =
	    observe_see_of(&p->seen, "empty", worker, "-");

	p->unsaved = true;
	if (observe_over(s, p->c->lease))
		worker_forget(p->q, worker);
}

/* One more loss on a node: a dispatcher leaves out those with several. */
static void
blame_node(struct upkeep_pass *p, const char *node)
{
	const struct sighting *s = observe_find_of(&p->seen, "node", node);
	char text[16];
	uint64_t losses = 0;

	if (s != NULL)
		num_u64(s->value, UINT32_MAX - 1, &losses);
	snprintf(text, sizeof text, "%u", (unsigned)losses + 1);
	observe_see_of(&p->seen, "node", node, text);
	p->unsaved = true;
}

static void
reclaim(struct upkeep_pass *p, const struct fs_names *workers)
{
	struct upkeep_death d;
	size_t i;

	for (i = 0; i < workers->n; i++) {
		if (str_eq(workers->v[i], p->q->self) ||
		    !upkeep_dead(p, workers->v[i], &d))
			continue;
		if (empty_worker(p, workers->v[i], &d) == 0) {
			bury(p, workers->v[i]);
			continue;
		}
		observe_see_of(&p->seen, "empty", workers->v[i], "had a token");
		if (d.node && d.info.job.node[0] != '\0')
			blame_node(p, d.info.job.node);
	}
}

/* Seconds that a held token still has to wait; < 0: release it. */
static double
wait_left(struct upkeep_pass *p, const struct token *t)
{
	unsigned count[STATUS_COUNT];
	struct err e = ERR_NONE;
	const struct sighting *s;
	double held, wait = p->c->backoff;
	char name[32];

	snprintf(name, sizeof name, "%07u.%u", t->id, t->attempt);
	s = observe_see_of(&p->seen, "held", name, "-");
	held = p->seen.now - s->first;
	if (held < wait)
		return wait - held;
	if (finish_counts(p->q, t->id, t->attempt, count, &e) == 0)
		wait = finish_backoff(p->c, count[STATUS_FAILED]);

	return wait - held;
}

static int
release(void *cookie, const struct token *t, struct err *e)
{
	struct upkeep_pass *p = cookie;
	struct token ready = *t;
	struct err mine = ERR_NONE;
	double left = wait_left(p, t);
	int step;

	(void)e;
	if (left > 0) {
		p->u->held++;
		if (p->u->next_due < 0 || left < p->u->next_due)
			p->u->next_due = left;
		return 0;
	}
	ready.state = STATE_READY;
	step = queue_move(p->q, t, &ready, &mine);
	if (step < 0)
		upkeep_pass_note(p, &mine);
	else if (step == QUEUE_DONE)
		p->u->released++;

	return 0;
}

/* A request to end an attempt that is over: the trial is seen elsewhere. */
static void
drop_cancels(struct upkeep_pass *p, const struct scan *scan)
{
	const struct scan_token *now;
	struct control control;
	struct err e = ERR_NONE;
	struct token t;
	size_t i;

	if (control_read(p->q, &control, &e) < 0)
		return;
	for (i = 0; i < control.cancel.n; i++) {
		t.id = control.cancel.v[i].id;
		t.attempt = control.cancel.v[i].attempt;
		now = scan_find(scan, t.id);
		if (segments_has(&scan->sealed, name_segment(t.id)) ||
		    (now != NULL && now->state != STATE_NEW &&
			(now->state != STATE_RUNNING ||
			    now->attempt > t.attempt)))
			control_uncancel(p->q, &t);
	}
	control_free(&control);
}

/* Births that a dead sampler left without a token in ready/. */
static void
settle(struct upkeep_pass *p)
{
	struct err e = ERR_NONE;
	struct scan scan;
	size_t i;
	int step;

	if (scan_all(p->q, &scan, &e) < 0) {
		upkeep_pass_note(p, &e);
		return;
	}
	drop_cancels(p, &scan);
	for (i = 0; i < scan.n; i++) {
		if (scan.v[i].state != STATE_NEW)
			continue;
		err_clear(&e);
		step = birth_settle(p->q, scan.v[i].id, &e);
		if (step < 0)
			upkeep_pass_note(p, &e);
		else if (step == QUEUE_DONE)
			p->u->settled++;
	}
	scan_free(&scan);
}

int
upkeep(struct queue *q, const struct campaign *c, int depth, struct upkeep *u,
    struct err *e)
{
	struct upkeep own;
	struct upkeep_pass p = {
		.q = q, .c = c, .u = u != NULL ? u : &own, .first = e
	};
	struct fs_names workers = { 0, 0, NULL };
	struct err saving = ERR_NONE;

	memset(p.u, 0, sizeof *p.u);
	p.u->next_due = -1;
	observe_load(q, observe_span(c->lease), &p.seen);
	if (queue_list(q, "running", &workers, e) < 0)
		fs_free(&workers);
	look_at_workers(&p, &workers);
	scan_each(q, STATE_HELD, release, &p, e);
	if (depth == UPKEEP_FULL)
		upkeep_sweep(&p, &workers);
	/* An observer that cannot write gives no verdict. */
	p.may_judge = observe_save(q, &p.seen, &saving) == 0;
	if (!p.may_judge)
		upkeep_pass_note(&p, &saving);
	reclaim(&p, &workers);
	if (depth == UPKEEP_FULL)
		settle(&p);
	if (p.unsaved && observe_save(q, &p.seen, &saving) < 0)
		upkeep_pass_note(&p, &saving);
	observe_free(&p.seen);
	fs_free(&workers);

	return e->code == 0 ? 0 : -1;
}
