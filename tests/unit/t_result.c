/* form/result and form/status: how an attempt ended, whole or not at all. */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "form/record.h"
#include "form/result.h"
#include "tap.h"

static const char body[] = "[result]\n"
			   "format = 1\n"
			   "id = 9999999\n"
			   "attempt = 4294967295\n"
			   "status = failed\n"
			   "cause = exit 3\n"
			   "exit = 3\n"
			   "signal = none\n"
			   "started = 2026-11-23T09:30:00Z\n"
			   "seconds = 12.346\n"
			   "user = 0.500\n"
			   "system = 0.000\n"
			   "peak = 123456789\n"
			   "host = n01\n"
			   "worker = n01-17-00c0ffee12345678\n"
			   "[job]\n"
			   "id = 4711_3\n"
			   "node = n01\n"
			   "partition = gpu\n"
			   "restarts = 0\n"
			   "wait = 61\n"
			   "history = lost@n1: interrupted@n2:60.004\n"
			   "[metrics]\n"
			   "val_error = 0.1\n"
			   "acc/top@1.x-y = nan\n"
			   "low = -inf\n"
			   "[curve]\n"
			   "val_error = 0 1, 1 0.5, 2.5 inf, 3 0.1\n"
			   "low = -1 -inf\n"
			   "[log]\n"
			   "tail.1 = Traceback:\n"
			   "tail.2 = \\x20 File \"x.py\"; # 1\n"
			   "tail.3 =\n"
			   "tail.4 = \\x1b[31mred\\t\\\\\n";
/* The crc32 by zlib. */
static const char seal[] = "[end]\ncrc32 = 221eb744\n";

static void
add_tail(struct result *r, const char *line)
{
	r->tail[r->ntail++] = mem_dup(line);
}

/* The result that ${body} is of. */
static void
fill(struct result *r)
{
	memset(r, 0, sizeof *r);
	r->id = 9999999;
	r->attempt = UINT32_MAX;
	r->status = STATUS_FAILED;
	r->cause = mem_dup("exit 3");
	r->exit = 3;
	snprintf(r->started, sizeof r->started, "2026-11-23T09:30:00Z");
	r->seconds = 12.3456;
	r->user = 0.5;
	r->system = -0.1; /* a clock that went back */
	r->peak = 123456789;
	r->host = mem_dup("n01");
	r->worker = mem_dup("n01-17-00c0ffee12345678");
	r->job = (struct job){ "4711_3", 0, "n01", "gpu", 61 };
	r->history = mem_dup("lost@n1: interrupted@n2:60.004");
	metrics_add_step(&r->metrics, "val_error", 1, 0);
	metrics_add_step(&r->metrics, "val_error", 0.5, 1);
	metrics_add_step(&r->metrics, "val_error", (double)INFINITY, 2.5);
	metrics_add_step(&r->metrics, "val_error", 0.1, 3);
	metrics_add(&r->metrics, "acc/top@1.x-y", (double)NAN);
	metrics_add_step(&r->metrics, "low", -(double)INFINITY, -1);
	add_tail(r, "Traceback:");
	add_tail(r, "  File \"x.py\"; # 1");
	add_tail(r, "");
	add_tail(r, "\033[31mred\t\\");
}

