#include <stdio.h>
#include <string.h>

#include "disk.h"

/* --- what the server would say ------------------------------------------- */

/*
 * As Linux does, the directory of the target is looked up before the source:
 * below a sealed ready/S everything says ENOTDIR.
 */
static enum answer
answer_move(const struct state *s, struct op o)
{
	int there = o.a == IN_HOME ? state_new(s, o.c) : state_at(s, o.a);

	if (o.a == IN_HOME && state_home(s, o.c) == 0)
		return NO_ENTRY;
	if (o.b >= READY && o.b < HELD) {
		int ready = s->ready[state_segment(s, place_id(o.b))];

		if (ready == REGULAR)
			return NOT_DIRECTORY;
		if (ready == ABSENT)
			return NO_ENTRY;
	}
	if (o.b >= RUNNING && o.b < DONE && !s->running[place_worker(o.b)])
		return NO_ENTRY;

	return there ? DID : NO_ENTRY;
}

static enum answer
answer_birth(const struct state *s, struct op o)
{
	if (s->where[o.a] != IN_TMP ||
	    s->trials[state_segment(s, o.b)] == ABSENT)
		return NO_ENTRY;

	return s->home[o.b] != 0 ? NOT_EMPTY : DID;
}

static enum answer
answer_commit(const struct run *r, const struct state *s, struct op o)
{
	if (s->tar[o.b].where != TAR_TMP && s->tar[o.b].where != TAR_HALF)
		return NO_ENTRY;

	return state_is_sealed(s, o.a) && run_obeys(r, PUBLISH_ONCE) ? NOT_EMPTY
								     : DID;
}

/* ${again}: a copy of it was done before, maybe. */
static enum answer
answer(const struct run *r, const struct state *s, struct op o, bool again)
{
	switch (o.kind) {
	case OP_MOVE:
		return answer_move(s, o);
	case OP_BIRTH:
		return answer_birth(s, o);
	case OP_RESULT:
		if (again &&
		    state_is_target(s,
			TO_RESULT + place_ended(0, o.a, o.b, o.c)))
			return NO_ENTRY;
		return state_home(s, o.a) ? DID : NO_ENTRY;
	case OP_SWEEP:
		return s->where[o.a] == IN_TMP ? DID : NO_ENTRY;
	case OP_SCRAP:
		return s->tar[o.a].where != TAR_NONE ? DID : NO_ENTRY;
	case OP_AWAY:
		return s->trials[o.a] == DIRECTORY ? DID : NO_ENTRY;
	case OP_COMMIT:
		return answer_commit(r, s, o);
	default:
		return NO_ENTRY;
	}
}

/* --- doing it --------------------------------------------------------------
 */

void
disk_mark(struct run *r, struct state *s, int target, const char *name)
{
	if (state_is_target(s, target))
		run_break(r, 2, "%s is the target of a second rename", name);
	s->target[target / 8] |= (uint8_t)(1 << target % 8);
}

static void
do_move(struct run *r, struct state *s, struct op o)
{
	int moved = o.a == IN_HOME ? state_new(s, o.c) : state_at(s, o.a);
	int hit = state_at(s, o.b), id = place_id(o.b);
	char name[NAME], old[NAME];

	run_place(r, o.b, o.c, s, name);
	if (hit != 0) {
		run_break(r, 1, "a rename overwrote the token %s", name);
		s->place[hit - 1] = NOWHERE;
	}
	s->place[moved - 1] = o.b;
	disk_owes(s, LOSE_MOVE, o.a, o.b, moved - 1);
	disk_mark(r, s, o.b, name);
	if (o.b < DONE || o.b >= FAILED)
		return;
	if (s->counted[id] != 0 && s->counted[id] != o.b)
		run_break(r, 4, "trial %d counts twice: %s and %s", id,
		    run_place(r, s->counted[id], id, s, old), name);
	s->counted[id] = (uint8_t)o.b;
}

