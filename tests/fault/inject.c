/*
 * Let a program meet a fault at every one of its calls, one by one, and see
 * each time that nothing is lost.
 *
 * usage: inject [-ri] [-e N] [-O OP] [-o OPERATION[=PATH]]... [-p PROGRAM]
 *	    [-P PAST] [-s SETUP]... [-f FINISH]... [-x CODE]... -a ACTION,...
 *	    -c START -d DIR -l SHIM -- COMMAND...
 *
 * START (absolute, as are DIR and SHIM) holds the campaign c.  Once, the SETUP
 * commands are run on a copy of it, in whose directory, below DIR, all
 * commands run; what they leave is where every try begins.  There COMMAND
 * runs, and the k-th call OP (else any) of PROGRAM (else the command's name) on
 * a file there meets ACTION (see shim.c), for k from 1 until none does; with -e
 * every N-th.  After each
 *
 *	the exit code is the one for the fault, or that of a run without, or
 *	    CODE;
 *	if it is that of a run without, all is done and told; else what is told
 *	    is true;
 *	no process is left;
 *	hpo-collect --fsck finds nothing;
 *	the FINISH commands bring the campaign to its end (their codes are 0
 *	    or 1), and its table is what it is without a fault; with -i as far
 *	    as ids and statuses go.  What a fault at a call that changes
 *	    nothing has left is finished once, and not again where another
 *	    such fault has left the same files.
 *
 * With -r the command is a reader's: it changes nothing, and if it ends well
 * its output is what it is without a fault.  In commands, split at blanks, @
 * is the number of this process.  PAST holds the c that is shown by what is
 * out of date, by default START.
 *
 * For -o (of a call on hpo/PATH...; the first one of all others) a line
 * "OPERATION FAULT TIMES" with tabs is appended to the file $HPO_MATRIX.  The
 * status is 1 if anything was wrong, or no fault was met.
 */

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* prctl(2) */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actions.h"
#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "kinds.h"
#include "reap.h"
#include "said.h"
#include "seen.h"
#include "tree.h"

enum { LISTS = 16, END = 100000, SHOW = 2000, FAILURES = 10 };

static struct {
	bool reader, ids;
	unsigned every;
	const char *dir, *shim, *program, *past, *start, *op;
	char *actions, **command;
	size_t nsetup, nfinish, ncode;
	char *setup[LISTS], *finish[LISTS];
	int code[LISTS];
	struct kinds kinds;
	/* without a fault */
	bool prepared;
	int usual; /* exit code */
	struct str said, sound, table;
	struct seen seen;
	unsigned failures;
} job;

/* --- what is run ---------------------------------------------------------- */

/* Run a command here, its standard output and error to the two files. */
static int
run(char *const *argv, const char *fault, const char *out, const char *err)
{
	sigset_t none;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid > 0)
		return reap(pid, job.prepared);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (freopen("/dev/null", "r", stdin) == NULL ||
	    freopen(out, "w", stdout) == NULL ||
	    freopen(err, "w", stderr) == NULL)
		die("freopen");
	setenv("LD_PRELOAD", job.shim, 1);
	setenv("HPO_SHIM_PROG", job.program, 1);
	setenv("HPO_SHIM_HURRY", "1", 1);
	if (fault != NULL)
		setenv("HPO_SHIM", fault, 1);
	if (argv[0] != NULL)
		execvp(argv[0], argv);
	_exit(127);
}

