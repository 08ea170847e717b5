#include <stdlib.h>

#include "base/arr.h"
#include "base/words.h"

void
words_push(struct words *w, const char *text)
{
	*arr_push(w) = mem_dup(text);
}

char **
words_done(struct words *w)
{
	*arr_push(w) = NULL;
	w->n--;

	return w->v;
}

void
words_free(struct words *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		free(w->v[i]);
	arr_free(w);
}
