#include "actor.h"
#include "disk.h"

/* What the user asks of a dispatcher, and the release of what is held. */

static struct offer *
move(struct offers *o, enum dispatch_pc pc, int id, int from, int to)
{
	struct offer *v = offer_add(o, pc);

	v->id = (uint8_t)id;
	v->serial = (uint8_t)place_serial(from);
	v->from = (uint8_t)from;
	v->to = (uint8_t)to;

	return v;
}

/* Of a trial that waits. */
static void
cancel(const struct run *r, const struct state *s, struct offers *o, int from)
{
	int id = place_id(from), a = place_serial(from);
	int i;

	if (!state_at(s, from))
		return;
	/* For every dispatcher: its own name is put in when it is taken. */
	i = place_ended(FAILED, id, a, 0);
	move(o, run_obeys(r, CANCEL_RESULT) ? CANCEL_PUBLISH : CANCEL_MOVE, id,
	    from, i)
	    ->user = true;
}

static void
wishes(const struct run *r, const struct state *s, struct offers *o, int id)
{
	int a, w, from, later = run_obeys(r, HOLD_SERIAL);

	for (a = 0; a < SERIALS; a++) {
		if (s->user == 0)
			break;
		for (w = 0; w < WRITERS && a + 1 < SERIALS; w++) {
			from = place_ended(FAILED, id, a, w);
			if (state_at(s, from))
				move(o, RETRY_MOVE, id, from,
				    place_ready(id, a + 1))
				    ->user = true;
		}
		cancel(r, s, o, place_ready(id, a));
		cancel(r, s, o, place_held(id, a));
		for (w = 0; w < WORKERS; w++) {
			from = place_running(w, id, a);
			if (state_at(s, from) && s->asked[id] == 0)
				move(o, ASK, id, from, 0)->user = true;
		}
		from = place_ready(id, a);
		if (r->c->hold && state_at(s, from) && a + later < SERIALS)
			move(o, HOLD_MOVE, id, from, place_held(id, a + later))
			    ->user = true;
	}
}

/* Is a request to end an attempt seen to be late? */
static bool
is_over(const struct state *s, int id, int serial)
{
	int w;

	if (state_new(s, id))
		return false;
	for (w = 0; w < WORKERS; w++)
		if (state_at(s, place_running(w, id, serial)))
			return false;

	return true;
}

void
edit_offers(const struct run *r, struct state *s, struct offers *o)
{
	struct offer *v;
	int id, a, from;

	for (id = 0; id < IDS; id++) {
		for (a = 0; a < SERIALS; a++) {
			from = place_held(id, a);
			if (state_at(s, from))
				move(o, RELEASE_MOVE, id, from,
				    place_ready(id, a));
		}
		if (s->asked[id] && is_over(s, id, s->asked[id] - 1) &&
		    (run_obeys(r, DROP_REQUESTS) ||
			!state_is_sealed(s, state_segment(s, id)))) {
			v = offer_add(o, ASK);
			v->id = (uint8_t)id;
			v->serial = (uint8_t)(s->asked[id] - 1);
		}
		wishes(r, s, o, id);
	}
}

bool
edit_move(struct run *r, struct state *s, struct actor *x)
{
	if (x->pc == CANCEL_MOVE)
		x->to = (uint8_t)place_ended(FAILED, x->id, x->serial, x->who);
	if (disk_move(r, s, x->from, x->to, x->id) == DID)
		dispatch_moved(r, s, x);
	else
		actor_rest(x);

	return true;
}

bool
edit_publish(struct run *r, struct state *s, struct actor *x)
{
	uint8_t *own = &s->result[x->id][x->serial][x->who];
	enum answer a = DID;

	if (*own != NONE && run_obeys(r, OWN_RESULT)) {
		run_say(r, "its own result is there: %s", run_status(*own));
		if (*own != CANCELLED)
			return actor_rest(x);
	} else {
		x->status = CANCELLED;
		a = disk_result(r, s, x->id, x->serial, x);
	}
	if (a == DID || *own == CANCELLED)
		x->pc = s->power ? CANCEL_SYNC : CANCEL_MOVE;
	else if (a != IO_ERROR)
		actor_rest(x);

	return true;
}

bool
edit_sync(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, DIR_HOME + x->id);
	run_say(r, "fsync trials/%d/%d", state_segment(s, x->id), x->id);
	x->pc = CANCEL_MOVE;

	return true;
}

/* control/cancel.ID.A comes, or goes. */
bool
edit_ask(struct run *r, struct state *s, struct actor *x)
{
	if (x->from != 0) {
		s->asked[x->id] = (uint8_t)(x->serial + 1);
		run_say(r, "create control/cancel.%d.%d", x->id, x->serial);
	} else {
		run_say(r, "unlink control/cancel.%d.%d", x->id, x->serial);
		if (s->asked[x->id] == x->serial + 1)
			s->asked[x->id] = 0;
	}

	return actor_rest(x);
}