static void
test_golden(void)
{
	struct str b = STR_EMPTY, want = STR_EMPTY, again = STR_EMPTY;
	struct err e = ERR_NONE;
	struct result r;

	fill(&r);
	str_add(&b, "before\n");
	result_format(&r, &b);
	str_addf(&want, "before\n%s%s", body, seal);
	is_str(b.s, want.s, "a result is written as the manual says");
	result_free(&r);
	ok(r.ntail == 0 && r.cause == NULL && r.metrics.all.n == 0,
	    "free empties");
	is_num(result_parse(want.s + 7, want.n - 7, "r", &r, &e), 0,
	    "it is read: %s", e.msg);
	is_num(r.id, 9999999, "id");
	is_num(r.attempt, UINT32_MAX, "attempt");
	is_num(r.status, STATUS_FAILED, "status");
	is_str(r.cause, "exit 3", "cause");
	is_num(r.exit, 3, "exit");
	is_num(r.signal, 0, "signal");
	is_str(r.started, "2026-11-23T09:30:00Z", "started");
	is_num(r.seconds, 12.346, "seconds");
	is_num(r.user, 0.5, "user");
	is_num((double)r.peak, 123456789, "peak");
	is_str(r.worker, "n01-17-00c0ffee12345678", "worker");
	is_str(r.job.id, "4711_3", "the job's id");
	is_str(r.job.node, "n01", "its node");
	is_str(r.job.partition, "gpu", "its partition");
	is_num(r.job.wait, 61, "how long it waited");
	is_str(r.history, "lost@n1: interrupted@n2:60.004", "history");
	is_num((double)r.metrics.all.n, 3, "metrics");
	is_num((double)r.metrics.all.v[0].curve.n, 4, "points of a curve");
	is_num((double)r.ntail, 4, "lines of the log");
	is_str(r.tail[1], "  File \"x.py\"; # 1", "the second");
	result_format(&r, &again);
	is_str(again.s, want.s + 7, "and written again the same");
	result_free(&r);
	str_free(&b);
	str_free(&want);
	str_free(&again);
}

static void
test_smallest(void)
{
	static const char want[] = "[result]\nformat = 1\nid = 0\n"
				   "attempt = 0\nstatus = ok\ncause =\n"
				   "exit = none\nsignal = 9\nstarted =\n"
				   "seconds = 0.000\nuser = 0.000\n"
				   "system = 0.000\npeak = 0\nhost =\n"
				   "worker =\n";
	struct result r = { .exit = -1, .signal = 9 };
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;

	result_format(&r, &b);
	ok(str_starts(str_text(&b), want) && b.n == strlen(want) + strlen(seal),
	    "without job, metrics and log there are no sections");
	is_num(result_parse(b.s, b.n, "r", &r, &e), 0, "it is read: %s", e.msg);
	is_num(r.exit, -1, "no exit");
	is_num(r.signal, 9, "a signal");
	is_str(r.started, "", "never started");
	is_str(r.cause, "", "no cause");
	result_free(&r);
	str_free(&b);
}

/* The bytes in a block of their own, so that a sanitiser sees overruns. */
static int
parse(const char *text, size_t n, struct err *e)
{
	char *copy = mem_alloc(n);
	struct result r;
	int bad;

	memcpy(copy, text, n);
	bad = result_parse(copy, n, "r", &r, e);
	if (bad != 0 &&
	    (e->code != EX_DATAERR || r.metrics.all.n != 0 || r.cause != NULL ||
		r.ntail != 0))
		bad = -2;
	if (bad == 0)
		result_free(&r);
	free(copy);

	return bad;
}

static void
test_damage(void)
{
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	unsigned wrong = 0, bit;
	size_t n;

	str_addf(&b, "%s%s", body, seal);
	for (n = 0; n < b.n; n++)
		wrong += parse(b.s, n, &e) != -1;
	ok(wrong == 0, "no proper prefix is a result");
	for (n = 0; n < b.n; n++)
		for (bit = 0; bit < 8; bit++) {
			b.s[n] = (char)(b.s[n] ^ (1 << bit));
			wrong += parse(b.s, b.n, &e) != -1;
			b.s[n] = (char)(b.s[n] ^ (1 << bit));
		}
	ok(wrong == 0, "no flipped bit goes unseen");
	is_num(parse(b.s, b.n, &e), 0, "the file itself is whole");
	str_free(&b);
}

