#ifndef QUEUE_NAME_H
#define QUEUE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Names on disk (hpo-queue(7)).  All that a scan needs is in them: files
 * are never opened to learn a state.
 *
 *	ID  seven digits (more where needed)        S  ID / 1000, four digits
 *	A   serial of the token, from 0
 *	W   HOST-PID.RESTART-RANDOM64, of a worker, reaper or writer
 */

enum { NAME_SEGMENT = 1000, NAME_WRITER = 128, NAME_PATH = 320 };

/* The directory that a token is in is its trial's state. */
enum state {
	STATE_NEW, /* trials/S/ID/token */
	STATE_READY,
	STATE_HELD,
	STATE_RUNNING,
	STATE_DONE,
	STATE_FAILED,
	STATE_CLOSED, /* failed, and final for sealing */
	STATE_COUNT,
	STATE_SEALED = STATE_COUNT /* no token: in a sealed segment */
};

/* name_state(s): "new", "ready", … */
const char *name_state(enum state s);

struct token {
	uint32_t id;
	unsigned attempt;
	enum state state;
	/* running: the worker; done, failed, closed: whose result counts;
	 * else "" */
	char by[NAME_WRITER];
};

/* name_segment(id): S. */
uint32_t name_segment(uint32_t id);

/* name_token(t, b): Replace ${b} by the token's path under hpo/. */
const char *name_token(const struct token *t, struct str *b);

/* name_home(id, b): "trials/S/ID"; name_in_home(): "trials/S/ID/FILE". */
const char *name_home(uint32_t id, struct str *b);
const char *name_in_home(uint32_t id, const char *file, struct str *b);

/* name_dir(state, s, b): "ready/S" of ready, held, done, failed, closed. */
const char *name_dir(enum state state, uint32_t segment, struct str *b);

/* name_result(id, attempt, by, b): "trials/S/ID/result.A.W.ini". */
const char *
name_result(uint32_t id, unsigned attempt, const char *by, struct str *b);

/*
 * name_parse_token(name, state, t):
 * Read "ID.A" (ready, held, running) or "ID.A.W" (done, failed, closed).
 * -1 if it is no such name.
 */
int name_parse_token(const char *name, enum state state, struct token *t);

/* name_parse_result(name, attempt, by): Of "result.A.W.ini"; -1 if none. */
int
name_parse_result(const char *name, unsigned *attempt, char by[NAME_WRITER]);

/* name_parse_segment(name, s): Of "0012"; -1 if it is none. */
int name_parse_segment(const char *name, uint32_t *segment);

/* name_parse_id(name, id): Of "0000012" as a home is called; -1 if none. */
int name_parse_id(const char *name, uint32_t *id);

/* name_is_writer(name): Is it a W, by its characters and length? */
bool name_is_writer(const char *name);

#endif
