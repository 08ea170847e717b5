#ifndef QUEUE_EXAM_H
#define QUEUE_EXAM_H

#include <stdbool.h>

#include "base/err.h"

struct str;

/*
 * What the doctor looked at, and how it was.  It owns nothing, so that it
 * can be sent through a pipe as it is.
 */
enum exam_status {
	EXAM_OK,
	EXAM_NOTE,   /* good to know */
	EXAM_FINDING /* the campaign cannot run so, or not safely */
};

struct exam {
	char name[12];
	enum exam_status status;
	double value;  /* what was measured, NAN: nothing */
	char word[40]; /* or what is no number, "" */
	char unit[12]; /* of the number, "" */
	char what[512];
	char remedy[160]; /* "" none */
};

/* exam_begin(x, name): All is well, as far as is known. */
void exam_begin(struct exam *x, const char *name);

/* exam_value(x, value, unit): This was measured. */
void exam_value(struct exam *x, double value, const char *unit);

/* exam_ok(x, what...): This is well. */
void exam_ok(struct exam *x, const char *fmt, ...) ERR_PRINTF(2, 3);

/* exam_note(x, remedy, what...): This is good to know; "" for no remedy. */
void exam_note(struct exam *x, const char *remedy, const char *fmt, ...)
    ERR_PRINTF(3, 4);

/* exam_find(x, remedy, what...): This is wrong. */
void exam_find(struct exam *x, const char *remedy, const char *fmt, ...)
    ERR_PRINTF(3, 4);

/*
 * exam_text(x, b): Append a line for people, and one for the remedy.
 * exam_json(x, b): Append a JSON object.
 */
void exam_text(const struct exam *x, struct str *b);
void exam_json(const struct exam *x, struct str *b);

/* All of them as they come: texts, or as one JSON object with the number of
 * findings at its end. */
struct exam_list {
	bool json;
	unsigned n;
};
void exam_list_begin(struct exam_list *l, const char *campaign, struct str *b);
void exam_list_add(struct exam_list *l, const struct exam *x, struct str *b);
void exam_list_end(struct exam_list *l, unsigned findings, struct str *b);

/* Who is told of each, when it is there. */
typedef void (*exam_fn)(void *cookie, const struct exam *x);

#endif
