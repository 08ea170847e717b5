#ifndef QUEUE_REPAIR_REST_H
#define QUEUE_REPAIR_REST_H

#include "queue/queue.h"

struct campaign;
struct err;

/*
 * repair_rest(q, c, e):
 * Is the campaign at rest?  -1, EX_TEMPFAIL, where a worker lives, or may
 * live: only a look on its own host, or a heartbeat that has stood still for
 * the lease, says that it does not.  Each call is such a look, remembered in
 * observed/.
 */
int repair_rest(struct queue *q, const struct campaign *c, struct err *e);

#endif
