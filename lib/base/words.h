#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stddef.h>

/* Words of a command line in the making; zeroed, there are none. */
struct words {
	size_t n, cap;
	char **v;
};

/* words_push(w, text): Append a copy. */
void words_push(struct words *w, const char *text);

/* words_done(w): The NULL-terminated array for execve(2), still ${w}'s. */
char **words_done(struct words *w);

void words_free(struct words *w);

#endif
