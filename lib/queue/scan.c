#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "queue/scan.h"

/* The tokens in one directory: ready/S, …, or running/W. */
static int
each_in(const struct queue *q, enum state state, const char *name, scan_fn fn,
    void *cookie, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct token t;
	size_t i;
	int rc;

	str_addf(&path, "%s/%s", name_state(state), name);
	rc = queue_list(q, path.s, &names, e);
	for (i = 0; rc == 0 && i < names.n; i++) {
		if (name_parse_token(names.v[i], state, &t) < 0)
			continue;
		if (state == STATE_RUNNING)
			snprintf(t.by, sizeof t.by, "%s", name);
		rc = fn(cookie, &t, e);
	}
	str_free(&path);
	fs_free(&names);

	return rc;
}

/* Homes, as tokens of the state new. */
static int
each_home(const struct queue *q, const char *segment, scan_fn fn, void *cookie,
    struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct token t = { 0, 0, STATE_NEW, "" };
	size_t i;
	int rc;

	str_addf(&path, "trials/%s", segment);
	rc = queue_list(q, path.s, &names, e);
	for (i = 0; rc == 0 && i < names.n; i++)
		if (name_parse_id(names.v[i], &t.id) == 0)
			rc = fn(cookie, &t, e);
	str_free(&path);
	fs_free(&names);

	return rc;
}

int
scan_each(const struct queue *q, enum state state, scan_fn fn, void *cookie,
    struct err *e)
{
	const char *top = state == STATE_NEW ? "trials" : name_state(state);
	struct fs_names dirs = { 0, 0, NULL };
	uint32_t segment;
	size_t i;
	int rc;

	rc = queue_list_dirs(q, top, &dirs, e);
	for (i = 0; rc == 0 && i < dirs.n; i++) {
		if (state == STATE_RUNNING) {
			if (name_is_writer(dirs.v[i]))
				rc =
				    each_in(q, state, dirs.v[i], fn, cookie, e);
		} else if (name_parse_segment(dirs.v[i], &segment) == 0) {
			rc = state == STATE_NEW
			    ? each_home(q, dirs.v[i], fn, cookie, e)
			    : each_in(q, state, dirs.v[i], fn, cookie, e);
		}
	}
	fs_free(&dirs);

	return rc;
}

static int
take(void *cookie, const struct token *t, struct err *e)
{
	struct scan *s = cookie;
	struct scan_token *new;

	(void)e;
	new = arr_push(s);
	new->id = t->id;
	new->attempt = t->attempt;
	new->state = t->state;
	new->by = mem_dup(t->by);

	return 0;
}

/* By id; the one that counts last: a later serial, then a later state. */
static int
by_id(const void *a, const void *b)
{
	const struct scan_token *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if ((x->state == STATE_NEW) != (y->state == STATE_NEW))
		return x->state == STATE_NEW ? -1 : 1;
	if (x->attempt != y->attempt)
		return x->attempt < y->attempt ? -1 : 1;

	return (int)x->state - (int)y->state;
}

/* Sort, and keep one entry a trial. */
static void
settle(struct scan *s)
{
	struct {
		size_t n, cap;
		uint32_t *v;
	} twice = { 0, 0, NULL };
	size_t i, kept = 0;

	if (s->n > 1)
		qsort(s->v, s->n, sizeof *s->v, by_id);
	for (i = 0; i < s->n; i++) {
		if (segments_has(&s->sealed, name_segment(s->v[i].id))) {
			free(s->v[i].by);
			continue;
		}
		if (i + 1 == s->n || s->v[i + 1].id != s->v[i].id) {
			s->count[s->v[i].state]++;
			s->v[kept++] = s->v[i];
			continue;
		}
		if (s->v[i].state != STATE_NEW &&
		    (twice.n == 0 || twice.v[twice.n - 1] != s->v[i].id))
			*arr_push(&twice) = s->v[i].id;
		free(s->v[i].by);
	}
	s->n = kept;
	s->doubled = twice.v;
	s->ndouble = twice.n;
	s->doublecap = twice.cap;
}

int
scan_all(const struct queue *q, struct scan *s, struct err *e)
{
	static const enum state order[] = { STATE_NEW, STATE_READY, STATE_HELD,
		STATE_RUNNING, STATE_DONE, STATE_FAILED, STATE_CLOSED };
	size_t i;

	memset(s, 0, sizeof *s);
	for (i = 0; i < sizeof order / sizeof order[0]; i++)
		if (scan_each(q, order[i], take, s, e) < 0) {
			scan_free(s);
			return -1;
		}
	/* After the loose state: what is sealed meanwhile is in one of both. */
	if (segments_list(q, &s->sealed, e) < 0) {
		scan_free(s);
		return -1;
	}
	settle(s);

	return 0;
}

static int
compare_id(const void *key, const void *entry)
{
	uint32_t id = *(const uint32_t *)key;
	const struct scan_token *t = entry;

	return id < t->id ? -1 : id > t->id;
}

const struct scan_token *
scan_find(const struct scan *s, uint32_t id)
{
	return s->n == 0 ? NULL
			 : bsearch(&id, s->v, s->n, sizeof *s->v, compare_id);
}

bool
scan_next(const struct scan *s, struct scan_walk *w, struct token *t)
{
	uint32_t first = UINT32_MAX;

	if (w->segment < s->sealed.n)
		first = s->sealed.v[w->segment] * NAME_SEGMENT;
	if (w->loose < s->n && s->v[w->loose].id < first) {
		scan_as_token(&s->v[w->loose++], t);
		return true;
	}
	if (w->segment == s->sealed.n)
		return false;
	memset(t, 0, sizeof *t);
	t->id = first + w->row;
	t->state = STATE_SEALED;
	if (++w->row == NAME_SEGMENT) {
		w->row = 0;
		w->segment++;
	}

	return true;
}

size_t
scan_trials(const struct scan *s)
{
	return s->n + s->sealed.n * NAME_SEGMENT;
}

void
scan_as_token(const struct scan_token *t, struct token *out)
{
	out->id = t->id;
	out->attempt = t->attempt;
	out->state = t->state;
	snprintf(out->by, sizeof out->by, "%s", t->by);
}

void
scan_free(struct scan *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i].by);
	segments_free(&s->sealed);
	free(s->doubled);
	free(s->v);
	memset(s, 0, sizeof *s);
}
