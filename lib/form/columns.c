#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "form/columns.h"

/* Before a kept text; what is absent has ABSENT alone. */
enum { ABSENT = 1, PRESENT = 2 };

static const struct {
	const char *prefix;
	int rank;
} prefixes[] = {
	{ "minimize.", 2 },
	{ "maximize.", 2 },
	{ "param.", 3 },
	{ "metric.", 5 },
	{ "job.", 6 },
};

enum { RANK_CAMPAIGN, RANK_FIXED, RANK_OTHER = 4, RANK_SORTED, RANK_JOB };

struct column {
	size_t index;
	const char *name;
	int rank;
};

static int
rank(const char *name)
{
	size_t i;

	if (str_eq(name, COLUMNS_CAMPAIGN))
		return RANK_CAMPAIGN;
	for (i = 0; i < TABLE_FIXED; i++)
		if (str_eq(name, table_column(i)))
			return RANK_FIXED;
	for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (str_starts(name, prefixes[i].prefix))
			return prefixes[i].rank;

	return RANK_OTHER;
}

static int
compare(const void *a, const void *b)
{
	const struct column *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	if (x->rank >= RANK_SORTED)
		return strcmp(x->name, y->name);

	return x->index < y->index ? -1 : x->index > y->index;
}

void
columns_order(const struct table *t, size_t *order)
{
	struct column *v;
	size_t i;

	if (t->n == 0)
		return;
	v = mem_alloc(t->n * sizeof *v);
	for (i = 0; i < t->n; i++) {
		v[i].index = i;
		v[i].name = t->name[i];
		v[i].rank = rank(t->name[i]);
	}
	qsort(v, t->n, sizeof *v, compare);
	for (i = 0; i < t->n; i++)
		order[i] = v[i].index;
	free(v);
}

bool
columns_is_objective(const char *name, bool *maximize)
{
	*maximize = str_starts(name, "maximize.");

	return *maximize || str_starts(name, "minimize.");
}

const char *
columns_short(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (str_starts(name, prefixes[i].prefix) &&
		    prefixes[i].rank != RANK_JOB)
			return name + strlen(prefixes[i].prefix);

	return name;
}

void
columns_keep(const char *const *field, size_t n, struct str *b)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (field[i] == NULL) {
			str_addc(b, ABSENT);
			continue;
		}
		str_addc(b, PRESENT);
		str_addn(b, field[i], strlen(field[i]) + 1);
	}
}

const char *
columns_recall(const char *p, size_t n, const char **field, size_t room)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i < room)
			field[i] = *p == PRESENT ? p + 1 : NULL;
		p += *p == PRESENT ? strlen(p + 1) + 2 : 1;
	}
	for (; i < room; i++)
		field[i] = NULL;

	return p;
}
