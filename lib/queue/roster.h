#ifndef QUEUE_ROSTER_H
#define QUEUE_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "queue/backend.h"
#include "queue/observe.h"
#include "queue/ticket.h"

struct campaign;
struct err;

/*
 * The roster: what became of the jobs of every ticket, from what the backend
 * lists now and what this host has seen before (queue/observe).
 *
 * Nothing is concluded from what one answer lacks: a job that is not listed
 * has ended when two answers in a row lacked it, and the hearts of its workers,
 * if there are any, stand still; one that is listed as ended has.  What that
 * means for the trial of its worker W is left to upkeep(), which finds what was
 * seen as the sighting "job/W":
 *
 *	ended WORD   the job ended so; WORD as in hpo-backend(7)
 *	gone         it is listed no more
 *	waiting      it waits, so that what ran in it is over
 *	superseded   another worker runs in it, after it was started again
 *	running, suspended
 */
enum { ROSTER_BEATS = 2 }; /* so many heartbeats late it stands still */

enum roster_end {
	ROSTER_DONE,
	ROSTER_FAILED,
	ROSTER_TIMEOUT,
	ROSTER_OOM,
	ROSTER_PREEMPTED,
	ROSTER_NODE,
	ROSTER_BOOT,
	ROSTER_CANCELLED,
	ROSTER_UNKNOWN,
	ROSTER_ENDS
};

struct roster_entry {
	struct ticket t;
	/* its jobs */
	unsigned waiting, running; /* listed; running: or suspended */
	unsigned stuck;
	unsigned over[ROSTER_ENDS]; /* ended, as far as is known, by how */
	unsigned presumed; /* not listed, and not known to have ended */
	bool closed;       /* all have ended */
};

struct roster {
	size_t n, cap;
	struct roster_entry *v; /* by the tickets' numbers */
	struct backend_jobs jobs;
	bool blank; /* an answer that cannot be true: no job is listed, but
	               the heart of a worker in one has moved */
};

/* roster_name(q, t): Name the jobs of the ticket: as no other's, and so that
 * they are known for the campaign's. */
void roster_name(const struct queue *q, struct ticket *t);

/*
 * roster_take(b, c, seen, r, e):
 * List, and note sightings in ${seen}, which are not saved here.  -1: nothing
 * is known.
 */
int roster_take(const struct backend *b, const struct campaign *c,
    struct observe *seen, struct roster *r, struct err *e);

/* roster_over(x): How many jobs of a ticket are listed as ended. */
unsigned roster_over(const struct roster_entry *x);

void roster_free(struct roster *r);

#endif
