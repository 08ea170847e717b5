#ifndef QUEUE_TICK_SUBMIT_H
#define QUEUE_TICK_SUBMIT_H

#include "queue/tick_run.h"

/*
 * The part of a tick that submits jobs.  For queue/tick alone.
 */

/*
 * tick_submit_limits(k, keep, l, e):
 * What the site allows, from DIR/limits, or asked for and, with ${keep},
 * written there.
 */
int tick_submit_limits(struct tick *k, bool keep, struct backend_limits *l,
    struct err *e);

/* tick_submit_most(r): Jobs that hold as many workers as there may be. */
unsigned tick_submit_most(const struct tick_run *r);

/* tick_submit_order(r, t, o): What to submit for a ticket; texts are in ${o}'s
 * storage until tick_submit_order_free(). */
struct tick_order {
	struct backend_order o;
	struct str script, log, nodes;
};
void tick_submit_order(const struct tick_run *r, const struct ticket *t,
    unsigned throttle, struct tick_order *o);
void tick_submit_order_free(struct tick_order *o);

/*
 * tick_submit_missing(r, throttle):
 * How many jobs to submit, and in ${throttle} how many of them may run at a
 * time, 0: all.
 */
unsigned tick_submit_missing(const struct tick_run *r, unsigned *throttle);

/* tick_submit_may(r): Has it been long enough since something went wrong? */
bool tick_submit_may(struct tick_run *r);

/* tick_submit(r, e): Submit what is missing. */
int tick_submit(struct tick_run *r, struct err *e);

#endif
