#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "queue/collect.h"
#include "queue/find.h"

enum { FILE_MAX = 16 << 20 };

/* A file of a trial, verbatim, after a comment that names it. */
static int
add_file(const struct queue *q, const char *path, struct out *o, struct err *e)
{
	struct str text = STR_EMPTY;
	int bad;

	bad = fs_slurp(q->fd, path, FILE_MAX, &text, e);
	if (bad)
		err_prefix(e, "campaign '%s'", q->path);
	else
		out_addf(o, "; %s/hpo/%s\n", q->path, path);
	if (!bad && text.n > 0)
		out_addn(o, text.s, text.n);
	if (!bad && text.n > 0 && text.s[text.n - 1] != '\n')
		out_addc(o, '\n');
	str_free(&text);

	return bad;
}

/* Results by attempt, then by name. */
static int
by_attempt(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	char by[NAME_WRITER];
	unsigned i = 0, k = 0;

	name_parse_result(x, &i, by);
	name_parse_result(y, &k, by);
	if (i != k)
		return i < k ? -1 : 1;

	return strcmp(x, y);
}

static int
add_files(const struct queue *q, uint32_t id, struct out *o, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	char by[NAME_WRITER];
	unsigned attempt;
	size_t i;
	int bad;

	bad = add_file(q, name_in_home(id, "trial.ini", &path), o, e) < 0 ||
	    queue_list(q, name_home(id, &path), &names, e) < 0;
	if (names.n > 1)
		qsort(names.v, names.n, sizeof *names.v, by_attempt);
	for (i = 0; i < names.n && !bad; i++)
		if (name_parse_result(names.v[i], &attempt, by) == 0)
			bad = add_file(q, name_in_home(id, names.v[i], &path),
			    o, e);
	for (i = 0; i < names.n && !bad; i++)
		if (str_starts(names.v[i], "log."))
			out_addf(o, "; log: %s/hpo/%s\n", q->path,
			    name_in_home(id, names.v[i], &path));
	fs_free(&names);
	str_free(&path);

	return bad ? -1 : 1;
}

int
collect_files(struct collect *k, uint32_t id, struct out *o, struct err *e)
{
	const struct queue *q = &k->source[0].q;
	struct find f = { .q = q };
	struct token t;
	int rc;

	rc = find_trial(&f, id, &t, e);
	find_free(&f);

	return rc > 0 ? add_files(q, id, o, e) : rc;
}
