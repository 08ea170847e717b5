#include <string.h>

#include "world.h"

/* The invariants of a state, by their numbers in hpo-queue(7). */

/* How many tokens a trial has, and the last that waits or runs. */
static int
count_tokens(const struct state *s, int id, int *live)
{
	int o, n = 0;

	*live = 0;
	for (o = 0; o < s->births; o++) {
		int p = s->place[o];

		if (p < READY || place_id(p) != id)
			continue;
		n++;
		if (place_is_live(p))
			*live = p;
	}

	return n + (state_new(s, id) != 0);
}

static void
check_loose(struct run *r, const struct state *s, int id)
{
	int live, n = count_tokens(s, id, &live), home = state_home(s, id);

	if (home != 0 && n == 0)
		run_break(r, 1, "trial %d has no token", id);
	else if (n > 1)
		run_break(r, 1, "trial %d has %d tokens", id, n);
	else if (home == 0 && n > 0)
		run_break(r, 1, "there is a token of %d and no trial", id);
}

/* The token of what has ended says which result counts. */
static void
check_result(struct run *r, const struct state *s, int id)
{
	int place = state_ended(s, DONE, id), status;
	char name[NAME];

	if (place == 0)
		place = state_ended(s, FAILED, id);
	if (place == 0)
		place = state_ended(s, CLOSED, id);
	if (place == 0)
		return;
	status = s->result[id][place_serial(place)][place_writer(place)];
	run_place(r, place, id, s, name);
	if (status == NONE || status == TORN)
		run_break(r, 3, "%s without its result", name);
	else if ((place < FAILED) != (status == OK))
		run_break(r, 4, "%s, and its result is %s", name,
		    run_status(status));
}

static void
check_sealed(struct run *r, const struct state *s, int id)
{
	const struct tar *t = &s->sealed[state_segment(s, id)];
	int live;
	char name[NAME];

	count_tokens(s, id, &live);
	if (live != 0)
		run_break(r, 1, "trial %d is sealed, and %s is there", id,
		    run_place(r, live, id, s, name));
	else if (t->place[id] == 0)
		run_break(r, 1, "its segment lacks trial %d", id);
	else if (t->status[id] == TORN)
		run_break(r, 3, "a torn result of %d is sealed", id);
	else if (s->counted[id] != 0 &&
	    (t->place[id] != s->counted[id] || t->status[id] != OK))
		run_break(r, 4, "trial %d is done, its segment says %s", id,
		    run_place(r, t->place[id], id, s, name));
	else if (r->c->logs && t->status[id] == OK &&
	    place_writer(t->place[id]) < FRESH_WORKER && t->log[id] < LOG_WHOLE)
		run_break(r, 3, "the sealed log of %d is not whole", id);
}

static void
check_promises(struct run *r, const struct state *s, int id)
{
	const struct tar *t = &s->sealed[state_segment(s, id)];
	char name[NAME];

	if (s->said[id] == 0)
		return;
	if (state_is_sealed(s, state_segment(s, id))
		? t->place[id] != s->said[id]
		: !state_at(s, s->said[id]))
		run_break(r, 3, "%s was said, and is not there",
		    run_place(r, s->said[id], id, s, name));
}

/* Also below the trials/S of a sealed segment. */
static void
check_home(struct run *r, const struct state *s, int id)
{
	if (state_home(s, id) == BOGUS)
		run_break(r, 5, "trials/%d/%d has no trial.ini",
		    state_segment(s, id), id);
}

static void
check_files(struct run *r, const struct state *s, int id)
{
	int a, w, home = state_home(s, id);

	if (home != 0 && home != BOGUS && s->flags[home - 1] & UNFINISHED)
		run_break(r, 5, "the trial.ini of %d is not whole", id);
	for (a = 0; a < SERIALS; a++)
		for (w = 0; w < WRITERS; w++)
			if (s->result[id][a][w] == TORN)
				run_break(r, 5,
				    "a result of trial %d is not whole", id);
}

void
check_state(struct run *r, const struct state *s)
{
	int id, o;

	for (id = 0; id < IDS && r->broken == 0; id++) {
		if (state_is_sealed(s, state_segment(s, id))) {
			check_sealed(r, s, id);
		} else {
			check_loose(r, s, id);
			check_result(r, s, id);
			check_files(r, s, id);
		}
		check_home(r, s, id);
		check_promises(r, s, id);
	}
	for (o = 0; o < s->births && r->broken == 0; o++)
		if (s->flags[o] & REPORTED && !state_holds(s, s->names[o], o))
			run_break(r, 7, "trial %d was reported, and is lost",
			    s->names[o]);
}
