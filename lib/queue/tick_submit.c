#include <stdio.h>
#include <string.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/crc.h"
#include "base/err.h"
#include "base/fs.h"
#include "form/campaign.h"
#include "queue/tick_submit.h"

/* Of a tick's minute the last submission begins before half of it is over,
 * and no controller is asked for many at once. */
enum { SUBMIT_BEFORE = 25, SUBMITS = 4 };

/* Seconds that a pilot would wait for a back-off. */
enum { HELD_SOON = 60, LIMITS_MAX = 65536 };

static const char *
limits_path(const struct tick *k, struct str *b)
{
	return fs_join(b, k->b->dir, "limits");
}

/* Kept, as it is the same for weeks; lost, it is asked for again. */
static void
keep_limits(struct tick *k, const struct str *text)
{
	struct str path = STR_EMPTY, tmp = STR_EMPTY;
	struct err ignored = ERR_NONE;

	queue_tmp(k->q, &tmp);
	if (fs_mkdir(k->q->fd, k->b->dir, &ignored) == 0 &&
	    fs_create(k->q->fd, tmp.s, str_text(text), text->n, &ignored) == 0)
		fs_rename(k->q->fd, tmp.s, limits_path(k, &path), &ignored);
	str_free(&tmp);
	str_free(&path);
}

static void
forget_limits(struct tick *k)
{
	struct str path = STR_EMPTY;
	struct err ignored = ERR_NONE;

	fs_remove(k->q->fd, limits_path(k, &path), &ignored);
	str_free(&path);
}

