#include <stdio.h>
#include <string.h>

#include "form/chart.h"
#include "form/grid.h"
#include "tap.h"

#define BAR20 "********************"
#define GAP20 "                    "
#define AXIS                                                                   \
	"           +--------------------"                                     \
	"----------------------------------------\n"
#define LABELS "            0" GAP20 GAP20 "                  9\n"

static void
draw(const double *y, size_t n, bool log, const char *want, const char *what)
{
	struct chart c = { n, y, log, "0", "9" };
	struct str b = STR_EMPTY;

	chart_draw(&c, &b);
	is_str(str_text(&b), want, "chart: %s", what);
	str_free(&b);
}

static void
test_chart(void)
{
	static const double flat[] = { 2, 2, 2 };
	static const double fall[] = { 8, 4.5, 1 };
	static const double rise[] = { 0, 0, 7 };
	static const double decades[] = { 1e7, 1e3, 1 };
	static const double huge[] = { 1e308, -1e308 };
	static const double tiny[] = { 5e-324, 0 };
	struct str b = STR_EMPTY;
	size_t i, lines = 0;

	draw(flat, 0, false, "", "nothing");
	draw(flat, 3, false, "         2 |" BAR20 BAR20 BAR20 "\n" AXIS LABELS,
	    "all the same");
	draw(fall, 3, false,
	    "         8 |" BAR20 "\n"
	    "           |" GAP20 ":\n"
	    "           |" GAP20 ":\n"
	    "           |" GAP20 BAR20 "\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "         1 |" GAP20 GAP20 BAR20 "\n" AXIS LABELS,
	    "steps down, a half rounded up");
	draw(rise, 3, false,
	    "         7 |" GAP20 GAP20 BAR20 "\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "         0 |" BAR20 BAR20 "\n" AXIS LABELS,
	    "a step up");
	draw(decades, 3, true,
	    "     1e+07 |" BAR20 "\n"
	    "           |" GAP20 ":\n"
	    "           |" GAP20 ":\n"
	    "           |" GAP20 ":\n"
	    "           |" GAP20 BAR20 "\n"
	    "           |" GAP20 GAP20 ":\n"
	    "           |" GAP20 GAP20 ":\n"
	    "         1 |" GAP20 GAP20 BAR20 "\n" AXIS LABELS,
	    "logarithmic");
	for (i = 0; i < 2; i++) {
		struct chart c = { 2, i == 0 ? huge : tiny, false, "", "" };

		chart_draw(&c, &b);
	}
	for (i = 0; i < b.n; i++)
		lines += b.s[i] == '\n';
	is_num((double)lines, 20, "chart: the ends of double's range");
	str_free(&b);
}

/* More values than columns: the first one is to be seen. */
static void
test_many(void)
{
	static const double y[600] = { 7 };
	struct chart c = { 600, y, false, "0", "599" };
	struct str b = STR_EMPTY;

	chart_draw(&c, &b);
	ok(strstr(b.s, "         7 |*\n           |:\n") == b.s,
	    "chart: the first of many");
	ok(strstr(b.s, "         0 |" BAR20 BAR20 BAR20 "\n") != NULL,
	    "chart: the rest of many");
	str_free(&b);
}

static void
draw_grid(const char *const *cell, size_t rows, size_t width, size_t cut,
    const char *want, const char *what)
{
	struct str b = STR_EMPTY;
	struct grid g;
	size_t i;

	grid_init(&g, 3, cut);
	for (i = 0; i < rows * 3; i++)
		grid_add(&g, cell[i]);
	grid_draw(&g, width, 2, &b);
	is_str(str_text(&b), want, "grid: %s", what);
	grid_free(&g);
	str_free(&b);
}

static void
test_grid(void)
{
	static const char *const cell[] = { "id", "a", "opt", "7", "0.25",
		"adam", "12", NULL, "h\303\266her\n" };
	static const char *const wide[] = { "id", "a", "opt", "7", "0.25",
		"0123456789abcdef" };

	draw_grid(cell, 3, 80, 0,
	    "  id     a  opt\n"
	    "   7  0.25  adam\n"
	    "  12     -  h\303\266her\\n\n",
	    "columns");
	draw_grid(cell, 3, 19, 0,
	    "  id     a  opt\n"
	    "   7  0.25  adam\n"
	    "  12     -  h\303\266her\\n\n",
	    "columns that just fit");
	draw_grid(cell, 3, 18, 0,
	    "  7  a 0.25\n      opt=adam\n"
	    "  12  a -\n      opt=h\303\266her\\n\n",
	    "lines, where they do not");
	draw_grid(wide, 2, 80, 10, "  id     a  opt\n   7  0.25  0123456...\n",
	    "a value cut");
	draw_grid(cell + 6, 1, 80, 4, "  12  -  h...\n",
	    "a character is whole");
}

int
main(void)
{
	test_chart();
	test_many();
	test_grid();

	return done();
}
