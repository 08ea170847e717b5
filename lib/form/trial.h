#ifndef FORM_TRIAL_H
#define FORM_TRIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "form/point.h"

struct err;
struct space;

/*
 * trial.ini: what a trial is.  Written once, by the sampler, never changed.
 * [trial] holds the fields below by their names, ${parent} as "none" for -1,
 * ${space} and ${random} as 16 hex digits; [point] a line per active
 * parameter; form/record seals it.
 */
struct trial {
	uint32_t id;
	int64_t parent;   /* id of the trial it repeats, or -1 */
	char *searcher;   /* "random", "enqueue" */
	char *reason;     /* one line: why this point */
	char *view;       /* the results it was made from; "" for none */
	uint64_t seed;    /* the campaign's */
	uint64_t space;   /* digest of the space */
	uint64_t random;  /* identifies the birth */
	char created[32]; /* RFC 3339 */
	size_t n;         /* the point as it was written, by name */
	char **name, **text;
};

/* trial_format(t, b): Append the file's text, crc32 included. */
void trial_format(const struct trial *t, struct str *b);

/*
 * trial_parse(text, n, file, t, e):
 * Read one; -1, EX_DATAERR, if it is not whole ("file: trial file damaged: "
 * and why) or a later version wrote it; ${t} is empty then.
 */
int trial_parse(const char *text, size_t n, const char *file, struct trial *t,
    struct err *e);

/* trial_set_point(t, s, p): Take the names and texts of a point. */
void
trial_set_point(struct trial *t, const struct space *s, const struct point *p);

/*
 * trial_point(t, s, p):
 * The trial's point in the space ${s}: by name; parameters that the space
 * lacks are left out, those that the trial lacks are inactive.  ${p} is
 * initialised here; the caller frees it.
 */
void trial_point(const struct trial *t, const struct space *s, struct point *p);

void trial_free(struct trial *t);

#endif
