#ifndef QUEUE_EDIT_H
#define QUEUE_EDIT_H

#include "queue/queue.h"
#include "queue/scan.h"

struct campaign;
struct err;

/*
 * What a user changes of single trials: cancel and retry.
 */
enum edit_end {
	EDIT_DONE,
	EDIT_ASKED, /* cancel: its worker has been asked */
	EDIT_NOT    /* the trial's state does not allow it, ${e} says why */
};

/* edit_cancel(q, c, t, e): Give a trial up for good.  edit_end or -1. */
int edit_cancel(struct queue *q, const struct campaign *c,
    const struct token *t, struct err *e);

/* edit_retry(q, t, e): Make a failed trial wait again, a held one now. */
int edit_retry(struct queue *q, const struct token *t, struct err *e);

/*
 * edit_select(s, word, pick, sealed, e):
 * Set ${pick}[i] for the entries of the scan that ${word} means: an id "7",
 * a range "3-9", or the name of a state, "failed" or "held", and add to
 * *${sealed} how many sealed trials it names.  -1, EX_USAGE: it is none of
 * these; EX_NO: no such trial.
 */
int edit_select(const struct scan *s, const char *word, unsigned char *pick,
    uint32_t *sealed, struct err *e);

#endif
