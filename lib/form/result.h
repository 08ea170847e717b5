#ifndef FORM_RESULT_H
#define FORM_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "form/metrics.h"

struct err;

/* How an attempt ended. */
enum status {
	STATUS_OK,
	STATUS_PRUNED,
	STATUS_FAILED,
	STATUS_TIMEOUT,
	STATUS_OOM,
	STATUS_INTERRUPTED,
	STATUS_LOST,
	STATUS_CANCELLED,
	STATUS_COUNT
};

/* status_name(s): "ok", …; status_find(name): the status, or -1. */
const char *status_name(enum status s);
int status_find(const char *name);

enum { RESULT_TAIL = 20, RESULT_TAIL_BYTES = 500, RESULT_WORKER = 128 };

/*
 * The job of a cluster's system that a worker runs in.  It is for people and
 * reports: nothing is decided by it.  Texts are visible ASCII without blanks.
 */
struct job {
	char id[40];        /* "": in none, and the rest says nothing */
	unsigned restarts;  /* how often the system has started it again */
	char node[65];      /* "" unknown */
	char partition[80]; /* or queue; "" unknown */
	double wait;        /* whole seconds in the queue; < 0 unknown */
};

/*
 * result.A.W.ini: one attempt's end.  Written once, never changed.
 * [result] holds the fields below by their names, ${exit} and ${signal} as
 * "none" where there is none, seconds with 3 decimals; [job] what is known
 * of the job, and the history; [metrics] and [curve]
 * ("step value, step value, ...") numbers that read back exactly; [log]
 * the last lines, tail.1 the oldest of them, cut at RESULT_TAIL_BYTES;
 * form/record seals it.  A ${worker} that is read is less than RESULT_WORKER
 * bytes of [0-9A-Za-z._-], not '.' first: it may become part of a path.
 */
struct result {
	uint32_t id;
	unsigned attempt;
	enum status status;
	char *cause;      /* one line, "" for ok */
	int exit, signal; /* -1 exit: none; 0 signal: none */
	char started[32]; /* RFC 3339, "" if it never started */
	double seconds;   /* wall, user and system time */
	double user, system;
	uint64_t peak; /* largest resident size, bytes; 0 unknown */
	char *host, *worker;
	struct job job;
	char *history; /* how earlier attempts ended, or NULL (queue/history) */
	struct metrics metrics;
	size_t ntail; /* last lines of the log */
	char *tail[RESULT_TAIL];
};

void result_format(const struct result *r, struct str *b);

/*
 * result_parse(text, n, file, r, e):
 * Read one; -1, EX_DATAERR, if it is not whole ("file: result file damaged: "
 * and why) or a later version wrote it; ${r} is empty then.
 */
int result_parse(const char *text, size_t n, const char *file, struct result *r,
    struct err *e);

void result_free(struct result *r);

/*
 * result_word(to, size, text):
 * Copy a text of visible ASCII, which fits ${to}[size]; "" and false if it is
 * none, or empty.
 */
bool result_word(char *to, size_t size, const char *text);

/*
 * result_job_format(j, id, b):
 * Append a line for all that is known of a job, its id under the key ${id}.
 *
 * result_job_take(j, id, key, value):
 * Read such a line; ${value} may be changed.  What is no such key, or not of
 * its form, is passed over.
 */
void result_job_format(const struct job *j, const char *id, struct str *b);
void
result_job_take(struct job *j, const char *id, const char *key, char *value);

#endif
