#ifndef QUEUE_FSCK_VIEW_H
#define QUEUE_FSCK_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fs.h"
#include "queue/queue.h"

struct err;

/*
 * What one round of listings of a campaign's directory shows.  For
 * queue/fsck alone.
 */
struct fsck_view {
	const struct queue *q;
	struct {
		size_t n, cap;
		uint32_t *v;
	} home; /* by id */
	struct {
		size_t n, cap;
		struct token *v;
	} token;             /* by id, then the latest state last */
	struct fs_names odd; /* "path: what", sorted: names that mean nothing
	                        and the like */
};

/* fsck_view_look(v, e): List everything anew. */
int fsck_view_look(struct fsck_view *v, struct err *e);

/* fsck_view_first(v, id): Where the tokens of ${id} begin, or would. */
size_t fsck_view_first(const struct fsck_view *v, uint32_t id);

/*
 * fsck_view_next(v, at, id, home):
 * Go through the ids that have a home or a token, from ${at} = { 0, 0 } on;
 * false at the end.
 */
bool fsck_view_next(const struct fsck_view *v, size_t at[2], uint32_t *id,
    bool *home);

/* fsck_view_has_home(v, id): Was its home listed? */
bool fsck_view_has_home(const struct fsck_view *v, uint32_t id);

void fsck_view_free(struct fsck_view *v);

#endif
