#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/campaign.h"
#include "form/columns.h"
#include "queue/finish.h"
#include "queue/rows.h"

enum { FILE_MAX = 16 << 20 };

#define NOWHERE SIZE_MAX

static const char metric_prefix[] = "metric.", job_prefix[] = "job.";

/* The name of a column, in ${b}. */
static const char *
column_name(const char *prefix, const char *name, struct str *b)
{
	str_cut(b, 0);
	str_add(b, prefix);
	str_add(b, name);

	return b->s;
}

void
rows_open(struct rows *r, const struct queue *q, const struct campaign *c,
    struct table *t, const char *name)
{
	size_t i;

	memset(r, 0, sizeof *r);
	r->q = q;
	r->c = c;
	r->t = t;
	r->name = name;
	if (name != NULL)
		table_add(t, COLUMNS_CAMPAIGN);
	for (i = 0; i < TABLE_FIXED; i++)
		table_add(t, table_column(i));
	r->objective = mem_zero(c->nobjective + 1, sizeof *r->objective);
	for (i = 0; i < c->nobjective; i++)
		r->objective[i] = table_add(t,
		    column_name(c->objective[i].maximize ? "maximize."
							 : "minimize.",
			c->objective[i].metric, &r->path));
	r->param = mem_zero(c->space.n + 1, sizeof *r->param);
	for (i = 0; i < c->space.n; i++)
		r->param[i] = table_add(t,
		    column_name("param.", c->space.param[i].name, &r->path));
	for (i = 0; i < ROWS_JOB; i++)
		r->job[i] = NOWHERE;
}

static void
forget(struct rows *r)
{
	trial_free(&r->trial);
	result_free(&r->result);
	r->tail = NULL;
}

/*
 * Read ${r->path}: 0; 1 if it is not there, or no such file: ${e} says so,
 * and *${wrong} in short; -1.
 */
static int
slurp(struct rows *r, const char *missing, const char **wrong, struct err *e)
{
	str_cut(&r->text, 0);
	if (fs_slurp(r->q->fd, r->path.s, FILE_MAX, &r->text, e) == 0)
		return 0;
	if (e->sys == ENOENT || e->sys == ENOTDIR)
		err_set(e, EX_DATAERR, "%s: %s", r->path.s, missing);
	else if (e->sys == 0)
		err_set(e, EX_DATAERR, "%s: no regular file, or a huge one",
		    r->path.s);
	else
		return err_prefix(e, "campaign '%s'", r->q->path);
	*wrong = missing;

	return 1;
}

/* Make the message name the file as a user finds it. */
static int
blame(const struct rows *r, struct err *e)
{
	struct err was = *e;

	err_set(e, EX_DATAERR, "%s/hpo/%s", r->q->path, was.msg);

	return 1;
}

static int
read_trial(struct rows *r, uint32_t id, const char **wrong, struct err *e)
{
	int rc;

	name_in_home(id, "trial.ini", &r->path);
	rc = slurp(r, "trial file missing", wrong, e);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		*wrong = FINISH_DAMAGED;
		rc = trial_parse(r->text.s, r->text.n, r->path.s, &r->trial, e);
	}
	if (rc == 0 && r->trial.id != id) {
		rc = err_set(e, EX_DATAERR,
		    "%s: trial file damaged: it is of trial %u", r->path.s,
		    r->trial.id);
		trial_free(&r->trial);
	}
	if (rc == 0)
		*wrong = NULL;

	return rc != 0 ? blame(r, e) : 0;
}

static int
read_result(struct rows *r, const struct token *t, const char **wrong,
    struct err *e)
{
	int rc;

	name_result(t->id, t->attempt, t->by, &r->path);
	rc = slurp(r, "result file missing", wrong, e);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		*wrong = "result file damaged";
		rc = result_parse(r->text.s, r->text.n, r->path.s, &r->result,
		    e);
	}
	if (rc == 0 &&
	    (r->result.id != t->id || r->result.attempt != t->attempt)) {
		rc = err_set(e, EX_DATAERR,
		    "%s: result file damaged: it is of another attempt",
		    r->path.s);
		result_free(&r->result);
	}
	if (rc == 0)
		*wrong = NULL;

	return rc != 0 ? blame(r, e) : 0;
}

static bool
has_ended(const struct token *t)
{
	return t->state >= STATE_DONE;
}

/* The column of a metric; mostly the one at ${guess}, as results name the
 * same metrics in the same order.  ${r->t->n} if it has none. */
