#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "form/campaign.h"
#include "queue/seal.h"
#include "queue/seal_files.h"
#include "queue/segment.h"

/*
 * Every step can be the last before a crash, and can be done by two at once.
 * Up to the rename of a directory to segments/S nothing has been lost to the
 * loose state; from then on the loose state of S no longer counts, and what
 * is left of it is removed by whoever finds it.
 */

enum { TRIES = 8, CANNOT = 0, CAN = 1 };

/* The tokens of a segment in one directory, those of failed/ are closed. */
static int
take_tokens(struct queue *q, enum state state, uint32_t segment,
    struct token *token, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct token t, *have;
	size_t i;
	int bad;

	bad = queue_list(q, name_dir(state, segment, &path), &names, e);
	for (i = 0; i < names.n && !bad; i++) {
		if (name_parse_token(names.v[i], state, &t) < 0 ||
		    name_segment(t.id) != segment)
			continue;
		have = &token[t.id % NAME_SEGMENT];
		/* A later serial is where the trial has gone since. */
		if (have->state == STATE_NEW || have->attempt < t.attempt)
			*have = t;
	}
	fs_free(&names);
	str_free(&path);

	return bad;
}

/* CAN if listings of these states show all thousand ids. */
static int
all_there(struct queue *q, uint32_t segment, const enum state *state, size_t n,
    struct token *token, struct err *e)
{
	size_t i;

	memset(token, 0, NAME_SEGMENT * sizeof *token);
	for (i = 0; i < n; i++)
		if (take_tokens(q, state[i], segment, token, e) < 0)
			return -1;
	for (i = 0; i < NAME_SEGMENT; i++)
		if (token[i].state == STATE_NEW)
			return CANNOT;

	return CAN;
}

/*
 * From closed/ the user cannot take a failed trial back any more: without
 * this step a retry could move it on while its segment is being sealed.
 */
static int
close_failed(struct queue *q, const struct token *token, struct err *e)
{
	struct token to;
	size_t i;
	int step = QUEUE_DONE;

	for (i = 0; i < NAME_SEGMENT && step == QUEUE_DONE; i++) {
		if (token[i].state != STATE_FAILED)
			continue;
		to = token[i];
		to.state = STATE_CLOSED;
		step = queue_move_lazily(q, &token[i], &to, e);
	}

	return step < 0 ? -1 : step == QUEUE_DONE ? CAN : CANNOT;
}

/* The names that the segment's files will rest on are durable first. */
static int
sync_tokens(struct queue *q, uint32_t segment, struct err *e)
{
	static const enum state states[] = { STATE_DONE, STATE_CLOSED };
	struct str path = STR_EMPTY;
	size_t i;
	int bad = 0;

	for (i = 0; i < sizeof states / sizeof states[0] && !bad; i++) {
		bad = fs_sync(q->fd, name_dir(states[i], segment, &path), e);
		if (bad && e->sys == ENOENT) {
			err_clear(e);
			bad = 0;
		}
	}
	str_free(&path);

	return bad;
}

/*
 * rename(tmp/C.n -> segments/S): this is the moment of sealing.  Of several
 * that try one succeeds; the others find a full directory there and go on
 * from that.
 */
static int
commit(struct queue *q, const char *tmp, uint32_t segment, struct err *e)
{
	struct str to = STR_EMPTY;
	int bad = 0;

	str_addf(&to, "segments/%04u", segment);
	if (fs_rename(q->fd, tmp, to.s, e) < 0) {
		bad = !segment_is_sealed(q, segment);
		if (!bad)
			err_clear(e);
	}
	if (!bad)
		bad = fs_sync(q->fd, "segments", e);
	str_free(&to);

	return bad ? -1 : 0;
}

/* CAN: it is sealed now, by us or another. */
static int
seal(struct queue *q, const struct campaign *c, uint32_t segment, struct err *e)
{
	static const enum state ended[] = { STATE_DONE, STATE_FAILED,
		STATE_CLOSED };
	static const enum state final[] = { STATE_DONE, STATE_CLOSED };
	struct token *token = mem_alloc(NAME_SEGMENT * sizeof *token);
	struct err ignored = ERR_NONE;
	struct str tmp = STR_EMPTY;
	int rc;

	rc = all_there(q, segment, ended, 3, token, e);
	if (rc == CAN)
		rc = close_failed(q, token, e);
	if (rc == CAN)
		rc = all_there(q, segment, final, 2, token, e);
	if (rc == CAN && sync_tokens(q, segment, e) < 0)
		rc = -1;
	if (rc == CAN) {
		queue_tmp(q, &tmp);
		if (seal_files_make(q, c, token, tmp.s, e) < 0 ||
		    commit(q, tmp.s, segment, e) < 0)
			rc = -1;
		queue_discard(q, tmp.s, &ignored);
	}
	/* What we missed, another may have sealed and removed. */
	if (rc < 0 && segment_is_sealed(q, segment)) {
		err_clear(e);
		rc = CAN;
	}
	str_free(&tmp);
	free(token);

	return rc;
}

