#ifndef QUEUE_FIND_H
#define QUEUE_FIND_H

#include <stddef.h>
#include <stdint.h>

#include "queue/queue.h"
#include "queue/segment.h"

struct err;

/*
 * Finding the tokens of given trials, one after another, by listings.  What
 * the listings of a segment showed to have ended serves the next questions,
 * so that many ids cost one listing a segment, not one each.
 */
enum { FIND_SEGMENTS = 32 };

/* The ended trials of one segment, by id; one that has been told is told
 * again only after a new listing, as a failed one may be revived. */
struct find_segment {
	uint32_t segment;
	size_t n, cap;
	struct token *v;
};

struct find {
	const struct queue *q;
	struct segments sealed;                     /* as last seen */
	unsigned used, next;                        /* next to be replaced */
	struct find_segment segment[FIND_SEGMENTS]; /* ${used} of them */
};

/*
 * find_trial(f, id, t, e):
 * 1 and the token of the trial ${id} (STATE_NEW: it has a home and no token
 * elsewhere; STATE_SEALED), 0 where there is no such trial, -1.
 */
int find_trial(struct find *f, uint32_t id, struct token *t, struct err *e);

void find_free(struct find *f);

#endif
