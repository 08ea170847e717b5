#ifndef BASE_TMPDIR_H
#define BASE_TMPDIR_H

#include <sys/types.h>

struct err;

/*
 * A private directory (mode 0700) under $TMPDIR, else /tmp, that goes when
 * its maker does, however that ends: a child process waits for it, deaf to
 * signals, with nothing open but a pipe, and removes the directory when the
 * pipe's other end has closed.
 */
struct tmpdir {
	char *path; /* absolute unless $TMPDIR is not; NULL: none */
	int fd;     /* our end of the pipe */
	pid_t pid;  /* who removes it */
};

/* tmpdir_make(d, e): ${d} is filled in any case. */
int tmpdir_make(struct tmpdir *d, struct err *e);

/* tmpdir_remove(d): Have it removed, and wait until it is.  ${d} may be
 * zeroed, or removed already. */
void tmpdir_remove(struct tmpdir *d);

#endif
