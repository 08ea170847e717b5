#ifndef QUEUE_SEGMENT_H
#define QUEUE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "form/table.h"
#include "queue/queue.h"

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

struct segments {
	size_t n, cap;
	uint32_t *v; /* ascending */
};

/* segments_list(q, s, e): Which are sealed. */
int segments_list(const struct queue *q, struct segments *s, struct err *e);
bool segments_has(const struct segments *s, uint32_t segment);
void segments_free(struct segments *s);

/* segment_is_sealed(q, segment): Is there segments/S? */
bool segment_is_sealed(const struct queue *q, uint32_t segment);

/* segment_path(segment, file, b): "segments/S/file". */
const char *segment_path(uint32_t segment, const char *file, struct str *b);

/*
 * segment_open(q, segment, e):
 * The rows of a sealed segment (form/table), NULL: error.
 */
struct table_reader *
segment_open(const struct queue *q, uint32_t segment, struct err *e);

#endif
