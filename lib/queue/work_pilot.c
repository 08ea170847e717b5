#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/sig.h"
#include "queue/finish.h"
#include "queue/history.h"
#include "queue/job.h"
#include "queue/ticket.h"
#include "queue/work_pilot.h"

/* Of its trials the last ones tell a pilot what one takes; and of its time it
 * gives up to a tenth, by lot, so that many do not end together. */
enum { TOOK_MAX = 100, STAGGER_SHARE = 10 };

/* Nearly a whole walltime. */
#define WALLTIME_SHARE 0.9

/* More than nothing. */
static double
time_left(const struct work *k)
{
	double left = k->time - (clk_boot() - k->start);

	return left > 0.001 ? left : 0.001;
}

void
work_pilot_begin(struct work *k)
{
	k->start = clk_boot() - job_age();
	if (k->time > 0)
		sig_warn_after(time_left(k));
}

void
work_pilot_judge(struct work *k, const struct token *t, struct result *r)
{
	struct history h = { 0, 0, NULL };
	struct err ignored = ERR_NONE;
	double most = k->time * WALLTIME_SHARE;
	struct sig_seen s;
	bool whole;

	sig_seen(&s);
	if (k->time <= 0 || s.warn == 0 || s.stop > 0 ||
	    r->status != STATUS_INTERRUPTED)
		return;
	/* A job's first trial has had all that jobs can give, unless the
	 * warning was of something else. */
	whole = (k->took.n == 0 || r->seconds >= most) &&
	    clk_boot() - k->start >= most;
	free(r->cause);
	r->cause = mem_dup(whole ? FINISH_WHOLE_WALLTIME : FINISH_WALLTIME);
	if (whole && !attempt_has_checkpoint(k->q, t->id) &&
	    history_read(k->q, t->id, t->attempt, &h, &ignored) == 0 &&
	    history_wholes(&h) > 0) {
		free(r->cause);
		r->cause = mem_dup(FINISH_TOO_LONG);
		r->status = STATUS_FAILED;
	}
	history_free(&h);
}

void
work_pilot_took(struct work *k, double seconds)
{
	if (k->took.n == TOOK_MAX) {
		k->took.n--;
		memmove(k->took.v, k->took.v + 1,
		    k->took.n * sizeof *k->took.v);
	}
	*arr_push(&k->took) = seconds;
}

bool
work_pilot_is_short(const struct work *k)
{
	double copy[TOOK_MAX], expect = k->expect, share, mine;

	if (k->time <= 0)
		return false;
	if (k->took.n > 0) {
		memcpy(copy, k->took.v, k->took.n * sizeof *copy);
		num_sort(copy, k->took.n);
		mine = num_percentile(copy, k->took.n, 90);
		expect = mine > expect ? mine : expect;
	}
	/* The name ends in random digits. */
	share =
	    (double)(strtoul(strrchr(k->w.name, '-') + 9, NULL, 16) % 1000) /
	    1000 / STAGGER_SHARE;

	return clk_boot() - k->start + expect > k->time * (1 - share);
}

void
work_pilot_claimed(struct work *k)
{
	if (k->ticket != NULL && !k->began)
		ticket_begin(k->q, k->ticket, k->w.name);
	k->began = true;
}
