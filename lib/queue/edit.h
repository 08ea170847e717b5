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

/* edit_is_word(word): Does it look like one of the words of edit_all()? */
bool edit_is_word(const char *word);

/*
 * edit_all(x, words, n, e):
 * Change the trials that ${words} mean: an id "7", a range "3-9", or the name
 * of a state, "failed" or "held".  0; 1 where ${x->refuse} was called, for each
 * whose state does not allow it; -1, EX_USAGE for another word, EX_NO where
 * there is no such trial.
 */
enum edit_change { EDIT_CANCEL, EDIT_RETRY };
struct edit {
	struct queue *q;
	const struct campaign *c;
	enum edit_change change;
	void (*refuse)(const char *who, const struct err *why);
	const char *who;
	uint32_t sealed; /* filled: named trials that are sealed */
};
int edit_all(struct edit *x, const char *const *words, size_t n, struct err *e);

#endif
