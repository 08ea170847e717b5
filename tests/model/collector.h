#ifndef MODEL_COLLECTOR_H
#define MODEL_COLLECTOR_H

#include "actor.h"

/* Within a collector: up to the published segment (collector.c), and on from
 * it (clear.c). */
enum collector_pc {
	LOOK,
	CLOSE_FAILED,
	LIST,
	BUILD,
	COMMIT,
	COMMIT_LOOK,
	COMMIT_STOP,
	COMMIT_SYNC,
	COMPARE,
	RMDIR_READY,
	REMOVE_READY,
	STONE,
	STONE_SYNC,
	UNLINK,
	AWAY,
	EMPTY_AWAY
};

bool collector_is_in(const struct state *s, int id, int segment);

/* collector_from(s, x, id): The next id of its segment from there, or IDS. */
int collector_from(const struct state *s, const struct actor *x, int id);

/* collector_results(s, id): How many results a home has. */
int collector_results(const struct state *s, int id);

bool collector_compare(struct run *r, struct state *s, struct actor *x);
bool collector_rmdir_ready(struct run *r, struct state *s, struct actor *x);
bool collector_remove_ready(struct run *r, struct state *s, struct actor *x);
bool collector_stone(struct run *r, struct state *s, struct actor *x);
bool collector_stone_sync(struct run *r, struct state *s, struct actor *x);
bool collector_unlink_tokens(struct run *r, struct state *s, struct actor *x);
bool collector_away(struct run *r, struct state *s, struct actor *x);
bool collector_empty_away(struct run *r, struct state *s, struct actor *x);

#endif
