/* queue/finish: where a trial goes after an attempt, and how it gets there. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "form/campaign.h"
#include "queue/finish.h"
#include "queue/worker.h"
#include "scratch.h"
#include "tap.h"

/* The budgets of a campaign, in the order of the table's columns. */
static struct campaign
budgets(unsigned retries, unsigned interrupts, unsigned losses, double backoff)
{
	struct campaign c;

	memset(&c, 0, sizeof c);
	c.retries = retries;
	c.interrupts = interrupts;
	c.losses = losses;
	c.backoff = backoff;

	return c;
}

/* --- the pure part ------------------------------------------------------- */

static void
next(void)
{
	/* With retries 2, interrupts 3, losses 1, back-off 10 s. */
	static const struct {
		enum status now;
		unsigned before; /* attempts that ended so */
		const char *cause;
		enum state state;
		double hold;
	} table[] = {
		{ STATUS_OK, 0, "", STATE_DONE, 0 },
		{ STATUS_OK, 1000, "", STATE_DONE, 0 },
		{ STATUS_PRUNED, 0, "", STATE_DONE, 0 },
		{ STATUS_FAILED, 0, "exit 1", STATE_HELD, 10 },
		{ STATUS_FAILED, 1, "exit 1", STATE_HELD, 20 },
		{ STATUS_FAILED, 2, "exit 1", STATE_FAILED, 0 },
		{ STATUS_FAILED, 3, "exit 1", STATE_FAILED, 0 },
		{ STATUS_FAILED, 0, FINISH_DAMAGED, STATE_FAILED, 0 },
		{ STATUS_TIMEOUT, 0, "timeout after 1s", STATE_FAILED, 0 },
		{ STATUS_OOM, 0, "out of memory", STATE_FAILED, 0 },
		{ STATUS_INTERRUPTED, 0, "signal 15", STATE_READY, 0 },
		{ STATUS_INTERRUPTED, 2, "signal 15", STATE_READY, 0 },
		{ STATUS_INTERRUPTED, 3, "signal 15", STATE_FAILED, 0 },
		{ STATUS_LOST, 0, "worker died", STATE_READY, 0 },
		{ STATUS_LOST, 1, "worker died", STATE_FAILED, 0 },
		{ STATUS_CANCELLED, 0, "cancelled", STATE_FAILED, 0 },
	};
	struct campaign c = budgets(2, 3, 1, 10);
	unsigned count[STATUS_COUNT];
	struct next n;
	size_t i, k;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		/* Those that ended otherwise do not count. */
		for (k = 0; k < STATUS_COUNT; k++)
			count[k] = 100;
		count[table[i].now] = table[i].before;
		finish_next(&c, table[i].now, table[i].cause, count, &n);
		is_str(name_state(n.state), name_state(table[i].state),
		    "%s after %u such (%s)", status_name(table[i].now),
		    table[i].before, table[i].cause);
		if (n.state == STATE_HELD)
			is_num(n.hold, table[i].hold, "held for so long");
	}
}

/* The defaults: a failure is final, and nothing is tried for ever. */
static void
default_budgets(void)
{
	struct campaign c = budgets(0, 20, 3, 10);
	unsigned count[STATUS_COUNT] = { 0 };
	struct next n;
	unsigned lost = 0, interrupted = 0;

	finish_next(&c, STATUS_FAILED, "exit 1", count, &n);
	is_str(name_state(n.state), "failed", "no retries: it has failed");
	for (;; count[STATUS_LOST] = ++lost) {
		finish_next(&c, STATUS_LOST, "", count, &n);
		if (n.state != STATE_READY || lost > 100)
			break;
	}
	is_num(lost, 3, "lost three times it goes back, the fourth is final");
	for (;; count[STATUS_INTERRUPTED] = ++interrupted) {
		finish_next(&c, STATUS_INTERRUPTED, "", count, &n);
		if (n.state != STATE_READY || interrupted > 100)
			break;
	}
	is_num(interrupted, 20, "interrupted twenty times, whatever was lost");
	c = budgets(1, 0, 0, 0);
	finish_next(&c, STATUS_FAILED, "exit 1", count, &n);
	is_str(name_state(n.state), "ready", "without a back-off at once");
}

static void
backoff(void)
{
	static const struct {
		double first;
		unsigned failures;
		double want;
	} table[] = {
		{ 10, 1, 10 },
		{ 10, 2, 20 },
		{ 10, 3, 40 },
		{ 10, 6, 320 },
		{ 10, 7, 600 },
		{ 10, 4000000000, 600 },
		{ 0.5, 1, 0.5 },
		{ 0.5, 11, 512 },
		{ 0.5, 12, 600 },
		{ 0, 1, 0 },
		{ 0, 4000000000, 0 },
		{ 900, 1, 600 },
	};
	struct campaign c = budgets(0, 0, 0, 0);
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		c.backoff = table[i].first;
		is_num(finish_backoff(&c, table[i].failures), table[i].want,
		    "back-off %g s, failure %u", table[i].first,
		    table[i].failures);
	}
}

