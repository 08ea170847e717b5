#ifndef MODEL_ACTOR_H
#define MODEL_ACTOR_H

#include "run.h"

/*
 * Processes.  Each is a table of steps, of which one operation on the
 * directory, or one look at it, is one; ${pc} says which comes next, 0 is
 * where it has nothing in hand.  A step that cannot be taken returns false
 * and has changed nothing.
 */
struct step {
	enum action action;
	bool (*go)(struct run *r, struct state *s, struct actor *x);
};
extern const struct step sampler_steps[];
extern const struct step worker_steps[];
extern const struct step dispatch_steps[];
extern const struct step collector_steps[];
extern const struct step reader_steps[];

/* actor_step(r, s, i): Of the i-th. */
bool actor_step(struct run *r, struct state *s, int i);

/* actor_action(x): What it is about. */
enum action actor_action(const struct actor *x);

/* actor_enter(s, x, type): A new one, if there is a name left for it. */
void actor_enter(struct state *s, struct actor *x, enum actor_type type);

/* actor_leave(s, x): It ends; what it has in tmp/ stays. */
void actor_leave(struct state *s, struct actor *x);

/* actor_dies(s, x): It ends, and another of its kind is started. */
void actor_dies(struct state *s, struct actor *x);

/* actor_rest(x): It has nothing in hand. */
bool actor_rest(struct actor *x);

/* actor_number(s, x): Its number from 1, as owners are noted. */
int actor_number(const struct state *s, const struct actor *x);

bool actor_is_alive(const struct state *s, int worker);

/* --- what more than one kind of them does --------------------------------- */

/* next_place(r, s, id, serial, status, writer, hold): The pure function that
 * says where a token goes after a result. */
struct next {
	int id, serial, status, writer;
};
int next_place(const struct run *r, const struct state *s, struct next n,
    bool hold);

/* --- steps of a dispatcher, by subject -------------------------------------
 */

enum dispatch_pc {
	DISPATCH_LOOK,
	REAP_FIND,
	REAP_PUBLISH,
	REAP_SYNC,
	REAP_MOVE,
	BURY,
	SETTLE_SYNC,
	SETTLE,
	SWEEP,
	SWEEP_TOKEN,
	SWEEP_REST,
	SCRAP,
	SCRAP_REST,
	HOLD_MOVE,
	RELEASE_MOVE,
	RETRY_MOVE,
	CANCEL_PUBLISH,
	CANCEL_SYNC,
	CANCEL_MOVE,
	ASK,
	MOVED_SYNC,
	REAP_LOOK /* at a heartbeat, which is done at once */
};

/* What a look offers to do. */
struct offer {
	uint8_t pc, id, serial, from, to, other;
	bool wrong, user; /* costs a wrong verdict, a wish of the user */
};
enum { OFFERS = 96 };
struct offers {
	int n;
	struct offer v[OFFERS];
};
struct offer *offer_add(struct offers *o, enum dispatch_pc pc);

void reap_offers(const struct run *r, struct state *s, struct offers *o);
void sweep_offers(const struct run *r, struct state *s, struct offers *o);
void edit_offers(const struct run *r, struct state *s, struct offers *o);

bool reap_find(struct run *r, struct state *s, struct actor *x);
bool reap_publish(struct run *r, struct state *s, struct actor *x);
bool reap_sync(struct run *r, struct state *s, struct actor *x);
bool reap_move(struct run *r, struct state *s, struct actor *x);
bool reap_bury(struct run *r, struct state *s, struct actor *x);
bool sweep_settle_sync(struct run *r, struct state *s, struct actor *x);
bool sweep_settle(struct run *r, struct state *s, struct actor *x);
bool sweep_rename(struct run *r, struct state *s, struct actor *x);
bool sweep_token(struct run *r, struct state *s, struct actor *x);
bool sweep_rest(struct run *r, struct state *s, struct actor *x);
bool sweep_scrap(struct run *r, struct state *s, struct actor *x);
bool sweep_scrap_rest(struct run *r, struct state *s, struct actor *x);
bool edit_move(struct run *r, struct state *s, struct actor *x);
bool edit_publish(struct run *r, struct state *s, struct actor *x);
bool edit_sync(struct run *r, struct state *s, struct actor *x);
bool edit_ask(struct run *r, struct state *s, struct actor *x);

/* dispatch_moved(r, s, x): The token was moved; sync where it is now. */
void dispatch_moved(struct run *r, struct state *s, struct actor *x);

#endif
