#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/tar.h"
#include "form/trial.h"
#include "queue/fsck_facts.h"
#include "queue/fsck_segment.h"
#include "queue/segment.h"

enum { FACT_MAX = 16 << 20 };

/* One segment. */
struct sealed {
	const struct queue *q;
	uint32_t number;
	struct segment table;
	bool rows; /* it could be read */
	struct row {
		unsigned attempt;
		int status;
		bool trial, result; /* found in the archive */
	} row[NAME_SEGMENT];
	struct str text;
	const char *file; /* of which ${what} is told */
	size_t wrong;     /* so many things so far */
	struct str *what;
};

const char *
fsck_segment_name(const char *name, uint32_t number, uint32_t *id)
{
	struct str dir = STR_EMPTY;
	const char *rest = NULL;
	char digits[16];
	size_t n;

	str_addf(&dir, "trials/%04u/", number);
	if (str_starts(name, dir.s)) {
		name += dir.n;
		n = strcspn(name, "/");
		if (n < sizeof digits && name[n] == '/') {
			memcpy(digits, name, n);
			digits[n] = '\0';
			if (name_parse_id(digits, id) == 0 &&
			    name_segment(*id) == number && name[n + 1] != '\0')
				rest = name + n + 1;
		}
	}
	str_free(&dir);

	return rest;
}

/* The first thing wrong with a file is told, the others are counted. */
static void
wrong(struct sealed *s, const char *where, const char *what)
{
	if (s->wrong++ > 0)
		return;
	if (s->what->n > 0)
		str_add(s->what, "; ");
	str_add(s->what, s->file);
	str_add(s->what, ": ");
	if (where != NULL) {
		str_add(s->what, where);
		str_add(s->what, ": ");
	}
	str_addn(s->what, what, strcspn(what, "\n"));
}

static void
next_file(struct sealed *s, const char *file)
{
	if (s->wrong > 1)
		str_addf(s->what, ", and %zu more", s->wrong - 1);
	s->file = file;
	s->wrong = 0;
}

static void
wrong_of(struct sealed *s, uint32_t i, const char *what)
{
	struct str where = STR_EMPTY;

	str_addf(&where, "%u", s->number * NAME_SEGMENT + i);
	wrong(s, where.s, what);
	str_free(&where);
}

/* A message that begins with the name of the file, without that. */
static const char *
without_name(const char *text, const char *file)
{
	static const char word[] = " damaged: ";
	const char *p = strstr(text, word);

	if (p != NULL)
		return p + 1;
	p = strstr(text, file);
	if (p != NULL && str_starts(p + strlen(file), "': "))
		return p + strlen(file) + 3;

	return text;
}

/* Is it the file's fault?  Then it is told, and forgotten. */
static int
blame(struct sealed *s, struct err *e)
{
	if (e->sys == ENOENT || e->sys == ENOTDIR)
		wrong(s, NULL, "missing");
	else if (e->sys == 0)
		wrong(s, NULL, without_name(e->msg, s->file));
	else
		return -1;
	err_clear(e);

	return 0;
}

static int
read_table(struct sealed *s, size_t count[STATE_COUNT], struct err *e)
{
	const char *const *field;
	const char *text;
	struct row *row;
	uint64_t attempt;
	uint32_t i;

	if (segment_load(s->q, s->number, &s->table, e) < 0)
		return blame(s, e);
	s->rows = true;
	for (i = 0; i < NAME_SEGMENT; i++) {
		row = &s->row[i];
		field = segment_fields(&s->table, s->number * NAME_SEGMENT + i);
		text = field[TABLE_STATUS];
		row->status = text != NULL ? status_find(text) : -1;
		text = field[TABLE_ATTEMPT];
		if (row->status < 0 || text == NULL ||
		    num_u64(text, 1000000, &attempt) < 0) {
			wrong_of(s, i, "not the row of an ended trial");
			row->status = -1;
			continue;
		}
		row->attempt = (unsigned)attempt;
		count[row->status == STATUS_OK || row->status == STATUS_PRUNED
			? STATE_DONE
			: STATE_FAILED]++;
	}

	return 0;
}

/* Has the row the point of the trial, as far as it has columns for it? */
static bool
is_point_of(struct sealed *s, const struct trial *t)
{
	const char *const *field = segment_fields(&s->table, t->id);
	const struct table *columns = &s->table.columns;
	struct str name = STR_EMPTY;
	size_t i, k, n = 0;
	bool same = true;

	for (i = 0; i < t->n && same; i++) {
		str_cut(&name, 0);
		str_addf(&name, "param.%s", t->name[i]);
		k = table_find(columns, name.s);
		if (k == columns->n)
			continue;
		n++;
		same = str_eq(field[k] != NULL ? field[k] : "", t->text[i]);
	}
	for (k = 0; k < columns->n; k++)
		if (field[k] != NULL && str_starts(columns->name[k], "param."))
			n--;
	str_free(&name);

	return same && n == 0;
}

