#include "collector.h"
#include "disk.h"

/* The second half of sealing: from the published segment on. */

static bool
log_differs(const struct run *r, int packed, int loose)
{
	if (packed == loose || loose == LOG_NONE)
		return false;
	if (loose == LOG_TURNED || packed == LOG_TURNED)
		return !run_obeys(r, LOGS_TURN);

	return packed > loose || !run_obeys(r, LOGS_GROW);
}

/* Is a loose file other than its copy? */
static bool
differs(const struct run *r, const struct state *s, const struct tar *t, int id)
{
	int home = state_home(s, id), place = t->place[id], serial, loose;

	if (place == 0)
		return false;
	if (!run_obeys(r, ONE_WAY) &&
	    (home != t->birth[id] ||
		collector_results(s, id) != t->results[id]))
		return true;
	if (home != t->birth[id])
		return false;
	serial = place_serial(place);
	loose = s->result[id][serial][place_writer(place)];
	if (loose != NONE && loose != t->status[id])
		return true;

	return r->c->logs && log_differs(r, t->log[id], s->log[id][serial]);
}

bool
collector_compare(struct run *r, struct state *s, struct actor *x)
{
	int id;

	for (id = 0; id < IDS; id++)
		if (collector_is_in(s, id, x->segment) &&
		    differs(r, s, &s->sealed[x->segment], id)) {
			run_say(r, "what is loose of %d differs: stops", id);
			return actor_rest(x);
		}
	run_say(r, "reads it again: equal to what is loose");
	x->id = (uint8_t)collector_from(s, x, 0);
	x->pc = run_obeys(r, TOMBSTONE) && run_obeys(r, TOMBSTONE_FIRST)
	    ? RMDIR_READY
	    : UNLINK;

	return true;
}

bool
collector_rmdir_ready(struct run *r, struct state *s, struct actor *x)
{
	int i, segment = x->segment;

	for (i = READY; i < HELD; i++)
		if (state_at(s, i) &&
		    collector_is_in(s, place_id(i), segment)) {
			run_say(r, "rmdir ready/%d = ENOTEMPTY", segment);
			return actor_rest(x);
		}
	if (s->ready[segment] == REGULAR)
		x->pc = run_obeys(r, SYNC_STONE) ? STONE_SYNC : UNLINK;
	else if (run_obeys(r, RMDIR_ONLY))
		x->pc = STONE;
	else
		x->pc = REMOVE_READY;
	run_say(r,
	    x->pc == REMOVE_READY ? "ready/%d is a directory"
		: x->pc == STONE  ? "rmdir ready/%d"
				  : "rmdir ready/%d = ENOTDIR",
	    segment);
	if (x->pc == STONE)
		s->ready[segment] = ABSENT;

	return true;
}

/* By whatever call removes what is there, as it must not be done. */
bool
collector_remove_ready(struct run *r, struct state *s, struct actor *x)
{
	run_say(r, "removes ready/%d, whatever it is", x->segment);
	s->ready[x->segment] = ABSENT;
	x->pc = STONE;

	return true;
}

bool
collector_stone(struct run *r, struct state *s, struct actor *x)
{
	int segment = x->segment;

	x->pc = STONE_SYNC;
	if (s->ready[segment] == DIRECTORY) {
		x->pc = RMDIR_READY;
	} else if (s->ready[segment] == ABSENT) {
		s->ready[segment] = REGULAR;
		disk_owes(s, LOSE_STONE, segment, 0, 0);
	}
	run_say(r, "create the file ready/%d%s", segment,
	    x->pc == RMDIR_READY ? " = EEXIST" : "");

	return true;
}

bool
collector_stone_sync(struct run *r, struct state *s, struct actor *x)
{
	if (run_obeys(r, SYNC_AFTER))
		disk_fsync(s, DIR_READIES);
	run_say(r, "fsync ready/");
	if (!run_obeys(r, TOMBSTONE_FIRST))
		return actor_rest(x);
	x->pc = UNLINK;

	return true;
}

/* Tokens of a trial of the sealed segment. */
bool
collector_unlink_tokens(struct run *r, struct state *s, struct actor *x)
{
	int o, p, n = 0;

	for (o = 0; o < s->births; o++) {
		p = s->place[o];
		if (p < READY || (p >= RUNNING && p < DONE) ||
		    place_id(p) != x->id)
			continue;
		s->place[o] = NOWHERE;
		disk_owes(s, LOSE_UNLINK, p, o, 0);
		n++;
	}
	run_say(r, "unlinks %d token%s of %d", n, n == 1 ? "" : "s", x->id);
	x->id = (uint8_t)collector_from(s, x, x->id + 1);
	if (x->id == IDS)
		x->pc = AWAY;

	return true;
}

bool
collector_away(struct run *r, struct state *s, struct actor *x)
{
	struct op o = { OP_AWAY, x->segment, 0, 0, 0 };

	if (disk_do(r, s, o) == IO_ERROR)
		return actor_rest(x);
	x->pc = EMPTY_AWAY;

	return true;
}

bool
collector_empty_away(struct run *r, struct state *s, struct actor *x)
{
	int o;

	run_say(r, "fsync trials/, deletes tmp/C.m");
	disk_fsync(s, DIR_TRIALS);
	s->moved[x->segment] = 0;
	for (o = 0; o < s->births; o++)
		if (s->where[o] == ASIDE) {
			s->where[o] = GONE;
			if (s->place[o] == IN_HOME)
				s->place[o] = NOWHERE;
		}
	if (run_obeys(r, TOMBSTONE) && !run_obeys(r, TOMBSTONE_FIRST)) {
		x->pc = RMDIR_READY;
		return true;
	}

	return actor_rest(x);
}
