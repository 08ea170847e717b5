#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/columns.h"
#include "form/result.h"
#include "form/summary.h"
#include "form/summary_rows.h"

enum { OBJECTIVES = 16, BEST = 5 };

void
summary_init(struct summary *s, size_t best, size_t newest)
{
	static const char *const states[] = { "done", "running", "ready",
		"held", "new" };
	size_t i;

	memset(s, 0, sizeof *s);
	table_init(&s->columns);
	for (i = 0; i < STATUS_COUNT; i++)
		s->status[i].name = status_name((enum status)i);
	for (; i < SUMMARY_STATUSES; i++)
		s->status[i].name = states[i - STATUS_COUNT];
	s->nstatus = SUMMARY_STATUSES;
	s->show = best;
	s->newest.wanted = newest;
}

/* Another objective; what has been kept lacks it. */
static void
add_objective(struct summary *s, size_t column, bool maximize)
{
	struct summary_objective *new;
	size_t i;

	if (s->nobjective == OBJECTIVES)
		return;
	s->objective =
	    mem_grow(s->objective, s->nobjective + 1, sizeof *s->objective);
	new = &s->objective[s->nobjective++];
	memset(new, 0, sizeof *new);
	new->name = mem_dup(columns_short(s->columns.name[column]));
	new->maximize = maximize;
	new->column = column;
	summary_rows_free(&s->best);
	s->best.wanted = s->nobjective > 1 ? SIZE_MAX
	    : s->show > 0                  ? s->show
					   : BEST;
	for (i = 0; i < s->nobjective; i++)
		s->objective[i].all.n = 0;
}

void
summary_columns(struct summary *s, const struct table *t)
{
	bool maximize;
	size_t i;

	if (t->n == s->columns.n)
		return;
	for (i = s->columns.n; i < t->n; i++) {
		table_add(&s->columns, t->name[i]);
		if (columns_is_objective(t->name[i], &maximize))
			add_objective(s, i, maximize);
	}
	s->id = table_find(t, table_column(TABLE_ID));
	s->state = table_find(t, table_column(TABLE_STATUS));
	s->cause = table_find(t, table_column(TABLE_CAUSE));
	s->started = table_find(t, table_column(TABLE_STARTED));
	s->took = table_find(t, table_column(TABLE_SECONDS));
	s->host = table_find(t, table_column(TABLE_HOST));
	s->campaign = table_find(t, COLUMNS_CAMPAIGN);
	s->job.id = table_find(t, "job.id");
	s->job.node = table_find(t, "job.node");
	s->job.wait = table_find(t, "job.wait");
	s->job.restarts = table_find(t, "job.restarts");
	s->job.history = table_find(t, "job.history");
}

static const char *
get(const struct summary *s, const char *const *field, size_t i)
{
	return i < s->columns.n ? field[i] : NULL;
}

/* The number of a status; one too many is the last of the others. */
static size_t
find_status(struct summary *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nstatus; i++)
		if (strcmp(s->status[i].name, name) == 0)
			return i;
	if (i == SUMMARY_STATUSES + SUMMARY_OTHERS)
		return i - 1;
	s->status[i].own =
	    mem_dup(i + 1 < SUMMARY_STATUSES + SUMMARY_OTHERS ? name : "other");
	s->status[i].name = s->status[i].own;
	s->nstatus++;

	return i;
}

/* Days from 1970 to a date of the Gregorian calendar (the algorithm of
 * Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static long
days(long y, long m, long d)
{
	long era, year, day;

	y -= m <= 2;
	era = y / 400;
	year = y - era * 400;
	day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

/* "2026-11-23T09:30:00Z" to seconds since 1970; -1 if it is none. */
static int
parse_time(const char *s, double *out)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	long part[6] = { 0 }, *p = part;
	size_t i;

	for (i = 0; form[i] != '\0'; i++) {
		if (form[i] != '0') {
			if (s[i] != form[i])
				return -1;
			p++;
		} else if (s[i] < '0' || s[i] > '9') {
			return -1;
		} else {
			*p = *p * 10 + (s[i] - '0');
		}
	}
	if (s[i] != '\0' || part[1] < 1 || part[1] > 12)
		return -1;
	*out = (double)(days(part[0], part[1], part[2]) * 86400 +
	    part[3] * 3600 + part[4] * 60 + part[5]);

	return 0;
}

