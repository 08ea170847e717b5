#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/out.h"
#include "form/chart.h"
#include "form/columns.h"
#include "form/grid.h"
#include "form/summary.h"

enum { WIDTH = 80, CAUSES = 8, LINES = 3 };

static void
add_title(const struct summary *s, const struct summary_about *about,
    struct str *b)
{
	size_t i;

	out_tsv(b, about->name);
	for (i = 0; i < s->nobjective; i++) {
		str_add(b, i == 0 ? ": " : ", ");
		str_add(b,
		    s->objective[i].maximize ? "maximize " : "minimize ");
		out_tsv(b, s->objective[i].name);
	}
	str_addc(b, '\n');
}

/* Statuses that occur, as "3 running, 2 ready"; how many they are. */
static size_t
add_statuses(const struct summary *s, size_t from, size_t to,
    const char *before, struct str *b)
{
	size_t i, n = 0;

	for (i = from; i < to; i++) {
		if (s->status[i].count == 0)
			continue;
		str_addf(b, "%s%zu ", n++ == 0 ? before : ", ",
		    s->status[i].count);
		out_tsv(b, s->status[i].name);
	}

	return n;
}

static void
add_counts(const struct summary *s, const struct summary_about *about,
    struct str *b)
{
	size_t of = about->budget > 0 ? about->budget : s->ended;
	size_t n;

	str_addf(b, "%zu", s->ended);
	if (about->budget > 0)
		str_addf(b, " of %zu", of);
	str_addf(b, " trial%s ended", of == 1 ? "" : "s");
	n = add_statuses(s, 0, SUMMARY_ENDED, ": ", b);
	add_statuses(s, SUMMARY_STATUSES, s->nstatus, n > 0 ? ", " : ": ", b);
	add_statuses(s, SUMMARY_ENDED, SUMMARY_STATUSES, "; ", b);
	str_addc(b, '\n');
}

/* A number is as short as a person wants it, unless all is to be shown. */
static void
add_cell(struct grid *g, const char *text, bool full)
{
	char buf[NUM_TEXT];
	double x;

	if (!full && text != NULL && num_double(text, &x) == 0) {
		snprintf(buf, sizeof buf, "%.6g", x);
		if (strlen(buf) < strlen(text))
			text = buf;
	}
	grid_add(g, text);
}

static bool
has_value(const struct summary_list *l, size_t column)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->field[i * l->columns.n + column] != NULL)
			return true;

	return false;
}

/*
 * The place of a column in a report: 0, 1, … at its left, then the others;
 * -1 where it is left out.
 */
static int
rank(const char *name, bool full)
{
	bool maximize;

	if (str_eq(name, COLUMNS_CAMPAIGN))
		return 0;
	if (str_eq(name, table_column(TABLE_ID)))
		return 1;
	if (str_eq(name, table_column(TABLE_STATUS)))
		return full ? 2 : -1;
	if (columns_is_objective(name, &maximize))
		return 3;
	if (str_eq(name, table_column(TABLE_SECONDS)))
		return 4;

	return full || str_starts(name, "param.") ? 5 : -1;
}

enum { RANKS = 6 };

/* The columns to show, in their order; *${lead} of them before the point. */
static size_t
choose(const struct summary_list *l, bool full, size_t *column, size_t *lead)
{
	size_t i, n = 0;
	int r;

	for (r = 0; r < RANKS; r++) {
		if (r == RANKS - 1)
			*lead = n;
		for (i = 0; i < l->columns.n; i++)
			if (rank(l->columns.name[i], full) == r &&
			    has_value(l, i))
				column[n++] = i;
	}

	return n;
}

static void
add_rows(const struct summary *s, const struct summary_rows *rows, bool full,
    size_t cut, struct str *b)
{
	struct summary_list l;
	struct grid g;
	size_t *column, i, k, n, lead = 0;
	bool maximize;

	summary_list_open(s, rows, &l);
	column = mem_zero(l.columns.n + 1, sizeof *column);
	n = choose(&l, full, column, &lead);
	grid_init(&g, n, full ? 0 : cut);
	for (i = 0; i < n; i++)
		grid_add(&g, columns_short(l.columns.name[column[i]]));
	for (k = 0; k < l.n; k++)
		for (i = 0; i < n; i++)
			add_cell(&g, l.field[k * l.columns.n + column[i]],
			    full ||
				!columns_is_objective(l.columns.name[column[i]],
				    &maximize));
	grid_draw(&g, WIDTH, lead, b);
	grid_free(&g);
	free(column);
	summary_list_close(&l);
}

