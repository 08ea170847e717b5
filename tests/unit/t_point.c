#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/point.h"
#include "form/space.h"
#include "tap.h"

static void
build(struct space *s)
{
	struct err e = ERR_NONE;

	memset(s, 0, sizeof *s);
	space_add_param(s, "lr", "loguniform(1e-4, 1e-2)", 1, &e);
	space_add_param(s, "momentum", "uniform(0.5, 0.99, step=0.01)", 2, &e);
	space_add_param(s, "nesterov", "choice(true, false)", 3, &e);
	space_add_param(s, "opt", "choice(adam, sgd)", 4, &e);
	space_add_param(s, "sizes", "choice([64,64], [128, 128])", 5, &e);
	space_add_param(s, "n", "choice(1, 2e3, \"3\", +4, .5, 06)", 6, &e);
	space_add_param(s, "layers", "int(1, 4)", 7, &e);
	space_add_when(s, "momentum", "opt == \"sgd\"", 8, &e);
	space_add_when(s, "nesterov", "momentum > 0.6", 9, &e);
	space_add_constraint(s, "fits", "lr * layers < 0.02", 10, &e);
	space_add_constraint(s, "slow", "momentum * layers < 2", 11, &e);
	if (space_finish(s, "c", &e) != 0)
		printf("# %s\n", e.msg);
}

enum { LR, MOMENTUM, NESTEROV, OPT, SIZES, N, LAYERS, PARAMS };

/* The texts of a point with blanks between them, "-" for none. */
static void
is_point(const struct point *p, const char *want, const char *what)
{
	struct str b = STR_EMPTY;
	size_t i;

	for (i = 0; i < p->n; i++)
		str_addf(&b, "%s%s", i > 0 ? " " : "",
		    p->text[i] != NULL ? p->text[i] : "-");
	is_str(str_text(&b), want, "%s", what);
	str_free(&b);
}

static void
set_all(struct point *p, const char *const *texts)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		point_set(p, i, texts[i]);
}

static void
test_set(const struct space *s)
{
	struct point p;
	char text[100];

	point_init(&p, s);
	is_point(&p, "- - - - - - -", "a new point is empty");
	point_set(&p, LR, "0.001");
	point_set(&p, OPT, "");
	is_point(&p, "0.001 - -  - - -", "a text can be empty");
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	point_set(&p, LR, text);
	is_str(p.text[LR], text, "or long");
	point_set(&p, LR, "2");
	is_str(p.text[LR], "2", "or short again");
	point_set(&p, LR, p.text[LR]);
	is_str(p.text[LR], "2", "or its own");
	point_set(&p, LR, NULL);
	point_set(&p, OPT, NULL);
	is_point(&p, "- - - - - - -", "or none");
	point_free(&p);
	ok(p.n == 0 && p.text == NULL, "a point is freed");
}

static void
test_activate(const struct space *s)
{
	static const char *const sgd[] = { "0.001", "0.7", "true", "sgd",
		"[64,64]", "1", "2" };
	static const char *const slow[] = { "0.001", "0.5", "true", "sgd",
		"[64,64]", "1", "2" };
	static const char *const adam[] = { "0.001", "0.7", "true", "adam",
		"[64,64]", "1", "2" };
	struct err e = ERR_NONE;
	struct point p;

	point_init(&p, s);
	set_all(&p, sgd);
	ok(point_activate(&p, s, &e) == 0, "a point with all active");
	is_point(&p, "0.001 0.7 true sgd [64,64] 1 2", "stays as it is");
	set_all(&p, slow);
	ok(point_activate(&p, s, &e) == 0, "a [when] that is not true");
	is_point(&p, "0.001 0.5 - sgd [64,64] 1 2", "takes its parameter out");
	set_all(&p, adam);
	ok(point_activate(&p, s, &e) == 0, "with a parameter");
	is_point(&p, "0.001 - - adam [64,64] 1 2", "go those that name it");
	point_free(&p);
}

static void
test_allowed(const struct space *s)
{
	static const char *const texts[] = { "0.001", "0.7", "true", "sgd",
		"[64,64]", "1", "2" };
	struct err e = ERR_NONE;
	size_t broken = 99;
	struct point p;

	point_init(&p, s);
	set_all(&p, texts);
	ok(point_allowed(&p, s, &broken, &e) == 1, "a point is allowed");
	point_set(&p, LAYERS, "3");
	ok(point_allowed(&p, s, &broken, &e) == 0 && broken == 1,
	    "one that breaks the second constraint is not");
	point_set(&p, LR, "0.01");
	ok(point_allowed(&p, s, &broken, &e) == 0 && broken == 0,
	    "of two broken constraints it is the first");
	point_set(&p, MOMENTUM, NULL);
	point_set(&p, LR, "0.001");
	ok(point_allowed(&p, s, &broken, &e) == 1,
	    "a constraint that names an inactive parameter holds");
	point_free(&p);
}

