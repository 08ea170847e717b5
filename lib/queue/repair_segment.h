#ifndef QUEUE_REPAIR_SEGMENT_H
#define QUEUE_REPAIR_SEGMENT_H

#include <stdint.h>

#include "queue/repair_step.h"

struct err;

/*
 * repair_segment(r, number, e):
 * Open a damaged segment again: what can be read of its archive and is not
 * there comes to lie loose, then what the table tells of trials that the
 * archive has lost; at last, when all that is durable, segments/S is put
 * away.  As long as it is there nobody minds what is loose.
 */
int repair_segment(struct repair *r, uint32_t number, struct err *e);

#endif
