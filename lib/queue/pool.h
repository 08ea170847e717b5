#ifndef QUEUE_POOL_H
#define QUEUE_POOL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"
#include "queue/queue.h"

struct campaign;
struct err;

/*
 * A pool: one GNU parallel that runs `hpo-trial --loop --slot N` for every
 * slot number it is fed, here or on one ssh host.  Only slot numbers cross
 * its standard input.  Its output is read by lines: those of the workers,
 * and "slot N STATUS" when one has ended.
 */
struct pool {
	char *login; /* of ssh; NULL: this machine */
	pid_t pid;   /* 0: not running */
	int feed, out;
	struct str line; /* what came of the next line */
	struct str home; /* GNU parallel's own directory, in tmp/ */
	bool spoke;      /* a worker's line has come since it was started */
};

/* pool_find(path, e): Append GNU parallel's file to ${path}, or
 * EX_UNAVAILABLE with what to install. */
int pool_find(struct str *path, struct err *e);

/* pool_start(p, q, c, bindir, jobs, e): Start it, in a session of its own:
 * a terminal's ^C must not reach it. */
int pool_start(struct pool *p, struct queue *q, const struct campaign *c,
    const char *bindir, unsigned jobs, struct err *e);

/* pool_mark(p): What its workers note as their dispatcher; each start of a
 * pool has its own. */
const char *pool_mark(const struct pool *p);

/* pool_feed(p, slot, e): Start a worker on a slot. */
int pool_feed(struct pool *p, unsigned slot, struct err *e);

/* pool_hang_up(p): No more slots; it ends when its workers have. */
void pool_hang_up(struct pool *p);

/*
 * pool_read(p, fn, cookie):
 * Take what it has written, calling ${fn} for every whole line (without the
 * newline).  0, or 1 at the end of its output.
 */
int pool_read(struct pool *p, void (*fn)(void *cookie, const char *line),
    void *cookie);

/*
 * pool_end(p, q, fn, cookie):
 * Feed no more, take what its workers still write, and wait for its end.
 * Returns the status it ended with, 0 if a signal ended it.
 */
int pool_end(struct pool *p, struct queue *q,
    void (*fn)(void *cookie, const char *line), void *cookie);

void pool_free(struct pool *p);

#endif
