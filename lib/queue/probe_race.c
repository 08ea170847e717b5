#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/str.h"
#include "queue/probe.h"

/*
 * Races of two processes for one rename.  Both know when a round starts, by
 * the boot clock, and spin until then: so they arrive within microseconds of
 * each other, which a wake-up alone would not achieve.
 */

static const double budget = 0.4, head_start = 100e-6; /* seconds */

enum { LEADER, FOLLOWER, RACERS };

struct race {
	int dir;
	const char *what; /* "token", "directory" */
	unsigned most;    /* rounds */
	/* Make what ${who} renames in this round. */
	int (*prepare)(int dir, int who, unsigned round, struct err *e);
	void (*names)(int who, unsigned round, struct str *from,
	    struct str *to);
	/* Is what ${who} renamed at its target? */
	bool (*is_there)(int dir, int who, unsigned round);
};

/* What the leader tells the follower: prepare a round; start it at a time. */
struct turn {
	bool over;
	unsigned round;
	double at;
};

struct outcome {
	unsigned rounds;
	unsigned won[RACERS]; /* and told so */
	unsigned lied;        /* won, and told otherwise */
	unsigned both, none, other;
	int sys; /* of a round in which nobody won and nothing was lost */
};

/* --- claims: a token goes to running/ of one of two ----------------------- */

static int
prepare_claim(int dir, int who, unsigned round, struct err *e)
{
	char name[40];

	if (who != LEADER)
		return 0;
	snprintf(name, sizeof name, "ready/%u", round);

	return fs_create(dir, name, "", 0, e);
}

static void
claim_names(int who, unsigned round, struct str *from, struct str *to)
{
	str_addf(from, "ready/%u", round);
	str_addf(to, "running%d/%u", who, round);
}

