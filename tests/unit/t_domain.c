#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/space.h"
#include "tap.h"

/* What parses, and its canonical text; NULL: the same. */
static void
test_good(void)
{
	static const struct {
		const char *text, *canonical;
	} good[] = {
		{ "uniform(0, 0.5)", NULL },
		{ " uniform ( 0 ,0.50 ) ", "uniform(0, 0.5)" },
		{ "uniform(-1,+1)", "uniform(-1, 1)" },
		{ "uniform(-0, 1)", "uniform(0, 1)" },
		{ "uniform(0.5, 0.99, step=0.01)", NULL },
		{ "uniform(step = 0.01, 0.5, 0.99)",
		    "uniform(0.5, 0.99, step=0.01)" },
		{ "uniform(0,3.14159265358979)", "uniform(0, 3.141592653)" },
		{ "uniform(2.71828182845905,3)", "uniform(2.718281829, 3)" },
		{ "loguniform(1e-4, 1e-2)", "loguniform(0.0001, 0.01)" },
		{ "loguniform(1e-300, 1e300)", "loguniform(1e-300, 1e+300)" },
		{ "int(1, 10)", NULL },
		{ "int(-5, 1e3)", "int(-5, 1000)" },
		{ "int(-9007199254740992, 9007199254740992)", NULL },
		{ "int(0, 100, step=25)", NULL },
		{ "logint(16, 1024)", NULL },
		{ "normal(0, 1)", NULL },
		{ "lognormal(-2, 0.5)", NULL },
		{ "choice([64,64], [128,128], [256, 256])", NULL },
		{ "choice(adam,\tsgd,weights=[3,1])",
		    "choice(adam, sgd, weights=[0.75, 0.25])" },
		{ "choice(weights=[1,0], adam, sgd)",
		    "choice(adam, sgd, weights=[1, 0])" },
		{ "choice(adam, sgd, weights=[2,2])", "choice(adam, sgd)" },
		{ "choice( \"a, b\" , \"say \\\"x\\\" \\\\ y\" )",
		    "choice(\"a, b\", \"say \\\"x\\\" \\\\ y\")" },
		{ "choice([a, \"]\", [b]], \"\", --flag=1, a/b.c, \303\251)",
		    NULL },
		{ "choice(\"x=1\", 1e-3, 0.001)", NULL },
		{ "ordinal(low, mid, high)", NULL },
		{ "const(3)", NULL },
		{ "const(\"(\")", NULL },
	};
	struct err e = ERR_NONE;
	const char *want;
	struct domain d;
	char *text;
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!ok(domain_parse(good[i].text, &d, &e) == 0, "parses: %s",
			good[i].text)) {
			printf("# %s\n", e.msg);
			continue;
		}
		want = good[i].canonical ? good[i].canonical : good[i].text;
		text = domain_text(&d);
		is_str(text, want, "the canonical text of: %s", good[i].text);
		domain_free(&d);
		ok(domain_parse(text, &d, &e) == 0, "parses again: %s", text);
		free(text);
		text = domain_text(&d);
		is_str(text, want, "and is the same");
		free(text);
		domain_free(&d);
	}
}

