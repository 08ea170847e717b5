#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/campaign.h"
#include "queue/birth.h"
#include "queue/control.h"
#include "queue/edit.h"
#include "queue/finish.h"
#include "queue/segment.h"

int
edit_cancel(struct queue *q, const struct campaign *c, const struct token *t,
    struct err *e)
{
	static const struct finish_end end = { STATUS_CANCELLED, "cancelled",
		NULL };
	struct token waiting = *t;
	int step;

	switch (t->state) {
	case STATE_RUNNING:
		return control_cancel(q, t, e) < 0 ? -1 : EDIT_ASKED;
	case STATE_NEW:
		step = birth_settle(q, t->id, e);
		if (step < 0)
			return -1;
		waiting.state = STATE_READY;
		waiting.attempt = 0;
		break;
	case STATE_READY:
	case STATE_HELD:
		break;
	default:
		err_set(e, EX_NO, "trial %u has ended", t->id);
		return EDIT_NOT;
	}
	step = finish_for(q, c, &waiting, &end, e);
	if (step == QUEUE_DONE)
		return EDIT_DONE;
	if (step > 0)
		err_set(e, EX_NO,
		    "trial %u has just been claimed or has ended: try again",
		    t->id);

	return step < 0 ? -1 : EDIT_NOT;
}

static void
is_final(uint32_t id, struct err *e)
{
	err_set(e, EX_NO,
	    "trial %u is being sealed, and final: for another run of its point "
	    "give that to hpo-sample --enqueue",
	    id);
}

static bool
is_closed(const struct queue *q, const struct token *t)
{
	struct token closed = *t;
	struct str path = STR_EMPTY;
	bool yes;

	closed.state = STATE_CLOSED;
	yes = segment_is_sealed(q, name_segment(t->id)) ||
	    queue_exists(q, name_token(&closed, &path));
	str_free(&path);

	return yes;
}

int
edit_retry(struct queue *q, const struct token *t, struct err *e)
{
	struct token to = *t;
	int step;

	if (t->state == STATE_CLOSED) {
		is_final(t->id, e);
		return EDIT_NOT;
	}
	if (t->state != STATE_FAILED && t->state != STATE_HELD) {
		err_set(e, EX_NO, "trial %u is %s, not failed or held", t->id,
		    name_state(t->state));
		return EDIT_NOT;
	}
	to.state = STATE_READY;
	to.by[0] = '\0';
	/* A name is never used twice: what failed gets the next serial; what
	 * is held got it on the way in. */
	if (t->state == STATE_FAILED)
		to.attempt++;
	step = queue_move(q, t, &to, e);
	/* Its segment is being sealed, or has been. */
	if (step == QUEUE_SEALED || (step == QUEUE_LOST && is_closed(q, t)))
		is_final(t->id, e);
	else if (step > 0)
		err_set(e, EX_NO, "trial %u has just moved on: try again",
		    t->id);

	return step < 0 ? -1 : step == QUEUE_DONE ? EDIT_DONE : EDIT_NOT;
}

/* "7" or "3-9". */
static int
parse_range(const char *word, uint64_t *lo, uint64_t *hi)
{
	char first[24];
	size_t n = strcspn(word, "-");

	if (n == 0 || n >= sizeof first)
		return -1;
	memcpy(first, word, n);
	first[n] = '\0';
	if (num_u64(first, CAMPAIGN_MAX_TRIALS - 1, lo) < 0)
		return -1;
	*hi = *lo;
	if (word[n] == '-')
		return num_u64(word + n + 1, CAMPAIGN_MAX_TRIALS - 1, hi);

	return 0;
}

/*
 * Set ${pick}[i] for the entries of the scan that ${word} means, and count in
 * *${sealed} the sealed trials that it names.
 */
static int
select_trials(const struct scan *s, const char *word, unsigned char *pick,
    uint32_t *sealed, struct err *e)
{
	uint64_t lo = 0, hi = 0, first, last;
	size_t i, found = 0;
	int state = -1;

	if (str_eq(word, "failed"))
		state = STATE_FAILED;
	else if (str_eq(word, "held"))
		state = STATE_HELD;
	else if (parse_range(word, &lo, &hi) < 0 || lo > hi)
		return err_set(e, EX_USAGE,
		    "'%s' is not an id, a range like 3-9, 'failed' or 'held'",
		    word);
	for (i = 0; i < s->n; i++) {
		if (state >= 0 ? (int)s->v[i].state != state
			       : s->v[i].id < lo || s->v[i].id > hi)
			continue;
		pick[i] = 1;
		found++;
	}
	for (i = 0; i < s->sealed.n && state < 0; i++) {
		first = (uint64_t)s->sealed.v[i] * NAME_SEGMENT;
		last = first + NAME_SEGMENT - 1;
		first = lo > first ? lo : first;
		last = hi < last ? hi : last;
		if (first <= last) {
			*sealed += (uint32_t)(last - first + 1);
			found++;
		}
	}
	if (found == 0 && state < 0)
		return err_set(e, EX_NO, "there is no trial %s", word);

	return 0;
}

bool
edit_is_word(const char *word)
{
	return (word[0] >= '0' && word[0] <= '9' &&
		   word[strspn(word, "0123456789-")] == '\0') ||
	    str_eq(word, "failed") || str_eq(word, "held");
}

int
edit_all(struct edit *x, const char *const *words, size_t n, struct err *e)
{
	struct err why = ERR_NONE;
	unsigned char *pick;
	struct token t;
	struct scan scan;
	size_t i;
	int rc = 0, answer = 0;

	if (scan_all(x->q, &scan, e) < 0)
		return -1;
	pick = mem_zero(scan.n + 1, 1);
	for (i = 0; i < n && rc == 0; i++)
		rc = select_trials(&scan, words[i], pick, &x->sealed, e);
	for (i = 0; i < scan.n && rc >= 0; i++) {
		if (!pick[i])
			continue;
		err_clear(&why);
		scan_as_token(&scan.v[i], &t);
		rc = x->change == EDIT_CANCEL
		    ? edit_cancel(x->q, x->c, &t, &why)
		    : edit_retry(x->q, &t, &why);
		if (rc < 0)
			*e = why;
		if (rc != EDIT_NOT)
			continue;
		x->refuse(x->who, &why);
		answer = 1;
	}
	free(pick);
	scan_free(&scan);

	return rc < 0 ? -1 : answer;
}
