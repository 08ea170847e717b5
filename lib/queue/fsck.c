#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/mem.h"
#include "queue/fsck.h"
#include "queue/fsck_facts.h"
#include "queue/fsck_segment.h"

enum { SAME = 3, ROUNDS = 10 };

/* One check. */
struct check {
	const struct queue *q;
	struct fsck_view view;
	struct fsck_facts facts; /* of one home */
	struct str what;
	struct {
		size_t n, cap;
		struct suspect *v;
	} suspect; /* trials, then odd names */
};

/* Something wrong, and in how many listings in a row it was the same. */
struct suspect {
	bool is_trial;
	uint32_t id;
	struct fsck_name name;
	unsigned same;
	char *what; /* NULL: it was nothing */
};

/* Add to what is wrong with the trial: "WHERE: WHAT". */
static void
wrong(struct check *c, const char *where, const char *what)
{
	if (c->what.n > 0)
		str_add(&c->what, "; ");
	str_add(&c->what, where);
	if (what != NULL) {
		str_add(&c->what, ": ");
		str_add(&c->what, what);
	}
}

/* A whole result, against the trial's latest token. */
static void
check_result(struct check *c, const struct fsck_result *x,
    const struct token *t)
{
	bool same = x->attempt == t->attempt;
	const char *token =
	    t->state == STATE_NEW ? "in its home" : name_state(t->state);

	if (same && t->state >= STATE_DONE && str_eq(x->by, t->by)) {
		if (fsck_facts_find(&c->facts, t) == NULL) {
			wrong(c, x->file, "status ");
			str_addf(&c->what, "%s, but the token is in %s",
			    status_name(x->status), token);
		}
	} else if (same && t->state <= STATE_HELD && fsck_facts_counts(x)) {
		/* Not that of who began to cancel it. */
		wrong(c, x->file, "its token is still ");
		str_addf(&c->what, "%s%s", t->state == STATE_NEW ? "" : "in ",
		    token);
	}
}

/* The results of a home, against the trial's latest token. */
static void
check_results(struct check *c, const struct token *t)
{
	const struct fsck_result *x;
	bool counted = false;
	size_t i;

	for (i = 0; i < c->facts.result.n; i++) {
		x = &c->facts.result.v[i];
		if (x->wrong != NULL)
			wrong(c, x->file, x->wrong);
		if (!x->named || t == NULL)
			continue;
		if (x->wrong == NULL)
			check_result(c, x, t);
		if (x->attempt > t->attempt) {
			wrong(c, x->file, "its token has only come to ");
			str_addf(&c->what, "%u", t->attempt);
		}
		counted = counted ||
		    (x->attempt == t->attempt && str_eq(x->by, t->by));
	}
	if (t != NULL && t->state >= STATE_DONE && !counted) {
		wrong(c, "result.", NULL);
		str_addf(&c->what, "%u.%s.ini: missing", t->attempt, t->by);
	}
}

/* Its tokens: one, or the one in its home.  True with the latest. */
static bool
check_tokens(struct check *c, uint32_t id, struct token *t)
{
	const struct fsck_view *v = &c->view;
	struct str path = STR_EMPTY;
	size_t first = fsck_view_first(v, id), i, n = c->facts.token;

	for (i = first; i < v->token.n && v->token.v[i].id == id; i++)
		n++;
	if (n == 0)
		wrong(c, "no token", NULL);
	if (n > 1) {
		wrong(c, "more than one token:", NULL);
		if (c->facts.token)
			str_add(&c->what, " token");
		for (i = first; i < v->token.n && v->token.v[i].id == id; i++)
			str_addf(&c->what, " %s",
			    name_token(&v->token.v[i], &path));
	}
	str_free(&path);
	*t = (struct token){ .id = id, .state = STATE_NEW };
	if (i > first)
		*t = v->token.v[i - 1];

	return n > 0;
}

/*
 * All that is wrong with one trial, in ${c->what}.  The files of the home are
 * read after the tokens were listed, so what a token relies on is there.
 */
static int
check_one(struct check *c, uint32_t id, bool home, enum state *state,
    struct err *e)
{
	struct token t;
	bool token;

	str_cut(&c->what, 0);
	fsck_facts_free(&c->facts);
	if (segments_has(&c->view.sealed, name_segment(id)))
		return 0;
	if (home && fsck_facts_read(c->q, id, &c->facts, e) < 0)
		return -1;
	token = check_tokens(c, id, &t);
	*state = t.state;
	if (!home)
		wrong(c, "a token without a home", NULL);
	else if (c->facts.wrong != NULL)
		wrong(c, "trial.ini", c->facts.wrong);
	if (home)
		check_results(c, token ? &t : NULL);

	return 0;
}

/* The first round: every trial is looked at. */
static int
suspect_all(struct check *c, struct fsck *f, struct err *e)
{
	size_t at[2] = { 0, 0 }, i;
	const struct fsck_name *odd;
	enum state state = STATE_NEW;
	struct str b = STR_EMPTY;
	uint32_t id;
	bool home;

	while (fsck_view_next(&c->view, at, &id, &home)) {
		if (check_one(c, id, home, &state, e) < 0)
			return -1;
		f->trials++;
		f->count[state]++;
		if (c->what.n > 0)
			*arr_push(&c->suspect) = (struct suspect){
				.is_trial = true,
				.id = id,
				.same = 1,
				.what = str_take(&c->what),
			};
	}
	for (i = 0; i < c->view.odd.n; i++) {
		odd = &c->view.odd.v[i];
		str_addf(&b, "%s: %s", odd->path, fsck_view_odd(odd->what));
		*arr_push(&c->suspect) = (struct suspect){
			.name = { mem_dup(odd->path), odd->what },
			.same = 1,
			.what = str_take(&b),
		};
	}

	return 0;
}

