#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "form/result.h"
#include "form/trial.h"
#include "queue/fsck.h"
#include "queue/fsck_view.h"

enum { SAME = 3, ROUNDS = 10, FILE_MAX = 16 << 20 };

/* One check. */
struct check {
	const struct queue *q;
	struct fsck_view view;
	struct str path, text, what;
	struct fs_names names; /* of a home */
	struct {
		size_t n, cap;
		struct suspect *v;
	} suspect; /* trials, then odd names */
};

/* Something wrong, and in how many listings in a row it was the same. */
struct suspect {
	bool is_trial;
	uint32_t id;
	unsigned same;
	char *what; /* NULL: it was nothing */
};

/* Add to what is wrong with the trial. */
static void
wrong(struct check *c, const char *what)
{
	if (c->what.n > 0)
		str_add(&c->what, "; ");
	str_add(&c->what, what);
}

/* Read ${c->path}; a file that is not there is wrong, the rest fails. */
static int
slurp(struct check *c, const char *file, struct err *e)
{
	str_cut(&c->text, 0);
	if (fs_slurp(c->q->fd, c->path.s, FILE_MAX, &c->text, e) == 0)
		return 0;
	if (e->sys != 0 && e->sys != ENOENT && e->sys != ENOTDIR)
		return err_prefix(e, "campaign '%s'", c->q->path);
	wrong(c, file);
	str_addf(&c->what, ": %s",
	    e->sys != 0 ? "missing" : "no regular file, or a huge one");
	err_clear(e);

	return 1;
}

/* A parser's message has the path before it, which the finding has not. */
static void
damaged(struct check *c, const char *file, struct err *e)
{
	const char *text = strstr(e->msg, " file damaged: ");

	text = text != NULL ? text + strlen(" file ") : e->msg;
	wrong(c, file);
	str_add(&c->what, ": ");
	str_addn(&c->what, text, strcspn(text, "\n"));
	err_clear(e);
}

