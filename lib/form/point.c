#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/out.h"
#include "form/expr.h"
#include "form/point.h"
#include "form/space.h"

void
point_init(struct point *p, const struct space *s)
{
	p->n = s->n;
	p->text = mem_zero(s->n, sizeof *p->text);
}

void
point_free(struct point *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->text[i]);
	free(p->text);
	p->n = 0;
	p->text = NULL;
}

void
point_set(struct point *p, size_t i, const char *text)
{
	size_t size;

	if (text == p->text[i])
		return;
	if (text == NULL) {
		free(p->text[i]);
		p->text[i] = NULL;
		return;
	}
	/* Room for any number, so that the next one needs no other place. */
	size = strlen(text) + 1;
	p->text[i] = mem_grow(p->text[i], size > NUM_TEXT ? size : NUM_TEXT, 1);
	memcpy(p->text[i], text, size);
}

/*
 * Is ${x} true of the point?  Yes as ${unknown} says where it names an
 * inactive parameter.
 */
static int
holds(struct expr *x, const struct point *p, const struct space *s,
    bool unknown, bool *truth, struct err *e)
{
	struct expr_var *var;
	const char *const *names;
	size_t i, k, n;
	int rc = 0;

	names = expr_names(x, &n);
	var = mem_alloc(n * sizeof *var);
	for (i = 0; i < n; i++) {
		k = space_find(s, names[i]);
		if (k == s->n || p->text[k] == NULL) {
			*truth = unknown;
			goto out;
		}
		var[i].name = names[i];
		var[i].text = p->text[k];
		var[i].number =
		    domain_reads_number(&s->param[k].domain, p->text[k]);
	}
	rc = expr_eval(x, var, n, truth, e);
out:
	free(var);

	return rc;
}

int
point_activate(struct point *p, const struct space *s, struct err *e)
{
	const struct param *param;
	bool active;
	size_t i;

	for (i = 0; i < s->n; i++) {
		param = &s->param[s->order[i]];
		if (param->when == NULL)
			continue;
		if (holds(param->when, p, s, false, &active, e) != 0)
			return err_prefix(e, "[when] of '%s' (line %u)",
			    param->name, param->when_line);
		if (!active)
			point_set(p, s->order[i], NULL);
	}

	return 0;
}

int
point_allowed(const struct point *p, const struct space *s, size_t *broken,
    struct err *e)
{
	const struct constraint *c;
	bool kept;
	size_t i;

	for (i = 0; i < s->nconstraint; i++) {
		c = &s->constraint[i];
		if (holds(c->expr, p, s, true, &kept, e) != 0)
			return err_prefix(e, "[constraint] '%s' (line %u)",
			    c->name, c->line);
		if (!kept) {
			*broken = i;
			return 0;
		}
	}

	return 1;
}

static size_t
span_digits(const char *p)
{
	return strspn(p, "0123456789");
}

/* Is it a number by the grammar of JSON (RFC 8259, section 6)? */
static bool
is_json_number(const char *p)
{
	p += *p == '-';
	if (span_digits(p) == 0 || (*p == '0' && span_digits(p) > 1))
		return false;
	p += span_digits(p);
	if (*p == '.') {
		if (span_digits(++p) == 0)
			return false;
		p += span_digits(p);
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		if (span_digits(p) == 0)
			return false;
		p += span_digits(p);
	}

	return *p == '\0';
}

void
point_json(const struct point *p, const struct space *s, struct str *b)
{
	const struct param *param = s->param;
	const char *before = "{";
	size_t i;

	for (i = 0; i < p->n; i++, param++) {
		if (p->text[i] == NULL)
			continue;
		str_add(b, before);
		before = ", ";
		out_json(b, param->name);
		str_add(b, ": ");
		if (domain_reads_number(&param->domain, p->text[i]) &&
		    is_json_number(p->text[i]))
			str_add(b, p->text[i]);
		else
			out_json(b, p->text[i]);
	}
	str_add(b, *before == '{' ? "{}" : "}");
}
