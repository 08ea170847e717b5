#ifndef QUEUE_HISTORY_H
#define QUEUE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "form/result.h"
#include "queue/queue.h"

struct err;

/*
 * How the earlier attempts of a trial ended, one entry a serial, oldest
 * first.  Of several results of a serial the worker's is taken, else that of
 * who cancelled it, else a reaper's; one that is damaged counts as none.
 */
struct history_entry {
	unsigned attempt;
	enum status status;
	char node[65];  /* of the job, else the host; "" unknown */
	double seconds; /* < 0 unknown */
	bool whole;     /* it had a whole walltime, and was ended by its end */
};

struct history {
	size_t n, cap;
	struct history_entry *v;
};

/*
 * history_read(q, id, below, h, e):
 * Fill ${h} from the results of the attempts below ${below}; for 0 nothing
 * is read.
 */
int history_read(const struct queue *q, uint32_t id, unsigned below,
    struct history *h, struct err *e);

/*
 * history_format(h, b):
 * Append "status@node:seconds" of each, with a blank between; seconds with 3
 * decimals, what is unknown left out.
 */
void history_format(const struct history *h, struct str *b);

/* history_wholes(h): How many of them had a whole walltime. */
unsigned history_wholes(const struct history *h);

void history_free(struct history *h);

#endif
