#ifndef FORM_COLUMNS_H
#define FORM_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "form/table.h"

/*
 * The columns of a table whose rows come one after another and may bring new
 * columns with them, and rows kept for later.
 */

/* The column before all others where rows are of several campaigns. */
#define COLUMNS_CAMPAIGN "campaign"

/*
 * columns_order(t, order):
 * Fill ${order}[t->n] with the indices of the columns as a table has them:
 * campaign, the fixed ones, objectives, parameters, those of other names,
 * metrics and job data, the last two in byte order, the others as they came.
 */
void columns_order(const struct table *t, size_t *order);

/* columns_is_objective(name, maximize): "minimize.…" or "maximize.…"? */
bool columns_is_objective(const char *name, bool *maximize);

/* columns_short(name): ${name} without "param." and the like before it; with
 * "job.", since without it "job.id" would be taken for a trial's. */
const char *columns_short(const char *name);

/*
 * columns_keep(field, n, b):
 * Append a row of ${n} fields, NULL for absent, to ${b}.  A row takes the
 * bytes of its texts and two more a field.
 */
void columns_keep(const char *const *field, size_t n, struct str *b);

/*
 * columns_recall(p, n, field, room):
 * Point ${field}[0 .. room-1] into the row of ${n} fields kept at ${p};
 * fields that it does not have are absent.  Returns where the next row is.
 */
const char *
columns_recall(const char *p, size_t n, const char **field, size_t room);

#endif
