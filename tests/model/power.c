#include <string.h>

#include "disk.h"

/*
 * What is not durable, in the order in which it was done.  A power cut loses
 * any part of it: that is stricter than a journal that keeps the order.  A
 * rename is lost as a whole.  Of more than UNSYNCED the oldest is durable.
 */

int
disk_dir(const struct state *s, int place)
{
	int segment;

	if (place < READY)
		return DIR_NONE;
	segment = state_segment(s, place_id(place));
	if (place < HELD)
		return DIR_READY + segment;
	if (place < RUNNING)
		return DIR_HELD + segment;
	if (place < DONE)
		return DIR_RUNNING + place_worker(place);
	if (place < FAILED)
		return DIR_DONE + segment;

	return (place < CLOSED ? DIR_FAILED : DIR_CLOSED) + segment;
}

/* The directory whose fsync makes it durable. */
static int
dir_of(const struct state *s, const uint8_t *u)
{
	switch (u[0] & ~OLD) {
	case LOSE_MOVE:
		return disk_dir(s, u[2]);
	case LOSE_BIRTH:
		return DIR_HOMES + state_segment(s, u[2]);
	case LOSE_RESULT:
		return DIR_HOME + u[1];
	case LOSE_UNLINK:
		return disk_dir(s, u[1]);
	case LOSE_COMMIT:
		return DIR_SEGMENTS;
	case LOSE_STONE:
		return DIR_READIES;
	case LOSE_AWAY:
		return DIR_TRIALS;
	default:
		return DIR_NONE;
	}
}

static void
drop(struct state *s, int i)
{
	s->nunsynced--;
	memmove(s->unsynced[i], s->unsynced[i + 1],
	    (size_t)(s->nunsynced - i) * sizeof s->unsynced[0]);
	memset(s->unsynced[s->nunsynced], 0, sizeof s->unsynced[0]);
}

void
disk_owes(struct state *s, int kind, int a, int b, int c)
{
	uint8_t *u;

	if (s->power == 0)
		return;
	if (s->nunsynced == UNSYNCED)
		drop(s, 0);
	u = s->unsynced[s->nunsynced++];
	u[0] = (uint8_t)kind;
	u[1] = (uint8_t)a;
	u[2] = (uint8_t)b;
	u[3] = (uint8_t)c;
}

void
disk_fsync(struct state *s, int dir)
{
	int i;

	for (i = s->nunsynced - 1; i >= 0; i--)
		if (dir_of(s, s->unsynced[i]) == dir)
			drop(s, i);
}

void
disk_left(struct state *s, int dir)
{
	int i;

	for (i = s->nunsynced - 1; i >= 0; i--)
		if ((s->unsynced[i][0] & ~OLD) == LOSE_MOVE &&
		    disk_dir(s, s->unsynced[i][1]) == dir)
			drop(s, i);
}

void
disk_ages(struct state *s)
{
	int i;

	for (i = s->nunsynced - 1; i >= 0; i--) {
		if (s->unsynced[i][0] & OLD)
			drop(s, i);
		else
			s->unsynced[i][0] |= OLD;
	}
}

static void
unmark(struct state *s, int target)
{
	s->target[target / 8] &= (uint8_t) ~(1 << target % 8);
}

static bool
can_be_lost(const struct state *s, const uint8_t *u)
{
	switch (u[0] & ~OLD) {
	case LOSE_MOVE:
		return s->place[u[3]] == u[2] &&
		    (u[1] == IN_HOME ? s->where[u[3]] != GONE
				     : !state_at(s, u[1]));
	case LOSE_BIRTH:
		return state_home(s, u[2]) == u[1] + 1;
	case LOSE_RESULT:
	case TEAR_RESULT:
		return s->result[u[1]][u[2]][u[3]] != NONE &&
		    state_home(s, u[1]);
	case LOSE_UNLINK:
		return s->place[u[2]] == NOWHERE && !state_at(s, u[1]);
	case LOSE_COMMIT:
		return state_is_sealed(s, u[1]);
	case LOSE_STONE:
		return s->ready[u[1]] == REGULAR;
	case LOSE_AWAY:
		return s->trials[u[1]] == ABSENT;
	case TEAR_TRIAL:
		return s->where[u[1]] == AT_HOME;
	default:
		return false;
	}
}

static void
lose_move(struct run *r, struct state *s, const uint8_t *u)
{
	int id = place_id(u[2]);
	char name[NAME];

	run_say(r, " %s,", run_place(r, u[2], id, s, name));
	s->place[u[3]] = u[1];
	unmark(s, u[2]);
	if (s->counted[id] == u[2])
		s->counted[id] = 0;
	/* Where it came from may have been removed meanwhile. */
	if (u[1] >= RUNNING && u[1] < DONE && !s->running[place_worker(u[1])])
		s->place[u[3]] = NOWHERE;
}

static void
lose(struct run *r, struct state *s, const uint8_t *u)
{
	char by[NAME];

	switch (u[0] & ~OLD) {
	case LOSE_MOVE:
		lose_move(r, s, u);
		break;
	case LOSE_BIRTH:
		run_say(r, " trials/%d/%d,", state_segment(s, u[2]), u[2]);
		s->home[u[2]] = 0;
		s->where[u[1]] = IN_TMP;
		memset(s->result[u[2]], 0, sizeof s->result[0]);
		memset(s->log[u[2]], 0, sizeof s->log[0]);
		unmark(s, TO_HOME + u[2]);
		break;
	case LOSE_RESULT:
		run_say(r, " result.%d.%s of %d,", u[2],
		    run_writer(r, u[3], by), u[1]);
		s->result[u[1]][u[2]][u[3]] = NONE;
		unmark(s, TO_RESULT + place_ended(0, u[1], u[2], u[3]));
		break;
	case TEAR_RESULT:
		run_say(r, " what is in result.%d.%s of %d,", u[2],
		    run_writer(r, u[3], by), u[1]);
		s->result[u[1]][u[2]][u[3]] = TORN;
		break;
	case LOSE_UNLINK:
		run_say(r, " a removal,");
		s->place[u[2]] = u[1];
		break;
	case LOSE_COMMIT:
		run_say(r, " segments/%d,", u[1]);
		memset(&s->sealed[u[1]], 0, sizeof s->sealed[0]);
		unmark(s, TO_SEGMENT + u[1]);
		break;
	case LOSE_STONE:
		run_say(r, " the file ready/%d,", u[1]);
		s->ready[u[1]] = run_choose(r, 2) ? DIRECTORY : ABSENT;
		break;
	case LOSE_AWAY:
		run_say(r, " that trials/%d has gone,", u[1]);
		s->trials[u[1]] = DIRECTORY;
		break;
	case TEAR_TRIAL:
		run_say(r, " what is in a trial.ini,");
		s->flags[u[1]] |= UNFINISHED;
		break;
	default:
		break;
	}
}

void
disk_power_cut(struct run *r, struct state *s)
{
	uint8_t owed[UNSYNCED][4];
	int i, n = s->nunsynced;

	memcpy(owed, s->unsynced, sizeof owed);
	memset(s->unsynced, 0, sizeof s->unsynced);
	s->nunsynced = 0;
	run_say(r, "power cut; lost:");
	for (i = n - 1; i >= 0; i--)
		if (can_be_lost(s, owed[i]) && run_choose(r, 2))
			lose(r, s, owed[i]);
	run_say(r, " no more");
}
