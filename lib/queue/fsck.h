#ifndef QUEUE_FSCK_H
#define QUEUE_FSCK_H

#include <stddef.h>

#include "base/str.h"
#include "queue/queue.h"

struct err;

/*
 * The check of a campaign's directory against the invariants of hpo-queue(7)
 * that can be read off it:
 *
 *	every home has one token, or an unsettled one inside, and every token
 *	a home; no serial is behind a result; trial files and results are
 *	whole and say what their names say; what a token in done/, failed/ or
 *	closed/ names is there and fits; no name is there that means nothing;
 *	ready/S is a directory.
 *
 * The campaign may be in use.  Tokens move while they are listed, so a
 * finding must be the same in three listings.  A dead worker's token and
 * leftovers in tmp/ are no findings: whoever comes next puts them right.
 * campaign.ini is not read.
 */
struct fsck {
	size_t trials;
	size_t count[STATE_COUNT]; /* by the latest state seen */
	struct {
		size_t n, cap;
		char **v; /* "12: what" of a trial, else "path: what" */
	} finding;        /* trials by id first */
};

/* fsck_run(q, f, e): ${q} opened by QUEUE_READ. */
int fsck_run(const struct queue *q, struct fsck *f, struct err *e);

/* fsck_summary(f, b): Append "50 trials: 47 done, 3 failed; clean". */
void fsck_summary(const struct fsck *f, struct str *b);

void fsck_free(struct fsck *f);

#endif
