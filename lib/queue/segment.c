#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/out.h"
#include "form/columns.h"
#include "queue/segment.h"

const char *
segment_path(uint32_t segment, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "segments/%04u/" SEGMENT_TAR, segment);

	return b->s;
}

bool
segment_is_sealed(const struct queue *q, uint32_t segment)
{
	struct str path = STR_EMPTY;
	bool yes;

	str_addf(&path, "segments/%04u", segment);
	yes = fs_is_dir(q->fd, path.s);
	str_free(&path);

	return yes;
}

/* Cut the line at ${p} at its tabs; the number of fields, at most ${room} of
 * which are stored. */
static size_t
split(char *p, const char **field, size_t room)
{
	bool escaped = strchr(p, '\\') != NULL;
	size_t n = 0;
	char *tab;

	do {
		tab = strchr(p, '\t');
		if (tab != NULL)
			*tab = '\0';
		if (escaped)
			out_untsv(p);
		if (n < room)
			field[n] = *p != '\0' ? p : NULL;
		n++;
		p = tab + 1;
	} while (tab != NULL);

	return n;
}

static int
damaged(const struct queue *q, uint32_t number, size_t line, const char *what,
    struct err *e)
{
	return segment_damaged(q, number, SEGMENT_TABLE, line, what, e);
}

/* The names of the columns from the first line of ${text}. */
static int
take_header(const struct queue *q, uint32_t number, const char *text,
    struct table *t, struct err *e)
{
	const char *field[2];
	struct str line = STR_EMPTY;
	bool whole = true;
	char *p, *tab;
	size_t i;

	str_addn(&line, text, strcspn(text, "\n"));
	for (p = line.s; p != NULL; p = tab != NULL ? tab + 1 : NULL) {
		tab = strchr(p, '\t');
		if (tab != NULL)
			*tab = '\0';
		split(p, field, 1);
		table_add(t, p);
	}
	str_free(&line);
	for (i = 0; i < TABLE_FIXED; i++)
		whole =
		    whole && i < t->n && str_eq(t->name[i], table_column(i));
	if (!whole || !str_eq(t->name[t->n - 1], SEGMENT_TAIL))
		return damaged(q, number, 1, "no header of a segment", e);

	return 0;
}

int
segment_columns(const struct queue *q, uint32_t number, struct table *t,
    struct err *e)
{
	struct segment s = { .loaded = false };
	int bad = segment_load(q, number, &s, e);

	if (!bad) {
		*t = s.columns;
		table_init(&s.columns);
	}
	segment_free(&s);

	return bad;
}

/* Find the rows, which start with the ids in order. */
static int
find_rows(const struct queue *q, struct segment *s, struct err *e)
{
	const char *p = s->text.s, *end = p + s->text.n, *newline;
	char id[16];
	size_t i;

	for (i = 0; i <= NAME_SEGMENT; i++) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (newline == NULL)
			return damaged(q, s->number, i + 1, "it is cut off", e);
		p = newline + 1;
		s->row[i] = (size_t)(p - s->text.s);
		snprintf(id, sizeof id, "%u\t",
		    s->number * NAME_SEGMENT + (uint32_t)i);
		if (i < NAME_SEGMENT && !str_starts(p, id))
			return damaged(q, s->number, i + 2,
			    "not the row of the next trial", e);
	}
	if (p != end)
		return damaged(q, s->number, i + 1, "more than its rows", e);

	return 0;
}

int
segment_load(const struct queue *q, uint32_t number, struct segment *s,
    struct err *e)
{
	int bad;

	if (s->loaded && s->number == number)
		return 0;
	s->loaded = false;
	s->number = number;
	str_cut(&s->text, 0);
	table_free(&s->columns);
	bad = segment_table(q, number, &s->text, e);
	if (!bad && (s->text.n == 0 || strlen(s->text.s) != s->text.n))
		bad = damaged(q, number, 1, "no text", e);
	if (!bad)
		bad = take_header(q, number, s->text.s, &s->columns, e) < 0 ||
		    find_rows(q, s, e) < 0;
	if (bad)
		return -1;
	s->field = mem_grow(s->field, s->columns.n, sizeof *s->field);
	s->loaded = true;

	return 0;
}

/* Of the line of ${id}: its first byte, and how many it has. */
static const char *
line_of(const struct segment *s, uint32_t id, size_t *n)
{
	size_t i = id % NAME_SEGMENT;

	*n = s->row[i + 1] - s->row[i] - 1;

	return s->text.s + s->row[i];
}

const char *const *
segment_fields(struct segment *s, uint32_t id)
{
	size_t n, i;
	const char *line = line_of(s, id, &n);

	str_cut(&s->line, 0);
	str_addn(&s->line, line, n);
	i = split(s->line.s, s->field, s->columns.n);
	for (; i < s->columns.n; i++)
		s->field[i] = NULL;

	return s->field;
}

const char *
segment_raw(const struct segment *s, uint32_t id, size_t *n)
{
	const char *line = line_of(s, id, n);

	while (*n > 0 && line[--*n] != '\t')
		;

	return line;
}

/* The value of a metric as the table writes it. */
static double
value(const char *text)
{
	double x;

	if (num_double(text, &x) == 0)
		return x;

	return str_eq(text, "inf") ? (double)INFINITY
	    : str_eq(text, "-inf") ? -(double)INFINITY
				   : (double)NAN;
}

void
segment_result(struct segment *s, uint32_t id, struct result *r)
{
	const char *const *field = segment_fields(s, id);
	const char *text;
	bool maximize;
	uint64_t u;
	size_t i;
	int status;

	memset(r, 0, sizeof *r);
	r->id = id;
	text = field[TABLE_ATTEMPT];
	if (text != NULL && num_u64(text, UINT32_MAX, &u) == 0)
		r->attempt = (unsigned)u;
	text = field[TABLE_STATUS];
	status = text != NULL ? status_find(text) : -1;
	r->status = status < 0 ? STATUS_FAILED : (enum status)status;
	text = field[TABLE_CAUSE];
	r->cause = mem_dup(text != NULL ? text : "");
	for (i = 0; i < s->columns.n; i++)
		if (field[i] != NULL &&
		    (columns_is_objective(s->columns.name[i], &maximize) ||
			str_starts(s->columns.name[i], "metric.")))
			metrics_add(&r->metrics,
			    columns_short(s->columns.name[i]), value(field[i]));
}

int
segment_count(const struct queue *q, uint32_t number, uint32_t *done,
    uint32_t *failed, struct err *e)
{
	struct segment s = { .loaded = false };
	const char *status;
	uint32_t i;
	int bad = segment_load(q, number, &s, e);

	for (i = 0; !bad && i < NAME_SEGMENT; i++) {
		status = segment_fields(&s, i)[TABLE_STATUS];
		if (status != NULL &&
		    (str_eq(status, status_name(STATUS_OK)) ||
			str_eq(status, status_name(STATUS_PRUNED))))
			++*done;
		else
			++*failed;
	}
	segment_free(&s);

	return bad;
}

void
segment_free(struct segment *s)
{
	table_free(&s->columns);
	str_free(&s->text);
	str_free(&s->line);
	free(s->field);
	memset(s, 0, sizeof *s);
}