/* ${body} with the first ${from} replaced by ${to}, sealed. */
static int
parse_edited(const char *from, const char *to, struct err *e)
{
	const char *at = strstr(body, from);
	struct str b = STR_EMPTY;
	int bad = -3;

	if (at != NULL) {
		str_addn(&b, body, (size_t)(at - body));
		str_add(&b, to);
		str_add(&b, at + strlen(from));
		record_seal(&b, 0);
		bad = parse(b.s, b.n, e);
	}
	str_free(&b);

	return bad;
}

static void
test_edited(void)
{
	static const struct {
		const char *from, *to, *want; /* NULL: it is read */
	} table[] = {
		{ "peak = 1", "news = x\npeak = 1", NULL },
		{ "[metrics]", "[news]\nx = y\n[metrics]", NULL },
		{ "tail.1", "news = x\ntail.1", NULL },
		{ "low = -1 -inf", "low =", NULL },
		{ "low = -inf", "low = -1e-400", NULL },
		{ "low = -inf", "low = -infinity",
		    "r:26: result file damaged: 'low'" },
		{ "low = -inf", "low =", "r:26: result file damaged: 'low'" },
		{ "low = -inf", "low = 0x1",
		    "r:26: result file damaged: 'low'" },
		{ "low = -1 -inf", "low = -1 2,3",
		    "r:29: result file damaged: 'low'" },
		{ "low = -1 -inf", "low = -1",
		    "r:29: result file damaged: 'low'" },
		{ "low = -1 -inf", "low = 1 2 3",
		    "r:29: result file damaged: 'low'" },
		{ "low = -1 -inf", "high = -1 -inf",
		    "r:29: result file damaged: 'high'" },
		{ "low = -1 -inf", "low = 1 1\nlow = 2 2",
		    "r:30: result file damaged: 'low'" },
		{ "tail.2", "tail.3", "r:32: result file damaged: 'tail.3'" },
		{ "tail.2", "tail.x", "r:32: result file damaged: 'tail.x'" },
		{ "tail.1", "tail.0", "r:31: result file damaged: 'tail.0'" },
		{ "status = failed", "status = fine",
		    "r:5: result file damaged: 'status'" },
		{ "exit = 3", "exit = 2147483648",
		    "r:7: result file damaged: 'exit'" },
		{ "seconds = 12.346", "seconds = -1",
		    "r:10: result file damaged: 'seconds'" },
		{ "seconds = 12.346", "seconds = nan",
		    "r:10: result file damaged: 'seconds'" },
		{ "peak = 123456789", "peak = 18446744073709551616",
		    "r:13: result file damaged: 'peak'" },
		{ "id = 9999999", "id = 10000000",
		    "r: result file damaged: id out of range" },
		{ "worker = n01", "worker = ../../../n01",
		    "r: result file damaged: 'worker' is no name" },
		{ "worker = n01", "worker = .n01",
		    "r: result file damaged: 'worker' is no name" },
		{ "worker = n01", "worker = n01\\n",
		    "r: result file damaged: 'worker' is no name" },
		{ "format = 1", "format = 3",
		    "r:2: written by a later version (format 3)" },
		{ "cause = exit 3\n", "",
		    "r: result file damaged: [result] has no 'cause'" },
		{ "user = 0.500\n", "user = 0.500\nuser = 0.500\n",
		    "r:12: result file damaged: 'user'" },
	};
	struct err e = ERR_NONE;
	size_t i;
	int bad;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		err_clear(&e);
		bad = parse_edited(table[i].from, table[i].to, &e);
		is_num(bad, table[i].want != NULL ? -1 : 0, "edit %zu: %s", i,
		    e.msg);
		if (table[i].want != NULL)
			is_str(e.msg, table[i].want, "its message");
	}
}

