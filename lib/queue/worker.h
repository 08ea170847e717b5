#ifndef QUEUE_WORKER_H
#define QUEUE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/proc.h"
#include "form/result.h"
#include "queue/queue.h"

struct err;

/*
 * Workers: the directory running/W with
 *	worker.ini  who it is; written once
 *	heartbeat   a counter that changes as long as it lives
 *	report      lines from `hpo-trial --report`
 *	params.json the running trial's point
 *	suspended   it lives, though its heart does not beat: its job has been
 *	            suspended
 * and the tokens it has claimed.
 */
struct worker_info {
	struct proc_id id;
	int slot;                     /* of hpo-dispatch --local; 0: none */
	char kind[12];                /* "loop", "once", "ask" */
	char dispatcher[NAME_WRITER]; /* that started it, "" none */
	struct job job;
	char ticket[32];  /* of the submission that started it, "" none */
	double clock;     /* the host's boot clock at the start, seconds */
	char started[32]; /* and the time of day, RFC 3339 */
};

struct worker {
	struct queue *q;
	char name[NAME_WRITER]; /* W */
	struct job job;
	int heartbeat; /* descriptor */
	uint64_t beats;
	uint64_t oom_kills; /* of our cgroup, when last looked at */
};

/*
 * worker_start(q, name, info, w, e):
 * Make running/NAME, whole by one rename, for the process of ${info}.
 */
int worker_start(struct queue *q, const char *name,
    const struct worker_info *info, struct worker *w, struct err *e);

/* worker_beat(w, e): Show that the worker lives. */
int worker_beat(struct worker *w, struct err *e);

/*
 * worker_stop(w):
 * Remove the worker's directory, unless a token lies in it: then the reaper
 * finds it.
 */
void worker_stop(struct worker *w);

/* worker_forget(q, name): Remove the files in running/NAME, then, unless a
 * token lies in it, the directory. */
void worker_forget(struct queue *q, const char *name);

/* worker_suspend(q, name, suspended): Its job was, or is no more.
 * worker_is_suspended(q, name): Did somebody say so? */
void worker_suspend(struct queue *q, const char *name, bool suspended);
bool worker_is_suspended(const struct queue *q, const char *name);

/*
 * worker_load(q, name, info, e): Read running/NAME/worker.ini.
 * worker_read(q, name, info): Likewise where it does not matter why it is
 * unknown (-1).
 */
int worker_load(const struct queue *q, const char *name,
    struct worker_info *info, struct err *e);
int
worker_read(const struct queue *q, const char *name, struct worker_info *info);

/*
 * worker_pulse(q, name, b):
 * Append the heartbeat's first line, nothing where there is no such file; -1
 * if it could not be read: then nothing has been seen.
 */
int worker_pulse(const struct queue *q, const char *name, struct str *b);

/* worker_file(name, file, b): "running/NAME/FILE". */
const char *worker_file(const char *name, const char *file, struct str *b);

#endif
