#ifndef QUEUE_FSCK_FACTS_H
#define QUEUE_FSCK_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "form/result.h"
#include "queue/queue.h"

struct err;
struct trial;

/*
 * The facts of a trial's home, each read and judged.  For queue/fsck and
 * queue/repair.
 */
struct fsck_result {
	char *file;  /* its name */
	char *wrong; /* "damaged: wrong checksum", NULL: it is whole */
	bool named;  /* the name says an attempt and a writer: */
	unsigned attempt;
	char by[NAME_WRITER];
	enum status status; /* of a whole one */
	char *cause;
};

struct fsck_facts {
	bool token;  /* there is an unsettled token in it */
	char *wrong; /* with its trial.ini; NULL: it is whole */
	struct {
		size_t n, cap;
		struct fsck_result *v;
	} result;        /* by name */
	unsigned serial; /* the lowest that no name in it has */
};

/*
 * fsck_facts_read(q, id, f, e):
 * Read a home; one that is not there is empty.  -1 only where the system
 * refuses.
 */
int fsck_facts_read(const struct queue *q, uint32_t id, struct fsck_facts *f,
    struct err *e);
void fsck_facts_free(struct fsck_facts *f);

/*
 * fsck_facts_trial(p, n, id, t):
 * What is wrong with the text of a trial.ini, to be freed; NULL: it is whole,
 * and in ${t} (may be NULL), to be freed.
 */
char *fsck_facts_trial(const char *p, size_t n, uint32_t id, struct trial *t);

/*
 * fsck_facts_result(p, n, id, x, r):
 * Judge the text of a result of which ${x} has the name: fill in the rest.
 * If it is whole it is also in ${r} (may be NULL), to be freed.
 */
void fsck_facts_result(const char *p, size_t n, uint32_t id,
    struct fsck_result *x, struct result *r);

/* fsck_facts_name(file, x): Fill an ${x} from the name of a result alone. */
void fsck_facts_name(const char *file, struct fsck_result *x);
void fsck_facts_forget(struct fsck_result *x);

/*
 * fsck_facts_counts(x):
 * Is it a whole result by who ran the attempt, and not by one who cancelled
 * it or gave it up for lost?
 */
bool fsck_facts_counts(const struct fsck_result *x);

/* fsck_facts_find(f, t): The whole result that an ended token names, if its
 * status fits the token's directory, or NULL. */
const struct fsck_result *
fsck_facts_find(const struct fsck_facts *f, const struct token *t);

#endif
