#ifndef QUEUE_FSCK_VIEW_H
#define QUEUE_FSCK_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/queue.h"
#include "queue/segment.h"

struct err;

/* What is odd about a name. */
enum fsck_odd {
	FSCK_NAME,    /* it means nothing */
	FSCK_FILE,    /* a file where a directory should be */
	FSCK_TOKEN,   /* a token in another segment's directory */
	FSCK_HOME,    /* a home in another segment's directory */
	FSCK_MISSING, /* a directory that is not there */
	FSCK_SEGMENT  /* a sealed segment that is damaged */
};

/*
 * What one round of listings of a campaign's directory shows, but for what
 * lies loose of sealed segments.  For queue/fsck and queue/repair.
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
	} token; /* by id, then the latest state last */
	struct {
		size_t n, cap;
		struct fsck_name {
			char *path;
			enum fsck_odd what;
		} * v;
	} odd; /* by path */
	struct segments sealed;
};

/* fsck_view_odd(what): "unknown name", ... */
const char *fsck_view_odd(enum fsck_odd what);

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
