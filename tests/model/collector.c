#include "collector.h"
#include "disk.h"

/*
 * A collector that seals.  ${segment} is what it is at, ${other} the
 * directory tmp/C.n that it builds, ${id} how far it is in a loop.
 */

bool
collector_is_in(const struct state *s, int id, int segment)
{
	return state_segment(s, id) == segment;
}

/* The next id of its segment at or above ${id}, or IDS. */
int
collector_from(const struct state *s, const struct actor *x, int id)
{
	while (id < IDS && !collector_is_in(s, id, x->segment))
		id++;

	return id;
}

/* Does something lie loose of a sealed segment? */
static bool
has_remains(const struct run *r, const struct state *s, int segment)
{
	int o, p;

	if (!run_obeys(r, REMAINS))
		return false;
	for (o = 0; o < s->births; o++) {
		p = s->place[o];
		if (p >= READY && !(p >= RUNNING && p < DONE) &&
		    collector_is_in(s, place_id(p), segment))
			return true;
	}
	if (s->trials[segment] == DIRECTORY)
		return true;

	return run_obeys(r, TOMBSTONE) && s->ready[segment] != REGULAR;
}

/* Do listings of done, failed and closed show all ids of the segment?  One
 * of failed that is stale may show what has been tried again. */
static bool
all_ended(struct run *r, struct state *s, int segment)
{
	int id, w, a, any = 0, lacking = 0;

	for (id = 0; id < IDS; id++) {
		bool was = false;

		if (!collector_is_in(s, id, segment))
			continue;
		if (state_ended(s, DONE, id) || state_ended(s, FAILED, id) ||
		    state_ended(s, CLOSED, id)) {
			any++;
			continue;
		}
		for (a = 0; a < SERIALS && !was; a++)
			for (w = 0; w < WRITERS && !was; w++)
				was = state_is_target(s,
				    place_ended(FAILED, id, a, w));
		lacking += was ? 1 : IDS + 1;
	}
	if (lacking == 0)
		return true;
	if (!run_obeys(r, ALL_ENDED))
		return any > 0;

	return lacking <= IDS && run_misses(r, s);
}

static int
free_tar(const struct state *s)
{
	int i;

	for (i = 0; i < TARS; i++)
		if (s->tar[i].where == TAR_NONE)
			return i;

	return -1;
}

static bool
look(struct run *r, struct state *s, struct actor *x)
{
	int may[SEGMENTS], n = 0, i;

	for (i = 0; i < state_segments(s); i++)
		if (state_is_sealed(s, i) ? has_remains(r, s, i)
					  : free_tar(s) >= 0)
			may[n++] = i;
	if (n == 0)
		return false;
	i = may[run_choose(r, n)];
	if (!state_is_sealed(s, i) && !all_ended(r, s, i)) {
		if (!r->plain || i == may[n - 1])
			return false;
		i = may[n - 1]; /* the other one, where there is no choice */
		if (!state_is_sealed(s, i) && !all_ended(r, s, i))
			return false;
	}
	x->segment = (uint8_t)i;
	x->id = (uint8_t)collector_from(s, x, 0);
	x->pc = state_is_sealed(s, i) ? COMMIT_SYNC : CLOSE_FAILED;
	run_say(r,
	    state_is_sealed(s, i)
		? "segment %d is sealed, and something of it lies loose"
		: "all of segment %d have ended: begins to seal",
	    i);

	return true;
}

/* failed/S/ID.A.W -> closed/S/ID.A.W: the user's retry is too late now. */
static bool
close_failed(struct run *r, struct state *s, struct actor *x)
{
	int from = state_ended(s, FAILED, x->id), to = from - FAILED + CLOSED;

	if (from != 0 && run_obeys(r, CLOSE)) {
		if (disk_move(r, s, from, to, x->id) != DID && !state_at(s, to))
			return actor_rest(x);
	} else {
		run_say(r, "nothing in failed/ of %d", x->id);
	}
	x->id = (uint8_t)collector_from(s, x, x->id + 1);
	if (x->id == IDS)
		x->pc = LIST;

	return true;
}

/* The token that says how a trial ended. */
static int
final_place(const struct run *r, const struct state *s, int id)
{
	int place = state_ended(s, DONE, id);

	if (place == 0)
		place = state_ended(s, CLOSED, id);
	if (place == 0 && !run_obeys(r, CLOSE))
		place = state_ended(s, FAILED, id);

	return place;
}

static bool
list(struct run *r, struct state *s, struct actor *x)
{
	struct tar t = { .where = TAR_TMP, .segment = x->segment };
	int id, slot = free_tar(s);

	for (id = 0; id < IDS; id++) {
		if (!collector_is_in(s, id, x->segment))
			continue;
		t.place[id] = (uint8_t)final_place(r, s, id);
		if ((t.place[id] == 0 && run_obeys(r, ALL_ENDED)) ||
		    run_misses(r, s)) {
			run_say(r, "done and closed lack %d: stops", id);
			return actor_rest(x);
		}
	}
	if (slot < 0)
		return actor_rest(x);
	if (run_obeys(r, SYNC_OTHERS)) {
		disk_fsync(s, DIR_DONE + x->segment);
		disk_fsync(s, DIR_CLOSED + x->segment);
	}
	t.owner = (uint8_t)actor_number(s, x);
	s->tar[slot] = t;
	x->other = (uint8_t)slot;
	x->id = (uint8_t)collector_from(s, x, 0);
	x->pc = BUILD;
	run_say(r, "done and closed have all; fsync both; mkdir tmp/C.%d",
	    slot);

	return true;
}

