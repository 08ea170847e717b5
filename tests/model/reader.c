#include "actor.h"

/*
 * A reader: it lists the loose state, then the segments.  What had ended
 * well before it began it must see.  ${status} has a bit for each id that it
 * must see, ${to} for each that it has.
 */
enum { FIRST, SECOND, JUDGE };

static void
list_loose(struct run *r, const struct state *s, struct actor *x)
{
	int id;

	for (id = 0; id < IDS; id++)
		if (state_ended(s, DONE, id))
			x->to |= (uint8_t)(1 << id);
	run_say(r, "lists done/");
}

static void
list_segments(struct run *r, const struct state *s, struct actor *x)
{
	int id;

	for (id = 0; id < IDS; id++)
		if (state_is_sealed(s, state_segment(s, id)))
			x->to |= (uint8_t)(1 << id);
	run_say(r, "lists segments/");
}

static bool
first(struct run *r, struct state *s, struct actor *x)
{
	int id;

	if (x->done > 0)
		return false;
	for (id = 0; id < IDS; id++)
		if (s->counted[id])
			x->status |= (uint8_t)(1 << id);
	if (run_obeys(r, LOOSE_FIRST))
		list_loose(r, s, x);
	else
		list_segments(r, s, x);
	x->pc = SECOND;

	return true;
}

static bool
second(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, LOOSE_FIRST))
		list_segments(r, s, x);
	else
		list_loose(r, s, x);
	x->pc = JUDGE;

	return true;
}

static bool
judge(struct run *r, struct state *s, struct actor *x)
{
	(void)s;
	if (x->status & ~x->to)
		run_break(r, 7, "a reader misses a trial that is done");
	run_say(r, "prints what it has seen");
	x->done++;

	return actor_rest(x);
}

const struct step reader_steps[] = {
	[FIRST] = { ACT_COLLECT, first },
	[SECOND] = { ACT_COLLECT, second },
	[JUDGE] = { ACT_COLLECT, judge },
};
