#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "queue/find.h"

enum { TOLD = INT32_MAX };

static int
by_id(const void *a, const void *b)
{
	const struct token *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->attempt != y->attempt)
		return x->attempt < y->attempt ? -1 : 1;

	return (int)x->state - (int)y->state;
}

/* What is remembered of a segment, or NULL. */
static struct find_segment *
find_segment(struct find *f, uint32_t segment)
{
	unsigned i;

	for (i = 0; i < f->used; i++)
		if (f->segment[i].segment == segment)
			return &f->segment[i];

	return NULL;
}

/* An empty place for a segment. */
static struct find_segment *
make_room(struct find *f, uint32_t segment)
{
	struct find_segment *s = find_segment(f, segment);

	if (s == NULL && f->used < FIND_SEGMENTS)
		s = &f->segment[f->used++];
	if (s == NULL)
		s = &f->segment[f->next++ % FIND_SEGMENTS];
	s->segment = segment;
	s->n = 0;

	return s;
}

/* List what has ended of a segment. */
static int
list_ended(struct find *f, uint32_t segment, struct err *e)
{
	static const enum state states[] = { STATE_FAILED, STATE_DONE,
		STATE_CLOSED };
	struct find_segment *s = make_room(f, segment);
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct token t;
	size_t i, k;
	int bad = 0;

	for (i = 0; !bad && i < sizeof states / sizeof states[0]; i++) {
		bad = queue_list(f->q, name_dir(states[i], segment, &path),
		    &names, e);
		for (k = 0; k < names.n; k++)
			if (name_parse_token(names.v[k], states[i], &t) == 0 &&
			    name_segment(t.id) == segment)
				*arr_push(s) = t;
		fs_free(&names);
	}
	if (s->n > 1)
		qsort(s->v, s->n, sizeof *s->v, by_id);
	str_free(&path);

	return bad;
}

/* The last entry of ${id}, which is its latest state. */
static bool
recall(struct find *f, uint32_t id, struct token *t)
{
	struct find_segment *s = find_segment(f, name_segment(id));
	size_t lo = 0, hi = s != NULL ? s->n : 0, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->v[mid].id <= id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || s->v[lo - 1].id != id || s->v[lo - 1].attempt == TOLD)
		return false;
	*t = s->v[lo - 1];
	s->v[lo - 1].attempt = TOLD;

	return true;
}

/* Is there a token of ${id} in ${dir}?  The one of the highest serial. */
static int
look_in(const struct queue *q, enum state state, const char *dir, uint32_t id,
    struct token *t, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct token seen;
	size_t i;
	int rc;

	rc = queue_list(q, dir, &names, e);
	for (i = 0; rc >= 0 && i < names.n; i++)
		if (name_parse_token(names.v[i], state, &seen) == 0 &&
		    seen.id == id && (rc == 0 || seen.attempt > t->attempt)) {
			*t = seen;
			rc = 1;
		}
	fs_free(&names);

	return rc;
}

static int
look_running(const struct queue *q, uint32_t id, struct token *t, struct err *e)
{
	struct fs_names workers = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	size_t i;
	int rc;

	rc = queue_list(q, "running", &workers, e);
	for (i = 0; rc == 0 && i < workers.n; i++) {
		if (!name_is_writer(workers.v[i]))
			continue;
		rc = look_in(q, STATE_RUNNING,
		    fs_join(&path, "running", workers.v[i]), id, t, e);
		if (rc > 0)
			snprintf(t->by, sizeof t->by, "%s", workers.v[i]);
	}
	str_free(&path);
	fs_free(&workers);

	return rc;
}

static int
has_home(const struct queue *q, uint32_t id, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	uint32_t home;
	size_t i;
	int rc;

	str_addf(&path, "trials/%04u", name_segment(id));
	rc = queue_list(q, path.s, &names, e);
	for (i = 0; rc == 0 && i < names.n; i++)
		if (name_parse_id(names.v[i], &home) == 0 && home == id)
			rc = 1;
	str_free(&path);
	fs_free(&names);

	return rc;
}

/* In the direction in which tokens move, so that one on its way is met. */
static int
look_everywhere(struct find *f, uint32_t id, struct token *t, struct err *e)
{
	struct str path = STR_EMPTY;
	uint32_t segment = name_segment(id);
	int rc;

	rc = look_in(f->q, STATE_READY, name_dir(STATE_READY, segment, &path),
	    id, t, e);
	if (rc == 0)
		rc = look_in(f->q, STATE_HELD,
		    name_dir(STATE_HELD, segment, &path), id, t, e);
	if (rc == 0)
		rc = look_running(f->q, id, t, e);
	if (rc == 0 && list_ended(f, segment, e) < 0)
		rc = -1;
	if (rc == 0)
		rc = recall(f, id, t);
	str_free(&path);

	return rc;
}

/* A sealed segment stays so: the list is taken anew only in doubt. */
static bool
is_sealed(struct find *f, uint32_t id, struct token *t)
{
	if (!segments_has(&f->sealed, name_segment(id)))
		return false;
	memset(t, 0, sizeof *t);
	t->id = id;
	t->state = STATE_SEALED;

	return true;
}

int
find_trial(struct find *f, uint32_t id, struct token *t, struct err *e)
{
	int i, rc;

	if (is_sealed(f, id, t) || recall(f, id, t))
		return 1;
	if (list_ended(f, name_segment(id), e) < 0 ||
	    segments_list(f->q, &f->sealed, e) < 0)
		return -1;
	if (is_sealed(f, id, t) || recall(f, id, t))
		return 1;
	rc = has_home(f->q, id, e);
	if (rc <= 0)
		return rc;
	/* One that went back for a retry meanwhile may have been missed. */
	for (i = 0, rc = 0; rc == 0 && i < 3; i++)
		rc = look_everywhere(f, id, t, e);
	if (rc == 0) {
		memset(t, 0, sizeof *t);
		t->id = id;
		t->state = STATE_NEW;
		rc = 1;
	}

	return rc;
}

void
find_free(struct find *f)
{
	unsigned i;

	for (i = 0; i < f->used; i++)
		arr_free(&f->segment[i]);
	f->used = 0;
	segments_free(&f->sealed);
}
