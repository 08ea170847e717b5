#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "form/campaign.h"
#include "queue/control.h"
#include "queue/finish.h"
#include "queue/history.h"
#include "queue/worker.h"

enum { RESULT_MAX = 16 << 20, BACKOFF_MAX = 600 };

double
finish_backoff(const struct campaign *c, unsigned failures)
{
	double wait = c->backoff;

	for (; failures > 1 && wait < BACKOFF_MAX; failures--)
		wait *= 2;

	return wait < BACKOFF_MAX ? wait : BACKOFF_MAX;
}

void
finish_next(const struct campaign *c, enum status now, const char *cause,
    const unsigned count[STATUS_COUNT], struct next *n)
{
	unsigned budget = 0;

	n->hold = 0;
	n->state = STATE_FAILED;
	switch (now) {
	case STATUS_OK:
	case STATUS_PRUNED:
		n->state = STATE_DONE;
		return;
	case STATUS_FAILED:
		budget = c->retries;
		n->hold = finish_backoff(c, count[now] + 1);
		break;
	case STATUS_INTERRUPTED:
		budget = c->interrupts;
		break;
	case STATUS_LOST:
		budget = c->losses;
		break;
	default: /* timeout, oom: the same again; cancelled: as asked */
		return;
	}
	if (count[now] >= budget || str_eq(cause, FINISH_DAMAGED) ||
	    str_eq(cause, FINISH_TOO_LONG))
		return;
	n->state = n->hold > 0 ? STATE_HELD : STATE_READY;
}

int
finish_read(const struct queue *q, uint32_t id, unsigned attempt,
    const char *by, struct result *r, struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	int bad;

	name_result(id, attempt, by, &path);
	bad = fs_slurp(q->fd, path.s, RESULT_MAX, &text, e) < 0 ||
	    result_parse(text.s, text.n, path.s, r, e) < 0;
	if (!bad &&
	    (r->id != id || r->attempt != attempt || !str_eq(r->worker, by))) {
		bad = err_set(e, EX_DATAERR,
		    "%s: result file damaged: it is of another attempt",
		    path.s);
		result_free(r);
	}
	str_free(&text);
	str_free(&path);

	return bad ? -1 : 0;
}

int
finish_counts(const struct queue *q, uint32_t id, unsigned below,
    unsigned count[STATUS_COUNT], struct err *e)
{
	struct history h = { 0, 0, NULL };
	size_t i;
	int bad = history_read(q, id, below, &h, e);

	memset(count, 0, STATUS_COUNT * sizeof *count);
	for (i = 0; i < h.n; i++)
		count[h.v[i].status]++;
	history_free(&h);

	return bad;
}

/*
 * It is for reports, and what an attempt has worked for must not be lost for
 * it: what cannot be read is left out.
 */
static char *
make_history(const struct queue *q, const struct result *r)
{
	struct history h = { 0, 0, NULL };
	struct err ignored = ERR_NONE;
	struct str text = STR_EMPTY;

	history_read(q, r->id, r->attempt, &h, &ignored);
	history_format(&h, &text);
	history_free(&h);

	return text.s;
}

int
finish_publish(struct queue *q, struct queue_room *room, const struct result *r,
    struct err *e)
{
	struct str text = STR_EMPTY, path = STR_EMPTY;
	struct result whole = *r;
	int step;

	whole.history = make_history(q, r);
	result_format(&whole, &text);
	free(whole.history);
	name_result(r->id, r->attempt, r->worker, &path);
	step = queue_publish(q, room, text.s, text.n, path.s, e);
	str_free(&path);
	str_free(&text);

	return step;
}

/* Has the user asked to give it up?  Then nothing tries it again. */
static bool
is_unwanted(const struct queue *q, const struct token *t)
{
	struct control control;
	struct err ignored = ERR_NONE;
	bool yes;

	if (control_read(q, &control, &ignored) < 0)
		return false;
	yes = control_cancels(&control, t);
	control_free(&control);

	return yes;
}