/* One of words that stand in a text; "@" is our number. */
static int
run_text(const char *text, const char *out, const char *err)
{
	struct {
		size_t n, cap;
		char **v;
	} w = { 0, 0, NULL };
	char *copy = mem_dup(text), *save, *word, self[16];
	int code;

	snprintf(self, sizeof self, "%ld", (long)getpid());
	for (word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		*arr_push(&w) = str_eq(word, "@") ? self : word;
	*arr_push(&w) = NULL;
	code = run(w.v, NULL, out, err);
	arr_free(&w);
	free(copy);

	return code;
}

/* --- what has to hold ----------------------------------------------------- */

static int
check(const char *command, const char *file, struct str *b)
{
	int code = run_text(command, file, "../err2");

	tree_slurp(file, b);

	return code;
}

static bool
texts_agree(const struct str *a, const struct str *b)
{
	return str_eq(str_text(a), str_text(b));
}

static const char *
finish(struct str *table)
{
	struct str sound = STR_EMPTY;
	size_t i;
	int code;

	for (i = 0; i < job.nfinish; i++) {
		code = run_text(job.finish[i], "../out2", "../err2");
		if (code != 0 && code != 1)
			return "the program that finishes it has failed";
	}
	if (check("hpo-collect c", "../out2", table) != 0)
		return "hpo-collect has failed";
	said_cut(table, job.ids);
	code = check("hpo-collect --fsck c", "../fsck", &sound);
	str_free(&sound);

	return code != 0 ? "hpo-collect --fsck has findings at the end" : NULL;
}

static bool
is_allowed(const struct action *a, int code)
{
	size_t i;

	for (i = 0; i < job.ncode; i++)
		if (job.code[i] == code)
			return true;
	if (a->lenient && code == 0)
		return true;
	if (a->code == -SIGKILL)
		return code == -SIGKILL || code == 128 + SIGKILL;

	return code == job.usual || (!a->well && code == a->code);
}

/* What the command did and said. */
static const char *
judge_words(const struct action *a, int code, const struct str *said)
{
	struct str err = STR_EMPTY;
	bool usual = code == job.usual, silent;

	tree_slurp("../err", &err);
	silent = err.n == 0;
	str_free(&err);
	if (code == HUNG)
		return "it hangs, or left a process";
	if (!is_allowed(a, code))
		return "the exit code is wrong";
	if (code > 0 && !usual && code != 128 + SIGKILL && !a->lenient &&
	    silent)
		return "it failed without a word";
	if (usual && !a->lenient)
		return texts_agree(said, &job.said)
		    ? NULL
		    : "it did well, and said something else";
	if (job.reader || said_is_part(said, &job.said))
		return NULL;

	return "what it says is not true";
}

/*
 * What it left.  A fault at a call that changes nothing leaves a state that
 * is the same as after others; once it was brought to its end that is that.
 */
static const char *
judge_state(bool done, bool changes)
{
	struct str sound = STR_EMPTY, table = STR_EMPTY;
	char *files = seen_files("c");
	const char *known = changes ? NULL : seen_find(&job.seen, files);
	const char *bad = NULL;

	if (known != NULL)
		str_add(&sound, known);
	else if (check("hpo-collect --fsck c", "../fsck", &sound) != 0)
		bad = "hpo-collect --fsck has findings";
	if (bad == NULL && done && !texts_agree(&sound, &job.sound))
		bad = "the state is another than without the fault";
	if (bad == NULL && known == NULL)
		bad = finish(&table);
	if (bad == NULL && known == NULL && !texts_agree(&table, &job.table))
		bad = "the table at the end is another than without the fault";
	if (bad == NULL)
		seen_add(&job.seen, files, str_text(&sound));
	str_free(&sound);
	str_free(&table);
	free(files);

	return bad;
}

/* NULL, or what is wrong after the command has ended. */
static const char *
judge(const struct action *a, int code, const char *fired, struct str *said)
{
	const char *bad = judge_words(a, code, said);

	if (bad != NULL)
		return bad;
	if (job.reader)
		return tree_same("c", "../start/c") ? NULL
						    : "it changed something";

	return judge_state(code == job.usual && !a->lenient,
	    !action_reads(a, fired));
}

static void
show(const char *file)
{
	struct str b = STR_EMPTY;

	tree_slurp(file, &b);
	if (b.n > 0)
		fprintf(stderr, "--- %s\n%.*s\n", file, SHOW, b.s);
	str_free(&b);
}

static void
complain(const char *fault, const char *what, int code)
{
	fprintf(stderr, "%s, %s: %s (exit code %d)\n", job.program, fault, what,
	    code);
	show("../fired");
	show("out");
	show("../err");
	show("../out2");
	show("../err2");
	show("../fsck");
	if (++job.failures >= FAILURES) {
		fprintf(stderr, "inject: that is enough\n");
		exit(EXIT_FAILURE);
	}
}

/* One fault: false if there was none any more. */
static bool
try(const struct action *a, unsigned k)
{
	struct str fired = STR_EMPTY, said = STR_EMPTY;
	const char *bad;
	char fault[64];
	bool met;
	int code;

	snprintf(fault, sizeof fault, "%s:%u:%s",
	    job.op != NULL ? job.op : "any", k, a->name);
	tree_copy("../start/c", "c");
	unlink("../fired");
	code = run(job.command, fault, "out", "../err");
	tree_slurp("../fired", &fired);
	if (fired.n > 0) {
		tree_slurp("out", &said);
		said_sort(&said);
		bad = judge(a, code, fired.s, &said);
		if (bad != NULL)
			complain(fault, bad, code);
		else
			kinds_count(&job.kinds, fired.s);
	}
	str_free(&said);
	met = fired.n > 0;
	str_free(&fired);

	return met;
}

/* --- from here the order of things ---------------------------------------- */

/* Where every fault begins, and what comes of it without one. */
static void
prepare(void)
{
	struct str from = STR_EMPTY;
	size_t i;

	tree_copy(fs_join(&from, job.start, "c"), "c");
	str_free(&from);
	for (i = 0; i < job.nsetup; i++)
		if (run_text(job.setup[i], "../out2", "../err") == HUNG)
			die(job.setup[i]);
	job.prepared = true;
	tree_copy("c", "../start/c");
	tree_copy("../start/c", "c");
	job.usual = run(job.command, NULL, "out", "../err");
	if (job.usual < 0)
		die(job.command[0]);
	tree_slurp("out", &job.said);
	said_sort(&job.said);
	if (check("hpo-collect --fsck c", "../fsck", &job.sound) != 0)
		die("hpo-collect --fsck");
	if (!job.reader && finish(&job.table) != NULL)
		die("without a fault");
}

/* Name a file of ours to the shim. */
static void
tell_shim(const char *name, const char *file)
{
	struct str b = STR_EMPTY;

	setenv(name, fs_join(&b, job.dir, file), 1);
	str_free(&b);
}

/* The directories, and what the shim is told besides the fault. */
static void
arrange(void)
{
	struct err e = ERR_NONE;

	reap_begin();
	if (fs_remove(AT_FDCWD, job.dir, &e) < 0 || mkdir(job.dir, 0777) < 0 ||
	    chdir(job.dir) < 0 || mkdir("start", 0777) < 0 ||
	    mkdir("w", 0777) < 0 || chdir("w") < 0)
		die(job.dir);
	tell_shim("HPO_SHIM_UNDER", "w");
	tell_shim("HPO_SHIM_FIRED", "fired");
	tell_shim("HPO_SHIM_START", "start");
	setenv("HPO_SHIM_PAST", job.past != NULL ? job.past : job.start, 1);
}

static void
usage(void)
{
	fprintf(stderr, "inject: see its source for the usage\n");
	exit(EX_USAGE);
}

static int
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < 1 || n > END)
		usage();

	return (int)n;
}

