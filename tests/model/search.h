#ifndef MODEL_SEARCH_H
#define MODEL_SEARCH_H

#include "run.h"

/*
 * Breadth first, over all that can happen: a trace is a shortest one.  Whole
 * states are kept and compared, not digests of them.
 */
enum verdict { HOLDS, BROKEN, TOO_MANY };

struct found {
	enum verdict verdict;
	uint32_t states, depth;
	uint64_t transitions;
	int invariant;
	char why[TEXT];
	uint64_t count[ACTIONS][FAULTS];
	int trace_length;
	char *trace; /* lines; to be freed */
};

/* search_run(c, most, f): All of a configuration, at most so many states. */
void search_run(const struct config *c, uint32_t most, struct found *f);

#endif
