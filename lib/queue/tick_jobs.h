#ifndef QUEUE_TICK_JOBS_H
#define QUEUE_TICK_JOBS_H

#include "queue/tick_run.h"

/*
 * The part of a tick that looks at what became of jobs.  For queue/tick alone.
 */

/*
 * tick_jobs_close(r, e):
 * Take out the tickets whose jobs have ended, and learn from them; then count
 * the jobs of the others.
 */
int tick_jobs_close(struct tick_run *r, struct err *e);

/*
 * tick_jobs_mind(r, e):
 * Tell a person what he should know of the jobs that are listed; the campaign
 * is paused if they were cancelled by one.
 */
int tick_jobs_mind(struct tick_run *r, struct err *e);

/* tick_jobs_cancel(r, e): End the jobs that wait. */
int tick_jobs_cancel(struct tick_run *r, struct err *e);

#endif
