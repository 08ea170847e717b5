#ifndef QUEUE_TICK_H
#define QUEUE_TICK_H

#include <stdbool.h>

#include "queue/backend.h"
#include "queue/tally.h"

struct campaign;
struct err;
struct str;

/*
 * A tick: what a dispatcher does for a campaign whose workers are jobs of
 * another system, in one bounded run: it learns what became of its jobs, takes
 * back what died with them, fills ready/, and submits what is missing.  Two at
 * once, or one that is killed anywhere, do no harm.
 */
struct tick {
	struct queue *q;
	const struct campaign *c;
	struct backend *b;
	const char *bindir;
	unsigned workers; /* 0: as the campaign says */
	bool always;      /* complain also of what was complained of before */
	/* Called when a person is needed. */
	void (*complain)(void *cookie, const char *text);
	void *cookie;
	bool quiet; /* set: the error it returned was told before */
};

enum tick_end {
	TICK_GOES_ON,
	TICK_ENDED,  /* every trial has ended, and so have the jobs */
	TICK_HELD,   /* the user has said so: pause, drain or stop */
	TICK_STANDS, /* nothing goes on without a person, who was told */
};

/*
 * tick_run(k, t, e):
 * A tick_end, with the last tally in ${t}; or -1.  EX_TEMPFAIL: the system
 * gave no answer, and nothing was changed.
 */
int tick_run(struct tick *k, struct tally *t, struct err *e);

/*
 * tick_print(k, text, e):
 * Append the command that would submit the campaign's workers and the script
 * that they would run.  Changes nothing.
 */
int tick_print(struct tick *k, struct str *text, struct err *e);

#endif
