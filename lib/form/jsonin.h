#ifndef FORM_JSONIN_H
#define FORM_JSONIN_H

#include <stdbool.h>

struct err;

/*
 * JSON in, through jansson.  What goes out is written by us, as values are
 * verbatim texts.
 */

/* A member of an object; ${text} is NULL for null.  -1 stops the reading. */
typedef int (*jsonin_fn)(void *cookie, const char *name, const char *text,
    struct err *e);

/*
 * jsonin_object(line, fn, cookie, e):
 * Read one object and call ${fn} for each member, in order, with its value
 * as a text: a string's own, an integer's digits, the shortest text of any
 * other number, "true", "false", an array as compact JSON.  -1 with EX_DATAERR
 * and a message without a place if ${line} is not one object, names a member
 * twice, or holds an object as a value, or with what ${fn} said.
 */
int jsonin_object(const char *line, jsonin_fn fn, void *cookie, struct err *e);

/* jsonin_same(a, b): Are both the text of the same JSON array? */
bool jsonin_same(const char *a, const char *b);

#endif
