#include <string.h>

#include "world.h"

#include "actor.h"
#include "disk.h"

enum { ROUNDS = 40, STEPS = 200 };

/* Nothing more goes wrong, and nobody wants anything. */
static void
calm(struct state *s, bool living)
{
	int i, o;

	s->crash = s->lie = s->eio = s->late = s->wrong = s->stale = 0;
	s->handle = s->power = s->user = s->fail = 0;
	s->ticks = s->suspends = 0;
	memset(&s->pending, 0, sizeof s->pending);
	memset(s->unsynced, 0, sizeof s->unsynced);
	s->nunsynced = 0;
	if (living)
		return;
	for (i = 0; i < ACTORS; i++)
		actor_leave(s, &s->actor[i]);
	for (i = 0; i < SEGMENTS; i++)
		s->moved[i] = 0;
	for (o = 0; o < s->births; o++)
		if (s->where[o] == ASIDE) {
			s->where[o] = GONE;
			if (s->place[o] == IN_HOME)
				s->place[o] = NOWHERE;
		}
}

/* Fresh programs behind those that are there. */
static void
refresh(struct state *s, int first)
{
	static const uint8_t types[] = { DISPATCH, SAMPLER, WORKER, COLLECTOR };
	size_t i;

	for (i = 0; i < sizeof types; i++) {
		struct actor *x = &s->actor[first + (int)i];

		memset(x, 0, sizeof *x);
		x->type = types[i];
		x->who = x->type == WORKER ? FRESH_WORKER
		    : x->type == DISPATCH  ? FRESH_DISPATCHER
					   : 0;
	}
	s->running[FRESH_WORKER] = 1;
}

/* One process takes steps until it has nothing in hand, or cannot. */
static void
work(struct run *r, struct state *s, int i)
{
	int n;

	for (n = 0; n < STEPS && r->broken == 0; n++) {
		if (!world_move(r, s, i))
			return;
		if (s->actor[i].pc == 0)
			return;
	}
}

/* Every process in its turn; has the directory changed? */
static bool
round_of(struct run *r, struct state *s, int first, int n)
{
	const size_t rest = offsetof(struct state, actor);
	struct state before = *s;
	int i, times;

	for (i = 0; i < n && r->broken == 0; i++) {
		if (i == first + 1)
			s->actor[i].done = 0; /* another sampler */
		for (times = 0; times < 8 && r->broken == 0; times++)
			work(r, s, i);
	}
	check_state(r, s);

	return memcmp(&before, s, rest) != 0;
}

static void
check_rest(struct run *r, const struct state *s, bool living)
{
	int i, o;

	for (i = 0; i < state_segments(s); i++) {
		if (!state_is_sealed(s, i))
			run_break(r, 6, "the campaign does not end");
		else if (s->trials[i] == DIRECTORY)
			run_break(r, 6, "trials/%d stays for ever", i);
		else if (run_obeys(r, TOMBSTONE) && s->ready[i] != REGULAR)
			run_break(r, 6, "ready/%d never becomes a file", i);
	}
	for (o = 0; o < s->births; o++) {
		if (s->place[o] >= READY)
			run_break(r, 6, "a token stays for ever");
		if (s->where[o] == IN_TMP && !living)
			run_break(r, 6, "tmp/t%d stays for ever", o);
	}
	for (i = 0; i < TARS && !living; i++)
		if (s->tar[i].where != TAR_NONE)
			run_break(r, 6, "tmp/C.%d stays for ever", i);
	for (i = 0; i < IDS; i++)
		if (s->asked[i])
			run_break(r, 6, "control/cancel.%d stays for ever", i);
	for (i = 0; i < WORKERS; i++)
		if (s->running[i] && !actor_is_alive(s, i))
			run_break(r, 6, "running/W%d stays for ever", i);
}

void
check_recovery(struct run *r, const struct state *s, bool living)
{
	struct config c = *r->c;
	struct run later;
	struct state t = *s;
	int i, first = living ? (int)strlen(c.actors) : 0, n = first + 4;
	/* A move of the i-th process, for so many. */
	static const char who[] = "SSSSSSSSS";
	bool changed = true;

	later.c = &c;
	later.n = 0;
	later.plain = later.after = true;
	later.telling = r->telling;
	c.actors = who + sizeof who - 1 - n;
	calm(&t, living);
	refresh(&t, first);
	run_begin(&later);
	for (i = 0; i < ROUNDS && changed && later.broken == 0; i++)
		changed = round_of(&later, &t, first, n);
	if (later.broken == 0 && changed)
		run_break(&later, 10, "fresh programs never come to rest");
	if (later.broken == 0)
		check_rest(&later, &t, living);
	if (later.broken != 0)
		run_break(r, later.broken == 10 ? 10 : 6, "%s: %s",
		    living ? "those who live go on"
			   : "all die here, and others come",
		    later.why);
}
