#ifndef QUEUE_TICKET_H
#define QUEUE_TICKET_H

#include <stdbool.h>
#include <stddef.h>

#include "queue/queue.h"

struct err;

/*
 * Tickets: a directory DIR/N (DIR is "slurm" or "backend") for each
 * submission of workers as jobs, from before it is tried until its jobs have
 * ended.  Of several dispatchers one makes the ticket, by a rename as trials
 * are born, and it alone submits, once: so a submission of which nobody knows
 * whether it was accepted is never repeated under the same name.
 *
 *	ticket.ini  the name of its jobs, how many they are, and of which
 *	            campaign: where it lies, and the inode of its hpo/
 *	script      what each of them runs
 *	job.W       its id by the system, once it was accepted; W submitted it
 *	cancelled.W it was ended by a dispatcher, W
 *	began.W     worker W of it has claimed a trial, or had nothing to do
 *	ended.W     and has ended (the same file)
 *	log.I       what job I printed
 */
struct ticket {
	unsigned number; /* N */
	char name[64];
	unsigned jobs;
	unsigned job_workers;
	char id[64];      /* "": not known to be accepted */
	bool cancelled;   /* by a dispatcher */
	bool foreign;     /* of the campaign of which this one is a copy */
	unsigned began;   /* workers that began, ended or not */
	unsigned ended;   /* of them */
	unsigned started; /* jobs that have a log */
};

struct tickets {
	size_t n, cap;
	struct ticket *v; /* by number */
};

/* ticket_is_path(text): "slurm/N" or "backend/N"? */
bool ticket_is_path(const char *text);

/* ticket_list(q, dir, tickets, e): All there are; one that vanishes
 * meanwhile is left out. */
int ticket_list(const struct queue *q, const char *dir, struct tickets *tickets,
    struct err *e);

/* ticket_path(dir, number, file, b): "DIR/N" or, of a ${file}, "DIR/N/FILE". */
const char *
ticket_path(const char *dir, unsigned number, const char *file, struct str *b);

/*
 * ticket_make(q, dir, t, script, e):
 * Make DIR/N of ${t}, durable.  QUEUE_DONE; QUEUE_LOST where another has
 * that number; or -1.
 */
int ticket_make(struct queue *q, const char *dir, const struct ticket *t,
    const char *script, struct err *e);

/* ticket_accepted(q, dir, t, id, e): Write down the id of the submission. */
int ticket_accepted(struct queue *q, const char *dir, const struct ticket *t,
    const char *id, struct err *e);

/* ticket_note_cancelled(q, dir, t, e): We end its jobs. */
int ticket_note_cancelled(struct queue *q, const char *dir,
    const struct ticket *t, struct err *e);

/*
 * ticket_close(q, dir, t, keep, tail, e):
 * Take the ticket out, as its jobs have ended.  1 where it was this call that
 * did so, 0 where another was faster, or -1.  If ${tail} is not NULL the last
 * lines of the newest of its logs are appended.  With ${keep} it is kept as
 * DIR/failed, in the place of an earlier one, for its logs.
 */
int ticket_close(struct queue *q, const char *dir, const struct ticket *t,
    bool keep, struct str *tail, struct err *e);

/*
 * Workers of a ticket, which they know by its path: it may be gone, and then
 * nobody asks.
 */
void ticket_begin(struct queue *q, const char *path, const char *worker);
void ticket_end(struct queue *q, const char *path, const char *worker);

#endif
