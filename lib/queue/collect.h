#ifndef QUEUE_COLLECT_H
#define QUEUE_COLLECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/out.h"
#include "form/campaign.h"
#include "form/table.h"
#include "queue/queue.h"
#include "queue/rows.h"
#include "queue/scan.h"

struct err;

/*
 * The table of one or more campaigns, rows by campaign, then by id.
 *
 * Which metrics have columns is known when all results have been read.  Rows
 * are kept until then, up to COLLECT_KEEP bytes of them; those behind are
 * read a second time, so memory does not grow with the table.
 */
enum { COLLECT_KEEP = 24 << 20 };

/* What is said of a damaged file; the row goes on without its values. */
typedef void (*collect_fn)(void *cookie, const struct err *e);

/* One campaign. */
struct collect_source {
	struct queue q;
	struct campaign c;
	struct rows rows;
	struct scan scan;
};

struct collect {
	/* set before collect_open() */
	bool all;          /* rows also of trials that have not ended */
	bool fixed;        /* no columns for metrics that are no objectives */
	char *const *name; /* what campaigns are called; NULL: by their paths */
	collect_fn warn;
	void *cookie;
	/* the rest is filled by it */
	struct table columns; /* in no order yet, see columns_order() */
	size_t n;
	struct collect_source *source;
	struct str kept; /* rows, each after its count of fields */
	size_t nkept;    /* how many of them, */
	bool full;       /* and there are more */
};

/*
 * collect_open(k, path, n, e):
 * Open campaigns and read their files.  With more than one the table has a
 * first column with the path of each.
 */
int collect_open(struct collect *k, char *const *path, size_t n, struct err *e);

/* collect_table(k, format, o, e): Write the whole table. */
int collect_table(struct collect *k, enum table_format format, struct out *o,
    struct err *e);

/*
 * collect_again(k, e):
 * Look for hpo/ of the first campaign again if it was not there: in a
 * pipeline the reader of the results is often started before the first
 * writer has made it.
 */
int collect_again(struct collect *k, struct err *e);

/*
 * collect_row(k, t, format, o, e):
 * Write the row of a trial of the first campaign, whose columns are fixed.
 */
int collect_row(struct collect *k, const struct token *t,
    enum table_format format, struct out *o, struct err *e);

/*
 * collect_files(k, id, o, e):
 * Write the files of a trial of the first campaign verbatim, each after a
 * comment that names it: trial.ini, results by attempt, of logs the names.
 * 1, or 0 where there is no such trial, or -1.
 */
int collect_files(struct collect *k, uint32_t id, struct out *o, struct err *e);

void collect_close(struct collect *k);

#endif
