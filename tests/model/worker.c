#include "actor.h"
#include "disk.h"

/*
 * A worker: claim, run, result, next.  At every boundary it lists its own
 * directory first.
 */
enum {
	LIST,
	CLAIM,
	CLAIM_LOOK,
	CLAIM_SYNC,
	START,
	RUN,
	RESULT,
	RESULT_LOOK,
	RESULT_SYNC,
	NEXT,
	NEXT_LOOK,
	NEXT_SYNC
};

static int
mine(const struct actor *x)
{
	return place_running(x->who, x->id, x->serial);
}

/* After a claim: synced before the command starts. */
static void
claimed(const struct run *r, const struct state *s, struct actor *x)
{
	x->pc = s->power ? CLAIM_SYNC : r->c->logs ? START : RUN;
}

static bool
own_first(struct run *r, struct state *s, struct actor *x)
{
	int id, a;
	char name[NAME];

	for (id = 0; id < IDS; id++)
		for (a = 0; a < SERIALS; a++) {
			int place = place_running(x->who, id, a);

			if (!state_at(s, place))
				continue;
			x->id = (uint8_t)id;
			x->serial = (uint8_t)a;
			x->status = s->result[id][a][x->who];
			run_say(r, "finds %s%s",
			    run_place(r, place, id, s, name),
			    x->status ? ", and its own result" : "");
			if (x->status)
				x->pc = s->power ? RESULT_SYNC : NEXT;
			else
				claimed(r, s, x);
			return true;
		}

	return false;
}

static bool
list(struct run *r, struct state *s, struct actor *x)
{
	int waiting[IDS * SERIALS], n = 0, i;
	char name[NAME];

	if (!s->running[x->who]) {
		run_say(r, "running/W%d is gone: ends", x->who);
		actor_dies(s, x);
		return true;
	}
	if (run_obeys(r, OWN_FIRST) && own_first(r, s, x))
		return true;
	for (i = READY; i < HELD; i++)
		if (state_at(s, i))
			waiting[n++] = i;
	if (n == 0)
		return false;
	i = waiting[run_choose(r, n)];
	x->id = (uint8_t)place_id(i);
	x->serial = (uint8_t)place_serial(i);
	x->pc = CLAIM;
	run_say(r, "sees %s", run_place(r, i, x->id, s, name));

	return true;
}

static bool
claim(struct run *r, struct state *s, struct actor *x)
{
	int from = place_ready(x->id, x->serial);

	if (disk_move(r, s, from, mine(x), x->id) == DID)
		claimed(r, s, x);
	else if (run_obeys(r, RESOLVE))
		x->pc = CLAIM_LOOK;
	else
		actor_rest(x);

	return true;
}

static bool
claim_look(struct run *r, struct state *s, struct actor *x)
{
	if (state_at(s, mine(x))) {
		claimed(r, s, x);
		run_say(r, "the claim was its own");
		return true;
	}
	run_say(r, "somebody was faster");

	return actor_rest(x);
}

static bool
claim_sync(struct run *r, struct state *s, struct actor *x)
{
	disk_fsync(s, DIR_RUNNING + x->who);
	run_say(r, "fsync running/W%d", x->who);
	x->pc = r->c->logs ? START : RUN;

	return true;
}

/* The log of the attempt, as long as its home is what it was. */
static void
write_log(struct state *s, const struct actor *x, int log)
{
	if (state_home(s, x->id) && s->log[x->id][x->serial] < log)
		s->log[x->id][x->serial] = (uint8_t)log;
}

static bool
start(struct run *r, struct state *s, struct actor *x)
{
	write_log(s, x, LOG_BEGUN);
	run_say(r, "starts %d.%d, which begins its log", x->id, x->serial);
	x->pc = RUN;

	return true;
}

static bool
run(struct run *r, struct state *s, struct actor *x)
{
	int may[3], n = 0;

	if (!state_at(s, mine(x)) && run_choose(r, 2)) {
		run_say(r, "its token is gone: kills the command");
		return actor_rest(x);
	}
	may[n++] = OK;
	if (s->fail > 0)
		may[n++] = FAIL;
	if (s->asked[x->id] == x->serial + 1)
		may[n++] = CANCELLED;
	x->status = (uint8_t)may[run_choose(r, n)];
	if (x->status == FAIL)
		s->fail--;
	x->pc = RESULT;
	run_say(r, "%d.%d ends: %s", x->id, x->serial, run_status(x->status));
	if (r->c->logs)
		write_log(s, x,
		    r->c->turning && run_choose(r, 2) ? LOG_TURNED : LOG_WHOLE);

	return true;
}

