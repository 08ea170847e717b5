#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "base/str.h"
#include "form/point.h"
#include "form/space.h"
#include "search/random.h"
#include "search/search.h"
#include "tap.h"

enum { DRAWS = 20000, SEED = 42 };

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Where a value should lie among all, 0 .. 1, from the distribution's
 * function. */
static double
share_below(const struct domain *d, double x)
{
	switch (d->kind) {
	case DOMAIN_LOGUNIFORM:
		return (log(x) - log(d->lo)) / (log(d->hi) - log(d->lo));
	case DOMAIN_NORMAL:
		return erfc((d->lo - x) / d->hi / sqrt(2)) / 2;
	case DOMAIN_LOGNORMAL:
		return erfc((d->lo - log(x)) / d->hi / sqrt(2)) / 2;
	default:
		return (x - d->lo) / (d->hi - d->lo);
	}
}

/*
 * The statistic of Kolmogorov and Smirnov times the square root of the count
 * is below 1.95 in 99.9 % of all samples.  Ours is always the same one.
 */
static void
test_continuous(void)
{
	static const char *const domains[] = { "uniform(0, 0.5)",
		"uniform(-1e300, 1e300)", "uniform(1, 1.0000001)",
		"loguniform(1e-4, 1e-2)", "loguniform(1e-300, 1e300)",
		"normal(10, 3)", "lognormal(-1, 2)" };
	double *x = mem_alloc(DRAWS * sizeof *x);
	struct err e = ERR_NONE;
	char buf[NUM_TEXT];
	struct domain d;
	double most, share;
	size_t i, k, bad;
	char *text;
	struct rng r;

	for (i = 0; i < sizeof domains / sizeof domains[0]; i++) {
		domain_parse(domains[i], &d, &e);
		bad = 0;
		for (k = 0; k < DRAWS; k++) {
			text = NULL;
			random_stream(&r, SEED, (uint32_t)k, "x", 0);
			bad += random_value(&d, &r, buf) != buf ||
			    domain_check(&d, buf, &text, &e) != 0 ||
			    !str_eq(text, buf);
			free(text);
			num_double(buf, &x[k]);
		}
		qsort(x, DRAWS, sizeof *x, by_value);
		most = 0;
		for (k = 0; k < DRAWS; k++) {
			share = share_below(&d, x[k]);
			most = fmax(most, fabs(share - (double)k / DRAWS));
			most =
			    fmax(most, fabs(share - (double)(k + 1) / DRAWS));
		}
		ok(bad == 0, "draws are values of %s", domains[i]);
		if (!ok(most * sqrt(DRAWS) < 1.95, "and distributed so"))
			printf("# %g\n", most * sqrt(DRAWS));
		domain_free(&d);
	}
	free(x);
}

/*
 * Pearson's chi-square: its mean is the number of values less one, its
 * standard deviation the square root of twice that; five of them above the
 * mean is never reached by chance.
 */
