#include "state.h"

int
place_ready(int id, int serial)
{
	return READY + id * SERIALS + serial;
}

int
place_held(int id, int serial)
{
	return HELD + id * SERIALS + serial;
}

int
place_running(int worker, int id, int serial)
{
	return RUNNING + (worker * IDS + id) * SERIALS + serial;
}

int
place_ended(int base, int id, int serial, int writer)
{
	return base + (id * SERIALS + serial) * WRITERS + writer;
}

/* ID * SERIALS + A of a place. */
static int
number(int place)
{
	if (place >= DONE)
		return (place - DONE) / WRITERS % (IDS * SERIALS);
	if (place >= RUNNING)
		return (place - RUNNING) % (IDS * SERIALS);
	if (place >= HELD)
		return place - HELD;

	return place - READY;
}

int
place_id(int place)
{
	return number(place) / SERIALS;
}

int
place_serial(int place)
{
	return number(place) % SERIALS;
}

int
place_writer(int place)
{
	return (place - DONE) % WRITERS;
}

int
place_worker(int place)
{
	return (place - RUNNING) / (IDS * SERIALS);
}

bool
place_is_live(int place)
{
	return place >= READY && place < DONE;
}

int
state_segments(const struct state *s)
{
	return IDS / s->per;
}

int
state_segment(const struct state *s, int id)
{
	return id / s->per;
}

int
state_at(const struct state *s, int place)
{
	int o;

	for (o = 0; o < s->births; o++)
		if (s->place[o] == place)
			return o + 1;

	return 0;
}

int
state_home(const struct state *s, int id)
{
	return s->trials[state_segment(s, id)] == DIRECTORY ? s->home[id] : 0;
}

int
state_new(const struct state *s, int id)
{
	int o = state_home(s, id);

	return o != 0 && o != BOGUS && s->place[o - 1] == IN_HOME ? o : 0;
}

int
state_ended(const struct state *s, int base, int id)
{
	int o, end = base + IDS * SERIALS * WRITERS;

	for (o = 0; o < s->births; o++)
		if (s->place[o] >= base && s->place[o] < end &&
		    place_id(s->place[o]) == id)
			return s->place[o];

	return 0;
}

bool
state_is_sealed(const struct state *s, int segment)
{
	return s->sealed[segment].where == TAR_PUBLISHED;
}

bool
state_holds(const struct state *s, int id, int birth)
{
	int segment = state_segment(s, id);

	if (state_is_sealed(s, segment))
		return s->sealed[segment].birth[id] == birth + 1;

	return state_home(s, id) == birth + 1;
}

bool
state_is_target(const struct state *s, int target)
{
	return s->target[target / 8] >> target % 8 & 1;
}

size_t
state_size(int actors)
{
	return offsetof(struct state, actor) +
	    (size_t)actors * sizeof(struct actor);
}
