#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/expr.h"
#include "tap.h"

static const struct expr_var vars[] = {
	{ "lr", "0.001", true },
	{ "n", "64", true },
	{ "opt", "sgd", false },
	{ "sizes", "[64,64]", false },
	{ "digits", "12", false },
	{ "x", "7", true },
};

enum { NVARS = sizeof vars / sizeof vars[0] };

static void
test_truth(void)
{
	static const struct {
		const char *text;
		bool truth;
	} exprs[] = {
		{ "lr * 100 + n <= 64.2", true },
		{ "lr > 0.001", false },
		{ "opt == \"sgd\"", true },
		{ "opt ~= 'sgd' or n == 64", true },
		{ "sizes == \"[64,64]\"", true },
		{ "digits == \"12\"", true },
		{ "digits == 12", false },
		{ "n & (n - 1) == 0", true },
		{ "n // 5 == 12", true },
		{ "n % 0 == 0", false },
		{ "x * 9223372036854775807 > 0", true },
		{ "math.floor(n / 10) == 6", true },
		{ "math.log(n, 2) == 6 and math.huge > n", true },
		{ "math.random == nil and math.randomseed == nil", true },
		{ "nil", false },
		{ "false", false },
		{ "0", true },
		{ "\"\"", true },
		{ "not (lr\n    > 1\n)", true },
		{ "lr < 1 -- a comment", true },
		{ "lr < 1 --[[ another\n]] and n > 1", true },
		{ "(function(a, b) return a + b end)(n, x) == 71", true },
		{ "({ [64] = true })[n]", true },
		{ "({ lr = 5 }).lr == 5", true },
		{ "#opt == 3", true },
		{ "opt .. \"!\" == \"sgd!\"", true },
		{ "(function() local s = 0 for i = 1, 1000 do s = s + i end "
		  "return s end)() == 500500",
		    true },
		{ "...", false },
	};
	struct err e = ERR_NONE;
	struct expr *x;
	bool truth;
	size_t i;

	for (i = 0; i < sizeof exprs / sizeof exprs[0]; i++) {
		x = expr_new(exprs[i].text, &e);
		if (!ok(x != NULL, "compiles: expression %zu", i)) {
			printf("# %s\n", e.msg);
			continue;
		}
		is_str(expr_text(x), exprs[i].text, "and is kept");
		truth = !exprs[i].truth;
		if (!ok(expr_eval(x, vars, NVARS, &truth, &e) == 0,
			"evaluates"))
			printf("# %s\n", e.msg);
		ok(truth == exprs[i].truth, "to %s",
		    exprs[i].truth ? "true" : "false");
		expr_free(x);
	}
}

static void
test_syntax(void)
{
	static const struct {
		const char *text, *message;
	} exprs[] = {
		{ "", "the expression is empty" },
		{ " \n", "the expression is empty" },
		{ "lr >", "unexpected symbol near <eof>" },
		{ "lr != 1", "<eof> expected near '!'; write ~= for !=" },
		{ "lr > 1 && n",
		    "unexpected symbol near '&'; write `and` for "
		    "&&" },
		{ "lr > 1 || n",
		    "unexpected symbol near '|'; write `or` for "
		    "||" },
		{ "!lr", "unexpected symbol near '!'; write `not` for !" },
		{ "n ** 2 > 1", "unexpected symbol near '*'; write ^ for **" },
		{ "lr = 1", "<eof> expected near '='; write == to compare" },
		{ "lr === 1",
		    "unexpected symbol near '='; write == to compare" },
		{ "opt == \"!=", "unfinished string near '\"!='" },
		{ "({ a = 1 } > ", "unexpected symbol near <eof>" },
		{ "-- nothing", "not one expression" },
		{ "--", "not one expression" },
		{ "lr >[", "unexpected symbol near '['" },
		{ "lr, n", "not one expression" },
		{ "lr;", "not one expression" },
		{ ";", "not one expression" },
		{ "1) os.exit(", "<eof> expected near ')'" },
		{ "1) or (2", "<eof> expected near ')'" },
		{ "1 end os.exit() do", "<eof> expected near 'end'" },
		{ "return 1", "unexpected symbol near 'return'" },
		{ "lr > 1 --[[",
		    "unfinished long comment (starting at line 1) near <eof>" },
		{ "lr > 1 )\n--[[ ]] (", "<eof> expected near ')'" },
		{ "x x", "<eof> expected near 'x'" },
		{ "1e", "malformed number near '1e'" },
		{ "\"\\xZZ\"", "hexadecimal digit expected near '\"\\xZ'" },
		{ "\033LuaT", "unexpected symbol near '<\\27>'" },
	};
	struct err e = ERR_NONE;
	struct expr *x;
	size_t i;

	for (i = 0; i < sizeof exprs / sizeof exprs[0]; i++) {
		err_clear(&e);
		x = expr_new(exprs[i].text, &e);
		ok(x == NULL && e.code == EX_DATAERR, "refused: expression %zu",
		    i);
		is_str(e.msg, exprs[i].message, "because of that");
		expr_free(x);
	}
}

