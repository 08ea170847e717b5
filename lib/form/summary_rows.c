#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/mem.h"
#include "form/columns.h"
#include "form/summary_rows.h"

enum { SLACK = 256 };

/* Lexicographic by value; ties by place, then as they came. */
static int
by_value(const void *a, const void *b)
{
	const struct summary_row *x = a, *y = b;
	size_t i;

	for (i = 0; i < x->nvalue && i < y->nvalue; i++)
		if (x->value[i] < y->value[i] || x->value[i] > y->value[i])
			return x->value[i] < y->value[i] ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int
by_newness(const void *a, const void *b)
{
	const struct summary_row *x = a, *y = b;

	if (x->at != y->at)
		return x->at > y->at ? -1 : 1;

	return x->number > y->number ? -1 : x->number < y->number;
}

static void
free_row(struct summary_row *row)
{
	free(row->value);
	free(row->packed);
}

void
summary_rows_cut(struct summary_rows *r, size_t n)
{
	while (r->n > n)
		free_row(&r->v[--r->n]);
}

static void
sort_and_cut(struct summary_rows *r, int (*compare)(const void *, const void *))
{
	if (r->n > 1)
		qsort(r->v, r->n, sizeof *r->v, compare);
	summary_rows_cut(r, r->wanted);
}

void
summary_rows_best(struct summary_rows *r)
{
	sort_and_cut(r, by_value);
	r->full = r->n == r->wanted && r->n > 0 && r->v[0].nvalue > 0;
	if (r->full)
		r->bar = r->v[r->n - 1].value[0];
}

void
summary_rows_newest(struct summary_rows *r)
{
	sort_and_cut(r, by_newness);
}

/* Is ${a} nowhere worse than ${b}, and somewhere better? */
static bool
beats(const struct summary_row *a, const struct summary_row *b)
{
	bool better = false;
	size_t i;

	for (i = 0; i < a->nvalue; i++) {
		if (a->value[i] > b->value[i])
			return false;
		better = better || a->value[i] < b->value[i];
	}

	return better;
}

/*
 * In the order of their values a row can be beaten only by one before it,
 * and if so by one of the set; of two objectives by the last one in it, which
 * has the least second value so far (Kung, Luccio and Preparata, "On finding
 * the maxima of a set of vectors", JACM 22, 1975).
 */
void
summary_rows_front(struct summary_rows *r)
{
	size_t i, k, n = 0;

	if (r->n > 1)
		qsort(r->v, r->n, sizeof *r->v, by_value);
	for (i = 0; i < r->n; i++) {
		k = r->v[i].nvalue <= 2 && n > 0 ? n - 1 : 0;
		while (k < n && !beats(&r->v[k], &r->v[i]))
			k++;
		if (k < n)
			free_row(&r->v[i]);
		else
			r->v[n++] = r->v[i];
	}
	r->n = n;
}

void
summary_rows_add(struct summary_rows *r, const struct summary_row *new,
    const char *const *field, size_t n, summary_sift_fn sift)
{
	struct str packed = STR_EMPTY;
	struct summary_row *row;

	if (r->wanted == 0 || (r->full && new->value[0] > r->bar))
		return;
	if (r->n >= r->limit) {
		sift(r);
		r->limit = 2 * r->n + SLACK;
	}
	row = arr_push(r);
	*row = *new;
	row->value = NULL;
	if (new->nvalue > 0) {
		row->value = mem_alloc(new->nvalue * sizeof *row->value);
		memcpy(row->value, new->value,
		    new->nvalue * sizeof *row->value);
	}
	columns_keep(field, n, &packed);
	row->nfield = n;
	row->packed = str_take(&packed);
}

void
summary_rows_free(struct summary_rows *r)
{
	summary_rows_cut(r, 0);
	arr_free(r);
	r->limit = 0;
	r->full = false;
}