static bool
is_odd(const struct fsck_view *v, const struct fsck_name *name)
{
	size_t i;

	for (i = 0; i < v->odd.n; i++)
		if (v->odd.v[i].what == name->what &&
		    str_eq(v->odd.v[i].path, name->path))
			return true;

	return false;
}

/* Is it still the same? */
static int
look_again(struct check *c, struct suspect *s, struct err *e)
{
	enum state state;

	str_cut(&c->what, 0);
	if (!s->is_trial) {
		if (is_odd(&c->view, &s->name))
			str_add(&c->what, s->what);
	} else if (check_one(c, s->id, fsck_view_has_home(&c->view, s->id),
		       &state, e) < 0) {
		return -1;
	}
	if (str_eq(str_text(&c->what), s->what)) {
		s->same++;
		return 0;
	}
	free(s->what);
	s->what = c->what.n > 0 ? str_take(&c->what) : NULL;
	s->same = 1;

	return 0;
}

/* Further rounds, until every suspect has been the same for long enough. */
static int
confirm(struct check *c, struct err *e)
{
	bool open = c->suspect.n > 0;
	struct suspect *s;
	size_t i;
	int round;

	for (round = 1; open && round < ROUNDS; round++) {
		if (fsck_view_look(&c->view, e) < 0)
			return -1;
		open = false;
		for (i = 0; i < c->suspect.n; i++) {
			s = &c->suspect.v[i];
			if (s->what == NULL || s->same >= SAME)
				continue;
			if (look_again(c, s, e) < 0)
				return -1;
			open = open || (s->what != NULL && s->same < SAME);
		}
	}

	return 0;
}

static void
tell(struct check *c, struct fsck *f)
{
	struct str b = STR_EMPTY;
	struct suspect *s;
	size_t i;

	for (i = 0; i < c->suspect.n; i++) {
		s = &c->suspect.v[i];
		if (s->what == NULL || s->same < SAME)
			continue;
		if (s->is_trial)
			str_addf(&b, "%u: ", s->id);
		str_add(&b, s->what);
		*arr_push(&f->finding) = (struct fsck_finding){
			.text = str_take(&b),
			.is_trial = s->is_trial,
			.id = s->id,
			.name = s->name,
		};
		s->name.path = NULL;
	}
}

/* Segments are published whole and stay as they are: one look is enough. */
static int
check_segments(const struct queue *q, const struct segments *sealed,
    struct fsck *f, struct err *e)
{
	struct str what = STR_EMPTY, path = STR_EMPTY, b = STR_EMPTY;
	size_t i;
	int bad = 0;

	for (i = 0; i < sealed->n && !bad; i++) {
		str_cut(&what, 0);
		bad = fsck_segment_check(q, sealed->v[i], f->count, &what, e);
		f->trials += NAME_SEGMENT;
		if (bad || what.n == 0)
			continue;
		str_cut(&path, 0);
		str_addf(&path, "segments/%04u", sealed->v[i]);
		str_addf(&b, "%s: %s", path.s, what.s);
		*arr_push(&f->finding) = (struct fsck_finding){
			.text = str_take(&b),
			.name = { str_take(&path), FSCK_SEGMENT },
		};
	}
	str_free(&path);
	str_free(&what);

	return bad;
}

int
fsck_run(const struct queue *q, struct fsck *f, struct err *e)
{
	struct check c = { .q = q, .view = { .q = q } };
	struct segments sealed;
	size_t i;
	int bad;

	memset(f, 0, sizeof *f);
	bad = fsck_view_look(&c.view, e) < 0 || suspect_all(&c, f, e) < 0;
	/* Those that are sealed after this have been seen as loose trials. */
	sealed = c.view.sealed;
	memset(&c.view.sealed, 0, sizeof c.view.sealed);
	bad = bad || confirm(&c, e) < 0;
	if (!bad)
		tell(&c, f);
	bad = bad || check_segments(q, &sealed, f, e) < 0;
	for (i = 0; i < c.suspect.n; i++) {
		free(c.suspect.v[i].name.path);
		free(c.suspect.v[i].what);
	}
	arr_free(&c.suspect);
	segments_free(&sealed);
	fsck_facts_free(&c.facts);
	fsck_view_free(&c.view);
	str_free(&c.what);
	if (bad)
		fsck_free(f);

	return bad ? -1 : 0;
}

void
fsck_summary(const struct fsck *f, struct str *b)
{
	const char *before = ":";
	int i;

	str_addf(b, "%zu trial%s", f->trials, f->trials == 1 ? "" : "s");
	for (i = 0; i < STATE_COUNT; i++) {
		if (f->count[i] == 0)
			continue;
		str_addf(b, "%s %zu %s", before, f->count[i],
		    name_state((enum state)i));
		before = ",";
	}
	if (f->finding.n == 0)
		str_add(b, "; clean");
	else
		str_addf(b, "; %zu finding%s", f->finding.n,
		    f->finding.n == 1 ? "" : "s");
}

void
fsck_free(struct fsck *f)
{
	size_t i;

	for (i = 0; i < f->finding.n; i++) {
		free(f->finding.v[i].text);
		free(f->finding.v[i].name.path);
	}
	arr_free(&f->finding);
}