static void
test_discrete(void)
{
	static const struct {
		const char *domain;
		size_t n;
		const char *value[10];
		double share[10];
	} domains[] = {
		{ "uniform(-0.2, 0.3, step=0.1)", 6,
		    { "-0.2", "-0.1", "0", "0.1", "0.2", "0.3" },
		    { 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6 } },
		{ "uniform(0, 1, step=0.4)", 3, { "0", "0.4", "0.8" },
		    { 1. / 3, 1. / 3, 1. / 3 } },
		{ "int(-1, 2)", 4, { "-1", "0", "1", "2" },
		    { 0.25, 0.25, 0.25, 0.25 } },
		{ "int(1, 10, step=4)", 3, { "1", "5", "9" },
		    { 1. / 3, 1. / 3, 1. / 3 } },
		/* log((i + 0.5) / (i - 0.5)) / log(4.5 / 0.5) */
		{ "logint(1, 4)", 4, { "1", "2", "3", "4" },
		    { 0.5, 0.2324867603, 0.1531355702, 0.1143776695 } },
		{ "choice(a, b, c)", 3, { "a", "b", "c" },
		    { 1. / 3, 1. / 3, 1. / 3 } },
		{ "choice(a, b, c, d, weights=[6, 0, 3, 1])", 4,
		    { "a", "b", "c", "d" }, { 0.6, 0, 0.3, 0.1 } },
		{ "choice(a, b, weights=[1, 0])", 2, { "a", "b" }, { 1, 0 } },
		{ "ordinal(low, \"mid\", high)", 3, { "low", "mid", "high" },
		    { 1. / 3, 1. / 3, 1. / 3 } },
		{ "const([1, 2])", 1, { "[1, 2]" }, { 1 } },
	};
	double seen[10], chi, want;
	struct err e = ERR_NONE;
	char buf[NUM_TEXT];
	const char *text;
	struct domain d;
	struct rng r;
	size_t i, j, k, bad;

	for (i = 0; i < sizeof domains / sizeof domains[0]; i++) {
		domain_parse(domains[i].domain, &d, &e);
		memset(seen, 0, sizeof seen);
		bad = 0;
		for (k = 0; k < DRAWS; k++) {
			random_stream(&r, SEED, (uint32_t)k, "x", 0);
			text = random_value(&d, &r, buf);
			for (j = 0; j < domains[i].n; j++)
				if (str_eq(text, domains[i].value[j]))
					break;
			if (j < domains[i].n)
				seen[j]++;
			else
				bad++;
		}
		chi = 0;
		for (j = 0; j < domains[i].n; j++) {
			want = domains[i].share[j] * DRAWS;
			if (want > 0)
				chi += pow(seen[j] - want, 2) / want;
			else
				bad += (size_t)seen[j];
		}
		ok(bad == 0, "draws are values of %s", domains[i].domain);
		want = (double)domains[i].n - 1;
		if (!ok(chi <= want + 5 * sqrt(2 * want), "as often as due"))
			printf("# %g\n", chi);
		domain_free(&d);
	}
}

static void
test_ends(void)
{
	struct err e = ERR_NONE;
	char buf[NUM_TEXT];
	struct domain d;
	struct rng r;
	bool inside = true;
	int64_t x;
	uint32_t k;

	domain_parse("int(-9007199254740992, 9007199254740992)", &d, &e);
	for (k = 0; k < 1000; k++) {
		random_stream(&r, SEED, k, "x", 0);
		random_value(&d, &r, buf);
		inside =
		    inside && num_i64(buf, &x) == 0 && x >= d.ilo && x <= d.ihi;
	}
	ok(inside, "the largest int keeps its bounds");
	domain_free(&d);
	domain_parse("logint(9007199254740000, 9007199254740992)", &d, &e);
	for (k = 0; k < 1000; k++) {
		random_stream(&r, SEED, k, "x", 0);
		random_value(&d, &r, buf);
		inside =
		    inside && num_i64(buf, &x) == 0 && x >= d.ilo && x <= d.ihi;
	}
	ok(inside, "the largest logint, too");
	domain_free(&d);
}

static void
build(struct space *s, const char *const *params, const char *const *whens,
    const char *const *constraints)
{
	struct err e = ERR_NONE;
	unsigned line = 0;

	memset(s, 0, sizeof *s);
	for (; *params != NULL; params += 2)
		space_add_param(s, params[0], params[1], ++line, &e);
	for (; *whens != NULL; whens += 2)
		space_add_when(s, whens[0], whens[1], ++line, &e);
	for (; *constraints != NULL; constraints += 2)
		space_add_constraint(s, constraints[0], constraints[1], ++line,
		    &e);
	if (space_finish(s, "c", &e) != 0)
		printf("# %s\n", e.msg);
}

static const char *const nothing[] = { NULL };

static const char *const three[] = { "lr", "loguniform(1e-4, 1e-2)", "opt",
	"choice(adam, sgd)", "momentum", "uniform(0.5, 0.99, step=0.01)",
	NULL };

static const char *const when_sgd[] = { "momentum", "opt == \"sgd\"", NULL };

/* The texts of a proposal with blanks between them, "-" for none. */
static int
propose(const struct space *s, uint32_t id, struct point *p, struct str *b,
    struct err *e)
{
	struct search_ask ask = { s, SEED, id };
	struct str reason = STR_EMPTY;
	size_t i;
	int rc;

	rc = search_find("auto")->propose(&ask, p, &reason, e);
	str_cut(b, 0);
	for (i = 0; rc == 0 && i < p->n; i++)
		str_addf(b, "%s%s", i > 0 ? " " : "",
		    p->text[i] != NULL ? p->text[i] : "-");
	if (rc == 0)
		str_addf(b, " (%s)", str_text(&reason));
	str_free(&reason);

