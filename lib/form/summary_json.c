#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/out.h"
#include "form/summary.h"

/* Of causes and of last lines the commonest are told. */
enum { CAUSES = 50, LINES = 5 };

static void
add_number(struct str *b, double x)
{
	str_grew(b, num_exact(x, str_room(b, NUM_TEXT)));
}

static void
add_objectives(const struct summary *s, struct str *b)
{
	size_t i;

	str_add(b, ", \"objectives\": [");
	for (i = 0; i < s->nobjective; i++) {
		str_addf(b, "%s{\"metric\": ", i > 0 ? ", " : "");
		out_json(b, s->objective[i].name);
		str_addf(b, ", \"goal\": \"%s\"}",
		    s->objective[i].maximize ? "maximize" : "minimize");
	}
	str_addc(b, ']');
}

/* How trials end is always said; states, where they are known or occur. */
static void
add_counts(const struct summary *s, const struct summary_about *about,
    struct str *b)
{
	const char *before = "";
	size_t i;

	if (about->budget > 0)
		str_addf(b, ", \"trials\": %u", about->budget);
	else
		str_add(b, ", \"trials\": null");
	str_addf(b, ", \"ended\": %zu, \"status\": {", s->ended);
	for (i = 0; i < s->nstatus; i++) {
		if (s->status[i].count == 0 &&
		    (i == SUMMARY_ENDED - 1 ||
			(i >= SUMMARY_ENDED && !about->whole)))
			continue;
		str_add(b, before);
		out_json(b, s->status[i].name);
		str_addf(b, ": %zu", s->status[i].count);
		before = ", ";
	}
	str_addc(b, '}');
}

static void
add_lines(const struct summary *s, size_t cause, const size_t *order,
    struct str *b)
{
	const char *before = "";
	char *end;
	size_t i, n = 0;

	for (i = 0; i < s->lines.n && n < LINES; i++) {
		const struct counter_entry *line = &s->lines.v[order[i]];

		if (strtoull(line->text, &end, 10) != cause)
			continue;
		n++;
		str_addf(b, "%s{\"line\": ", before);
		out_json(b, end + 1);
		str_addf(b, ", \"trials\": %zu}", line->count);
		before = ", ";
	}
}

static void
add_causes(const struct summary *s, struct str *b)
{
	size_t *order = mem_zero(s->causes.n + 1, sizeof *order);
	size_t *lines = mem_zero(s->lines.n + 1, sizeof *lines);
	size_t i, rest = s->causes.others;

	counter_order(&s->causes, order);
	counter_order(&s->lines, lines);
	str_add(b, ", \"causes\": [");
	for (i = 0; i < s->causes.n; i++) {
		const struct counter_entry *cause = &s->causes.v[order[i]];
		const char *tab = strchr(cause->text, '\t');
		char *status;

		if (i >= CAUSES) {
			rest += cause->count;
			continue;
		}
		status = mem_dupn(cause->text, (size_t)(tab - cause->text));
		str_addf(b, "%s{\"status\": ", i > 0 ? ", " : "");
		out_json(b, status);
		str_add(b, ", \"cause\": ");
		out_json(b, tab + 1);
		str_addf(b, ", \"trials\": %zu, \"last\": [", cause->count);
		add_lines(s, order[i], lines, b);
		str_add(b, "]}");
		free(status);
	}
	str_addf(b, "], \"other_causes\": %zu", rest);
	free(lines);
	free(order);
}

static void
add_seconds(const struct summary *s, struct str *b)
{
	str_addf(b, ", \"seconds\": {\"trials\": %zu, \"total\": %.3f",
	    s->seconds.n, s->total);
	if (s->seconds.n > 0)
		str_addf(b, ", \"median\": %.3f, \"p95\": %.3f}", s->median,
		    s->p95);
	else
		str_add(b, ", \"median\": null, \"p95\": null}");
	str_add(b, ", \"started\": ");
	if (s->first[0] != '\0')
		out_json(b, s->first);
	else
		str_add(b, "null");
	if (s->end > s->begin)
		str_addf(b, ", \"elapsed\": %.3f", s->end - s->begin);
	else
		str_add(b, ", \"elapsed\": null");
}

/* Each objective's values where they were the best so far. */
static void
add_progress(const struct summary *s, struct str *b)
{
	const struct summary_objective *o;
	const struct summary_point *p;
	const char *before;
	size_t i, k;

	str_add(b, ", \"progress\": {");
	for (i = 0; i < s->nobjective; i++) {
		o = &s->objective[i];
		str_add(b, i > 0 ? ", " : "");
		out_json(b, o->name);
		str_add(b, ": [");
		before = "";
		for (k = 0; k < o->all.n; k++) {
			p = &o->all.v[k];
			if (k > 0 && !(p->value < p[-1].value) &&
			    !(p->value > p[-1].value))
				continue;
			str_addf(b, "%s[%llu, ", before,
			    (unsigned long long)p->at);
			add_number(b, p->value);
			str_addc(b, ']');
			before = ", ";
		}
		str_addc(b, ']');
	}
	str_addc(b, '}');
}

static void
add_rows(const struct summary *s, const char *name,
    const struct summary_rows *rows, struct str *b)
{
	struct summary_list l;
	size_t i;

	summary_list_open(s, rows, &l);
	str_addf(b, ", \"%s\": [", name);
	for (i = 0; i < l.n; i++) {
		str_add(b, i > 0 ? ", " : "");
		table_row(&l.columns, l.field + i * l.columns.n, TABLE_JSONL,
		    b);
		str_cut(b, b->n - 1); /* its newline */
	}
	str_addc(b, ']');
	summary_list_close(&l);
}

void
summary_json(const struct summary_about *about, struct str *b)
{
	const struct summary *s = about->summary;

	str_add(b, "{\"name\": ");
	out_json(b, about->name);
	add_objectives(s, b);
	add_counts(s, about, b);
	add_rows(s, s->nobjective > 1 ? "pareto" : "best", &s->best, b);
	if (s->nobjective > 1)
		str_addf(b, ", \"pareto_size\": %zu", s->nbest);
	if (s->newest.wanted > 0)
		add_rows(s, "newest", &s->newest, b);
	add_progress(s, b);
	add_causes(s, b);
	add_seconds(s, b);
	costs_json(&s->costs, b);
	str_add(b, "}\n");
}
