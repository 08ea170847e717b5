/* form/costs: what attempts cost, by how they ended, by node, by job. */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "form/costs.h"
#include "tap.h"

/* A row of a job: the wait and the restarts are NULL where unknown. */
static struct costs_row
row(enum status status, double seconds, const char *id, const char *node,
    const char *history)
{
	return (struct costs_row){ .status = (size_t)status,
		.seconds = seconds,
		.host = "host",
		.id = id,
		.node = node,
		.history = history };
}

/* "status attempts unknown seconds" of those there are, after costs_finish(). */
static const char *
sums(const struct costs *c, struct str *b)
{
	size_t i;

	str_cut(b, 0);
	for (i = 0; i < COSTS_STATUSES; i++)
		if (c->status[i].attempts > 0)
			str_addf(b, "%s %zu %zu %.3f, ", costs_status(i),
			    c->status[i].attempts, c->status[i].unknown,
			    c->status[i].seconds);
	str_addf(b, "all %zu %zu %.3f, wasted %zu %zu %.3f", c->all.attempts,
	    c->all.unknown, c->all.seconds, c->wasted.attempts,
	    c->wasted.unknown, c->wasted.seconds);

	return b->s;
}

/* "node attempts seconds failed/lost/oom/timeout", most trouble first. */
static const char *
nodes(const struct costs *c, struct str *b)
{
	const struct costs_node *node;
	size_t i;

	str_cut(b, 0);
	for (i = 0; i < c->node.n; i++) {
		node = &c->node.v[c->order[i]];
		str_addf(b, "%s%s %zu %.0f %zu/%zu/%zu/%zu", i > 0 ? ", " : "",
		    c->nodes.v[c->order[i]].text, node->sum.attempts,
		    node->sum.seconds, node->trouble[COSTS_FAILED],
		    node->trouble[COSTS_LOST], node->trouble[COSTS_OOM],
		    node->trouble[COSTS_TIMEOUT]);
	}

	return str_text(b);
}

static void
test_history(void)
{
	static const struct {
		const char *history, *sums, *nodes;
	} table[] = {
		{ NULL, "ok 1 0 8.000, all 1 0 8.000, wasted 0 0 0.000",
		    "n1 1 8 0/0/0/0" },
		{ "lost@n2: interrupted@n1:60.004",
		    "ok 1 0 8.000, interrupted 1 0 60.004, lost 1 1 0.000, "
		    "all 3 1 68.004, wasted 2 1 60.004",
		    "n2 1 0 0/1/0/0, n1 2 68 0/0/0/0" },
		{ "oom@:1.5  timeout@n2:2",
		    "ok 1 0 8.000, timeout 1 0 2.000, oom 1 0 1.500, "
		    "all 3 0 11.500, wasted 2 0 3.500",
		    "n2 1 2 0/0/0/1, n1 1 8 0/0/0/0" },
		{ "cancelled@n2: cancelled@n2:1",
		    "ok 1 0 8.000, cancelled 1 0 1.000, all 2 0 9.000, "
		    "wasted 1 0 1.000",
		    "n1 1 8 0/0/0/0, n2 1 1 0/0/0/0" },
		{ "odd@n1:-1 ok@a:b@c:2",
		    "ok 2 0 10.000, other 1 1 0.000, all 3 1 10.000, "
		    "wasted 1 1 0.000",
		    "n1 2 8 0/0/0/0, a:b@c 1 2 0/0/0/0" },
		{ "failed failed@ failed:1 1:failed@n1 : @ @: \t",
		    "ok 1 0 8.000, other 1 1 0.000, all 2 1 8.000, "
		    "wasted 1 1 0.000",
		    "n1 1 8 0/0/0/0" },
	};
	struct str b = STR_EMPTY;
	struct costs_row r;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct costs c = { .any = false };

		r = row(STATUS_OK, 8, NULL, "n1", table[i].history);
		costs_add(&c, &r);
		costs_finish(&c);
		is_str(sums(&c, &b), table[i].sums, "history '%s'",
		    table[i].history != NULL ? table[i].history : "");
		is_str(nodes(&c, &b), table[i].nodes, "and its nodes");
		costs_free(&c);
	}
	str_free(&b);
}

static void
test_jobs(void)
{
	static const struct {
		const char *id, *wait, *restarts;
	} table[] = {
		/* As long as the least of it says: it ran on. */
		{ "7_1", "100", "0" },
		{ "7_1", "40", "0" },
		{ "7_1", "90", NULL },
		{ "7_2", NULL, "1" },
		{ "7_2", NULL, "3" },
		{ "7_2", NULL, "2" },
		{ "7_3", "10", "x" },
		{ "7_4", "-1", "-1" },
		{ "7_5", "3600.5", "1" },
	};
	struct costs c = { .any = false };
	struct costs_row r;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		r = row(STATUS_OK, 1, table[i].id, NULL, NULL);
		r.wait = table[i].wait;
		r.restarts = table[i].restarts;
		costs_add(&c, &r);
	}
	costs_finish(&c);
	is_num((double)c.jobs.n, 5, "jobs by their ids");
	is_num(c.restarts, 4, "restarts: of each the most");
	is_num((double)c.waits, 3, "jobs of which the wait is known");
	is_num(c.median, 40, "the median, of each the least");
	is_num(c.longest, 3600.5, "the longest");
	costs_free(&c);
}

