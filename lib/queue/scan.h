#ifndef QUEUE_SCAN_H
#define QUEUE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/queue.h"
#include "queue/segment.h"

struct err;

/*
 * A scan: every trial's state as the listings show it, from names alone.
 * Listings are taken in the direction in which tokens move, so that one on
 * its way is rather seen twice (the later state counts) than not at all;
 * one that went back for a retry meanwhile may still be missed.
 */
struct scan_token {
	uint32_t id;
	unsigned attempt;
	enum state state;
	char *by; /* owned; "" as in struct token */
};

struct scan {
	size_t n, cap;
	struct scan_token *v; /* by id, one each, without those of sealed
	                         segments; STATE_NEW: a home without a token
	                         elsewhere */
	struct segments sealed;
	size_t count[STATE_COUNT];
	size_t ndouble, doublecap; /* ids seen with two tokens */
	uint32_t *doubled;
};

/* scan_all(q, s, e): List everything. */
int scan_all(const struct queue *q, struct scan *s, struct err *e);

/* scan_find(s, id): The entry of a trial that is not sealed, or NULL. */
const struct scan_token *scan_find(const struct scan *s, uint32_t id);

/*
 * scan_next(s, w, t):
 * Go through all trials by id, the sealed ones too, from the zeroed ${w} on;
 * false at the end.
 */
struct scan_walk {
	size_t loose, segment;
	uint32_t row; /* of the segment */
};
bool scan_next(const struct scan *s, struct scan_walk *w, struct token *t);

/* scan_trials(s): How many they are. */
size_t scan_trials(const struct scan *s);

/* scan_as_token(t, out): As a struct token. */
void scan_as_token(const struct scan_token *t, struct token *out);

void scan_free(struct scan *s);

/*
 * scan_each(q, state, fn, cookie, e):
 * Call ${fn} for every token of one state, until it returns non-zero, which
 * is then returned.
 */
typedef int (*scan_fn)(void *cookie, const struct token *t, struct err *e);
int scan_each(const struct queue *q, enum state state, scan_fn fn, void *cookie,
    struct err *e);

#endif
