#include <errno.h>
#include <stdlib.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "queue/finish.h"
#include "queue/history.h"

/* Does a result by a worker, or by the canceller, outrank the one known? */
static bool
outranks(enum status new, enum status known)
{
	if (known == STATUS_LOST)
		return true;

	return known == STATUS_CANCELLED && new != STATUS_LOST;
}

static void
take(struct history *h, const struct result *r)
{
	struct history_entry *x;
	size_t i = 0;

	while (i < h->n && h->v[i].attempt != r->attempt)
		i++;
	if (i < h->n && !outranks(r->status, h->v[i].status))
		return;
	x = i < h->n ? &h->v[i] : arr_push(h);
	x->attempt = r->attempt;
	x->status = r->status;
	x->seconds = r->started[0] != '\0' ? r->seconds : -1;
	x->whole = str_eq(r->cause, FINISH_WHOLE_WALLTIME);
	if (!result_word(x->node, sizeof x->node, r->job.node))
		result_word(x->node, sizeof x->node, r->host);
}

static int
oldest_first(const void *a, const void *b)
{
	const struct history_entry *x = a, *y = b;

	return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

int
history_read(const struct queue *q, uint32_t id, unsigned below,
    struct history *h, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str home = STR_EMPTY;
	char by[NAME_WRITER];
	struct result r;
	unsigned a;
	size_t i;
	int bad;

	h->n = 0;
	if (below == 0)
		return 0;
	bad = queue_list(q, name_home(id, &home), &names, e);
	for (i = 0; !bad && i < names.n; i++) {
		if (name_parse_result(names.v[i], &a, by) < 0 || a >= below)
			continue;
		if (finish_read(q, id, a, by, &r, e) < 0) {
			bad = e->sys != 0 && e->sys != ENOENT ? -1 : 0;
			if (!bad)
				err_clear(e); /* not whole: it counts nothing */
			continue;
		}
		take(h, &r);
		result_free(&r);
	}
	if (h->n > 1)
		qsort(h->v, h->n, sizeof *h->v, oldest_first);
	fs_free(&names);
	str_free(&home);

	return bad;
}

void
history_format(const struct history *h, struct str *b)
{
	size_t i;

	for (i = 0; i < h->n; i++) {
		str_addf(b, "%s%s@%s:", i > 0 ? " " : "",
		    status_name(h->v[i].status), h->v[i].node);
		if (h->v[i].seconds >= 0)
			str_addf(b, "%.3f", h->v[i].seconds);
	}
}

unsigned
history_wholes(const struct history *h)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < h->n; i++)
		n += h->v[i].whole;

	return n;
}

void
history_free(struct history *h)
{
	arr_free(h);
}
