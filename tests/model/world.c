#include <string.h>

#include "world.h"

#include "actor.h"
#include "disk.h"
#include "lease.h"

static void
mark(struct state *s, int target)
{
	s->target[target / 8] |= (uint8_t)(1 << target % 8);
}

/* A trial as PAST has left it, in a state by its letter. */
static void
begin_trial(struct state *s, int id, char how)
{
	int o = s->births, place = place_ready(id, 0), status = NONE;

	if (how == '-')
		return;
	s->births++;
	s->names[o] = (uint8_t)id;
	s->where[o] = AT_HOME;
	s->home[id] = (uint8_t)(o + 1);
	mark(s, TO_HOME + id);
	switch (how) {
	case 'n':
		s->place[o] = IN_HOME;
		return;
	case 'd':
		place = place_ended(DONE, id, 0, PAST);
		status = OK;
		s->counted[id] = (uint8_t)place;
		break;
	case 'f':
		place = place_ended(FAILED, id, 0, PAST);
		status = FAIL;
		break;
	case 'h':
		place = place_held(id, 1);
		status = FAIL;
		break;
	default:
		break;
	}
	s->result[id][0][PAST] = (uint8_t)status;
	mark(s, place_ready(id, 0));
	mark(s, place);
	s->place[o] = (uint8_t)place;
}

void
world_begin(const struct config *c, struct state *s)
{
	static const char letters[] = "-SWDCR";
	int i;

	memset(s, 0, sizeof *s);
	s->per = c->per;
	s->crash = c->crash;
	s->lie = c->lie;
	s->eio = c->eio;
	s->late = c->late;
	s->wrong = c->wrong;
	s->stale = c->stale;
	s->handle = c->handle;
	s->power = c->power;
	s->user = c->user;
	s->fail = c->fail;
	s->ticks = c->ticks;
	s->suspends = c->suspends;
	for (i = 0; i < IDS; i++)
		if (c->start[i] != '-')
			s->trials[state_segment(s, i)] = DIRECTORY;
	for (i = 0; i < SEGMENTS; i++)
		s->ready[i] = s->trials[i];
	for (i = 0; i < IDS; i++)
		begin_trial(s, i, c->start[i]);
	for (i = 0; c->actors[i] != '\0'; i++)
		actor_enter(s, &s->actor[i],
		    (enum actor_type)(strchr(letters, c->actors[i]) - letters));
}

static int
actors(const struct config *c)
{
	return (int)strlen(c->actors);
}

enum { ARRIVAL, POWER_CUT, TICK, SUSPEND, EVENTS };

int
world_moves(const struct config *c)
{
	return 3 * actors(c) + EVENTS;
}

static bool
crash(struct run *r, struct state *s, struct actor *x)
{
	char name[NAME] = "of a sampler, collector or reader";

	if (s->crash == 0 || x->type == NOBODY || x->pc == 0)
		return false;
	s->crash--;
	r->action = actor_action(x);
	r->fault = FAULT_KILL;
	if (x->type == WORKER || x->type == DISPATCH)
		run_writer(r, x->who, name);
	run_say(r, "kill %s", name);
	actor_dies(s, x);

	return true;
}

static bool
power_cut(struct run *r, struct state *s)
{
	int i;

	if (s->power == 0 || s->nunsynced == 0)
		return false;
	/* It counts for what the first of those was about who were at work. */
	for (i = 0; i < ACTORS && s->actor[i].pc == 0;)
		i++;
	if (i < ACTORS)
		r->action = actor_action(&s->actor[i]);
	r->fault = FAULT_POWER;
	disk_power_cut(r, s);
	s->power--;
	for (i = 0; i < ACTORS; i++)
		if (s->actor[i].type != NOBODY)
			actor_dies(s, &s->actor[i]);

	return true;
}

static bool
event(struct run *r, struct state *s, int k)
{
	switch (k) {
	case ARRIVAL:
		if (s->pending.kind == OP_NONE)
			return false;
		disk_arrives(r, s);
		return true;
	case POWER_CUT:
		return power_cut(r, s);
	case TICK:
		return lease_tick(r, s);
	default:
		return lease_suspend(r, s);
	}
}

/* Where there is time a worker beats, then acts: one that does not is stopped,
 * and what it does when it wakes is behind its next beat. */
static bool
may_act(const struct run *r, const struct state *s, const struct actor *x)
{
	return x->type != WORKER || r->c->ticks == 0 || r->after ||
	    s->beaten[x->who] || !s->running[x->who];
}

bool
world_move(struct run *r, struct state *s, int k)
{
	int n = actors(r->c);

	if (k < n)
		return may_act(r, s, &s->actor[k]) && actor_step(r, s, k);
	if (k < 2 * n)
		return crash(r, s, &s->actor[k - n]);
	if (k < 3 * n)
		return s->actor[k - 2 * n].type == WORKER &&
		    lease_beat(r, s, s->actor[k - 2 * n].who);

	return event(r, s, k - 3 * n);
}