static void
take_option(int c, char *arg)
{
	const struct {
		int letter;
		const char **to;
	} text[] = { { 'c', &job.start }, { 'd', &job.dir }, { 'l', &job.shim },
		{ 'p', &job.program }, { 'P', &job.past }, { 'O', &job.op } };
	size_t i;

	for (i = 0; i < sizeof text / sizeof text[0]; i++)
		if (text[i].letter == c)
			*text[i].to = arg;
	if (c == '?')
		usage();
	job.reader |= c == 'r';
	job.ids |= c == 'i';
	if (c == 'a')
		job.actions = arg;
	if (c == 'e')
		job.every = (unsigned)number(arg);
	if (c == 'o')
		kinds_take(&job.kinds, arg);
	if (c == 's')
		job.setup[job.nsetup++ % LISTS] = arg;
	if (c == 'f')
		job.finish[job.nfinish++ % LISTS] = arg;
	if (c == 'x')
		job.code[job.ncode++ % LISTS] = number(arg);
}

static void
parse(int argc, char *argv[])
{
	char self[16];
	int c;

	while ((c = getopt(argc, argv, "+rid:l:c:p:P:O:a:e:o:s:f:x:")) != -1)
		take_option(c, optarg);
	job.command = argv + optind;
	if (optind >= argc || job.dir == NULL || job.shim == NULL ||
	    job.start == NULL || job.actions == NULL || job.kinds.n == 0)
		usage();
	if (job.program == NULL)
		job.program = job.command[0];
	snprintf(self, sizeof self, "%ld", (long)getpid());
	for (; optind < argc; optind++)
		if (str_eq(argv[optind], "@"))
			argv[optind] = mem_dup(self);
}

int
main(int argc, char *argv[])
{
	char *save = NULL, *word;
	unsigned k, step, n, total = 0;
	const struct action *a;

	parse(argc, argv);
	step = job.every > 0 ? job.every : 1;
	arrange();
	prepare();
	for (word = strtok_r(job.actions, ",", &save); word != NULL;
	     word = strtok_r(NULL, ",", &save)) {
		a = action_find(word);
		if (a == NULL)
			usage();
		for (k = 1; k < END && try(a, k); k += step)
			continue;
		n = kinds_report(&job.kinds, a->fault);
		printf("%s%s %u", total > 0 ? ", " : "", word, n);
		total += n;
	}
	printf("; %u in all\n", total);
	if (total == 0)
		return EXIT_FAILURE;

	return job.failures > 0;
}
