#ifndef QUEUE_REPORT_H
#define QUEUE_REPORT_H

#include "form/metrics.h"
#include "queue/queue.h"

struct err;

/*
 * Reports: lines "ID.A NAME=VALUE …" that a trial's own processes append to
 * running/W/report through `hpo-trial --report`.
 */

/* report_add(q, worker, t, words, e): Append one line. */
int report_add(struct queue *q, const char *worker, const struct token *t,
    const char *words, struct err *e);

/* report_collect(q, worker, t, m): Add what ${t} has reported to ${m}. */
void report_collect(const struct queue *q, const char *worker,
    const struct token *t, struct metrics *m);

/*
 * The running token that a report is of: report_own() of the trial that the
 * calling process is part of, by its environment; report_named() of the id
 * ${word}.  -1, EX_USAGE or EX_NO.
 */
int report_own(struct token *t, struct err *e);
int report_named(const struct queue *q, const char *word, struct token *t,
    struct err *e);

/*
 * report_send(q, t, words, e):
 * Add the line "NAME=VALUE …" for ${t}: 0, or 1 if the trial should stop
 * now, as it was cancelled, stopped, or taken away; -1.
 */
int report_send(struct queue *q, const struct token *t, const char *words,
    struct err *e);

/*
 * report_find(q, id, t, e):
 * The running token of a trial: 1 with ${t}, 0 if none is seen, -1.
 */
int
report_find(const struct queue *q, uint32_t id, struct token *t, struct err *e);

#endif
