#include <math.h>
#include <stdio.h>
#include <string.h>

#include "form/chart.h"

enum { LABEL = 10 };

/* What is drawn: rows from the bottom. */
struct canvas {
	int height;
	char cell[CHART_HEIGHT][CHART_WIDTH + 1];
};

static double
scale(const struct chart *c, double y)
{
	return c->log ? log(y) : y;
}

static void
find_range(const struct chart *c, double *min, double *max)
{
	size_t i;

	*min = *max = c->y[0];
	for (i = 1; i < c->n; i++) {
		if (c->y[i] < *min)
			*min = c->y[i];
		if (c->y[i] > *max)
			*max = c->y[i];
	}
}

/*
 * The row of a value.  Half the range is taken, as the whole may overflow;
 * of a range too small to be halved nothing can be shown.
 */
static int
find_row(const struct chart *c, double y, double min, double max, int height)
{
	double low = scale(c, min) / 2, span = scale(c, max) / 2 - low;

	if (height == 1 || !(span > 0))
		return 0;

	return (int)floor((scale(c, y) / 2 - low) / span * (height - 1) + 0.5);
}

/* A mark in each column, and what joins it to the one before; the first
 * column shows both the first value and its own. */
static void
plot(const struct chart *c, double min, double max, struct canvas *to)
{
	int last = find_row(c, c->y[0], min, max, to->height);
	int column, row, r;
	size_t i;

	to->cell[last][0] = '*';
	for (column = 0; column < CHART_WIDTH; column++) {
		i = ((size_t)(column + 1) * c->n - 1) / CHART_WIDTH;
		row = find_row(c, c->y[i], min, max, to->height);
		to->cell[row][column] = '*';
		for (r = row + 1; r < last; r++)
			to->cell[r][column] = ':';
		for (r = last + 1; r < row; r++)
			to->cell[r][column] = ':';
		last = row;
	}
}

static void
cut_blanks(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == ' ')
		s[--n] = '\0';
}

void
chart_draw(const struct chart *c, struct str *b)
{
	struct canvas canvas = { .height = CHART_HEIGHT };
	double min, max;
	char label[32];
	int r, gap;

	if (c->n == 0)
		return;
	find_range(c, &min, &max);
	if (!(min < max))
		canvas.height = 1;
	for (r = 0; r < canvas.height; r++)
		memset(canvas.cell[r], ' ', CHART_WIDTH);
	plot(c, min, max, &canvas);
	for (r = canvas.height - 1; r >= 0; r--) {
		label[0] = '\0';
		if (r == canvas.height - 1)
			snprintf(label, sizeof label, "%.4g", max);
		else if (r == 0)
			snprintf(label, sizeof label, "%.4g", min);
		cut_blanks(canvas.cell[r]);
		str_addf(b, "%*s |%s\n", LABEL, label, canvas.cell[r]);
	}
	str_addf(b, "%*s +", LABEL, "");
	for (r = 0; r < CHART_WIDTH; r++)
		str_addc(b, '-');
	gap = CHART_WIDTH - (int)strlen(c->left);
	str_addf(b, "\n%*s  %s%*s\n", LABEL, "", c->left, gap > 0 ? gap : 0,
	    c->right);
}