/* What is refused, and the message. */
static const struct {
	const char *text, *message;
} refusals[] = {
	{ "logunifrom(1e-4, 1e-2)",
	    "unknown domain 'logunifrom', did you mean 'loguniform'?" },
	{ "log_uniform 1 2",
	    "unknown domain 'log_uniform', did you mean "
	    "'loguniform'?" },
	{ "categorical(a, b)",
	    "unknown domain 'categorical', there are uniform, "
	    "loguniform, int, logint, normal, lognormal, choice, "
	    "ordinal and const" },
	{ "0.5",
	    "'0.5' is no domain, write const(x) for one fixed "
	    "value or choice(x, y) for some" },
	{ "",
	    "'' is no domain, write const(x) for one fixed value or "
	    "choice(x, y) for some" },
	{ "uniform 0, 1",
	    "'uniform 0, 1' has no parentheses, write "
	    "uniform(a, b)" },
	{ "uniform x(0, 1)",
	    "'uniform x(0, 1)' has no parentheses, write "
	    "uniform(a, b)" },
	{ "uniform(0, 1", "a ')' is missing at the end" },
	{ "uniform(0, 1) x", "unexpected 'x' after ')'" },
	{ "uniform(0, 1))", "unexpected ')' after ')'" },
	{ "uniform(0)", "uniform takes 2 numbers, got 1" },
	{ "uniform(0, 1, 2)", "uniform takes 2 numbers, got 3" },
	{ "uniform()", "uniform takes 2 numbers, got 0" },
	{ "uniform(a, 1)", "uniform takes finite numbers, got 'a'" },
	{ "uniform(\"0\", 1)", "uniform takes finite numbers, got \"0\"" },
	{ "uniform([0], 1)", "uniform takes finite numbers, got '[0]'" },
	{ "uniform(0, inf)", "uniform takes finite numbers, got 'inf'" },
	{ "uniform(nan, 1)", "uniform takes finite numbers, got 'nan'" },
	{ "uniform(0, 1e999)", "uniform takes finite numbers, got '1e999'" },
	{ "uniform(0, 0x10)", "uniform takes finite numbers, got '0x10'" },
	{ "uniform(0, 1e301)", "'1e301' is too large, 1e300 is the limit" },
	{ "uniform(1, 1)",
	    "the range of uniform is empty, write const(x) for one "
	    "fixed value" },
	{ "uniform(1, 0)",
	    "the range of uniform is reversed: write "
	    "the smaller bound first" },
	{ "uniform(1.00000000001, 1.00000000002)",
	    "the range of uniform is too narrow: a value has ten "
	    "digits" },
	{ "uniform(0, 1, step=0)", "the step '0' is not above 0" },
	{ "uniform(0, 1, step=-1)", "the step '-1' is not above 0" },
	{ "uniform(0, 1, step=2)", "the step '2' is larger than the range" },
	{ "uniform(0, 1, step=1e-12)",
	    "the step '1e-12' is too small: a value has ten digits" },
	{ "uniform(0, 1, step=x)", "uniform takes finite numbers, got 'x'" },
	{ "uniform(0, 1, stpe=0.1)",
	    "uniform has no option 'stpe', did you mean 'step'?" },
	{ "uniform(0, 1, log=true)", "uniform has no option 'log'" },
	{ "uniform(0, 1, step=0.1, step=0.2)",
	    "the option 'step' is given twice" },
	{ "uniform(0, 1, step=)", "a value is missing before ')'" },
	{ "loguniform(0, 1)", "the bounds of loguniform must be above 0" },
	{ "loguniform(1, -1)", "the bounds of loguniform must be above 0" },
	{ "loguniform(1, 2, step=0.1)", "loguniform has no option 'step'" },
	{ "int(0.5, 3)", "int takes whole numbers, got '0.5'" },
	{ "int(x, 3)", "int takes whole numbers, got 'x'" },
	{ "int(0, 9007199254740994)",
	    "'9007199254740994' is too large, 2^53 is the limit of "
	    "int" },
	{ "int(3, 3)",
	    "the range of int is empty, write const(x) for "
	    "one fixed value" },
	{ "int(3, 1)",
	    "the range of int is reversed: write the "
	    "smaller bound first" },
	{ "int(1, 3, step=0)", "the step '0' is not above 0" },
	{ "int(1, 3, step=0.5)", "int takes whole numbers, got '0.5'" },
	{ "int(1, 3, step=3)", "the step '3' is larger than the range" },
	{ "logint(0, 3)", "the bounds of logint must be 1 or more" },
	{ "normal(0, 0)", "the standard deviation '0' is not above 0" },
	{ "normal(0, -1)", "the standard deviation '-1' is not above 0" },
	{ "normal(0, 1e300)",
	    "the values of normal(0, 1e300) would "
	    "leave 1e-300 .. 1e300" },
	{ "lognormal(0, 100)",
	    "the values of lognormal(0, 100) would "
	    "leave 1e-300 .. 1e300" },
	{ "choice()", "choice needs a value" },
	{ "choice(weights=[1])", "choice needs a value" },
	{ "choice(a, b, a)", "choice has the value 'a' twice" },
	{ "choice(1, \"1\")", "choice has the value '1' twice" },
	{ "choice(a,, b)", "a value is missing before ','" },
	{ "choice(a, b,)", "a value is missing before ')'" },
	{ "choice(a b)",
	    "unexpected 'b' after 'a': a comma is "
	    "missing, or quotes around the value" },
	{ "choice(a[1])",
	    "unexpected '[1' after 'a': a comma is "
	    "missing, or quotes around the value" },
	{ "choice((64,64))",
	    "unexpected '(', values with brackets or parentheses are "
	    "[lists] or \"quoted\"" },
	{ "choice('a', 'b')", "'a': strings are written with double quotes" },
	{ "choice(a=1)",
	    "choice has no option 'a', write quotes "
	    "around a value with a '='" },
	{ "choice(a, weight=[1])",
	    "choice has no option 'weight', "
	    "did you mean 'weights'?" },
	{ "choice([1, 2)", "a ']' is missing at the end of '[1, 2)'" },
	{ "choice([1, \"2])", "a '\"' is missing at the end of '[1, \"2])'" },
	{ "choice(\"a)", "a '\"' is missing at the end of a string" },
	{ "choice(\"a\\", "a '\"' is missing at the end of a string" },
	{ "choice(\"a\\n\")",
	    "unknown escape '\\n' in a string, "
	    "write '\\\\' for a backslash" },
	{ "choice(a, b", "a ')' is missing at the end" },
	{ "choice(a, ", "a ')' is missing at the end" },
	{ "choice(a, b, weights=[1])", "there are 1 weights for 2 values" },
	{ "choice(a, b, weights=[1, 2, 3])",
	    "there are 3 weights for 2 values" },
	{ "choice(a, b, weights=[1, -2])",
	    "the weight '-2' is not a number of 0 or more" },
	{ "choice(a, b, weights=[1, x])",
	    "the weight 'x' is not a number of 0 or more" },
	{ "choice(a, b, weights=[0, 0])", "all weights are 0" },
	{ "choice(a, b, weights=1)",
	    "weights: '1' is no list, write [a, b, ...]" },
	{ "choice(a, b, weights=[1 2])",
	    "weights: unexpected '2' after '1': a comma is missing, "
	    "or quotes around the value" },
	{ "choice(a\nb)", "there is a control character (byte 10)" },
	{ "const()", "const needs a value" },
	{ "const(1, 2)", "const takes 1 value, got 2" },
};