int
finish_move(struct queue *q, const struct campaign *c, const struct token *t,
    const struct result *r, struct token *to, struct err *e)
{
	unsigned count[STATUS_COUNT];
	struct token target = *t;
	struct next n;

	if (finish_counts(q, t->id, t->attempt, count, e) < 0)
		return -1;
	finish_next(c, r->status, r->cause, count, &n);
	if ((n.state == STATE_READY || n.state == STATE_HELD) &&
	    is_unwanted(q, t))
		n.state = STATE_FAILED;
	target.state = n.state;
	target.by[0] = '\0';
	if (n.state == STATE_READY || n.state == STATE_HELD)
		target.attempt++;
	else
		snprintf(target.by, sizeof target.by, "%s", r->worker);
	if (to != NULL)
		*to = target;

	return queue_move(q, t, &target, e);
}

/* Does a listing of the home show the result of the attempt by ${by}? */
static int
is_listed(const struct queue *q, const struct token *t, const char *by,
    struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str home = STR_EMPTY;
	char author[NAME_WRITER];
	unsigned a;
	size_t i;
	int rc;

	rc = queue_list(q, name_home(t->id, &home), &names, e);
	for (i = 0; rc == 0 && i < names.n; i++)
		rc = name_parse_result(names.v[i], &a, author) == 0 &&
		    a == t->attempt && str_eq(author, by);
	fs_free(&names);
	str_free(&home);

	return rc;
}

/*
 * A whole result of the attempt by ${by}: 1 with its name durable, 0 if
 * there is none.  One that is there and cannot be read now is no answer
 * (-1): to take it for none would throw away what was worked for.
 */
static int
find_result(struct queue *q, const struct token *t, const char *by,
    struct result *r, struct err *e)
{
	struct str home = STR_EMPTY;
	int there = by[0] == '\0' ? 0 : is_listed(q, t, by, e);

	if (there <= 0)
		return there;
	if (finish_read(q, t->id, t->attempt, by, r, e) < 0) {
		if (e->code != EX_DATAERR || e->sys != 0)
			return -1;
		err_clear(e); /* it is not whole: none */
		return 0;
	}
	/* Another wrote it: make its name durable before relying on it. */
	if (fs_sync(q->fd, name_home(t->id, &home), e) < 0) {
		result_free(r);
		there = -1;
	}
	str_free(&home);

	return there;
}

int
finish_own(struct queue *q, const struct token *t, const char *by,
    struct result *r, struct err *e)
{
	struct str home = STR_EMPTY;
	int rc = 1;

	if (finish_read(q, t->id, t->attempt, by, r, e) < 0) {
		if (e->sys != ENOENT && e->sys != ENOTDIR)
			return -1;
		err_clear(e);
		return 0;
	}
	/* The sync behind its rename may be what failed. */
	if (fs_sync(q->fd, name_home(t->id, &home), e) < 0) {
		result_free(r);
		rc = -1;
	}
	str_free(&home);

	return rc;
}

/* A result for an attempt that we did not run. */
static void
make_result(const struct queue *q, const struct token *t,
    const struct finish_end *end, struct result *r)
{
	const struct worker_info *w = end->worker;
	const char *host = q->me.host;

	memset(r, 0, sizeof *r);
	if (w != NULL) {
		r->job = w->job;
		if (w->id.host[0] != '\0')
			host = w->id.host;
	}
	r->id = t->id;
	r->attempt = t->attempt;
	r->status = end->status;
	r->cause = mem_dup(end->cause);
	r->exit = -1;
	r->host = mem_dup(host);
	r->worker = mem_dup(q->self);
}

int
finish_for(struct queue *q, const struct campaign *c, const struct token *t,
    const struct finish_end *end, struct err *e)
{
	struct result r;
	int step = QUEUE_DONE, there = 0;

	if (t->state == STATE_RUNNING)
		there = find_result(q, t, t->by, &r, e);
	if (there == 0)
		there = find_result(q, t, q->self, &r, e);
	if (there < 0)
		return -1;
	if (there == 0) {
		make_result(q, t, end, &r);
		step = finish_publish(q, NULL, &r, e);
	}
	if (step == QUEUE_DONE)
		step = finish_move(q, c, t, &r, NULL, e);
	result_free(&r);

	return step;
}
