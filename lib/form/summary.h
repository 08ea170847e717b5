#ifndef FORM_SUMMARY_H
#define FORM_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "form/costs.h"
#include "form/counter.h"
#include "form/table.h"

/*
 * What the rows of a table amount to, taken in one at a time.  Kept are the
 * rows that are shown and a few numbers of each other one, so a million of
 * them take some tens of megabytes.
 *
 * Columns are found by name: id, status, cause, started, seconds, host,
 * job.id and others of a job, and as objectives those that start with
 * "minimize." or "maximize.".  A row
 * without a status counts as ok.  A row takes part in the contest if it is
 * ok and every objective is a finite number; a value equal to another's
 * loses if its id is higher.
 */

/* A row that is shown. */
struct summary_row {
	uint64_t at;   /* its place: its id, else its number */
	size_t number; /* of the row, from 0 */
	size_t nvalue;
	double *value; /* of the objectives, turned so that less is better */
	size_t nfield;
	char *packed; /* columns_keep() */
};

struct summary_rows {
	size_t n, cap;
	struct summary_row *v;
	size_t wanted; /* SIZE_MAX: all */
	size_t limit;  /* how many there may be before they are sifted */
	bool full;     /* the last of them was then, */
	double bar;    /* with this first value */
};

/* A value of an objective. */
struct summary_point {
	uint64_t at;
	double value;
};

struct summary_objective {
	char *name; /* without "minimize." */
	bool maximize;
	size_t column;
	struct {
		size_t n, cap;
		struct summary_point *v;
	} all; /* of the rows in the contest; summary_finish() sorts them by
	          place and makes each the best value up to there */
};

/* A status and its rows. */
struct summary_status {
	const char *name;
	char *own; /* the name, of one that is not known */
	size_t count;
};

/* The known ones, in their order: how trials end, a damaged result ("done"),
 * then the states of those that have not. */
enum { SUMMARY_ENDED = 9, SUMMARY_STATUSES = 13, SUMMARY_OTHERS = 16 };

struct summary {
	struct table columns;
	size_t rows, ended;
	struct summary_status status[SUMMARY_STATUSES + SUMMARY_OTHERS];
	size_t nstatus;
	size_t nobjective;
	struct summary_objective *objective;
	size_t show;              /* best rows, 0: the default */
	struct summary_rows best; /* the best first; of several objectives those
	                             that no other row equals in all but one
	                             and beats in that or more (the Pareto
	                             set), by the first objective */
	size_t nbest;             /* how many of them there are, shown or not */
	struct summary_rows newest; /* ended rows, the highest places first */
	size_t expected; /* ended rows that come, each at a higher place than
	                    those before it: set by who knows, else 0 */
	struct counter causes; /* of rows that are neither ok nor pruned:
	                          "status\tcause" */
	struct counter lines;  /* "index of cause\tline": the last of the log */
	struct {
		size_t n, cap;
		double *v;
	} seconds; /* of ended rows; sorted by summary_finish() */
	double total, median, p95; /* of them; see summary_finish() */
	char first[32];            /* the earliest start, "" unknown */
	double begin, end;         /* it and the latest end, seconds since
	                              1970 */
	struct costs costs;        /* of ended rows */
	/* where the columns are, or ${columns.n} */
	size_t id, state, cause, started, took, host, campaign;
	struct {
		size_t id, node, wait, restarts, history;
	} job;
};

/*
 * summary_init(s, best, newest):
 * How many rows to show; ${best} 0 is five, or the whole Pareto set.
 */
void summary_init(struct summary *s, size_t best, size_t newest);

/* summary_columns(s, t): Learn the columns of the table before its rows. */
void summary_columns(struct summary *s, const struct table *t);

/*
 * summary_add(s, t, field, line):
 * Take a row of the table ${t}, which may have got further columns since the
 * last one; ${line} is the last line of its log or NULL.
 */
void summary_add(struct summary *s, const struct table *t,
    const char *const *field, const char *line);

/* summary_count(s, status, n): Take ${n} rows of which only the status is
 * known; for trials that have not ended. */
void summary_count(struct summary *s, const char *status, size_t n);

/*
 * summary_finish(s):
 * After the last row.  The median is the middle value, or the mean of the
 * two; the 95th percentile is by the nearest rank (the value of rank
 * ceil(0.95 n)).
 */
void summary_finish(struct summary *s);

void summary_free(struct summary *s);

/* A summary, and what is known besides the rows. */
struct summary_about {
	const struct summary *summary;
	const char *name;
	uint32_t budget; /* trials the campaign may have, 0: unknown */
	bool whole;      /* every trial of it has a row: no row of a state
	                    means that there is none */
	size_t cut;      /* longest value in a text report, 0: any */
};

/*
 * summary_text(about, b) / summary_json(about, b):
 * Append the report for people, or as one JSON object and a newline.
 */
void summary_text(const struct summary_about *about, struct str *b);
void summary_json(const struct summary_about *about, struct str *b);

/*
 * summary_tsv(about, n, b):
 * Append the best rows of ${n} summaries as one table, with a column rank
 * before the others; of more than one also with the column campaign, the
 * name of each.
 */
void summary_tsv(const struct summary_about *about, size_t n, struct str *b);

/* Kept rows, with the columns sorted as columns_order() says. */
struct summary_list {
	struct table columns;
	size_t n;
	const char **field; /* ${columns.n} of each row, in ${s}'s storage */
};

/* summary_list_open(s, rows, l): Of s->best or s->newest. */
void summary_list_open(const struct summary *s, const struct summary_rows *rows,
    struct summary_list *l);
void summary_list_close(struct summary_list *l);

#endif