/* --- on the disk --------------------------------------------------------- */

/* Publish a result of trial 7. */
static int
publish(struct scratch *s, unsigned attempt, const char *by, enum status status)
{
	struct err e = ERR_NONE;
	struct result r;
	int step;

	memset(&r, 0, sizeof r);
	r.id = 7;
	r.attempt = attempt;
	r.status = status;
	r.cause = mem_dup("");
	r.exit = -1;
	r.host = mem_dup("n01");
	r.worker = mem_dup(by);
	step = finish_publish(&s->q, NULL, &r, &e);
	result_free(&r);

	return step;
}

#define HOME "trials/0000/0000007"

static const struct finish_end as_lost = { STATUS_LOST, "worker died", NULL };
static const struct finish_end as_cancelled = { STATUS_CANCELLED, "cancelled",
	NULL };

static void
counts(void)
{
	unsigned count[STATUS_COUNT];
	struct err e = ERR_NONE;
	struct scratch s;

	scratch_begin(&s);
	is_num(publish(&s, 0, "w", STATUS_OK), QUEUE_GONE,
	    "no result for a trial without a home");
	scratch_write(&s, HOME "/trial.ini", "");
	publish(&s, 0, "w0", STATUS_FAILED);
	/* A reaper was too quick, and another was too. */
	publish(&s, 1, "w1", STATUS_INTERRUPTED);
	publish(&s, 1, "reaper", STATUS_LOST);
	publish(&s, 1, "z-reaper", STATUS_LOST);
	publish(&s, 2, "reaper", STATUS_LOST);
	publish(&s, 2, "other", STATUS_LOST);
	/* Cancelled by the user while a worker finished it. */
	publish(&s, 3, "a-user", STATUS_CANCELLED);
	publish(&s, 3, "w3", STATUS_FAILED);
	scratch_write(&s, HOME "/result.4.w4.ini", "[result]\nformat = 1\n");
	publish(&s, 5, "w5", STATUS_FAILED);
	publish(&s, 6, "w6", STATUS_FAILED);
	is_num(finish_counts(&s.q, 7, 6, count, &e), 0, "results are counted");
	is_num(count[STATUS_FAILED], 3, "one a serial: failed");
	is_num(count[STATUS_INTERRUPTED], 1, "interrupted: not the reaper's");
	is_num(count[STATUS_LOST], 1, "lost: one of two reapers'");
	is_num(count[STATUS_CANCELLED], 0, "cancelled: the worker's counts");
	is_num(count[STATUS_OK], 0, "what is not whole counts nothing");
	is_num(finish_counts(&s.q, 7, 0, count, &e), 0, "a first attempt");
	is_num(count[STATUS_FAILED], 0, "has none before it");
	is_num(finish_counts(&s.q, 8, 3, count, &e), 0, "of no trial");
	is_num(count[STATUS_FAILED], 0, "there is none");
	scratch_end(&s);
}

/* Where the token of trial 7 is: "done/0000/0000007.0.w", or "" or "twice". */
static const char *
where(struct scratch *s, struct str *b)
{
	static const char *const dirs[] = { "ready/0000", "held/0000",
		"running/w", "done/0000", "failed/0000" };
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	size_t i, k, n = 0;

	str_cut(b, 0);
	for (i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		queue_list(&s->q, dirs[i], &names, &e);
		for (k = 0; k < names.n; k++, n++)
			str_addf(b, "%s%s/%s", n > 0 ? " " : "", dirs[i],
			    names.v[k]);
		fs_free(&names);
	}

	return str_text(b);
}

/* An attempt of trial 7 by the worker w. */
static struct token
claimed(struct scratch *s, unsigned attempt)
{
	struct token t = { 7, attempt, STATE_RUNNING, "w" };
	struct str b = STR_EMPTY;

	scratch_write(s, name_token(&t, &b), "");
	str_free(&b);

	return t;
}

