#ifndef QUEUE_CLAIM_H
#define QUEUE_CLAIM_H

#include "queue/queue.h"

struct err;

/*
 * Claims: a waiting trial becomes a worker's by one rename.
 */

/*
 * claim_next(q, worker, slot, t, e):
 * Claim any waiting trial for running/WORKER; durable when this returns.
 * What already lies there comes first.  Returns 1 with ${t} (state running),
 * 0 if none was seen waiting, QUEUE_GONE if the worker's directory is gone,
 * or -1.  The worker of slot k takes the k-th lowest waiting trial it sees,
 * the one without a slot begins anywhere: so that many at once do not all
 * reach for the same.
 */
int claim_next(struct queue *q, const char *worker, int slot, struct token *t,
    struct err *e);

/* claim_id(q, worker, id, t, e): Likewise the trial ${id}, held or ready. */
int claim_id(struct queue *q, const char *worker, uint32_t id, struct token *t,
    struct err *e);

/* claim_left(q, worker, t, e): 1 with a token that lies in running/WORKER,
 * 0 if there is none, QUEUE_GONE, -1. */
int claim_left(const struct queue *q, const char *worker, struct token *t,
    struct err *e);

#endif
