/*
 * model: the protocol of hpo-queue(7), tried in all orders.
 *
 *	model [-a | -s] [-m FILE] [-n STATES] [NAME ...]
 *	model -x RULE [-n STATES] [NAME ...]
 *	model -X
 *	model -l
 *
 * Explores the quick configurations, with -s the slow ones, with -a all, or
 * those named, and prints a line for each and one for all; with -m it adds a
 * line to FILE for every operation and fault, with how often that was tried.
 * -x leaves a rule of the protocol out.  -X leaves every rule out in its turn,
 * where that matters, and expects that something breaks.  -l lists the
 * configurations and the rules.  Status 1: an invariant is broken (with -X: is
 * not), and the way there is printed, step by step.
 *
 * In the model are: samplers, workers, dispatchers (which reclaim, settle,
 * sweep, release, and do what the user asks), collectors that seal, readers;
 * renames that are done and reported as failed, failed, done later, or sent
 * twice; deaths between any two steps; wrong verdicts of death; stale listings
 * and handles; power cuts that lose any part of what was not synced; leases
 * and heartbeats; logs that grow after their attempt.
 * Not in it: how a directory such as done/S comes to be, the tmp/ file of a
 * result, half lost renames (file systems without a journal), archives, and
 * which status an attempt has beyond ok, failed, lost and cancelled.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "search.h"
#include "table.h"

enum { USAGE = 64, MOST = 12000000 };

struct totals {
	unsigned n;
	uint64_t states, transitions;
	uint64_t count[ACTIONS][FAULTS];
	bool bad;
};

static int
usage(void)
{
	fputs(
	    "usage: model [-a | -s] [-m file] [-n states] [-x rule] [name ...]\n"
	    "       model -X | -l\n",
	    stderr);

	return USAGE;
}

static void
print_broken(const struct found *f)
{
	printf("I%d: %s\n%s", f->invariant, f->why, f->trace);
}

/* One configuration; without ${rule} if it is not NULL. */
static void
try_config(const struct config *c, const struct rule_name *rule, uint32_t most,
    struct totals *t)
{
	static const char *const words[] = { "holds", "BROKEN", "TOO MANY" };
	struct config mine = *c;
	struct found f;
	int a, k;

	if (rule != NULL)
		mine.without |= (unsigned)rule->rule;
	search_run(&mine, most, &f);
	printf("%-24s %8" PRIu32 " states %9" PRIu64
	       " transitions, depth %3" PRIu32 ": %s\n",
	    c->name, f.states, f.transitions, f.depth, words[f.verdict]);
	if (f.verdict == BROKEN)
		print_broken(&f);
	fflush(stdout);
	t->bad = t->bad || f.verdict != HOLDS;
	t->n++;
	t->states += f.states;
	t->transitions += f.transitions;
	for (a = 0; a < ACTIONS; a++)
		for (k = 0; k < FAULTS; k++)
			t->count[a][k] += f.count[a][k];
	free(f.trace);
}

/* Every rule in turn: without it something must go wrong. */
static int
try_rules(void)
{
	const struct rule_name *rule;
	unsigned n = 0, missed = 0;
	uint64_t states = 0;

	for (rule = table_rules(); rule->name != NULL; rule++) {
		struct config c = *table_find(rule->config);
		struct found f;

		c.without |= (unsigned)rule->rule;
		search_run(&c, MOST, &f);
		states += f.states;
		n++;
		if (f.verdict == BROKEN && f.invariant == rule->breaks) {
			printf("without %-18s I%-2d in %2d steps of %s: %s\n",
			    rule->name, f.invariant, f.trace_length, c.name,
			    f.why);
		} else {
			printf("without %-18s NOT MISSED in %s\n", rule->name,
			    c.name);
			if (f.verdict == BROKEN)
				print_broken(&f);
			missed++;
		}
		free(f.trace);
	}
	printf("total: %u rules, %u not missed, %" PRIu64 " states\n", n,
	    missed, states);

	return missed > 0;
}

static int
list(void)
{
	const struct config *c;
	const struct rule_name *rule;

	for (c = table_configs(); c->name != NULL; c++)
		printf("%s%s\n", c->name, c->slow ? " (slow)" : "");
	for (rule = table_rules(); rule->name != NULL; rule++)
		printf("rule %s: %s\n", rule->name, rule->what);

	return 0;
}

static int
write_matrix(const struct totals *t, const char *path)
{
	FILE *out = fopen(path, "a");
	int a, f, bad;

	if (out == NULL) {
		perror(path);
		return 1;
	}
	for (a = 0; a < ACT_RUN; a++)
		for (f = FAULT_NONE + 1; f < FAULTS; f++)
			if (t->count[a][f] > 0)
				fprintf(out, "%s\tmodel: %s\t%" PRIu64 "\n",
				    run_action((enum action)a),
				    run_fault((enum fault)f), t->count[a][f]);
	bad = ferror(out);

	return fclose(out) != 0 || bad;
}

static bool
is_wanted(const struct config *c, char which, char **names)
{
	if (*names == NULL)
		return which == 'a' || c->slow == (which == 's');
	for (; *names != NULL; names++)
		if (strcmp(*names, c->name) == 0)
			return true;

	return false;
}

int
main(int argc, char **argv)
{
	const struct rule_name *rule = NULL;
	const struct config *c;
	const char *matrix = NULL;
	struct totals t = { .n = 0 };
	uint32_t most = MOST;
	char which = 'q';
	int ch, i;

	while ((ch = getopt(argc, argv, "alm:n:sx:X")) != -1) {
		switch (ch) {
		case 'a':
		case 's':
			which = (char)ch;
			break;
		case 'l':
			return list();
		case 'm':
			matrix = optarg;
			break;
		case 'n':
			most = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'x':
			rule = table_rule(optarg);
			if (rule == NULL)
				return usage();
			break;
		case 'X':
			return try_rules();
		default:
			return usage();
		}
	}
	for (i = optind; i < argc; i++)
		if (table_find(argv[i]) == NULL)
			return usage();
	for (c = table_configs(); c->name != NULL; c++)
		if (is_wanted(c, which, argv + optind))
			try_config(c, rule, most, &t);
	printf("total: %u configurations, %" PRIu64 " states, %" PRIu64
	       " transitions: %s\n",
	    t.n, t.states, t.transitions, t.bad ? "BROKEN" : "hold");
	if (matrix != NULL && write_matrix(&t, matrix) != 0)
		return 1;

	return t.bad;
}
