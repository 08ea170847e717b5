#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "form/campaign.h"
#include "queue/scan.h"
#include "queue/tally.h"

/* How many ids of a segment are below the budget, if it has been lowered. */
static uint32_t
of_budget(uint32_t segment, uint32_t trials)
{
	uint32_t first = segment * NAME_SEGMENT;

	if (trials <= first)
		return 0;

	return trials - first < NAME_SEGMENT ? trials - first : NAME_SEGMENT;
}

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
	for (i = 0; i < scan.sealed.n; i++)
		below += of_budget(scan.sealed.v[i], c->trials);
	t->sealed = (uint32_t)scan.sealed.n * NAME_SEGMENT;
	t->unborn = c->trials - below;
	scan_free(&scan);

	return 0;
}

int
tally_split(const struct queue *q, struct tally *t, struct err *e)
{
	struct segments s = { 0, 0, NULL };
	size_t i;
	int bad = segments_list(q, &s, e);

	for (i = 0; i < s.n && !bad; i++)
		bad = segment_count(q, s.v[i], &t->count[STATE_DONE],
		    &t->count[STATE_FAILED], e);
	segments_free(&s);
	t->sealed = 0;

	return bad;
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
	    t->count[STATE_CLOSED] + t->sealed;
}

bool
tally_finished(const struct tally *t)
{
	return tally_waiting(t) == 0 && t->count[STATE_HELD] == 0 &&
	    t->count[STATE_RUNNING] == 0;
}

void
tally_text(const struct tally *t, struct str *b)
{
	size_t i;

	str_addf(b, "trials\t%u\nunborn\t%u\n", t->trials, t->unborn);
	for (i = 0; i <= STATE_FAILED; i++)
		str_addf(b, "%s\t%u\n", name_state((enum state)i),
		    t->count[i] +
			(i == STATE_FAILED ? t->count[STATE_CLOSED] : 0));
	str_addf(b, "workers\t%u\n", t->workers);
}
