#ifndef QUEUE_UPKEEP_H
#define QUEUE_UPKEEP_H

#include <stdbool.h>

#include "queue/queue.h"

struct campaign;
struct err;

/*
 * Upkeep: what any program does for all when it has nothing better to do.
 * It reclaims the trials of dead workers, releases held ones that are due,
 * settles what a dead sampler began, and sweeps tmp/.  Any number of
 * programs may do it at once.
 */
struct upkeep {
	unsigned reclaimed, released, settled;
	unsigned held;   /* still waiting */
	double next_due; /* seconds until the first of them is due, < 0: none */
};

enum {
	UPKEEP_QUICK = 0, /* dead workers and held trials */
	UPKEEP_FULL = 1   /* and unsettled births, leftovers in tmp/ */
};

/*
 * upkeep(q, c, depth, u, e):
 * ${u} may be NULL.  Failures of single steps do not keep it from the
 * others; the first is reported at the end (-1).
 */
int upkeep(struct queue *q, const struct campaign *c, int depth,
    struct upkeep *u, struct err *e);

#endif
