#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/tar.h"
#include "queue/collect.h"
#include "queue/find.h"
#include "queue/segment.h"

enum { FILE_MAX = 16 << 20 };

/* A file of a trial's home; of logs the name is all that is shown. */
struct file {
	char *name;
	struct str text;
};

struct files {
	size_t n, cap;
	struct file *v;
};

static bool
is_shown(const char *name)
{
	char by[NAME_WRITER];
	unsigned attempt;

	return str_eq(name, "trial.ini") ||
	    name_parse_result(name, &attempt, by) == 0;
}

static struct file *
add(struct files *f, const char *name)
{
	struct file *new = arr_push(f);

	memset(new, 0, sizeof *new);
	new->name = mem_dup(name);

	return new;
}

/* trial.ini, results by attempt, then by name, and the rest by name. */
static int
in_order(const void *a, const void *b)
{
	const char *x = ((const struct file *)a)->name;
	const char *y = ((const struct file *)b)->name;
	char by[NAME_WRITER];
	unsigned i = 0, k = 0;
	int rank;

	rank = str_eq(y, "trial.ini") - str_eq(x, "trial.ini");
	if (rank == 0)
		rank = (name_parse_result(y, &k, by) == 0) -
		    (name_parse_result(x, &i, by) == 0);
	if (rank != 0)
		return rank;
	if (i != k)
		return i < k ? -1 : 1;

	return strcmp(x, y);
}

static int
read_home(const struct queue *q, uint32_t id, struct files *f, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct file *file;
	size_t i;
	int bad = queue_list(q, name_home(id, &path), &names, e);

	for (i = 0; i < names.n && !bad; i++) {
		file = add(f, names.v[i]);
		if (is_shown(file->name))
			bad =
			    fs_slurp(q->fd, name_in_home(id, file->name, &path),
				FILE_MAX, &file->text, e);
	}
	if (bad)
		err_prefix(e, "campaign '%s'", q->path);
	str_free(&path);
	fs_free(&names);

	return bad;
}

/* Likewise from the archive of its segment. */
static int
read_sealed(const struct queue *q, uint32_t id, struct files *f, struct err *e)
{
	struct str home = STR_EMPTY;
	struct segment_files sealed;
	struct tar_entry entry;
	struct file *file;
	int rc = segment_files_open(q, name_segment(id), &sealed, e);

	name_home(id, &home);
	str_addc(&home, '/');
	while (rc == 0 && (rc = tar_next(sealed.tar, &entry, e)) > 0) {
		rc = 0;
		if (!str_starts(entry.name, home.s) ||
		    strchr(entry.name + home.n, '/') != NULL)
			continue;
		file = add(f, entry.name + home.n);
		if (is_shown(file->name))
			rc = tar_slurp(sealed.tar, FILE_MAX, &file->text, e);
	}
	segment_files_close(&sealed);
	str_free(&home);

	return rc;
}

/* Verbatim, each after a comment that names it. */
static void
print(const struct queue *q, uint32_t id, const struct files *f, struct out *o)
{
	struct str path = STR_EMPTY;
	const struct file *file;
	size_t i;

	for (i = 0; i < f->n; i++) {
		file = &f->v[i];
		name_in_home(id, file->name, &path);
		if (str_starts(file->name, "log."))
			out_addf(o, "; log: %s/hpo/%s\n", q->path, path.s);
		if (!is_shown(file->name))
			continue;
		out_addf(o, "; %s/hpo/%s\n", q->path, path.s);
		if (file->text.n == 0)
			continue;
		out_addn(o, file->text.s, file->text.n);
		if (file->text.s[file->text.n - 1] != '\n')
			out_addc(o, '\n');
	}
	str_free(&path);
}

static void
forget(struct files *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		free(f->v[i].name);
		str_free(&f->v[i].text);
	}
	arr_free(f);
}

int
collect_files(struct collect *k, uint32_t id, struct out *o, struct err *e)
{
	const struct queue *q = &k->source[0].q;
	struct find f = { .q = q };
	struct files files = { 0, 0, NULL };
	struct token t;
	int rc, bad = 0;

	rc = find_trial(&f, id, &t, e);
	find_free(&f);
	if (rc <= 0)
		return rc;
	if (t.state != STATE_SEALED)
		bad = read_home(q, id, &files, e);
	if (bad || files.n == 0) {
		/* Or was it sealed since it was looked for? */
		if (!segment_is_sealed(q, name_segment(id))) {
			forget(&files);
			return bad ? -1 : 0;
		}
		err_clear(e);
		forget(&files);
		bad = read_sealed(q, id, &files, e);
	}
	if (!bad) {
		if (files.n > 1)
			qsort(files.v, files.n, sizeof *files.v, in_order);
		print(q, id, &files, o);
	}
	forget(&files);

	return bad ? -1 : 1;
}
