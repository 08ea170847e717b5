#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "form/columns.h"
#include "form/counter.h"
#include "form/summary.h"
#include "tap.h"

enum { FIELDS = 8 };

/* A table of one-letter columns for the tests: "id|status|minimize.a|…". */
static void
add_columns(struct table *t, const char *names)
{
	char *copy = mem_dup(names), *p = copy, *name;

	table_init(t);
	while ((name = strtok(p, "|")) != NULL) {
		table_add(t, name);
		p = NULL;
	}
	free(copy);
}

/* A row "3|ok|0.5"; an empty field is absent. */
static void
add_row(struct summary *s, const struct table *t, const char *row,
    const char *line)
{
	const char *field[FIELDS] = { NULL };
	char *copy = mem_dup(row), *p = copy;
	size_t i, n;

	for (i = 0; i < t->n; i++) {
		n = strcspn(p, "|");
		field[i] = n > 0 ? p : NULL;
		p += n;
		if (*p != '\0')
			*p++ = '\0';
	}
	summary_add(s, t, field, line);
	free(copy);
}

/* The ids of kept rows, "3 1 2". */
static const char *
ids(const struct summary *s, const struct summary_rows *rows, struct str *b)
{
	struct summary_list l;
	size_t i, id;

	str_cut(b, 0);
	summary_list_open(s, rows, &l);
	id = table_find(&l.columns, "id");
	for (i = 0; i < l.n; i++)
		str_addf(b, "%s%s", i > 0 ? " " : "",
		    l.field[i * l.columns.n + id]);
	summary_list_close(&l);

	return str_text(b);
}

struct contest {
	const char *what, *columns;
	size_t best;
	const char *rows[12];
	const char *want; /* ids of the best */
};

static const struct contest contests[] = {
	{ "the least wins", "id|status|minimize.a", 3,
	    { "0|ok|3", "1|ok|1", "2|ok|2", "3|ok|4" }, "1 2 0" },
	{ "the largest wins", "id|status|maximize.a", 2,
	    { "0|ok|-3", "1|ok|1e300", "2|ok|-2", "3|ok|4" }, "1 3" },
	{ "a tie goes to the lower id", "id|status|minimize.a", 2,
	    { "7|ok|1", "10|ok|1.0", "2|ok|1e0", "3|ok|2" }, "2 7" },
	{ "nan, inf and no number never win", "id|status|minimize.a", 5,
	    { "0|ok|nan", "1|ok|-inf", "2|ok|", "3|ok|x", "4|ok|5", "5|ok|NaN",
		"6|ok|-1e999" },
	    "4" },
	{ "only ok takes part", "id|status|minimize.a", 5,
	    { "0|pruned|0", "1|failed|0", "2|ok|1", "3|done|0", "4|running|0",
		"5|odd|0" },
	    "2" },
	{ "without a status all take part", "id|minimize.a", 5,
	    { "0|2", "1|1", "2|" }, "1 0" },
	{ "the default is five", "id|status|minimize.a", 0,
	    { "0|ok|1", "1|ok|2", "2|ok|3", "3|ok|4", "4|ok|5", "5|ok|6" },
	    "0 1 2 3 4" },
	{ "no objective, no best", "id|status|metric.a", 0,
	    { "0|ok|1", "1|ok|2" }, "" },
	{ "a Pareto set of two", "id|status|minimize.a|maximize.b", 0,
	    { "0|ok|1|1", "1|ok|2|2", "2|ok|2|1", "3|ok|3|1.5", "4|ok|0|0",
		"5|ok|nan|9" },
	    "4 0 1" },
	{ "equals do not beat each other", "id|status|minimize.a|minimize.b", 0,
	    { "1|ok|1|2", "0|ok|1|2", "2|ok|1|3", "3|ok|2|2", "4|ok|2|1" },
	    "0 1 4" },
	{ "a Pareto set of three", "id|status|minimize.a|minimize.b|minimize.c",
	    0,
	    { "0|ok|1|5|5", "1|ok|2|4|5", "2|ok|3|4|4", "3|ok|3|5|5",
		"4|ok|2|4|6" },
	    "0 1 2" },
	{ "a Pareto set, the first two", "id|status|minimize.a|minimize.b", 2,
	    { "0|ok|3|1", "1|ok|2|2", "2|ok|1|3" }, "2 1" },
};

