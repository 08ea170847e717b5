#ifndef QUEUE_SEGMENT_H
#define QUEUE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "form/result.h"
#include "form/table.h"
#include "queue/queue.h"
#include "queue/segments.h"

struct err;

/*
 * Sealed segments: segments/S holds a thousand ended trials in two files,
 *
 *	files.tar.zst  the files of their homes, byte exact, under the names
 *	               trials/S/ID/...
 *	table.tsv      their rows by id, with the columns that a table of
 *	               their campaign had, and as the last one "log.tail",
 *	               the last line of the log that is not blank
 *
 * A directory segments/S is whole when it is there.  What lies loose of such
 * a segment (tokens, homes) is a remainder of the sealing and no longer
 * counts.  Readers list the loose state first, then the segments.
 */
#define SEGMENT_TABLE "table.tsv"
#define SEGMENT_FILES "files.tar.zst"
#define SEGMENT_TAIL "log.tail"

/* segment_is_sealed(q, segment): Is there segments/S? */
bool segment_is_sealed(const struct queue *q, uint32_t segment);

/* segment_path(segment, file, b): "segments/S/file". */
const char *segment_path(uint32_t segment, const char *file, struct str *b);

/* The rows of one sealed segment. */
struct segment {
	bool loaded;
	uint32_t number;
	struct table columns;         /* the last is SEGMENT_TAIL */
	struct str text;              /* the file */
	size_t row[NAME_SEGMENT + 1]; /* where they start in it */
	struct str line;              /* the row last asked for */
	const char **field;
};

/*
 * segment_load(q, number, s, e):
 * Read the table of a segment into ${s} (zeroed before its first use), in
 * place of what it held; nothing if it holds that one.  EX_DATAERR with the
 * line where it is not the rows of the thousand ids.
 */
int segment_load(const struct queue *q, uint32_t number, struct segment *s,
    struct err *e);

/*
 * segment_columns(q, number, t, e):
 * Read the header alone into the empty ${t}.
 */
int segment_columns(const struct queue *q, uint32_t number, struct table *t,
    struct err *e);

/*
 * segment_fields(s, id):
 * The fields of a row, by its columns; valid until the next call.
 */
const char *const *segment_fields(struct segment *s, uint32_t id);

/*
 * segment_raw(s, id, n):
 * The row as it stands in the file, ${n} bytes, without SEGMENT_TAIL and the
 * tab before it.
 */
const char *segment_raw(const struct segment *s, uint32_t id, size_t *n);

/* segment_result(s, id, r): What its row says of a trial's counted result:
 * id, attempt, status, cause, metrics. */
void segment_result(struct segment *s, uint32_t id, struct result *r);

/*
 * segment_count(q, number, done, failed, e):
 * Add how many of its trials are done and failed.
 */
int segment_count(const struct queue *q, uint32_t number, uint32_t *done,
    uint32_t *failed, struct err *e);

/*
 * segment_trials(q, number, fn, cookie, e):
 * Call ${fn} with the text of every trial.ini of a sealed segment, by id,
 * until it returns non-zero, which is then returned.
 */
typedef int (*segment_fn)(void *cookie, uint32_t id, const struct str *text,
    struct err *e);
int segment_trials(const struct queue *q, uint32_t number, segment_fn fn,
    void *cookie, struct err *e);

void segment_free(struct segment *s);

#endif
