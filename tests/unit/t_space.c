#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/expr.h"
#include "form/space.h"
#include "tap.h"

/* A space of one line each, "name = domain", "when name = expr" or
 * "constraint name = expr", in the lines 1, 2, ... of a file "c". */
static int
build(struct space *s, const char *text, struct err *e)
{
	struct err why = ERR_NONE;
	char *copy = mem_dup(text), *save = NULL;
	char *line, *name, *value;
	unsigned n = 0;
	int rc;

	memset(s, 0, sizeof *s);
	err_clear(e);
	for (line = strtok_r(copy, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		n++;
		value = strstr(line, " = ");
		*value = '\0';
		value += 3;
		name = strrchr(line, ' ');
		name = name != NULL ? name + 1 : line;
		if (str_starts(line, "when "))
			rc = space_add_when(s, name, value, n, &why);
		else if (str_starts(line, "constraint "))
			rc = space_add_constraint(s, name, value, n, &why);
		else
			rc = space_add_param(s, name, value, n, &why);
		if (rc != 0)
			err_add(e, why.code, "c:%u: %s", n, why.msg);
	}
	free(copy);
	space_finish(s, "c", e);

	return e->code == 0 ? 0 : -1;
}

static const char mlp[] = "lr = loguniform(1e-4, 1e-2)\n"
			  "optimizer = choice(adam, sgd, weights=[3,1])\n"
			  "momentum = uniform(0.5, 0.99, step=0.01)\n"
			  "when momentum = optimizer == \"sgd\"\n"
			  "constraint fits = lr * 100 <= 1.2\n";

static void
test_space(void)
{
	struct err e = ERR_NONE;
	char digest[32];
	struct space s;
	char *text;

	ok(build(&s, mlp, &e) == 0, "a space is built");
	is_num((double)s.n, 3, "of three parameters");
	is_num((double)s.nconstraint, 1, "and one constraint");
	is_num((double)space_find(&s, "momentum"), 2, "a name is found");
	is_num((double)space_find(&s, "moment"), 3, "another one is not");
	is_num(s.param[2].line, 3, "a parameter knows its line");
	is_num(s.param[2].when_line, 4, "its [when]'s line, too");
	is_num(s.constraint[0].line, 5, "and a constraint its own");
	is_str(expr_text(s.param[2].when), "optimizer == \"sgd\"",
	    "the [when] is there");
	ok(s.param[0].when == NULL, "and only where it belongs");
	text = space_text(&s);
	is_str(text,
	    "param lr = loguniform(0.0001, 0.01)\n"
	    "param optimizer = choice(adam, sgd, weights=[0.75, 0.25])\n"
	    "param momentum = uniform(0.5, 0.99, step=0.01)\n"
	    "when momentum = optimizer == \"sgd\"\n"
	    "constraint fits = lr * 100 <= 1.2\n",
	    "the canonical text");
	free(text);
	snprintf(digest, sizeof digest, "%016" PRIx64, s.digest);
	is_str(digest, "cf795cdee81595bc", "its digest");
	space_free(&s);
}

/* What a space is called by does not depend on how it is written. */
static void
test_digest(void)
{
	static const char *const same[] = {
		"a = uniform(0, 1)\nb = int(1, 8)\nwhen b = a > 0.5\n",
		"a = uniform(0,1.0)\nb = int(1, 8)\nwhen b = a > 0.5\n",
		"when b = a > 0.5\na = uniform( 0 , 1e0 )\nb = int(1,8)\n",
	};
	static const char *const other[] = {
		"a = uniform(0, 1)\nb = int(1, 8)\n",
		"a = uniform(0, 1)\nb = int(1, 9)\nwhen b = a > 0.5\n",
		"b = int(1, 8)\na = uniform(0, 1)\nwhen b = a > 0.5\n",
		"a = uniform(0, 1)\nb = int(1, 8)\nwhen a = b > 0.5\n",
		"a = uniform(0, 1)\nb = int(1, 8)\nconstraint b = a > 0.5\n",
	};
	struct err e = ERR_NONE;
	struct space s;
	uint64_t want;
	size_t i;

	build(&s, same[0], &e);
	want = s.digest;
	space_free(&s);
	for (i = 1; i < sizeof same / sizeof same[0]; i++) {
		ok(build(&s, same[i], &e) == 0 && s.digest == want,
		    "the same space, written otherwise");
		space_free(&s);
	}
	for (i = 0; i < sizeof other / sizeof other[0]; i++) {
		ok(build(&s, other[i], &e) == 0 && s.digest != want,
		    "another space");
		space_free(&s);
	}
}

static void
test_lines(void)
{
	struct err e = ERR_NONE;
	struct space s;
	char *text;

	memset(&s, 0, sizeof s);
	space_add_param(&s, "a", "choice(\"x\\\\y\", [1,\t2])", 1, &e);
	space_add_constraint(&s, "c", "a ==\n\t\"[1,2]\"", 2, &e);
	ok(space_finish(&s, "c", &e) == 0, "an expression of two lines");
	text = space_text(&s);
	is_str(text,
	    "param a = choice(\"x\\\\\\\\y\", [1,\\t2])\n"
	    "constraint c = a ==\\n\\t\"[1,2]\"\n",
	    "is one of the canonical text");
	free(text);
	space_free(&s);
}

static void
is_order(const struct space *s, const char *want, const char *what)
{
	struct str b = STR_EMPTY;
	size_t i;

	for (i = 0; i < s->n; i++)
		str_addf(&b, "%s%s", i > 0 ? " " : "",
		    s->param[s->order[i]].name);
	is_str(str_text(&b), want, "%s", what);
	str_free(&b);
}

static void
test_order(void)
{
	static const struct {
		const char *text, *order;
	} spaces[] = {
		{ "a = const(1)\nb = const(1)\nc = const(1)\n", "a b c" },
		{ "a = const(1)\nb = const(1)\nc = const(1)\n"
		  "when a = c == 1\n",
		    "b c a" },
		{ "a = const(1)\nb = const(1)\nc = const(1)\nd = const(1)\n"
		  "when a = b == 1\nwhen b = c == 1 and d == 1\n",
		    "c d b a" },
		{ "a = const(1)\nb = const(1)\nc = const(1)\n"
		  "when b = a == 1 and c == 1\nwhen c = a == 1\n",
		    "a c b" },
	};
	struct err e = ERR_NONE;
	struct space s;
	size_t i;

	for (i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
		ok(build(&s, spaces[i].text, &e) == 0, "order %zu", i);
		is_order(&s, spaces[i].order, "parents come first");
		space_free(&s);
	}
}

static void
test_mistakes(void)
{
	static const struct {
		const char *text, *message;
	} spaces[] = {
		{ "1a = const(1)\nb-c = const(1)\n\303\251 = const(1)\n",
		    "c:1: '1a' is no identifier: letters, digits and '_', no "
		    "digit first\n"
		    "c:2: 'b-c' is no identifier: letters, digits and '_', no "
		    "digit first\n"
		    "c:3: '\303\251' is no identifier: letters, digits and "
		    "'_', no digit first" },
		{ "end = const(1)\nmath = const(1)\n_ENV = const(1)\n"
		  "id = const(1)\n",
		    "c:1: 'end' is a keyword of Lua, choose another name\n"
		    "c:2: 'math' has a meaning in expressions, choose another "
		    "name\n"
		    "c:3: '_ENV' has a meaning in expressions, choose another "
		    "name\n"
		    "c:4: 'id' is reserved: {id} in the command is not a "
		    "parameter, choose another name" },
		{ "a = const(1)\na = const(2)\nwhen a = 1 < 2\n"
		  "when a = 2 < 3\nconstraint a = 1 < 2\n"
		  "constraint a = 2 < 3\n",
		    "c:2: parameter 'a' again, the first is in line 1\n"
		    "c:4: 'a' again, the first is in line 3\n"
		    "c:6: 'a' again, the first is in line 5" },
		{ "a = unform(0, 1)\nb = const(1)\nwhen b = a > 1\n"
		  "when a = b > 1 and c\n",
		    "c:1: unknown domain 'unform', did you mean 'uniform'?\n"
		    "c:4: the expression names the unknown parameter 'c'\n"
		    "c:4: [when] goes in a circle: a -> b -> a" },
		{ "rate = const(1)\nwhen rte = rate > 1\n"
		  "constraint x = raet + other > 1\n"
		  "constraint y = os.exit()\n",
		    "c:2: [when] of the unknown parameter 'rte', did you mean "
		    "'rate'?\n"
		    "c:3: the expression names the unknown parameter 'raet', "
		    "did you mean 'rate'?\n"
		    "c:3: the expression names the unknown parameter "
		    "'other'\n"
		    "c:4: the expression names the unknown parameter 'os'" },
		{ "a = const(1)\nwhen a = b != 1\nconstraint c = a >\n",
		    "c:2: <eof> expected near '!'; write ~= for !=\n"
		    "c:3: unexpected symbol near <eof>" },
		{ "a = const(1)\nwhen a = a > 1\n",
		    "c:2: [when] goes in a circle: a -> a" },
		{ "a = const(1)\nb = const(1)\nc = const(1)\nd = const(1)\n"
		  "x = const(1)\ny = const(1)\n"
		  "when a = b > 1\nwhen b = c > 1\nwhen c = d > 1\n"
		  "when d = b > 1\nwhen x = y > 1\nwhen y = x > 1\n",
		    "c:8: [when] goes in a circle: b -> c -> d -> b\n"
		    "c:11: [when] goes in a circle: x -> y -> x" },
	};
	struct err e = ERR_NONE;
	struct space s;
	size_t i;

	for (i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
		ok(build(&s, spaces[i].text, &e) == -1 && e.code == EX_DATAERR,
		    "mistakes %zu", i);
		is_str(e.msg, spaces[i].message, "are all reported");
		space_free(&s);
	}
}

static void
test_reserved(void)
{
	static const char *const words[] = { "args", "id", "attempt", "seed",
		"dir", "checkpoint", "campaign", "slot" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		ok(space_is_reserved(words[i]), "'%s' is reserved", words[i]);
	ok(!space_is_reserved("lr"), "'lr' is not");
	ok(!space_is_reserved(""), "nor is nothing");
}

/* A chain of [when] against the order of the file. */
static void
test_large(void)
{
	enum { N = 500 };
	char name[16], expr[32];
	struct err e = ERR_NONE;
	struct space s;
	bool reversed = true;
	unsigned i;

	memset(&s, 0, sizeof s);
	for (i = 0; i < N; i++) {
		snprintf(name, sizeof name, "p%u", i);
		snprintf(expr, sizeof expr, "p%u > 0", i + 1);
		space_add_param(&s, name, "uniform(0, 1)", i + 1, &e);
		if (i + 1 < N)
			space_add_when(&s, name, expr, i + 1, &e);
	}
	ok(space_finish(&s, "c", &e) == 0, "a chain of %d parameters", N);
	for (i = 0; i < N; i++)
		reversed = reversed && s.order[i] == N - 1 - i;
	ok(reversed, "is put in order from its end");
	space_free(&s);
}

int
main(void)
{
	test_space();
	test_digest();
	test_lines();
	test_order();
	test_mistakes();
	test_reserved();
	test_large();

	return done();
}
