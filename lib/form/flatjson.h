#ifndef FORM_FLATJSON_H
#define FORM_FLATJSON_H

#include <stdbool.h>

struct err;

/*
 * One JSON object (RFC 8259), read pair by pair and in place: the text is
 * changed, keys and values are pointers into it.  A number keeps its
 * spelling, which a parser that makes doubles of them cannot promise.
 */
struct flatjson {
	bool started;
	char *p;
	char sign; /* what was at ${p}: a value's NUL may be there now */
};

/* flatjson_open(j, text): Begin with the string ${text}. */
void flatjson_open(struct flatjson *j, char *text);

/*
 * flatjson_next(j, key, value, e):
 * 1 and a pair; 0 at the object's end, with nothing but blanks after it; -1,
 * EX_DATAERR, with a message without a place.  A string is unescaped; null
 * is NULL; numbers, true and false are their texts; so are arrays and
 * objects, of which only brackets and strings are checked, up to 64 deep.  A
 * surrogate without its other half becomes U+FFFD.
 */
int flatjson_next(struct flatjson *j, const char **key, const char **value,
    struct err *e);

#endif
