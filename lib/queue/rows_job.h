#ifndef QUEUE_ROWS_JOB_H
#define QUEUE_ROWS_JOB_H

#include <stddef.h>

#include "base/num.h"
#include "form/result.h"

/*
 * The columns job.NAME of a row: what its result tells of the job that the
 * attempt was made in, what it used there, and of earlier attempts.
 */
enum { ROWS_JOB = 8 };

/* rows_job_name(k): "job.id", …, for k < ROWS_JOB. */
const char *rows_job_name(size_t k);

/* rows_job_has(r): Is there a text for any of them? */
bool rows_job_has(const struct result *r);

/*
 * rows_job_text(r, k, number):
 * The text for column ${k}, NULL for none; a number is written to ${number}.
 */
const char *
rows_job_text(const struct result *r, size_t k, char number[NUM_TEXT]);

/*
 * rows_job_take(r, name, text):
 * Let ${r} tell what the column ${name} has; other columns are passed over.
 * Of the time used by the processor only the sum is known then: all is
 * user's.
 */
void rows_job_take(struct result *r, const char *name, const char *text);

#endif
