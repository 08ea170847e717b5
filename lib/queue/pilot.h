#ifndef QUEUE_PILOT_H
#define QUEUE_PILOT_H

#include <stdbool.h>

#include "base/str.h"
#include "queue/queue.h"

struct backend_limits;
struct campaign;
struct err;
struct fleet;
struct ticket;

/*
 * Pilots: workers that run as jobs of another system.  A job is never a
 * trial: it claims what waits, so that a job that is cancelled, requeued or
 * submitted twice needs no mapping to anything.
 */
struct pilot {
	double warn;   /* seconds before its end that a job is warned */
	double expect; /* what a trial takes, 0: unknown */
	unsigned from; /* how many trials that was learned from */
	bool array;    /* a job runs one trial */
};

/*
 * pilot_plan(q, c, f, p, e):
 * How pilots of the campaign are to run.  What a trial takes is the 90th
 * percentile of the last hundred that were done and are not sealed.  -1,
 * EX_CONFIG, where trials take longer than the walltime and keep no
 * checkpoint: no job would ever end one.
 */
int pilot_plan(struct queue *q, const struct campaign *c, const struct fleet *f,
    struct pilot *p, struct err *e);

/*
 * pilot_script(q, c, f, p, limits, dir, t, bindir, b):
 * Append the script that each job of the ticket ${t} in ${dir} runs.
 */
struct pilot_script {
	const struct queue *q;
	const struct fleet *fleet;
	const struct pilot *plan;
	const struct backend_limits *limits;
	const char *dir;    /* of the ticket */
	const char *bindir; /* of the programs here */
};
void pilot_script(const struct pilot_script *s, const struct ticket *t,
    struct str *b);

#endif
