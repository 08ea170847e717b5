#include "search/search.h"
#include "base/str.h"
#include "search/random.h"

static const struct searcher random_search = { "random", random_propose };

static const char *const names[] = { "auto", "random" };

/* In the order of ${names}. */
static const struct searcher *const searchers[] = { &random_search,
	&random_search };

enum { SEARCHERS = sizeof names / sizeof names[0] };

const struct searcher *
search_find(const char *method)
{
	size_t i;

	for (i = 0; i < SEARCHERS; i++)
		if (str_eq(names[i], method))
			return searchers[i];

	return NULL;
}

const char *const *
search_names(size_t *n)
{
	*n = SEARCHERS;

	return names;
}