/* A reaper, which is ${s->q.self}, ends the attempt of a worker. */
static void
reclaim(void)
{
	struct campaign c = budgets(1, 20, 1, 10);
	struct str b = STR_EMPTY, want = STR_EMPTY;
	struct err e = ERR_NONE;
	struct scratch s;
	struct token t;

	scratch_begin(&s);
	scratch_write(&s, HOME "/trial.ini", "");
	t = claimed(&s, 0);
	is_num(finish_for(&s.q, &c, &t, &as_lost, &e), QUEUE_DONE,
	    "a dead worker's attempt is ended");
	is_str(where(&s, &b), "ready/0000/0000007.1",
	    "without a result it goes back, a serial later");
	str_addf(&want, HOME "/result.0.%s.ini", s.q.self);
	ok(queue_exists(&s.q, want.s), "a result in the reaper's name is left");

	queue_rename_self(&s.q);
	ok(finish_for(&s.q, &c, &t, &as_lost, &e) >= 0,
	    "another reaper comes too late");
	is_str(where(&s, &b), "ready/0000/0000007.1", "and changes nothing");
	fs_remove(s.q.fd, "ready/0000/0000007.1", &e);
	scratch_write(&s, "ready/0000/0000007.2", "");
	is_num(finish_for(&s.q, &c, &t, &as_lost, &e), QUEUE_LOST,
	    "and even later");
	is_str(where(&s, &b), "ready/0000/0000007.2", "changes nothing");

	fs_remove(s.q.fd, "ready/0000/0000007.2", &e);
	fs_remove(s.q.fd, "ready/0000/0000007.1", &e);
	t = claimed(&s, 1);
	publish(&s, 1, "w", STATUS_OK);
	is_num(finish_for(&s.q, &c, &t, &as_lost, &e), QUEUE_DONE,
	    "one that left its result");
	is_str(where(&s, &b), "done/0000/0000007.1.w", "is finished by it");
	is_num((double)scratch_count(&s, HOME), 4, "no result is added");
	scratch_end(&s);

	scratch_begin(&s);
	scratch_write(&s, HOME "/trial.ini", "");
	t = claimed(&s, 0);
	scratch_write(&s, HOME "/result.0.w.ini", "[result]\nformat = 1\n");
	is_num(finish_for(&s.q, &c, &t, &as_lost, &e), QUEUE_DONE,
	    "a result that is not whole");
	is_str(where(&s, &b), "ready/0000/0000007.1", "is none");
	str_free(&want);
	str_free(&b);
	scratch_end(&s);
}

/* A name is never taken twice: what it says stays true. */
static void
lose_too_often(void)
{
	struct campaign c = budgets(0, 0, 2, 10);
	struct str b = STR_EMPTY, want = STR_EMPTY;
	struct err e = ERR_NONE;
	struct scratch s;
	struct token t;
	unsigned a;

	scratch_begin(&s);
	scratch_write(&s, HOME "/trial.ini", "");
	for (a = 0; a < 3; a++) {
		t = claimed(&s, a);
		is_num(finish_for(&s.q, &c, &t, &as_lost, &e), QUEUE_DONE,
		    "lost, attempt %u", a);
		str_cut(&want, 0);
		if (a < 2)
			str_addf(&want, "ready/0000/0000007.%u", a + 1);
		else
			str_addf(&want, "failed/0000/0000007.2.%s", s.q.self);
		is_str(where(&s, &b), want.s, "then it is there");
		fs_remove(s.q.fd, want.s, &e);
	}
	str_free(&want);
	str_free(&b);
	scratch_end(&s);
}

/* The user gives up what waits. */
static void
cancel(void)
{
	struct campaign c = budgets(5, 5, 5, 10);
	struct token t = { 7, 2, STATE_READY, "" };
	struct str b = STR_EMPTY, want = STR_EMPTY;
	struct err e = ERR_NONE;
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, HOME "/trial.ini", "");
	scratch_write(&s, "ready/0000/0000007.2", "");
	is_num(finish_for(&s.q, &c, &t, &as_cancelled, &e), QUEUE_DONE,
	    "a waiting trial is cancelled");
	str_addf(&want, "failed/0000/0000007.2.%s", s.q.self);
	is_str(where(&s, &b), want.s, "and is given up");
	str_free(&want);
	str_free(&b);
	scratch_end(&s);
}

/* --- history -------------------------------------------------------------- */

/* Where an attempt was, and for how long; in no job without a node. */
struct was {
	const char *host, *node;
	double seconds;
};

static void
publish_at(struct scratch *s, unsigned attempt, const char *by,
    enum status status, struct was was)
{
	struct err e = ERR_NONE;
	struct result r;

	memset(&r, 0, sizeof r);
	r.id = 7;
	r.attempt = attempt;
	r.status = status;
	r.exit = -1;
	if (was.seconds >= 0)
		snprintf(r.started, sizeof r.started, "2026-11-23T09:30:00Z");
	r.seconds = was.seconds;
	r.host = mem_dup(was.host);
	r.worker = mem_dup(by);
	if (was.node != NULL) {
		snprintf(r.job.id, sizeof r.job.id, "4711");
		snprintf(r.job.node, sizeof r.job.node, "%s", was.node);
	}
	is_num(finish_publish(&s->q, NULL, &r, &e), QUEUE_DONE, "%s", e.msg);
	result_free(&r);
}

