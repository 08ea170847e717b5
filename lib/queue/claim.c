#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "queue/birth.h"
#include "queue/claim.h"

int
claim_left(const struct queue *q, const char *worker, struct token *t,
    struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	size_t i;
	int rc;

	rc = fs_list(q->fd, fs_join(&path, "running", worker), &names, e);
	if (rc < 0 && e->sys == ENOENT) {
		err_clear(e);
		rc = QUEUE_GONE;
	}
	for (i = 0; rc == 0 && i < names.n; i++)
		if (name_parse_token(names.v[i], STATE_RUNNING, t) == 0) {
			snprintf(t->by, sizeof t->by, "%s", worker);
			rc = 1;
		}
	str_free(&path);
	fs_free(&names);

	return rc;
}

/* 1: claimed; 0: somebody was faster; QUEUE_GONE; -1. */
static int
take(struct queue *q, const char *worker, const struct token *ready,
    struct token *t, struct err *e)
{
	int step;

	*t = *ready;
	t->state = STATE_RUNNING;
	snprintf(t->by, sizeof t->by, "%s", worker);
	step = queue_move(q, ready, t, e);
	if (step == QUEUE_DONE)
		return 1;

	return step == QUEUE_LOST || step == QUEUE_SEALED ? 0 : step;
}

/* Try the tokens of one segment, from the ${start}-th on and around. */
static int
claim_in(struct queue *q, const char *worker, const char *segment,
    uint64_t start, struct token *t, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct token ready;
	size_t i;
	int rc;

	rc = queue_list(q, fs_join(&path, "ready", segment), &names, e);
	fs_sort(&names);
	for (i = 0; rc == 0 && i < names.n; i++)
		if (name_parse_token(names.v[(start + i) % names.n],
			STATE_READY, &ready) == 0)
			rc = take(q, worker, &ready, t, e);
	str_free(&path);
	fs_free(&names);

	return rc;
}

int
claim_next(struct queue *q, const char *worker, int slot, struct token *t,
    struct err *e)
{
	struct fs_names segments = { 0, 0, NULL };
	uint32_t segment;
	uint64_t first = 0, start = 0;
	size_t i;
	int rc;

	rc = claim_left(q, worker, t, e);
	if (rc != 0)
		return rc;
	rc = queue_list_dirs(q, "ready", &segments, e);
	fs_sort(&segments);
	if (slot > 0) {
		start = (uint64_t)slot - 1;
	} else {
		first = proc_random64() % (segments.n + 1);
		start = proc_random64() % NAME_SEGMENT;
	}
	for (i = 0; rc == 0 && i < segments.n; i++) {
		const char *s = segments.v[(first + i) % segments.n];

		if (name_parse_segment(s, &segment) == 0)
			rc = claim_in(q, worker, s, start, t, e);
	}
	fs_free(&segments);

	return rc;
}

/* The token of ${id} among those of ready/S or held/S; 0 if not seen. */
static int
find_waiting(const struct queue *q, enum state state, uint32_t id,
    struct token *t, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	size_t i;
	int rc;

	rc = queue_list(q, name_dir(state, name_segment(id), &path), &names, e);
	for (i = 0; rc == 0 && i < names.n; i++)
		if (name_parse_token(names.v[i], state, t) == 0 && t->id == id)
			rc = 1;
	str_free(&path);
	fs_free(&names);

	return rc;
}

int
claim_id(struct queue *q, const char *worker, uint32_t id, struct token *t,
    struct err *e)
{
	struct token waiting, released;
	struct str home = STR_EMPTY;
	int rc;

	rc = find_waiting(q, STATE_HELD, id, &waiting, e);
	if (rc > 0) {
		released = waiting;
		released.state = STATE_READY;
		rc = queue_move(q, &waiting, &released, e);
	}
	if (rc < 0)
		return -1;
	rc = find_waiting(q, STATE_READY, id, &waiting, e);
	/* Born, but its sampler died before it could settle? */
	if (rc == 0 && queue_exists(q, name_home(id, &home)) &&
	    birth_settle(q, id, e) == QUEUE_DONE)
		rc = find_waiting(q, STATE_READY, id, &waiting, e);
	str_free(&home);

	return rc > 0 ? take(q, worker, &waiting, t, e) : rc;
}
