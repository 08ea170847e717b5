#ifndef BASE_CAPTURE_H
#define BASE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/*
 * Running a program to its end for what it says.  It has no input, a process
 * group of its own that ends with it, and is killed when we end.
 */
struct capture {
	/* given */
	const char *program; /* its file */
	char *const *argv, *const *env;
	const char *cwd;
	double timeout; /* seconds until it is killed */
	size_t most;    /* bytes kept of each stream; what is more is dropped */
	/* what came of it */
	struct str out, err;
	int status;     /* its exit status, 128 + a signal's number */
	bool timed_out; /* it was killed, and so was its group */
	bool cut;       /* it said more than is kept */
};

/*
 * capture_run(c, e):
 * 0 when it has ended; -1 where it could not be started or watched.  A stop
 * signal (base/sig) does not end it early: it has a timeout.
 */
int capture_run(struct capture *c, struct err *e);

void capture_free(struct capture *c);

#endif
