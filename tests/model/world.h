#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "run.h"

/* The whole: how it begins, and what may happen next. */

/* world_begin(c, s): The first state. */
void world_begin(const struct config *c, struct state *s);

/* world_moves(c): How many things may happen, one of which is a move. */
int world_moves(const struct config *c);

/* world_move(r, s, k): The k-th happens; false: it cannot. */
bool world_move(struct run *r, struct state *s, int k);

/* check_state(r, s): The invariants that a state must have. */
void check_state(struct run *r, const struct state *s);

/*
 * check_recovery(r, s, living):
 * I6 and I10: everybody has died (or, ${living}, goes on without another
 * fault), fresh programs come, and the campaign ends sealed, at rest and
 * without litter.
 */
void check_recovery(struct run *r, const struct state *s, bool living);

#endif
