#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "queue/claim.h"
#include "queue/find.h"
#include "queue/finish.h"
#include "queue/once.h"
#include "queue/segment.h"

static int
read_ended(const struct queue *q, const struct token *t, struct result *r,
    struct err *e)
{
	struct segment s = { .loaded = false };
	int bad;

	if (t->state != STATE_SEALED) {
		bad = finish_read(q, t->id, t->attempt, t->by, r, e);
		/* Or was it sealed just now? */
		if (!bad || e->sys != ENOENT ||
		    !segment_is_sealed(q, name_segment(t->id)))
			return bad;
		err_clear(e);
	}
	bad = segment_load(q, name_segment(t->id), &s, e);
	if (!bad)
		segment_result(&s, t->id, r);
	segment_free(&s);

	return bad;
}

/* 1 if the trial has ended, and its result was told; 0 if not. */
static int
tell_ended(struct work *k, uint32_t id, struct err *e)
{
	struct find f = { .q = k->q };
	struct result r;
	struct token t;
	int rc = find_trial(&f, id, &t, e);

	if (rc == 1 && t.state < STATE_DONE)
		rc = 0;
	if (rc == 1 && read_ended(k->q, &t, &r, e) < 0)
		rc = -1;
	if (rc == 1) {
		k->tell(k->cookie, &r, &t);
		result_free(&r);
	}
	find_free(&f);

	return rc;
}

static int
run_claimed(struct work *k, const struct token *t, int *code, struct err *e)
{
	int exit = 0;
	int rc = work_trial(k, t, &exit, e);

	if (exit != 0)
		*code = exit;
	if (rc == QUEUE_GONE) {
		err_set(e, EX_NO, "trial %u was taken from this worker", t->id);
		return 1;
	}

	return rc < 0 ? -1 : 0;
}

int
once_named(struct work *k, uint32_t id, int *code, struct err *e)
{
	struct token t;
	int rc;

	rc = claim_id(k->q, k->w.name, id, &t, e);
	/* Held for dead while it waited for an id: it begins a new life. */
	if (rc == QUEUE_GONE && work_renew(k, "once", e) == 0)
		rc = claim_id(k->q, k->w.name, id, &t, e);
	if (rc == 1)
		return run_claimed(k, &t, code, e);
	if (rc > 1)
		return err_set(e, EX_TEMPFAIL,
		    "this worker was held for dead: run it again");
	if (rc == 0)
		rc = tell_ended(k, id, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	err_set(e, EX_NO, "no trial %u is waiting in '%s'", id, k->q->path);

	return 1;
}

int
once_any(struct work *k, int *code, struct err *e)
{
	struct token t;
	int rc;

	rc = claim_next(k->q, k->w.name, k->slot, &t, e);
	if (rc == 0) {
		rc = k->sample(k->cookie, e);
		if (rc == 1)
			rc = claim_next(k->q, k->w.name, k->slot, &t, e);
	}
	if (rc == 1)
		return run_claimed(k, &t, code, e);
	if (rc < 0)
		return -1;
	err_set(e, EX_NO, "no trial is waiting in '%s'", k->q->path);

	return 1;
}
