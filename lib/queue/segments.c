#include <stdlib.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "queue/segments.h"

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int
segments_list(const struct queue *q, struct segments *s, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	uint32_t segment;
	size_t i;
	int bad;

	s->n = 0;
	bad = queue_list(q, "segments", &names, e);
	for (i = 0; !bad && i < names.n; i++)
		if (name_parse_segment(names.v[i], &segment) == 0)
			*arr_push(s) = segment;
	fs_free(&names);
	if (s->n > 1)
		qsort(s->v, s->n, sizeof *s->v, ascending);

	return bad;
}

bool
segments_has(const struct segments *s, uint32_t segment)
{
	return s->n > 0 &&
	    bsearch(&segment, s->v, s->n, sizeof *s->v, ascending) != NULL;
}

void
segments_free(struct segments *s)
{
	arr_free(s);
}