/* The history in the result of an attempt by ${by}, "" for none. */
static const char *
history_of(struct scratch *s, unsigned attempt, const char *by, struct str *b)
{
	struct err e = ERR_NONE;
	struct result r;

	str_cut(b, 0);
	if (finish_read(&s->q, 7, attempt, by, &r, &e) < 0)
		str_add(b, e.msg);
	else
		str_add(b, r.history != NULL ? r.history : "");
	result_free(&r);

	return str_text(b);
}

static void
history(void)
{
	struct str b = STR_EMPTY;
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, HOME "/trial.ini", "");
	publish_at(&s, 0, "w0", STATUS_LOST, (struct was){ "login", "n1", -1 });
	is_str(history_of(&s, 0, "w0", &b), "", "a first attempt has none");
	publish_at(&s, 1, "w1", STATUS_INTERRUPTED,
	    (struct was){ "n2.cluster", "n2", 60.0041 });
	is_str(history_of(&s, 1, "w1", &b),
	    "lost@n1:", "of a lost one the time is not known");
	publish_at(&s, 2, "w2", STATUS_FAILED, (struct was){ "n3", NULL, 0 });
	is_str(history_of(&s, 2, "w2", &b), "lost@n1: interrupted@n2:60.004",
	    "the oldest comes first");
	publish_at(&s, 3, "w3", STATUS_FAILED, (struct was){ "n 3", "", 1 });
	/* One a serial: the worker's. */
	publish_at(&s, 3, "a-reaper", STATUS_LOST,
	    (struct was){ "login", "n4", -1 });
	publish_at(&s, 3, "z-reaper", STATUS_LOST,
	    (struct was){ "login", "n4", -1 });
	scratch_write(&s, HOME "/result.4.w4.ini", "[result]\nformat = 1\n");
	publish_at(&s, 6, "w6", STATUS_OK, (struct was){ "n5", "n5", 1 });
	is_str(history_of(&s, 6, "w6", &b),
	    "lost@n1: interrupted@n2:60.004 failed@n3:0.000 failed@:1.000",
	    "of several that counts which decides, of damaged ones none");
	str_free(&b);
	scratch_end(&s);
}

/* Who ends an attempt for a dead worker says where that one was. */
static void
lost_job(void)
{
	struct campaign c = budgets(1, 20, 3, 10);
	struct worker_info w = { .id = { .host = "n01.cluster" },
		.job = { "4711_3", 1, "n01", "gpu", -1 } };
	const struct finish_end as_gone = { STATUS_LOST, "worker died", &w };
	struct err e = ERR_NONE;
	struct scratch s;
	struct result r;
	struct token t;

	scratch_begin(&s);
	scratch_write(&s, HOME "/trial.ini", "");
	t = claimed(&s, 0);
	finish_for(&s.q, &c, &t, &as_gone, &e);
	is_num(finish_read(&s.q, 7, 0, s.q.self, &r, &e), 0, "%s", e.msg);
	is_str(r.host, "n01.cluster", "lost: where the dead worker was");
	is_str(r.job.id, "4711_3", "in which job");
	is_num(r.job.restarts, 1, "restarted how often");
	is_str(r.job.node, "n01", "on which node");
	is_str(r.started, "", "but not for how long");
	result_free(&r);

	queue_rename_self(&s.q);
	t = claimed(&s, 1);
	memset(&w, 0, sizeof w);
	finish_for(&s.q, &c, &t, &as_gone, &e);
	is_num(finish_read(&s.q, 7, 1, s.q.self, &r, &e), 0, "%s", e.msg);
	is_str(r.host, s.q.me.host, "unknown: the reaper's host");
	is_str(r.job.id, "", "and no job");
	is_str(r.history, "lost@n01:", "with the history");
	result_free(&r);

	queue_rename_self(&s.q);
	t = (struct token){ 7, 2, STATE_READY, "" };
	scratch_write(&s, "ready/0000/0000007.2", "");
	finish_for(&s.q, &c, &t, &as_cancelled, &e);
	is_num(finish_read(&s.q, 7, 2, s.q.self, &r, &e), 0, "%s", e.msg);
	ok(str_starts(r.history, "lost@n01: lost@"),
	    "one cancelled has it, too");
	result_free(&r);
	scratch_end(&s);
}

int
main(void)
{
	next();
	default_budgets();
	backoff();
	counts();
	reclaim();
	lose_too_often();
	cancel();
	history();
	lost_job();

	return done();
}
