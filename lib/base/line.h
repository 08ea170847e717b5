#ifndef BASE_LINE_H
#define BASE_LINE_H

#include <stdbool.h>

#include "base/str.h"

/*
 * The lines of a descriptor, as they come.  Zero one and set ${fd}; nothing
 * beyond a line is waited for, and a second descriptor can end the wait.
 */
struct line {
	int fd;
	struct str buf;
	size_t start; /* of what has not been given out */
	bool eof;
};

enum { LINE_END, LINE_NEXT, LINE_WOKEN };

/*
 * line_next(l, wake, text, e):
 * LINE_NEXT with the next line in *${text}, without its newline, ours until
 * the next call; LINE_END: there is none; LINE_WOKEN: ${wake} (not below 0)
 * has become readable before a line was whole; -1.
 */
int line_next(struct line *l, int wake, char **text, struct err *e);

void line_free(struct line *l);

#endif
