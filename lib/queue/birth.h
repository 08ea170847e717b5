#ifndef QUEUE_BIRTH_H
#define QUEUE_BIRTH_H

#include <stdint.h>

#include "queue/queue.h"

struct err;
struct trial;

/*
 * Births: new trials.  A trial's home is made in tmp/ with its trial.ini and
 * its token and renamed into place, which the file system lets only one win;
 * then its token is settled in ready/.
 */

/*
 * birth_free_ids(q, limit, want, id, n, e):
 * The lowest ids below ${limit} that nobody has taken, at most ${want} of
 * them, into ${id}; *${n} of them.
 */
int birth_free_ids(const struct queue *q, uint32_t limit, uint32_t want,
    uint32_t *id, uint32_t *n, struct err *e);

/*
 * birth_batch(q, t, n, made, e):
 * Bring ${n} trials into being, all with the id they name, and settle them:
 * durable when this returns.  ${made}[i] is set where trial i came to be as
 * it is; where its id was taken by another it stays 0.  Of a batch that
 * fails in the middle (-1) those marked are made.
 */
int birth_batch(struct queue *q, const struct trial *t, uint32_t n,
    unsigned char *made, struct err *e);

/*
 * birth_settle(q, id, e):
 * Finish what a sampler that died began: move the token of a trial that has
 * none elsewhere to ready/.  Anyone may.  A queue_step: QUEUE_LOST where
 * there was none to move.
 */
int birth_settle(struct queue *q, uint32_t id, struct err *e);

#endif
