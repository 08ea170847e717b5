#ifndef QUEUE_REPAIR_STEP_H
#define QUEUE_REPAIR_STEP_H

#include <stddef.h>

#include "base/err.h"
#include "queue/fsck_view.h"
#include "queue/repair.h"

struct campaign;

/*
 * The single steps of queue/repair.  What they change is durable after
 * repair_step_sync(); in which order it becomes so does not matter, as any
 * state in between is mended by the next run.
 */
struct repair {
	struct queue *q;
	const struct campaign *c;
	struct fsck_view view;
	repair_fn tell;
	void *cookie;
	size_t mends;
};

/* repair_step_say(r, fmt, ...): Tell of a mend. */
void repair_step_say(struct repair *r, const char *fmt, ...) ERR_PRINTF(2, 3);

/* repair_step_parents(r, path, e): Make the directories of a path; 1 where
 * one is something else. */
int repair_step_parents(struct repair *r, const char *path, struct err *e);

/*
 * repair_step_move(r, from, to, e):
 * Rename, the directories of ${to} being made.  1: something is there already,
 * or in the way to it.
 */
int repair_step_move(struct repair *r, const char *from, const char *to,
    struct err *e);

/* repair_step_away(r, path, e): Move to lost/W/PATH, or where that is taken
 * to lost/W.1/PATH, … */
int repair_step_away(struct repair *r, const char *path, struct err *e);

/* repair_step_write(r, path, p, n, e): A new file, whole by one rename. */
int repair_step_write(struct repair *r, const char *path, const void *p,
    size_t n, struct err *e);

int repair_step_sync(struct repair *r, struct err *e);

#endif
