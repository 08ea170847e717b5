#ifndef QUEUE_TALLY_H
#define QUEUE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/queue.h"

struct campaign;
struct err;

/* How far a campaign is; tally_take() from names alone. */
struct tally {
	uint32_t trials;             /* the budget */
	uint32_t unborn;             /* of it, not proposed yet */
	uint32_t count[STATE_COUNT]; /* of those that are not sealed */
	uint32_t sealed;             /* ended trials in sealed segments */
	unsigned workers;            /* directories in running/ */
};

int tally_take(const struct queue *q, const struct campaign *c, struct tally *t,
    struct err *e);

/*
 * tally_split(q, t, e):
 * Add the sealed trials to those that are done and failed; reads the tables
 * of the segments.
 */
int tally_split(const struct queue *q, struct tally *t, struct err *e);

/* tally_waiting(t): Trials that a worker could take now, or make. */
uint32_t tally_waiting(const struct tally *t);

/* tally_ended(t): Those that are done or given up. */
uint32_t tally_ended(const struct tally *t);

/* tally_finished(t): Has every trial of the budget ended? */
bool tally_finished(const struct tally *t);

/* tally_text(t, b): Append a line each, "NAME<tab>NUMBER", for people and
 * scripts; after tally_split(). */
void tally_text(const struct tally *t, struct str *b);

#endif