static void
test_failures(void)
{
	struct err e = ERR_NONE;
	struct space s;
	struct point p;
	size_t broken;

	memset(&s, 0, sizeof s);
	space_add_param(&s, "a", "choice(x, y)", 1, &e);
	space_add_param(&s, "b", "uniform(0, 1)", 2, &e);
	space_add_when(&s, "b", "a > 1", 3, &e);
	space_add_constraint(&s, "c", "a < 1", 4, &e);
	space_finish(&s, "c", &e);
	point_init(&p, &s);
	point_set(&p, 0, "x");
	ok(point_activate(&p, &s, &e) == -1 && e.code == EX_CONFIG,
	    "a [when] that fails");
	is_str(e.msg,
	    "[when] of 'b' (line 3): attempt to compare number with string",
	    "is named");
	ok(point_allowed(&p, &s, &broken, &e) == -1 && e.code == EX_CONFIG,
	    "a constraint that fails");
	is_str(e.msg,
	    "[constraint] 'c' (line 4): attempt to compare string with number",
	    "is named, too");
	point_free(&p);
	space_free(&s);
}

static void
test_json(const struct space *s)
{
	static const char *const texts[] = { "1e-05", "0.7", "true", "sgd",
		"[64,64]", "1", "2" };
	static const struct {
		const char *n, *json;
	} numbers[] = {
		{ "1", "1" },
		{ "2e3", "2e3" },
		{ "3", "\"3\"" },
		{ "+4", "\"+4\"" },
		{ ".5", "\".5\"" },
		{ "06", "\"06\"" },
	};
	struct str b = STR_EMPTY;
	struct point p;
	char want[64];
	size_t i;

	point_init(&p, s);
	point_json(&p, s, &b);
	is_str(str_text(&b), "{}", "nothing is active");
	str_cut(&b, 0);
	set_all(&p, texts);
	point_json(&p, s, &b);
	is_str(str_text(&b),
	    "{\"lr\": 1e-05, \"momentum\": 0.7, \"nesterov\": \"true\", "
	    "\"opt\": \"sgd\", \"sizes\": \"[64,64]\", \"n\": 1, \"layers\": 2}",
	    "all is active");
	for (i = 0; i < PARAMS; i++)
		point_set(&p, i, NULL);
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		str_cut(&b, 0);
		point_set(&p, N, numbers[i].n);
		point_json(&p, s, &b);
		snprintf(want, sizeof want, "{\"n\": %s}", numbers[i].json);
		is_str(str_text(&b), want, "the choice %s", numbers[i].n);
	}
	str_free(&b);
	point_free(&p);
}

static int
parse(const char *text, const struct space *s, struct point **out, size_t *n,
    struct err *e)
{
	err_clear(e);

	return point_parse(text, strlen(text), "f", s, out, n, e);
}

static void
test_parse(const struct space *s)
{
	static const struct {
		const char *text;
		const char *points[3];
	} files[] = {
		{ "{\"lr\": 0.001, \"layers\": 2}\n", { "0.001 - - - - - 2" } },
		{ "\r\n  {\"lr\":1e-3,\"opt\":null,\"n\":\"3\"}\r\n\r\n"
		  "{}\n{\"nesterov\":true,\"sizes\":[ 128,128 ]}",
		    { "0.001 - - - - 3 -", "- - - - - - -",
			"- - true - [128, 128] - -" } },
		{ "\357\273\277{\"n\": 2000, \"layers\": 3.0, "
		  "\"lr\": \"0.00010\"}",
		    { "0.0001 - - - - 2e3 3" } },
		{ "{\"lr\":0.0012345678901234}",
		    { "0.00123456789 - - - - - -" } },
		{ "{\"n\":4,\"opt\":\"adam\",\"momentum\":0.9}",
		    { "- 0.9 - adam - +4 -" } },
		{ "{\"momentum\":0.99,\"layers\":4}", { "- 0.99 - - - - 4" } },
		{ "lr\topt\n0.001\tsgd\n\tadam\n0.002\t\n",
		    { "0.001 - - sgd - - -", "- - - adam - - -",
			"0.002 - - - - - -" } },
		{ "sizes\r\n[64, 64]\r\n\r\n[128,128]",
		    { "- - - - [64,64] - -", "- - - - [128, 128] - -" } },
		{ "", { NULL } },
		{ "lr\n", { NULL } },
	};
	struct err e = ERR_NONE;
	struct point *p;
	size_t i, j, n;

	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (!ok(parse(files[i].text, s, &p, &n, &e) == 0,
			"points %zu are read", i))
			printf("# %s\n", e.msg);
		for (j = 0; j < n && j < 3; j++) {
			is_point(&p[j],
			    files[i].points[j] ? files[i].points[j] : "none",
			    "a point");
			point_free(&p[j]);
		}
		ok(j == 3 || files[i].points[j] == NULL, "and no other");
		free(p);
	}
}

