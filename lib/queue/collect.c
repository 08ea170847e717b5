#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "form/columns.h"
#include "queue/collect.h"

int
collect_open(struct collect *k, char *const *path, size_t n, struct err *e)
{
	struct collect_source *s;
	size_t i;

	k->source = mem_zero(n + 1, sizeof *k->source);
	for (i = 0; i < n; i++) {
		s = &k->source[i];
		if (queue_open(path[i], QUEUE_READ, &s->q, e) < 0)
			return -1;
		k->n++;
		if (k->name != NULL)
			queue_call(&s->q, k->name[i]);
		if (queue_campaign(&s->q, false, &s->c, e) < 0)
			return -1;
		rows_open(&s->rows, &s->q, &s->c, &k->columns,
		    n > 1 ? s->q.path : NULL);
		s->rows.grow = !k->fixed;
	}

	return 0;
}

/* Does the table have a row for it? */
static bool
is_wanted(const struct collect *k, const struct token *t)
{
	return k->all || t->state >= STATE_DONE;
}

/* A damaged file costs its values, not the table. */
static int
read_row(struct collect *k, struct collect_source *s, const struct token *t,
    const char *const **field, struct err *e)
{
	int rc = rows_read(&s->rows, t, field, e);

	if (rc > 0) {
		k->warn(k->cookie, e);
		err_clear(e);
		rc = 0;
	}

	return rc;
}

static void
keep(struct collect *k, const char *const *field)
{
	size_t n = k->columns.n;

	str_addn(&k->kept, (const char *)&n, sizeof n);
	columns_keep(field, n, &k->kept);
	k->nkept++;
	k->full = k->kept.n > COLLECT_KEEP;
}

/* Read a campaign's rows, and keep them while there is room. */
static int
gather(struct collect *k, struct collect_source *s, struct err *e)
{
	const char *const *field;
	struct err ignored = ERR_NONE;
	struct scan_walk walk = { 0, 0, 0 };
	struct token t;

	if (scan_all(&s->q, &s->scan, e) < 0)
		return -1;
	while (scan_next(&s->scan, &walk, &t)) {
		if (!is_wanted(k, &t))
			continue;
		/* Rows of segments are read when they are printed. */
		if (t.state == STATE_SEALED) {
			k->full = true;
			if (rows_segment(&s->rows, name_segment(t.id), e) < 0)
				return -1;
		} else if (!k->full) {
			if (read_row(k, s, &t, &field, e) < 0)
				return -1;
			keep(k, field);
		} else if (t.state >= STATE_DONE) {
			/* What is wrong with it is told the second time. */
			rows_metrics(&s->rows, &t, &ignored);
		}
	}

	return 0;
}

/* The columns in the order that is known only now. */
struct sorted {
	struct table t;
	size_t *order;
	const char **field; /* of a row, sorted */
	enum table_format format;
	struct out *out;
};

static void
print(struct sorted *s, const char *const *field)
{
	size_t i;

	for (i = 0; i < s->t.n; i++)
		s->field[i] = field[s->order[i]];
	table_row(&s->t, s->field, s->format, &s->out->buf);
	out_addn(s->out, "", 0);
}

static void
print_kept(struct collect *k, struct sorted *s)
{
	const char **field = mem_zero(s->t.n + 1, sizeof *field);
	const char *p = k->kept.s;
	size_t i, n;

	for (i = 0; i < k->nkept; i++) {
		memcpy(&n, p, sizeof n);
		p = columns_recall(p + sizeof n, n, field, s->t.n);
		print(s, field);
	}
	free(field);
}

/* A segment whose table has the same columns is printed as it stands. */
static bool
print_segment(struct sorted *s, const struct segment *segment)
{
	const char *row;
	size_t i, n;

	if (s->format != TABLE_TSV || segment->columns.n != s->t.n + 1)
		return false;
	for (i = 0; i < s->t.n; i++)
		if (!str_eq(segment->columns.name[i], s->t.name[i]))
			return false;
	for (i = 0; i < NAME_SEGMENT; i++) {
		row = segment_raw(segment, (uint32_t)i, &n);
		out_addn(s->out, row, n);
		out_addc(s->out, '\n');
	}

	return true;
}

/* The rows for which there was no room; ${seen} counts over the campaigns. */
static int
print_rest(struct collect *k, struct collect_source *from, struct sorted *s,
    size_t *seen, struct err *e)
{
	const char *const *field;
	struct scan_walk walk = { 0, 0, 0 };
	struct token t;
	bool whole = false;

	while (scan_next(&from->scan, &walk, &t)) {
		if (!is_wanted(k, &t) || (*seen)++ < k->nkept)
			continue;
		if (t.state == STATE_SEALED && t.id % NAME_SEGMENT == 0) {
			if (rows_segment(&from->rows, name_segment(t.id), e) <
			    0)
				return -1;
			whole = print_segment(s, &from->rows.segment);
		}
		if (t.state == STATE_SEALED && whole)
			continue;
		if (read_row(k, from, &t, &field, e) < 0)
			return -1;
		print(s, field);
	}

	return 0;
}

int
collect_table(struct collect *k, enum table_format format, struct out *o,
    struct err *e)
{
	struct sorted s = { .format = format, .out = o };
	size_t i, seen = 0;
	int bad = 0;

	for (i = 0; i < k->n && !bad; i++)
		bad = gather(k, &k->source[i], e);
	if (bad)
		return -1;
	s.order = mem_zero(k->columns.n + 1, sizeof *s.order);
	s.field = mem_zero(k->columns.n + 1, sizeof *s.field);
	columns_order(&k->columns, s.order);
	for (i = 0; i < k->columns.n; i++)
		table_add(&s.t, k->columns.name[s.order[i]]);
	table_head(&s.t, format, &o->buf);
	print_kept(k, &s);
	for (i = 0; i < k->n && k->full && !bad; i++)
		bad = print_rest(k, &k->source[i], &s, &seen, e);
	free(s.order);
	free(s.field);
	table_free(&s.t);

	return bad;
}

int
collect_again(struct collect *k, struct err *e)
{
	struct queue *q = &k->source[0].q;
	char *path, *name;
	int bad;

	if (q->fd >= 0)
		return 0;
	path = mem_dup(q->absolute);
	name = mem_dup(q->path);
	queue_close(q);
	bad = queue_open(path, QUEUE_READ, q, e);
	if (!bad)
		queue_call(q, name);
	free(name);
	free(path);

	return bad;
}

int
collect_row(struct collect *k, const struct token *t, enum table_format format,
    struct out *o, struct err *e)
{
	const char *const *field;

	if (read_row(k, &k->source[0], t, &field, e) < 0)
		return -1;
	table_row(&k->columns, field, format, &o->buf);
	out_addn(o, "", 0);

	return 0;
}

void
collect_close(struct collect *k)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		rows_close(&k->source[i].rows);
		scan_free(&k->source[i].scan);
		campaign_free(&k->source[i].c);
		queue_close(&k->source[i].q);
	}
	free(k->source);
	table_free(&k->columns);
	str_free(&k->kept);
	memset(k, 0, sizeof *k);
}