int
collector_results(const struct state *s, int id)
{
	int a, w, n = 0;

	for (a = 0; a < SERIALS; a++)
		for (w = 0; w < WRITERS; w++)
			n += s->result[id][a][w] != NONE;

	return n;
}

static bool
build(struct run *r, struct state *s, struct actor *x)
{
	struct tar *t = &s->tar[x->other];
	int id = x->id, place = t->place[id], home = state_home(s, id);
	int status = NONE;

	if (t->owner != actor_number(s, x) || t->where != TAR_TMP) {
		run_say(r, "tmp/C.%d is gone: stops", x->other);
		return actor_rest(x);
	}
	if (home != 0 && home != BOGUS && place != 0)
		status =
		    s->result[id][place_serial(place)][place_writer(place)];
	if (status == NONE && place != 0) {
		run_say(r, "a file of trials/%d/%d is missing: stops",
		    x->segment, id);
		disk_scrap(s, x->other);
		return actor_rest(x);
	}
	if (place != 0) {
		t->status[id] = (uint8_t)status;
		t->birth[id] = (uint8_t)home;
		t->results[id] = (uint8_t)collector_results(s, id);
		t->log[id] = s->log[id][place_serial(place)];
	}
	run_say(r, "packs trials/%d/%d, %s", x->segment, id,
	    run_status(status));
	x->id = (uint8_t)collector_from(s, x, id + 1);
	if (x->id == IDS)
		x->pc = COMMIT;

	return true;
}

/* What it has built is of no use. */
static void
scrap(struct state *s, const struct actor *x)
{
	if (s->tar[x->other].owner == actor_number(s, x))
		disk_scrap(s, x->other);
}

static bool
commit(struct run *r, struct state *s, struct actor *x)
{
	struct op o = { OP_COMMIT, x->segment, x->other, 0, 0 };
	enum answer a;

	if (s->tar[x->other].owner != actor_number(s, x)) {
		run_say(r, "tmp/C.%d is gone", x->other);
		x->pc = COMMIT_LOOK;
		return true;
	}
	a = disk_do(r, s, o);
	if (a == DID)
		x->pc = COMMIT_SYNC;
	else
		x->pc = COMMIT_LOOK;

	return true;
}

static bool
commit_look(struct run *r, struct state *s, struct actor *x)
{
	if (state_is_sealed(s, x->segment)) {
		scrap(s, x);
		x->pc = COMMIT_SYNC;
		run_say(r, "segments/%d is there: goes on from it", x->segment);
	} else if (s->tar[x->other].owner == actor_number(s, x)) {
		/* As of a birth: it may still be done. */
		x->pc = s->pending.kind == OP_COMMIT && run_choose(r, 2)
		    ? COMMIT_STOP
		    : COMMIT;
		run_say(r, "segments/%d is not there: %s", x->segment,
		    x->pc == COMMIT ? "once more" : "gives up");
	} else {
		run_say(r, "neither is there: stops");
		return actor_rest(x);
	}

	return true;
}

/* Renamed away, then deleted. */
static bool
commit_stop(struct run *r, struct state *s, struct actor *x)
{
	struct tar *t = &s->tar[x->other];

	if (t->owner == actor_number(s, x) && t->where == TAR_TMP &&
	    !run_obeys(r, RENAME_OWN)) {
		t->where = TAR_HALF;
		run_say(r, "unlink tmp/C.%d/segment.tar", x->other);
		return true;
	}
	scrap(s, x);
	run_say(r, "removes tmp/C.%d", x->other);

	return actor_rest(x);
}

static bool
commit_sync(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, DIR_SEGMENTS);
	run_say(r, "fsync segments/");
	x->pc = COMPARE;

	return true;
}

const struct step collector_steps[] = {
	[LOOK] = { ACT_SEAL, look },
	[CLOSE_FAILED] = { ACT_SEAL, close_failed },
	[LIST] = { ACT_SEAL, list },
	[BUILD] = { ACT_SEAL, build },
	[COMMIT] = { ACT_SEAL, commit },
	[COMMIT_LOOK] = { ACT_SEAL, commit_look },
	[COMMIT_STOP] = { ACT_SEAL, commit_stop },
	[COMMIT_SYNC] = { ACT_SEAL, commit_sync },
	[COMPARE] = { ACT_SEAL, collector_compare },
	[RMDIR_READY] = { ACT_SEAL, collector_rmdir_ready },
	[REMOVE_READY] = { ACT_SEAL, collector_remove_ready },
	[STONE] = { ACT_SEAL, collector_stone },
	[STONE_SYNC] = { ACT_SEAL, collector_stone_sync },
	[UNLINK] = { ACT_SEAL, collector_unlink_tokens },
	[AWAY] = { ACT_SEAL, collector_away },
	[EMPTY_AWAY] = { ACT_SEAL, collector_empty_away },
};
