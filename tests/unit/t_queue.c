/* queue: a campaign's directory, and the steps that all moves are made of. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "queue/queue.h"
#include "scratch.h"
#include "tap.h"

#define HOME "trials/0000/0000007"
#define RESULT HOME "/result.0.me.ini"

/* --- the directory ------------------------------------------------------- */

static void
open_campaign(void)
{
	struct scratch s;
	struct queue q;
	struct err e = ERR_NONE;
	char path[600], want[700];

	scratch_begin(&s);
	ok(queue_open(s.path, QUEUE_READ, &q, &e) == 0, "what was made opens");
	is_str(q.id, s.q.id, "its id is the campaign's for everybody");
	is_num((double)strlen(q.id), 16, "of 16 digits");
	ok(strcmp(q.self, s.q.self) != 0, "each is another writer");
	ok(name_is_writer(q.self), "and may be called so");
	queue_close(&q);

	scratch_write(&s, "FORMAT", "hpo-campaign 2\n0123456789abcdef\n");
	ok(queue_open(s.path, QUEUE_READ, &q, &e) < 0, "another version");
	is_num(e.code, EX_DATAERR, "is wrong data");
	snprintf(want, sizeof want,
	    "%s/hpo/FORMAT:1: 'hpo-campaign 2' was written by another "
	    "version; this one reads 'hpo-campaign 1'",
	    s.path);
	is_str(e.msg, want, "and is named");
	scratch_write(&s, "FORMAT", "hpo-campaign 10\n");
	ok(queue_open(s.path, QUEUE_READ, &q, &e) < 0, "10 does not pass as 1");
	fs_remove(s.q.fd, "FORMAT", &e);
	ok(queue_open(s.path, QUEUE_READ, &q, &e) < 0 && e.code == EX_DATAERR,
	    "a directory hpo/ of somebody else is not taken");

	fs_remove(s.q.root, "hpo", &e);
	ok(queue_open(s.path, QUEUE_READ, &q, &e) == 0, "without hpo/");
	is_num(q.fd, -1, "there is none to read");
	is_num((double)scratch_count(&s, "."), 0, "and none is made");
	queue_close(&q);
	snprintf(path, sizeof path, "%s/none", s.path);
	ok(queue_open(path, QUEUE_WRITE, &q, &e) < 0 && e.code == EX_DATAERR,
	    "a campaign that is not there is not made");
	scratch_end(&s);
}

/* Nothing is left of the birth of hpo/ but hpo/. */
static void
layout(void)
{
	static const char *const dirs[] = { "trials", "ready", "held",
		"running", "done", "failed", "closed", "segments", "control",
		"observed", "tmp" };
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	struct scratch s;
	size_t i;

	scratch_begin(&s);
	for (i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		ok(fs_is_dir(s.q.fd, dirs[i]), "there is %s/", dirs[i]);
	is_num((double)scratch_count(&s, "."), 12, "and FORMAT, and no more");
	ok(rmdir(s.path) < 0 && fs_list(s.q.root, ".", &names, &e) == 0 &&
		names.n == 1,
	    "and hpo alone in the campaign");
	fs_free(&names);
	scratch_end(&s);
}

static void
names_in_tmp(void)
{
	struct str a = STR_EMPTY, b = STR_EMPTY;
	char before[NAME_WRITER];
	struct scratch s;

	scratch_begin(&s);
	queue_tmp(&s.q, &a);
	queue_tmp(&s.q, &b);
	ok(strcmp(a.s, b.s) != 0, "no name in tmp/ is given twice");
	ok(str_starts(a.s, "tmp/") &&
		strncmp(a.s + 4, s.q.self, strlen(s.q.self)) == 0,
	    "it begins with its writer's");
	snprintf(before, sizeof before, "%s", s.q.self);
	queue_rename_self(&s.q);
	ok(strcmp(before, s.q.self) != 0 && name_is_writer(s.q.self),
	    "a process can become another writer");
	str_free(&a);
	str_free(&b);
	scratch_end(&s);
}

static void
listing(void)
{
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, "ready/0000/0000001.0", "");
	scratch_write(&s, "ready/0000/.nfs01", "");
	scratch_write(&s, "ready/0001", "");
	ok(queue_list(&s.q, "ready/0000", &names, &e) == 0 && names.n == 1,
	    "names with a dot are not seen");
	fs_free(&names);
	ok(queue_list(&s.q, "ready/0001", &names, &e) == 0 && names.n == 0,
	    "a sealed segment is an empty one");
	ok(queue_list(&s.q, "ready/0002", &names, &e) == 0 && names.n == 0,
	    "as is one that is not there");
	ok(queue_exists(&s.q, "ready/0001") && !queue_exists(&s.q, "ready/x"),
	    "what is there exists");
	scratch_end(&s);
}

