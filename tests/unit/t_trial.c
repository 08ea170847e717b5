/* form/trial: trial.ini, whole or not at all. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/record.h"
#include "form/space.h"
#include "form/trial.h"
#include "tap.h"

static const char body[] = "[trial]\n"
			   "format = 1\n"
			   "id = 17\n"
			   "parent = none\n"
			   "searcher = random\n"
			   "reason = first\\tof \\\\ many\\x20\n"
			   "space = 00c0ffee12345678\n"
			   "view =\n"
			   "seed = 9223372036854775807\n"
			   "created = 2026-11-23T09:30:00Z\n"
			   "random = fedcba9876543210\n"
			   "[point]\n"
			   "lr = 0.001\n"
			   "note = \\x20a = \"b\" ; #\\n\n"
			   "hidden_sizes = [64,64]\n";
/* The crc32 by zlib. */
static const char seal[] = "[end]\ncrc32 = bb5669ba\n";

/* The trial that ${body} and ${seal} are of. */
static void
fill(struct trial *t)
{
	static const char *const names[] = { "lr", "note", "hidden_sizes" };
	static const char *const texts[] = { "0.001", " a = \"b\" ; #\n",
		"[64,64]" };
	size_t i;

	memset(t, 0, sizeof *t);
	t->id = 17;
	t->parent = -1;
	t->searcher = mem_dup("random");
	t->reason = mem_dup("first\tof \\ many ");
	t->view = mem_dup("");
	t->seed = INT64_MAX;
	t->space = UINT64_C(0xc0ffee12345678);
	t->random = UINT64_C(0xfedcba9876543210);
	snprintf(t->created, sizeof t->created, "2026-11-23T09:30:00Z");
	t->n = 3;
	t->name = mem_zero(3, sizeof *t->name);
	t->text = mem_zero(3, sizeof *t->text);
	for (i = 0; i < 3; i++) {
		t->name[i] = mem_dup(names[i]);
		t->text[i] = mem_dup(texts[i]);
	}
}

static void
test_golden(void)
{
	struct str b = STR_EMPTY, want = STR_EMPTY;
	struct trial t;

	fill(&t);
	str_add(&b, "before\n");
	trial_format(&t, &b);
	str_addf(&want, "before\n%s%s", body, seal);
	is_str(b.s, want.s, "a trial is written as the manual says");
	trial_free(&t);
	ok(t.n == 0 && t.name == NULL && t.view == NULL, "free empties");
	str_free(&b);
	str_free(&want);
}

static void
test_read(void)
{
	struct str b = STR_EMPTY, again = STR_EMPTY;
	struct err e = ERR_NONE;
	struct trial t, want;

	fill(&want);
	str_addf(&b, "%s%s", body, seal);
	is_num(trial_parse(b.s, b.n, "t", &t, &e), 0, "it is read: %s", e.msg);
	is_num(t.id, want.id, "id");
	is_num((double)t.parent, -1, "parent");
	is_str(t.searcher, want.searcher, "searcher");
	is_str(t.reason, want.reason, "reason");
	is_str(t.view, want.view, "view");
	ok(t.seed == want.seed, "seed");
	ok(t.space == want.space, "space");
	ok(t.random == want.random, "random");
	is_str(t.created, want.created, "created");
	is_num((double)t.n, 3, "count of values");
	trial_format(&t, &again);
	is_str(again.s, b.s, "and written again the same");
	trial_free(&t);
	trial_free(&want);
	str_free(&b);
	str_free(&again);
}

