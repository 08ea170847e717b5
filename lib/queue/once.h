#ifndef QUEUE_ONCE_H
#define QUEUE_ONCE_H

#include <stdint.h>

#include "queue/work.h"

struct err;

/*
 * Single trials, as `hpo-trial ID` runs them.  Both return 0 with what the
 * program ends with in *${code} (left alone if that is 0), 1 where the answer
 * is no, with the reason in ${e}, or -1.
 */

/*
 * once_named(k, id, code, e):
 * Claim and run the trial ${id}, held or ready; one that has ended is told
 * again.
 */
int once_named(struct work *k, uint32_t id, int *code, struct err *e);

/* once_any(k, code, e): Likewise any that waits, or a new one. */
int once_any(struct work *k, int *code, struct err *e);

#endif