	return rc;
}

static void
test_propose(void)
{
	struct str a = STR_EMPTY, b = STR_EMPTY;
	struct err e = ERR_NONE;
	struct point p, q;
	bool same = true, fits = true;
	struct space s;
	uint32_t id;

	build(&s, three, when_sgd, nothing);
	for (id = 0; id < 200; id++) {
		point_init(&p, &s);
		point_init(&q, &s);
		propose(&s, id, &p, &a, &e);
		propose(&s, id, &q, &b, &e);
		same = same && str_eq(str_text(&a), str_text(&b));
		fits = fits && p.text[0] != NULL &&
		    (p.text[2] != NULL) == str_eq(p.text[1], "sgd");
		point_free(&p);
		point_free(&q);
	}
	ok(same, "a proposal is the same again");
	ok(fits, "a parameter is there when its [when] is true");
	is_str(str_text(&a), "0.0001525903665 sgd 0.99 (drawn at random)",
	    "the last of them, as another program computed it");
	space_free(&s);
	str_free(&a);
	str_free(&b);
}

/* Adding, reordering and removing parameters changes no other's values. */
static void
test_independent(void)
{
	static const char *const more[] = { "depth", "int(1, 9)", "opt",
		"choice(adam, sgd)", "momentum",
		"uniform(0.5, 0.99, step=0.01)", "lr", "loguniform(1e-4, 1e-2)",
		NULL };
	static const char *const holds[] = { "c", "lr < 1", NULL };
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	struct space s, t;
	struct point p, q;
	bool same = true;
	uint32_t id;

	build(&s, three, when_sgd, nothing);
	build(&t, more, nothing, holds);
	for (id = 0; id < 200; id++) {
		point_init(&p, &s);
		point_init(&q, &t);
		propose(&s, id, &p, &b, &e);
		propose(&t, id, &q, &b, &e);
		same = same && str_eq(p.text[0], q.text[3]) &&
		    str_eq(p.text[1], q.text[1]) &&
		    (p.text[2] == NULL || str_eq(p.text[2], q.text[2]));
		point_free(&p);
		point_free(&q);
	}
	ok(same, "what is drawn for a parameter depends on no other one");
	space_free(&s);
	space_free(&t);
	str_free(&b);
}

/* Streams of names, draws and trials are not the same, nor correlated. */
static void
test_streams(void)
{
	enum { N = 2000 };
	double x[N], y[N], mean = 0.5, sum = 0;
	uint64_t *first = mem_alloc((size_t)3 * N * sizeof *first);
	size_t i, j, twice = 0;
	struct rng r;
	char name[16];

	for (i = 0; i < N; i++) {
		snprintf(name, sizeof name, "x%zu", i);
		random_stream(&r, SEED, 0, name, 0);
		first[i] = rng_u64(&r);
		random_stream(&r, SEED, 0, "x", (uint32_t)i);
		first[N + i] = rng_u64(&r);
		random_stream(&r, SEED, (uint32_t)i, "y", 0);
		first[i + N + N] = rng_u64(&r);
	}
	for (i = 0; i < (size_t)3 * N; i++)
		for (j = 0; j < i; j++)
			twice += first[i] == first[j];
	ok(twice == 0, "streams of names, draws and trials are distinct");
	free(first);
	random_stream(&r, SEED, 0, "x", RANDOM_DRAWS - 1);
	i = r.block;
	for (j = 0; j < 32; j++)
		rng_u64(&r);
	ok(r.block == i + 16 && (i & 15) == 0,
	    "a stream of 32 draws ends before the next begins");
	for (i = 0; i < N; i++) {
		random_stream(&r, SEED, (uint32_t)i, "lr", 0);
		x[i] = rng_unit(&r) - mean;
		random_stream(&r, SEED, (uint32_t)i, "ls", 0);
		y[i] = rng_unit(&r) - mean;
		sum += x[i] * y[i];
	}
	/* Of standard deviation 1/12 each; 4 of its own. */
	ok(fabs(sum / N) < 4. / 12 / sqrt(N), "two names are uncorrelated");
}

