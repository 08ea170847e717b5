#ifndef QUEUE_FSCK_H
#define QUEUE_FSCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "queue/fsck_view.h"
#include "queue/queue.h"

struct err;

/*
 * The check of a campaign's directory against the invariants of hpo-queue(7)
 * that can be read off it:
 *
 *	every home has one token, or an unsettled one inside, and every token
 *	a home; no serial is behind a result, and no trial waits whose
 *	attempt of that serial has ended; trial files and results are whole
 *	and say what their names say; what a token in done/, failed/ or
 *	closed/ names is there and fits; a sealed segment is whole
 *	(queue/fsck_segment), and what lies loose of it does not count; no
 *	name is there that means nothing, no directory is missing.
 *
 * The campaign may be in use.  Tokens move while they are listed, so a
 * finding must be the same in three listings.  A dead worker's token and
 * leftovers in tmp/ are no findings: whoever comes next puts them right.
 * campaign.ini is not read.
 */
struct fsck {
	size_t trials;
	size_t count[STATE_COUNT]; /* by the latest state seen, of a sealed
	                              one done or failed */
	struct {
		size_t n, cap;
		struct fsck_finding {
			char *text;    /* "12: what" of a trial, else
			                  "path: what" */
			bool is_trial; /* this one, else that path: */
			uint32_t id;
			struct fsck_name name;
		} * v;
	} finding; /* trials by id, names by path, sealed segments */
};

/* fsck_run(q, f, e): ${q} opened by QUEUE_READ. */
int fsck_run(const struct queue *q, struct fsck *f, struct err *e);

/* fsck_summary(f, b): Append "50 trials: 47 done, 3 failed; clean". */
void fsck_summary(const struct fsck *f, struct str *b);

void fsck_free(struct fsck *f);

#endif
