#include <stdio.h>
#include <string.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "form/campaign.h"
#include "queue/tick_jobs.h"

/* So many jobs that were cancelled by hand are no accident. */
enum { CANCELLED = 2 };

/* Of a tick's minute the jobs that wait are ended before so much is over. */
enum { CANCEL_BEFORE = 40 };

static void
add_up(struct tick_run *r)
{
	const struct roster_entry *x;
	size_t i;

	r->waiting = r->running = r->stuck = r->presumed = r->cancelled = 0;
	for (i = 0; i < r->roster.n; i++) {
		x = &r->roster.v[i];
		if (x->closed)
			continue;
		r->waiting += x->waiting;
		r->running += x->running;
		r->stuck += x->stuck;
		r->presumed += x->presumed;
		if (!x->t.cancelled)
			r->cancelled += x->over[ROSTER_CANCELLED];
	}
}

/*
 * Did its jobs end before any was of use, by themselves?  A job that never
 * started has no log; one that was preempted, cancelled, or on a node that
 * failed says nothing about the site or the setup.
 */
static bool
is_broken(const struct roster_entry *x)
{
	unsigned outside = x->over[ROSTER_PREEMPTED] + x->over[ROSTER_NODE] +
	    x->over[ROSTER_BOOT] + x->over[ROSTER_CANCELLED];

	return x->t.began == 0 && x->t.started > outside && !x->t.cancelled &&
	    !x->t.foreign;
}

static void
tell_broken(struct tick_run *r, const struct roster_entry *x, struct str *tail)
{
	struct str text = STR_EMPTY;
	unsigned n = trouble_number(&r->trouble, "broken");
	char *said = str_text(tail)[0] != '\0' ? str_trim(tail->s) : NULL;

	if (n < TROUBLE_BROKEN)
		return;
	str_addf(&text,
	    "%u jobs in a row ended before they claimed a trial, the last of "
	    "them %s; more are submitted in %.0f minutes; their output is in "
	    "'%s/hpo/%s/failed'",
	    n, x->t.name,
	    trouble_wait(&r->trouble, "broken", TROUBLE_BROKEN) / 60,
	    r->k->q->path, r->k->b->dir);
	if (said != NULL)
		str_addf(&text, ": %s", said);
	trouble_tell(&r->trouble, "broken", text.s);
	str_free(&text);
}

/* Take out a ticket whose jobs have ended, and learn from it. */
static int
close_ticket(struct tick_run *r, const struct roster_entry *x, struct err *e)
{
	struct str tail = STR_EMPTY;
	bool broken = is_broken(x);
	unsigned jobs = broken ? x->t.started : 0;
	int rc = ticket_close(r->k->q, r->k->b->dir, &x->t, broken, &tail, e);

	if (rc == 1 && broken) {
		trouble_set(&r->trouble, "broken",
		    trouble_number(&r->trouble, "broken") + jobs);
		tell_broken(r, x, &tail);
	} else if (rc == 1 && x->t.began > 0 && !x->t.foreign) {
		trouble_set(&r->trouble, "broken", 0);
		trouble_tell(&r->trouble, "broken", NULL);
	}
	if (rc == 1 && !x->t.cancelled && x->over[ROSTER_CANCELLED] > 0)
		trouble_set(&r->trouble, "cancelled",
		    trouble_number(&r->trouble, "cancelled") +
			x->over[ROSTER_CANCELLED]);
	str_free(&tail);

	return rc < 0 ? -1 : 0;
}

int
tick_jobs_close(struct tick_run *r, struct err *e)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < r->roster.n && !bad; i++)
		if (r->roster.v[i].closed)
			bad = close_ticket(r, &r->roster.v[i], e);
	add_up(r);

	return bad;
}

/*
 * A user who cancels jobs means it: those are not replaced while their
 * submission lasts, and after some the campaign is paused.
 */
static int
mind_cancelled(struct tick_run *r, struct err *e)
{
	unsigned all = r->cancelled + trouble_number(&r->trouble, "cancelled");
	unsigned known = trouble_number(&r->trouble, "forgiven");
	char text[200];

	if (all > 0) /* or it would be forgotten in a day */
		trouble_set(&r->trouble, "cancelled", all - r->cancelled);
	if (all < known + CANCELLED) {
		trouble_set(&r->trouble, "forgiven", known < all ? known : all);
		trouble_tell(&r->trouble, "cancelled", NULL);
		return 0;
	}
	trouble_set(&r->trouble, "forgiven", all);
	snprintf(text, sizeof text,
	    "%u jobs were cancelled by hand: the campaign is paused; "
	    "hpo-dispatch --resume goes on",
	    all - known);
	trouble_tell(&r->trouble, "cancelled", text);
	r->control.pause = true;

	return control_set(r->k->q, "pause", e);
}

/* Jobs that wait and will not start by themselves. */
static void
mind_stuck(struct tick_run *r)
{
	const struct backend_jobs *jobs = &r->roster.jobs;
	const char *why = NULL;
	char text[400];
	size_t i;

	for (i = 0; i < jobs->n && why == NULL; i++)
		if (jobs->v[i].state == JOB_STUCK)
			why = jobs->v[i].why;
	if (r->stuck == 0 || why == NULL) {
		trouble_tell(&r->trouble, "stuck", NULL);
		return;
	}
	snprintf(text, sizeof text,
	    "%u jobs wait and will not start by themselves: %.200s", r->stuck,
	    why);
	trouble_tell(&r->trouble, "stuck", text);
}

int
tick_jobs_mind(struct tick_run *r, struct err *e)
{
	mind_stuck(r);

	return mind_cancelled(r, e);
}

int
tick_jobs_cancel(struct tick_run *r, struct err *e)
{
	struct fs_names ids = { 0, 0, NULL };
	const struct roster_entry *x;
	const struct backend_job *j;
	size_t i, k;
	int bad = 0;

	/* A slow controller is asked at the next tick. */
	if (clk_boot() - r->start > CANCEL_BEFORE)
		return 0;
	for (i = 0; i < r->roster.n && !bad; i++) {
		x = &r->roster.v[i];
		if (x->waiting + x->stuck == 0)
			continue;
		if (!x->t.cancelled)
			bad = ticket_note_cancelled(r->k->q, r->k->b->dir,
			    &x->t, e);
		for (k = 0; k < r->roster.jobs.n && !bad; k++) {
			j = &r->roster.jobs.v[k];
			if (str_eq(j->name, x->t.name) &&
			    (j->state == JOB_WAITING || j->state == JOB_STUCK))
				*arr_push(&ids) = mem_dup(j->id);
		}
	}
	if (!bad)
		bad = backend_cancel(r->k->b, &ids, e);
	fs_free(&ids);

	return bad;
}
