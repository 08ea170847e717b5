#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/sig.h"
#include "form/campaign.h"
#include "queue/claim.h"
#include "queue/control.h"
#include "queue/finish.h"
#include "queue/job.h"
#include "queue/ticket.h"
#include "queue/upkeep.h"
#include "queue/watch.h"
#include "queue/work.h"
#include "queue/work_pilot.h"

/* Segments with trials that may be loose before held ones come first. */
enum { LOOSE_MAX = 2 };

enum { PUBLISH_FOR = 3600, REDUCE_AFTER = 60, WAIT_MAX = 30 };

/* Seconds that a pilot waits for a back-off: its allocation costs. */
enum { PILOT_PATIENCE = 60 };

int
work_begin(struct work *k, const char *kind, struct err *e)
{
	struct worker_info info;
	const char *dispatcher = getenv("HPO_DISPATCHER");

	memset(&info, 0, sizeof info);
	info.id = k->q->me;
	info.slot = k->slot;
	strncpy(info.kind, kind, sizeof info.kind - 1);
	job_of_environment(&info.job);
	if (k->ticket != NULL)
		strncpy(info.ticket, k->ticket, sizeof info.ticket - 1);
	work_pilot_begin(k);
	if (dispatcher != NULL && name_is_writer(dispatcher))
		strncpy(info.dispatcher, dispatcher,
		    sizeof info.dispatcher - 1);

	/* Room is made before any claim, so that a full disk claims nothing. */
	if (queue_reserve(k->q, FINISH_ROOM, &k->room, e) < 0)
		return -1;
	if (worker_start(k->q, k->q->self, &info, &k->w, e) < 0) {
		queue_unreserve(k->q, &k->room);
		return -1;
	}

	return 0;
}

int
work_renew(struct work *k, const char *kind, struct err *e)
{
	work_end(k);
	queue_rename_self(k->q);

	return work_begin(k, kind, e);
}

void
work_end(struct work *k)
{
	queue_unreserve(k->q, &k->room);
	worker_stop(&k->w);
	arr_free(&k->took);
}

/* Is ${info} a worker of our slot on this host that was there before us? */
static bool
was_before(const struct work *k, const struct worker_info *info)
{
	const struct proc_id *me = &k->q->me;

	if (info->slot != k->slot || !proc_is_local(&info->id) ||
	    info->id.pid == me->pid || proc_is_dead(&info->id))
		return false;
	if (info->id.start != me->start)
		return info->id.start < me->start;

	return info->id.pid < me->pid;
}

int
work_slot_taken(const struct work *k, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct worker_info info;
	size_t i;
	int rc;

	if (k->slot == 0)
		return 0;
	rc = queue_list(k->q, "running", &names, e);
	for (i = 0; rc == 0 && i < names.n; i++)
		rc = worker_read(k->q, names.v[i], &info) == 0 &&
		    was_before(k, &info);
	fs_free(&names);

	return rc;
}

/* Sleep, but not through a signal. */
static void
pause_for(double seconds)
{
	struct pollfd p = { .fd = sig_fd(), .events = POLLIN, .revents = 0 };

	poll(&p, 1, (int)(seconds * 1000) + 1);
	if (p.revents != 0)
		sig_clear();
}

static bool
told_to_stop(void)
{
	struct sig_seen s;

	sig_seen(&s);

	return s.stop > 0;
}

/* Only what fits the room that was taken: curves and the log's end go. */
static void
reduce(struct result *r)
{
	size_t i;

	for (i = 0; i < r->ntail; i++)
		free(r->tail[i]);
	r->ntail = 0;
	for (i = 0; i < r->metrics.all.n; i++)
		r->metrics.all.v[i].curve.n = 0;
}

/*
 * The command's work is done and must not be lost to a disk that is full
 * just now: the result stays in memory and is tried again for an hour, after
 * a minute without its curves.
 */
