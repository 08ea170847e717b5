#ifndef QUEUE_LOCAL_H
#define QUEUE_LOCAL_H

#include <stdbool.h>

#include "queue/queue.h"
#include "queue/tally.h"

struct campaign;
struct err;

/*
 * The local backend: the campaign's workers on this machine (and the ssh
 * hosts it names), run to the campaign's end.
 */
struct local {
	struct queue *q;
	const struct campaign *c;
	const char *bindir;
	unsigned workers; /* a host; 0: as the campaign says */
	/* Called for every line of a worker (a result), and after each look
	 * at the campaign; may be NULL. */
	void (*line)(void *cookie, const char *line);
	void (*look)(void *cookie, const struct tally *t);
	void *cookie;
};

/* How it ended. */
enum local_end { LOCAL_ENDED, LOCAL_PAUSED, LOCAL_DRAINED, LOCAL_STOPPED };

/*
 * local_run(l, t, e):
 * Keep the slots busy until the campaign has ended, is paused with nothing
 * running, or was told to drain or stop (by control/ or a signal: the first
 * drains, the second stops).  A local_end and the last tally in ${t}, or -1:
 * then no worker of ours is left running either.
 */
int local_run(const struct local *l, struct tally *t, struct err *e);

/* local_workers(c): Workers for this machine: the campaign's number, else
 * one a GPU, else usable processors / cores. */
unsigned local_workers(const struct campaign *c);

#endif
