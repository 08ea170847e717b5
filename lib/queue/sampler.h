#ifndef QUEUE_SAMPLER_H
#define QUEUE_SAMPLER_H

struct err;

/*
 * sampler_run(bindir, campaign, e):
 * Run hpo-sample, of ${bindir} or else of the PATH, for one trial: 1 made, 0
 * the budget is used up, -1 with its exit status as code.
 */
int sampler_run(const char *bindir, const char *campaign, struct err *e);

/* sampler_fill(bindir, campaign, n, e): Likewise until ${n} trials wait, or
 * the budget is used up. */
int sampler_fill(const char *bindir, const char *campaign, unsigned n,
    struct err *e);

#endif