static void
test_errors(void)
{
	static const struct {
		const char *text, *message;
	} exprs[] = {
		{ "opt > 1", "attempt to compare number with string" },
		{ "opt + 1 > 1",
		    "attempt to perform arithmetic on a string "
		    "value (global 'opt')" },
		{ "digits * 2 > 1",
		    "attempt to perform arithmetic on a "
		    "string value (global 'digits')" },
		{ "os.exit(1)", "the name 'os' is not known here" },
		{ "print(1)", "the name 'print' is not known here" },
		{ "missing > 1", "the name 'missing' is not known here" },
		{ "string.rep(opt, 1e9)",
		    "the name 'string' is not known here" },
		{ "opt:rep(1000000000)",
		    "attempt to index a string value (global 'opt')" },
		{ "(\"x\"):rep(1e9)",
		    "attempt to index a string value (constant 'x')" },
		{ "_ENV.lr > 1", "the name 'lr' is not known here" },
		{ "(function() while true do end end)()",
		    "more than 1000000 instructions" },
		{ "(function() local function f(i) return f(i) end "
		  "return f(1) end)()",
		    "more than 1000000 instructions" },
		{ "(function() local t = {} for i = 1, 1e9 do t[i] = {} end "
		  "end)()",
		    "more than 16 MiB of memory" },
		{ "(function() local s = opt while true do s = s .. s end "
		  "end)()",
		    "more than 16 MiB of memory" },
		{ "(function() local s = opt for i = 1, 20 do s = s .. s end "
		  "for i = 1, 1e9 do local t = s .. i end end)()",
		    "more than 16 MiB of memory" },
		{ "(function() local function f() return 1 + f() end "
		  "return f() end)()",
		    "more than 16 MiB of memory" },
		{ "(function() lr = 2 return lr end)() == 2",
		    "an expression may not assign to 'lr'" },
		{ "(function() y = 2 return y end)() == 2",
		    "an expression may not assign to 'y'" },
		{ "(function() math.pi = 3 end)()",
		    "an expression may not assign to 'pi'" },
		{ "math.foo(1)", "attempt to call a nil value (field 'foo')" },
		{ "math.random() < 1",
		    "attempt to call a nil value (field 'random')" },
	};
	struct err e = ERR_NONE;
	struct expr *x;
	bool truth;
	size_t i;

	for (i = 0; i < sizeof exprs / sizeof exprs[0]; i++) {
		err_clear(&e);
		x = expr_new(exprs[i].text, &e);
		if (!ok(x != NULL, "compiles: wrong expression %zu", i)) {
			printf("# %s\n", e.msg);
			continue;
		}
		truth = true;
		ok(expr_eval(x, vars, NVARS, &truth, &e) == -1 &&
			e.code == EX_CONFIG && !truth,
		    "fails");
		is_str(e.msg, exprs[i].message, "because of that");
		expr_free(x);
	}
}

