#ifndef QUEUE_PROBE_H
#define QUEUE_PROBE_H

#include <stdint.h>

#include "queue/exam.h"

/*
 * Probes: what the queue rests on, tried in a directory of our own on the
 * campaign's file system.  Each takes at most about half a second, as long
 * as single calls return.
 */
struct place {
	int dir;            /* our own; it may be left with anything in it */
	uint32_t remaining; /* trials of the budget that have not ended */
};

typedef void (*probe_fn)(const struct place *p, struct exam *x);

/* Numbers that are known before anything is made; ${p->dir} may be any
 * directory of the file system. */
void probe_mount(const struct place *p, struct exam *x);
void probe_quota(const struct place *p, struct exam *x);
void probe_inodes(const struct place *p, struct exam *x);
void probe_space(const struct place *p, struct exam *x);

/* What renames do. */
void probe_claim(const struct place *p, struct exam *x);
void probe_birth(const struct place *p, struct exam *x);
void probe_replace(const struct place *p, struct exam *x);
void probe_seal(const struct place *p, struct exam *x);

/* Files, time. */
void probe_room(const struct place *p, struct exam *x);
void probe_fsync(const struct place *p, struct exam *x);
void probe_listing(const struct place *p, struct exam *x);
void probe_clock(const struct place *p, struct exam *x);

#define PROBE_MOVE "move the campaign to another file system"

#endif