static void
do_birth(struct run *r, struct state *s, struct op o)
{
	char name[NAME] = "";

	if (r->telling)
		snprintf(name, sizeof name, "trials/%d/%d",
		    state_segment(s, o.b), o.b);
	s->where[o.a] = AT_HOME;
	s->home[o.b] = (uint8_t)(o.a + 1);
	if (s->flags[o.a] & UNFINISHED)
		run_break(r, 5, "%s has an unfinished trial.ini", name);
	if (s->place[o.a] != IN_HOME)
		run_break(r, 1, "%s is born without a token", name);
	if (!state_is_sealed(s, state_segment(s, o.b)))
		disk_mark(r, s, TO_HOME + o.b, name);
	disk_owes(s, LOSE_BIRTH, o.a, o.b, 0);
	if (!run_obeys(r, SYNC_FILE))
		disk_owes(s, TEAR_TRIAL, o.a, 0, 0);
}

static void
do_result(struct run *r, struct state *s, struct op o)
{
	char name[NAME] = "", by[NAME];

	if (r->telling)
		snprintf(name, sizeof name, "result.%d.%.4s of trial %d", o.b,
		    run_writer(r, o.c, by), o.a);
	if (!state_is_sealed(s, state_segment(s, o.a)))
		disk_mark(r, s, TO_RESULT + place_ended(0, o.a, o.b, o.c),
		    name);
	s->result[o.a][o.b][o.c] = o.d;
	disk_owes(s, LOSE_RESULT, o.a, o.b, o.c);
	if (!run_obeys(r, SYNC_FILE))
		disk_owes(s, TEAR_RESULT, o.a, o.b, o.c);
}

/* A birth's directory is no more. */
static void
forget(struct state *s, int birth)
{
	s->where[birth] = GONE;
	if (s->place[birth] == IN_HOME)
		s->place[birth] = NOWHERE;
}

static void
do_away(struct state *s, int segment)
{
	int id;

	for (id = 0; id < IDS; id++) {
		if (state_segment(s, id) != segment)
			continue;
		if (s->home[id] != 0 && s->home[id] != BOGUS)
			forget(s, s->home[id] - 1);
		s->home[id] = 0;
		memset(s->result[id], 0, sizeof s->result[id]);
		memset(s->log[id], 0, sizeof s->log[id]);
	}
	s->trials[segment] = ABSENT;
	if (s->handle > 0)
		s->moved[segment] = 1;
	disk_owes(s, LOSE_AWAY, segment, 0, 0);
}

void
disk_scrap(struct state *s, int tar)
{
	struct op *o = &s->pending;

	memset(&s->tar[tar], 0, sizeof s->tar[tar]);
	if ((o->kind == OP_COMMIT && o->b == tar) ||
	    (o->kind == OP_SCRAP && o->a == tar))
		memset(o, 0, sizeof *o);
}

static void
do_commit(struct run *r, struct state *s, int segment, int tar)
{
	struct tar *new = &s->sealed[segment];
	char name[NAME] = "";

	if (r->telling)
		snprintf(name, sizeof name, "segments/%d", segment);
	if (s->tar[tar].where == TAR_HALF)
		run_break(r, 5, "%s has lost its table", name);
	disk_mark(r, s, TO_SEGMENT + segment, name);
	*new = s->tar[tar];
	new->where = TAR_PUBLISHED;
	new->owner = 0;
	disk_scrap(s, tar);
	disk_owes(s, LOSE_COMMIT, segment, 0, 0);
}

static void
perform(struct run *r, struct state *s, struct op o)
{
	switch (o.kind) {
	case OP_MOVE:
		do_move(r, s, o);
		break;
	case OP_BIRTH:
		do_birth(r, s, o);
		break;
	case OP_RESULT:
		do_result(r, s, o);
		break;
	case OP_SWEEP:
		forget(s, o.a);
		break;
	case OP_SCRAP:
		disk_scrap(s, o.a);
		break;
	case OP_AWAY:
		do_away(s, o.a);
		break;
	case OP_COMMIT:
		do_commit(r, s, o.a, o.b);
		break;
	default:
		break;
	}
}

