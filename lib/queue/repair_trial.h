#ifndef QUEUE_REPAIR_TRIAL_H
#define QUEUE_REPAIR_TRIAL_H

#include <stdint.h>

#include "queue/repair_step.h"

struct err;

/*
 * repair_trial(r, id, e):
 * Mend a trial by the order of queue/repair, from the listings in
 * ${r->view}.  Its tokens first, then its facts: what has been decided from
 * a damaged result is done when that is moved away.
 */
int repair_trial(struct repair *r, uint32_t id, struct err *e);

#endif
