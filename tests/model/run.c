#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "run.h"

void
run_begin(struct run *r)
{
	r->at = 0;
	r->text[0] = '\0';
	r->action = ACT_LOOK;
	r->fault = FAULT_NONE;
	r->broken = 0;
}

int
run_choose(struct run *r, int n)
{
	if (n <= 1 || r->plain)
		return 0;
	if (r->at == r->n) {
		assert(r->n < CHOICES);
		r->choice[r->n] = 0;
		r->width[r->n] = n;
		r->n++;
	}

	return r->choice[r->at++];
}

bool
run_again(struct run *r)
{
	while (r->n > 0 && r->choice[r->n - 1] + 1 >= r->width[r->n - 1])
		r->n--;
	if (r->n == 0)
		return false;
	r->choice[r->n - 1]++;

	return true;
}

void
run_say(struct run *r, const char *fmt, ...)
{
	size_t n;
	va_list ap;

	if (!r->telling)
		return;
	n = strlen(r->text);
	va_start(ap, fmt);
	vsnprintf(r->text + n, sizeof r->text - n, fmt, ap);
	va_end(ap);
}

void
run_break(struct run *r, int number, const char *fmt, ...)
{
	va_list ap;

	if (r->broken != 0)
		return;
	r->broken = number;
	r->why[0] = '\0';
	if (!r->telling)
		return;
	va_start(ap, fmt);
	vsnprintf(r->why, sizeof r->why, fmt, ap);
	va_end(ap);
}

bool
run_obeys(const struct run *r, enum rule rule)
{
	return (r->c->without & (unsigned)rule) == 0;
}

bool
run_misses(struct run *r, struct state *s)
{
	if (s->stale == 0 || run_choose(r, 2) == 0)
		return false;
	s->stale--;
	r->fault = FAULT_STALE;
	run_say(r, "(stale) ");

	return true;
}

const char *
run_action(enum action action)
{
	static const char *const names[ACTIONS] = { "new", "settle", "claim",
		"result", "next", "reclaim", "hold", "release", "cancel",
		"retry", "seal", "sweep", "run", "collect", "look" };

	return names[action];
}

const char *
run_fault(enum fault fault)
{
	static const char *const names[FAULTS] = { "none", "lost reply", "EIO",
		"EIO, but done", "sent twice", "done later", "kill",
		"wrong verdict", "stale listing", "stale handle", "power cut" };

	return names[fault];
}

const char *
run_status(int status)
{
	static const char *const names[] = { "none", "ok", "failed", "lost",
		"cancelled", "torn" };

	return names[status];
}

const char *
run_writer(const struct run *r, int writer, char buf[NAME])
{
	buf[0] = '\0';
	if (!r->telling)
		return buf;
	if (writer < WORKERS)
		snprintf(buf, NAME, "W%d", writer);
	else
		snprintf(buf, NAME, writer == PAST ? "P" : "D%d", writer);

	return buf;
}

const char *
run_place(const struct run *r, int place, int id, const struct state *s,
    char buf[NAME])
{
	char by[NAME];
	const char *dir = "ready";

	buf[0] = '\0';
	if (!r->telling)
		return buf;
	if (place == NOWHERE)
		snprintf(buf, NAME, "nowhere");
	else if (place == IN_HOME)
		snprintf(buf, NAME, "trials/%d/%d/token", state_segment(s, id),
		    id);
	else if (place >= DONE) {
		dir = place < FAILED ? "done"
		    : place < CLOSED ? "failed"
				     : "closed";
		snprintf(buf, NAME, "%s/%d/%d.%d.%.4s", dir,
		    state_segment(s, place_id(place)), place_id(place),
		    place_serial(place),
		    run_writer(r, place_writer(place), by));
	} else if (place >= RUNNING) {
		snprintf(buf, NAME, "running/W%d/%d.%d", place_worker(place),
		    place_id(place), place_serial(place));
	} else {
		if (place >= HELD)
			dir = "held";
		snprintf(buf, NAME, "%s/%d/%d.%d", dir,
		    state_segment(s, place_id(place)), place_id(place),
		    place_serial(place));
	}

	return buf;
}
