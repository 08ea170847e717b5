#ifndef QUEUE_SEAL_H
#define QUEUE_SEAL_H

#include "queue/queue.h"

struct campaign;
struct err;

/*
 * Sealing: a segment whose thousand trials have all ended becomes one file
 * (queue/segment), and its thousands of small ones go.  Any number of
 * programs may seal at once, and any may be killed at any step: whoever
 * comes next goes on.
 */
struct seal {
	unsigned sealed;  /* segments that were sealed now */
	unsigned cleared; /* of which remainders were removed */
};

/*
 * seal_all(q, c, s, e):
 * Seal every segment that can be, and clear what earlier sealings left.  A
 * segment that cannot be sealed does not keep it from the others; -1 with
 * the first reason: nothing of that segment is lost or removed.
 */
int seal_all(struct queue *q, const struct campaign *c, struct seal *s,
    struct err *e);

#endif