static size_t
metric_column(struct rows *r, const char *name, size_t guess)
{
	size_t i;

	for (i = 0; i < r->c->nobjective; i++)
		if (str_eq(r->c->objective[i].metric, name))
			return r->objective[i];
	if (guess < r->t->n && str_starts(r->t->name[guess], metric_prefix) &&
	    str_eq(r->t->name[guess] + strlen(metric_prefix), name))
		return guess;
	column_name(metric_prefix, name, &r->path);

	return r->grow ? table_add(r->t, r->path.s)
		       : table_find(r->t, r->path.s);
}

/* The column of what a job has: ${r->t->n} if there is none. */
static size_t
job_column(struct rows *r, const char *name)
{
	return r->grow ? table_add(r->t, name) : table_find(r->t, name);
}

/*
 * Where the column of a segment's table is now, NOWHERE if it has none.  A
 * metric may have become an objective since, or ceased to be one.
 */
static size_t
place_of(struct rows *r, const char *name)
{
	bool maximize;
	size_t i;

	if (str_starts(name, "param.")) {
		i = space_find(&r->c->space, columns_short(name));
		return i < r->c->space.n ? r->param[i] : NOWHERE;
	}
	if (columns_is_objective(name, &maximize) ||
	    str_starts(name, metric_prefix))
		i = metric_column(r, columns_short(name), NOWHERE);
	else if (str_starts(name, job_prefix))
		i = job_column(r, name);
	else
		i = table_find(r->t, name);

	return i < r->t->n ? i : NOWHERE;
}

int
rows_segment(struct rows *r, uint32_t number, struct err *e)
{
	size_t i, n;

	if (r->segment.loaded && r->segment.number == number)
		return 0;
	if (segment_load(r->q, number, &r->segment, e) < 0)
		return -1;
	n = r->segment.columns.n - 1;
	r->column = mem_grow(r->column, n, sizeof *r->column);
	for (i = 0; i < n; i++)
		r->column[i] = place_of(r, r->segment.columns.name[i]);

	return 0;
}

/* Has a trial whose files are not there been sealed since it was listed? */
static bool
was_sealed(const struct rows *r, uint32_t id)
{
	struct str home = STR_EMPTY;
	bool yes = !queue_exists(r->q, name_home(id, &home)) &&
	    segment_is_sealed(r->q, name_segment(id));

	str_free(&home);

	return yes;
}

/*
 * Texts of numbers, one after another in storage that does not move: room for
 * those of a row is made first.
 */
static void
make_numbers(struct rows *r)
{
	str_cut(&r->numbers, 0);
	str_room(&r->numbers,
	    (3 + ROWS_JOB + r->result.metrics.all.n) * NUM_TEXT);
}

static char *
number(struct rows *r)
{
	str_grew(&r->numbers, NUM_TEXT);

	return r->numbers.s + r->numbers.n - NUM_TEXT;
}

/* Give what the result tells of its job columns, and the ${fields} texts. */
static void
fill_job(struct rows *r, bool fields)
{
	const char *text;
	size_t i, k;

	if (!rows_job_has(&r->result))
		return;
	for (k = 0; k < ROWS_JOB; k++) {
		text = rows_job_text(&r->result, k, number(r));
		if (text == NULL)
			continue;
		if (r->job[k] == NOWHERE) {
			i = job_column(r, rows_job_name(k));
			if (i == r->t->n)
				continue;
			r->job[k] = i;
		}
		if (fields)
			r->field[r->job[k]] = text;
	}
}

int
rows_metrics(struct rows *r, const struct token *t, struct err *e)
{
	const char *wrong;
	size_t i, column = 0;
	int rc;

	forget(r);
	rc = read_result(r, t, &wrong, e);
	if (rc == 1 && was_sealed(r, t->id)) {
		err_clear(e);
		return rows_segment(r, name_segment(t->id), e);
	}
	for (i = 0; i < r->result.metrics.all.n; i++)
		column = metric_column(r, r->result.metrics.all.v[i].name,
		    column + 1);
	make_numbers(r);
	fill_job(r, false);

	return rc;
}

/* Room for every column there is or may be after this row. */
static void
clear_fields(struct rows *r)
{
	size_t i, n = r->t->n + r->result.metrics.all.n + ROWS_JOB;

	if (n > r->room) {
		r->field = mem_grow(r->field, n, sizeof *r->field);
		r->room = n;
	}
	for (i = 0; i < n; i++)
		r->field[i] = NULL;
}

static void
set(struct rows *r, size_t fixed, const char *text)
{
	size_t i = fixed + (r->name != NULL);

	/* Columns of a shared table may stand elsewhere. */
	if (i >= r->t->n || !str_eq(r->t->name[i], table_column(fixed)))
		i = table_find(r->t, table_column(fixed));
	if (text != NULL && *text != '\0')
		r->field[i] = text;
}

