#ifndef FORM_CALL_H
#define FORM_CALL_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/*
 * The form that domains are written in:
 *
 *	name(value, ..., option=value, ...)
 *
 * A value is a word (no blanks, commas, brackets, parentheses or quotes in
 * it), a "string" (\" and \\ stand for the quote and the backslash) or a
 * [list], which may nest and hold strings, and whose text is kept verbatim.
 * Blanks around a value do not belong to it.  An identifier with a '=' behind
 * it is an option; a word like that must be quoted to be a value.
 */
struct call_arg {
	char *key;   /* of an option; NULL: a plain value */
	char *text;  /* verbatim; of a string what is between its quotes */
	bool quoted; /* was a "string" */
};

struct call {
	char *name;
	struct {
		size_t n, cap;
		struct call_arg *v;
	} arg; /* in the order of the text */
};

/*
 * call_parse(text, c, e):
 * Take ${text} apart.  -1 with EX_DATAERR and a message without a place; ${c}
 * is then empty.
 */
int call_parse(const char *text, struct call *c, struct err *e);

/*
 * call_split(text, c, e):
 * Likewise the values of one [list]: ${c->name} is NULL then.
 */
int call_split(const char *text, struct call *c, struct err *e);

void call_free(struct call *c);

#endif
