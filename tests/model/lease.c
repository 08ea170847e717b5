#include <string.h>

#include "lease.h"

#include "actor.h"
#include "disk.h"

enum { LEASE = 3, LOOKS = 3 };

static int
least(int a, int b)
{
	return a < b ? a : b;
}

bool
lease_is_over(const struct state *s, int worker)
{
	return s->seen[worker].looks >= LOOKS && s->seen[worker].same >= LEASE;
}

bool
lease_is_empty(const struct state *s, int worker)
{
	return !s->seen[worker].changed &&
	    s->seen[worker].empty_looks >= LOOKS &&
	    s->seen[worker].empty >= LEASE;
}

static bool
is_empty(const struct state *s, int worker)
{
	int id, a;

	for (id = 0; id < IDS; id++)
		for (a = 0; a < SERIALS; a++)
			if (state_at(s, place_running(worker, id, a)))
				return false;

	return true;
}

void
lease_look(struct run *r, struct state *s, int worker)
{
	struct sighting *v = &s->seen[worker];
	int gap = v->gap, cap = run_obeys(r, CAP_GAPS) ? 1 : LEASE;

	if (v->changed || v->looks == 0) {
		v->same = 0;
		v->looks = 1;
		s->missed[worker] = 0;
	} else {
		v->same = (uint8_t)least(v->same + least(gap, cap), LEASE);
		v->looks = (uint8_t)least(v->looks + 1, LOOKS);
	}
	v->changed = 0;
	v->gap = 0;
	if (!lease_is_over(s, worker) || !is_empty(s, worker)) {
		v->empty_looks = v->empty = 0;
	} else if (v->empty_looks == 0) {
		v->empty_looks = 1;
	} else {
		v->empty = (uint8_t)least(v->empty + least(gap, cap), LEASE);
		v->empty_looks = (uint8_t)least(v->empty_looks + 1, LOOKS);
	}
	run_say(r, "looks at W%d: %d looks, still for %d", worker, v->looks,
	    v->same);
}

bool
lease_beat(struct run *r, struct state *s, int worker)
{
	if (r->c->ticks == 0 || s->beaten[worker] ||
	    !actor_is_alive(s, worker) || !s->running[worker])
		return false;
	s->beaten[worker] = 1;
	s->seen[worker].changed = 1;
	run_say(r, "W%d beats", worker);

	return true;
}

static void
pass(struct state *s, int units)
{
	int w;

	for (w = 0; w < WORKERS; w++)
		if (s->running[w])
			s->seen[w].gap =
			    (uint8_t)least(s->seen[w].gap + units, LEASE);
}

bool
lease_tick(struct run *r, struct state *s)
{
	int w, stopped = 0;

	for (w = 0; w < WORKERS; w++)
		stopped +=
		    s->running[w] && actor_is_alive(s, w) && !s->beaten[w];
	if (s->ticks == 0 || stopped > s->wrong)
		return false;
	s->ticks--;
	s->wrong -= (uint8_t)stopped;
	for (w = 0; w < WORKERS; w++) {
		if (s->running[w] && actor_is_alive(s, w) && !s->beaten[w])
			s->missed[w] = 1;
		s->beaten[w] = 0;
	}
	if (stopped > 0)
		r->fault = FAULT_WRONG;
	pass(s, 1);
	disk_ages(s);
	run_say(r, "a third of a lease passes%s",
	    stopped > 0 ? "; a worker is stopped" : "");

	return true;
}

bool
lease_suspend(struct run *r, struct state *s)
{
	int w;

	if (s->suspends == 0)
		return false;
	for (w = 0; w < WORKERS; w++)
		if (s->running[w] && actor_is_alive(s, w) && !s->beaten[w])
			return false;
	memset(s->beaten, 0, sizeof s->beaten);
	s->suspends--;
	pass(s, LEASE);
	run_say(r, "everything is suspended for a lease");

	return true;
}
