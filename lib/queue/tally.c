#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "form/campaign.h"
#include "queue/scan.h"
#include "queue/tally.h"

int
tally_take(const struct queue *q, const struct campaign *c, struct tally *t,
    struct err *e)
{
	struct fs_names workers = { 0, 0, NULL };
	struct scan scan;
	uint32_t below = 0;
	size_t i;

	memset(t, 0, sizeof *t);
	t->trials = c->trials;
	if (queue_list(q, "running", &workers, e) < 0 ||
	    scan_all(q, &scan, e) < 0) {
		fs_free(&workers);
		return -1;
	}
	t->workers = (unsigned)workers.n;
	fs_free(&workers);
	for (i = 0; i < STATE_COUNT; i++)
		t->count[i] = (uint32_t)scan.count[i];
	for (i = 0; i < scan.n; i++)
		below += scan.v[i].id < c->trials;
	t->unborn = c->trials - below;
	scan_free(&scan);

	return 0;
}

uint32_t
tally_waiting(const struct tally *t)
{
	return t->unborn + t->count[STATE_NEW] + t->count[STATE_READY];
}

uint32_t
tally_ended(const struct tally *t)
{
	return t->count[STATE_DONE] + t->count[STATE_FAILED] +
	    t->count[STATE_CLOSED];
}

bool
tally_finished(const struct tally *t)
{
	return tally_waiting(t) == 0 && t->count[STATE_HELD] == 0 &&
	    t->count[STATE_RUNNING] == 0;
}
