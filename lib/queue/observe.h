#ifndef QUEUE_OBSERVE_H
#define QUEUE_OBSERVE_H

#include <stdbool.h>

#include "queue/queue.h"

struct err;

/*
 * What a host remembers of a campaign from one run of a program to the next
 * (observed/HOST-BOOTID): things seen, and for how long they have not
 * changed by the host's own CLOCK_BOOTTIME.  No clock is compared with
 * another host's.
 */
struct sighting {
	char *key, *value;
	double first;     /* boot clock of the first sighting of the value */
	double last;      /* and of the latest */
	double unchanged; /* sum of the intervals between, each capped */
	unsigned count;   /* sightings of the value */
};

struct observe {
	double now, cap; /* seconds */
	struct {
		size_t n, cap;
		struct sighting *v;
	} all; /* by key */
};

/*
 * observe_load(q, cap, o):
 * Remember; a missing or unreadable file is no memory.  ${cap}: the longest
 * that a single interval counts, so that a suspended or rarely started
 * observer does not take its own absence for another's.
 */
void observe_load(const struct queue *q, double cap, struct observe *o);

/*
 * observe_see(o, key, value):
 * Note a sighting now; a changed ${value} starts anew.  The pointer is
 * valid until the next call.
 */
const struct sighting *
observe_see(struct observe *o, const char *key, const char *value);

/* observe_see_of(o, kind, name, value), observe_find_of(o, kind, name): The
 * same where the key is "KIND/NAME". */
const struct sighting *observe_see_of(struct observe *o, const char *kind,
    const char *name, const char *value);
const struct sighting *
observe_find_of(const struct observe *o, const char *kind, const char *name);

/*
 * observe_span(lease): The longest that a look stands for, so that a lease
 * takes OBSERVE_LOOKS of them.
 * observe_over(s, lease): Has a lease passed without a change, in as many
 * looks?  Not of NULL.
 */
enum { OBSERVE_LOOKS = 3 };
double observe_span(double lease);
bool observe_over(const struct sighting *s, double lease);

/*
 * observe_save(q, o, e):
 * Write the memory back, merged with what another process of this host has
 * written meanwhile; sightings a day old are dropped.  An observer that
 * cannot write must give no verdict.
 */
int observe_save(struct queue *q, struct observe *o, struct err *e);

/* observe_find(o, key): A sighting, or NULL. */
const struct sighting *observe_find(const struct observe *o, const char *key);

void observe_free(struct observe *o);

#endif