/* Is the row that of the result, as far as it has columns for it? */
static bool
is_row_of(struct sealed *s, const struct result *r)
{
	const struct metric *m, *theirs;
	struct result row;
	size_t i;
	bool same;

	segment_result(&s->table, r->id, &row);
	same = str_eq(row.cause, r->cause);
	for (i = 0; i < row.metrics.all.n && same; i++) {
		m = &row.metrics.all.v[i];
		theirs = metrics_find(&r->metrics, m->name);
		same = theirs != NULL &&
		    (isnan(m->value) ? isnan(theirs->value)
				     : m->value >= theirs->value &&
				m->value <= theirs->value);
	}
	result_free(&row);

	return same;
}

/* A result in the archive: is it whole, and the one that the row is of? */
static void
judge_result(struct sealed *s, uint32_t id, const char *file, const char *name)
{
	struct row *row = &s->row[id % NAME_SEGMENT];
	struct fsck_result x;
	struct result r;

	memset(&r, 0, sizeof r);
	fsck_facts_name(file, &x);
	if (x.named)
		fsck_facts_result(str_text(&s->text), s->text.n, id, &x, &r);
	if (x.wrong != NULL)
		wrong(s, name, x.wrong);
	else if (s->rows && x.attempt == row->attempt &&
	    (int)x.status == row->status && is_row_of(s, &r))
		row->result = true;
	result_free(&r);
	fsck_facts_forget(&x);
}

static void
judge_trial(struct sealed *s, uint32_t id, const char *name)
{
	struct trial t;
	char *bad;

	bad = fsck_facts_trial(str_text(&s->text), s->text.n, id, &t);
	if (bad != NULL) {
		wrong(s, name, bad);
		free(bad);
		return;
	}
	s->row[id % NAME_SEGMENT].trial = true;
	if (s->rows && !is_point_of(s, &t))
		wrong(s, name, "not the point of its row");
	trial_free(&t);
}

/* Read and judge a fact; what else is kept of a trial is passed over. */
static int
judge(struct sealed *s, struct tar_reader *r, const struct tar_entry *entry,
    struct err *e)
{
	uint32_t id;
	const char *file = fsck_segment_name(entry->name, s->number, &id);

	if (file == NULL) {
		wrong(s, entry->name, "no file of its trials");
		return 0;
	}
	if (strchr(file, '/') != NULL ||
	    (!str_eq(file, "trial.ini") && !str_starts(file, "result.")))
		return 0;
	str_cut(&s->text, 0);
	if (tar_slurp(r, FACT_MAX, &s->text, e) < 0)
		return -1;
	if (str_eq(file, "trial.ini"))
		judge_trial(s, id, entry->name);
	else
		judge_result(s, id, file, entry->name);

	return 0;
}

static int
read_files(struct sealed *s, struct err *e)
{
	struct segment_files f;
	struct tar_entry entry;
	uint32_t i;
	int rc = segment_files_open(s->q, s->number, &f, e);

	while (rc == 0 && (rc = tar_next(f.tar, &entry, e)) > 0)
		rc = judge(s, f.tar, &entry, e);
	segment_files_close(&f);
	if (rc < 0)
		return blame(s, e);
	for (i = 0; i < NAME_SEGMENT; i++)
		if (!s->row[i].trial)
			wrong_of(s, i, "no whole trial.ini");
		else if (s->rows && s->row[i].status >= 0 && !s->row[i].result)
			wrong_of(s, i, "not the result of its row");

	return 0;
}

/* Is there a file to be read?  0: no, which is told. */
static int
is_there(struct sealed *s, struct err *e)
{
	struct str path = STR_EMPTY;
	int fd =
	    fs_open_file(s->q->fd, segment_path(s->number, &path), false, e);

	str_free(&path);
	if (fd < 0)
		return blame(s, e);
	close(fd);

	return 1;
}

static int
check(struct sealed *s, size_t count[STATE_COUNT], struct err *e)
{
	int rc;

	next_file(s, SEGMENT_TAR);
	rc = is_there(s, e);
	if (rc <= 0)
		return rc;
	next_file(s, SEGMENT_TAR ": " SEGMENT_TABLE);
	if (read_table(s, count, e) < 0)
		return -1;
	next_file(s, SEGMENT_TAR ": " SEGMENT_FILES);
	if (read_files(s, e) < 0)
		return -1;
	/* The sum says no more than what is known to be wrong. */
	next_file(s, SEGMENT_TAR);
	if (s->what->n == 0 && segment_verify(s->q, s->number, e) < 0)
		return blame(s, e);

	return 0;
}

int
fsck_segment_check(const struct queue *q, uint32_t number,
    size_t count[STATE_COUNT], struct str *what, struct err *e)
{
	struct sealed s = { .q = q, .number = number, .what = what };
	int bad = check(&s, count, e);

	next_file(&s, NULL);
	segment_free(&s.table);
	str_free(&s.text);
	if (bad)
		return -1;
	/* Removed meanwhile, by who has archived it? */
	if (what->n > 0 && !segment_is_sealed(q, number))
		str_cut(what, 0);

	return 0;
}
