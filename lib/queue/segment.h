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
 * Sealed segments: segments/S holds a thousand ended trials in one file,
 * segment.tar, which takes one inode and which tar(1) unpacks into
 *
 *	table.tsv      their rows by id, with the columns that a table of
 *	               their campaign had, and as the last one "log.tail",
 *	               the last line of the log that is not blank
 *	files.tar.zst  the files of their homes, byte exact, under the names
 *	               trials/S/ID/...
 *
 * It is not compressed and has nothing but these two, in this order, each a
 * header of 512 bytes, the contents, and zeros up to a multiple of 512: so
 * the table begins at byte 512 and is read without what comes behind it, and
 * without a sum.  Its end is that of base/tar, with the sum of all.
 *
 * A directory segments/S is whole when it is there.  What lies loose of such
 * a segment (tokens, homes) is a remainder of the sealing and no longer
 * counts.  Readers list the loose state first, then the segments.
 */
#define SEGMENT_TAR "segment.tar"
#define SEGMENT_TABLE "table.tsv"
#define SEGMENT_FILES "files.tar.zst"
#define SEGMENT_TAIL "log.tail"

/* segment_is_sealed(q, segment): Is there segments/S? */
bool segment_is_sealed(const struct queue *q, uint32_t segment);

/* segment_path(segment, b): "segments/S/segment.tar". */
const char *segment_path(uint32_t segment, struct str *b);

/*
 * segment_damaged(q, segment, member, line, what, e):
 * Fill ${e} with what is wrong with a member, from its ${line} on, or 0; -1.
 */
int segment_damaged(const struct queue *q, uint32_t segment, const char *member,
    size_t line, const char *what, struct err *e);

/*
 * segment_table(q, number, text, e):
 * Append the table of a segment to ${text}.
 */
int segment_table(const struct queue *q, uint32_t number, struct str *text,
    struct err *e);

/*
 * segment_head(p, n):
 * Of a segment.tar of which ${n} bytes are at ${p}: how many are all that
 * segment_table() reads.
 */
uint64_t segment_head(const char *p, size_t n);

/*
 * segment_files_open(q, number, f, e):
 * Read the archive of the files of a segment.
 *
 * segment_files_salvage(q, number, f):
 * Likewise, of a segment that is damaged, wherever the archive is in it.
 *
 * segment_files_close(f): Where neither succeeded, too.
 */
struct segment_files {
	int fd;
	struct tar_reader *tar;
};
int segment_files_open(const struct queue *q, uint32_t number,
    struct segment_files *f, struct err *e);
int segment_files_salvage(const struct queue *q, uint32_t number,
    struct segment_files *f);
void segment_files_close(struct segment_files *f);

/*
 * segment_verify(q, number, e):
 * Read the file of a segment to its end: it has its two members, and the sum
 * is right.  What is in the members is not looked at.
 */
int segment_verify(const struct queue *q, uint32_t number, struct err *e);

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
