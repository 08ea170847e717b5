#include <string.h>

#include "base/clk.h"
#include "base/err.h"
#include "form/campaign.h"
#include "queue/sampler.h"
#include "queue/seal.h"
#include "queue/tick_jobs.h"
#include "queue/tick_submit.h"

static int
save(struct tick_run *r, struct err *e)
{
	return observe_save(r->k->q, &r->seen, e);
}

/* Trials that wait are what a worker finds at once. */
static int
fill(struct tick_run *r, struct err *e)
{
	uint32_t n = tick_submit_most(r) * r->k->b->fleet->job_workers;

	if (r->t->unborn == 0 ||
	    r->t->count[STATE_READY] + r->t->count[STATE_NEW] >= n)
		return 0;

	return sampler_fill(r->k->bindir, r->k->q->absolute, n, e);
}

static int
keep_up(struct tick_run *r, struct err *e)
{
	struct err ignored = ERR_NONE;
	struct seal seal;

	/* What cannot be kept up now can be at the next tick. */
	upkeep(r->k->q, r->k->c, UPKEEP_FULL, &r->upkeep, &ignored);
	if (tally_take(r->k->q, r->k->c, r->t, e) < 0)
		return -1;
	if (tally_ended(r->t) - r->t->sealed >= NAME_SEGMENT)
		seal_all(r->k->q, r->k->c, &seal, &ignored);

	return 0;
}

static int
decide(struct tick_run *r, struct err *e)
{
	bool finished = tally_finished(r->t);
	const struct control *c = &r->control;

	if (finished || c->drain || c->stop) {
		if (tick_jobs_cancel(r, e) < 0)
			return -1;
		if (!finished)
			return TICK_HELD;
		return r->running + r->waiting + r->stuck + r->presumed == 0
		    ? TICK_ENDED
		    : TICK_GOES_ON;
	}
	if (c->pause)
		return TICK_HELD;
	if (pilot_plan(r->k->q, r->k->c, r->k->b->fleet, &r->plan, e) < 0)
		return -1;
	if (!tick_submit_may(r))
		return TICK_STANDS;
	if (fill(r, e) < 0 || tick_submit(r, e) < 0)
		return -1;

	return r->trouble.standing ? TICK_STANDS : TICK_GOES_ON;
}

/* With an answer at hand. */
static int
act(struct tick_run *r, struct err *e)
{
	/* Verdicts rest on what was written down. */
	if (save(r, e) < 0 || keep_up(r, e) < 0)
		return -1;
	if (r->roster.blank)
		return TICK_GOES_ON;
	observe_free(&r->seen);
	observe_load(r->k->q, observe_span(r->k->c->lease), &r->seen);
	if (tick_jobs_close(r, e) < 0 || tick_jobs_mind(r, e) < 0)
		return -1;

	return decide(r, e);
}

/* An error is told once, too; a refusal while it stands, through the ticks that
 * try nothing. */
static void
mind_error(struct tick_run *r, int end, const struct err *e)
{
	const char *what = r->refused ? "refused" : "error";
	struct err ignored = ERR_NONE;

	r->trouble.complain = NULL;
	r->k->quiet = end < 0 && !trouble_is_news(&r->trouble, what, e->msg);
	if (end >= 0 || r->refused)
		trouble_tell(&r->trouble, "error", NULL);
	if (end < 0)
		trouble_tell(&r->trouble, what, e->msg);
	if (save(r, &ignored) < 0)
		r->k->quiet = false;
}

int
tick_run(struct tick *k, struct tally *t, struct err *e)
{
	struct tick_run r;
	int end = -1;

	memset(&r, 0, sizeof r);
	memset(t, 0, sizeof *t);
	r.k = k;
	r.t = t;
	r.start = clk_boot();
	observe_load(k->q, observe_span(k->c->lease), &r.seen);
	r.trouble = (struct trouble){ &r.seen, k->b->dir, k->always,
		k->complain, k->cookie, false };
	if (control_read(k->q, &r.control, e) == 0 &&
	    tick_submit_limits(k, true, &r.limits, e) == 0 &&
	    roster_take(k->b, k->c, &r.seen, &r.roster, e) == 0)
		end = act(&r, e);
	mind_error(&r, end, e);
	control_free(&r.control);
	roster_free(&r.roster);
	str_free(&r.limits.exports);
	observe_free(&r.seen);

	return end;
}

int
tick_print(struct tick *k, struct str *text, struct err *e)
{
	struct tick_order o;
	struct ticket ticket;
	struct tick_run r;
	struct tally t;
	struct pilot_script s = { k->q, k->b->fleet, &r.plan, &r.limits,
		k->b->dir, k->bindir };
	unsigned throttle;
	int bad;

	memset(&r, 0, sizeof r);
	memset(&ticket, 0, sizeof ticket);
	r.k = k;
	r.t = &t;
	r.upkeep.next_due = -1;
	bad = tick_submit_limits(k, false, &r.limits, e) < 0 ||
	    tally_take(k->q, k->c, &t, e) < 0 ||
	    pilot_plan(k->q, k->c, k->b->fleet, &r.plan, e) < 0;
	if (!bad) {
		ticket.job_workers = k->b->fleet->job_workers;
		ticket.jobs = tick_submit_missing(&r, &throttle);
		if (ticket.jobs > r.limits.array)
			ticket.jobs = r.limits.array;
		if (ticket.jobs == 0)
			ticket.jobs = 1;
		roster_name(k->q, &ticket);
		tick_submit_order(&r, &ticket, throttle, &o);
		bad = backend_print(k->b, &o.o, text, e);
		tick_submit_order_free(&o);
	}
	if (!bad) {
		str_addc(text, '\n');
		pilot_script(&s, &ticket, text);
	}
	str_free(&r.limits.exports);

	return bad ? -1 : 0;
}