int
tick_submit_limits(struct tick *k, bool keep, struct backend_limits *l,
    struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	struct err none = ERR_NONE;
	int bad = 0;

	if (k->q->fd < 0 ||
	    fs_slurp(k->q->fd, limits_path(k, &path), LIMITS_MAX, &text,
		&none) < 0 ||
	    backend_read_limits(k->b, str_text(&text), l, &none) < 0) {
		str_cut(&text, 0);
		bad = backend_limits(k->b, &text, e) < 0 ||
		    backend_read_limits(k->b, str_text(&text), l, e) < 0;
		if (!bad && keep)
			keep_limits(k, &text);
	}
	str_free(&text);
	str_free(&path);

	return bad ? -1 : 0;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Jobs that hold so many workers. */
static unsigned
jobs_for(const struct tick_run *r, uint32_t workers)
{
	unsigned each = r->k->b->fleet->job_workers;

	return workers / each + (workers % each != 0);
}

unsigned
tick_submit_most(const struct tick_run *r)
{
	return jobs_for(r,
	    r->k->workers > 0 ? r->k->workers : r->k->b->fleet->workers);
}

/*
 * A pilot goes on while there is work; of jobs that run one trial each as many
 * are needed as trials wait, and they are submitted when none waits.
 *
 * A job that runs has a trial, or is about to claim one; but not each trial that
 * is held has a job: what a dead worker held is nobody's until it is taken back.
 */
unsigned
tick_submit_missing(const struct tick_run *r, unsigned *throttle)
{
	uint32_t work = tally_waiting(r->t);
	unsigned most = tick_submit_most(r), have, need;

	if (r->upkeep.next_due >= 0 && r->upkeep.next_due <= HELD_SOON)
		work += r->upkeep.held;
	*throttle = 0;
	have = r->waiting + r->running + r->stuck + r->presumed + r->cancelled;
	need = jobs_for(r, work + r->t->count[STATE_RUNNING]);
	if (!r->plan.array)
		need = least(need, most);
	need = need > have ? need - have : 0;
	need = least(need, jobs_for(r, work));
	if (!r->plan.array)
		return need;
	if (have > r->running || r->running >= most)
		return 0;
	*throttle = most - r->running;

	return need;
}

/* What it may depend on whether jobs are accepted, and of use. */
static unsigned
digest(const struct tick_run *r)
{
	const struct fleet *f = r->k->b->fleet;
	struct str all = STR_EMPTY;
	unsigned crc;
	size_t i;

	for (i = 0; i < f->noption; i++)
		str_addf(&all, "%s\n", f->option[i].word);
	str_addf(&all, "%s\n%s\n%s\n%s\n%d\n", r->k->c->command,
	    f->setup != NULL ? f->setup : "",
	    f->bindir != NULL ? f->bindir : "", f->conf != NULL ? f->conf : "",
	    f->keep_env);
	crc = crc_32(str_text(&all), all.n);
	str_free(&all);

	return crc;
}

/*
 * A failure stands while the campaign is the same: after a change it is tried
 * again at once.
 */
static void
mind_change(struct tick_run *r)
{
	static const char *const what[] = { "refused", "broken", "full" };
	unsigned now = digest(r);
	size_t i;

	if (trouble_number(&r->trouble, "options") != now)
		for (i = 0; i < sizeof what / sizeof what[0]; i++) {
			trouble_set(&r->trouble, what[i], 0);
			trouble_tell(&r->trouble, what[i], NULL);
		}
	trouble_set(&r->trouble, "options", now);
}

bool
tick_submit_may(struct tick_run *r)
{
	double broken, refusals, wait;
	char text[200];

	mind_change(r);
	broken = trouble_wait(&r->trouble, "broken", TROUBLE_BROKEN);
	refusals = trouble_wait(&r->trouble, "refused", 1);
	wait = broken > refusals ? broken : refusals;
	if (wait <= 0)
		return true;
	/* Why was told when it happened; who looks on wants to know how long. */
	if (r->k->always) {
		snprintf(text, sizeof text,
		    "jobs %s: more are submitted in %.0f minutes, or after a "
		    "change of campaign.ini",
		    broken > refusals ? "ended before they claimed a trial"
				      : "were refused",
		    wait / 60 + 0.5);
		r->k->complain(r->k->cookie, text);
	}
	r->trouble.standing = true;

	return false;
}

static int
refused(struct tick_run *r, struct err *e)
{
	struct str place = STR_EMPTY;
	struct err was = *e;

	r->refused = true;
	trouble_set(&r->trouble, "refused",
	    trouble_number(&r->trouble, "refused") + 1);
	forget_limits(r->k);
	/* The site's words are about an option. */
	fleet_place(r->k->b->fleet, r->k->c->file, was.msg, &place);
	err_set(e, EX_CONFIG, "%s: jobs are refused: %.1000s", place.s,
	    was.msg);
	str_free(&place);

	return -1;
}

/* A ticket for so many, with its script. */
static int
make_ticket(struct tick_run *r, unsigned jobs, struct ticket *t, struct err *e)
{
	struct pilot_script s = { r->k->q, r->k->b->fleet, &r->plan, &r->limits,
		r->k->b->dir, r->k->bindir };
	struct str script = STR_EMPTY;
	int step;

	memset(t, 0, sizeof *t);
	t->number =
	    r->roster.n > 0 ? r->roster.v[r->roster.n - 1].t.number + 1 : 0;
	t->jobs = jobs;
	t->job_workers = r->k->b->fleet->job_workers;
	roster_name(r->k->q, t);
	pilot_script(&s, t, &script);
	step = ticket_make(r->k->q, r->k->b->dir, t, script.s, e);
	str_free(&script);

	return step;
}

void
tick_submit_order(const struct tick_run *r, const struct ticket *t,
    unsigned throttle, struct tick_order *o)
{
	memset(o, 0, sizeof *o);
	str_addf(&o->script, "%s/hpo/%s/%u/script", r->k->q->absolute,
	    r->k->b->dir, t->number);
	str_addf(&o->log, "%s/hpo/%s/%u/log", r->k->q->absolute, r->k->b->dir,
	    t->number);
	if (r->trouble.seen != NULL)
		trouble_nodes(&r->trouble, &o->nodes);
	o->o.name = t->name;
	o->o.script = o->script.s;
	o->o.log = o->log.s;
	o->o.exclude = str_text(&o->nodes);
	o->o.jobs = t->jobs;
	o->o.job_workers = t->job_workers;
	o->o.throttle = throttle;
	o->o.warn = r->plan.warn;
}

void
tick_submit_order_free(struct tick_order *o)
{
	str_free(&o->script);
	str_free(&o->log);
	str_free(&o->nodes);
}

/* What was asked for and refused for its number is halved, and what is taken
 * makes the next one larger. */
static void
learn_size(struct tick_run *r, int answer, unsigned jobs)
{
	unsigned known = trouble_number(&r->trouble, "full");

	if (answer == BACKEND_FULL)
		trouble_set(&r->trouble, "full", jobs > 1 ? jobs / 2 : 1);
	else if (answer == BACKEND_TAKEN && known > 0 && jobs >= known)
		trouble_set(&r->trouble, "full", 2 * known);
}

/* What its answer makes of a ticket: 1, more may be submitted; 0; -1. */
static int
settle(struct tick_run *r, const struct ticket *t, int answer, const char *id,
    struct err *e)
{
	struct err ignored = ERR_NONE;
	struct roster_entry *x;

	learn_size(r, answer, t->jobs);
	if (answer == BACKEND_TAKEN) {
		trouble_set(&r->trouble, "refused", 0);
		trouble_tell(&r->trouble, "refused", NULL);
		x = arr_push(&r->roster);
		memset(x, 0, sizeof *x);
		x->t = *t;
		return ticket_accepted(r->k->q, r->k->b->dir, t, id, e) < 0 ? -1
									    : 1;
	}
	/* Its jobs may turn up: the ticket stays. */
	if (answer == BACKEND_UNKNOWN) {
		err_clear(e);
		return 0;
	}
	ticket_close(r->k->q, r->k->b->dir, t, false, NULL, &ignored);
	if (answer == BACKEND_REFUSED)
		return refused(r, e);
	if (answer == BACKEND_FULL)
		err_clear(e);

	return answer == BACKEND_FULL ? 0 : -1;
}

static int
submit(struct tick_run *r, unsigned jobs, unsigned throttle, struct err *e)
{
	struct str id = STR_EMPTY;
	struct tick_order o;
	struct ticket t;
	int step = make_ticket(r, jobs, &t, e), answer;

	if (step != QUEUE_DONE) /* lost: another dispatcher is at it */
		return step < 0 ? -1 : 0;
	tick_submit_order(r, &t, throttle, &o);
	answer = backend_submit(r->k->b, &o.o, &id, e);
	step = settle(r, &t, answer, str_text(&id), e);
	tick_submit_order_free(&o);
	str_free(&id);

	return step;
}

int
tick_submit(struct tick_run *r, struct err *e)
{
	unsigned throttle, need = tick_submit_missing(r, &throttle), size, full,
			   i;
	int rc = 1;

	for (i = 0; i < SUBMITS && need > 0 && rc == 1 &&
	     clk_boot() - r->start < SUBMIT_BEFORE;
	     i++) {
		size = least(need, r->limits.array);
		full = trouble_number(&r->trouble, "full");
		if (full > 0)
			size = least(size, full);
		rc = submit(r, size, throttle, e);
		need -= size;
		/* Several arrays would each run so many at a time. */
		if (throttle > 0)
			break;
	}

	return rc < 0 ? -1 : 0;
}
