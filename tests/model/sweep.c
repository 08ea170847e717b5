#include "actor.h"
#include "disk.h"

/* Settle by who is not the sampler, and sweep. */

static void
tmp_offers(const struct run *r, const struct state *s, struct offers *o)
{
	bool rename = run_obeys(r, RENAME_SWEPT);
	struct offer *v;
	int i;

	for (i = 0; i < s->births; i++)
		if (s->where[i] == IN_TMP &&
		    (s->owner[i] == 0 || (s->wrong > 0 && !r->after))) {
			v = offer_add(o, rename ? SWEEP : SWEEP_TOKEN);
			v->other = (uint8_t)i;
			v->wrong = s->owner[i] != 0;
		}
	for (i = 0; i < TARS; i++)
		if (s->tar[i].where != TAR_NONE &&
		    (s->tar[i].owner == 0 || (s->wrong > 0 && !r->after))) {
			v = offer_add(o, rename ? SCRAP : SCRAP_REST);
			v->other = (uint8_t)i;
			v->wrong = s->tar[i].owner != 0;
		}
}

void
sweep_offers(const struct run *r, struct state *s, struct offers *o)
{
	struct offer *v;
	int id;

	/* A wrong verdict on a name in tmp/ needs no lease here. */
	if (r->c->ticks == 0 || r->after)
		tmp_offers(r, s, o);
	for (id = 0; id < IDS; id++)
		if (state_new(s, id) &&
		    s->ready[state_segment(s, id)] != REGULAR) {
			v = offer_add(o, s->power ? SETTLE_SYNC : SETTLE);
			v->id = (uint8_t)id;
			v->from = IN_HOME;
			v->to = (uint8_t)place_ready(id, 0);
		}
}

bool
sweep_settle_sync(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_OTHERS))
		disk_fsync(s, DIR_HOMES + state_segment(s, x->id));
	run_say(r, "fsync trials/%d", state_segment(s, x->id));
	x->pc = SETTLE;

	return true;
}

bool
sweep_settle(struct run *r, struct state *s, struct actor *x)
{
	int segment = state_segment(s, x->id);
	enum answer a = disk_move(r, s, x->from, x->to, x->id);

	if (a == DID) {
		dispatch_moved(r, s, x);
	} else if (a == NO_ENTRY && state_new(s, x->id) &&
	    s->ready[segment] == ABSENT) {
		s->ready[segment] = DIRECTORY;
		run_say(r, ", mkdir ready/%d", segment);
	} else {
		actor_rest(x);
	}

	return true;
}

bool
sweep_rename(struct run *r, struct state *s, struct actor *x)
{
	struct op o = { OP_SWEEP, x->other, 0, 0, 0 };

	disk_do(r, s, o);

	return actor_rest(x);
}

/* Deleting in place, a file at a time, as it must not be done. */
bool
sweep_token(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other;

	if (s->where[o] == IN_TMP && s->place[o] == IN_HOME)
		s->place[o] = NOWHERE;
	run_say(r, "unlink tmp/t%d/token", o);
	x->pc = SWEEP_REST;

	return true;
}

bool
sweep_rest(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other;

	if (s->where[o] == IN_TMP && s->place[o] != IN_HOME)
		s->where[o] = GONE;
	run_say(r, "removes the rest of tmp/t%d", o);

	return actor_rest(x);
}

bool
sweep_scrap(struct run *r, struct state *s, struct actor *x)
{
	struct op o = { OP_SCRAP, x->other, 0, 0, 0 };

	disk_do(r, s, o);

	return actor_rest(x);
}

bool
sweep_scrap_rest(struct run *r, struct state *s, struct actor *x)
{
	struct tar *t = &s->tar[x->other];

	if (t->where == TAR_TMP) {
		t->where = TAR_HALF;
		run_say(r, "unlink tmp/C.%d/segment.tar", x->other);
		return true;
	}
	if (t->where == TAR_HALF)
		disk_scrap(s, x->other);
	run_say(r, "removes the rest of tmp/C.%d", x->other);

	return actor_rest(x);
}
