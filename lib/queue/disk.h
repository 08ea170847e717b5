#ifndef QUEUE_DISK_H
#define QUEUE_DISK_H

#include <stdint.h>

#include "queue/exam.h"
#include "queue/queue.h"

/*
 * disk_examine(q, remaining, tell, cookie, e):
 * Examine the file system of a campaign's directory, for that many trials
 * (see queue/probe.h).  It is done by a process of its own, in a directory
 * of its own in tmp/, or .hpo-check-W where there is no hpo/ yet; what does
 * not return within ten seconds is a finding, and left alone.  The number of
 * findings, or -1.
 */
int disk_examine(struct queue *q, uint32_t remaining, exam_fn tell,
    void *cookie, struct err *e);

#endif