static bool
result(struct run *r, struct state *s, struct actor *x)
{
	enum answer a;

	/* Tried again, it is the same file, which has gone there already. */
	if (x->other && run_obeys(r, SAME_SOURCE) && run_obeys(r, RESOLVE) &&
	    state_home(s, x->id) && s->result[x->id][x->serial][x->who]) {
		run_say(r, "rename of the same file again = ENOENT");
		x->pc = RESULT_LOOK;
		return true;
	}
	a = disk_result(r, s, x->id, x->serial, x);
	x->other = 1;
	if (a == DID)
		x->pc = s->power ? RESULT_SYNC : NEXT;
	else if (run_obeys(r, RESOLVE) || a == NO_ENTRY)
		x->pc = RESULT_LOOK;
	if (a != DID && !run_obeys(r, RESOLVE) && state_home(s, x->id))
		x->pc = RESULT; /* written again */

	return true;
}

static bool
result_look(struct run *r, struct state *s, struct actor *x)
{
	int segment = state_segment(s, x->id);

	if (state_home(s, x->id) && s->result[x->id][x->serial][x->who]) {
		x->pc = s->power ? RESULT_SYNC : NEXT;
		run_say(r, "its result is there");
	} else if (state_home(s, x->id)) {
		x->pc = RESULT;
		run_say(r, "its result is not there: once more");
	} else if (run_obeys(r, NO_MKDIR)) {
		run_say(r, "trials/%d/%d is gone: drops the result", segment,
		    x->id);
		return actor_rest(x);
	} else {
		s->trials[segment] = DIRECTORY;
		s->home[x->id] = BOGUS;
		x->pc = RESULT;
		run_say(r, "mkdir trials/%d/%d", segment, x->id);
	}

	return true;
}

static bool
result_sync(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, DIR_HOME + x->id);
	run_say(r, "fsync trials/%d/%d", state_segment(s, x->id), x->id);
	x->pc = NEXT;

	return true;
}

/* The end of an attempt: it may be said, and the request has been served. */
static bool
finished(struct state *s, struct actor *x)
{
	if (x->to >= DONE && x->to < FAILED)
		s->said[x->id] = x->to;
	if (s->asked[x->id] == x->serial + 1)
		s->asked[x->id] = 0;

	return actor_rest(x);
}

static bool
next(struct run *r, struct state *s, struct actor *x)
{
	struct next n = { x->id, x->serial, x->status, x->who };
	bool hold = r->c->backoff && x->status == FAIL && run_choose(r, 2);
	enum answer a;

	x->to = (uint8_t)next_place(r, s, n, hold);
	a = disk_move(r, s, mine(x), x->to, x->id);
	if (a != DID)
		x->pc = NEXT_LOOK;
	else if (s->power)
		x->pc = NEXT_SYNC;
	else
		finished(s, x);

	return true;
}

static bool
next_look(struct run *r, struct state *s, struct actor *x)
{
	char name[NAME];

	run_say(r, "looks for %s", run_place(r, x->to, x->id, s, name));
	if (!state_at(s, x->to))
		return actor_rest(x);
	if (s->power)
		x->pc = NEXT_SYNC;
	else
		finished(s, x);

	return true;
}

static bool
next_sync(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, disk_dir(s, x->to));
	run_say(r, "fsync where the token is now");

	return finished(s, x);
}

const struct step worker_steps[] = {
	[LIST] = { ACT_CLAIM, list },
	[CLAIM] = { ACT_CLAIM, claim },
	[CLAIM_LOOK] = { ACT_CLAIM, claim_look },
	[CLAIM_SYNC] = { ACT_CLAIM, claim_sync },
	[START] = { ACT_RUN, start },
	[RUN] = { ACT_RUN, run },
	[RESULT] = { ACT_RESULT, result },
	[RESULT_LOOK] = { ACT_RESULT, result_look },
	[RESULT_SYNC] = { ACT_RESULT, result_sync },
	[NEXT] = { ACT_NEXT, next },
	[NEXT_LOOK] = { ACT_NEXT, next_look },
	[NEXT_SYNC] = { ACT_NEXT, next_sync },
};
