#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/expr.h"
#include "form/space.h"

/* The parents of a parameter: those that its [when] names. */
struct parents {
	size_t n;
	size_t *v;
};

/* Name the parameter that was meant, if one is near. */
static int
unknown(const struct space *s, const char *file, unsigned line,
    const char *what, const char *name, struct err *e)
{
	const char **names = mem_alloc((s->n + 1) * sizeof *names);
	const char *near;
	size_t i;

	for (i = 0; i < s->n; i++)
		names[i] = s->param[i].name;
	near = str_nearest(name, names, s->n);
	if (near != NULL)
		err_add(e, EX_DATAERR,
		    "%s:%u: %s unknown parameter '%s', did you mean '%s'?",
		    file, line, what, name, near);
	else
		err_add(e, EX_DATAERR, "%s:%u: %s unknown parameter '%s'", file,
		    line, what, name);
	free(names);

	return -1;
}

/* Move the [when] entries to their parameters. */
static int
settle_whens(struct space *s, const char *file, struct err *e)
{
	struct constraint *w;
	size_t i, j;
	int rc = 0;

	for (j = 0; j < s->nwhen; j++) {
		w = &s->when[j];
		i = space_find(s, w->name);
		if (i == s->n) {
			rc = unknown(s, file, w->line, "[when] of the", w->name,
			    e);
			expr_free(w->expr);
		} else {
			s->param[i].when = w->expr;
			s->param[i].when_line = w->line;
		}
		free(w->name);
	}
	free(s->when);
	s->when = NULL;
	s->nwhen = 0;

	return rc;
}

static int
check_names(const struct space *s, const struct expr *x, const char *file,
    unsigned line, struct err *e)
{
	const char *const *names;
	size_t i, n;
	int rc = 0;

	names = expr_names(x, &n);
	for (i = 0; i < n; i++)
		if (space_find(s, names[i]) == s->n)
			rc = unknown(s, file, line, "the expression names the",
			    names[i], e);

	return rc;
}

static int
check_all_names(const struct space *s, const char *file, struct err *e)
{
	const struct constraint *c;
	const struct param *p;
	size_t i;
	int rc = 0;

	for (i = 0; i < s->n; i++) {
		p = &s->param[i];
		if (p->when != NULL &&
		    check_names(s, p->when, file, p->when_line, e) != 0)
			rc = -1;
	}
	for (i = 0; i < s->nconstraint; i++) {
		c = &s->constraint[i];
		if (check_names(s, c->expr, file, c->line, e) != 0)
			rc = -1;
	}

	return rc;
}

static struct parents *
find_parents(const struct space *s)
{
	struct parents *parents = mem_zero(s->n, sizeof *parents);
	struct parents *p = parents;
	const char *const *names;
	size_t i, j, k, n;

	for (i = 0; i < s->n; i++, p++) {
		if (s->param[i].when == NULL)
			continue;
		names = expr_names(s->param[i].when, &n);
		p->v = mem_alloc(n * sizeof *p->v);
		for (j = 0; j < n; j++) {
			k = space_find(s, names[j]);
			if (k < s->n)
				p->v[p->n++] = k;
		}
	}

	return parents;
}

/* The first parent that is not in the order yet, or ${none}. */
static size_t
missing(const struct parents *p, const bool *placed, size_t none)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!placed[p->v[i]])
			return p->v[i];

	return none;
}

/*
 * Nothing that is left can be placed: report one cycle, "a -> b -> a" (the
 * [when] of a names b).  Returns a member, to be placed all the same.
 */
static size_t
report_cycle(const struct space *s, const struct parents *parents,
    const bool *placed, const char *file, struct err *e)
{
	bool *passed = mem_zero(s->n, sizeof *passed);
	struct str b = STR_EMPTY;
	size_t i = 0, start;

	while (placed[i])
		i++;
	/* Follow missing parents until one comes again: it is on a cycle. */
	for (; !passed[i]; i = missing(&parents[i], placed, s->n))
		passed[i] = true;
	start = i;
	do {
		str_addf(&b, "%s -> ", s->param[i].name);
		i = missing(&parents[i], placed, s->n);
	} while (i != start);
	str_add(&b, s->param[start].name);
	err_add(e, EX_DATAERR, "%s:%u: [when] goes in a circle: %.400s", file,
	    s->param[start].when_line, b.s);
	free(passed);
	str_free(&b);

	return start;
}

/* The first in the file of those that wait for no parent, or ${s->n}. */
static size_t
next_free(const struct space *s, const struct parents *parents,
    const bool *placed)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!placed[i] && missing(&parents[i], placed, s->n) == s->n)
			break;

	return i;
}

static int
put_in_order(struct space *s, const char *file, struct err *e)
{
	struct parents *parents = find_parents(s);
	bool *placed = mem_zero(s->n, sizeof *placed);
	size_t i, n;
	int rc = 0;

	free(s->order);
	s->order = mem_alloc(s->n * sizeof *s->order);
	for (n = 0; n < s->n; n++) {
		i = next_free(s, parents, placed);
		if (i == s->n) {
			i = report_cycle(s, parents, placed, file, e);
			rc = -1;
		}
		placed[i] = true;
		s->order[n] = i;
	}
	for (i = 0; i < s->n; i++)
		free(parents[i].v);
	free(parents);
	free(placed);

	return rc;
}

/* FNV-1a, 64 bit, of Fowler, Noll and Vo. */
static uint64_t
digest(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);

	return h;
}

int
space_finish(struct space *s, const char *file, struct err *e)
{
	char *text;
	int rc = 0;

	if (settle_whens(s, file, e) != 0)
		rc = -1;
	if (check_all_names(s, file, e) != 0)
		rc = -1;
	if (put_in_order(s, file, e) != 0)
		rc = -1;
	text = space_text(s);
	s->digest = digest(text);
	free(text);

	return rc;
}
