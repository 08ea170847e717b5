#ifndef MODEL_LEASE_H
#define MODEL_LEASE_H

#include "run.h"

/*
 * Time, where a configuration has it: a unit is a third of a lease, in which
 * a living worker beats at least once, unless it is stopped.  One host looks;
 * of the time between two looks at most a unit counts.
 */

/* lease_is_over(s, w): The heartbeat has stood still for a lease. */
bool lease_is_over(const struct state *s, int worker);

/* lease_is_empty(s, w): Since then running/W was seen empty for another. */
bool lease_is_empty(const struct state *s, int worker);

/* lease_look(r, s, w): A look at a worker. */
void lease_look(struct run *r, struct state *s, int worker);

/* What happens in the world; false: it cannot. */
bool lease_beat(struct run *r, struct state *s, int worker);
bool lease_tick(struct run *r, struct state *s);
bool lease_suspend(struct run *r, struct state *s);

#endif
