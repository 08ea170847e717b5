#ifndef QUEUE_ASK_H
#define QUEUE_ASK_H

#include <sys/types.h>

#include "form/result.h"
#include "queue/queue.h"
#include "queue/work.h"

struct err;

/*
 * Ask and tell: the worker is a process of the user's, which claims a trial
 * by one call, runs it by itself, and reports its end by another.
 */

/*
 * ask_claim(k, owner, t, trial, e):
 * Claim a waiting trial for the process ${owner} of this host: make its
 * running/W (named ${k->q->self}), claim, and leave one child that only
 * beats, for as long as ${owner} lives and the directory is there.  1 with
 * ${t} and what the trial is, 0 if nothing waits (running/W is gone again),
 * -1.  A trial whose file is damaged ends here, and the next one is taken.
 */
int ask_claim(struct work *k, pid_t owner, struct token *t, struct trial *trial,
    struct err *e);

/*
 * ask_finish(k, owner, id, r, e):
 * End the attempt of trial ${id} that ${owner} has claimed; ${r} has its
 * status, cause and metrics, the rest is filled in here.  QUEUE_DONE; 1
 * where the process holds no such trial (${e} says who does); -1.
 */
int ask_finish(struct work *k, pid_t owner, uint32_t id, struct result *r,
    struct err *e);

#endif
