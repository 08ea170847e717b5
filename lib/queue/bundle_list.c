#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/walk.h"
#include "queue/bundle_list.h"
#include "queue/find.h"
#include "queue/scan.h"
#include "queue/segment.h"

enum { LOOKS = 100 }; /* for a token on its way */

struct taking {
	const struct queue *q;
	struct bundle_list *list;
	struct find find;
	struct str path;
};

static void
add(struct taking *t, enum bundle_kind kind, const char *under,
    const char *path)
{
	struct bundle_member *new = arr_push(t->list);
	struct str b = STR_EMPTY;

	str_addf(&b, "%s%s", under, path);
	new->path = str_take(&b);
	new->kind = kind;
}

/* A listing that fails: that a directory has gone is no failure. */
static int
is_gone(struct err *e, int gone)
{
	if (e->sys != ENOENT && e->sys != ENOTDIR)
		return -1;
	err_clear(e);

	return gone;
}

/*
 * Does the file of a home, "result.A.W.ini" or "log.A", belong to an attempt
 * that the token has not come to?
 */
static bool
is_newer(const char *file, const struct token *token)
{
	char by[NAME_WRITER];
	unsigned attempt;
	uint64_t n;

	if (name_parse_result(file, &attempt, by) < 0) {
		if (!str_starts(file, "log.") ||
		    num_u64(file + strlen("log."), UINT32_MAX, &n) < 0)
			return false;
		attempt = (unsigned)n;
	}

	return token->state >= STATE_RUNNING ? attempt > token->attempt
					     : attempt >= token->attempt;
}

static bool
is_fact(const char *file)
{
	return str_eq(file, "trial.ini") || str_starts(file, "result.");
}

/* The files of a home, which were listed after its token was seen. */
static void
add_home(struct taking *t, const struct fs_names *files, size_t home,
    const struct token *token)
{
	const char *file;
	size_t i;

	for (i = 0; i < files->n; i++) {
		file = files->v[i] + home + 1;
		if (str_eq(file, "token")) {
			if (token->state == STATE_NEW)
				add(t, BUNDLE_TOKEN, "hpo/", files->v[i]);
		} else if (!is_newer(file, token)) {
			add(t, is_fact(file) ? BUNDLE_FACT : BUNDLE_FILE,
			    "hpo/", files->v[i]);
		}
	}
}

/* Is the home's own token among its files? */
static bool
is_unsettled(const struct fs_names *files, size_t home)
{
	size_t i;

	for (i = 0; i < files->n; i++)
		if (str_eq(files->v[i] + home + 1, "token"))
			return true;

	return false;
}

/*
 * One trial.  Seen without a token elsewhere, and without one in its home, it
 * has one that is moving: it is looked for until it is found.
 */
static int
add_trial(struct taking *t, struct token *token, struct err *e)
{
	struct fs_names files = { 0, 0, NULL };
	size_t home, i;
	int rc = 0;

	name_home(token->id, &t->path);
	home = t->path.n;
	for (i = 0; i < LOOKS; i++) {
		fs_free(&files);
		rc = 0;
		if (walk_files(t->q->fd, t->path.s, &files, e) < 0) {
			rc = is_gone(e, BUNDLE_AGAIN);
			if (rc < 0 || !fs_is_dir(t->q->fd, t->path.s))
				break;
			continue; /* a file was removed below our eyes */
		}
		if (token->state != STATE_NEW || is_unsettled(&files, home))
			break;
		rc = find_trial(&t->find, token->id, token, e);
		if (rc <= 0)
			break;
		rc = token->state == STATE_SEALED ? BUNDLE_AGAIN : 0;
		if (rc != 0)
			break;
	}
	if (rc == 0) {
		add_home(t, &files, home, token);
		if (token->state != STATE_NEW)
			add(t, BUNDLE_TOKEN, "hpo/",
			    name_token(token, &t->path));
	}
	fs_free(&files);

	return rc;
}

static void
add_segment(struct taking *t, uint32_t segment)
{
	add(t, BUNDLE_FACT, "hpo/", segment_path(segment, &t->path));
	/* The file that keeps tokens out. */
	str_cut(&t->path, 0);
	str_addf(&t->path, "ready/%04u", segment);
	add(t, BUNDLE_TOKEN, "hpo/", t->path.s);
}

