#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "state.h"

/*
 * A configuration, and the context of trying a step: which of its choices
 * are taken, what it says of itself, what it broke.
 */

/* The rules of the protocol that can be left out. */
enum rule {
	SYNC_FILE = 1 << 0,
	SYNC_AFTER = 1 << 1,
	SYNC_OTHERS = 1 << 2,
	RESOLVE = 1 << 3,
	OWN_FIRST = 1 << 4,
	OWN_RESULT = 1 << 5,
	HOLD_SERIAL = 1 << 6,
	CANCEL_RESULT = 1 << 7,
	NO_MKDIR = 1 << 8,
	REPORT_MINE = 1 << 9,
	LOOK_IN_SEGMENT = 1 << 10,
	ALL_ENDED = 1 << 11,
	CLOSE = 1 << 12,
	PUBLISH_ONCE = 1 << 13,
	ONE_WAY = 1 << 14,
	LOGS_GROW = 1 << 15,
	TOMBSTONE = 1 << 16,
	TOMBSTONE_FIRST = 1 << 17,
	REMAINS = 1 << 18,
	RENAME_SWEPT = 1 << 19,
	BURY_LATE = 1 << 20,
	CAP_GAPS = 1 << 21,
	LOOSE_FIRST = 1 << 22,
	LOGS_TURN = 1 << 23,
	DROP_REQUESTS = 1 << 24,
	SAME_SOURCE = 1 << 25,
	RENAME_OWN = 1 << 26,
	SYNC_STONE = 1 << 27,
	RMDIR_ONLY = 1 << 28
};

struct config {
	const char *name;
	const char *actors; /* S W D C R */
	const char *start;  /* an id each: - n(ew) r(eady) h(eld) d(one) f */
	uint8_t per;        /* ids in a segment: 2, or 1 with two segments */
	uint8_t crash, lie, eio, late, wrong, stale, handle, power, user, fail;
	uint8_t ticks, suspends; /* ticks > 0: verdicts need a lease */
	uint8_t retries;
	bool backoff, hold; /* failed trials may go to held; by the user too */
	bool logs, turning; /* logs are modelled; they may be overwritten */
	bool living;        /* also: who lives goes on without a fault */
	bool slow;          /* not part of the quick set */
	unsigned without;   /* rules */
};

/* As the tables of DESIGN 6 and hpo-queue(7) have them, and what is none. */
enum action {
	ACT_NEW,
	ACT_SETTLE,
	ACT_CLAIM,
	ACT_RESULT,
	ACT_NEXT,
	ACT_RECLAIM,
	ACT_HOLD,
	ACT_RELEASE,
	ACT_CANCEL,
	ACT_RETRY,
	ACT_SEAL,
	ACT_SWEEP,
	ACT_RUN,     /* the command of a trial */
	ACT_COLLECT, /* a reader */
	ACT_LOOK,    /* at everything, to choose what to do */
	ACTIONS
};

enum fault {
	FAULT_NONE,
	FAULT_LIE,
	FAULT_EIO,
	FAULT_EIO_DONE,
	FAULT_TWICE,
	FAULT_LATE,
	FAULT_KILL,
	FAULT_WRONG,
	FAULT_STALE,
	FAULT_HANDLE,
	FAULT_POWER,
	FAULTS
};

enum { CHOICES = 48, TEXT = 600 };

struct run {
	const struct config *c;
	/* choices: those made, of how many, and how many are used */
	int choice[CHOICES], width[CHOICES], n, at;
	bool plain; /* no choice: always the first, which is no fault */
	bool after; /* everybody has died: others come */
	enum action action;
	enum fault fault;
	bool telling;
	char text[TEXT];
	int broken; /* the number of an invariant, or 0 */
	char why[TEXT];
};

/* run_begin(r): A new step; its choices stay. */
void run_begin(struct run *r);

/* run_choose(r, n): One of 0 ... n - 1; all are tried, one after another. */
int run_choose(struct run *r, int n);

/* run_again(r): To the next choices; false: there are no more. */
bool run_again(struct run *r);

/* run_say(r, ...): Say more of the step, where somebody listens. */
void run_say(struct run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* run_break(r, number, ...): Invariant ${number} is broken; the first counts.
 * Why is said where somebody listens. */
void run_break(struct run *r, int number, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* run_obeys(r, rule): Is the rule in force? */
bool run_obeys(const struct run *r, enum rule rule);

/* run_misses(r, s): A listing or lookup that is stale, if there may be one. */
bool run_misses(struct run *r, struct state *s);

const char *run_action(enum action action);
const char *run_fault(enum fault fault);
const char *run_status(int status);

/* run_writer(r, w, buf), run_place(r, place, id, s, buf): Their names, where
 * somebody listens. */
enum { NAME = 48 };
const char *run_writer(const struct run *r, int writer, char buf[NAME]);
const char *run_place(const struct run *r, int place, int id,
    const struct state *s, char buf[NAME]);

#endif
