#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct point;
struct space;

/*
 * Searchers propose points.  They are pure: a proposal is a function of what
 * it is asked with, whoever asks and whenever.
 */
struct search_ask {
	const struct space *space; /* finished */
	uint64_t seed;             /* the campaign's */
	uint32_t id;               /* of the trial to be */
};

struct searcher {
	const char *name; /* as in trial.ini */

	/*
	 * propose(ask, out, reason, e):
	 * Fill ${out}, a point of the space.  Texts that are set already are
	 * a partly given point and kept, but for inactive parameters.
	 * ${reason} gets one line that says why this point.  -1 with
	 * EX_CONFIG if there is no such point or an expression fails, with
	 * EX_DATAERR if the texts that are set leave none.
	 */
	int (*propose)(const struct search_ask *ask, struct point *out,
	    struct str *reason, struct err *e);
};

/* search_find(method): What [search] method names ("auto" is the best there
 * is), or NULL. */
const struct searcher *search_find(const char *method);

/* search_names(n): The ${*n} methods, for suggestions. */
const char *const *search_names(size_t *n);

#endif
