#ifndef QUEUE_WORK_PILOT_H
#define QUEUE_WORK_PILOT_H

#include <stdbool.h>

#include "queue/work.h"

/*
 * What a worker does differently as a pilot, in a job that has a walltime and
 * a ticket that waits to hear of it.  For queue/work alone; to a worker that
 * is no pilot nothing here does anything.
 */

/* work_pilot_begin(k): Start the clock of its job, and set the warning. */
void work_pilot_begin(struct work *k);

/* work_pilot_claimed(k): Tell the ticket that this worker is of use. */
void work_pilot_claimed(struct work *k);

/*
 * work_pilot_judge(k, t, r):
 * Warned before the end of its walltime, and interrupted: so it goes on in
 * another job.  But one that has had a whole walltime for itself for the second
 * time, and keeps no checkpoint, will never end: it has failed.
 */
void work_pilot_judge(struct work *k, const struct token *t, struct result *r);

/* work_pilot_took(k, seconds): Remember what a trial took. */
void work_pilot_took(struct work *k, double seconds);

/* work_pilot_is_short(k): Is what is left of its time less than trials take? */
bool work_pilot_is_short(const struct work *k);

#endif
