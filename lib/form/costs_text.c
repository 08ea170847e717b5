#include <stdio.h>

#include "base/num.h"
#include "base/out.h"
#include "form/costs.h"
#include "form/grid.h"

enum { HOUR = 3600, NODES = 10 };

/* Digits behind the point that make of the whole something to read. */
static int
decimals(const struct costs *c)
{
	double hours = c->all.seconds / HOUR;

	return hours >= 99.95 ? 1 : hours >= 0.995 ? 2 : 4;
}

static void
add_hours(struct grid *g, const struct costs *c, const struct costs_sum *sum)
{
	char text[512];

	snprintf(text, sizeof text, "%.*f", decimals(c), sum->seconds / HOUR);
	grid_add(g, sum->unknown < sum->attempts ? text : NULL);
}

static void
add_count(struct grid *g, size_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", n);
	grid_add(g, text);
}

static void
add_total(const struct costs *c, struct str *b)
{
	str_addf(b, "\ncost: %.*f node-hours in %zu attempt%s", decimals(c),
	    c->all.seconds / HOUR, c->all.attempts,
	    c->all.attempts == 1 ? "" : "s");
	if (c->all.seconds > 0)
		str_addf(b, ", %.*f wasted (%.1f %%)", decimals(c),
		    c->wasted.seconds / HOUR,
		    100 * c->wasted.seconds / c->all.seconds);
	if (c->all.unknown > 0)
		str_addf(b, ", %zu of unknown length", c->all.unknown);
	str_addc(b, '\n');
}

static void
add_statuses(const struct costs *c, size_t width, struct str *b)
{
	struct grid g;
	size_t i;

	grid_init(&g, 3, 0);
	grid_add(&g, "status");
	grid_add(&g, "attempts");
	grid_add(&g, "node-hours");
	for (i = 0; i < COSTS_STATUSES; i++) {
		if (c->status[i].attempts == 0)
			continue;
		grid_add(&g, costs_status(i));
		add_count(&g, c->status[i].attempts);
		add_hours(&g, c, &c->status[i]);
	}
	grid_draw(&g, width, 1, b);
	grid_free(&g);
}

static void
add_jobs(const struct costs *c, struct str *b)
{
	if (c->jobs.n == 0)
		return;
	str_addf(b, "\n%zu job%s, %.0f restart%s", c->jobs.n,
	    c->jobs.n == 1 ? "" : "s", c->restarts,
	    c->restarts > 0 && c->restarts < 2 ? "" : "s");
	if (c->waits > 0) {
		str_add(b, "; wait in the queue: median ");
		out_duration(b, c->median);
		str_add(b, ", longest ");
		out_duration(b, c->longest);
	}
	str_addc(b, '\n');
}

static void
add_nodes(const struct costs *c, size_t width, struct str *b)
{
	const struct costs_node *node;
	struct grid g;
	size_t i, k;

	if (c->node.n == 0)
		return;
	str_add(b, "\nnodes, those with most trouble first\n");
	grid_init(&g, 3 + COSTS_TROUBLES, 0);
	grid_add(&g, "node");
	grid_add(&g, "attempts");
	grid_add(&g, "node-hours");
	for (k = 0; k < COSTS_TROUBLES; k++)
		grid_add(&g, costs_trouble(k));
	for (i = 0; i < c->node.n && i < NODES; i++) {
		node = &c->node.v[c->order[i]];
		grid_add(&g, c->nodes.v[c->order[i]].text);
		add_count(&g, node->sum.attempts);
		add_hours(&g, c, &node->sum);
		for (k = 0; k < COSTS_TROUBLES; k++)
			add_count(&g, node->trouble[k]);
	}
	grid_draw(&g, width, 1, b);
	if (c->node.n > NODES)
		str_addf(b, "  and %zu more\n", c->node.n - NODES);
	grid_free(&g);
}

void
costs_text(const struct costs *c, size_t width, struct str *b)
{
	if (!c->any)
		return;
	add_total(c, b);
	add_statuses(c, width, b);
	add_jobs(c, b);
	add_nodes(c, width, b);
}

static void
json_sum(const struct costs_sum *sum, struct str *b)
{
	str_addf(b, "\"attempts\": %zu, \"unknown\": %zu, \"seconds\": %.3f",
	    sum->attempts, sum->unknown, sum->seconds);
}

static void
json_statuses(const struct costs *c, struct str *b)
{
	const char *before = "";
	size_t i;

	str_add(b, ", \"status\": {");
	for (i = 0; i < COSTS_STATUSES; i++) {
		if (c->status[i].attempts == 0)
			continue;
		str_addf(b, "%s\"%s\": {", before, costs_status(i));
		json_sum(&c->status[i], b);
		str_addc(b, '}');
		before = ", ";
	}
	str_addc(b, '}');
}

static void
json_nodes(const struct costs *c, struct str *b)
{
	const struct costs_node *node;
	size_t i, k;

	str_add(b, ", \"nodes\": [");
	for (i = 0; i < c->node.n; i++) {
		node = &c->node.v[c->order[i]];
		str_addf(b, "%s{\"node\": ", i > 0 ? ", " : "");
		out_json(b, c->nodes.v[c->order[i]].text);
		str_add(b, ", ");
		json_sum(&node->sum, b);
		for (k = 0; k < COSTS_TROUBLES; k++)
			str_addf(b, ", \"%s\": %zu", costs_trouble(k),
			    node->trouble[k]);
		str_addc(b, '}');
	}
	str_addc(b, ']');
}

void
costs_json(const struct costs *c, struct str *b)
{
	if (!c->any)
		return;
	str_add(b, ", \"cost\": {");
	json_sum(&c->all, b);
	str_add(b, ", \"wasted\": {");
	json_sum(&c->wasted, b);
	if (c->all.seconds > 0)
		str_addf(b, ", \"percent\": %.1f}",
		    100 * c->wasted.seconds / c->all.seconds);
	else
		str_add(b, ", \"percent\": null}");
	json_statuses(c, b);
	str_addf(b,
	    ", \"jobs\": %zu, \"restarts\": %.0f, \"wait\": {"
	    "\"jobs\": %zu",
	    c->jobs.n, c->restarts, c->waits);
	if (c->waits > 0)
		str_addf(b, ", \"median\": %.3f, \"longest\": %.3f}", c->median,
		    c->longest);
	else
		str_add(b, ", \"median\": null, \"longest\": null}");
	json_nodes(c, b);
	str_addc(b, '}');
}
