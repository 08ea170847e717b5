#ifndef FORM_COUNTER_H
#define FORM_COUNTER_H

#include <stddef.h>

/*
 * How often each of many texts occurs.  At most ${limit} different ones, or
 * COUNTER_TEXTS where that is 0, are remembered, those after them are counted
 * together.
 */
enum { COUNTER_TEXTS = 8192 };

struct counter_entry {
	char *text;
	size_t count;
};

/* Zeroed it is empty. */
struct counter {
	size_t n, cap;
	struct counter_entry *v; /* in order of first appearance */
	size_t limit;
	size_t others;
	size_t nslot;
	size_t *slot; /* a hash table of indices + 1 */
};

/* counter_add(c, text): Its index, or the limit if it is not remembered. */
size_t counter_add(struct counter *c, const char *text);

/* counter_order(c, order): The indices, the commonest first, then by text,
 * into ${order}[c->n]. */
void counter_order(const struct counter *c, size_t *order);

void counter_free(struct counter *c);

#endif
