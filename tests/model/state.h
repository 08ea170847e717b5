#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a campaign's directory holds, what a power cut may take back, and how
 * far every process is.  A state is bytes and nothing else: two are the same
 * if memcmp(3) says so.
 *
 * Two ids in one segment, or in a segment each.  Writers W: 0-3 workers (a
 * restart is a new one), 5-7 dispatchers, 8 who was there before; 4 and 9 are
 * those that come after everybody has died (recover.h).
 */
enum {
	IDS = 2,
	SEGMENTS = 2,
	SERIALS = 3,
	WORKERS = 5,
	WRITERS = 10,
	BIRTHS = 8, /* directories tmp/W.n with a trial in them, ever */
	BIRTHS_USUAL = 5,
	TARS = 2, /* directories tmp/C.n with a segment in them, at once */
	ACTORS = 9,
	UNSYNCED = 4
};
enum { FRESH_WORKER = 4, DISPATCHER = 5, PAST = 8, FRESH_DISPATCHER = 9 };

/* A place of a token. */
enum {
	NOWHERE,
	IN_HOME, /* trials/S/ID/token */
	READY,
	HELD = READY + IDS * SERIALS,
	RUNNING = HELD + IDS * SERIALS,
	DONE = RUNNING + WORKERS * IDS * SERIALS,
	FAILED = DONE + IDS * SERIALS * WRITERS,
	CLOSED = FAILED + IDS * SERIALS * WRITERS,
	PLACES = CLOSED + IDS * SERIALS * WRITERS,
	/* other names that are the target of a rename */
	TO_RESULT = PLACES,
	TO_HOME = TO_RESULT + IDS * SERIALS * WRITERS,
	TO_SEGMENT = TO_HOME + IDS,
	TARGETS = TO_SEGMENT + SEGMENTS
};

enum status { NONE, OK, FAIL, LOST, CANCELLED, TORN };

/* Of a name in the directory. */
enum { ABSENT, DIRECTORY, REGULAR };

/* Where a directory made by a sampler is. */
enum { GONE, IN_TMP, AT_HOME, ASIDE };

/* A home without trial.ini, which somebody has made with mkdir(2). */
enum { BOGUS = 0x7f };

/* Of a log: none, begun, whole, and overwritten in the middle. */
enum { LOG_NONE, LOG_BEGUN, LOG_WHOLE, LOG_TURNED };

/* What was written and may be lost by a power cut. */
enum {
	LOSE_NOTHING,
	LOSE_MOVE,   /* a: from, b: to, c: birth */
	LOSE_BIRTH,  /* a: birth, b: id */
	LOSE_RESULT, /* a: id, b: serial, c: writer */
	LOSE_UNLINK, /* a: place, b: birth */
	LOSE_COMMIT, /* a: segment */
	LOSE_STONE,  /* a: segment: the file ready/S */
	LOSE_AWAY,   /* a: segment: that trials/S was moved */
	TEAR_RESULT, /* a: id, b: serial, c: writer: what is in the file */
	TEAR_TRIAL,  /* a: birth */
	OLD = 0x80   /* a unit of time ago */
};

/* A rename, as it may stay in the network. */
enum op_kind {
	OP_NONE,
	OP_MOVE,   /* a: from, b: to, c: id */
	OP_BIRTH,  /* a: birth, b: id */
	OP_RESULT, /* a: id, b: serial, c: writer, d: status */
	OP_SWEEP,  /* a: birth */
	OP_SCRAP,  /* a: tar */
	OP_AWAY,   /* a: segment */
	OP_COMMIT  /* a: segment, b: tar */
};
struct op {
	uint8_t kind, a, b, c, d;
};

enum actor_type { NOBODY, SAMPLER, WORKER, DISPATCH, COLLECTOR, READER };
struct actor {
	uint8_t type, pc;
	uint8_t who; /* its W */
	uint8_t id, serial, status;
	uint8_t from, to; /* places */
	uint8_t other;    /* worker, birth or tar that it is about */
	uint8_t author, segment;
	uint8_t done; /* how often it has done its work */
};

/* What a segment that is being made, or is there, says of its trials. */
enum { TAR_NONE, TAR_TMP, TAR_HALF, TAR_PUBLISHED };
struct tar {
	uint8_t where, segment, owner;
	uint8_t place[IDS], status[IDS], birth[IDS], results[IDS], log[IDS];
};

/* What one host has seen of a worker, in thirds of a lease. */
struct sighting {
	uint8_t gap, same, looks, changed; /* of the heartbeat */
	uint8_t empty_gap, empty, empty_looks;
};

struct state {
	uint8_t per; /* ids in a segment */
	uint8_t births, place[BIRTHS], where[BIRTHS], names[BIRTHS];
	uint8_t flags[BIRTHS], owner[BIRTHS];
	uint8_t trials[SEGMENTS], ready[SEGMENTS], moved[SEGMENTS];
	uint8_t home[IDS], log[IDS][SERIALS], result[IDS][SERIALS][WRITERS];
	uint8_t running[WORKERS], asked[IDS];
	struct tar tar[TARS], sealed[SEGMENTS];
	uint8_t target[(TARGETS + 7) / 8];
	uint8_t counted[IDS], said[IDS];
	/* what may still go wrong, and be wanted */
	uint8_t crash, lie, eio, late, wrong, stale, handle, power, user, fail;
	uint8_t ticks, suspends;
	struct op pending;
	uint8_t unsynced[UNSYNCED][4], nunsynced;
	uint8_t workers, dispatchers; /* names that were given */
	struct sighting seen[WORKERS];
	uint8_t beaten[WORKERS], missed[WORKERS];
	struct actor actor[ACTORS];
};

/* Of a birth: trial.ini is not whole; its id was reported. */
enum { UNFINISHED = 1, REPORTED = 2 };

int place_ready(int id, int serial);
int place_held(int id, int serial);
int place_running(int worker, int id, int serial);
/* place_ended(base, ...): base is DONE, FAILED or CLOSED. */
int place_ended(int base, int id, int serial, int writer);
/* What a place says; not of NOWHERE and IN_HOME. */
int place_id(int place);
int place_serial(int place);
int place_writer(int place);
int place_worker(int place);
bool place_is_live(int place);

int state_segments(const struct state *s);
int state_segment(const struct state *s, int id);
/* state_at(s, place): The birth whose token is there, plus 1; 0: none. */
int state_at(const struct state *s, int place);
/* state_home(s, id): The birth in trials/S/ID, plus 1; 0: none; BOGUS. */
int state_home(const struct state *s, int id);
/* state_new(s, id): The same, if its token is in it. */
int state_new(const struct state *s, int id);
/* state_ended(s, base, id): Its place under ${base}, or 0. */
int state_ended(const struct state *s, int base, int id);
bool state_is_sealed(const struct state *s, int segment);
/* state_holds(s, id, birth): Is it the trial?  Sealed beats loose. */
bool state_holds(const struct state *s, int id, int birth);
bool state_is_target(const struct state *s, int target);
/* state_size(actors): Bytes of a state that differ, with so many actors. */
size_t state_size(int actors);

#endif
