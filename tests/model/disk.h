#ifndef MODEL_DISK_H
#define MODEL_DISK_H

#include "run.h"

/*
 * The file system: what it answers to a rename, what becomes of it, what is
 * durable.  Every operation is one step of its caller; it may be done or not
 * and the answer may be wrong, as far as the state's budgets go.
 */
enum answer { DID, NO_ENTRY, NOT_EMPTY, NOT_DIRECTORY, IO_ERROR };

enum answer disk_move(struct run *r, struct state *s, int from, int to, int id);
enum answer disk_birth(struct run *r, struct state *s, int birth, int id);
enum answer disk_result(struct run *r, struct state *s, int id, int serial,
    const struct actor *x);
enum answer disk_do(struct run *r, struct state *s, struct op o);

/* disk_scrap(s, tar): tmp/C.n is no more; its name is never used again. */
void disk_scrap(struct state *s, int tar);

/* disk_arrives(r, s): The rename that was left in the network is done now. */
void disk_arrives(struct run *r, struct state *s);

/* disk_mark(r, s, target, name): ${target} was the target of a rename. */
void disk_mark(struct run *r, struct state *s, int target, const char *name);

/* A directory whose names may be unsynced. */
enum {
	DIR_NONE,
	DIR_TRIALS,                      /* trials/ */
	DIR_READIES,                     /* ready/ */
	DIR_SEGMENTS,                    /* segments/ */
	DIR_HOMES,                       /* trials/S, of segment i */
	DIR_HOME = DIR_HOMES + SEGMENTS, /* trials/S/ID, of id i */
	DIR_READY = DIR_HOME + IDS,      /* these of segment i */
	DIR_HELD = DIR_READY + SEGMENTS,
	DIR_DONE = DIR_HELD + SEGMENTS,
	DIR_FAILED = DIR_DONE + SEGMENTS,
	DIR_CLOSED = DIR_FAILED + SEGMENTS,
	DIR_RUNNING = DIR_CLOSED + SEGMENTS /* running/W, of worker i */
};
int disk_dir(const struct state *s, int place);

/* disk_fsync(s, dir): What names it has are durable. */
void disk_fsync(struct state *s, int dir);

/* disk_owes(s, kind, a, b, c): This may be lost, until it is synced. */
void disk_owes(struct state *s, int kind, int a, int b, int c);

/* disk_left(s, dir): That tokens have left the directory is durable. */
void disk_left(struct state *s, int dir);

/* disk_ages(s): A unit of time has passed: what is older has been written. */
void disk_ages(struct state *s);

/* disk_power_cut(r, s): Some of what is not synced is lost; all have died. */
void disk_power_cut(struct run *r, struct state *s);

#endif