static void
test_bad(void)
{
	struct err e = ERR_NONE;
	struct domain d;
	size_t i;

	for (i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		err_clear(&e);
		ok(domain_parse(refusals[i].text, &d, &e) == -1 &&
			e.code == EX_DATAERR && d.value == NULL,
		    "refused: domain %zu", i);
		is_str(e.msg, refusals[i].message, "because of that");
	}
}

/* Which texts are values, and how they are spelled. */
static const struct {
	const char *domain, *text;
	const char *canonical; /* NULL: refused */
} checks[] = {
	{ "uniform(0, 0.5)", "0", "0" },
	{ "uniform(0, 0.5)", "-0.0", "0" },
	{ "uniform(0, 0.5)", "0.50", "0.5" },
	{ "uniform(0, 0.5)", "5e-1", "0.5" },
	{ "uniform(0, 0.5)", "0.123456789012", "0.123456789" },
	{ "uniform(0, 0.5)", "0.50000000001", "0.5" },
	{ "uniform(0, 0.5)", "0.500000001", NULL },
	{ "uniform(0, 0.5)", "-1e-300", NULL },
	{ "uniform(0, 0.5)", "0.7", NULL },
	{ "uniform(0, 0.5)", "abc", NULL },
	{ "uniform(0, 0.5)", "nan", NULL },
	{ "uniform(0, 0.5)", "", NULL },
	{ "uniform(0, 0.5)", " 0.1", NULL },
	{ "uniform(0.5, 0.99, step=0.01)", "0.99", "0.99" },
	{ "uniform(0.5, 0.99, step=0.01)", "0.5700000000000001", "0.57" },
	{ "uniform(0.5, 0.99, step=0.01)", "0.575", NULL },
	{ "uniform(-0.3, 0.3, step=0.1)", "0", "0" },
	{ "uniform(-0.3, 0.3, step=0.1)", "1e-17", "0" },
	{ "uniform(-0.3, 0.3, step=0.1)", "0.3", "0.3" },
	{ "uniform(0, 1, step=0.3)", "0.9", "0.9" },
	{ "uniform(0, 1, step=0.3)", "1", NULL },
	{ "loguniform(1e-4, 1e-2)", "0.0001", "0.0001" },
	{ "loguniform(1e-4, 1e-2)", "1E-3", "0.001" },
	{ "loguniform(1e-4, 1e-2)", "0", NULL },
	{ "int(1, 10)", "3.0", "3" },
	{ "int(1, 10)", "1e1", "10" },
	{ "int(1, 10)", "3.5", NULL },
	{ "int(1, 10)", "11", NULL },
	{ "int(1, 10, step=3)", "7", "7" },
	{ "int(1, 10, step=3)", "6", NULL },
	{ "int(-9007199254740992, 0)", "-9007199254740991",
	    "-9007199254740991" },
	{ "int(0, 9007199254740992)", "1e300", NULL },
	{ "logint(1, 10)", "10", "10" },
	{ "logint(1, 10)", "0", NULL },
	{ "normal(0, 1)", "-1234.5", "-1234.5" },
	{ "lognormal(0, 1)", "1e-9", "1e-09" },
	{ "lognormal(0, 1)", "0", NULL },
	{ "choice([64,64], [128, 128])", "[64,64]", "[64,64]" },
	{ "choice([64,64], [128, 128])", "[ 64, 64 ]", "[64,64]" },
	{ "choice([64,64], [128, 128])", "[128,128]", "[128, 128]" },
	{ "choice([64,64], [128, 128])", "[64,128]", NULL },
	{ "choice([\"a b\",1])", "[ \"a b\", 1 ]", "[\"a b\",1]" },
	{ "choice([\"a b\",1])", "[\"ab\",1]", NULL },
	{ "choice([1e-5, 0.1])", "[1.0000000000000001e-05,0.1]",
	    "[1e-5, 0.1]" },
	{ "choice(0.10, 0.2)", "0.1", "0.10" },
	{ "choice(0.10, 0.1)", "0.1", "0.1" },
	{ "choice(\"0.10\", 0.2)", "0.1", NULL },
	{ "choice(\"[1, 2]\")", "[1,2]", NULL },
	{ "choice(adam, sgd)", "sgd", "sgd" },
	{ "choice(adam, sgd)", "SGD", NULL },
	{ "choice(adam, sgd)", "", NULL },
	{ "ordinal(1, 2)", "2", "2" },
	{ "const(\"a b\")", "a b", "a b" },
};