static int
publish(struct work *k, struct result *r, struct err *e)
{
	double start = clk_boot(), wait = 1;
	struct err ignored = ERR_NONE;
	int step;

	for (;;) {
		step = finish_publish(k->q, &k->room, r, e);
		if (step >= 0 || clk_boot() - start > PUBLISH_FOR ||
		    told_to_stop())
			return step;
		if (clk_boot() - start > REDUCE_AFTER)
			reduce(r);
		err_clear(e);
		worker_beat(&k->w, &ignored); /* we live, and hold on to it */
		pause_for(wait);
		wait = wait * 2 < WAIT_MAX ? wait * 2 : WAIT_MAX;
	}
}

/*
 * We could not run it (no process, no room for its files): that is not the
 * trial's fault.  It goes back to the queue, and ${e} stays as it is.
 */
static int
give_back(struct work *k, const struct token *t, struct err *e)
{
	struct err ignored = ERR_NONE;
	struct result r;

	memset(&r, 0, sizeof r);
	r.id = t->id;
	r.attempt = t->attempt;
	r.status = STATUS_INTERRUPTED;
	r.exit = -1;
	r.cause = mem_dup(e->msg);
	r.host = mem_dup(k->q->me.host);
	r.worker = mem_dup(k->w.name);
	r.job = k->w.job;
	if (finish_publish(k->q, &k->room, &r, &ignored) == QUEUE_DONE)
		finish_move(k->q, k->c, t, &r, NULL, &ignored);
	result_free(&r);

	return -1;
}

int
work_trial(struct work *k, const struct token *t, int *exit, struct err *e)
{
	struct attempt a = { k->q, k->c, &k->w, k->slot, k->bindir };
	struct token to;
	struct result r;
	int step;

	/* A result of ours is there: a token rename failed before. */
	step = finish_own(k->q, t, k->w.name, &r, e);
	if (step < 0)
		return -1;
	if (step == 1) {
		step = finish_move(k->q, k->c, t, &r, &to, e);
		result_free(&r);
		return step;
	}
	if (k->room.name[0] == '\0' &&
	    queue_reserve(k->q, FINISH_ROOM, &k->room, e) < 0)
		return -1;
	step = attempt_run(&a, t, &r, e);
	if (step < 0)
		return give_back(k, t, e);
	if (step != QUEUE_DONE)
		return step;
	work_pilot_judge(k, t, &r);
	*exit = r.exit;
	work_pilot_took(k, r.seconds);
	step = publish(k, &r, e);
	if (step == QUEUE_DONE)
		step = finish_move(k->q, k->c, t, &r, &to, e);
	if (step == QUEUE_DONE && r.status == STATUS_CANCELLED)
		control_uncancel(k->q, t);
	if (step == QUEUE_DONE && k->tell != NULL)
		k->tell(k->cookie, &r, &to);
	result_free(&r);

	return step == QUEUE_LOST ? QUEUE_GONE : step;
}

enum go { GO_ON, GO_WAIT, GO_END };

/* What the user wants, by signal or by control/. */
static int
wishes(struct work *k, enum go *go, struct err *e)
{
	struct sig_seen s;
	struct control c;

	*go = GO_ON;
	sig_seen(&s);
	if (s.stop > 0 || s.drain > 0 || s.warn > 0) {
		*go = GO_END;
		return 0;
	}
	if (control_read(k->q, &c, e) < 0)
		return -1;
	if (c.stop || c.drain)
		*go = GO_END;
	else if (c.pause)
		*go = k->ticket != NULL ? GO_END : GO_WAIT;
	control_free(&c);

	return 0;
}

/* Room is made before a claim, so that a full disk claims nothing. */
static int
claim(struct work *k, struct token *t, struct err *e)
{
	if (k->room.name[0] == '\0' &&
	    queue_reserve(k->q, FINISH_ROOM, &k->room, e) < 0)
		return -1;

	return claim_next(k->q, k->w.name, k->slot, t, e);
}

/*
 * Does something held come before new trials?  One that waits for its
 * back-off keeps its segment from being sealed; with new trials always
 * first, loose segments and their files would pile up behind it.
 */