static int
check_trial(struct check *c, uint32_t id, struct err *e)
{
	struct trial t;
	int rc;

	name_in_home(id, "trial.ini", &c->path);
	rc = slurp(c, "trial.ini", e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (trial_parse(c->text.s, c->text.n, c->path.s, &t, e) < 0) {
		damaged(c, "trial.ini", e);
		return 0;
	}
	if (t.id != id)
		wrong(c, "trial.ini: it is of another trial");
	trial_free(&t);

	return 0;
}

/* Does the status fit the directory of the token? */
static bool
fits(enum state state, enum status status)
{
	bool good = status == STATUS_OK || status == STATUS_PRUNED;

	return state == STATE_DONE ? good : !good;
}

/* One result; ${t} is the trial's token if it names this one, else NULL. */
static int
check_result(struct check *c, uint32_t id, const char *file,
    const struct token *t, struct err *e)
{
	struct result r;
	char by[NAME_WRITER];
	unsigned attempt;
	int rc;

	if (name_parse_result(file, &attempt, by) < 0)
		return 0;
	name_in_home(id, file, &c->path);
	rc = slurp(c, file, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (result_parse(c->text.s, c->text.n, c->path.s, &r, e) < 0) {
		damaged(c, file, e);
		return 0;
	}
	if (r.id != id || r.attempt != attempt || !str_eq(r.worker, by)) {
		wrong(c, file);
		str_add(&c->what, ": it is of another attempt");
	} else if (t != NULL && !fits(t->state, r.status)) {
		wrong(c, file);
		str_addf(&c->what, ": status %s, but the token is in %s",
		    status_name(r.status), name_state(t->state));
	}
	result_free(&r);

	return 0;
}

/* The results of a home, against the trial's latest token. */
static int
check_results(struct check *c, uint32_t id, const struct token *t,
    struct err *e)
{
	char by[NAME_WRITER];
	unsigned attempt;
	bool named, counted = false;
	size_t i;
	int bad = 0;

	for (i = 0; i < c->names.n && !bad; i++) {
		const char *file = c->names.v[i];

		if (!str_starts(file, "result."))
			continue;
		if (name_parse_result(file, &attempt, by) < 0) {
			wrong(c, file);
			str_add(&c->what, ": unknown name");
			continue;
		}
		named = t != NULL && t->state >= STATE_DONE &&
		    attempt == t->attempt && str_eq(by, t->by);
		counted = counted || named;
		bad = check_result(c, id, file, named ? t : NULL, e);
		if (t != NULL && attempt > t->attempt) {
			wrong(c, file);
			str_addf(&c->what, ": its token has only come to %u",
			    t->attempt);
		}
	}
	if (!bad && t != NULL && t->state >= STATE_DONE && !counted) {
		wrong(c, "result.");
		str_addf(&c->what, "%u.%s.ini: missing", t->attempt, t->by);
	}

	return bad;
}

/* Its tokens: one, or the one in its home.  Returns the latest, or NULL. */
static const struct token *
check_tokens(struct check *c, uint32_t id, bool unsettled)
{
	const struct fsck_view *v = &c->view;
	struct str path = STR_EMPTY;
	size_t first = fsck_view_first(v, id), i, n = unsettled;

	for (i = first; i < v->token.n && v->token.v[i].id == id; i++)
		n++;
	if (n == 0)
		wrong(c, "no token");
	if (n > 1) {
		wrong(c, "more than one token:");
		if (unsettled)
			str_add(&c->what, " token");
		for (i = first; i < v->token.n && v->token.v[i].id == id; i++)
			str_addf(&c->what, " %s",
			    name_token(&v->token.v[i], &path));
	}
	str_free(&path);

	return i > first ? &v->token.v[i - 1] : NULL;
}

/* Is the file ${name} in the home that has been listed? */
static bool
is_listed(const struct check *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->names.n; i++)
		if (str_eq(c->names.v[i], name))
			return true;

	return false;
}

/*
 * All that is wrong with one trial, in ${c->what}.  The files of the home are
 * read after the tokens were listed, so what a token relies on is there.
 */
static int
check_one(struct check *c, uint32_t id, bool home, enum state *state,
    struct err *e)
{
	const struct token *t;
	int bad = 0;

	str_cut(&c->what, 0);
	fs_free(&c->names);
	if (home)
		bad = queue_list(c->q, name_home(id, &c->path), &c->names, e);
	fs_sort(&c->names);
	t = check_tokens(c, id, is_listed(c, "token"));
	*state = t != NULL ? t->state : STATE_NEW;
	if (!home)
		wrong(c, "a token without a home");
	if (!bad && home)
		bad =
		    check_trial(c, id, e) < 0 || check_results(c, id, t, e) < 0;

	return bad ? -1 : 0;
}

/* The first round: every trial is looked at. */
static int
suspect_all(struct check *c, struct fsck *f, struct err *e)
{
	size_t at[2] = { 0, 0 }, i;
	struct suspect *new;
	enum state state;
	uint32_t id;
	bool home;

	while (fsck_view_next(&c->view, at, &id, &home)) {
		if (check_one(c, id, home, &state, e) < 0)
			return -1;
		f->trials++;
		f->count[state]++;
		if (c->what.n == 0)
			continue;
		new = arr_push(&c->suspect);
		*new = (struct suspect){ true, id, 1, str_take(&c->what) };
	}
	for (i = 0; i < c->view.odd.n; i++) {
		new = arr_push(&c->suspect);
		*new =
		    (struct suspect){ false, 0, 1, mem_dup(c->view.odd.v[i]) };
	}

	return 0;
}

static bool
is_odd(const struct fsck_view *v, const char *what)
{
	size_t i;

	for (i = 0; i < v->odd.n; i++)
		if (str_eq(v->odd.v[i], what))
			return true;

	return false;
}

/* Is it still the same? */
static int
look_again(struct check *c, struct suspect *s, struct err *e)
{
	enum state state;

	if (s->is_trial) {
		if (check_one(c, s->id, fsck_view_has_home(&c->view, s->id),
			&state, e) < 0)
			return -1;
	} else {
		str_cut(&c->what, 0);
		if (is_odd(&c->view, s->what))
			str_add(&c->what, s->what);
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
tell(const struct check *c, struct fsck *f)
{
	struct str b = STR_EMPTY;
	const struct suspect *s;
	size_t i;

	for (i = 0; i < c->suspect.n; i++) {
		s = &c->suspect.v[i];
		if (s->what == NULL || s->same < SAME)
			continue;
		if (s->is_trial)
			str_addf(&b, "%u: ", s->id);
		str_add(&b, s->what);
		*arr_push(&f->finding) = str_take(&b);
	}
}

int
fsck_run(const struct queue *q, struct fsck *f, struct err *e)
{
	struct check c = { .q = q, .view = { .q = q } };
	size_t i;
	int bad;

	memset(f, 0, sizeof *f);
	bad = fsck_view_look(&c.view, e) < 0 || suspect_all(&c, f, e) < 0 ||
	    confirm(&c, e) < 0;
	if (!bad)
		tell(&c, f);
	for (i = 0; i < c.suspect.n; i++)
		free(c.suspect.v[i].what);
	arr_free(&c.suspect);
	fs_free(&c.names);
	fsck_view_free(&c.view);
	str_free(&c.path);
	str_free(&c.text);
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

	for (i = 0; i < f->finding.n; i++)
		free(f->finding.v[i]);
	arr_free(&f->finding);
}
