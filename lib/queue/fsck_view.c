#include <stdio.h>
#include <stdlib.h>

#include "base/arr.h"
#include "base/err.h"
#include "queue/fsck_view.h"

void
fsck_view_free(struct fsck_view *v)
{
	arr_free(&v->home);
	arr_free(&v->token);
	fs_free(&v->odd);
}

static void
odd(struct fsck_view *v, const char *dir, const char *name, const char *what)
{
	struct str b = STR_EMPTY;

	str_addf(&b, "%s%s%s: %s", dir, *dir != '\0' ? "/" : "", name, what);
	*arr_push(&v->odd) = str_take(&b);
}

/* The tokens of one directory; ${segment} is NULL for that of a worker. */
static int
list_tokens(struct fsck_view *v, enum state state, const char *name,
    const uint32_t *segment, struct err *e)
{
	static const char *const files[] = { "worker.ini", "heartbeat",
		"report", "params.json" };
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct token t;
	size_t i, k;
	int bad;

	fs_join(&path, name_state(state), name);
	bad = queue_list(v->q, path.s, &names, e);
	for (i = 0; !bad && i < names.n; i++) {
		for (k = 0; segment == NULL && k < 4; k++)
			if (str_eq(names.v[i], files[k]))
				break;
		if (segment == NULL && k < 4)
			continue;
		if (name_parse_token(names.v[i], state, &t) < 0) {
			odd(v, path.s, names.v[i], "unknown name");
			continue;
		}
		if (segment != NULL && name_segment(t.id) != *segment)
			odd(v, path.s, names.v[i],
			    "a token in another segment's directory");
		if (segment == NULL)
			snprintf(t.by, sizeof t.by, "%s", name);
		*arr_push(&v->token) = t;
	}
	str_free(&path);
	fs_free(&names);

	return bad;
}

static int
list_homes(struct fsck_view *v, const char *name, uint32_t segment,
    struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	uint32_t id;
	size_t i;
	int bad;

	fs_join(&path, "trials", name);
	bad = queue_list(v->q, path.s, &names, e);
	for (i = 0; !bad && i < names.n; i++)
		if (name_parse_id(names.v[i], &id) < 0)
			odd(v, path.s, names.v[i], "unknown name");
		else if (name_segment(id) != segment)
			odd(v, path.s, names.v[i],
			    "a trial in another segment's directory");
		else
			*arr_push(&v->home) = id;
	str_free(&path);
	fs_free(&names);

	return bad;
}

/* A state's directories; STATE_NEW stands for the homes. */
static int
list_state(struct fsck_view *v, enum state state, struct err *e)
{
	const char *top = state == STATE_NEW ? "trials" : name_state(state);
	struct fs_names dirs = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	uint32_t segment;
	size_t i;
	int bad;

	bad = queue_list(v->q, top, &dirs, e);
	for (i = 0; !bad && i < dirs.n; i++) {
		const char *name = dirs.v[i];

		fs_join(&path, top, name);
		if (state == STATE_RUNNING
			? !name_is_writer(name)
			: name_parse_segment(name, &segment) < 0)
			odd(v, top, name, "unknown name");
		else if (!fs_is_dir(v->q->fd, path.s) &&
		    (state != STATE_RUNNING || queue_exists(v->q, path.s)))
			odd(v, top, name, "not a directory");
		else if (state == STATE_NEW)
			bad = list_homes(v, name, segment, e);
		else
			bad = list_tokens(v, state, name,
			    state == STATE_RUNNING ? NULL : &segment, e);
	}
	str_free(&path);
	fs_free(&dirs);

	return bad;
}

static int
list_top(struct fsck_view *v, struct err *e)
{
	static const char *const known[] = { "FORMAT", "closed", "control",
		"done", "failed", "held", "observed", "ready", "running",
		"segments", "slurm", "tmp", "trials" };
	struct fs_names names = { 0, 0, NULL };
	size_t i, k, n = sizeof known / sizeof known[0];
	int bad;

	bad = queue_list(v->q, ".", &names, e);
	for (i = 0; !bad && i < names.n; i++) {
		for (k = 0; k < n && !str_eq(names.v[i], known[k]); k++)
			;
		if (k == n)
			odd(v, "", names.v[i], "unknown name");
	}
	fs_free(&names);

	return bad;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

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

/*
 * Homes first: a trial that is seen to exist has a token somewhere from then
 * on.  Then in the direction in which tokens move.
 */
int
fsck_view_look(struct fsck_view *v, struct err *e)
{
	static const enum state order[] = { STATE_NEW, STATE_READY, STATE_HELD,
		STATE_RUNNING, STATE_FAILED, STATE_DONE, STATE_CLOSED };
	size_t i;
	int bad;

	fsck_view_free(v);
	bad = list_top(v, e);
	for (i = 0; !bad && i < sizeof order / sizeof order[0]; i++)
		bad = list_state(v, order[i], e);
	if (v->home.n > 1)
		qsort(v->home.v, v->home.n, sizeof *v->home.v, by_number);
	if (v->token.n > 1)
		qsort(v->token.v, v->token.n, sizeof *v->token.v, by_id);
	fs_sort(&v->odd);

	return bad;
}

size_t
fsck_view_first(const struct fsck_view *v, uint32_t id)
{
	size_t lo = 0, hi = v->token.n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (v->token.v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}

	return lo;
}

bool
fsck_view_next(const struct fsck_view *v, size_t at[2], uint32_t *id,
    bool *home)
{
	size_t *i = &at[0], *k = &at[1];

	if (*i == v->home.n && *k == v->token.n)
		return false;
	*home = *i < v->home.n &&
	    (*k == v->token.n || v->home.v[*i] <= v->token.v[*k].id);
	*id = *home ? v->home.v[*i] : v->token.v[*k].id;
	*i += *home;
	while (*k < v->token.n && v->token.v[*k].id == *id)
		++*k;

	return true;
}

bool
fsck_view_has_home(const struct fsck_view *v, uint32_t id)
{
	return v->home.n > 0 &&
	    bsearch(&id, v->home.v, v->home.n, sizeof *v->home.v, by_number) !=
	    NULL;
}