static void
test_parse_mistakes(const struct space *s)
{
	static const struct {
		const char *text, *message;
	} files[] = {
		{ "{\"lr\": 0.1, \"lrr\": 1, \"opt\": \"adamw\"}\n\n"
		  "{\"layers\": 2.5, \"momentum\": 0.555}\n",
		    "f:1: lr: 0.1 is not in loguniform(0.0001, 0.01)\n"
		    "f:1: unknown parameter 'lrr', did you mean 'lr'?\n"
		    "f:1: opt: adamw is not in choice(adam, sgd), did you "
		    "mean adam?\n"
		    "f:3: layers: 2.5 is not in int(1, 4)\n"
		    "f:3: momentum: 0.555 is not in uniform(0.5, 0.99, "
		    "step=0.01)" },
		{ "{\"lr\": 0.001,}\n{\"lr\": 0.001} x\n[1]\n",
		    "f:1: not one JSON object: string or '}' expected near "
		    "'}'\n"
		    "f:2: not one JSON object: end of file expected near "
		    "'x'\n"
		    "f:3: not a JSON object" },
		{ "{\"lr\":0.001,\"lr\":0.002}",
		    "f:1: not one JSON object: duplicate object key near "
		    "'\"lr\"'" },
		{ "{\"opt\":{\"a\":1}}",
		    "f:1: opt: a JSON object is no value" },
		{ "\n [{\"lr\":1}]",
		    "f:1: a JSON array: write one object a line" },
		{ "lr\tlayers\n0.01\t2\n0.001\n0.001\t3\t4\n1\tx\n",
		    "f:2: the constraint 'fits' (line 10) refuses it\n"
		    "f:3: 1 fields, the header has 2\n"
		    "f:4: 3 fields, the header has 2\n"
		    "f:5: lr: 1 is not in loguniform(0.0001, 0.01)\n"
		    "f:5: layers: x is not in int(1, 4)" },
		{ "lr\tlr\toptt\tid\n0.001\t0.001\tadam\t1\n",
		    "f:1: lr: the column is there twice\n"
		    "f:1: unknown parameter 'optt', did you mean 'opt'?\n"
		    "f:1: unknown parameter 'id'" },
		{ "{\"momentum\":0.99,\"layers\":4,\"opt\":\"sgd\"}",
		    "f:1: the constraint 'slow' (line 11) refuses it" },
	};
	struct err e = ERR_NONE;
	struct point *p;
	size_t i, n;

	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		ok(parse(files[i].text, s, &p, &n, &e) == -1 &&
			e.code == EX_DATAERR && p == NULL && n == 0,
		    "points with mistakes %zu are refused", i);
		is_str(e.msg, files[i].message, "all are reported");
	}
	err_clear(&e);
	ok(point_parse("lr\n\0", 4, "f", s, &p, &n, &e) == -1,
	    "a NUL is refused");
	is_str(e.msg, "f: there is a NUL byte", "and named");
}

/* Escapes of the table's columns are undone. */
static void
test_parse_escapes(void)
{
	struct err e = ERR_NONE;
	struct point *p;
	struct space s;
	size_t n;

	memset(&s, 0, sizeof s);
	space_add_param(&s, "a", "choice(\"x\\\\y\", [1,\t2])", 1, &e);
	space_finish(&s, "c", &e);
	ok(parse("a\nx\\\\y\n[1,\\t2]\n", &s, &p, &n, &e) == 0 && n == 2,
	    "escapes are read");
	is_str(p[0].text[0], "x\\y", "a backslash");
	is_str(p[1].text[0], "[1,\t2]", "a tab");
	point_free(&p[0]);
	point_free(&p[1]);
	free(p);
	space_free(&s);
}

int
main(void)
{
	struct space s;

	build(&s);
	test_set(&s);
	test_activate(&s);
	test_allowed(&s);
	test_failures();
	test_json(&s);
	test_parse(&s);
	test_parse_mistakes(&s);
	test_parse_escapes();
	space_free(&s);

	return done();
}