static void
test_contests(void)
{
	struct str b = STR_EMPTY;
	struct summary s;
	struct table t;
	size_t i, k;

	for (i = 0; i < sizeof contests / sizeof contests[0]; i++) {
		add_columns(&t, contests[i].columns);
		summary_init(&s, contests[i].best, 0);
		for (k = 0; contests[i].rows[k] != NULL; k++)
			add_row(&s, &t, contests[i].rows[k], NULL);
		summary_finish(&s);
		is_str(ids(&s, &s.best, &b), contests[i].want, "best: %s",
		    contests[i].what);
		summary_free(&s);
		table_free(&t);
	}
	str_free(&b);
}

/* Many rows in an order of their own: sifting on the way loses none. */
static void
test_many(void)
{
	enum { ROWS = 5000 };
	struct str b = STR_EMPTY;
	struct summary s;
	struct table t;
	char row[64];
	unsigned i;

	add_columns(&t, "id|status|minimize.a");
	summary_init(&s, 4, 3);
	for (i = 0; i < ROWS; i++) {
		snprintf(row, sizeof row, "%u|ok|%u", i,
		    (i * 2741 + 1234) % ROWS); /* 2741 is coprime to 5000 */
		add_row(&s, &t, row, NULL);
	}
	summary_finish(&s);
	/* i = (k - 1234) / 2741 mod 5000; 1 / 2741 is 861. */
	is_str(ids(&s, &s.best, &b), "2526 3387 4248 109", "best of many");
	is_str(ids(&s, &s.newest, &b), "4999 4998 4997", "newest of many");
	is_num((double)s.objective[0].all.n, ROWS, "all took part");
	summary_free(&s);

	summary_init(&s, 0, 0);
	table_free(&t);
	add_columns(&t, "id|status|minimize.a|minimize.b");
	for (i = 0; i < ROWS; i++) {
		snprintf(row, sizeof row, "%u|ok|%u|%u", i, (i * 2741) % ROWS,
		    i % 10 > 0 ? ROWS + i : ROWS - (i * 2741) % ROWS);
		add_row(&s, &t, row, NULL);
	}
	summary_finish(&s);
	/* Every tenth is on one line, which nothing else comes near to. */
	is_num((double)s.nbest, 500, "a large Pareto set");
	summary_free(&s);
	table_free(&t);
	str_free(&b);
}

static void
test_counts(void)
{
	struct summary s;
	struct table t;

	add_columns(&t, "id|status|cause|started|seconds|minimize.a");
	summary_init(&s, 0, 0);
	add_row(&s, &t, "0|ok||2026-03-01T00:00:10Z|4.5|1", NULL);
	add_row(&s, &t, "1|failed|exit 3|2026-02-28T23:59:50Z|1|", "boom");
	add_row(&s, &t, "2|failed|exit 3||2|", "boom");
	add_row(&s, &t, "3|timeout|exit 3||x|", "boom");
	add_row(&s, &t, "4|pruned|||3|2", NULL);
	add_row(&s, &t, "5|running||2020-01-01T00:00:00Z|99|0", NULL);
	summary_count(&s, "ready", 7);
	summary_finish(&s);
	is_num((double)s.rows, 13, "rows");
	is_num((double)s.ended, 5, "ended rows");
	is_num((double)s.status[0].count, 1, "ok rows");
	is_num((double)s.causes.n, 2, "causes differ by status");
	is_str(s.causes.v[0].text, "failed\texit 3", "a cause");
	is_num((double)s.causes.v[0].count, 2, "how often");
	is_num((double)s.lines.n, 2, "lines by cause");
	is_num(s.total, 10.5, "total");
	is_num(s.median, 2.5, "median of an even number");
	is_num(s.p95, 4.5, "95th percentile");
	is_str(s.first, "2026-02-28T23:59:50Z", "first start");
	is_num(s.end - s.begin, 24.5, "over the end of February");
	summary_free(&s);
	table_free(&t);
}

