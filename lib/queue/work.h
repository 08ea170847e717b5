#ifndef QUEUE_WORK_H
#define QUEUE_WORK_H

#include <stdbool.h>

#include "form/result.h"
#include "queue/attempt.h"
#include "queue/queue.h"
#include "queue/worker.h"

struct campaign;
struct err;

/*
 * Work: a worker's life.  It claims trials, runs them, publishes what came
 * of them and moves their tokens on.
 */
struct work {
	struct queue *q;
	const struct campaign *c;
	struct worker w;
	struct queue_room room; /* for the next result */
	int slot;
	const char *bindir;
	/* Of a pilot: the path of its ticket (queue/ticket), NULL if it is
	 * none; seconds from the start of its job until it is warned of its
	 * end, 0: no end; and what a trial takes, 0: unknown. */
	const char *ticket;
	double time, expect;
	/* Called for every result that was published; may be NULL. */
	void (*tell)(void *cookie, const struct result *r,
	    const struct token *to);
	/* Make one more trial: 1 made, 0 the budget is used up, -1. */
	int (*sample)(void *cookie, struct err *e);
	void *cookie;
	/* kept by itself */
	double start;
	bool began; /* the ticket knows */
	struct {
		size_t n, cap;
		double *v;
	} took; /* seconds of the trials so far */
};

/* work_begin(k, kind, e): Make the worker's directory. */
int work_begin(struct work *k, const char *kind, struct err *e);

/*
 * work_slot_taken(k, e):
 * Does another worker of this host, that began before us, have our slot?
 * Two dispatchers that start at once both feed it.  1, 0 or -1.
 */
int work_slot_taken(const struct work *k, struct err *e);

/*
 * work_trial(k, t, exit, e):
 * Run the claimed trial to its result.  QUEUE_DONE with what hpo-trial ends
 * with in *${exit}; QUEUE_GONE: it was taken away, or is over; -1.
 */
int work_trial(struct work *k, const struct token *t, int *exit, struct err *e);

/*
 * work_loop(k, max, e):
 * Claim and run trials until none is left to run or to make, ${max} have
 * been run (0: no limit), or drain or stop was asked for.  While some wait
 * for their back-off, so does the worker; a pilot not for long, nor while the
 * campaign is paused, and when the time left is less than trials take it ends.
 * 0 or -1; after a stop by signal the caller looks at sig_seen().
 */
int work_loop(struct work *k, unsigned long max, struct err *e);

/* work_renew(k, kind, e): Begin again as another worker W, after running/W
 * has gone. */
int work_renew(struct work *k, const char *kind, struct err *e);

void work_end(struct work *k);

#endif