/* Returns the row's seconds, < 0 unknown. */
static double
add_times(struct summary *s, const char *const *field)
{
	const char *started = get(s, field, s->started);
	const char *took = get(s, field, s->took);
	double begin, seconds = 0;
	bool known;

	known = took != NULL && num_double(took, &seconds) == 0 && seconds >= 0;
	if (known)
		*arr_push(&s->seconds) = seconds;
	else
		seconds = -1;
	if (started == NULL || parse_time(started, &begin) < 0)
		return seconds;
	if (s->first[0] == '\0' || begin < s->begin) {
		s->begin = begin;
		snprintf(s->first, sizeof s->first, "%s", started);
	}
	if (known && begin + seconds > s->end)
		s->end = begin + seconds;

	return seconds;
}

static void
add_costs(struct summary *s, const char *const *field, size_t status,
    double seconds)
{
	struct costs_row r = {
		.status = status < COSTS_OTHER ? status : COSTS_OTHER,
		.seconds = seconds,
		.host = get(s, field, s->host),
		.id = get(s, field, s->job.id),
		.node = get(s, field, s->job.node),
		.wait = get(s, field, s->job.wait),
		.restarts = get(s, field, s->job.restarts),
		.history = get(s, field, s->job.history),
	};

	costs_add(&s->costs, &r);
}

static void
add_cause(struct summary *s, const char *status, const char *cause,
    const char *line)
{
	struct str key = STR_EMPTY;
	size_t i;

	str_addf(&key, "%s\t%s", status, cause != NULL ? cause : "");
	i = counter_add(&s->causes, key.s);
	if (line != NULL && i < COUNTER_TEXTS) {
		str_cut(&key, 0);
		str_addf(&key, "%zu\t%s", i, line);
		counter_add(&s->lines, key.s);
	}
	str_free(&key);
}

/* Every objective of a row, as it is and turned; false if one is no number. */
static bool
read_values(const struct summary *s, const char *const *field, double *value,
    double *turned)
{
	const char *text;
	size_t i;

	for (i = 0; i < s->nobjective; i++) {
		text = get(s, field, s->objective[i].column);
		if (text == NULL || num_double(text, &value[i]) < 0)
			return false;
		turned[i] = s->objective[i].maximize ? -value[i] : value[i];
	}

	return s->nobjective > 0;
}

static void
add_contest(struct summary *s, const char *const *field,
    struct summary_row *row)
{
	double value[OBJECTIVES], turned[OBJECTIVES];
	struct summary_point *p;
	size_t i;

	if (!read_values(s, field, value, turned))
		return;
	row->nvalue = s->nobjective;
	row->value = turned;
	for (i = 0; i < s->nobjective; i++) {
		p = arr_push(&s->objective[i].all);
		p->at = row->at;
		p->value = value[i];
	}
	summary_rows_add(&s->best, row, field, s->columns.n,
	    s->nobjective == 1 ? summary_rows_best : summary_rows_front);
}

