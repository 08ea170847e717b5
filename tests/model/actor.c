#include <string.h>

#include "actor.h"

static const struct step *
steps_of(int type)
{
	switch (type) {
	case SAMPLER:
		return sampler_steps;
	case WORKER:
		return worker_steps;
	case DISPATCH:
		return dispatch_steps;
	case COLLECTOR:
		return collector_steps;
	case READER:
		return reader_steps;
	default:
		return NULL;
	}
}

static const char *
name_of(int type)
{
	static const char *const names[] = { "nobody", "sampler", "worker",
		"dispatcher", "collector", "reader" };

	return names[type];
}

enum action
actor_action(const struct actor *x)
{
	const struct step *steps = steps_of(x->type);

	return steps == NULL ? ACT_LOOK : steps[x->pc].action;
}

bool
actor_step(struct run *r, struct state *s, int i)
{
	struct actor *x = &s->actor[i];
	const struct step *steps = steps_of(x->type);
	char name[NAME];

	if (steps == NULL)
		return false;
	r->action = steps[x->pc].action;
	if (x->type == WORKER || x->type == DISPATCH)
		run_say(r, "%s %s: ", name_of(x->type),
		    run_writer(r, x->who, name));
	else
		run_say(r, "%s %d: ", name_of(x->type), i);

	return steps[x->pc].go(r, s, x);
}

int
actor_number(const struct state *s, const struct actor *x)
{
	return (int)(x - s->actor) + 1;
}

void
actor_enter(struct state *s, struct actor *x, enum actor_type type)
{
	memset(x, 0, sizeof *x);
	if (type == WORKER) {
		if (s->workers == FRESH_WORKER)
			return;
		x->who = s->workers++;
		s->running[x->who] = 1;
	} else if (type == DISPATCH) {
		if (s->dispatchers == PAST - DISPATCHER)
			return;
		x->who = (uint8_t)(DISPATCHER + s->dispatchers++);
	}
	x->type = (uint8_t)type;
}

void
actor_leave(struct state *s, struct actor *x)
{
	int i;

	for (i = 0; i < s->births; i++)
		if (s->owner[i] == actor_number(s, x))
			s->owner[i] = 0;
	for (i = 0; i < TARS; i++)
		if (s->tar[i].owner == actor_number(s, x))
			s->tar[i].owner = 0;
	memset(x, 0, sizeof *x);
}

void
actor_dies(struct state *s, struct actor *x)
{
	enum actor_type type = x->type;

	actor_leave(s, x);
	actor_enter(s, x, type);
}

bool
actor_rest(struct actor *x)
{
	struct actor new = { .type = x->type, .who = x->who, .done = x->done };

	*x = new;

	return true;
}

bool
actor_is_alive(const struct state *s, int worker)
{
	int i;

	for (i = 0; i < ACTORS; i++)
		if (s->actor[i].type == WORKER && s->actor[i].who == worker)
			return true;

	return false;
}

/* Of several results for a serial: the worker's, a canceller's, a reaper's. */
static int
status_of(const struct state *s, int id, int serial)
{
	int w, status, known = NONE;

	for (w = 0; w < WRITERS; w++) {
		status = s->result[id][serial][w];
		if (status == NONE || status == TORN)
			continue;
		if (known == NONE || known == LOST ||
		    (known == CANCELLED && status != LOST))
			known = status;
	}

	return known;
}

int
next_place(const struct run *r, const struct state *s, struct next n, bool hold)
{
	int a, earlier = 0, to = n.serial + 1;

	if (n.status == OK)
		return place_ended(DONE, n.id, n.serial, n.writer);
	for (a = 0; a < n.serial; a++)
		earlier += status_of(s, n.id, a) == n.status;
	/* The model ends where the serials do. */
	if (n.status == CANCELLED || earlier >= r->c->retries || to == SERIALS)
		return place_ended(FAILED, n.id, n.serial, n.writer);
	if (s->asked[n.id] == n.serial + 1)
		return place_ended(FAILED, n.id, n.serial, n.writer);

	return n.status == FAIL && hold ? place_held(n.id, to)
					: place_ready(n.id, to);
}
