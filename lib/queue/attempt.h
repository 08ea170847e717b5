#ifndef QUEUE_ATTEMPT_H
#define QUEUE_ATTEMPT_H

#include <stdbool.h>

#include "form/result.h"
#include "form/trial.h"
#include "queue/queue.h"
#include "queue/worker.h"

struct campaign;
struct err;

/*
 * An attempt: one execution of a claimed trial's command, watched to its
 * end.
 */
struct attempt {
	struct queue *q;
	const struct campaign *c;
	struct worker *w;
	int slot;           /* 0: none */
	const char *bindir; /* of the programs; last on the command's PATH */
};

/*
 * attempt_run(a, t, r, e):
 * Run the command of the claimed trial ${t}: QUEUE_DONE and its result in
 * ${r} (not yet published; result_free() it), QUEUE_GONE if the token was
 * taken away (the command has been killed), -1 if this process could not do
 * its work.  ${r->exit} is what hpo-trial ends with for it: the command's
 * own status, 124 timeout, 125 no metric, 126, 127 as env(1), 128 + signal.
 * Signals must have been caught (base/sig); a stop makes it `interrupted`.
 */
int attempt_run(const struct attempt *a, const struct token *t,
    struct result *r, struct err *e);

/*
 * attempt_check(q, c, bindir, e):
 * Can the campaign's command be run at all, as far as that is to be seen
 * before: there is one (EX_CONFIG), its file is there and executable
 * (EX_CONFIG), and not writable by everyone (EX_NOPERM)?
 */
int attempt_check(const struct queue *q, const struct campaign *c,
    const char *bindir, struct err *e);

/* attempt_damaged(a, t, r): The result of a trial whose file is not whole. */
void attempt_damaged(const struct attempt *a, const struct token *t,
    struct result *r);

/* attempt_trial(q, id, t, e): Read trial.ini. */
int attempt_trial(const struct queue *q, uint32_t id, struct trial *t,
    struct err *e);

/*
 * attempt_judge(c, r):
 * ${r->status} and ${r->cause} of an attempt that ended well by itself: ok
 * if every objective has a finite value, else failed.
 */
void attempt_judge(const struct campaign *c, struct result *r);

/* attempt_keeps_checkpoint(c): Does the campaign speak of checkpoints, by its
 * checkpoint_signal or in its command? */
bool attempt_keeps_checkpoint(const struct campaign *c);

/* attempt_has_checkpoint(q, id): Is there anything in the trial's? */
bool attempt_has_checkpoint(const struct queue *q, uint32_t id);

/* attempt_seed(c, id): 31 bits of the campaign's seed and the id. */
uint32_t attempt_seed(const struct campaign *c, uint32_t id);

#endif
