#ifndef QUEUE_BUNDLE_LIST_H
#define QUEUE_BUNDLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "queue/queue.h"

struct err;

/*
 * Which files of a campaign make an archive of it that holds together, also
 * while it is in use: tokens as a scan showed them, facts listed after their
 * trial's token, and none that is newer than a token allows.  For
 * queue/bundle alone.
 */
enum bundle_kind {
	BUNDLE_FACT, /* must be there, unless its segment has been sealed */
	BUNDLE_FILE, /* may be gone by now */
	BUNDLE_TOKEN /* is empty, and may have moved on */
};

struct bundle_member {
	char *path; /* below the campaign's directory */
	enum bundle_kind kind;
};

struct bundle_list {
	size_t n, cap;
	struct bundle_member *v;
};

enum { BUNDLE_AGAIN = 1 }; /* it has changed in between: begin anew */

/*
 * bundle_list_take(q, users, list, e):
 * List the members in the order of the archive: campaign.ini, hpo/FORMAT,
 * the sealed segments, then by name.  With ${users} also all other
 * files of the campaign's directory, which come last.  0, BUNDLE_AGAIN, -1.
 */
int bundle_list_take(const struct queue *q, bool users,
    struct bundle_list *list, struct err *e);

/* bundle_list_find(list, path): Is it in there? */
bool bundle_list_has(const struct bundle_list *list, const char *path);

void bundle_list_free(struct bundle_list *list);

#endif
