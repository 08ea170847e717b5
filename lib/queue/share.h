#ifndef QUEUE_SHARE_H
#define QUEUE_SHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "queue/queue.h"

struct err;

/*
 * A campaign that several users share: its directories can be written by
 * their group, and all of them leave what they write open to it.
 */

/*
 * share_trusts(uid):
 * Is it the caller, root, or a user named in $HPO_TRUST, by name or number?
 */
bool share_trusts(uid_t uid);

/*
 * share_closed(q, e):
 * ${e} is of a failure to open hpo/; where its owner has not shared it, say
 * who that is and how it is done.  -1.
 */
int share_closed(const struct queue *q, struct err *e);

/*
 * share_check(q, e):
 * Before the caller writes in another's campaign that is open to a group:
 * would what he makes be open to it as well?  It is tried out, for this
 * depends on the umask, the directory's set-group-ID bit, its default access
 * control list and the file system.  If not, nobody else could go on with his
 * trials: EX_NOPERM.
 */
int share_check(const struct queue *q, struct err *e);

/*
 * share_home(q, id, e):
 * May the caller write in the home of a trial?  Asked before a command runs
 * whose result could not be put there.  EX_NOPERM; that it is gone, or
 * cannot be looked at for another reason, is left to whoever uses it.
 */
int share_home(const struct queue *q, uint32_t id, struct err *e);

#endif
