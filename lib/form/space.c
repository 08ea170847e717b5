#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/str.h"
#include "form/expr.h"
#include "form/luascan.h"
#include "form/space.h"

bool
space_is_reserved(const char *name)
{
	static const char *const words[] = { "args", "attempt", "campaign",
		"checkpoint", "dir", "id", "seed", "slot" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_eq(name, words[i]))
			return true;

	return false;
}

size_t
space_find(const struct space *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (str_eq(s->param[i].name, name))
			break;

	return i;
}

static int
check_name(const struct space *s, const char *name, struct err *e)
{
	size_t i;

	if (!str_is_ident(name))
		return err_set(e, EX_DATAERR,
		    "'%s' is no identifier: letters, digits and '_', no digit "
		    "first",
		    name);
	if (luascan_is_keyword(name))
		return err_set(e, EX_DATAERR,
		    "'%s' is a keyword of Lua, choose another name", name);
	if (str_eq(name, "math") || str_eq(name, "_ENV"))
		return err_set(e, EX_DATAERR,
		    "'%s' has a meaning in expressions, choose another name",
		    name);
	if (space_is_reserved(name))
		return err_set(e, EX_DATAERR,
		    "'%s' is reserved: {%s} in the command is not a parameter, "
		    "choose another name",
		    name, name);
	i = space_find(s, name);
	if (i < s->n)
		return err_set(e, EX_DATAERR,
		    "parameter '%s' again, the first is in line %u", name,
		    s->param[i].line);

	return 0;
}

/* Room for one more at the end of an array of ${n}, doubled when full. */
static void *
room(void *p, size_t n, size_t size)
{
	return (n & (n - 1)) == 0 ? mem_grow(p, n == 0 ? 1 : 2 * n, size) : p;
}

int
space_add_param(struct space *s, const char *name, const char *domain,
    unsigned line, struct err *e)
{
	struct param p = { .line = line };
	struct err ignored = ERR_NONE;
	int rc;

	if (check_name(s, name, e) != 0)
		return -1;
	rc = domain_parse(domain, &p.domain, e);
	if (rc != 0)
		domain_parse("const(0)", &p.domain, &ignored);
	p.name = mem_dup(name);
	s->param = room(s->param, s->n, sizeof p);
	s->param[s->n++] = p;

	return rc;
}

static int
add_expr(struct constraint **list, size_t *n, const char *name,
    const char *text, unsigned line, struct err *e)
{
	struct constraint c = { .line = line };
	size_t i;

	for (i = 0; i < *n; i++)
		if (str_eq((*list)[i].name, name))
			return err_set(e, EX_DATAERR,
			    "'%s' again, the first is in line %u", name,
			    (*list)[i].line);
	c.expr = expr_new(text, e);
	if (c.expr == NULL)
		return -1;
	c.name = mem_dup(name);
	*list = room(*list, *n, sizeof c);
	(*list)[(*n)++] = c;

	return 0;
}

int
space_add_when(struct space *s, const char *name, const char *expr,
    unsigned line, struct err *e)
{
	return add_expr(&s->when, &s->nwhen, name, expr, line, e);
}

int
space_add_constraint(struct space *s, const char *name, const char *expr,
    unsigned line, struct err *e)
{
	return add_expr(&s->constraint, &s->nconstraint, name, expr, line, e);
}

/* A line "kind name = value"; newlines within it as \n. */
static void
add_line(struct str *b, const char *kind, const char *name, const char *value)
{
	str_addf(b, "%s %s = ", kind, name);
	out_tsv(b, value);
	str_addc(b, '\n');
}

char *
space_text(const struct space *s)
{
	struct str b = STR_EMPTY;
	const struct param *p;
	char *domain;
	size_t i;

	for (i = 0; i < s->n; i++) {
		p = &s->param[i];
		domain = domain_text(&p->domain);
		add_line(&b, "param", p->name, domain);
		free(domain);
		if (p->when != NULL)
			add_line(&b, "when", p->name, expr_text(p->when));
	}
	for (i = 0; i < s->nconstraint; i++)
		add_line(&b, "constraint", s->constraint[i].name,
		    expr_text(s->constraint[i].expr));

	return str_take(&b);
}

static void
free_exprs(struct constraint *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(list[i].name);
		expr_free(list[i].expr);
	}
	free(list);
}

void
space_free(struct space *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->param[i].name);
		domain_free(&s->param[i].domain);
		expr_free(s->param[i].when);
	}
	free(s->param);
	free(s->order);
	free_exprs(s->constraint, s->nconstraint);
	free_exprs(s->when, s->nwhen);
	memset(s, 0, sizeof *s);
}
