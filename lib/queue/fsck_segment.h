#ifndef QUEUE_FSCK_SEGMENT_H
#define QUEUE_FSCK_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "queue/queue.h"

struct err;

/*
 * fsck_segment_check(q, number, count, what, e):
 * Read both members of a sealed segment's file to their ends.  Its table has
 * the rows of the thousand ids, in order, each of an ended trial; the archive
 * has the trial.ini of each and the result that the row is of, every fact in
 * it is whole, and it has nothing but files of these trials.  The rows are
 * added to ${count}; what is wrong is appended to ${what}, of each member the
 * first, or where there is nothing, what is wrong with the file around them.
 * The memory taken is that of one table and one file.
 */
int fsck_segment_check(const struct queue *q, uint32_t number,
    size_t count[STATE_COUNT], struct str *what, struct err *e);

/*
 * fsck_segment_name(name, number, id):
 * The part behind "trials/S/ID/" of the name of a member, and the id; NULL
 * where it is no file of a trial of the segment.
 */
const char *fsck_segment_name(const char *name, uint32_t number, uint32_t *id);

#endif