static void
say(struct run *r, const struct state *s, struct op o)
{
	char a[NAME], b[NAME];

	if (!r->telling)
		return;
	switch (o.kind) {
	case OP_MOVE:
		run_say(r, "rename %s -> %s", run_place(r, o.a, o.c, s, a),
		    run_place(r, o.b, o.c, s, b));
		break;
	case OP_BIRTH:
		run_say(r, "rename tmp/t%d -> trials/%d/%d", o.a,
		    state_segment(s, o.b), o.b);
		break;
	case OP_RESULT:
		run_say(r, "publish trials/%d/%d/result.%d.%s = %s",
		    state_segment(s, o.a), o.a, o.b, run_writer(r, o.c, a),
		    run_status(o.d));
		break;
	case OP_SWEEP:
		run_say(r, "rename tmp/t%d -> tmp/SWEEPER.n", o.a);
		break;
	case OP_SCRAP:
		run_say(r, "rename tmp/C.%d -> tmp/SWEEPER.n", o.a);
		break;
	case OP_AWAY:
		run_say(r, "rename trials/%d -> tmp/C.m", o.a);
		break;
	case OP_COMMIT:
		run_say(r, "rename tmp/C.%d -> segments/%d", o.b, o.a);
		break;
	default:
		break;
	}
}

static const char *
error_name(enum answer a)
{
	static const char *const names[] = { "ok", "ENOENT", "ENOTEMPTY",
		"ENOTDIR", "EIO" };

	return names[a];
}

/* What goes wrong with a rename that would be answered ${a}. */
static enum fault
choose_fault(struct run *r, struct state *s, enum answer a)
{
	enum fault may[6];
	int n = 0;
	enum fault f;

	may[n++] = FAULT_NONE;
	if (s->lie > 0 && a == DID)
		may[n++] = FAULT_LIE;
	if (s->eio > 0)
		may[n++] = FAULT_EIO;
	if (s->eio > 0 && a == DID)
		may[n++] = FAULT_EIO_DONE;
	if (s->late > 0 && s->pending.kind == OP_NONE) {
		if (a == DID)
			may[n++] = FAULT_TWICE;
		may[n++] = FAULT_LATE;
	}
	f = may[run_choose(r, n)];
	if (f == FAULT_LIE)
		s->lie--;
	if (f == FAULT_EIO || f == FAULT_EIO_DONE)
		s->eio--;
	if (f == FAULT_TWICE || f == FAULT_LATE)
		s->late--;

	return f;
}

enum answer
disk_do(struct run *r, struct state *s, struct op o)
{
	enum answer a = answer(r, s, o, false);
	enum fault f = choose_fault(r, s, a);

	say(r, s, o);
	if (f != FAULT_NONE)
		r->fault = f;
	if (f == FAULT_TWICE || f == FAULT_LATE)
		s->pending = o;
	if (f == FAULT_EIO || f == FAULT_LATE) {
		run_say(r,
		    f == FAULT_EIO ? " = EIO, not done"
				   : " = EIO, will be done later");
		return IO_ERROR;
	}
	if (a == DID)
		perform(r, s, o);
	if (f == FAULT_LIE || f == FAULT_EIO_DONE) {
		run_say(r, " done, and = %s",
		    f == FAULT_LIE ? "ENOENT" : "EIO");
		return f == FAULT_LIE ? NO_ENTRY : IO_ERROR;
	}
	run_say(r, " = %s%s", error_name(a),
	    f == FAULT_TWICE ? ", and on its way once more" : "");

	return a;
}

void
disk_arrives(struct run *r, struct state *s)
{
	struct op o = s->pending;
	enum answer a;

	memset(&s->pending, 0, sizeof s->pending);
	a = answer(r, s, o, true);
	say(r, s, o);
	run_say(r, ", sent long ago, arrives = %s", error_name(a));
	if (a == DID)
		perform(r, s, o);
}

enum answer
disk_move(struct run *r, struct state *s, int from, int to, int id)
{
	struct op o = { OP_MOVE, (uint8_t)from, (uint8_t)to, (uint8_t)id, 0 };

	return disk_do(r, s, o);
}

enum answer
disk_birth(struct run *r, struct state *s, int birth, int id)
{
	struct op o = { OP_BIRTH, (uint8_t)birth, (uint8_t)id, 0, 0 };

	return disk_do(r, s, o);
}

enum answer
disk_result(struct run *r, struct state *s, int id, int serial,
    const struct actor *x)
{
	struct op o = { OP_RESULT, (uint8_t)id, (uint8_t)serial, x->who,
		x->status };

	return disk_do(r, s, o);
}
