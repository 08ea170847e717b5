#include <stdio.h>

#include "base/err.h"
#include "base/fs.h"
#include "queue/finish.h"
#include "queue/fsck_facts.h"
#include "queue/repair_trial.h"

/* A trial that is to be mended. */
struct patient {
	struct repair *r;
	uint32_t id;
	struct fsck_facts facts;
	const struct token *t; /* its tokens, the latest last, */
	size_t n;
	struct token home; /* and the unsettled one */
	unsigned top;      /* the latest serial of a token or whole result */
	unsigned fresh;    /* the first that was never used */
};

static int
away(const struct patient *p, const char *path, struct err *e)
{
	if (repair_step_away(p->r, path, e) < 0)
		return -1;
	repair_step_say(p->r, "%u: put away %s", p->id, path);

	return 0;
}

/* Put away its tokens but ${keep}; NULL: all. */
static int
drop_tokens(const struct patient *p, const struct token *keep, struct err *e)
{
	struct str path = STR_EMPTY;
	size_t i;
	int bad = 0;

	if (p->facts.token && keep != &p->home)
		bad = away(p, name_token(&p->home, &path), e);
	for (i = 0; i < p->n && !bad; i++)
		if (&p->t[i] != keep)
			bad = away(p, name_token(&p->t[i], &path), e);
	str_free(&path);

	return bad;
}

/* What does not make a trial. */
static int
drop_all(const struct patient *p, bool home, struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	/* The unsettled token goes with its home. */
	bad = drop_tokens(p, &p->home, e);
	if (!bad && home)
		bad = away(p, name_home(p->id, &path), e);
	str_free(&path);

	return bad;
}

static void
measure(struct patient *p)
{
	const struct fsck_result *x;
	size_t i;

	p->fresh = p->facts.serial;
	for (i = 0; i < p->n; i++)
		if (p->t[i].attempt > p->top)
			p->top = p->t[i].attempt;
	if (p->n > 0 && p->top >= p->fresh)
		p->fresh = p->top + 1;
	for (i = 0; i < p->facts.result.n; i++) {
		x = &p->facts.result.v[i];
		if (x->wrong == NULL && x->attempt > p->top)
			p->top = x->attempt;
	}
}

enum { GOOD = 4 };

/* How much a result is worth among those of its serial; 0: nothing. */
static int
worth(const struct fsck_result *x)
{
	if (x->wrong != NULL)
		return 0;
	switch (x->status) {
	case STATUS_OK:
	case STATUS_PRUNED:
		return GOOD;
	case STATUS_CANCELLED:
		return 2;
	case STATUS_LOST:
		return 1;
	default:
		return 3;
	}
}

/* The whole result that counts of the latest serial, or NULL. */
static const struct fsck_result *
latest_result(const struct patient *p)
{
	const struct fsck_result *x, *best = NULL;
	size_t i;

	for (i = 0; i < p->facts.result.n; i++) {
		x = &p->facts.result.v[i];
		if (x->attempt == p->top && worth(x) > 0 &&
		    (best == NULL || worth(x) > worth(best)))
			best = x;
	}

	return best;
}

/* The latest whole one of any serial that is good, or NULL. */
static const struct fsck_result *
good_result(const struct patient *p)
{
	const struct fsck_result *x, *best = NULL;
	size_t i;

	for (i = 0; i < p->facts.result.n; i++) {
		x = &p->facts.result.v[i];
		if (worth(x) == GOOD &&
		    (best == NULL || x->attempt > best->attempt))
			best = x;
	}

	return best;
}

/* The token that stays where it is, or NULL. */
static const struct token *
standing(const struct patient *p)
{
	const struct fsck_result *latest = latest_result(p);
	bool ended = latest != NULL && fsck_facts_counts(latest), stays;
	const struct token *t, *best = NULL;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->t[i].state == STATE_DONE &&
		    fsck_facts_find(&p->facts, &p->t[i]) != NULL)
			best = &p->t[i];
	if (best != NULL)
		return best;
	if (p->facts.token && p->top == 0 && !ended)
		best = &p->home;
	for (i = 0; i < p->n; i++) {
		t = &p->t[i];
		if (t->state >= STATE_DONE)
			stays = fsck_facts_find(&p->facts, t) != NULL;
		else
			stays = t->state == STATE_RUNNING || !ended;
		if (t->attempt == p->top && stays)
			best = t;
	}

	return best;
}

