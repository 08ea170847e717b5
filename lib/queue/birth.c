#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "form/trial.h"
#include "queue/birth.h"
#include "queue/segment.h"

enum { TRIAL_MAX = 16 << 20, SYNC_EACH = 3, TRIES = 8 };

/* Mark in ${taken}[NAME_SEGMENT] the ids of a segment that have a home. */
static int
taken_ids(const struct queue *q, uint32_t segment, unsigned char *taken,
    struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	uint32_t id;
	size_t i;
	int bad;

	memset(taken, 0, NAME_SEGMENT);
	str_addf(&path, "trials/%04u", segment);
	bad = queue_list(q, path.s, &names, e);
	for (i = 0; !bad && i < names.n; i++)
		if (name_parse_id(names.v[i], &id) == 0 &&
		    name_segment(id) == segment)
			taken[id % NAME_SEGMENT] = 1;
	fs_free(&names);
	str_free(&path);

	return bad;
}

int
birth_free_ids(const struct queue *q, uint32_t limit, uint32_t want,
    uint32_t *id, uint32_t *n, struct err *e)
{
	struct segments sealed = { 0, 0, NULL };
	unsigned char taken[NAME_SEGMENT];
	uint32_t first, i;
	int bad;

	*n = 0;
	bad = segments_list(q, &sealed, e);
	for (first = 0; !bad && first < limit && *n < want; first +=
	     NAME_SEGMENT) {
		if (segments_has(&sealed, name_segment(first)))
			continue;
		bad = taken_ids(q, name_segment(first), taken, e);
		if (bad)
			break;
		for (i = 0; i < NAME_SEGMENT && first + i < limit && *n < want;
		     i++)
			if (!taken[i])
				id[(*n)++] = first + i;
	}
	segments_free(&sealed);

	return bad;
}

/* tmp/W.n with trial.ini and an empty token in it. */
static int
prepare(struct queue *q, const struct trial *t, char tmp[NAME_PATH],
    struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	int bad;

	queue_tmp(q, &path);
	snprintf(tmp, NAME_PATH, "%s", path.s);
	trial_format(t, &text);
	bad = fs_mkdir(q->fd, tmp, e) < 0 ||
	    fs_create(q->fd, fs_join(&path, tmp, "trial.ini"), text.s, text.n,
		e) < 0 ||
	    fs_create(q->fd, fs_join(&path, tmp, "token"), "", 0, e) < 0;
	str_free(&text);
	str_free(&path);

	return bad ? -1 : 0;
}

/*
 * The facts are durable before the name is: without this a power cut leaves
 * an empty trial.ini under its final name.  One syncfs(2) is cheaper than
 * two fsync(2) a trial from a few trials on.
 */
static int
sync_prepared(struct queue *q, char (*tmp)[NAME_PATH], uint32_t n,
    struct err *e)
{
	struct str path = STR_EMPTY;
	uint32_t i;
	int bad = 0;

	/* Its error may be that of a file of somebody else's. */
	if (n >= SYNC_EACH && proc_sync_fs(q->fd) == 0)
		return 0;
	for (i = 0; i < n && !bad; i++)
		bad = fs_sync(q->fd, fs_join(&path, tmp[i], "trial.ini"), e) <
			0 ||
		    fs_sync(q->fd, tmp[i], e) < 0;
	str_free(&path);

	return bad ? -1 : 0;
}

/* A text of a trial.ini, and whether it is the one looked for. */
struct looked_for {
	const struct trial *t;
	bool mine;
};

static int
is_it(void *cookie, uint32_t id, const struct str *text, struct err *e)
{
	struct looked_for *l = cookie;
	struct trial there;

	if (id != l->t->id)
		return 0;
	if (trial_parse(text->s, text->n, "trial.ini", &there, e) == 0) {
		l->mine = there.random == l->t->random;
		trial_free(&there);
	}

	return 1;
}

/* Was it settled, run and sealed before we looked?  What is loose of a sealed
 * segment does not count, were it ours or not. */
static bool
is_sealed_mine(const struct queue *q, const struct trial *t)
{
	struct looked_for l = { t, false };
	struct err ignored = ERR_NONE;

	segment_trials(q, name_segment(t->id), is_it, &l, &ignored);

	return l.mine;
}

/* Does the home of ${t} hold what we wrote: our random number? */
static bool
is_mine(const struct queue *q, const struct trial *t)
{
	struct err e = ERR_NONE;
	struct str path = STR_EMPTY, text = STR_EMPTY;
	struct trial there;
	bool mine = false;

	name_in_home(t->id, "trial.ini", &path);
	if (fs_slurp(q->fd, path.s, TRIAL_MAX, &text, &e) == 0 &&
	    trial_parse(text.s, text.n, path.s, &there, &e) == 0) {
		mine = there.random == t->random;
		trial_free(&there);
	}
	str_free(&text);
	str_free(&path);

	return mine;
}

/*
 * rename(tmp/W.n -> trials/S/ID).  A full directory as target says
 * ENOTEMPTY, xfs EEXIST, sshfs EPERM, and a lost reply ENOENT: so after any
 * error the home itself is asked.  Only a sampler makes trials/S: a worker
 * that made it could bring a moved segment's home back.
 */
static int
rename_home(struct queue *q, const char *tmp, const struct trial *t,
    struct err *e)
{
	struct str home = STR_EMPTY, dir = STR_EMPTY;
	int i, step = -1, sys = 0;

