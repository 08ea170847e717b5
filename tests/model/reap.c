#include "actor.h"
#include "disk.h"
#include "lease.h"

/* Reclaim: what a dead worker holds, and its directory. */

/* Which verdicts there may be: 0 none, 1 right, 2 wrong. */
static int
verdict(const struct run *r, const struct state *s, int worker)
{
	bool alive = actor_is_alive(s, worker);

	if (!s->running[worker] || (r->after && alive))
		return 0;
	if (r->c->ticks > 0 && !r->after)
		return !lease_is_over(s, worker) ? 0 : alive ? 2 : 1;

	return !alive ? 1 : s->wrong > 0 ? 2 : 0;
}

static bool
may_bury(const struct run *r, const struct state *s, int worker)
{
	return r->c->ticks == 0 || r->after || !run_obeys(r, BURY_LATE) ||
	    lease_is_empty(s, worker);
}

void
reap_offers(const struct run *r, struct state *s, struct offers *o)
{
	struct offer *v;
	int w, id, a, v_is;

	for (w = 0; w < WORKERS; w++) {
		bool empty = true;

		if (r->c->ticks > 0 && !r->after && s->running[w]) {
			v = offer_add(o, REAP_LOOK);
			v->other = (uint8_t)w;
		}
		v_is = verdict(r, s, w);
		if (v_is == 0)
			continue;
		for (id = 0; id < IDS; id++)
			for (a = 0; a < SERIALS; a++) {
				int from = place_running(w, id, a);

				if (!state_at(s, from))
					continue;
				empty = false;
				v = offer_add(o, REAP_FIND);
				v->other = (uint8_t)w;
				v->id = (uint8_t)id;
				v->serial = (uint8_t)a;
				v->from = (uint8_t)from;
				v->wrong = v_is == 2;
			}
		if (empty && may_bury(r, s, w)) {
			v = offer_add(o, BURY);
			v->other = (uint8_t)w;
			v->wrong = v_is == 2;
		}
	}
}

static void
found(const struct state *s, struct actor *x, int status, int author)
{
	x->status = (uint8_t)status;
	x->author = (uint8_t)author;
	x->pc = s->power ? REAP_SYNC : REAP_MOVE;
}

bool
reap_find(struct run *r, struct state *s, struct actor *x)
{
	int status = s->result[x->id][x->serial][x->other];
	char name[NAME];

	if (status != NONE && run_misses(r, s))
		status = NONE;
	if (status == TORN)
		status = NONE;
	run_writer(r, x->other, name);
	if (status == NONE) {
		x->pc = REAP_PUBLISH;
		run_say(r, "finds no result.%d.%s", x->serial, name);
	} else {
		found(s, x, status, x->other);
		run_say(r, "finds result.%d.%s = %s", x->serial, name,
		    run_status(status));
	}

	return true;
}

bool
reap_publish(struct run *r, struct state *s, struct actor *x)
{
	int own = s->result[x->id][x->serial][x->who];
	char name[NAME];
	enum answer a;

	if (own != NONE && run_obeys(r, OWN_RESULT)) {
		run_say(r, "its own result.%d.%s is %s: acts on that",
		    x->serial, run_writer(r, x->who, name), run_status(own));
		found(s, x, own, x->who);
		return true;
	}
	x->status = LOST;
	a = disk_result(r, s, x->id, x->serial, x);
	if (a == DID || s->result[x->id][x->serial][x->who] == LOST)
		found(s, x, LOST, x->who);
	else if (a != IO_ERROR)
		actor_rest(x);

	return true;
}

bool
reap_sync(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, x->author == x->who ? SYNC_AFTER : SYNC_OTHERS))
		disk_fsync(s, DIR_HOME + x->id);
	run_say(r, "fsync trials/%d/%d", state_segment(s, x->id), x->id);
	x->pc = REAP_MOVE;

	return true;
}

bool
reap_move(struct run *r, struct state *s, struct actor *x)
{
	struct next n = { x->id, x->serial, x->status, x->author };

	x->to = (uint8_t)next_place(r, s, n, false);
	if (disk_move(r, s, x->from, x->to, x->id) == DID)
		dispatch_moved(r, s, x);
	else
		actor_rest(x);

	return true;
}

bool
reap_bury(struct run *r, struct state *s, struct actor *x)
{
	int id, a, w = x->other;

	for (id = 0; id < IDS; id++)
		for (a = 0; a < SERIALS; a++)
			if (state_at(s, place_running(w, id, a))) {
				run_say(r, "rmdir running/W%d = ENOTEMPTY", w);
				return actor_rest(x);
			}
	/* Without time in the model: a lease later, all has been written. */
	if (r->c->ticks == 0 && run_obeys(r, BURY_LATE))
		disk_left(s, DIR_RUNNING + w);
	s->running[w] = 0;
	run_say(r, "rmdir running/W%d", w);

	return actor_rest(x);
}