static void
test_check(void)
{
	struct err e = ERR_NONE;
	struct domain d;
	char *text;
	size_t i;
	int rc;

	for (i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		if (domain_parse(checks[i].domain, &d, &e) != 0) {
			ok(false, "parses: %s", checks[i].domain);
			continue;
		}
		text = NULL;
		rc = domain_check(&d, checks[i].text, &text, &e);
		ok((rc == 0) == (checks[i].canonical != NULL),
		    "'%s' is %sin %s", checks[i].text,
		    checks[i].canonical != NULL ? "" : "not ",
		    checks[i].domain);
		is_str(text, checks[i].canonical, "and is spelled so");
		free(text);
		domain_free(&d);
	}
}

static void
test_refusals(void)
{
	static const struct {
		const char *domain, *text, *message;
	} refused[] = {
		{ "uniform(0, 0.5)", "0.7", "0.7 is not in uniform(0, 0.5)" },
		{ "choice(adam, sgd)", "adamw",
		    "adamw is not in choice(adam, sgd), did you mean adam?" },
		{ "choice(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb)",
		    "c",
		    "c is not in choice("
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		    "bbbbbbbbbbbbbbbbbbbbbb..." },
	};
	struct err e = ERR_NONE;
	struct domain d;
	char *text;
	size_t i;

	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		domain_parse(refused[i].domain, &d, &e);
		ok(domain_check(&d, refused[i].text, &text, &e) == -1 &&
			e.code == EX_DATAERR,
		    "refused: %s", refused[i].text);
		is_str(e.msg, refused[i].message, "because of that");
		domain_free(&d);
	}
}

static void
test_count(void)
{
	static const struct {
		const char *domain;
		uint64_t count;
	} counts[] = {
		{ "uniform(0, 1)", 0 },
		{ "uniform(0.5, 0.99, step=0.01)", 50 },
		{ "uniform(0, 1, step=0.1)", 11 },
		{ "uniform(0, 1, step=0.3)", 4 },
		{ "uniform(0, 1, step=1)", 2 },
		{ "uniform(-0.3, 0.3, step=0.1)", 7 },
		{ "loguniform(1, 2)", 0 },
		{ "int(1, 10)", 10 },
		{ "int(1, 10, step=4)", 3 },
		{ "int(0, 9007199254740990)", UINT64_C(9007199254740991) },
		{ "int(-9007199254740992, 9007199254740992)", 0 },
		{ "logint(1, 8)", 8 },
		{ "normal(0, 1)", 0 },
		{ "lognormal(0, 1)", 0 },
		{ "choice(a, b, c)", 3 },
		{ "ordinal(a, b)", 2 },
		{ "const(a)", 1 },
	};
	struct err e = ERR_NONE;
	struct domain d;
	size_t i;

	for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		domain_parse(counts[i].domain, &d, &e);
		is_num((double)domain_count(&d), (double)counts[i].count,
		    "the count of %s", counts[i].domain);
		domain_free(&d);
	}
}

