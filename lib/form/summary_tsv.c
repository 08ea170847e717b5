#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "form/columns.h"
#include "form/summary.h"

static const char rank_name[] = "rank";

/* The columns of all lists, in their order, after the rank. */
static void
join_columns(const struct summary_list *list, size_t n, struct table *out)
{
	struct table all;
	size_t *order, i, k;

	table_init(&all);
	if (n > 1)
		table_add(&all, COLUMNS_CAMPAIGN);
	for (i = 0; i < n; i++)
		for (k = 0; k < list[i].columns.n; k++)
			table_add(&all, list[i].columns.name[k]);
	order = mem_zero(all.n + 1, sizeof *order);
	columns_order(&all, order);
	table_init(out);
	table_add(out, rank_name);
	for (i = 0; i < all.n; i++)
		table_add(out, all.name[order[i]]);
	free(order);
	table_free(&all);
}

static void
add_rows(const struct summary_list *l, const char *campaign,
    const struct table *t, struct str *b)
{
	size_t *from = mem_zero(t->n, sizeof *from);
	const char **field = mem_zero(t->n, sizeof *field);
	char number[24];
	size_t i, k;

	for (i = 0; i < t->n; i++)
		from[i] = table_find(&l->columns, t->name[i]);
	for (k = 0; k < l->n; k++) {
		snprintf(number, sizeof number, "%zu", k + 1);
		for (i = 0; i < t->n; i++)
			field[i] = from[i] < l->columns.n
			    ? l->field[k * l->columns.n + from[i]]
			    : NULL;
		field[0] = number;
		if (campaign != NULL && field[1] == NULL)
			field[1] = campaign;
		table_row(t, field, TABLE_TSV, b);
	}
	free(field);
	free(from);
}

void
summary_tsv(const struct summary_about *about, size_t n, struct str *b)
{
	struct summary_list *list = mem_zero(n + 1, sizeof *list);
	struct table columns;
	size_t i;

	for (i = 0; i < n; i++)
		summary_list_open(about[i].summary, &about[i].summary->best,
		    &list[i]);
	join_columns(list, n, &columns);
	table_head(&columns, TABLE_TSV, b);
	for (i = 0; i < n; i++)
		add_rows(&list[i], n > 1 ? about[i].name : NULL, &columns, b);
	for (i = 0; i < n; i++)
		summary_list_close(&list[i]);
	table_free(&columns);
	free(list);
}