	name_home(t->id, &home);
	if (fs_crosses_link(q->fd, home.s))
		sys = ELOOP;
	for (i = 0; i < TRIES && step < 0 && sys != ELOOP; i++) {
		if (renameat(q->fd, tmp, q->fd, home.s) == 0) {
			step = QUEUE_DONE;
			break;
		}
		sys = errno;
		if (is_mine(q, t)) {
			step = QUEUE_DONE;
		} else if (sys == ENOTDIR) {
			step = QUEUE_SEALED;
		} else if (queue_exists(q, home.s) ||
		    (sys == ENOENT && !queue_exists(q, tmp))) {
			step = QUEUE_LOST; /* taken, or ours was swept */
		} else if (sys == ENOENT) {
			str_cut(&dir, 0);
			str_addf(&dir, "trials/%04u", name_segment(t->id));
			if (fs_mkdir(q->fd, dir.s, e) < 0 ||
			    fs_sync(q->fd, "trials", e) < 0)
				break;
		} else if (sys != EINTR) {
			break;
		}
	}
	if (step < 0 && e->code == 0) {
		errno = sys;
		err_sys(e, "cannot rename '%s/hpo/%s' to '%s'", q->path, tmp,
		    home.s);
	}
	str_free(&dir);
	str_free(&home);

	return step;
}

/* fsync a directory once for the trials in a row that share it. */
static int
sync_segments(struct queue *q, const char *parent, const struct trial *t,
    const unsigned char *state, uint32_t n, struct err *e)
{
	struct str dir = STR_EMPTY;
	uint32_t i, last = UINT32_MAX;
	int bad = 0;

	for (i = 0; i < n && !bad; i++) {
		if (!state[i] || name_segment(t[i].id) == last)
			continue;
		last = name_segment(t[i].id);
		str_cut(&dir, 0);
		str_addf(&dir, "%s/%04u", parent, last);
		bad = fs_sync(q->fd, dir.s, e);
		/* Sealed in between: then its settle will tell. */
		if (bad && (e->sys == ENOENT || e->sys == ENOTDIR)) {
			err_clear(e);
			bad = 0;
		}
	}
	str_free(&dir);

	return bad;
}

static int
settle(struct queue *q, uint32_t id, struct err *e)
{
	struct token from = { id, 0, STATE_NEW, "" };
	struct token to = { id, 0, STATE_READY, "" };

	return queue_move_lazily(q, &from, &to, e);
}

/*
 * Born is not made: a segment may have been sealed meanwhile.  A settle that
 * finds no token was done by another, if the home is still ours; of a
 * sealed segment the answer is ENOTDIR, from the server, for ever.
 */
static int
settle_batch(struct queue *q, const struct trial *t, uint32_t n,
    const unsigned char *born, unsigned char *made, struct err *e)
{
	struct err ignored = ERR_NONE;
	uint32_t i;
	int step = 0;

	for (i = 0; i < n && step >= 0; i++) {
		if (!born[i])
			continue;
		step = settle(q, t[i].id, e);
		made[i] = step == QUEUE_DONE ||
		    (step == QUEUE_LOST && is_mine(q, &t[i])) ||
		    (step > 0 && is_sealed_mine(q, &t[i]));
	}
	if (sync_segments(q, "ready", t, made, n, step < 0 ? &ignored : e) < 0)
		step = -1;

	return step < 0 ? -1 : 0;
}

int
birth_batch(struct queue *q, const struct trial *t, uint32_t n,
    unsigned char *made, struct err *e)
{
	char(*tmp)[NAME_PATH] = mem_zero(n, sizeof *tmp);
	unsigned char *born = mem_zero(n, 1);
	struct err ignored = ERR_NONE;
	uint32_t i;
	int step, bad = 0;

	memset(made, 0, n);
	for (i = 0; i < n && !bad; i++)
		bad = prepare(q, &t[i], tmp[i], e);
	if (!bad)
		bad = sync_prepared(q, tmp, n, e);
	for (i = 0; i < n && !bad; i++) {
		step = rename_home(q, tmp[i], &t[i], e);
		bad = step < 0;
		born[i] = step == QUEUE_DONE;
	}
	/* What is born is settled even where a later birth has failed. */
	if (sync_segments(q, "trials", t, born, n, bad ? &ignored : e) < 0 ||
	    settle_batch(q, t, n, born, made, bad ? &ignored : e) < 0)
		bad = -1;
	for (i = 0; i < n; i++)
		if (!born[i] && tmp[i][0] != '\0')
			queue_discard(q, tmp[i], &ignored);
	free(born);
	free(tmp);

	return bad ? -1 : 0;
}

int
birth_settle(struct queue *q, uint32_t id, struct err *e)
{
	struct str dir = STR_EMPTY;
	int step = -1;

	/* The birth's name is another's: durable before we rely on it. */
	str_addf(&dir, "trials/%04u", name_segment(id));
	if (fs_sync(q->fd, dir.s, e) == 0) {
		step = settle(q, id, e);
	} else if (e->sys == ENOENT || e->sys == ENOTDIR) {
		err_clear(e); /* sealed a moment ago */
		step = QUEUE_GONE;
	}
	if (step == QUEUE_DONE) {
		name_dir(STATE_READY, name_segment(id), &dir);
		step = fs_sync(q->fd, dir.s, e);
	}
	str_free(&dir);

	return step;
}
