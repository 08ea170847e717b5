#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * A growable string.  Zeroed, it is empty and owns nothing; ${s} is NULL
 * until the first byte, str_text() never is.  There is always a NUL behind
 * the ${n} bytes once ${s} is set.
 */
struct str {
	size_t n, cap;
	char *s;
};

#define STR_EMPTY                                                              \
	{                                                                      \
		0, 0, NULL                                                     \
	}

void str_add(struct str *b, const char *text);
void str_addn(struct str *b, const char *p, size_t n);
void str_addc(struct str *b, char c);
void str_addf(struct str *b, const char *fmt, ...) ERR_PRINTF(2, 3);

/* str_quote(b, text): Append it as one word for sh, 'text'. */
void str_quote(struct str *b, const char *text);

/* str_room(b, n): ${n} writable bytes behind the end; str_grew() takes k. */
char *str_room(struct str *b, size_t n);
void str_grew(struct str *b, size_t k);

/* str_cut(b, n): Shorten to ${n} bytes, keeping the storage. */
void str_cut(struct str *b, size_t n);

/* str_text(b): The bytes as a string, "" if there are none. */
const char *str_text(const struct str *b);

/* str_take(b): The string, now the caller's to free; ${b} is empty again. */
char *str_take(struct str *b);

void str_free(struct str *b);

/* str_trim(s): Cut blanks off both ends in place; returns the new start. */
char *str_trim(char *s);

bool str_eq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);

/* str_is_ident(s): Is it [A-Za-z_][A-Za-z0-9_]*? */
bool str_is_ident(const char *s);

/*
 * str_nearest(word, list, n):
 * The entry of ${list} closest to ${word} by edit distance (insert, delete,
 * replace, swap of neighbours count 1 each), or NULL if none is within a
 * third of the word's length (at least 1): what "did you mean" names.
 */
const char *str_nearest(const char *word, const char *const *list, size_t n);

#endif