/* --- moving -------------------------------------------------------------- */

static struct token
token(enum state state, uint32_t id, unsigned attempt, const char *by)
{
	struct token t = { id, attempt, state, "" };

	snprintf(t.by, sizeof t.by, "%s", by);

	return t;
}

static void
move(void)
{
	struct token ready = token(STATE_READY, 7, 0, "");
	struct token held = token(STATE_HELD, 7, 1, "");
	struct token running = token(STATE_RUNNING, 7, 0, "me");
	struct err e = ERR_NONE;
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, "ready/0000/0000007.0", "");
	is_num(queue_move(&s.q, &ready, &running, &e), QUEUE_GONE,
	    "nobody makes a worker's directory");
	ok(queue_exists(&s.q, "ready/0000/0000007.0"), "the token stays");
	fs_mkdir(s.q.fd, "running/me", &e);
	is_num(queue_move(&s.q, &ready, &running, &e), QUEUE_DONE, "it moves");
	ok(queue_exists(&s.q, "running/me/0000007.0") &&
		!queue_exists(&s.q, "ready/0000/0000007.0"),
	    "from here to there");
	is_num(queue_move(&s.q, &ready, &running, &e), QUEUE_DONE,
	    "a rename that was done and said otherwise was done");
	is_num(queue_move(&s.q, &ready, &held, &e), QUEUE_LOST,
	    "a token that has gone elsewhere is lost");
	is_num(queue_move(&s.q, &running, &held, &e), QUEUE_DONE,
	    "a segment's directory is made");
	ok(queue_exists(&s.q, "held/0000/0000007.1"), "and the token is in it");
	is_num(e.code, 0, "none of it is a failure");
	is_str(e.msg, "", "or has a message");
	scratch_end(&s);
}

/* A file stands where a sealed segment's directory was. */
static void
sealed(void)
{
	struct token born = token(STATE_NEW, 7, 0, "");
	struct token ready = token(STATE_READY, 7, 0, "");
	struct token failed = token(STATE_FAILED, 7, 0, "me");
	struct err e = ERR_NONE;
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, HOME "/token", "");
	scratch_write(&s, "failed/0000/0000007.0.me", "");
	scratch_write(&s, "ready/0000", "");
	is_num(queue_move(&s.q, &born, &ready, &e), QUEUE_SEALED,
	    "nothing settles in a sealed segment");
	ready.attempt = 1;
	is_num(queue_move(&s.q, &failed, &ready, &e), QUEUE_SEALED,
	    "nothing is revived there");
	ok(queue_exists(&s.q, HOME "/token") &&
		queue_exists(&s.q, "failed/0000/0000007.0.me"),
	    "both stay where they are");
	scratch_end(&s);
}

/* A failure that is one: the object, and what the system said. */
static void
move_fails(void)
{
	struct token ready = token(STATE_READY, 7, 0, "");
	struct token running = token(STATE_RUNNING, 7, 0, "me");
	struct err e = ERR_NONE;
	char want[800];
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, "ready/0000/0000007.0", "");
	/* A link to itself is what no rename gets past. */
	fs_remove(s.q.fd, "running", &e);
	if (symlinkat("running", s.q.fd, "running") < 0)
		printf("# no symbolic link: %s\n", strerror(errno));
	is_num(queue_move(&s.q, &ready, &running, &e), -1, "it fails");
	snprintf(want, sizeof want,
	    "cannot rename '%s/hpo/ready/0000/0000007.0' to "
	    "'running/me/0000007.0': %s",
	    s.path, strerror(ELOOP));
	is_str(e.msg, want, "and says what did");
	is_num(e.sys, ELOOP, "and the errno");
	ok(queue_exists(&s.q, "ready/0000/0000007.0"), "nothing has moved");
	scratch_end(&s);
}