/* [job] is for reports: what it has wrong costs no result. */
static void
test_job(void)
{
	static const struct {
		const char *what, *job, *want; /* read, and written again */
	} table[] = {
		{ "none", "", "" },
		{ "an empty one", "[job]\n", "" },
		{ "the history of a trial in no job",
		    "[job]\nhistory = failed@n1:0.001\n",
		    "[job]\nhistory = failed@n1:0.001\n" },
		{ "a job of which little is known",
		    "[job]\nrestarts = 2\nid = 12[3].server\n",
		    "[job]\nid = 12[3].server\nrestarts = 2\n" },
		{ "no job without an id",
		    "[job]\nnode = n01\nrestarts = 2\nwait = 1\n", "" },
		{ "a key that nobody knows",
		    "[job]\nid = 7\nnews = x\nrestarts = 0\n",
		    "[job]\nid = 7\nrestarts = 0\n" },
		{ "values of another form",
		    "[job]\nid = 7\nnode = n 1\npartition = a\\nb\n"
		    "restarts = two\nwait = -1\n",
		    "[job]\nid = 7\nrestarts = 0\n" },
		{ "an id of another form", "[job]\nid = 7 8\nnode = n1\n", "" },
		{ "a text of any bytes", "[job]\nhistory = \\x20a\\n\\\\\n",
		    "[job]\nhistory = \\x20a\\n\\\\\n" },
	};
	const char *section = strstr(body, "[job]");
	struct str b = STR_EMPTY, want = STR_EMPTY, again = STR_EMPTY;
	struct err e = ERR_NONE;
	struct result r;
	size_t i, n = (size_t)(section - body);

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		str_cut(&b, 0);
		str_cut(&want, 0);
		str_cut(&again, 0);
		str_addn(&b, body, n);
		str_add(&b, table[i].job);
		record_seal(&b, 0);
		str_addn(&want, body, n);
		str_add(&want, table[i].want);
		record_seal(&want, 0);
		is_num(result_parse(b.s, b.n, "r", &r, &e), 0, "a job: %s",
		    table[i].what);
		result_format(&r, &again);
		is_str(again.s, want.s, "is written as it was understood");
		result_free(&r);
	}
	str_free(&b);
	str_free(&want);
	str_free(&again);
}

/* To the last bit, the sign of a zero too. */
static bool
same(double a, double b)
{
	uint64_t x, y;

	memcpy(&x, &a, sizeof x);
	memcpy(&y, &b, sizeof y);

	return (isnan(a) && isnan(b)) || x == y;
}

static bool
same_curve(const struct metric *a, const struct metric *b)
{
	size_t i;

	if (!str_eq(a->name, b->name) || !same(a->value, b->value) ||
	    a->curve.n != b->curve.n)
		return false;
	for (i = 0; i < a->curve.n; i++)
		if (!same(a->curve.v[i].step, b->curve.v[i].step) ||
		    !same(a->curve.v[i].value, b->curve.v[i].value))
			return false;

	return true;
}