/* The host where the node is not known; the order; very many. */
static void
test_nodes(void)
{
	const size_t many = COUNTER_TEXTS + 1000;
	struct costs c = { .any = false };
	struct str b = STR_EMPTY, name = STR_EMPTY;
	struct costs_row r;
	size_t i;

	r = row(STATUS_FAILED, 1, NULL, NULL, NULL);
	costs_add(&c, &r);
	ok(!c.any, "nothing is known of jobs");
	r = row(STATUS_OK, 1, "7", "b", NULL);
	costs_add(&c, &r);
	ok(c.any, "but now");
	costs_add(&c, &r);
	r = row(STATUS_OOM, 1, "7", "a", NULL);
	costs_add(&c, &r);
	r = row(STATUS_TIMEOUT, 1, "7", "a", NULL);
	costs_add(&c, &r);
	r = row(STATUS_OK, 1, "7", "c", NULL);
	costs_add(&c, &r);
	costs_add(&c, &r);
	r = row(STATUS_LOST, -1, "7", "d", NULL);
	costs_add(&c, &r);
	r = row(STATUS_CANCELLED, -1, NULL, NULL, NULL);
	costs_add(&c, &r);
	costs_finish(&c);
	is_str(nodes(&c, &b),
	    "a 2 2 0/0/1/1, d 1 0 0/1/0/0, host 1 1 1/0/0/0, "
	    "b 2 2 0/0/0/0, c 2 2 0/0/0/0",
	    "most trouble, then most attempts, then by name");
	costs_free(&c);

	for (i = 0; i < 2 * many; i++) {
		str_cut(&name, 0);
		str_addf(&name, "n%zu", i / 2);
		r = row(STATUS_OK, 1, name.s, name.s, NULL);
		costs_add(&c, &r);
	}
	costs_finish(&c);
	is_num((double)c.node.n, (double)many, "every node is known");
	is_num((double)c.jobs.n, (double)many, "and every job");
	is_num((double)c.node.v[many - 1].sum.attempts, 2, "with its rows");
	costs_free(&c);
	str_free(&b);
	str_free(&name);
}

static void
test_text(void)
{
	struct costs c = { .any = false };
	struct str b = STR_EMPTY;
	struct costs_row r = row(STATUS_OK, 1, NULL, NULL, NULL);

	costs_add(&c, &r);
	costs_finish(&c);
	costs_text(&c, 80, &b);
	costs_json(&c, &b);
	is_str(str_text(&b), "", "without jobs there is nothing to say");
	costs_free(&c);

	r = row(STATUS_LOST, -1, "7", "n\n1", NULL);
	costs_add(&c, &r);
	costs_finish(&c);
	costs_text(&c, 80, &b);
	is_str(str_text(&b),
	    "\ncost: 0.0000 node-hours in 1 attempt, 1 of unknown length\n"
	    "  status  attempts  node-hours\n"
	    "  lost           1  -\n"
	    "\n1 job, 0 restarts\n"
	    "\nnodes, those with most trouble first\n"
	    "  node  attempts  node-hours  failed  lost  oom  timeout\n"
	    "  n\\n1         1  -                0     1    0        0\n",
	    "where no time is known");
	str_cut(&b, 0);
	costs_json(&c, &b);
	is_str(str_text(&b),
	    ", \"cost\": {\"attempts\": 1, \"unknown\": 1, \"seconds\": 0.000, "
	    "\"wasted\": {\"attempts\": 1, \"unknown\": 1, \"seconds\": 0.000, "
	    "\"percent\": null}, \"status\": {\"lost\": {\"attempts\": 1, "
	    "\"unknown\": 1, \"seconds\": 0.000}}, \"jobs\": 1, "
	    "\"restarts\": 0, \"wait\": {\"jobs\": 0, \"median\": null, "
	    "\"longest\": null}, \"nodes\": [{\"node\": \"n\\u000a1\", "
	    "\"attempts\": 1, \"unknown\": 1, \"seconds\": 0.000, "
	    "\"failed\": 0, \"lost\": 1, \"oom\": 0, \"timeout\": 0}]}",
	    "for a program");
	costs_free(&c);
	str_free(&b);
}

int
main(void)
{
	test_history();
	test_jobs();
	test_nodes();
	test_text();

	return done();
}