/* --- clearing ------------------------------------------------------------- */

static bool
is_file(const struct queue *q, const char *path)
{
	struct stat st;

	return fstatat(q->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode);
}

/*
 * A file in place of ready/S: whatever a late sampler still does, the server
 * answers its settle with ENOTDIR, so no token of S can live again.
 */
static int
put_stone(struct queue *q, uint32_t segment, struct err *e)
{
	struct str path = STR_EMPTY;
	int i, fd, bad = -1;

	name_dir(STATE_READY, segment, &path);
	for (i = 0; i < TRIES && bad; i++) {
		err_clear(e);
		if (is_file(q, path.s)) {
			bad = 0;
			break;
		}
		/* rmdir(2) and nothing else: another's stone may be there. */
		if (unlinkat(q->fd, path.s, AT_REMOVEDIR) < 0 &&
		    errno != ENOENT) {
			bad = err_sys(e, "cannot remove '%s/hpo/%s'", q->path,
			    path.s);
			continue;
		}
		fd = openat(q->fd, path.s,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (fd >= 0)
			bad = close(fd);
		if (fd < 0 || bad)
			bad = err_sys(e, "cannot create '%s/hpo/%s'", q->path,
			    path.s);
	}
	if (!bad)
		bad = fs_sync(q->fd, "ready", e);
	str_free(&path);

	return bad;
}

/* Which segments have something in the directories of loose state? */
struct loose {
	size_t n, cap;
	uint32_t *v;
};

static int
list_loose(struct queue *q, const char *top, struct loose *l, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	uint32_t segment;
	size_t i;
	int bad = queue_list(q, top, &names, e);

	for (i = 0; i < names.n && !bad; i++)
		if (name_parse_segment(names.v[i], &segment) == 0 &&
		    fs_is_dir(q->fd, fs_join(&path, top, names.v[i])))
			*arr_push(l) = segment;
	str_free(&path);
	fs_free(&names);

	return bad;
}

static bool
has(const struct loose *l, uint32_t segment)
{
	size_t i = 0;

	while (i < l->n && l->v[i] != segment)
		i++;

	return i < l->n;
}

/*
 * Remove the loose state of a sealed segment.  The stone comes before the
 * homes go: else a late sampler could give birth to an id of S anew.
 */
static int
clear(struct queue *q, uint32_t segment, struct err *e)
{
	static const char *const tops[] = { "held", "failed", "closed", "done",
		"trials" };
	struct str path = STR_EMPTY;
	size_t i;
	int bad = 0;

	name_dir(STATE_READY, segment, &path);
	/* With the stone there all has been compared; homes that differ now
	 * are births that came too late. */
	bad = fs_sync(q->fd, "segments", e) < 0 ||
	    (!is_file(q, path.s) && seal_files_agree(q, segment, e) < 0) ||
	    put_stone(q, segment, e) < 0;
	for (i = 0; i < sizeof tops / sizeof tops[0] && !bad; i++) {
		str_cut(&path, 0);
		str_addf(&path, "%s/%04u", tops[i], segment);
		if (fs_is_dir(q->fd, path.s))
			bad = queue_discard(q, path.s, e);
	}
	str_free(&path);

	return bad ? -1 : 0;
}

int
seal_all(struct queue *q, const struct campaign *c, struct seal *s,
    struct err *e)
{
	static const char *const tops[] = { "trials", "ready", "held", "done",
		"failed", "closed" };
	struct segments sealed = { 0, 0, NULL };
	struct loose loose = { 0, 0, NULL };
	struct err one = ERR_NONE;
	size_t i, ntrials = 0;
	int rc, bad = 0;

	memset(s, 0, sizeof *s);
	for (i = 0; i < sizeof tops / sizeof tops[0] && !bad; i++) {
		bad = list_loose(q, tops[i], &loose, e);
		if (i == 0)
			ntrials = loose.n;
	}
	if (!bad)
		bad = segments_list(q, &sealed, e);
	for (i = 0; i < ntrials && !bad; i++) {
		if (segments_has(&sealed, loose.v[i]))
			continue;
		err_clear(&one);
		rc = seal(q, c, loose.v[i], &one);
		if (rc == CAN)
			rc = clear(q, loose.v[i], &one);
		else if (rc == CANNOT)
			continue;
		if (rc == 0)
			s->sealed++;
		else if (e->code == 0)
			*e = one;
	}
	for (i = 0; i < sealed.n && !bad; i++) {
		if (!has(&loose, sealed.v[i]))
			continue;
		err_clear(&one);
		if (clear(q, sealed.v[i], &one) == 0)
			s->cleared++;
		else if (e->code == 0)
			*e = one;
	}
	arr_free(&loose);
	segments_free(&sealed);

	return bad || e->code != 0 ? -1 : 0;
}
