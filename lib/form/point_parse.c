#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/out.h"
#include "base/str.h"
#include "form/jsonin.h"
#include "form/point.h"
#include "form/space.h"

struct reader {
	const char *name; /* of the file */
	const struct space *space;
	unsigned line;
	struct err *e;
	struct {
		size_t n, cap;
		struct point *v;
	} point;
	struct {
		size_t n, cap;
		size_t *v;
	} column;   /* of TSV: indices of parameters, or ${space->n} */
	bool wrong; /* there were mistakes */
};

/* Add what is wrong in the line at hand, with ${about} before it. */
static void
mistake(struct reader *r, const char *about, const char *what)
{
	r->wrong = true;
	err_add(r->e, EX_DATAERR, "%s:%u: %.100s%s%s", r->name, r->line, about,
	    *about != '\0' ? ": " : "", what);
}

static struct point *
add_point(struct reader *r)
{
	struct point *p = arr_push(&r->point);

	point_init(p, r->space);

	return p;
}

static void
set(struct reader *r, struct point *p, size_t i, const char *text)
{
	const struct param *param = &r->space->param[i];
	struct err why = ERR_NONE;
	char *canonical;

	if (domain_check(&param->domain, text, &canonical, &why) != 0) {
		mistake(r, param->name, why.msg);
		return;
	}
	point_set(p, i, canonical);
	free(canonical);
}

/* Index of a parameter; where there is none, a mistake and ${space->n}. */
static size_t
find(struct reader *r, const char *name)
{
	const struct space *s = r->space;
	size_t i, k = space_find(s, name);
	struct err why = ERR_NONE;
	const char **names, *near;

	if (k < s->n)
		return k;
	names = mem_alloc(s->n * sizeof *names);
	for (i = 0; i < s->n; i++)
		names[i] = s->param[i].name;
	near = str_nearest(name, names, s->n);
	if (near != NULL)
		err_set(&why, EX_DATAERR,
		    "unknown parameter '%.80s', did you mean '%s'?", name,
		    near);
	else
		err_set(&why, EX_DATAERR, "unknown parameter '%.80s'", name);
	free(names);
	mistake(r, "", why.msg);

	return k;
}

/*
 * Do the given values break a constraint whatever is proposed for the rest?
 * With the rest unset, a [when] or a constraint that names it does not count.
 */
static void
check_point(struct reader *r, const struct point *given)
{
	const struct space *s = r->space;
	struct err why = ERR_NONE;
	size_t i, broken = 0;
	struct point p;
	int rc;

	point_init(&p, s);
	for (i = 0; i < s->n; i++)
		point_set(&p, i, given->text[i]);
	rc = point_activate(&p, s, &why);
	if (rc == 0)
		rc = point_allowed(&p, s, &broken, &why);
	if (rc == 0)
		err_set(&why, EX_DATAERR,
		    "the constraint '%s' (line %u) refuses it",
		    s->constraint[broken].name, s->constraint[broken].line);
	if (rc <= 0)
		mistake(r, "", why.msg);
	point_free(&p);
}

static int
take_member(void *cookie, const char *name, const char *text, struct err *e)
{
	struct reader *r = cookie;
	size_t i = find(r, name);

	(void)e; /* mistakes are added, and the next one is looked for */
	if (i < r->space->n && text != NULL)
		set(r, &r->point.v[r->point.n - 1], i, text);

	return 0;
}

static void
take_json(struct reader *r, char *line)
{
	struct err why = ERR_NONE;
	bool wrong = r->wrong;

	if (*str_trim(line) == '\0')
		return;
	r->wrong = false;
	add_point(r);
	if (jsonin_object(line, take_member, r, &why) != 0)
		mistake(r, "", why.msg);
	if (!r->wrong)
		check_point(r, &r->point.v[r->point.n - 1]);
	r->wrong |= wrong;
}

/* Cut the next field off ${*rest}, which becomes NULL behind the last. */
static char *
next_field(char **rest)
{
	char *field = *rest;
	size_t n = strcspn(field, "\t");

	*rest = field[n] == '\t' ? field + n + 1 : NULL;
	field[n] = '\0';

	return field;
}

static void
take_header(struct reader *r, char *line)
{
	const char *name;
	size_t i, k;

	while (line != NULL) {
		name = str_trim(next_field(&line));
		k = find(r, name);
		for (i = 0; k < r->space->n && i < r->column.n; i++)
			if (r->column.v[i] == k)
				mistake(r, name, "the column is there twice");
		*arr_push(&r->column) = k;
	}
}

static void
take_row(struct reader *r, char *line)
{
	struct point *p;
	struct err why;
	char *field, *rest;
	size_t i, n = 1;
	bool wrong = r->wrong;

	for (rest = strchr(line, '\t'); rest; rest = strchr(rest + 1, '\t'))
		n++;
	if (n != r->column.n) {
		err_set(&why, EX_DATAERR, "%zu fields, the header has %zu", n,
		    r->column.n);
		mistake(r, "", why.msg);
		return;
	}
	p = add_point(r);
	r->wrong = false;
	for (i = 0; line != NULL; i++) {
		field = next_field(&line);
		out_untsv(field);
		if (*field != '\0' && r->column.v[i] < r->space->n)
			set(r, p, r->column.v[i], field);
	}
	if (!r->wrong)
		check_point(r, p);
	r->wrong |= wrong;
}

static void
take_lines(struct reader *r, char *text)
{
	bool json = text[strspn(text, " \t\r\n")] == '{';
	char *line, *next;
	size_t n;

	for (line = text; line != NULL; line = next) {
		r->line++;
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		n = strlen(line);
		if (n > 0 && line[n - 1] == '\r')
			line[--n] = '\0';
		if (n == 0)
			continue;
		if (json)
			take_json(r, line);
		else if (r->column.n == 0)
			take_header(r, line);
		else
			take_row(r, line);
	}
}

int
/* NOLINTNEXTLINE(readability-function-size): seven parameters */
point_parse(const char *text, size_t len, const char *name,
    const struct space *s, struct point **out, size_t *n, struct err *e)
{
	struct reader r = { .name = name, .space = s, .e = e };
	char *copy;
	size_t i;

	*out = NULL;
	*n = 0;
	if (len >= 3 && memcmp(text, "\357\273\277", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (memchr(text, '\0', len) != NULL)
		return err_set(e, EX_DATAERR, "%s: there is a NUL byte", name);
	copy = mem_dupn(text, len);
	if (copy[strspn(copy, " \t\r\n")] == '[') {
		r.line = 1;
		mistake(&r, "", "a JSON array: write one object a line");
	} else {
		take_lines(&r, copy);
	}
	free(copy);
	arr_free(&r.column);
	if (r.wrong) {
		for (i = 0; i < r.point.n; i++)
			point_free(&r.point.v[i]);
		arr_free(&r.point);
		return -1;
	}
	*out = r.point.v;
	*n = r.point.n;

	return 0;
}
