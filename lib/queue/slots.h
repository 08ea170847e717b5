#ifndef QUEUE_SLOTS_H
#define QUEUE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "queue/pool.h"

struct campaign;

/*
 * Slots: the places for workers that a dispatcher fills, so many on every
 * host, and the pools that start them there.
 */
struct slot {
	struct pool *pool;
	unsigned number;   /* from 1 on each host */
	bool ours;         /* fed to our pool and not ended */
	bool taken;        /* a live worker that is not ours holds it */
	double not_before; /* back-off, on the boot clock */
	double backoff;
	double fed_at;
	double seen_at; /* its worker alive; 0: not since it was fed */
};

struct slots {
	struct {
		size_t n, cap;
		struct pool *v;
	} pools; /* a host each */
	size_t n, cap;
	struct slot *v;
};

/*
 * slots_make(s, c, jobs):
 * ${jobs} slots for this host, or for each that [local] sshlogin names.
 */
void slots_make(struct slots *s, const struct campaign *c, unsigned jobs);
void slots_free(struct slots *s);

/*
 * slots_local(s, number): A slot of this host, or NULL.
 * slots_marked(s, mark, number): The one fed, on any host, of a worker that
 * notes ${mark} as its dispatcher, or NULL.
 */
struct slot *slots_local(struct slots *s, int number);
struct slot *slots_marked(struct slots *s, const char *mark, int number);

/* slots_ours(s): How many are fed and have not ended. */
unsigned slots_ours(const struct slots *s);

/* slots_of(s, p): How many a pool has. */
unsigned slots_of(const struct slots *s, const struct pool *p);

/* slots_fed(slot): A worker has been started there. */
void slots_fed(struct slot *slot);

/*
 * slots_ended(s, p, number, code):
 * The worker of a slot has ended with this status: it is free, after a
 * back-off that grows while workers end at once or badly.
 */
void
slots_ended(struct slots *s, const struct pool *p, unsigned number, int code);

/* slots_lost(s, p): A pool is no more, and so are its workers. */
void slots_lost(struct slots *s, const struct pool *p);

/*
 * slots_silent(s, hurry):
 * Free those of whose worker there is no sign, or none any more: one that
 * was killed together with its shell leaves no line behind, and neither does
 * a host that cannot be reached.  With ${hurry} one that has not been seen
 * yet is not waited for.
 */
void slots_silent(struct slots *s, bool hurry);

#endif