static bool
claim_is_there(int dir, int who, unsigned round)
{
	struct stat st;
	char name[40];

	snprintf(name, sizeof name, "running%d/%u", who, round);

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- births: a full directory goes to the one name of both ---------------- */

static int
prepare_birth(int dir, int who, unsigned round, struct err *e)
{
	char name[48];
	size_t n;

	n = (size_t)snprintf(name, sizeof name, "home%d.%u", who, round);
	if (fs_mkdir(dir, name, e) < 0)
		return -1;
	snprintf(name + n, sizeof name - n, "/of%d", who);

	return fs_create(dir, name, "", 0, e);
}

static void
birth_names(int who, unsigned round, struct str *from, struct str *to)
{
	str_addf(from, "home%d.%u", who, round);
	str_addf(to, "home.%u", round);
}

static bool
birth_is_there(int dir, int who, unsigned round)
{
	struct stat st;
	char name[48];

	snprintf(name, sizeof name, "home.%u/of%d", round, who);

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* --- a race --------------------------------------------------------------- */

/* The errno of our rename, at the time agreed. */
static int
run_round(const struct race *r, int who, const struct turn *t)
{
	struct str from = STR_EMPTY, to = STR_EMPTY;
	int sys;

	r->names(who, t->round, &from, &to);
	while (clk_boot() < t->at)
		continue;
	sys = renameat(r->dir, from.s, r->dir, to.s) < 0 ? errno : 0;
	str_free(&to);
	str_free(&from);

	return sys;
}

static bool
get(int fd, void *p, size_t n)
{
	ssize_t k;

	do
		k = read(fd, p, n); /* all at once: less than PIPE_BUF */
	while (k < 0 && errno == EINTR);

	return k == (ssize_t)n;
}

static void
follow(const struct race *r, int in, int out)
{
	struct err e = ERR_NONE;
	struct turn t;
	int sys;

	while (get(in, &t, sizeof t) && !t.over) {
		err_clear(&e);
		sys = r->prepare(r->dir, FOLLOWER, t.round, &e) < 0 ? e.sys : 0;
		if (fs_write_all(out, &sys, sizeof sys) < 0 ||
		    !get(in, &t, sizeof t) || t.over)
			return;
		sys = run_round(r, FOLLOWER, &t);
		if (fs_write_all(out, &sys, sizeof sys) < 0)
			return;
	}
}

/* Look where things are, and clean up. */
static void
judge_round(const struct race *r, unsigned round, const int *sys,
    struct outcome *o)
{
	struct str from = STR_EMPTY, to = STR_EMPTY;
	struct err ignored = ERR_NONE;
	bool there[RACERS];
	struct stat st;
	int who, said = 0, are = 0, left = 0;

	for (who = 0; who < RACERS; who++) {
		there[who] = r->is_there(r->dir, who, round);
		said += sys[who] == 0;
		are += there[who];
	}
	for (who = 0; who < RACERS; who++) {
		str_cut(&from, 0);
		str_cut(&to, 0);
		r->names(who, round, &from, &to);
		left += fstatat(r->dir, from.s, &st, AT_SYMLINK_NOFOLLOW) == 0;
		fs_remove(r->dir, from.s, &ignored);
		fs_remove(r->dir, to.s, &ignored);
		o->won[who] += there[who] && sys[who] == 0;
	}
	o->rounds++;
	if (said > 1 || are > 1)
		o->both++;
	else if (are == 0 && said == 0 && left > 0)
		o->sys = sys[LEADER] != ENOENT ? sys[LEADER] : sys[FOLLOWER];
	else if (are == 0)
		o->none++;
	else if (said == 0)
		o->lied++;
	else if ((sys[LEADER] == 0) != there[LEADER])
		o->other++;
	str_free(&to);
	str_free(&from);
}

static int
lead(const struct race *r, int in, int out, struct outcome *o, struct err *e)
{
	struct turn t;
	double end = clk_boot() + budget;
	int sys[RACERS], ready, bad = 0;

	memset(&t, 0, sizeof t);
	for (; !bad && t.round < r->most && o->sys == 0; t.round++) {
		if (t.round > 0 && clk_boot() > end)
			break;
		if (fs_write_all(out, &t, sizeof t) < 0 ||
		    !get(in, &ready, sizeof ready))
			return err_set(e, EX_IOERR, "the other process ended");
		errno = ready;
		bad = ready != 0 ? err_sys(e, "the other process cannot write")
				 : r->prepare(r->dir, LEADER, t.round, e);
		if (bad)
			break;
		t.at = clk_boot() + head_start;
		if (fs_write_all(out, &t, sizeof t) < 0)
			return err_set(e, EX_IOERR, "the other process ended");
		sys[LEADER] = run_round(r, LEADER, &t);
		if (!get(in, &sys[FOLLOWER], sizeof sys[FOLLOWER]))
			return err_set(e, EX_IOERR, "the other process ended");
		judge_round(r, t.round, sys, o);
	}
	t.over = true;
	if (fs_write_all(out, &t, sizeof t) < 0)
		return bad;

	return bad;
}

/* Start the other process, lead, and wait for its end. */
static int
run_race(const struct race *r, struct outcome *o, struct err *e)
{
	int to[2], from[2], bad;
	pid_t pid, parent = getpid();

	if (pipe(to) < 0)
		return err_sys(e, "cannot make a pipe");
	if (pipe(from) < 0) {
		bad = err_sys(e, "cannot make a pipe");
		close(to[0]);
		close(to[1]);
		return bad;
	}
	signal(SIGPIPE, SIG_IGN); /* this process is a child made for this */
	pid = fork();
	if (pid == 0) {
		proc_die_with_parent(parent);
		close(to[1]);
		close(from[0]);
		follow(r, to[0], from[1]);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	bad = pid < 0 ? err_sys(e, "cannot start a process")
		      : lead(r, from[0], to[1], o, e);
	close(to[1]);
	close(from[0]);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;

	return bad;
}

static void
report(const struct race *r, struct exam *x)
{
	struct outcome o = { .rounds = 0 };
	struct err e = ERR_NONE;
	int bad = run_race(r, &o, &e);

	exam_value(x, o.rounds, "races");
	if (o.both > 0)
		exam_find(x, PROBE_MOVE,
		    "in %u races two processes renamed one %s", o.both,
		    r->what);
	if (o.none > 0)
		exam_find(x, PROBE_MOVE, "in %u races the %s was lost", o.none,
		    r->what);
	if (o.other > 0)
		exam_find(x, PROBE_MOVE,
		    "in %u races the %s went to who was told that it did not",
		    o.other, r->what);
	if (o.sys != 0)
		exam_find(x, PROBE_MOVE, "a %s cannot be renamed: %s", r->what,
		    strerror(o.sys));
	if (bad)
		exam_find(x, "see the message", "%s", e.msg);
	if (o.lied > 0)
		exam_note(x, "",
		    "%u were done and reported as failed; the programs see "
		    "through that",
		    o.lied);
	exam_ok(x, "one of two processes got the %s, %u : %u", r->what,
	    o.won[LEADER], o.won[FOLLOWER]);
}

void
probe_claim(const struct place *p, struct exam *x)
{
	static const char *const dirs[] = { "ready", "running0", "running1" };
	struct race r = { p->dir, "token", 256, prepare_claim, claim_names,
		claim_is_there };
	struct err e = ERR_NONE;
	size_t i;

	for (i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		if (fs_mkdir(p->dir, dirs[i], &e) < 0) {
			exam_find(x, "see the message", "%s", e.msg);
			return;
		}
	report(&r, x);
}

void
probe_birth(const struct place *p, struct exam *x)
{
	struct race r = { p->dir, "directory", 64, prepare_birth, birth_names,
		birth_is_there };

	report(&r, x);
}