/* Every value of a grid is a value of its domain, and distinct. */
static void
test_grid(void)
{
	static const char *const domains[] = {
		"uniform(0.5, 0.99, step=0.01)",
		"uniform(-0.3, 0.3, step=0.1)",
		"uniform(0, 1, step=0.333333333)",
		"uniform(0, 1, step=0.3333333334)",
		"uniform(1e8, 1.000001e8, step=0.5)",
		"uniform(-1e-9, 1e-9, step=1e-12)",
	};
	char buf[NUM_TEXT], last[NUM_TEXT];
	struct err e = ERR_NONE;
	struct domain d;
	uint64_t k, n;
	size_t i, bad;
	char *text;

	for (i = 0; i < sizeof domains / sizeof domains[0]; i++) {
		domain_parse(domains[i], &d, &e);
		n = domain_count(&d);
		bad = 0;
		last[0] = '\0';
		for (k = 0; k < n; k++) {
			text = NULL;
			domain_spell(&d, domain_grid(&d, k), buf);
			bad += domain_check(&d, buf, &text, &e) != 0 ||
			    !str_eq(text, buf) || str_eq(buf, last);
			memcpy(last, buf, sizeof last);
			free(text);
		}
		ok(n > 1 && bad == 0, "the grid of %s", domains[i]);
		domain_free(&d);
	}
}

static void
test_spell(void)
{
	struct err e = ERR_NONE;
	char buf[NUM_TEXT];
	struct domain d;

	domain_parse("uniform(0.12345678912, 0.98765432109)", &d, &e);
	domain_spell(&d, 0.12345678912, buf);
	is_str(buf, "0.1234567892", "a text stays above the lower bound");
	domain_spell(&d, 0.98765432109, buf);
	is_str(buf, "0.987654321", "and below the upper one");
	domain_spell(&d, 7, buf);
	is_str(buf, "0.987654321", "also of a value beyond");
	domain_free(&d);
	domain_parse("uniform(-9.99999999999, 9.99999999999)", &d, &e);
	domain_spell(&d, -9.99999999999, buf);
	is_str(buf, "-9.999999999", "where a digit is carried, too");
	domain_spell(&d, 9.99999999999, buf);
	is_str(buf, "9.999999999", "at both ends");
	domain_spell(&d, -0.0, buf);
	is_str(buf, "0", "there is no negative zero");
	domain_free(&d);
	domain_parse("normal(0, 1)", &d, &e);
	domain_spell(&d, 12345678901., buf);
	is_str(buf, "1.23456789e+10", "a normal value has no bounds");
	domain_free(&d);
}

static void
test_numbers(void)
{
	struct err e = ERR_NONE;
	struct domain d;

	domain_parse("choice(1, \"2\", x, 1e-3, 0x10, [3])", &d, &e);
	ok(domain_reads_number(&d, "1"), "an unquoted number is one");
	ok(!domain_reads_number(&d, "2"), "a quoted one is a text");
	ok(!domain_reads_number(&d, "x"), "so is a word");
	ok(domain_reads_number(&d, "1e-3"), "with an exponent it is one");
	ok(!domain_reads_number(&d, "0x10"), "in hexadecimal it is not");
	ok(!domain_reads_number(&d, "[3]"), "nor is a list");
	ok(!domain_reads_number(&d, "5"), "nor what is no choice");
	ok(!domain_is_number(&d), "choice is no numeric domain");
	domain_free(&d);
	domain_parse("logint(1, 8)", &d, &e);
	ok(domain_reads_number(&d, "2"), "logint's values are numbers");
	ok(domain_is_number(&d), "as it is a numeric domain");
	domain_free(&d);
}

int
main(void)
{
	test_good();
	test_bad();
	test_check();
	test_refusals();
	test_count();
	test_grid();
	test_spell();
	test_numbers();

	return done();
}
