#ifndef FORM_SUMMARY_ROWS_H
#define FORM_SUMMARY_ROWS_H

#include "form/summary.h"

/*
 * The rows that a summary keeps: many come, few stay.  For form/summary
 * alone.
 */

/*
 * summary_rows_add(r, new, field, n, sift):
 * Keep a copy of the row ${new}, whose values are at ${new->value}, if it
 * may be among those wanted.  ${sift} reduces the rows to those.
 */
typedef void (*summary_sift_fn)(struct summary_rows *r);

void summary_rows_add(struct summary_rows *r, const struct summary_row *new,
    const char *const *field, size_t n, summary_sift_fn sift);

/* The rows with the least values, then places, sorted; the Pareto set,
 * sorted by values; those with the highest places, the highest first. */
void summary_rows_best(struct summary_rows *r);
void summary_rows_front(struct summary_rows *r);
void summary_rows_newest(struct summary_rows *r);

/* summary_rows_cut(r, n): Drop all but the first ${n}. */
void summary_rows_cut(struct summary_rows *r, size_t n);

void summary_rows_free(struct summary_rows *r);

#endif