/* --- publishing ---------------------------------------------------------- */

static void
publish(void)
{
	struct err e = ERR_NONE;
	struct scratch s;

	scratch_begin(&s);
	is_num(queue_publish(&s.q, NULL, "abc\n", 4, RESULT, &e), QUEUE_GONE,
	    "nobody makes a trial's home");
	is_num((double)scratch_count(&s, "tmp"), 0, "nothing is left in tmp/");
	ok(!fs_is_dir(s.q.fd, "trials/0000"), "nor made");
	scratch_write(&s, HOME "/trial.ini", "");
	is_num(queue_publish(&s.q, NULL, "abc\n", 4, RESULT, &e), QUEUE_DONE,
	    "into a home it is written");
	ok(scratch_is(&s, RESULT, "abc\n"), "whole");
	is_num((double)scratch_count(&s, "tmp"), 0, "nothing is left in tmp/");
	scratch_write(&s, "trials/0001", "");
	is_num(queue_publish(&s.q, NULL, "abc\n", 4,
		   "trials/0001/0001000/result.0.me.ini", &e),
	    QUEUE_GONE, "a file where the directory was: it is over");
	is_num(e.code, 0, "none of it is a failure");
	scratch_end(&s);
}

/* Room on the disk, taken before it is needed. */
static void
reserve(void)
{
	struct queue_room room = { "" };
	struct err e = ERR_NONE;
	struct stat st = { .st_size = -1 };
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, HOME "/trial.ini", "");
	ok(queue_reserve(&s.q, 16384, &room, &e) == 0 &&
		fstatat(s.q.fd, room.name, &st, 0) == 0,
	    "room is a file in tmp/");
	is_num((double)st.st_size, 16384, "of that size");
	ok(st.st_blocks * 512 >= 16384, "with its blocks");
	is_num(queue_publish(&s.q, &room, "abc\n", 4, RESULT, &e), QUEUE_DONE,
	    "it is written to");
	ok(scratch_is(&s, RESULT, "abc\n"), "and cut to what was written");
	is_str(room.name, "", "it is used up");
	is_num((double)scratch_count(&s, "tmp"), 0, "nothing is left in tmp/");

	queue_reserve(&s.q, 16384, &room, &e);
	fs_remove(s.q.fd, room.name, &e);
	is_num(queue_publish(&s.q, &room, "def\n", 4, HOME "/result.1.me.ini",
		   &e),
	    QUEUE_DONE, "room that was swept is made anew");
	ok(scratch_is(&s, HOME "/result.1.me.ini", "def\n"), "and written to");

	queue_reserve(&s.q, 16384, &room, &e);
	is_num(queue_publish(&s.q, &room, "x", 1,
		   "trials/0000/0000008/result.0.me.ini", &e),
	    QUEUE_GONE, "what is for nothing");
	is_str(room.name, "", "gives its room back");
	queue_reserve(&s.q, 16384, &room, &e);
	queue_unreserve(&s.q, &room);
	queue_unreserve(&s.q, &room);
	is_num((double)scratch_count(&s, "tmp"), 0, "and twice does no harm");
	is_num(e.code, 0, "none of it is a failure");
	scratch_end(&s);
}

/* A campaign that was moved away under a process goes on by its path. */
static void
reopen(void)
{
	struct token ready = token(STATE_READY, 7, 0, "");
	struct token held = token(STATE_HELD, 7, 1, "");
	struct err e = ERR_NONE;
	char moved[600];
	struct scratch s;

	scratch_begin(&s);
	scratch_write(&s, "ready/0000/0000007.0", "");
	snprintf(moved, sizeof moved, "%s.moved", s.path);
	ok(rename(s.path, moved) == 0, "a campaign is moved away");
	queue_reopen(&s.q);
	is_num(queue_move(&s.q, &ready, &held, &e), QUEUE_DONE,
	    "one that is not there is kept open");
	ok(rename(moved, s.path) == 0, "and back");
	queue_reopen(&s.q);
	ok(queue_exists(&s.q, "held/0000/0000007.1"), "what is there is seen");
	scratch_end(&s);
}

int
main(void)
{
	open_campaign();
	layout();
	names_in_tmp();
	listing();
	move();
	sealed();
	move_fails();
	publish();
	reserve();
	reopen();

	return done();
}
