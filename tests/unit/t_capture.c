/* base/capture: running a program for what it says. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/capture.h"
#include "base/clk.h"
#include "base/err.h"
#include "tap.h"

enum { MOST = 100000 };

/* Run a program with one argument for sh. */
static int
run(const char *program, const char *command, double timeout, struct capture *c,
    struct err *e)
{
	char sh[] = "sh", option[] = "-c", a[] = "A=b", text[200];
	char *argv[] = { sh, option, text, NULL };
	char *env[] = { a, NULL };

	snprintf(text, sizeof text, "%s", command);
	memset(c, 0, sizeof *c);
	c->program = program;
	c->argv = argv;
	c->env = env;
	c->cwd = "/";
	c->timeout = timeout;
	c->most = MOST;

	return capture_run(c, e);
}

static int
shell(const char *command, double timeout, struct capture *c, struct err *e)
{
	return run("/bin/sh", command, timeout, c, e);
}

/* Is a process gone within some seconds? */
static bool
is_gone(pid_t pid)
{
	double end = clk_boot() + 10;

	while (kill(pid, 0) == 0 && clk_boot() < end)
		clk_nap(0.01);

	return kill(pid, 0) < 0;
}

static void
test_streams(void)
{
	struct capture c;
	struct err e = ERR_NONE;

	is_num(shell("echo out; echo err >&2; echo $A; pwd; cat; exit 3", 20,
		   &c, &e),
	    0, "a command runs");
	is_str(str_text(&c.out), "out\nb\n/\n", "its output, without input");
	is_str(str_text(&c.err), "err\n", "apart from its errors");
	is_num(c.status, 3, "its status");
	ok(!c.timed_out && !c.cut, "in time and whole");
	capture_free(&c);
	is_num(shell("kill -9 $$", 20, &c, &e), 0, "one that a signal ends");
	is_num(c.status, 137, "has it as its status");
	capture_free(&c);
}

static void
test_limits(void)
{
	struct capture c;
	struct err e = ERR_NONE;

	is_num(shell("head -c 300000 /dev/zero | tr '\\0' x; echo >&2", 20, &c,
		   &e),
	    0, "much is read to its end");
	is_num((double)c.out.n, MOST, "so much of it is kept");
	ok(c.cut && c.status == 0, "which is said");
	capture_free(&c);
	is_num(shell("echo a; while :; do :; done", 0.3, &c, &e), 0,
	    "one without end");
	ok(c.timed_out, "is ended");
	is_str(str_text(&c.out), "a\n", "and what it said is there");
	capture_free(&c);
	is_num(shell("(while :; do :; done) & echo $!", 20, &c, &e), 0,
	    "what it leaves behind");
	ok(is_gone((pid_t)strtol(str_text(&c.out), NULL, 10)), "is ended, too");
	capture_free(&c);
}

static void
test_missing(void)
{
	struct capture c;
	struct err e = ERR_NONE;

	is_num(run("/nonexistent", "", 5, &c, &e), -1, "no such program");
	is_num(e.sys, ENOENT, "is told");
	is_str(e.msg, "cannot run '/nonexistent': No such file or directory",
	    "by name");
	capture_free(&c);
}

int
main(void)
{
	test_streams();
	test_limits();
	test_missing();

	return done();
}