static void
fill_point(struct rows *r)
{
	const struct space *s = &r->c->space;
	size_t i, k, next = 0;

	for (i = 0; i < r->trial.n; i++) {
		/* Mostly the next one, as they are written in order. */
		k = next;
		if (k >= s->n || !str_eq(r->trial.name[i], s->param[k].name))
			k = space_find(s, r->trial.name[i]);
		if (k == s->n)
			continue;
		r->field[r->param[k]] = r->trial.text[i];
		next = k + 1;
	}
}

static void
fill_result(struct rows *r)
{
	const struct result *x = &r->result;
	const struct metric *m;
	size_t i, column = 0;
	char *text;

	set(r, TABLE_STATUS, status_name(x->status));
	set(r, TABLE_CAUSE, x->cause);
	set(r, TABLE_STARTED, x->started);
	if (x->started[0] != '\0') {
		text = number(r);
		snprintf(text, NUM_TEXT, "%.3f", x->seconds);
		set(r, TABLE_SECONDS, text);
	}
	set(r, TABLE_HOST, x->host);
	for (i = 0; i < x->metrics.all.n; i++) {
		m = &x->metrics.all.v[i];
		column = metric_column(r, m->name, column + 1);
		if (column == r->t->n)
			continue;
		text = number(r);
		num_exact(m->value, text);
		r->field[column] = text;
	}
	fill_job(r, true);
}

static void
fill(struct rows *r, const struct token *t, const char *wrong)
{
	char *text;

	clear_fields(r);
	make_numbers(r);
	if (r->name != NULL)
		r->field[table_find(r->t, COLUMNS_CAMPAIGN)] = r->name;
	text = number(r);
	snprintf(text, NUM_TEXT, "%u", t->id);
	set(r, TABLE_ID, text);
	text = number(r);
	snprintf(text, NUM_TEXT, "%u", t->attempt);
	set(r, TABLE_ATTEMPT, text);
	set(r, TABLE_STATUS,
	    name_state(t->state == STATE_CLOSED ? STATE_FAILED : t->state));
	set(r, TABLE_CAUSE, wrong);
	set(r, TABLE_SEARCHER, r->trial.searcher);
	fill_point(r);
	if (r->result.worker != NULL)
		fill_result(r);
}

/* The row of a sealed trial, as it was written down. */
static int
read_sealed(struct rows *r, uint32_t id, const char *const **field,
    struct err *e)
{
	const char *const *sealed;
	size_t i, n;

	if (rows_segment(r, name_segment(id), e) < 0)
		return -1;
	sealed = segment_fields(&r->segment, id);
	n = r->segment.columns.n - 1;
	clear_fields(r);
	for (i = 0; i < n; i++)
		if (r->column[i] != NOWHERE)
			r->field[r->column[i]] = sealed[i];
	if (r->name != NULL)
		r->field[table_find(r->t, COLUMNS_CAMPAIGN)] = r->name;
	r->tail = sealed[n];
	*field = r->field;

	return 0;
}

int
rows_read(struct rows *r, const struct token *t, const char *const **field,
    struct err *e)
{
	const char *wrong = NULL, *also = NULL;
	struct err second = ERR_NONE;
	int rc = 0, rc2;

	forget(r);
	if (t->state == STATE_SEALED)
		return read_sealed(r, t->id, field, e);
	if (has_ended(t))
		rc = read_result(r, t, &wrong, e);
	if (rc < 0)
		return -1;
	rc2 = read_trial(r, t->id, &also, &second);
	/* What the claimer has found and judged is no news. */
	if (rc2 == 1 && r->result.cause != NULL &&
	    str_eq(r->result.cause, FINISH_DAMAGED))
		rc2 = 0;
	if (rc2 < 0 || (rc2 == 1 && rc == 0)) {
		*e = second;
		rc = rc2;
	}
	if (rc < 0)
		return -1;
	if (rc == 1 && was_sealed(r, t->id)) {
		err_clear(e);
		forget(r);
		return read_sealed(r, t->id, field, e);
	}
	fill(r, t, wrong != NULL ? wrong : also);
	*field = r->field;

	return rc;
}

const char *
rows_tail(const struct rows *r)
{
	const char *line;
	size_t i;

	if (r->tail != NULL)
		return r->tail;
	for (i = r->result.ntail; i-- > 0;) {
		line = r->result.tail[i];
		if (line[strspn(line, " \t")] != '\0')
			return line;
	}

	return NULL;
}

void
rows_close(struct rows *r)
{
	forget(r);
	str_free(&r->path);
	str_free(&r->text);
	str_free(&r->numbers);
	segment_free(&r->segment);
	free(r->column);
	free(r->field);
	free(r->objective);
	free(r->param);
	memset(r, 0, sizeof *r);
}