static void
test_constraints(void)
{
	static const char *const params[] = { "a", "uniform(0, 1)", "b",
		"uniform(0, 1)", "opt", "choice(x, y)", "c", "uniform(0, 1)",
		NULL };
	static const char *const whens[] = { "c", "opt == \"x\"", NULL };
	static const char *const few[] = { "sum", "a + b < 0.1", "small",
		"c < 0.5", NULL };
	static const char *const none[] = { "fits", "a > 0.98", "never",
		"b > 2", NULL };
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	struct space s;
	struct point p;
	double x, y, z;
	bool kept = true, more = false;
	uint32_t id;

	build(&s, params, whens, few);
	for (id = 0; id < 50; id++) {
		point_init(&p, &s);
		kept = propose(&s, id, &p, &b, &e) == 0 && kept;
		kept = kept && num_double(p.text[0], &x) == 0 &&
		    num_double(p.text[1], &y) == 0 && x + y < 0.1;
		z = 0;
		if (p.text[3] != NULL)
			num_double(p.text[3], &z);
		kept = kept && z < 0.5;
		more = more || strstr(str_text(&b), " refused before)") != NULL;
		point_free(&p);
	}
	ok(kept, "constraints are honoured");
	ok(more, "by drawing again");
	space_free(&s);

	build(&s, params, whens, none);
	point_init(&p, &s);
	ok(propose(&s, 0, &p, &b, &e) == -1 && e.code == EX_CONFIG,
	    "a space without a point");
	is_str(e.msg,
	    "no point satisfies the constraints after 100000 draws: 'fits' "
	    "(line 6) refused 97.9 % of them",
	    "names the constraint that refused most");
	point_free(&p);
	space_free(&s);
	str_free(&b);
}

static void
test_given(void)
{
	static const char *const fits[] = { "fits", "lr < 0.005", "fast",
		"momentum > 0.9", NULL };
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	struct space s;
	struct point p;
	size_t sgd = 0, adam = 0;
	bool kept = true;
	uint32_t id;

	build(&s, three, when_sgd, fits);
	for (id = 0; id < 100; id++) {
		point_init(&p, &s);
		point_set(&p, 2, "0.95");
		kept = propose(&s, id, &p, &b, &e) == 0 && kept;
		if (str_eq(p.text[1], "sgd")) {
			kept = kept && p.text[2] != NULL &&
			    str_eq(p.text[2], "0.95");
			sgd++;
		} else {
			kept = kept && p.text[2] == NULL;
			adam++;
		}
		point_free(&p);
	}
	ok(kept, "a given text is kept where it is active");
	ok(sgd > 30 && adam > 30, "the others are drawn");

	point_init(&p, &s);
	point_set(&p, 0, "0.001");
	point_set(&p, 1, "adam");
	point_set(&p, 2, "0.6");
	ok(propose(&s, 1, &p, &b, &e) == 0, "a point given whole");
	is_str(str_text(&b), "0.001 adam - (drawn at random)",
	    "is taken without what is inactive");
	point_set(&p, 1, "sgd");
	point_set(&p, 2, "0.6");
	ok(propose(&s, 1, &p, &b, &e) == -1 && e.code == EX_DATAERR,
	    "a whole point that breaks a constraint");
	is_str(e.msg, "the constraint 'fast' (line 6) refuses the given point",
	    "is refused at once");
	point_free(&p);
	point_init(&p, &s);
	point_set(&p, 0, "0.006");
	ok(propose(&s, 1, &p, &b, &e) == -1 && e.code == EX_CONFIG,
	    "a given value that leaves no point");
	is_str(e.msg,
	    "no point satisfies the constraints after 100000 draws: 'fits' "
	    "(line 5) refused 100.0 % of them",
	    "is told so");
	point_free(&p);
	space_free(&s);
	str_free(&b);
}

static void
test_methods(void)
{
	const char *const *names;
	bool all = true;
	size_t i, n;

	names = search_names(&n);
	for (i = 0; i < n; i++)
		all = all && search_find(names[i]) != NULL;
	ok(n >= 2 && all, "every method that is listed is found");
	is_str(search_find("random")->name, "random", "random is one");
	is_str(search_find("auto")->name, "random", "auto is random");
	ok(search_find("rnd") == NULL, "another is not");
}

int
main(void)
{
	test_continuous();
	test_discrete();
	test_ends();
	test_propose();
	test_independent();
	test_streams();
	test_constraints();
	test_given();
	test_methods();

	return done();
}
