#ifndef QUEUE_REPAIR_H
#define QUEUE_REPAIR_H

#include <stdbool.h>

#include "queue/fsck.h"

struct err;

/*
 * Mending a campaign that was hurt by hand: copied while it was in use, files
 * deleted or cut, part of a backup put back, tokens doubled.  What queue/fsck
 * finds is put right by this order:
 *
 *	A sealed segment that is whole beats what lies loose of it.  One that
 *	is not is opened again: what is whole in it lies loose from then on.
 *	A trial is its whole trial.ini; without one its id is free again.
 *	A whole result beats none; one that is not whole is none.
 *	A token in done/ with its result is final.
 *	Else the latest serial counts that a token or a whole result has; of
 *	the tokens of that serial closed/ and failed/ with their result, then
 *	running/, held/, ready/; where there is none the one that the best
 *	result of that serial implies (finish_next()); where there is no
 *	result either, done/ with the latest that is good, or else ready/ with
 *	a serial that was never used.
 *
 * Nothing is deleted: what does not count is moved to lost/W/, W being this
 * process, under the path it had.  Every step is one rename or one new file,
 * so that it may be killed anywhere and run again; the second run does
 * nothing.
 */

/* What is told of each mend: "12: what was done". */
typedef void (*repair_fn)(void *cookie, const char *line);

/*
 * repair_run(path, force, tell, cookie, left, e):
 * Mend the campaign at ${path}.  0 with what is left in ${left} (findings
 * that it cannot mend, if any), to be freed; -1.  EX_TEMPFAIL where a worker
 * lives, or may live (it is of another host, and its heartbeat has not been
 * seen unchanged for the lease; calling this again counts such looks);
 * ${force} passes over this.
 */
int repair_run(const char *path, bool force, repair_fn tell, void *cookie,
    struct fsck *left, struct err *e);

#endif
