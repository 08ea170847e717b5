#ifndef QUEUE_DOCTOR_H
#define QUEUE_DOCTOR_H

#include "queue/queue.h"

struct campaign;
struct err;

/*
 * The doctor: can this campaign run here?  Each finding comes with its
 * remedy.
 */
struct doctor {
	struct queue *q;
	const struct campaign *c;
	const char *bindir;
	double trial_seconds; /* how long the dry trial may take */
	void (*finding)(void *cookie, const char *what, const char *remedy);
	void (*passed)(void *cookie, const char *what);
	void *cookie;
};

/*
 * doctor_check(d, e):
 * Look at the command, GNU parallel, the file system's operations, the room
 * on it, and try a trial in a scratch directory that has links to all the
 * campaign has.  The number of findings, or -1.
 */
int doctor_check(const struct doctor *d, struct err *e);

#endif