/* Every double survives, at the limits of names, points and lines. */
static void
test_large(void)
{
	static const double odd[] = { 0.0, -0.0, DBL_MIN, DBL_MAX, DBL_MIN / 3,
		DBL_EPSILON, 0.1, 1e22, 5e-324 };
	struct result r = { .exit = -1 }, back;
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	char name[32], line[RESULT_TAIL_BYTES + 1];
	struct rng rng;
	uint64_t bits;
	double x;
	size_t i, wrong = 0;

	rng_init(&rng, 7, 8, 9);
	for (i = 0; i < METRICS_CURVE; i++) {
		bits = rng_u64(&rng);
		memcpy(&x, &bits, sizeof x);
		metrics_add_step(&r.metrics, "any", x, (double)i);
		metrics_add_step(&r.metrics, "odd", odd[i % 9],
		    1.0 / 3 * (double)i);
	}
	for (i = 2; i < METRICS_NAMES; i++) {
		snprintf(name, sizeof name, "m%zu", i);
		metrics_add(&r.metrics, name, rng_unit(&rng));
	}
	memset(line, '\001', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	for (i = 0; i < RESULT_TAIL; i++)
		add_tail(&r, line);
	result_format(&r, &b);
	is_num(result_parse(b.s, b.n, "r", &back, &e), 0,
	    "the largest result is read: %s", e.msg);
	is_num((double)back.metrics.all.n, METRICS_NAMES, "all metrics");
	for (i = 0; i < back.metrics.all.n; i++)
		wrong +=
		    !same_curve(&r.metrics.all.v[i], &back.metrics.all.v[i]);
	ok(wrong == 0, "every number is the same to the last bit");
	for (i = 0; i < back.ntail; i++)
		wrong += !str_eq(r.tail[i], back.tail[i]);
	ok(wrong == 0 && back.ntail == RESULT_TAIL, "and every line");
	metrics_add_step(&back.metrics, "m9", 1, 1);
	is_num((double)metrics_find(&back.metrics, "m9")->curve.n, 1,
	    "what was read can be added to");
	result_free(&r);
	result_free(&back);
	str_free(&b);
}

static void
test_one_too_many(void)
{
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	size_t i;

	str_addn(&b, body, (size_t)(strstr(body, "val_error") - body));
	for (i = 0; i <= METRICS_NAMES; i++)
		str_addf(&b, "m%zu = 1\n", i);
	record_seal(&b, 0);
	is_num(parse(b.s, b.n, &e), -1, "257 metrics are too many");
	is_str(e.msg, "r:280: result file damaged: 'm256'", "it says which");
	str_cut(&b, (size_t)(strstr(b.s, "[metrics]") - b.s));
	str_add(&b, "[log]\n");
	for (i = 1; i <= RESULT_TAIL + 1; i++)
		str_addf(&b, "tail.%zu = x\n", i);
	record_seal(&b, 0);
	is_num(parse(b.s, b.n, &e), -1, "21 lines are too many");
	is_str(e.msg, "r:44: result file damaged: 'tail.21'", "it says which");
	str_free(&b);
}

/* A long line is cut to 500 bytes, but not within a character. */
static void
test_tail(void)
{
	static const struct {
		const char *letter;
		size_t before, want;
	} table[] = {
		{ "x", 0, 500 }, { "\303\266", 0, 500 }, { "\303\266", 1, 499 },
		{ "\342\211\244", 0, 498 }, { "\360\237\230\200", 1, 497 },
		{ "\200", 0, 500 }, /* no UTF-8 at all */
	};
	struct result r, back;
	struct str b = STR_EMPTY, line = STR_EMPTY;
	struct err e = ERR_NONE;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		memset(&r, 0, sizeof r);
		str_cut(&line, 0);
		if (table[i].before > 0)
			str_addc(&line, '<');
		while (line.n < 700)
			str_add(&line, table[i].letter);
		add_tail(&r, line.s);
		str_cut(&b, 0);
		result_format(&r, &b);
		is_num(result_parse(b.s, b.n, "r", &back, &e), 0, "%s", e.msg);
		is_num((double)strlen(back.tail[0]), (double)table[i].want,
		    "a long line %zu is cut", i);
		ok(str_starts(line.s, back.tail[0]), "and kept to there");
		result_free(&back);
		result_free(&r);
	}
	str_free(&b);
	str_free(&line);
}

static void
test_status(void)
{
	static const char *const names[] = { "ok", "pruned", "failed",
		"timeout", "oom", "interrupted", "lost", "cancelled" };
	int i;

	is_num(STATUS_COUNT, 8, "there are eight results");
	for (i = 0; i < STATUS_COUNT; i++) {
		is_str(status_name((enum status)i), names[i], "result %d", i);
		is_num(status_find(names[i]), i, "found by name");
	}
	is_num(status_find("done"), -1, "a state of a token is none");
}

int
main(void)
{
	test_golden();
	test_smallest();
	test_damage();
	test_edited();
	test_job();
	test_large();
	test_one_too_many();
	test_tail();
	test_status();

	return done();
}
