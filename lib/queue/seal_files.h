#ifndef QUEUE_SEAL_FILES_H
#define QUEUE_SEAL_FILES_H

#include <stdint.h>

#include "queue/queue.h"

struct campaign;
struct err;

/* The file of a segment, queue/segment.  For queue/seal alone. */

/*
 * seal_files_make(q, c, token, dir, e):
 * Write the segment whose tokens are the thousand ${token}, by id, into the
 * new directory ${dir}, durably.  A file that is missing or damaged
 * is an error.
 */
int seal_files_make(struct queue *q, const struct campaign *c,
    const struct token *token, const char *dir, struct err *e);

/*
 * seal_files_agree(q, segment, e):
 * Read the file of a sealed segment back: it is whole, and every loose
 * file but a log that is also in them has the same bytes.
 */
int seal_files_agree(const struct queue *q, uint32_t segment, struct err *e);

#endif
