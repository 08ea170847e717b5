#ifndef QUEUE_UPKEEP_PASS_H
#define QUEUE_UPKEEP_PASS_H

#include <stdbool.h>

#include "form/result.h"
#include "queue/observe.h"
#include "queue/upkeep.h"
#include "queue/worker.h"

struct fs_names;

/*
 * What the parts of a pass of upkeep share.  For queue/upkeep alone.
 */
struct upkeep_pass {
	struct queue *q;
	const struct campaign *c;
	struct observe seen;
	struct upkeep *u;
	bool may_judge; /* the observations could be written */
	bool unsaved;   /* and there are newer ones */
	struct err *first;
};

/* upkeep_pass_note(p, e): Keep the first failure; the pass goes on. */
void upkeep_pass_note(struct upkeep_pass *p, const struct err *e);

/* How a worker died, and what that makes of its attempt. */
struct upkeep_death {
	bool local; /* on this host */
	bool node;  /* with all on its host, as it seems */
	struct worker_info info;
	enum status status;
	char cause[80];
};

/*
 * upkeep_dead(p, worker, d):
 * Is it dead, for certain or as far as a lease can tell?  Then ${d} says how.
 */
bool
upkeep_dead(struct upkeep_pass *p, const char *worker, struct upkeep_death *d);

/* upkeep_sweep(p, workers): Remove what nobody has finished in tmp/; what
 * belongs to one of ${workers} stays. */
void upkeep_sweep(struct upkeep_pass *p, const struct fs_names *workers);

#endif
