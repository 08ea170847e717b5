#ifndef QUEUE_BUNDLE_REMOVE_H
#define QUEUE_BUNDLE_REMOVE_H

#include "queue/bundle_list.h"
#include "queue/queue.h"

struct err;

/* Removing what an archive holds.  For queue/bundle alone. */

/*
 * bundle_remove_check(q, e):
 * Is nobody at work here?  -1, EX_TEMPFAIL, and who is.
 */
int bundle_remove_check(const struct queue *q, struct err *e);

/*
 * bundle_remove_compare(q, fd, name, list, e):
 * Is every member of the archive that can be read from ${fd}, called ${name},
 * a file of the campaign with the same bytes, and is there one of each?
 */
int bundle_remove_compare(const struct queue *q, int fd, const char *name,
    const struct bundle_list *list, struct err *e);

/*
 * bundle_remove(q, list, e):
 * Remove the members of ${list}, hpo/ with its tmp/ and observed/, and the
 * directories that are empty then.
 */
int bundle_remove(const struct queue *q, const struct bundle_list *list,
    struct err *e);

/*
 * bundle_remove_resume(root, file, e):
 * After a removal that was cut off in the directory ${root}: 1 if it has been
 * brought to its end; 0 if there is none, or it has been taken back.
 */
int bundle_remove_resume(int root, const char *file, struct err *e);

#endif
