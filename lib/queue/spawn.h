#ifndef QUEUE_SPAWN_H
#define QUEUE_SPAWN_H

#include <sys/types.h>

#include "form/trial.h"
#include "queue/attempt.h"

struct err;

/* Starting a trial's command: its words, environment and process group. */
struct spawned {
	pid_t pid;      /* leader of its own group */
	int out;        /* its stdout and stderr, non-blocking */
	double started; /* on the boot clock */
	int failed;     /* errno of what kept it from starting; 0: it runs */
};

/*
 * spawn_command(a, t, trial, s, e):
 * 0 with ${s}; ${s->failed} is ENOENT for "command not found".  -1 where
 * the words could not be made (EX_DATAERR) or the system refused.
 */
int spawn_command(const struct attempt *a, const struct token *t,
    const struct trial *trial, struct spawned *s, struct err *e);

#endif