/* The bytes in a block of their own, so that a sanitiser sees overruns. */
static int
parse(const char *text, size_t n, struct err *e)
{
	char *copy = mem_alloc(n);
	struct trial t;
	int bad;

	memcpy(copy, text, n);
	bad = trial_parse(copy, n, "t", &t, e);
	if (bad != 0 && (e->code != EX_DATAERR || t.n != 0 || t.view != NULL))
		bad = -2;
	if (bad == 0)
		trial_free(&t);
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
	ok(wrong == 0, "no proper prefix is a trial");
	for (n = 0; n < b.n; n++)
		for (bit = 0; bit < 8; bit++) {
			b.s[n] = (char)(b.s[n] ^ (1 << bit));
			wrong += parse(b.s, b.n, &e) != -1;
			b.s[n] = (char)(b.s[n] ^ (1 << bit));
		}
	ok(wrong == 0, "no flipped bit goes unseen");
	is_num(parse(b.s, b.n, &e), 0, "the file itself is whole");
	str_addc(&b, '\n');
	is_num(parse(b.s, b.n, &e), -1, "nor may anything follow");
	is_str(e.msg, "t: trial file damaged: wrong checksum", "says so");
	is_num(parse("", 0, &e), -1, "an empty file is none");
	is_str(e.msg, "t: trial file damaged: it is empty", "says so");
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
		{ "format = 1", "format = 1", NULL },
		{ "id = 17", "id = 17\nnews = x\nid2 = 3", NULL },
		{ "[point]", "[news]\nx = 1\nx = 2\n[point]", NULL },
		{ "parent = none", "parent = 9999999", NULL },
		{ "id = 17", "id = 9999999", NULL },
		{ "format = 1", "format = 2\nid = x",
		    "t:2: written by a later version (format 2)" },
		{ "format = 1", "format = one",
		    "t:2: trial file damaged: 'format'" },
		{ "format = 1\n", "",
		    "t: trial file damaged: [trial] has no 'format'" },
		{ "id = 17", "id = 10000000",
		    "t: trial file damaged: id out of range" },
		{ "parent = none", "parent = -2",
		    "t: trial file damaged: id out of range" },
		{ "parent = none", "parent = 10000000",
		    "t: trial file damaged: id out of range" },
		{ "id = 17", "id = 17\nid = 17",
		    "t:4: trial file damaged: 'id'" },
		{ "id = 17", "id = -1", "t:3: trial file damaged: 'id'" },
		{ "id = 17", "id = 4294967296",
		    "t:3: trial file damaged: 'id'" },
		{ "id = 17", "id =", "t:3: trial file damaged: 'id'" },
		{ "parent = none", "parent = nobody",
		    "t:4: trial file damaged: 'parent'" },
		{ "space = 00c0", "space = 0c0",
		    "t:7: trial file damaged: 'space'" },
		{ "space = 00c0", "space = 00C0",
		    "t:7: trial file damaged: 'space'" },
		{ "created = 2026", "created = 202600000000000000000000",
		    "t:10: trial file damaged: 'created'" },
		{ "view =\n", "",
		    "t: trial file damaged: [trial] has no 'view'" },
		{ "id = 17", "id",
		    "t:3: 'id' is neither '[section]' nor "
		    "'key = value'" },
		{ "view =", " view =", "t:8: indented line" },
	};
	struct err e = ERR_NONE;
	size_t i;
	int bad;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		err_clear(&e);
		bad = parse_edited(table[i].from, table[i].to, &e);
		is_num(bad, table[i].want != NULL ? -1 : 0, "edit %zu: %s", i,
		    e.msg);
		if (table[i].want != NULL && str_starts(table[i].want, "t:8"))
			ok(str_starts(e.msg, table[i].want), "its message");
		else if (table[i].want != NULL)
			is_str(e.msg, table[i].want, "its message");
	}
}

static void
add_param(struct space *s, const char *name, const char *domain)
{
	struct err e = ERR_NONE;

	if (space_add_param(s, name, domain, 1, &e) != 0)
		ok(false, "%s", e.msg);
}

static void
test_point(void)
{
	struct space s = { .n = 0 }, other = { .n = 0 };
	struct point p, q;
	struct trial t;
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;

	add_param(&s, "a", "uniform(0, 1)");
	add_param(&s, "b", "choice(x, y)");
	add_param(&s, "c", "int(1, 9)");
	point_init(&p, &s);
	point_set(&p, 0, "0.25");
	point_set(&p, 2, "7");
	fill(&t);
	trial_set_point(&t, &s, &p);
	is_num((double)t.n, 2, "a trial takes the active parameters");
	is_str(t.name[1], "c", "by name");
	is_str(t.text[1], "7", "with their texts");
	trial_format(&t, &b);
	trial_free(&t);
	is_num(trial_parse(b.s, b.n, "t", &t, &e), 0, "%s", e.msg);
	trial_point(&t, &s, &q);
	is_str(q.text[0], "0.25", "the point is there again");
	is_str(q.text[1], NULL, "the inactive stays so");
	is_str(q.text[2], "7", "to the last");
	point_free(&q);
	add_param(&other, "c", "int(1, 9)");
	add_param(&other, "d", "int(1, 9)");
	trial_point(&t, &other, &q);
	is_num((double)q.n, 2, "in another space");
	is_str(q.text[0], "7", "what both have is taken");
	is_str(q.text[1], NULL, "what the trial lacks is inactive");
	point_free(&q);
	point_free(&p);
	trial_free(&t);
	space_free(&s);
	space_free(&other);
	str_free(&b);
}

static void
test_large(void)
{
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	struct trial t, back;
	char name[24];
	size_t i;

	fill(&t);
	for (i = 0; i < 3; i++) {
		free(t.name[i]);
		free(t.text[i]);
	}
	t.n = 2000;
	t.name = mem_grow(t.name, t.n, sizeof *t.name);
	t.text = mem_grow(t.text, t.n, sizeof *t.text);
	for (i = 0; i < t.n; i++) {
		snprintf(name, sizeof name, "p%zu", i);
		t.name[i] = mem_dup(name);
		t.text[i] = mem_zero(1, 100 * (i % 8) + 1);
		memset(t.text[i], '\\', 100 * (i % 8));
	}
	trial_format(&t, &b);
	is_num(trial_parse(b.s, b.n, "t", &back, &e), 0,
	    "2000 parameters are read: %s", e.msg);
	for (i = 0; i < t.n && i < back.n; i++)
		if (!str_eq(t.name[i], back.name[i]) ||
		    !str_eq(t.text[i], back.text[i]))
			break;
	is_num((double)i, 2000, "as they were written");
	trial_free(&t);
	trial_free(&back);
	str_free(&b);
}

int
main(void)
{
	test_golden();
	test_read();
	test_damage();
	test_edited();
	test_point();
	test_large();

	return done();
}