static void
add_best(const struct summary *s, const struct summary_about *about,
    struct str *b)
{
	if (s->nobjective == 0) {
		str_add(b,
		    "\nno column minimize.NAME or maximize.NAME: nothing "
		    "is best\n");
		return;
	}
	if (s->best.n == 0)
		return;
	if (s->nobjective > 1 && s->best.n < s->nbest)
		str_addf(b, "\nPareto set, %zu of %zu\n", s->best.n, s->nbest);
	else if (s->nobjective > 1)
		str_addf(b, "\nPareto set\n");
	else
		str_addf(b, "\nbest %zu of %zu\n", s->best.n,
		    s->objective[0].all.n);
	add_rows(s, &s->best, s->newest.wanted > 0, about->cut, b);
}

/* The best so far of each objective. */
static void
add_chart(const struct summary_objective *o, struct str *b)
{
	double *y = mem_zero(o->all.n + 1, sizeof *y);
	struct chart c = { .n = o->all.n, .y = y };
	char left[24], right[24];
	double worst, best;
	size_t i;

	for (i = 0; i < c.n; i++)
		y[i] = o->all.v[i].value;
	worst = y[0];
	best = y[c.n - 1];
	/* What is made small is told apart by its digits. */
	c.log = !o->maximize && best > 0 && worst / 10 > best;
	snprintf(left, sizeof left, "%llu", (unsigned long long)o->all.v[0].at);
	snprintf(right, sizeof right, "%llu",
	    (unsigned long long)o->all.v[c.n - 1].at);
	c.left = left;
	c.right = right;
	str_addc(b, '\n');
	out_tsv(b, o->name);
	str_addf(b, ", best so far%s\n", c.log ? ", logarithmic" : "");
	chart_draw(&c, b);
	free(y);
}

/* The commonest last lines of the logs behind a cause. */
static void
add_lines(const struct summary *s, size_t cause, const size_t *order,
    const struct summary_about *about, struct str *b)
{
	const struct counter_entry *entry;
	struct grid g;
	char key[24];
	size_t i, n = 0;

	snprintf(key, sizeof key, "%zu\t", cause);
	for (i = 0; i < s->lines.n && n < LINES; i++) {
		entry = &s->lines.v[order[i]];
		if (!str_starts(entry->text, key))
			continue;
		n++;
		grid_init(&g, 1, about->cut > 0 ? WIDTH - 10 : 0);
		grid_add(&g, entry->text + strlen(key));
		str_addf(b, "%7zu  %s\n", entry->count, g.cell.v[0]);
		grid_free(&g);
	}
}

static void
add_causes(const struct summary *s, const struct summary_about *about,
    struct str *b)
{
	size_t *order = mem_zero(s->causes.n + 1, sizeof *order);
	size_t *lines = mem_zero(s->lines.n + 1, sizeof *lines);
	const struct counter_entry *entry;
	size_t i, rest = s->causes.others;
	const char *tab;
	char *status;

	counter_order(&s->causes, order);
	counter_order(&s->lines, lines);
	if (s->causes.n > 0)
		str_add(b, "\nwhat went wrong\n");
	for (i = 0; i < s->causes.n; i++) {
		entry = &s->causes.v[order[i]];
		if (i >= CAUSES) {
			rest += entry->count;
			continue;
		}
		tab = strchr(entry->text, '\t');
		status = mem_dupn(entry->text, (size_t)(tab - entry->text));
		str_addf(b, "%5zu  ", entry->count);
		out_tsv(b, status);
		str_add(b, tab[1] != '\0' ? ": " : "");
		out_tsv(b, tab + 1);
		str_addc(b, '\n');
		free(status);
		add_lines(s, order[i], lines, about, b);
	}
	if (rest > 0)
		str_addf(b, "%5zu  of other causes\n", rest);
	free(lines);
	free(order);
}

static void
add_seconds(const struct summary *s, struct str *b)
{
	if (s->seconds.n > 0) {
		str_add(b, "\ntime of a trial: median ");
		out_duration(b, s->median);
		str_add(b, ", 95th percentile ");
		out_duration(b, s->p95);
		str_add(b, ", total ");
		out_duration(b, s->total);
		str_addc(b, '\n');
	}
	if (s->first[0] == '\0')
		return;
	str_addf(b, "%sfirst start %s", s->seconds.n > 0 ? "" : "\n", s->first);
	if (s->end > s->begin) {
		str_add(b, ", last end ");
		out_duration(b, s->end - s->begin);
		str_add(b, " later");
	}
	str_addc(b, '\n');
}

void
summary_text(const struct summary_about *about, struct str *b)
{
	const struct summary *s = about->summary;
	size_t i;

	add_title(s, about, b);
	add_counts(s, about, b);
	if (s->ended == 0)
		return;
	add_best(s, about, b);
	for (i = 0; i < s->nobjective; i++)
		if (s->objective[i].all.n > 1)
			add_chart(&s->objective[i], b);
	if (s->newest.n > 0) {
		str_add(b, "\nnewest\n");
		add_rows(s, &s->newest, true, about->cut, b);
	}
	add_causes(s, about, b);
	add_seconds(s, b);
	costs_text(&s->costs, WIDTH, b);
}
