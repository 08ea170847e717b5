#ifndef QUEUE_ROWS_H
#define QUEUE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "form/result.h"
#include "form/table.h"
#include "form/trial.h"
#include "queue/queue.h"
#include "queue/rows_job.h"
#include "queue/segment.h"

struct campaign;
struct err;

/*
 * The rows of the table (form/table), made from a campaign's directory.
 *
 * The row of an ended trial (its token is in done/, failed/ or closed/) is
 * its point and the result that its token names, whose status it has; of
 * another one its point, and as its status the token's state.  What it lacks
 * is an absent field; what a result tells of its job has columns as metrics
 * have.  A row is two files opened by their names and read; no
 * directory is listed for it.  Rows of sealed segments are in their tables.
 */
struct rows {
	const struct queue *q;
	const struct campaign *c;
	struct table *t;  /* the columns; other readers may share them */
	bool grow;        /* a metric, or what is told of a job, without a
	                     column gets one, instead of being left out */
	const char *name; /* for the column campaign, if there is one */
	size_t *param;    /* columns by parameter */
	size_t *objective;
	size_t job[ROWS_JOB]; /* SIZE_MAX: not known yet */
	struct trial trial;   /* of the last row */
	struct result result; /* likewise; no worker: there is none */
	struct str path, text, numbers;
	struct segment segment; /* the sealed one last read, */
	size_t *column;         /* and where its columns are in ${t} */
	const char *tail;
	const char **field;
	size_t room; /* in ${field} */
};

/*
 * rows_open(r, q, c, t, name):
 * Read rows of a campaign into the columns ${t}, to which the fixed ones and
 * the objectives and parameters of the campaign are added; with a ${name}
 * (not NULL) also the column campaign.
 */
void rows_open(struct rows *r, const struct queue *q, const struct campaign *c,
    struct table *t, const char *name);

/*
 * rows_read(r, token, field, e):
 * The row of a trial: *${field} has ${r->t->n} fields and is valid until the
 * next call.  0; 1 if a file of the trial is damaged or missing: ${e} says
 * which, and the row has what the others give, with what is wrong as its
 * cause unless it has one; -1 if the system refused to read.
 */
int rows_read(struct rows *r, const struct token *token,
    const char *const **field, struct err *e);

/*
 * rows_metrics(r, token, e):
 * Read the result alone, to give its metrics and its job columns.  Returns
 * as above.
 */
int rows_metrics(struct rows *r, const struct token *token, struct err *e);

/*
 * rows_segment(r, number, e):
 * Read a sealed segment, to give its metrics and jobs columns:
 * ${r->segment}.
 */
int rows_segment(struct rows *r, uint32_t number, struct err *e);

/* rows_tail(r): The last line of the last row's log that is not blank, or
 * NULL. */
const char *rows_tail(const struct rows *r);

void rows_close(struct rows *r);

#endif
