#ifndef QUEUE_FINISH_H
#define QUEUE_FINISH_H

#include "form/result.h"
#include "queue/queue.h"

struct campaign;
struct err;
struct worker_info;

/*
 * The end of an attempt: publish its result, then move the token to where
 * one pure function of the results says.  Workers do it for themselves, and
 * reapers and cancellers for others.
 */

/* The causes that no retry helps against. */
#define FINISH_DAMAGED "trial file damaged"
#define FINISH_TOO_LONG                                                        \
	"takes longer than the walltime, twice, and keeps no checkpoint"

/* The causes of an interruption that the end of a job's time made: some of the
 * time, or all that a job can give, was the trial's. */
#define FINISH_WALLTIME "end of the walltime"
#define FINISH_WHOLE_WALLTIME "end of the whole walltime"

/*
 * Room that is taken for a result before the command starts: a block, which
 * holds the metrics and more.  What a curve needs beyond it is given up on a
 * disk that stays full (work.c).
 */
enum { FINISH_ROOM = 4096 };

struct next {
	enum state state; /* done, ready, held, failed */
	double hold;      /* held: seconds */
};

/*
 * finish_next(c, now, cause, count, n):
 * Where a trial goes after a result: done (ok, pruned); ready or held while
 * the budget of its status lasts, ${count}[status] being how many earlier
 * attempts ended so; else failed.  Only failures wait: the first ${backoff},
 * then twice as long each time, to ten minutes.
 */
void finish_next(const struct campaign *c, enum status now, const char *cause,
    const unsigned count[STATUS_COUNT], struct next *n);

/* finish_backoff(c, failures): Seconds that the n-th failure waits. */
double finish_backoff(const struct campaign *c, unsigned failures);

/*
 * finish_counts(q, id, below, count, e):
 * Fill ${count} from the results of the trial's attempts below ${below}, one
 * a serial (queue/history).
 */
int finish_counts(const struct queue *q, uint32_t id, unsigned below,
    unsigned count[STATUS_COUNT], struct err *e);

/* finish_read(q, id, attempt, by, r, e): Read result.A.BY.ini. */
int finish_read(const struct queue *q, uint32_t id, unsigned attempt,
    const char *by, struct result *r, struct err *e);

/*
 * finish_own(q, t, by, r, e):
 * Has the writer ${by} published a result of the attempt already, and died,
 * or failed, before the token moved?  1 with it, its name durable; 0; -1: it
 * cannot be told now.
 */
int finish_own(struct queue *q, const struct token *t, const char *by,
    struct result *r, struct err *e);

/*
 * finish_publish(q, room, r, e):
 * Make ${r} the result of its attempt by ${r->worker}, with the history of
 * the attempts before it.  A queue_step or -1.  QUEUE_GONE: the trial is
 * over, the result is dropped.
 */
int finish_publish(struct queue *q, struct queue_room *room,
    const struct result *r, struct err *e);

/*
 * finish_move(q, c, t, r, to, e):
 * Move the token ${t} on after its published result ${r}; ${to} (may be
 * NULL) says where.  A queue_step or -1.
 */
int
finish_move(struct queue *q, const struct campaign *c, const struct token *t,
    const struct result *r, struct token *to, struct err *e);

/* How an attempt is ended by another. */
struct finish_end {
	enum status status;
	const char *cause;
	const struct worker_info *worker; /* of whom the result names the host
	                                     and the job; NULL: ours */
};

/*
 * finish_for(q, c, t, end, e):
 * End an attempt that is not ours to run: of a dead worker (lost, token in
 * running/) or of a user's wish (cancelled, token anywhere).  A whole result
 * of the token's worker, or one of our own, decides if there is one; else
 * one that says ${end} is published in our name.  A queue_step or -1.
 */
int finish_for(struct queue *q, const struct campaign *c, const struct token *t,
    const struct finish_end *end, struct err *e);

#endif