static void
test_percentiles(void)
{
	struct summary s;
	struct table t;
	char row[32];
	int i;

	add_columns(&t, "seconds");
	summary_init(&s, 0, 0);
	for (i = 100; i > 0; i--) {
		snprintf(row, sizeof row, "%d", i);
		add_row(&s, &t, row, NULL);
	}
	summary_finish(&s);
	is_num(s.median, 50.5, "median of 1 .. 100");
	is_num(s.p95, 95, "95th percentile of 1 .. 100");
	summary_free(&s);
	summary_init(&s, 0, 0);
	add_row(&s, &t, "7", NULL);
	summary_finish(&s);
	is_num(s.median, 7, "median of one");
	is_num(s.p95, 7, "95th percentile of one");
	summary_free(&s);
	table_free(&t);
}

/* A column that comes late, as in JSON lines. */
static void
test_growth(void)
{
	struct str b = STR_EMPTY;
	struct summary s;
	struct table t;

	add_columns(&t, "id|minimize.a");
	summary_init(&s, 0, 0);
	add_row(&s, &t, "0|1", NULL);
	table_add(&t, "metric.z");
	table_add(&t, "metric.b");
	add_row(&s, &t, "1|2|3|4", NULL);
	summary_finish(&s);
	is_str(ids(&s, &s.best, &b), "0 1", "a metric that comes late");
	summary_free(&s);

	summary_init(&s, 0, 0);
	add_row(&s, &t, "0|1||", NULL);
	table_add(&t, "maximize.c");
	add_row(&s, &t, "1|2|||5", NULL);
	summary_finish(&s);
	is_str(ids(&s, &s.best, &b), "1", "an objective that comes late");
	summary_free(&s);
	table_free(&t);
	str_free(&b);
}

static void
test_columns(void)
{
	static const char want[] = "campaign id status minimize.b maximize.a "
				   "param.z param.a note metric.a metric.b";
	struct str b = STR_EMPTY;
	struct table t;
	size_t order[16], i;

	add_columns(&t,
	    "metric.b|note|param.z|minimize.b|id|metric.a|param.a|"
	    "maximize.a|status|campaign");
	columns_order(&t, order);
	for (i = 0; i < t.n; i++)
		str_addf(&b, "%s%s", i > 0 ? " " : "", t.name[order[i]]);
	is_str(b.s, want, "the order of columns");
	table_free(&t);
	str_free(&b);
}

static void
test_keep(void)
{
	const char *row[] = { "a", NULL, "", "\001\002" }, *got[6];
	const char *next;
	struct str b = STR_EMPTY;

	columns_keep(row, 4, &b);
	columns_keep(row, 1, &b);
	next = columns_recall(b.s, 4, got, 6);
	is_str(got[0], "a", "a kept field");
	is_str(got[1], NULL, "an absent one");
	is_str(got[2], "", "an empty one");
	is_str(got[3], "\001\002", "one of control bytes");
	is_str(got[5], NULL, "one that the row does not have");
	next = columns_recall(next, 1, got, 1);
	is_str(got[0], "a", "the next row");
	ok(next == b.s + b.n, "the end");
	str_free(&b);
}

static void
test_counter(void)
{
	struct counter c = { 0 };
	size_t order[3];
	char text[24];
	unsigned i;

	for (i = 0; i < 6; i++)
		counter_add(&c, i < 1 ? "c" : i < 3 ? "b" : "a");
	counter_order(&c, order);
	is_str(c.v[order[0]].text, "a", "the commonest");
	is_str(c.v[order[2]].text, "c", "the rarest");
	for (i = 0; i < COUNTER_TEXTS; i++) {
		snprintf(text, sizeof text, "%u", i);
		counter_add(&c, text);
	}
	is_num((double)c.n, COUNTER_TEXTS, "remembers so many");
	is_num((double)c.others, 3, "and counts the others");
	is_num((double)counter_add(&c, "a"), 2, "finds what it remembers");
	counter_free(&c);
}

int
main(void)
{
	test_contests();
	test_many();
	test_counts();
	test_percentiles();
	test_growth();
	test_columns();
	test_keep();
	test_counter();

	return done();
}
