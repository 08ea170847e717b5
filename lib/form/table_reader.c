#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/out.h"
#include "form/flatjson.h"
#include "form/table.h"

enum { PIECE = 256 * 1024, LONGEST = 64 * 1024 * 1024 };

enum kind { EMPTY, TSV, CSV, JSONL };

struct table_reader {
	int fd;
	char *name;
	enum kind kind;
	struct table columns;
	const char **field;
	size_t cap; /* of ${field} */
	char *buf;  /* always one byte more than ${size} */
	size_t size;
	size_t start, end;  /* what is read and not yet returned */
	char *row;          /* last taken, without its line end, */
	size_t len;         /* a string */
	unsigned long line; /* where it started */
	unsigned long next; /* of what follows it */
};

static int
fail(const struct table_reader *r, struct err *e)
{
	return err_prefix(e, "%s:%lu", r->name, r->line);
}

/* Read more; 1, 0 at the end of the input, or -1. */
static int
more(struct table_reader *r, struct err *e)
{
	ssize_t n;

	if (r->start > 0) {
		memmove(r->buf, r->buf + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	if (r->size == r->end) {
		r->size *= 2;
		r->buf = mem_grow(r->buf, r->size + 1, 1);
	}
	do
		n = read(r->fd, r->buf + r->end, r->size - r->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "cannot read '%s'", r->name);
	r->end += (size_t)n;

	return n > 0;
}

/* Does an odd number of quotes lie between? */
static bool
is_odd(const char *p, const char *end)
{
	bool odd = false;

	while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		odd = !odd;
		p++;
	}

	return odd;
}

/* How much of a row has been looked at. */
struct scan {
	size_t n;
	bool quoted;
	unsigned long lines;
};

/* Is the row's newline there?  Then ${s->n} is its place. */
static bool
find_end(const struct table_reader *r, struct scan *s)
{
	const char *row = r->buf + r->start;
	size_t have = r->end - r->start;
	const char *p, *stop;

	while (s->n < have) {
		p = row + s->n;
		stop = memchr(p, '\n', have - s->n);
		if (r->kind == CSV &&
		    is_odd(p, stop != NULL ? stop : row + have))
			s->quoted = !s->quoted;
		s->n = stop != NULL ? (size_t)(stop - row) : have;
		if (stop == NULL)
			return false;
		s->lines++;
		if (!s->quoted)
			return true;
		s->n++;
	}

	return false;
}

/* Take the next row: 1, 0 at the end of the input, -1. */
static int
take_row(struct table_reader *r, struct err *e)
{
	struct scan s = { 0, false, 0 };
	size_t used;
	int rc = 1;

	r->line = r->next;
	while (!find_end(r, &s) && rc > 0) {
		if (s.n > LONGEST) {
			err_set(e, EX_DATAERR, "a row of more than 64 MiB");
			return fail(r, e);
		}
		rc = more(r, e);
	}
	if (rc < 0)
		return -1;
	if (rc == 0 && r->start == r->end)
		return 0;
	if (rc == 0 && s.quoted) {
		err_set(e, EX_DATAERR, "a quote is not closed");
		return fail(r, e);
	}
	used = s.n + (rc > 0);
	r->row = r->buf + r->start;
	r->start += used;
	r->next += s.lines;
	if (s.n > 0 && r->row[s.n - 1] == '\r')
		s.n--;
	r->row[s.n] = '\0';
	r->len = s.n;
	if (memchr(r->row, '\0', s.n) != NULL) {
		err_set(e, EX_DATAERR, "a NUL byte, this is no table");
		return fail(r, e);
	}

	return 1;
}

/* Store the ${i}th field of a row, if there is a place for it. */
static void
put(struct table_reader *r, size_t i, const char *text)
{
	if (i < r->cap)
		r->field[i] = *text != '\0' ? text : NULL;
}

/* The number of fields. */
static size_t
split_tsv(struct table_reader *r)
{
	bool escaped = memchr(r->row, '\\', r->len) != NULL;
	char *p = r->row, *end = p + r->len;
	char *tab;
	size_t n = 0;

	do {
		tab = memchr(p, '\t', (size_t)(end - p));
		if (tab != NULL)
			*tab = '\0';
		if (escaped)
			out_untsv(p);
		put(r, n++, p);
		p = tab != NULL ? tab + 1 : end;
	} while (tab != NULL);

	return n;
}

/* Take the quoted field at ${p} apart in place; its end, or NULL. */
static char *
unquote(char *p)
{
	char *to = p++;

	for (; *p != '\0'; p++) {
		if (*p == '"' && *++p != '"')
			break;
		*to++ = *p;
	}
	if (*p != ',' && *p != '\0')
		return NULL;
	/* Closer than the quotes were, so what is at ${p} survives. */
	*to = '\0';

	return p;
}

/* The number of fields, or 0 with a message. */
static size_t
split_csv(struct table_reader *r, struct err *e)
{
	char *p = r->row;
	const char *text;
	size_t n = 0;
	bool last;

	do {
		text = p;
		p = *p == '"' ? unquote(p) : p + strcspn(p, ",\"");
		if (p == NULL || *p == '"') {
			err_set(e, EX_DATAERR,
			    "field %zu has a quote where none may be", n + 1);
			return 0;
		}
		last = *p == '\0';
		*p++ = '\0';
		put(r, n++, text);
	} while (!last);

	return n;
}

static int
make_room(struct table_reader *r, size_t n, struct err *e)
{
	size_t i;

	if (n > TABLE_COLUMNS)
		return err_set(e, EX_DATAERR, "more than %d columns",
		    TABLE_COLUMNS);
	if (n > r->cap) {
		i = r->cap;
		r->cap = n > 2 * i ? n : 2 * i;
		r->field = mem_grow(r->field, r->cap, sizeof *r->field);
		for (; i < r->cap; i++)
			r->field[i] = NULL;
	}

	return 0;
}

/* Take the row apart; its fields are in ${r->field}. */
static int
split(struct table_reader *r, size_t *n, struct err *e)
{
	*n = r->kind == CSV ? split_csv(r, e) : split_tsv(r);

	return *n > 0 ? 0 : -1;
}

static size_t
count(const char *p, char c)
{
	size_t n = 0;

	while ((p = strchr(p, c)) != NULL) {
		p++;
		n++;
	}

	return n;
}

static int
read_header(struct table_reader *r, struct err *e)
{
	const char *name;
	size_t i, n;

	if (take_row(r, e) < 0)
		return -1;
	if (make_room(r, 1 + count(r->row, r->kind == CSV ? ',' : '\t'), e) !=
		0 ||
	    split(r, &n, e) != 0)
		return fail(r, e);
	for (i = 0; i < n; i++) {
		name = r->field[i] != NULL ? r->field[i] : "";
		if (table_add(&r->columns, name) != i) {
			err_set(e, EX_DATAERR, "the column '%s' is there twice",
			    name);
			return fail(r, e);
		}
	}

	return 0;
}

/* Look at the first line without taking it. */
static int
detect(struct table_reader *r, struct err *e)
{
	struct scan s = { 0, false, 0 };
	const char *p;
	size_t i = 0;
	int rc = 1;

	while (!find_end(r, &s) && rc > 0 && s.n <= LONGEST)
		rc = more(r, e);
	if (rc < 0)
		return -1;
	if (r->end >= 3 && memcmp(r->buf, "\357\273\277", 3) == 0) {
		r->start = 3;
		s.n -= 3;
	}
	if (r->start == r->end)
		return 0;
	p = r->buf + r->start;
	while (i < s.n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	if (i < s.n && p[i] == '{')
		r->kind = JSONL;
	else if (memchr(p, '\t', s.n) == NULL && memchr(p, ',', s.n) != NULL)
		r->kind = CSV;
	else
		r->kind = TSV;

	return 0;
}

struct table_reader *
table_open(int fd, const char *name, struct err *e)
{
	struct table_reader *r = mem_zero(1, sizeof *r);
	int rc;

	r->fd = fd;
	r->name = mem_dup(name);
	r->next = 1;
	r->size = PIECE;
	r->buf = mem_alloc(r->size + 1);
	rc = detect(r, e);
	if (rc == 0 && (r->kind == TSV || r->kind == CSV))
		rc = read_header(r, e);
	if (rc != 0) {
		table_close(r);
		return NULL;
	}

	return r;
}

const struct table *
table_columns(const struct table_reader *r)
{
	return &r->columns;
}

static int
next_json(struct table_reader *r, struct err *e)
{
	struct flatjson j;
	const char *key, *value;
	size_t i, guess = 0;
	int rc;

	for (i = 0; i < r->columns.n; i++)
		r->field[i] = NULL;
	flatjson_open(&j, r->row);
	while ((rc = flatjson_next(&j, &key, &value, e)) > 0) {
		/* Rows tend to name the same columns in the same order. */
		if (guess < r->columns.n &&
		    strcmp(r->columns.name[guess], key) == 0)
			i = guess;
		else
			i = table_add(&r->columns, key);
		if (make_room(r, r->columns.n, e) != 0)
			return fail(r, e);
		put(r, i, value != NULL ? value : "");
		guess = i + 1;
	}

	return rc == 0 ? 1 : fail(r, e);
}

static int
next_fields(struct table_reader *r, struct err *e)
{
	size_t n;

	if (split(r, &n, e) != 0)
		return fail(r, e);
	if (n != r->columns.n) {
		err_set(e, EX_DATAERR, "%zu fields instead of %zu", n,
		    r->columns.n);
		return fail(r, e);
	}

	return 1;
}

int
table_next(struct table_reader *r, const char *const **field, struct err *e)
{
	int rc;

	do {
		if (r->kind == EMPTY)
			return 0;
		rc = take_row(r, e);
		if (rc <= 0)
			return rc;
		/* In a single column an empty line is an absent field. */
	} while (r->len == 0 && (r->kind == JSONL || r->columns.n > 1));
	if (r->kind == JSONL)
		rc = next_json(r, e);
	else
		rc = next_fields(r, e);
	*field = r->field;

	return rc;
}

void
table_close(struct table_reader *r)
{
	if (r == NULL)
		return;
	table_free(&r->columns);
	free(r->field);
	free(r->buf);
	free(r->name);
	free(r);
}