static int
held_comes_first(const struct queue *q, struct err *e)
{
	struct fs_names loose = { 0, 0, NULL }, names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	size_t i;
	int rc;

	rc = queue_list_dirs(q, "trials", &loose, e);
	for (i = 0; rc == 0 && i < loose.n && loose.n > LOOSE_MAX; i++) {
		rc = queue_list(q, fs_join(&path, "held", loose.v[i]), &names,
		    e);
		if (rc == 0)
			rc = names.n > 0;
		fs_free(&names);
	}
	str_free(&path);
	fs_free(&loose);

	return rc;
}

/*
 * Nothing waits: make a trial, or do what is left to do for all.  1: look
 * again, 0: nothing is left; -1.
 */
static int
find_more(struct work *k, struct err *e)
{
	struct upkeep u;
	struct sig_seen s;
	double wait;
	int late = held_comes_first(k->q, e);
	int made = late != 0 ? late : k->sample(k->cookie, e);

	if (made < 0 || (made > 0 && !late))
		return made;
	if (upkeep(k->q, k->c, UPKEEP_FULL, &u, e) < 0)
		return -1;
	if (u.reclaimed + u.released + u.settled > 0)
		return 1;
	if (u.held == 0)
		return late;
	/* hpo-sample was a child: its SIGCHLD must not end the pause. */
	sig_clear();
	sig_seen(&s);
	if (s.stop + s.drain + s.warn > 0)
		return 1;
	if (k->ticket != NULL && u.next_due > PILOT_PATIENCE)
		return 0;
	wait = watch_look_every(k->c);
	pause_for(u.next_due >= 0 && u.next_due < wait ? u.next_due : wait);

	return 1;
}

/* The heart beats between trials, too. */
static int
keep_beating(struct work *k, double *beat, struct err *e)
{
	if (clk_boot() - *beat < k->c->heartbeat)
		return 0;
	*beat = clk_boot();

	return worker_beat(&k->w, e);
}

/*
 * Claim a trial and run it: 1, with *${n} one more if there was one; 0: there
 * is nothing left.  ${again}: look once more before that is said, as the last
 * trials may have been made by another between our look and our attempt to
 * make one.
 */
static int
take_one(struct work *k, unsigned long *n, bool *again, struct err *e)
{
	struct token t;
	int exit, rc = claim(k, &t, e);

	if (rc == QUEUE_GONE) /* held for dead: it is over for us */
		return 0;
	if (rc == 0) {
		rc = find_more(k, e);
		if (rc == 0 && !*again)
			return 0;
		*again = rc != 0;
	} else if (rc == 1) {
		*again = true;
		++*n;
		work_pilot_claimed(k);
		rc = work_trial(k, &t, &exit, e);
		/* Who has learned that our job is over would take the next one
		 * from us, too. */
		if (rc == QUEUE_GONE && k->ticket != NULL)
			return 0;
	}

	return rc < 0 ? -1 : 1;
}

static int
loop(struct work *k, unsigned long max, struct err *e)
{
	unsigned long n = 0;
	double beat = clk_boot();
	bool again = true;
	enum go go;
	int rc = 1;

	while (rc == 1 && (max == 0 || n < max)) {
		if (wishes(k, &go, e) < 0 || keep_beating(k, &beat, e) < 0)
			return -1;
		/* It was made for one trial at least. */
		if (go == GO_END || (n > 0 && work_pilot_is_short(k)))
			return 0;
		if (go == GO_WAIT)
			pause_for(watch_look_every(k->c));
		else
			rc = take_one(k, &n, &again, e);
	}

	return rc < 0 ? -1 : 0;
}

int
work_loop(struct work *k, unsigned long max, struct err *e)
{
	int rc = loop(k, max, e);

	if (rc == 0 && k->ticket != NULL && !told_to_stop())
		ticket_end(k->q, k->ticket, k->w.name);

	return rc;
}
