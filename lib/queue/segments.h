#ifndef QUEUE_SEGMENTS_H
#define QUEUE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/queue.h"

struct err;

/* Which segments are sealed (queue/segment). */
struct segments {
	size_t n, cap;
	uint32_t *v; /* ascending */
};

/* segments_list(q, s, e): Which are sealed.  ${s} is filled anew. */
int segments_list(const struct queue *q, struct segments *s, struct err *e);
bool segments_has(const struct segments *s, uint32_t segment);
void segments_free(struct segments *s);

#endif
