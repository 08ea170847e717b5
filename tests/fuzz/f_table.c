/* A table in any of its forms; what is read is written as TSV, and read. */

#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "form/columns.h"
#include "form/table.h"
#include "fuzz.h"

enum { PIPE = 60000 }; /* fits a pipe, so that nobody has to write on */

/* A table's text, and what is put together of it. */
struct copy {
	struct str tsv, other;
	size_t rows;
};

static void
write_row(const struct table *t, const char *const *field, struct copy *c)
{
	static const enum table_format forms[] = { TABLE_CSV, TABLE_JSONL,
		TABLE_INI };
	size_t i;

	if (c->rows == 0)
		table_head(t, TABLE_TSV, &c->tsv);
	table_row(t, field, TABLE_TSV, &c->tsv);
	for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
		table_row(t, field, forms[i], &c->other);
	str_cut(&c->other, 0);
	columns_keep(field, t->n, &c->other);
	str_cut(&c->other, 0);
	c->rows++;
}

/* The rows of a text; *${grew} if columns came with later ones. */
static int
read_text(const char *text, size_t n, struct copy *c, bool *grew)
{
	struct table_reader *r;
	const char *const *field;
	struct err e = ERR_NONE;
	size_t columns = 0;
	int rc = -1, fd[2];

	*grew = false;
	must(n <= PIPE && pipe(fd) == 0, "a pipe can be made");
	must(write(fd[1], text, n) == (ssize_t)n, "it holds the text");
	close(fd[1]);
	r = table_open(fd[0], "f", &e);
	while (r != NULL && (rc = table_next(r, &field, &e)) > 0) {
		*grew = *grew || (c->rows > 0 && table_columns(r)->n > columns);
		columns = table_columns(r)->n;
		write_row(table_columns(r), field, c);
	}
	must(rc == 0 || (e.code == EX_DATAERR && e.msg[0] != '\0'),
	    "a mistake has a message");
	table_close(r);
	close(fd[0]);

	return rc;
}

/* A table of ours is told by its first line: a name, and a tab somewhere. */
static bool
is_clear(const char *tsv)
{
	return tsv[strcspn(tsv, "\t\n")] == '\t' && strspn(tsv, " {\357") == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct copy first = { STR_EMPTY, STR_EMPTY, 0 }, second = first;
	bool grew;

	if (size <= PIPE &&
	    read_text((const char *)data, size, &first, &grew) == 0 && !grew &&
	    first.rows > 0 && first.tsv.n <= PIPE && is_clear(first.tsv.s)) {
		must(read_text(first.tsv.s, first.tsv.n, &second, &grew) == 0,
		    "what is written can be read");
		must(str_eq(first.tsv.s, str_text(&second.tsv)),
		    "and is written the same");
	}
	str_free(&first.tsv);
	str_free(&first.other);
	str_free(&second.tsv);
	str_free(&second.other);

	return 0;
}
