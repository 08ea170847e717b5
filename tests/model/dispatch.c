#include <assert.h>
#include <string.h>

#include "actor.h"
#include "disk.h"
#include "lease.h"

/*
 * A dispatcher, or any program with nothing better to do: it looks, chooses
 * among what it may do, and does that.
 */
struct offer *
offer_add(struct offers *o, enum dispatch_pc pc)
{
	struct offer *new = &o->v[o->n];

	assert(o->n < OFFERS);
	o->n++;
	memset(new, 0, sizeof *new);
	new->pc = (uint8_t)pc;

	return new;
}

static void
say_offer(struct run *r, const struct state *s, const struct offer *v)
{
	const char *wrongly = v->wrong ? " (wrongly)" : "";
	char name[NAME];

	if (!r->telling)
		return;
	switch (v->pc) {
	case REAP_FIND:
		run_say(r, "judges W%d dead%s, sees %s", v->other, wrongly,
		    run_place(r, v->from, v->id, s, name));
		break;
	case BURY:
		run_say(r, "judges W%d dead%s, running/W%d empty", v->other,
		    wrongly, v->other);
		break;
	case SWEEP:
	case SWEEP_TOKEN:
		run_say(r, "takes tmp/t%d for left behind%s", v->other,
		    wrongly);
		break;
	case SCRAP:
	case SCRAP_REST:
		run_say(r, "takes tmp/C.%d for left behind%s", v->other,
		    wrongly);
		break;
	case ASK:
		run_say(r,
		    v->user ? "is asked to cancel %d.%d"
			    : "sees that %d.%d is over",
		    v->id, v->serial);
		break;
	default:
		run_say(r, "sees %s", run_place(r, v->from, v->id, s, name));
		break;
	}
}

static bool
look(struct run *r, struct state *s, struct actor *x)
{
	struct offers o;
	const struct offer *v;

	o.n = 0;
	reap_offers(r, s, &o);
	sweep_offers(r, s, &o);
	edit_offers(r, s, &o);
	if (o.n == 0)
		return false;
	v = &o.v[run_choose(r, o.n)];
	if (v->wrong) {
		r->fault = FAULT_WRONG;
		if (r->c->ticks == 0)
			s->wrong--;
		else if ((v->pc == REAP_FIND || v->pc == BURY) &&
		    !s->missed[v->other])
			run_break(r, 9,
			    "W%d has beaten in time, and is judged dead",
			    v->other);
	}
	if (v->user)
		s->user--;
	r->action =
	    v->pc == REAP_LOOK ? ACT_RECLAIM : dispatch_steps[v->pc].action;
	if (v->pc == REAP_LOOK) {
		lease_look(r, s, v->other);
		return true;
	}
	x->pc = v->pc;
	x->id = v->id;
	x->serial = v->serial;
	x->from = v->from;
	x->to = v->to;
	x->other = v->other;
	say_offer(r, s, v);
	/* With time, the look and rmdir(2) are one: a worker that wakes between
	 * them, claims, and ends an attempt matters only where a power cut
	 * keeps the later rmdir and loses the earlier rename. */
	if (v->pc == BURY && r->c->ticks > 0) {
		run_say(r, ": ");
		return reap_bury(r, s, x);
	}

	return true;
}

void
dispatch_moved(struct run *r, struct state *s, struct actor *x)
{
	(void)r;
	if (s->power)
		x->pc = MOVED_SYNC;
	else
		actor_rest(x);
}

static bool
sync_moved(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, disk_dir(s, x->to));
	run_say(r, "fsync where the token is now");

	return actor_rest(x);
}

const struct step dispatch_steps[] = {
	[DISPATCH_LOOK] = { ACT_LOOK, look },
	[REAP_FIND] = { ACT_RECLAIM, reap_find },
	[REAP_PUBLISH] = { ACT_RECLAIM, reap_publish },
	[REAP_SYNC] = { ACT_RECLAIM, reap_sync },
	[REAP_MOVE] = { ACT_RECLAIM, reap_move },
	[BURY] = { ACT_RECLAIM, reap_bury },
	[SETTLE_SYNC] = { ACT_SETTLE, sweep_settle_sync },
	[SETTLE] = { ACT_SETTLE, sweep_settle },
	[SWEEP] = { ACT_SWEEP, sweep_rename },
	[SWEEP_TOKEN] = { ACT_SWEEP, sweep_token },
	[SWEEP_REST] = { ACT_SWEEP, sweep_rest },
	[SCRAP] = { ACT_SWEEP, sweep_scrap },
	[SCRAP_REST] = { ACT_SWEEP, sweep_scrap_rest },
	[HOLD_MOVE] = { ACT_HOLD, edit_move },
	[RELEASE_MOVE] = { ACT_RELEASE, edit_move },
	[RETRY_MOVE] = { ACT_RETRY, edit_move },
	[CANCEL_PUBLISH] = { ACT_CANCEL, edit_publish },
	[CANCEL_SYNC] = { ACT_CANCEL, edit_sync },
	[CANCEL_MOVE] = { ACT_CANCEL, edit_move },
	[ASK] = { ACT_CANCEL, edit_ask },
	[MOVED_SYNC] = { ACT_NEXT, sync_moved },
};
