#ifndef FORM_GRID_H
#define FORM_GRID_H

#include <stddef.h>

#include "base/str.h"

/*
 * Rows of texts in columns, for people.
 */
struct grid {
	size_t columns;
	struct {
		size_t n, cap;
		char **v;
	} cell;     /* row by row; the first row is the names */
	size_t cut; /* characters that a cell may have, 0: any number */
};

/* grid_init(g, columns, cut); then grid_add() cell by cell: a text, of which
 * control characters are escaped; NULL is shown as "-". */
void grid_init(struct grid *g, size_t columns, size_t cut);
void grid_add(struct grid *g, const char *text);

/*
 * grid_draw(g, max, lead, b):
 * Append the rows, numbers to the right, in columns with two blanks before
 * each.  Where that takes more than ${max} characters a line: each row as
 * a line of its first ${lead} columns, which is "name value", and as many
 * lines as it takes with the others, which are "name=value".
 */
void grid_draw(const struct grid *g, size_t max, size_t lead, struct str *b);

void grid_free(struct grid *g);

#endif
