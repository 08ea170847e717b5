/* queue/name: names on disk, written in one way and read back. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/str.h"
#include "queue/name.h"
#include "tap.h"

#define W "n01-17.0-00c0ffee12345678"

/* 127 bytes: the longest writer. */
#define W31 "0123456789012345678901234567890"
#define W127 W31 "-" W31 "_" W31 "." W31

/* A token's path, and its name in that directory. */
static void
format(void)
{
	static const struct {
		struct token t;
		const char *path;
	} table[] = {
		{ { 0, 0, STATE_NEW, "" }, "trials/0000/0000000/token" },
		{ { 17, 0, STATE_READY, "" }, "ready/0000/0000017.0" },
		{ { 1000, 12, STATE_HELD, "" }, "held/0001/0001000.12" },
		{ { 9999999, 1000000, STATE_RUNNING, W },
		    "running/" W "/9999999.1000000" },
		{ { 999, 3, STATE_DONE, W }, "done/0000/0000999.3." W },
		{ { 12345, 0, STATE_FAILED, "x" }, "failed/0012/0012345.0.x" },
		{ { 1234567, 1, STATE_CLOSED, W127 },
		    "closed/1234/1234567.1." W127 },
	};
	struct str b = STR_EMPTY;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++)
		is_str(name_token(&table[i].t, &b), table[i].path,
		    "a token: %s", table[i].path);
	is_str(name_home(9999, &b), "trials/0009/0009999", "a home");
	is_str(name_in_home(9999, "log.0", &b), "trials/0009/0009999/log.0",
	    "a file in it");
	is_str(name_dir(STATE_HELD, 12, &b), "held/0012", "a directory");
	is_str(name_result(7, 2, W, &b),
	    "trials/0000/0000007/result.2." W ".ini", "a result");
	str_free(&b);
}

/* What is in a directory of a state, and is no token of it. */
static void
refuse_tokens(void)
{
	static const struct {
		enum state state;
		const char *name;
	} table[] = {
		{ STATE_READY, "" },
		{ STATE_READY, "0000001" },
		{ STATE_READY, "0000001." },
		{ STATE_READY, ".0" },
		{ STATE_READY, "1.0" },
		{ STATE_READY, "000001.0" },
		{ STATE_READY, "00000001.0" },
		{ STATE_READY, "10000000.0" },
		{ STATE_READY, "99999999999999999999999999.0" },
		{ STATE_READY, "0000001.00" },
		{ STATE_READY, "0000001.01" },
		{ STATE_READY, "0000001.1000001" },
		{ STATE_READY, "0000001.18446744073709551616" },
		{ STATE_READY, "0000001.-1" },
		{ STATE_READY, "0000001.+1" },
		{ STATE_READY, "0000001.1 " },
		{ STATE_READY, " 0000001.1" },
		{ STATE_READY, "+000001.1" },
		{ STATE_READY, "0x00001.1" },
		{ STATE_READY, "0000001.0." W },
		{ STATE_READY, "0000001.0\n" },
		{ STATE_RUNNING, "worker.ini" },
		{ STATE_RUNNING, "0000001.0.ini" },
		{ STATE_DONE, "0000001.0" },
		{ STATE_DONE, "0000001.0." },
		{ STATE_DONE, "0000001.0.." W },
		{ STATE_DONE, "0000001.0..hidden" },
		{ STATE_DONE, "0000001.0.a b" },
		{ STATE_DONE, "0000001.0.a/b" },
		{ STATE_DONE, "0000001.0.\303\244" },
		{ STATE_DONE, "0000001.0." W127 "x" },
		{ STATE_DONE, "0000001.00." W },
		{ STATE_DONE, "0000001..0." W },
	};
	struct token t;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++)
		ok(name_parse_token(table[i].name, table[i].state, &t) < 0,
		    "no token of %s: '%.*s'", name_state(table[i].state),
		    (int)strcspn(table[i].name, "\n"), table[i].name);
}

