#ifndef FORM_CHART_H
#define FORM_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * A line chart of plain characters, for terminals and mails.
 */
enum { CHART_WIDTH = 60, CHART_HEIGHT = 8 };

struct chart {
	size_t n;
	const double *y;          /* finite */
	bool log;                 /* a logarithmic scale; all values are > 0 */
	const char *left, *right; /* labels below its first and last column */
};

/*
 * chart_draw(c, b):
 * Append CHART_HEIGHT lines and the axis with its labels; one line where all
 * values are the same, nothing where there is none.  A column stands for the
 * last of the values that fall into it, the first column for the first value
 * too.  The labels at the left are the largest and the least value.
 */
void chart_draw(const struct chart *c, struct str *b);

#endif
