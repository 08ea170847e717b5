#ifndef FORM_POINT_H
#define FORM_POINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;
struct space;

/*
 * A point: one text per active parameter of a space, NULL for the inactive.
 * A value *is* its text.
 */
struct point {
	size_t n;    /* parameters of the space */
	char **text; /* owned; NULL where inactive */
};

void point_init(struct point *p, const struct space *s);
void point_free(struct point *p);

/* point_set(p, i, text): Copy ${text} (NULL: inactive) to parameter ${i}. */
void point_set(struct point *p, size_t i, const char *text);

/*
 * point_activate(p, s, e):
 * Walk the parameters in the order of the space and set to NULL those whose
 * [when] is not true.  A [when] that names an inactive parameter is false.
 * Returns 0, or -1 when an expression fails (EX_CONFIG).
 */
int point_activate(struct point *p, const struct space *s, struct err *e);

/*
 * point_allowed(p, s, broken, e):
 * 1 if every constraint holds (one that names an inactive parameter does),
 * 0 if not, *${broken} then its index; -1 when an expression fails.
 */
int point_allowed(const struct point *p, const struct space *s, size_t *broken,
    struct err *e);

/*
 * point_json(p, s, b):
 * Append one JSON object: numeric domains, and choices that are written as
 * JSON numbers, as numbers verbatim; all else as strings.
 */
void point_json(const struct point *p, const struct space *s, struct str *b);

/*
 * point_parse(text, len, name, s, out, n, e):
 * Points given by a user for --enqueue.  The whole text is read: one JSON
 * object a line if it starts with '{', else TSV with a header of parameter
 * names (escapes as out_tsv() writes them); missing and null (or empty)
 * parameters stay NULL, to be proposed.  Values are checked against the space
 * and take its spelling; unknown names get a suggestion.  What is given must
 * not break a constraint by itself.  A value given for a parameter that turns
 * out to be inactive is kept here and dropped by the proposal.  On success
 * *${out} is an array of *${n} points (free each, then the array).  -1 with
 * all mistakes as "name:line: what", EX_DATAERR; *${out} is then NULL.
 */
int point_parse(const char *text, size_t len, const char *name,
    const struct space *s, struct point **out, size_t *n, struct err *e);

#endif
