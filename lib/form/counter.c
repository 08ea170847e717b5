#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/mem.h"
#include "form/counter.h"

/* FNV-1a, 64 bit (Fowler, Noll, Vo; draft-eastlake-fnv). */
static size_t
hash(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);

	return (size_t)h;
}

/* Where ${text} is in the table, or would be. */
static size_t *
find(const struct counter *c, const char *text)
{
	size_t i = hash(text) & (c->nslot - 1);

	while (c->slot[i] != 0 && strcmp(c->v[c->slot[i] - 1].text, text) != 0)
		i = (i + 1) & (c->nslot - 1);

	return &c->slot[i];
}

/* Keep the table at most half full. */
static void
grow(struct counter *c)
{
	size_t i;

	if (c->nslot > 2 * c->n)
		return;
	c->nslot = c->nslot == 0 ? 64 : 2 * c->nslot;
	free(c->slot);
	c->slot = mem_zero(c->nslot, sizeof *c->slot);
	for (i = 0; i < c->n; i++)
		*find(c, c->v[i].text) = i + 1;
}

size_t
counter_add(struct counter *c, const char *text)
{
	size_t limit = c->limit > 0 ? c->limit : COUNTER_TEXTS;
	struct counter_entry *new;
	size_t *slot;

	grow(c);
	slot = find(c, text);
	if (*slot == 0 && c->n == limit) {
		c->others++;
		return limit;
	}
	if (*slot == 0) {
		new = arr_push(c);
		new->text = mem_dup(text);
		new->count = 0;
		*slot = c->n;
	}
	c->v[*slot - 1].count++;

	return *slot - 1;
}

struct place {
	const struct counter_entry *entry;
	size_t index;
};

static int
compare(const void *a, const void *b)
{
	const struct counter_entry *x = ((const struct place *)a)->entry;
	const struct counter_entry *y = ((const struct place *)b)->entry;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;

	return strcmp(x->text, y->text);
}

void
counter_order(const struct counter *c, size_t *order)
{
	struct place *v;
	size_t i;

	if (c->n == 0)
		return;
	v = mem_alloc(c->n * sizeof *v);
	for (i = 0; i < c->n; i++)
		v[i] = (struct place){ &c->v[i], i };
	qsort(v, c->n, sizeof *v, compare);
	for (i = 0; i < c->n; i++)
		order[i] = v[i].index;
	free(v);
}

void
counter_free(struct counter *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->v[i].text);
	free(c->slot);
	arr_free(c);
	memset(c, 0, sizeof *c);
}
