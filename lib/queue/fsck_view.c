#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "queue/fsck_view.h"

const char *
fsck_view_odd(enum fsck_odd what)
{
	static const char *const texts[] = { "unknown name", "not a directory",
		"a token in another segment's directory",
		"a trial in another segment's directory", "missing",
		"damaged" };

	return texts[what];
}

void
fsck_view_free(struct fsck_view *v)
{
	size_t i;

	for (i = 0; i < v->odd.n; i++)
		free(v->odd.v[i].path);
	arr_free(&v->odd);
	arr_free(&v->home);
	arr_free(&v->token);
	segments_free(&v->sealed);
}

static void
odd(struct fsck_view *v, const char *dir, const char *name, enum fsck_odd what)
{
	struct fsck_name *new = arr_push(&v->odd);
	struct str b = STR_EMPTY;

	if (*dir != '\0')
		fs_join(&b, dir, name);
	else
		str_add(&b, name);
	new->path = str_take(&b);
	new->what = what;
}

/* The tokens of one directory; ${segment} is NULL for that of a worker. */
static int
list_tokens(struct fsck_view *v, enum state state, const char *name,
    const uint32_t *segment, struct err *e)
{
	static const char *const files[] = { "worker.ini", "heartbeat",
		"report", "params.json", "suspended" };
	enum { FILES = sizeof files / sizeof files[0] };
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct token t;
	size_t i, k;
	int bad;

	fs_join(&path, name_state(state), name);
	bad = queue_list(v->q, path.s, &names, e);
	for (i = 0; !bad && i < names.n; i++) {
		for (k = 0; segment == NULL && k < FILES; k++)
			if (str_eq(names.v[i], files[k]))
				break;
		if (segment == NULL && k < FILES)
			continue;
		if (name_parse_token(names.v[i], state, &t) < 0) {
			odd(v, path.s, names.v[i], FSCK_NAME);
			continue;
		}
		if (segment != NULL && name_segment(t.id) != *segment)
			odd(v, path.s, names.v[i], FSCK_TOKEN);
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
			odd(v, path.s, names.v[i], FSCK_NAME);
		else if (name_segment(id) != segment)
			odd(v, path.s, names.v[i], FSCK_HOME);
		else
			*arr_push(&v->home) = id;
	str_free(&path);
	fs_free(&names);

	return bad;
}

/*
 * Is it a directory: 1, 0, or -1 where that cannot be told.  One that has
 * gone since it was listed counts: it will be listed as empty.
 */
static int
is_dir(const struct fsck_view *v, const char *path, struct err *e)
{
	struct stat st;

	if (fstatat(v->q->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISDIR(st.st_mode);
	if (errno == ENOENT)
		return 1;

	return err_sys(e, "cannot examine '%s/hpo/%s'", v->q->path, path);
}

/* A directory of a state, which is ${top}/NAME. */
static int
list_dir(struct fsck_view *v, enum state state, const char *top,
    const char *name, struct err *e)
{
	struct str path = STR_EMPTY;
	uint32_t segment = 0;
	bool running = state == STATE_RUNNING;
	int yes;

	if (running ? !name_is_writer(name)
		    : name_parse_segment(name, &segment) < 0) {
		odd(v, top, name, FSCK_NAME);
		return 0;
	}
	/* What lies loose of a sealed segment, the file that stands in for
	 * its ready/S included, is no concern. */
	if (!running && segments_has(&v->sealed, segment))
		return 0;
	yes = is_dir(v, fs_join(&path, top, name), e);
	str_free(&path);
	if (yes == 0)
		odd(v, top, name, FSCK_FILE);
	if (yes <= 0)
		return yes;

	return state == STATE_NEW
	    ? list_homes(v, name, segment, e)
	    : list_tokens(v, state, name, running ? NULL : &segment, e);
}

/* A state's directories; STATE_NEW stands for the homes. */
static int
list_state(struct fsck_view *v, enum state state, struct err *e)
{
	const char *top = state == STATE_NEW ? "trials" : name_state(state);
	struct fs_names dirs = { 0, 0, NULL };
	size_t i;
	int bad;

	bad = queue_list(v->q, top, &dirs, e);
	for (i = 0; !bad && i < dirs.n; i++)
		bad = list_dir(v, state, top, dirs.v[i], e);
	fs_free(&dirs);

	return bad;
}

/* What is in the directory of a sealed segment. */
static int
list_segment(struct fsck_view *v, const char *name, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	size_t i;
	int bad;

	bad = is_dir(v, fs_join(&path, "segments", name), e);
	if (bad == 0)
		odd(v, "segments", name, FSCK_FILE);
	bad = bad < 0 || queue_list(v->q, path.s, &names, e) < 0;
	for (i = 0; i < names.n; i++)
		if (!str_eq(names.v[i], SEGMENT_TAR))
			odd(v, path.s, names.v[i], FSCK_NAME);
	fs_free(&names);
	str_free(&path);

	return bad ? -1 : 0;
}

static int
list_segments(struct fsck_view *v, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	uint32_t segment;
	size_t i;
	int bad;

	bad = queue_list(v->q, "segments", &names, e);
	for (i = 0; !bad && i < names.n; i++)
		if (name_parse_segment(names.v[i], &segment) < 0)
			odd(v, "segments", names.v[i], FSCK_NAME);
		else
			bad = list_segment(v, names.v[i], e);
	fs_free(&names);

	return bad;
}

/*
 * What is in hpo/: the first eleven are directories.  What was unpacked from
 * an archive lacks the empty ones, tmp/ among them, which the next writer
 * makes; where there is one all have to be there.
 */
static int
list_top(struct fsck_view *v, struct err *e)
{
	static const char *const known[] = { "closed", "control", "done",
		"failed", "held", "observed", "ready", "running", "segments",
		"tmp", "trials", "FORMAT", "archived.tsv", "lost", "slurm",
		"backend" };
	enum { MUST = 11 };
	struct fs_names names = { 0, 0, NULL };
	size_t i, k, n = sizeof known / sizeof known[0];
	bool seen[MUST] = { false };
	int bad, yes;

	bad = queue_list(v->q, ".", &names, e);
	for (i = 0; !bad && i < names.n; i++) {
		for (k = 0; k < n && !str_eq(names.v[i], known[k]); k++)
			;
		if (k == n)
			odd(v, "", names.v[i], FSCK_NAME);
		if (k >= MUST)
			continue;
		seen[k] = true;
		yes = is_dir(v, names.v[i], e);
		bad = yes < 0 ? -1 : 0;
		if (yes == 0)
			odd(v, "", names.v[i], FSCK_FILE);
	}
	for (k = 0; !bad && queue_is_whole(v->q) && k < MUST; k++)
		if (!seen[k])
			odd(v, "", known[k], FSCK_MISSING);
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

	if (x->state != y->state)
		return (int)x->state - (int)y->state;

	return strcmp(x->by, y->by);
}

static int
by_path(const void *a, const void *b)
{
	const struct fsck_name *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* What was sealed while the rest was being listed has been seen in part. */
static void
drop_sealed(struct fsck_view *v)
{
	size_t i, n;

	for (i = n = 0; i < v->home.n; i++)
		if (!segments_has(&v->sealed, name_segment(v->home.v[i])))
			v->home.v[n++] = v->home.v[i];
	v->home.n = n;
	for (i = n = 0; i < v->token.n; i++)
		if (!segments_has(&v->sealed, name_segment(v->token.v[i].id)))
			v->token.v[n++] = v->token.v[i];
	v->token.n = n;
}

/*
 * Homes first: a trial that is seen to exist has a token somewhere from then
 * on.  Then in the direction in which tokens move, the segments last.
 */
int
fsck_view_look(struct fsck_view *v, struct err *e)
{
	static const enum state order[] = { STATE_NEW, STATE_READY, STATE_HELD,
		STATE_RUNNING, STATE_FAILED, STATE_DONE, STATE_CLOSED };
	size_t i;
	int bad;

	fsck_view_free(v);
	bad = list_top(v, e) < 0 || segments_list(v->q, &v->sealed, e) < 0;
	for (i = 0; !bad && i < sizeof order / sizeof order[0]; i++)
		bad = list_state(v, order[i], e) < 0;
	if (!bad)
		bad = list_segments(v, e) < 0 ||
		    segments_list(v->q, &v->sealed, e) < 0;
	drop_sealed(v);
	if (v->home.n > 1)
		qsort(v->home.v, v->home.n, sizeof *v->home.v, by_number);
	if (v->token.n > 1)
		qsort(v->token.v, v->token.n, sizeof *v->token.v, by_id);
	if (v->odd.n > 1)
		qsort(v->odd.v, v->odd.n, sizeof *v->odd.v, by_path);

	return bad ? -1 : 0;
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
