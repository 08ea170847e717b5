#ifndef FORM_COSTS_H
#define FORM_COSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "form/counter.h"
#include "form/result.h"

/*
 * What the attempts of a table's trials cost: those that count, by their
 * seconds, and those before them, by the column job.history.  A node's hour
 * is an hour of an attempt on it, whatever else runs there.
 */

/* Attempts that ended in one way, or all of a kind. */
struct costs_sum {
	size_t attempts, unknown; /* ${unknown} of them: not how long */
	double seconds;           /* of the others */
};

/* What is trouble with a node. */
enum { COSTS_FAILED, COSTS_LOST, COSTS_OOM, COSTS_TIMEOUT, COSTS_TROUBLES };

struct costs_node {
	struct costs_sum sum;
	size_t trouble[COSTS_TROUBLES];
};

struct costs_job {
	double wait; /* < 0 unknown */
	double restarts;
};

enum { COSTS_OTHER = STATUS_COUNT, COSTS_STATUSES };

/* Zeroed it is empty. */
struct costs {
	bool any; /* a row told of a job, or of earlier attempts */
	struct costs_sum status[COSTS_STATUSES];
	struct counter nodes; /* their names, */
	struct {
		size_t n, cap;
		struct costs_node *v;
	} node;      /* in the same order */
	size_t last; /* the node of the last attempt */
	struct counter jobs;
	struct {
		size_t n, cap;
		struct costs_job *v;
	} job;
	/* the rest is filled by costs_finish() */
	struct costs_sum all, wasted; /* wasted: neither ok nor pruned */
	size_t *order;                /* nodes with most trouble first */
	double restarts;
	size_t waits; /* jobs of which the wait is known */
	double median, longest;
};

/* A row's fields, NULL for absent. */
struct costs_row {
	size_t status;  /* COSTS_OTHER for one that is not known */
	double seconds; /* < 0 unknown */
	const char *host, *id, *node, *wait, *restarts, *history;
};

/*
 * costs_add(c, r):
 * Take the row of a trial that has ended.  One that was cancelled while it
 * waited, which has no seconds, is no attempt.
 */
void costs_add(struct costs *c, const struct costs_row *r);

/*
 * costs_finish(c):
 * After the last row.  A job that several rows are of has waited as long as
 * the least of them says, and was restarted as often as the most.
 */
void costs_finish(struct costs *c);

/*
 * costs_text(c, width, b) / costs_json(c, b):
 * Append what a report says of it, nothing unless ${c->any}; for people, in
 * lines of ${width}, or as a member of a JSON object, with a comma before.
 */
void costs_text(const struct costs *c, size_t width, struct str *b);
void costs_json(const struct costs *c, struct str *b);

void costs_free(struct costs *c);

/* costs_trouble(k): The name of a trouble, which is that of a status. */
const char *costs_trouble(size_t k);

/* costs_status(i): The name of a status, "other" for COSTS_OTHER. */
const char *costs_status(size_t i);

#endif
