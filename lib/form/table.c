#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/out.h"
#include "base/str.h"
#include "form/inifile.h"
#include "form/table.h"

const char *
table_column(size_t i)
{
	static const char *const name[TABLE_FIXED] = { "id", "attempt",
		"status", "cause", "started", "seconds", "host", "searcher" };

	return i < TABLE_FIXED ? name[i] : "";
}

int
table_format_find(const char *name)
{
	static const char *const list[] = { "tsv", "csv", "jsonl", "ini" };
	int i;

	for (i = TABLE_TSV; i <= TABLE_INI; i++)
		if (str_eq(name, list[i]))
			return i;

	return -1;
}

void
table_init(struct table *t)
{
	t->n = 0;
	t->name = NULL;
}

size_t
table_find(const struct table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n && strcmp(t->name[i], name) != 0)
		i++;

	return i;
}

size_t
table_add(struct table *t, const char *name)
{
	size_t i = table_find(t, name);

	if (i < t->n)
		return i;
	if ((t->n & (t->n - 1)) == 0) /* full: a power of two, or nothing */
		t->name = mem_grow(t->name, t->n == 0 ? 1 : 2 * t->n,
		    sizeof *t->name);
	t->name[t->n++] = mem_dup(name);

	return i;
}

void
table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->name[i]);
	free(t->name);
	table_init(t);
}

static size_t
span_digits(const char *s)
{
	return strspn(s, "0123456789");
}

bool
table_is_number(const char *s)
{
	size_t n;

	s += *s == '-';
	n = span_digits(s);
	if (n == 0 || (n > 1 && *s == '0'))
		return false;
	s += n;
	if (*s == '.') {
		n = span_digits(++s);
		s += n;
		if (n == 0)
			return false;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '+' || *s == '-';
		n = span_digits(s);
		s += n;
		if (n == 0)
			return false;
	}

	return *s == '\0';
}

static bool
is_text_column(const char *name)
{
	static const char *const job[] = { "job.history", "job.id", "job.node",
		"job.partition" };
	size_t i;

	for (i = 0; i < sizeof job / sizeof job[0] && name[0] == 'j'; i++)
		if (str_eq(name, job[i]))
			return true;
	for (i = TABLE_STATUS; i < TABLE_FIXED; i++)
		if (i != TABLE_SECONDS && str_eq(name, table_column(i)))
			return true;

	return false;
}

static bool
is_number_column(const char *name)
{
	return str_starts(name, "metric.") || str_starts(name, "minimize.") ||
	    str_starts(name, "maximize.") ||
	    str_eq(name, table_column(TABLE_ATTEMPT)) ||
	    str_eq(name, table_column(TABLE_SECONDS));
}

/* The spellings of num_exact() and of other programs. */
static bool
is_not_finite(const char *s)
{
	s += *s == '-' || *s == '+';

	return strcasecmp(s, "nan") == 0 || strcasecmp(s, "inf") == 0 ||
	    strcasecmp(s, "infinity") == 0;
}

static void
add_json(const char *name, const char *text, struct str *b)
{
	if (text == NULL || (is_not_finite(text) && is_number_column(name)))
		str_add(b, "null");
	else if (table_is_number(text) && !is_text_column(name))
		str_add(b, text);
	else
		out_json(b, text);
}

static void
row_json(const struct table *t, const char *const *field, struct str *b)
{
	size_t i;

	str_addc(b, '{');
	for (i = 0; i < t->n; i++) {
		if (i > 0)
			str_add(b, ", ");
		out_json(b, t->name[i]);
		str_add(b, ": ");
		add_json(t->name[i], field[i], b);
	}
	str_add(b, "}\n");
}

static void
row_ini(const struct table *t, const char *const *field, struct str *b)
{
	size_t i, id = table_find(t, table_column(TABLE_ID));

	str_addf(b, "[%s]\n", id < t->n && field[id] != NULL ? field[id] : "");
	for (i = 0; i < t->n; i++)
		if (i != id && field[i] != NULL)
			inifile_add(b, t->name[i], field[i]);
	str_addc(b, '\n');
}

static void
row_tsv(const char *const *field, size_t n, struct str *b)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0)
			str_addc(b, '\t');
		if (field[i] != NULL)
			out_tsv(b, field[i]);
	}
	str_addc(b, '\n');
}

static void
row_csv(const char *const *field, size_t n, struct str *b)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0)
			str_addc(b, ',');
		if (field[i] != NULL)
			out_csv(b, field[i]);
	}
	str_addc(b, '\n');
}

void
table_head(const struct table *t, enum table_format f, struct str *b)
{
	const char *const *name = (const char *const *)t->name;

	if (f == TABLE_TSV)
		row_tsv(name, t->n, b);
	else if (f == TABLE_CSV)
		row_csv(name, t->n, b);
}

void
table_row(const struct table *t, const char *const *field, enum table_format f,
    struct str *b)
{
	switch (f) {
	case TABLE_TSV:
		row_tsv(field, t->n, b);
		break;
	case TABLE_CSV:
		row_csv(field, t->n, b);
		break;
	case TABLE_JSONL:
		row_json(t, field, b);
		break;
	case TABLE_INI:
		row_ini(t, field, b);
		break;
	}
}
