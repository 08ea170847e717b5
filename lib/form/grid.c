#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/mem.h"
#include "base/out.h"
#include "form/grid.h"
#include "form/table.h"

enum { GAP = 2, INDENT = 6 };

static const char dots[] = "...";

/* Characters of a UTF-8 text: bytes that do not continue one. */
static size_t
width_of(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;

	return n;
}

void
grid_init(struct grid *g, size_t columns, size_t cut)
{
	memset(g, 0, sizeof *g);
	g->columns = columns;
	g->cut = cut;
}

/* Shorten to ${max} characters, the last of which are dots. */
static void
shorten(struct str *b, size_t max)
{
	size_t i, n = 0, keep = max > strlen(dots) ? max - strlen(dots) : 0;

	if (width_of(str_text(b)) <= max)
		return;
	for (i = 0; i < b->n; i++) {
		n += ((unsigned char)b->s[i] & 0xc0) != 0x80;
		if (n > keep)
			break;
	}
	str_cut(b, i);
	str_add(b, dots);
}

void
grid_add(struct grid *g, const char *text)
{
	struct str b = STR_EMPTY;

	out_tsv(&b, text != NULL ? text : "-");
	if (g->cut > 0)
		shorten(&b, g->cut);
	*arr_push(&g->cell) = mem_dup(str_text(&b));
	str_free(&b);
}

/* The cell of row ${r}, of which there are ${n} / ${columns}. */
static const char *
cell(const struct grid *g, size_t r, size_t c)
{
	return g->cell.v[r * g->columns + c];
}

static size_t
rows(const struct grid *g)
{
	return g->columns > 0 ? g->cell.n / g->columns : 0;
}

static size_t
column_width(const struct grid *g, size_t c)
{
	size_t r, w, max = 0;

	for (r = 0; r < rows(g); r++) {
		w = width_of(cell(g, r, c));
		max = w > max ? w : max;
	}

	return max;
}

static bool
is_numeric(const struct grid *g, size_t c)
{
	bool any = false;
	size_t r;

	for (r = 1; r < rows(g); r++) {
		const char *s = cell(g, r, c);

		if (strcmp(s, "-") == 0)
			continue;
		if (!table_is_number(s))
			return false;
		any = true;
	}

	return any;
}

static void
blanks(struct str *b, size_t n)
{
	while (n-- > 0)
		str_addc(b, ' ');
}

static void
draw_row(const struct grid *g, size_t r, const size_t *width,
    const bool *numeric, struct str *b)
{
	size_t c, gap;

	for (c = 0; c < g->columns; c++) {
		gap = width[c] - width_of(cell(g, r, c));
		blanks(b, GAP + (numeric[c] ? gap : 0));
		str_add(b, cell(g, r, c));
		if (!numeric[c] && c + 1 < g->columns)
			blanks(b, gap);
	}
	str_addc(b, '\n');
}

/* A row on lines of its own. */
static void
draw_block(const struct grid *g, size_t r, size_t max, size_t lead,
    struct str *b)
{
	size_t c, w, used = max;

	for (c = 0; c < lead; c++) {
		blanks(b, GAP);
		if (c > 0)
			str_addf(b, "%s ", cell(g, 0, c));
		str_add(b, cell(g, r, c));
	}
	for (; c < g->columns; c++) {
		w = width_of(cell(g, 0, c)) + 1 + width_of(cell(g, r, c));
		if (strcmp(cell(g, r, c), "-") == 0)
			continue;
		if (used + 1 + w > max) {
			str_addc(b, '\n');
			blanks(b, INDENT);
			used = INDENT + w;
		} else {
			str_addc(b, ' ');
			used += 1 + w;
		}
		str_addf(b, "%s=%s", cell(g, 0, c), cell(g, r, c));
	}
	str_addc(b, '\n');
}

void
grid_draw(const struct grid *g, size_t max, size_t lead, struct str *b)
{
	size_t *width = mem_zero(g->columns + 1, sizeof *width);
	bool *numeric = mem_zero(g->columns + 1, sizeof *numeric);
	size_t c, r, sum = 0;

	for (c = 0; c < g->columns; c++) {
		width[c] = column_width(g, c);
		numeric[c] = is_numeric(g, c);
		sum += GAP + width[c];
	}
	if (sum <= max)
		for (r = 0; r < rows(g); r++)
			draw_row(g, r, width, numeric, b);
	else
		for (r = 1; r < rows(g); r++)
			draw_block(g, r, max, lead, b);
	free(numeric);
	free(width);
}

void
grid_free(struct grid *g)
{
	size_t i;

	for (i = 0; i < g->cell.n; i++)
		free(g->cell.v[i]);
	arr_free(&g->cell);
}
