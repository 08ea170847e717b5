#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/proc.h"
#include "base/str.h"
#include "queue/name.h"

struct campaign;
struct err;

/*
 * A campaign's directory opened by one process, and the primitives that all
 * transitions are made of.  The protocol is hpo-queue(7); the reasons for
 * its rules stand at the code that keeps them.
 *
 * Paths are relative to CAMPAIGN/hpo.
 */
struct queue {
	char *path;     /* the campaign's directory as the user gave it */
	char *absolute; /* and from the root */
	int root;       /* its descriptor */
	int fd;         /* of hpo/ in it; -1: there is none yet */
	char id[20];    /* the campaign's random id, "" without hpo/ */
	char self[NAME_WRITER]; /* W: this process as writer */
	struct proc_id me;
	unsigned serial; /* of the next name in tmp/ */
};

enum queue_mode {
	QUEUE_READ, /* hpo/ may be missing: a campaign without trials */
	QUEUE_WRITE /* hpo/ is made where it is missing */
};

/*
 * queue_open(path, mode, q, e):
 * EX_DATAERR where the directory or its FORMAT is not a campaign's of this
 * version.
 */
int queue_open(const char *path, enum queue_mode mode, struct queue *q,
    struct err *e);
void queue_close(struct queue *q);

/*
 * queue_is_whole(q):
 * Are hpo/ and its directories there?  What was unpacked from an archive has
 * no empty ones: to write, it is opened by QUEUE_WRITE, which makes them.
 */
bool queue_is_whole(const struct queue *q);

/* queue_call(q, path): From now on messages call the campaign so. */
void queue_call(struct queue *q, const char *path);

/*
 * queue_campaign(q, c, e):
 * Read CAMPAIGN/campaign.ini.  With ${trusted} it must belong to the caller,
 * root, or a user named in $HPO_TRUST, and neither it nor the directory may
 * be writable by everyone (EX_NOPERM).
 */
int queue_campaign(const struct queue *q, bool trusted, struct campaign *c,
    struct err *e);

/*
 * queue_reopen(q):
 * Open the campaign's directories by path again, for a server that has
 * forgotten their handles (ESTALE).
 */
void queue_reopen(struct queue *q);

/* queue_rename_self(q): From now on this process is another writer W. */
void queue_rename_self(struct queue *q);

/* queue_tmp(q, b): A name in tmp/ that nobody else has: "tmp/W.n". */
const char *queue_tmp(struct queue *q, struct str *b);

/*
 * queue_discard(q, path, e):
 * Remove a file or directory that counts no more: it is renamed to a new
 * name in tmp/ first, so that who still uses it, or a rename of it that
 * comes late, finds it gone as a whole and not in parts.  What is gone
 * already is no failure.
 */
int queue_discard(struct queue *q, const char *path, struct err *e);

/* What became of a step. */
enum queue_step {
	QUEUE_DONE = 0,
	QUEUE_LOST = 1,   /* somebody was faster */
	QUEUE_SEALED = 2, /* the segment is sealed: nothing moves there */
	QUEUE_GONE = 3    /* the trial's home or the worker's directory is
	                     gone: it is over for this process */
			  /* -1: failed, ${e} says why */
};

/*
 * queue_move(q, from, to, e):
 * Rename a token to a name that was never a target before, then fsync the
 * new directory.  Returns a queue_step or -1.
 */
int queue_move(struct queue *q, const struct token *from,
    const struct token *to, struct err *e);

/* queue_move_lazily(): Likewise without the fsync; for batches. */
int queue_move_lazily(struct queue *q, const struct token *from,
    const struct token *to, struct err *e);

/*
 * A file in tmp/ with room on the disk for what will be written to it.
 */
struct queue_room {
	char name[NAME_PATH]; /* "" : none */
};

/* queue_reserve(q, bytes, room, e): Make one of ${bytes}. */
int queue_reserve(struct queue *q, size_t bytes, struct queue_room *room,
    struct err *e);
void queue_unreserve(struct queue *q, struct queue_room *room);

/*
 * queue_publish(q, room, p, n, to, e):
 * Make ${n} bytes appear whole and durable as the new file ${to}: write to
 * the room (or, without one, a new file in tmp/), fsync, rename, fsync the
 * directory.  Its directory is never made: QUEUE_GONE.
 */
int queue_publish(struct queue *q, struct queue_room *room, const void *p,
    size_t n, const char *to, struct err *e);

/* queue_exists(q, path): Is there such a file or directory? */
bool queue_exists(const struct queue *q, const char *path);

/*
 * queue_list(q, path, names, e):
 * fs_list() under hpo/; a directory that is not there (or is the file that
 * stands for a sealed segment) is an empty one.
 */
struct fs_names;
int queue_list(const struct queue *q, const char *path, struct fs_names *names,
    struct err *e);

/*
 * queue_list_dirs(): Likewise without what is seen to be a file: of a
 * campaign with many sealed segments ready/ holds a file for each.
 */
int queue_list_dirs(const struct queue *q, const char *path,
    struct fs_names *names, struct err *e);

#endif
