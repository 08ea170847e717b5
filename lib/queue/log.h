#ifndef QUEUE_LOG_H
#define QUEUE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct err;

/*
 * The log of an attempt: what its command writes, to a limit.  Of a longer
 * output the first and the last half of the limit are kept, with a line
 * between that says how much was cut.
 */
struct log {
	int at;        /* directory descriptor and path, for the first */
	char path[64]; /* write makes the file */
	int fd;
	uint64_t limit, head; /* bytes; the head's share */
	uint64_t total;       /* bytes that came */
	int failed;           /* errno of the first failed write, or 0 */
};

/*
 * log_init(at, path, limit, l):
 * A new log; its file is made when there is something to write: a silent
 * command costs no inode.
 */
void log_init(int at, const char *path, uint64_t limit, struct log *l);

/* log_add(l, p, n): Append.  A full disk loses log, never the trial. */
void log_add(struct log *l, const char *p, size_t n);

/*
 * log_close(l, tail, ntail):
 * Put the tail in order where there was a cut, and append the last bytes of
 * the log, at most ${ntail}, to ${tail}.
 */
void log_close(struct log *l, struct str *tail, size_t ntail);

#endif
