#ifndef QUEUE_DOCTOR_H
#define QUEUE_DOCTOR_H

#include "queue/exam.h"
#include "queue/queue.h"

struct backend;
struct campaign;
struct err;

/*
 * The doctor: can this campaign run here?  Each finding comes with its
 * remedy.
 */
struct doctor {
	struct queue *q; /* there need not be an hpo/ */
	const struct campaign *c;
	const char *bindir;
	/* The backend that runs the campaign's jobs, NULL: it runs here.  Then
	 * what a job's setup brings, and a trial, cannot be tried here. */
	const struct backend *b;
	double trial_seconds; /* how long the dry trial may take */
	exam_fn tell;
	void *cookie;
};

/*
 * doctor_check(d, e):
 * Look at the command, GNU parallel or the backend, the file system (see
 * queue/disk.h), and try a trial, unless there is no command.  The number of
 * findings, or -1.
 */
int doctor_check(const struct doctor *d, struct err *e);

/*
 * doctor_trial(d, x):
 * Try a trial in a scratch directory that has links to all the campaign has.
 */
void doctor_trial(const struct doctor *d, struct exam *x);

#endif