void
summary_add(struct summary *s, const struct table *t, const char *const *field,
    const char *line)
{
	struct summary_row row = { .number = s->rows };
	const char *text;
	uint64_t id;
	size_t i;

	summary_columns(s, t);
	text = get(s, field, s->id);
	row.at = s->rows++;
	if (s->campaign == s->columns.n && text != NULL &&
	    num_u64(text, UINT64_MAX, &id) == 0)
		row.at = id;
	text = get(s, field, s->state);
	i = text != NULL ? find_status(s, text) : STATUS_OK;
	s->status[i].count++;
	if (i >= SUMMARY_ENDED && i < SUMMARY_STATUSES) {
		s->expected -= s->expected > 0;
		return;
	}
	s->ended++;
	add_costs(s, field, i, add_times(s, field));
	/* To keep each row of a million until the next comes takes time. */
	if (s->ended + s->newest.wanted > s->expected)
		summary_rows_add(&s->newest, &row, field, s->columns.n,
		    summary_rows_newest);
	if (i == STATUS_OK)
		add_contest(s, field, &row);
	else if (i != STATUS_PRUNED)
		add_cause(s, s->status[i].name, get(s, field, s->cause), line);
}

void
summary_count(struct summary *s, const char *status, size_t n)
{
	size_t i = find_status(s, status);

	s->status[i].count += n;
	s->rows += n;
	if (i < SUMMARY_ENDED || i >= SUMMARY_STATUSES)
		s->ended += n;
}

static void
finish_seconds(struct summary *s)
{
	const double *v = s->seconds.v;
	size_t i, n = s->seconds.n;

	if (n == 0)
		return;
	num_sort(s->seconds.v, n);
	for (i = 0; i < n; i++)
		s->total += v[i];
	s->median = num_median(v, n);
	s->p95 = num_percentile(v, n, 95);
}

static int
by_place(const void *a, const void *b)
{
	const struct summary_point *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;

	return x->value < y->value ? -1 : x->value > y->value;
}

static void
finish_objective(struct summary_objective *o)
{
	struct summary_point *v = o->all.v;
	size_t i;

	if (o->all.n > 1)
		qsort(v, o->all.n, sizeof *v, by_place);
	for (i = 1; i < o->all.n; i++)
		if (o->maximize ? v[i].value < v[i - 1].value
				: v[i].value > v[i - 1].value)
			v[i].value = v[i - 1].value;
}

void
summary_finish(struct summary *s)
{
	size_t i;

	finish_seconds(s);
	costs_finish(&s->costs);
	for (i = 0; i < s->nobjective; i++)
		finish_objective(&s->objective[i]);
	if (s->nobjective > 1)
		summary_rows_front(&s->best);
	else
		summary_rows_best(&s->best);
	s->nbest = s->best.n;
	if (s->show > 0)
		summary_rows_cut(&s->best, s->show);
	summary_rows_newest(&s->newest);
}

void
summary_list_open(const struct summary *s, const struct summary_rows *rows,
    struct summary_list *l)
{
	size_t n = s->columns.n, i, k;
	size_t *order = mem_zero(n + 1, sizeof *order);
	const char **unsorted = mem_zero(n + 1, sizeof *unsorted);

	columns_order(&s->columns, order);
	table_init(&l->columns);
	for (i = 0; i < n; i++)
		table_add(&l->columns, s->columns.name[order[i]]);
	l->n = rows->n;
	l->field = mem_zero(rows->n * n + 1, sizeof *l->field);
	for (k = 0; k < rows->n; k++) {
		columns_recall(rows->v[k].packed, rows->v[k].nfield, unsorted,
		    n);
		for (i = 0; i < n; i++)
			l->field[k * n + i] = unsorted[order[i]];
	}
	free(unsorted);
	free(order);
}

void
summary_list_close(struct summary_list *l)
{
	table_free(&l->columns);
	free(l->field);
}

void
summary_free(struct summary *s)
{
	size_t i;

	for (i = SUMMARY_STATUSES; i < s->nstatus; i++)
		free(s->status[i].own);
	for (i = 0; i < s->nobjective; i++) {
		free(s->objective[i].name);
		arr_free(&s->objective[i].all);
	}
	free(s->objective);
	summary_rows_free(&s->best);
	summary_rows_free(&s->newest);
	costs_free(&s->costs);
	counter_free(&s->causes);
	counter_free(&s->lines);
	arr_free(&s->seconds);
	table_free(&s->columns);
	memset(s, 0, sizeof *s);
}
