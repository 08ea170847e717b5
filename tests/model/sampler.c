#include "actor.h"
#include "disk.h"

/*
 * A sampler that makes one trial: new and settle.  ${other} is its birth.
 */
enum {
	LIST,
	PREPARE,
	FILL,
	BIRTH,
	LOOK,
	MISSING,
	MKDIR,
	REFUSED,
	REFUSED_REST,
	HOMES_SYNC,
	SETTLE_MINE,
	SETTLE_LOOK,
	READY_SYNC,
	HANDLE_SETTLE,
	IS_MINE,
	REPORT
};

/* The lowest id that no listing shows; a stale one shows fewer. */
static bool
list(struct run *r, struct state *s, struct actor *x)
{
	int most = r->after ? BIRTHS : BIRTHS_USUAL, id, lowest, segment;

	if (x->done > 0 || s->births >= most)
		return false;
	for (id = 0; id < IDS; id++) {
		segment = state_segment(s, id);
		if (!state_is_sealed(s, segment) && !state_home(s, id))
			break;
	}
	lowest = s->stale > 0 ? 0 : id;
	lowest = id - run_choose(r, id - lowest + 1);
	if (lowest == IDS)
		return false;
	if (lowest < id) {
		s->stale--;
		r->fault = FAULT_STALE;
	}
	x->id = (uint8_t)lowest;
	x->pc = PREPARE;
	run_say(r, "lists trials/: %d is free%s", lowest,
	    lowest < id ? " (stale)" : "");

	return true;
}

static bool
prepare(struct run *r, struct state *s, struct actor *x)
{
	int o = s->births;

	if (o >= (r->after ? BIRTHS : BIRTHS_USUAL)) {
		run_say(r, "gives up");
		actor_leave(s, x);
		return true;
	}
	s->births++;
	s->names[o] = x->id;
	s->flags[o] = UNFINISHED;
	s->where[o] = IN_TMP;
	s->owner[o] = (uint8_t)actor_number(s, x);
	x->other = (uint8_t)o;
	x->pc = FILL;
	run_say(r, "mkdir tmp/t%d for %d, begins its trial.ini", o, x->id);

	return true;
}

static bool
fill(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other;

	if (s->where[o] != IN_TMP) {
		run_say(r, "create tmp/t%d/token = ENOENT", o);
		return actor_rest(x);
	}
	s->flags[o] = 0;
	s->place[o] = IN_HOME;
	x->pc = BIRTH;
	run_say(r, "tmp/t%d is whole and synced", o);

	return true;
}

/* By a handle of a trials/S that was moved, which NFS may keep. */
static bool
birth_by_handle(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other;

	if (!s->moved[state_segment(s, x->id)] || s->handle == 0 ||
	    s->where[o] != IN_TMP || run_choose(r, 2) == 0)
		return false;
	s->handle--;
	r->fault = FAULT_HANDLE;
	s->where[o] = ASIDE;
	x->pc = HANDLE_SETTLE;
	run_say(r,
	    "rename tmp/t%d -> trials/%d/%d by a stale handle, now tmp/C.m", o,
	    state_segment(s, x->id), x->id);

	return true;
}

static bool
birth(struct run *r, struct state *s, struct actor *x)
{
	enum answer a;

	if (birth_by_handle(r, s, x))
		return true;
	a = disk_birth(r, s, x->other, x->id);
	if (a == DID)
		x->pc = s->power ? HOMES_SYNC : SETTLE_MINE;
	else
		x->pc = run_obeys(r, RESOLVE) ? LOOK : REFUSED;

	return true;
}

/* After any error: what became of it? */
static bool
look(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other, home = state_home(s, x->id);

	if (home != 0 && run_misses(r, s))
		home = 0;
	if (home == o + 1) {
		x->pc = s->power ? HOMES_SYNC : SETTLE_MINE;
		run_say(r, "trial.ini of %d holds its random64", x->id);
	} else if (home != 0) {
		x->pc = REFUSED;
		run_say(r, "%d is another's", x->id);
	} else if (s->where[o] == IN_TMP) {
		/* It may still be done: then a failure is one of the choices. */
		x->pc = s->pending.kind == OP_BIRTH && run_choose(r, 2)
		    ? REFUSED
		    : MISSING;
		run_say(r, "no home of %d, tmp/t%d is there%s", x->id, o,
		    x->pc == REFUSED ? ": gives up" : "");
	} else {
		x->pc = IS_MINE;
		run_say(r, "neither %d nor tmp/t%d is there", x->id, o);
	}

	return true;
}

static bool
missing(struct run *r, struct state *s, struct actor *x)
{
	bool there = s->trials[state_segment(s, x->id)] != ABSENT;

	x->pc = there ? BIRTH : MKDIR;
	run_say(r, "trials/%d is%s there", state_segment(s, x->id),
	    there ? "" : " not");

	return true;
}

static bool
make_dir(struct run *r, struct state *s, struct actor *x)
{
	s->trials[state_segment(s, x->id)] = DIRECTORY;
	x->pc = BIRTH;
	run_say(r, "mkdir trials/%d", state_segment(s, x->id));

	return true;
}