static void
refuse_others(void)
{
	static const char *const results[] = { "result.0.ini", "result..x.ini",
		"result.0..ini", "result.00.x.ini", "result.0..x.ini",
		"result.0.x", "result.0.x.ini~", "results.0.x.ini", "log.0",
		"result.", "" };
	static const char *const segments[] = { "", "0", "000", "00000",
		"00001", "10000", "-001", "0000 ", "abcd", "000a" };
	static const char *const ids[] = { "", "0", "000000", "00000001",
		"10000000", "-000001", "0000001.0", "000000a" };
	static const char *const writers[] = { "", ".", ".x", "a b", "a/b",
		"a\n", "\303\244", W127 "x" };
	char by[NAME_WRITER];
	unsigned attempt;
	uint32_t n;
	size_t i;

	for (i = 0; i < sizeof results / sizeof results[0]; i++)
		ok(name_parse_result(results[i], &attempt, by) < 0,
		    "no result: '%s'", results[i]);
	for (i = 0; i < sizeof segments / sizeof segments[0]; i++)
		ok(name_parse_segment(segments[i], &n) < 0, "no segment: '%s'",
		    segments[i]);
	for (i = 0; i < sizeof ids / sizeof ids[0]; i++)
		ok(name_parse_id(ids[i], &n) < 0, "no home: '%s'", ids[i]);
	for (i = 0; i < sizeof writers / sizeof writers[0]; i++)
		ok(!name_is_writer(writers[i]), "no writer: %zu", i);
	ok(name_is_writer("x") && name_is_writer(W127) && name_is_writer("-"),
	    "writers");
}

static void
accept_others(void)
{
	char by[NAME_WRITER];
	unsigned attempt = 0;
	uint32_t n = 0;

	ok(name_parse_result("result.12." W ".ini", &attempt, by) == 0,
	    "a result");
	is_num(attempt, 12, "its serial");
	is_str(by, W, "its writer");
	ok(name_parse_result("result.0.x.ini.ini", &attempt, by) == 0 &&
		strcmp(by, "x.ini") == 0,
	    "a writer may end as a result does");
	ok(name_parse_segment("9999", &n) == 0, "the last segment");
	is_num(n, 9999, "which it is");
	ok(name_parse_id("9999999", &n) == 0, "the last id");
	is_num(n, 9999999, "which it is");
}

static bool
same(const struct token *a, const struct token *b)
{
	return a->id == b->id && a->attempt == b->attempt &&
	    a->state == b->state && strcmp(a->by, b->by) == 0;
}

/* Any token, written and read back. */
static void
round_trip(void)
{
	static const enum state states[] = { STATE_READY, STATE_HELD,
		STATE_RUNNING, STATE_DONE, STATE_FAILED, STATE_CLOSED };
	struct str b = STR_EMPTY;
	struct token t, back;
	struct rng r;
	unsigned i, bad = 0;

	rng_init(&r, 1, 0, 0);
	for (i = 0; i < 10000; i++) {
		memset(&t, 0, sizeof t);
		t.id = (uint32_t)(rng_u64(&r) % 10000000);
		t.attempt = (unsigned)(rng_u64(&r) % 1000001);
		t.state = states[rng_u64(&r) % 6];
		if (t.state >= STATE_RUNNING)
			snprintf(t.by, sizeof t.by, "h-%u.%u-%016llx",
			    (unsigned)(rng_u64(&r) % 5000000),
			    (unsigned)(rng_u64(&r) % 20),
			    (unsigned long long)rng_u64(&r));
		name_token(&t, &b);
		memset(&back, 0, sizeof back);
		if (name_parse_token(strrchr(b.s, '/') + 1, t.state, &back) < 0)
			bad++;
		/* In running/ the directory is the worker. */
		if (t.state == STATE_RUNNING)
			memcpy(back.by, t.by, sizeof back.by);
		bad += !same(&t, &back);
	}
	is_num(bad, 0, "ten thousand tokens read back as written");
	str_free(&b);
}

/* What is read is written again as it was: no token has two names. */
static void
one_name(void)
{
	static const char alphabet[] = "00019.-a";
	struct str b = STR_EMPTY;
	char name[24];
	struct token t;
	struct rng r;
	unsigned i, k, bad = 0, read = 0;

	rng_init(&r, 2, 0, 0);
	for (i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "%07u.%u.w1", i % 2000, i % 13);
		/* Up to three bytes of it, or behind it, are others. */
		for (k = (unsigned)(rng_u64(&r) % 4); k > 0; k--)
			name[rng_u64(&r) % 13] = alphabet[rng_u64(&r) % 8];
		name[13] = '\0';
		if (name_parse_token(name, STATE_DONE, &t) < 0)
			continue;
		read++;
		name_token(&t, &b);
		bad += strcmp(strrchr(b.s, '/') + 1, name) != 0;
	}
	ok(read > 20000 && read < 80000, "of mutilated names some are tokens");
	is_num(bad, 0, "each is written again as it was read");
	str_free(&b);
}

int
main(void)
{
	format();
	refuse_tokens();
	refuse_others();
	accept_others();
	round_trip();
	one_name();

	return done();
}
