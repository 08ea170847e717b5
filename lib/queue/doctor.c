#include <stdlib.h>

#include "base/err.h"
#include "form/campaign.h"
#include "queue/attempt.h"
#include "queue/backend.h"
#include "queue/disk.h"
#include "queue/doctor.h"
#include "queue/pool.h"
#include "queue/tally.h"

static void
check_command(const struct doctor *d, struct exam *x)
{
	struct err e = ERR_NONE;

	exam_begin(x, "command");
	if (attempt_check(d->q, d->c, d->bindir, &e) < 0)
		exam_find(x, "correct the command in campaign.ini", "%s",
		    e.msg);
	else
		exam_ok(x, "is there and executable");
}

static void
check_parallel(struct exam *x)
{
	struct err e = ERR_NONE;
	struct str path = STR_EMPTY;

	exam_begin(x, "parallel");
	if (pool_find(&path, &e) < 0)
		exam_find(x, "apt install parallel", "%s", e.msg);
	else
		exam_ok(x, "GNU parallel is there");
	str_free(&path);
}

static void
check_backend(const struct doctor *d, struct exam *x)
{
	struct backend_limits l = { 0, STR_EMPTY };
	struct str text = STR_EMPTY;
	struct err e = ERR_NONE;

	exam_begin(x, "jobs");
	if (backend_limits(d->b, &text, &e) < 0 ||
	    backend_read_limits(d->b, str_text(&text), &l, &e) < 0) {
		exam_find(x,
		    e.code == EX_UNAVAILABLE
			? "log in where jobs are submitted, or correct the PATH"
			: "try again when it answers",
		    "%s", e.msg);
	} else {
		exam_value(x, l.array, "jobs");
		exam_ok(x, "%s answers; so many may be submitted at once",
		    d->b->name);
	}
	str_free(&l.exports);
	str_free(&text);
}

/* How many trials are still to end; at most all. */
static uint32_t
remaining(const struct doctor *d)
{
	struct err e = ERR_NONE;
	struct tally t;
	uint32_t ended;

	if (tally_take(d->q, d->c, &t, &e) < 0)
		return d->c->trials;
	ended = tally_ended(&t);

	return ended < d->c->trials ? d->c->trials - ended : 0;
}

int
doctor_check(const struct doctor *d, struct err *e)
{
	struct exam x;
	bool runs = d->b == NULL;
	int n, findings = 0;

	if (d->b == NULL || d->b->fleet->setup == NULL) {
		check_command(d, &x);
		runs = runs && x.status != EXAM_FINDING;
		findings += x.status == EXAM_FINDING;
		d->tell(d->cookie, &x);
	}
	if (d->b == NULL)
		check_parallel(&x);
	else
		check_backend(d, &x);
	findings += x.status == EXAM_FINDING;
	d->tell(d->cookie, &x);
	n = disk_examine(d->q, remaining(d), d->tell, d->cookie, e);
	if (n < 0)
		return -1;
	findings += n;
	if (runs) {
		doctor_trial(d, &x);
		findings += x.status == EXAM_FINDING;
		d->tell(d->cookie, &x);
	}

	return findings;
}