/* All files below hpo/DIR; of running/ without tokens, which the scan saw. */
static int
add_below(struct taking *t, const char *dir, struct err *e)
{
	struct fs_names files = { 0, 0, NULL };
	bool running = str_eq(dir, name_state(STATE_RUNNING));
	struct token token;
	size_t i;
	int rc = 0;

	if (walk_files(t->q->fd, dir, &files, e) < 0)
		rc = is_gone(e, 0);
	for (i = 0; i < files.n && rc == 0; i++)
		if (!running ||
		    name_parse_token(strrchr(files.v[i], '/') + 1,
			STATE_RUNNING, &token) < 0)
			add(t, BUNDLE_FILE, "hpo/", files.v[i]);
	fs_free(&files);

	return rc;
}

/* What else lies in hpo/. */
static int
add_rest(struct taking *t, struct err *e)
{
	static const char *const done[] = { "trials", "ready", "held", "done",
		"failed", "closed", "segments", "tmp", "observed", "FORMAT" };
	enum { DONE = sizeof done / sizeof done[0] };
	struct fs_names names = { 0, 0, NULL };
	size_t i, k;
	int rc = queue_list(t->q, ".", &names, e);

	for (i = 0; i < names.n && rc == 0; i++) {
		for (k = 0; k < DONE && !str_eq(names.v[i], done[k]); k++)
			continue;
		if (k < DONE)
			continue;
		if (fs_is_dir(t->q->fd, names.v[i]))
			rc = add_below(t, names.v[i], e);
		else
			add(t, BUNDLE_FILE, "hpo/", names.v[i]);
	}
	fs_free(&names);

	return rc;
}

/* The user's own files; of ours a dot name at the top may be a leftover. */
static int
add_users(struct taking *t, struct err *e)
{
	struct fs_names files = { 0, 0, NULL };
	const char *path;
	size_t i;
	int bad = walk_files(t->q->root, ".", &files, e);

	for (i = 0; i < files.n && !bad; i++) {
		path = files.v[i] + strlen("./");
		if (!str_starts(path, "hpo/") && !str_starts(path, ".hpo") &&
		    !str_eq(path, "campaign.ini"))
			add(t, BUNDLE_FILE, "", path);
	}
	fs_free(&files);

	return bad;
}

/* Where it comes in the archive. */
static int
rank(const char *path)
{
	if (str_eq(path, "campaign.ini"))
		return 0;
	if (!str_starts(path, "hpo/"))
		return 4;
	if (str_eq(path, "hpo/FORMAT"))
		return 1;

	return str_starts(path, "hpo/segments/") ? 2 : 3;
}

static int
by_rank(const void *a, const void *b)
{
	const struct bundle_member *x = a, *y = b;
	int i = rank(x->path), k = rank(y->path);

	return i != k ? i - k : strcmp(x->path, y->path);
}

static int
take_hpo(struct taking *t, const struct scan *s, struct err *e)
{
	struct token token;
	size_t i;
	int rc = 0;

	add(t, BUNDLE_FACT, "hpo/", "FORMAT");
	for (i = 0; i < s->n && rc == 0; i++) {
		scan_as_token(&s->v[i], &token);
		rc = add_trial(t, &token, e);
	}
	for (i = 0; i < s->sealed.n && rc == 0; i++)
		add_segment(t, s->sealed.v[i]);

	return rc != 0 ? rc : add_rest(t, e);
}

int
bundle_list_take(const struct queue *q, bool users, struct bundle_list *list,
    struct err *e)
{
	struct taking t = { .q = q, .list = list, .find = { .q = q } };
	struct scan scan;
	int rc = 0;

	add(&t, BUNDLE_FACT, "", "campaign.ini");
	if (q->fd >= 0) {
		if (scan_all(q, &scan, e) < 0)
			return -1;
		rc = take_hpo(&t, &scan, e);
		scan_free(&scan);
	}
	if (rc == 0 && users)
		rc = add_users(&t, e);
	if (rc == 0)
		qsort(list->v, list->n, sizeof *list->v, by_rank);
	find_free(&t.find);
	str_free(&t.path);
	if (rc < 0)
		err_prefix(e, "campaign '%s'", q->path);

	return rc;
}

bool
bundle_list_has(const struct bundle_list *list, const char *path)
{
	struct bundle_member key = { .kind = BUNDLE_FILE };
	bool yes;

	key.path = mem_dup(path);
	yes = bsearch(&key, list->v, list->n, sizeof *list->v, by_rank) != NULL;
	free(key.path);

	return yes;
}

void
bundle_list_free(struct bundle_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		free(list->v[i].path);
	arr_free(list);
}