/* Its own directory in tmp/ goes as others do: renamed, then deleted. */
static bool
refused(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other;

	if (s->where[o] == IN_TMP) {
		s->place[o] = NOWHERE;
		if (run_obeys(r, RENAME_OWN))
			s->where[o] = GONE;
	}
	if (state_holds(s, x->id, o) && !run_obeys(r, RESOLVE))
		run_break(r, 7, "trial %d is made, and its sampler says no",
		    x->id);
	if (run_obeys(r, RENAME_OWN)) {
		run_say(r, "removes tmp/t%d", o);
		return actor_rest(x);
	}
	run_say(r, "unlink tmp/t%d/token", o);
	x->pc = REFUSED_REST;

	return true;
}

static bool
refused_rest(struct run *r, struct state *s, struct actor *x)
{
	if (s->where[x->other] == IN_TMP)
		s->where[x->other] = GONE;
	run_say(r, "removes the rest of tmp/t%d", x->other);

	return actor_rest(x);
}

static bool
sync_homes(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, DIR_HOMES + state_segment(s, x->id));
	run_say(r, "fsync trials/%d", state_segment(s, x->id));
	x->pc = SETTLE_MINE;

	return true;
}

static bool
settle(struct run *r, struct state *s, struct actor *x)
{
	int to = place_ready(x->id, 0);
	enum answer a = disk_move(r, s, IN_HOME, to, x->id);

	if (a == DID)
		x->pc = s->power ? READY_SYNC : REPORT;
	else if (a == NOT_DIRECTORY)
		x->pc = IS_MINE;
	else
		x->pc = SETTLE_LOOK;

	return true;
}

static bool
settle_look(struct run *r, struct state *s, struct actor *x)
{
	int segment = state_segment(s, x->id);

	if (state_at(s, place_ready(x->id, 0))) {
		x->pc = s->power ? READY_SYNC : REPORT;
		run_say(r, "ready/%d/%d.0 is there", segment, x->id);
	} else if (state_new(s, x->id) == x->other + 1) {
		if (s->ready[segment] == ABSENT)
			s->ready[segment] = DIRECTORY;
		x->pc = SETTLE_MINE;
		run_say(r, "its token is there: once more");
	} else {
		x->pc = IS_MINE;
		run_say(r, "neither is there: another has settled it");
	}

	return true;
}

static bool
sync_ready(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, DIR_READY + state_segment(s, x->id));
	run_say(r, "fsync ready/%d", state_segment(s, x->id));
	x->pc = REPORT;

	return true;
}

static bool
handle_settle(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other, segment = state_segment(s, x->id);
	int to = place_ready(x->id, 0);
	char name[NAME];

	run_place(r, to, x->id, s, name);
	run_say(r, "rename token -> %s by the stale handle = ", name);
	if (s->place[o] != IN_HOME || s->where[o] != ASIDE) {
		run_say(r, "ENOENT");
	} else if (s->ready[segment] == DIRECTORY) {
		s->place[o] = (uint8_t)to;
		disk_mark(r, s, to, name);
		x->pc = REPORT;
		run_say(r, "ok");
		return true;
	} else {
		run_say(r, "ENOTDIR");
	}
	x->pc = IS_MINE;

	return true;
}

/* An id counts as made if its trial is mine, and sealed beats loose: what was
 * born below a trials/S that was made once more is nowhere. */
static bool
is_mine(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other;
	bool mine = run_obeys(r, LOOK_IN_SEGMENT)
	    ? state_holds(s, x->id, o)
	    : state_home(s, x->id) == o + 1;

	if (mine || !run_obeys(r, REPORT_MINE)) {
		x->pc = REPORT;
		run_say(r, "trial %d is %s", x->id,
		    mine ? "its own" : "taken for its own");
		return true;
	}
	run_say(r, "trial %d is not its own: not made", x->id);
	if (state_holds(s, x->id, o))
		run_break(r, 7, "trial %d is made, and its sampler says no",
		    x->id);
	x->done++;

	return actor_rest(x);
}

static bool
report(struct run *r, struct state *s, struct actor *x)
{
	int o = x->other;

	run_say(r, "prints %d", x->id);
	if (!state_holds(s, x->id, o))
		run_break(r, 7, "a sampler has printed %d, which is nowhere",
		    x->id);
	s->flags[o] |= REPORTED;
	x->done++;

	return actor_rest(x);
}

const struct step sampler_steps[] = {
	[LIST] = { ACT_NEW, list },
	[PREPARE] = { ACT_NEW, prepare },
	[FILL] = { ACT_NEW, fill },
	[BIRTH] = { ACT_NEW, birth },
	[LOOK] = { ACT_NEW, look },
	[MISSING] = { ACT_NEW, missing },
	[MKDIR] = { ACT_NEW, make_dir },
	[REFUSED] = { ACT_NEW, refused },
	[REFUSED_REST] = { ACT_NEW, refused_rest },
	[HOMES_SYNC] = { ACT_NEW, sync_homes },
	[SETTLE_MINE] = { ACT_SETTLE, settle },
	[SETTLE_LOOK] = { ACT_SETTLE, settle_look },
	[READY_SYNC] = { ACT_SETTLE, sync_ready },
	[HANDLE_SETTLE] = { ACT_SETTLE, handle_settle },
	[IS_MINE] = { ACT_NEW, is_mine },
	[REPORT] = { ACT_NEW, report },
};