/*
 * Where the trial goes by its results: that of the latest serial, else one
 * that is good, else it goes back.
 */
static int
implied(const struct patient *p, struct token *to, struct err *e)
{
	const struct fsck_result *x = latest_result(p);
	unsigned count[STATUS_COUNT];
	struct next next = { STATE_READY, 0 };

	*to = (struct token){ .id = p->id, .attempt = p->fresh };
	if (x == NULL)
		x = good_result(p);
	if (x != NULL) {
		if (finish_counts(p->r->q, p->id, x->attempt, count, e) < 0)
			return -1;
		finish_next(p->r->c, x->status, x->cause, count, &next);
	}
	to->state = next.state;
	if (next.state >= STATE_DONE) {
		to->attempt = x->attempt;
		snprintf(to->by, sizeof to->by, "%s", x->by);
	}

	return 0;
}

/* Move the token, or make one where there is none. */
static int
place(const struct patient *p, const struct token *from, const struct token *to,
    struct err *e)
{
	struct str a = STR_EMPTY, b = STR_EMPTY;
	int rc;

	name_token(to, &b);
	if (from != NULL)
		rc = repair_step_move(p->r, name_token(from, &a), b.s, e);
	else
		rc = repair_step_write(p->r, b.s, "", 0, e);
	if (rc == 1)
		rc = err_set(e, EX_IOERR, "'%s/hpo/%s' is there already",
		    p->r->q->path, b.s);
	if (rc == 0 && from != NULL)
		repair_step_say(p->r, "%u: moved %s to %s", p->id, a.s, b.s);
	else if (rc == 0)
		repair_step_say(p->r, "%u: made %s", p->id, b.s);
	str_free(&b);
	str_free(&a);

	return rc;
}

/* Results that are not whole, or that the token's serial is behind. */
static int
drop_results(const struct patient *p, unsigned serial, struct err *e)
{
	const struct fsck_result *x;
	struct str path = STR_EMPTY;
	size_t i;
	int bad = 0;

	for (i = 0; i < p->facts.result.n && !bad; i++) {
		x = &p->facts.result.v[i];
		if (x->wrong != NULL || x->attempt > serial)
			bad = away(p, name_in_home(p->id, x->file, &path), e);
	}
	str_free(&path);

	return bad;
}

/* One that is whole but for its tokens and results. */
static int
mend(struct patient *p, struct err *e)
{
	const struct token *t, *from = NULL;
	struct token to;

	measure(p);
	t = standing(p);
	if (t == NULL) {
		if (implied(p, &to, e) < 0)
			return -1;
		if (p->n > 0)
			from = &p->t[p->n - 1];
		else if (p->facts.token)
			from = &p->home;
	} else {
		to = *t;
	}
	if (drop_tokens(p, t != NULL ? t : from, e) < 0 ||
	    (t == NULL && place(p, from, &to, e) < 0))
		return -1;

	return drop_results(p, to.attempt, e);
}

int
repair_trial(struct repair *r, uint32_t id, struct err *e)
{
	const struct fsck_view *v = &r->view;
	struct patient p = { .r = r, .id = id };
	size_t i, first = fsck_view_first(v, id);
	bool home = fsck_view_has_home(v, id);
	int bad;

	for (i = first; i < v->token.n && v->token.v[i].id == id; i++)
		p.n++;
	p.t = v->token.v + first;
	p.home = (struct token){ .id = id, .state = STATE_NEW };
	if (home && fsck_facts_read(r->q, id, &p.facts, e) < 0)
		return -1;
	if (!home || p.facts.wrong != NULL)
		bad = drop_all(&p, home, e);
	else
		bad = mend(&p, e);
	fsck_facts_free(&p.facts);

	return bad;
}
