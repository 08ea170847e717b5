#ifndef QUEUE_WATCH_H
#define QUEUE_WATCH_H

#include <stdbool.h>

#include "base/proc.h"
#include "form/metrics.h"
#include "queue/attempt.h"
#include "queue/log.h"
#include "queue/spawn.h"

struct err;

/*
 * Watching a command: its output goes to the log and is read for metrics,
 * the heart beats, limits, signals and the user's wishes are obeyed, and
 * nothing of its process group outlives it.
 */
enum watch_why {
	WATCH_ENDED, /* by itself */
	WATCH_TIMEOUT,
	WATCH_STOPPED, /* we were told to stop, or the user said so */
	WATCH_CANCELLED,
	WATCH_GONE /* the token was taken from us */
};

struct watch {
	/* Given: where the output goes. */
	struct log *log;
	struct metrics *metrics;
	/* What came of it. */
	enum watch_why why;
	int stop_signal; /* STOPPED: the signal that told us */
	int status;      /* as of wait(2) */
	bool oom;        /* the kernel killed in our cgroup meanwhile */
	double seconds;
	struct proc_usage usage;
};

/*
 * watch_command(a, t, s, w, e):
 * Until the command of ${s} has ended.  QUEUE_DONE, QUEUE_GONE or -1.
 */
int watch_command(const struct attempt *a, const struct token *t,
    const struct spawned *s, struct watch *w, struct err *e);

/* watch_look_every(c): Seconds between looks at control/ and running/W. */
double watch_look_every(const struct campaign *c);

#endif