static void
test_names(void)
{
	static const struct {
		const char *text, *names;
	} exprs[] = {
		{ "1 < 2", "" },
		{ "lr < n and lr > x", "lr n x" },
		{ "math.floor(lr) == math.pi", "lr" },
		{ "opt == \"adam\" or opt == 'it\\'s b'", "opt" },
		{ "opt == [[lr]] or opt == [==[n]]n]==]", "opt" },
		{ "lr -- n\n > x --[[ opt ]] and --[=[ ]] ]=] y", "lr x y" },
		{ "lr > 0x1p4 + 1e-5 + .5 + 3e5 + 0xep1", "lr" },
		{ "a.b.c:d(e) == f", "a e f" },
		{ "a..b == c", "a b c" },
		{ "({ a = b, [c] = d, e }).f", "b c d e" },
		{ "(function(a, b, ...) return a + b + c end)(d, a)", "c d a" },
		{ "(function() local a b(a) local c <const> d(c) end)()",
		    "b d" },
		{ "(function() local a, b <const> = c, d return a + b end)()",
		    "c d" },
		{ "(function() for i = k, 3 do l(i) end end)()", "k l" },
		{ "(function() local function f(a) if a then return a end "
		  "return f(b) end return f(a) end)()",
		    "b a" },
		{ "(function(a) while a do a = b end repeat c() until d "
		  "goto e ::e:: end)(a)",
		    "b c d a" },
		{ "_x1 > Y", "_x1 Y" },
		{ "true and not nil", "" },
	};
	const char *const *names;
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	struct expr *x;
	size_t i, j, n;

	for (i = 0; i < sizeof exprs / sizeof exprs[0]; i++) {
		x = expr_new(exprs[i].text, &e);
		if (!ok(x != NULL, "compiles: expression %zu with names", i)) {
			printf("# %s\n", e.msg);
			continue;
		}
		names = expr_names(x, &n);
		str_cut(&b, 0);
		for (j = 0; j < n; j++)
			str_addf(&b, "%s%s", j > 0 ? " " : "", names[j]);
		is_str(str_text(&b), exprs[i].names, "it has these names");
		expr_free(x);
	}
	str_free(&b);
}

/* Nothing of an evaluation is left for the next one. */
static void
test_again(void)
{
	static const char text[] =
	    "(function() local t = {} for i = 1, n do t[i] = opt .. i end "
	    "return #t == n end)()";
	struct expr_var some[] = { { "n", "20000", true },
		{ "opt", "adam", false } };
	struct err e = ERR_NONE;
	struct expr *x = expr_new(text, &e);
	bool truth, all = true;
	int i;

	for (i = 0; i < 50; i++)
		all = expr_eval(x, some, 2, &truth, &e) == 0 && truth && all;
	ok(all, "an expression that makes garbage can be evaluated often");
	some[0].text = "1e7";
	ok(expr_eval(x, some, 2, &truth, &e) == -1, "one failure");
	is_str(e.msg, "more than 1000000 instructions", "of instructions");
	some[0].text = "3";
	ok(expr_eval(x, some, 2, &truth, &e) == 0 && truth,
	    "does not harm the next evaluation");
	ok(expr_eval(x, some, 1, &truth, &e) == -1, "a variable not given");
	is_str(e.msg, "the name 'opt' is not known here",
	    "is not the one of the last evaluation");
	expr_free(x);
}

static void
test_long(void)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	struct expr *x;
	bool truth = false;
	int i;

	for (i = 0; i < 4000; i++)
		str_add(&b, "lr < 1 and\n");
	str_add(&b, "n == 64");
	x = expr_new(str_text(&b), &e);
	ok(x != NULL && expr_eval(x, vars, NVARS, &truth, &e) == 0 && truth,
	    "an expression of 44 KB works");
	expr_free(x);
	str_add(&b, " -- ");
	while (b.n < 70000)
		str_addc(&b, 'x');
	x = expr_new(str_text(&b), &e);
	ok(x == NULL && e.code == EX_DATAERR, "one of 70 KB does not");
	is_str(e.msg, "the expression is longer than 64 KiB", "and says so");
	str_cut(&b, 0);
	for (i = 0; i < 1000; i++)
		str_addc(&b, '(');
	x = expr_new(str_text(&b), &e);
	ok(x == NULL, "a thousand parentheses do not, either");
	expr_free(x);
	str_free(&b);
	expr_free(NULL);
}

int
main(void)
{
	test_truth();
	test_syntax();
	test_errors();
	test_names();
	test_again();
	test_long();

	return done();
}
