#ifndef FORM_TABLE_H
#define FORM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/out.h"
#include "base/str.h"

struct err;

/*
 * The table: one row a trial, columns by name.  The same columns whatever
 * the format: id attempt status cause started seconds host searcher, then
 * minimize.NAME / maximize.NAME, param.NAME in the order of [space],
 * metric.NAME and job.NAME in byte order, the first without the objectives.
 * An absent value is an empty field (csv, tsv), null (jsonl) or no line
 * (ini).  Readers go by name.
 */

/* The columns every table starts with. */
enum {
	TABLE_ID,
	TABLE_ATTEMPT,
	TABLE_STATUS,
	TABLE_CAUSE,
	TABLE_STARTED,
	TABLE_SECONDS,
	TABLE_HOST,
	TABLE_SEARCHER,
	TABLE_FIXED
};

/* table_column(i): The name of a fixed column. */
const char *table_column(size_t i);

enum table_format { TABLE_TSV, TABLE_CSV, TABLE_JSONL, TABLE_INI };

/* table_format_find(name): tsv, csv, jsonl, ini; -1 if it is none. */
int table_format_find(const char *name);

/* Columns by name, in their order; fields are texts, NULL for absent. */
struct table {
	size_t n;
	char **name;
};

/* More columns are not read. */
enum { TABLE_COLUMNS = 16384 };

void table_init(struct table *t);
/* table_add(t, name): Append a column unless it is there; its index. */
size_t table_add(struct table *t, const char *name);
/* table_find(t, name): Index, or ${t->n}. */
size_t table_find(const struct table *t, const char *name);
void table_free(struct table *t);

/* table_head(t, format, b): Append the header (tsv, csv), else nothing. */
void table_head(const struct table *t, enum table_format f, struct str *b);

/*
 * table_row(t, field, f, b):
 * Append one row; ${field}[t->n], NULL for absent.
 *
 * tsv	fields as out_tsv() writes them, tabs between, a newline behind
 * csv	RFC 4180, but lines end in '\n'
 * jsonl	one object.  A field that is written as JSON writes numbers is
 *	bare, verbatim, everywhere but in status, cause, started, host,
 *	searcher, job.id, job.node, job.partition and job.history, which
 *	are always strings; so is all else, except nan and
 *	infinities of attempt, seconds, metrics and objectives: null.
 * ini	"[ID]" of the field id, then "column = text" for each other field
 *	that is there, escaped by inifile_escape(), then a blank line.
 */
void table_row(const struct table *t, const char *const *field,
    enum table_format f, struct str *b);

/*
 * Reading a table back, TSV, CSV or JSONL, a row at a time, from a file or a
 * pipe; memory is bounded by the longest row, which is bounded by 64 MiB.
 * The first line tells them apart: it starts with '{', or has a tab, or a
 * comma; a single column is TSV.  A byte order mark and CRLF are fine.  An
 * empty field is absent, "" too.  In JSON true and false are texts, numbers
 * keep theirs, arrays and objects too; of a name given twice the last counts.
 */
struct table_reader;

/*
 * table_open(fd, name, e):
 * ${name} is for messages; the header is read here; an empty input is a
 * table without columns and rows.  The descriptor stays the caller's to
 * close.  NULL: error.
 */
struct table_reader *table_open(int fd, const char *name, struct err *e);

/* table_columns(r): Its columns (JSONL: they may grow with every row). */
const struct table *table_columns(const struct table_reader *r);

/*
 * table_next(r, field, e):
 * 1 and *${field}[columns] (NULL for absent, valid until the next call), 0
 * at the end, -1 with EX_DATAERR "name:line: what", or what read(2) said.
 * A reader that has failed is only good for closing.
 */
int
table_next(struct table_reader *r, const char *const **field, struct err *e);

void table_close(struct table_reader *r);

/* table_is_number(text): Is it written as JSON writes numbers? */
bool table_is_number(const char *text);

#endif
