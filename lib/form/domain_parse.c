#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/call.h"
#include "form/space.h"

/*
 * Bounds beyond these would leave the range of a double on the way, or lose
 * digits (below 2.2e-308 they begin to).
 */
#define HUGEST 1e300
#define TINIEST 1e-300
#define WHOLEST 9007199254740992. /* 2^53: integers beyond are not exact */
#define SAME 1e-9                 /* a value has ten digits */

/* In the order of enum domain_kind. */
static const struct form {
	const char *usage;
	size_t numbers;     /* how many it takes; 0: any number of values */
	const char *option; /* the one it knows, or NULL */
} forms[] = {
	{ "uniform(a, b)", 2, "step" },
	{ "loguniform(a, b)", 2, NULL },
	{ "int(a, b)", 2, "step" },
	{ "logint(a, b)", 2, NULL },
	{ "normal(mean, sd)", 2, NULL },
	{ "lognormal(m, s)", 2, NULL },
	{ "choice(x, y)", 0, "weights" },
	{ "ordinal(x, y)", 0, NULL },
	{ "const(x)", 0, NULL },
};

enum { NFORMS = sizeof forms / sizeof forms[0] };

static const char *
name_of(const struct form *f)
{
	return domain_name((enum domain_kind)(f - forms));
}

static const char *
option_of(const struct call *c, const char *key)
{
	size_t i;

	for (i = 0; i < c->arg.n; i++)
		if (c->arg.v[i].key != NULL && str_eq(c->arg.v[i].key, key))
			return c->arg.v[i].text;

	return NULL;
}

static int
read_number(const struct form *f, const char *text, double *x, struct err *e)
{
	if (num_double(text, x) != 0)
		return err_set(e, EX_DATAERR,
		    "%s takes finite numbers, got '%s'", name_of(f), text);
	if (fabs(*x) > HUGEST)
		return err_set(e, EX_DATAERR,
		    "'%s' is too large, 1e300 is "
		    "the limit",
		    text);
	*x += 0.0; /* no negative zero */

	return 0;
}

static int
read_whole(const struct form *f, const char *text, int64_t *i, struct err *e)
{
	double x;

	if (num_double(text, &x) != 0 || floor(x) < x)
		return err_set(e, EX_DATAERR,
		    "%s takes whole numbers, got '%s'", name_of(f), text);
	if (fabs(x) > WHOLEST)
		return err_set(e, EX_DATAERR,
		    "'%s' is too large, 2^53 is the limit of %s", text,
		    name_of(f));
	*i = (int64_t)x;

	return 0;
}

/*
 * The nearest number of ten digits that is not below (${up}) or not above
 * ${x}: with such bounds, rounding what lies between them to ten digits,
 * which is monotone, never leaves them.
 */
static double
draw_in(double x, bool up)
{
	char buf[NUM_TEXT];
	double y, unit;

	num_text(x, buf);
	y = strtod(buf, NULL);
	if (up ? y >= x : y <= x)
		return y;
	unit = pow(10, floor(log10(fabs(x))) - 9);
	num_text(up ? y + unit : y - unit, buf);

	return strtod(buf, NULL);
}

static int
check_range(const struct form *f, double lo, double hi, struct err *e)
{
	if (lo < hi)
		return 0;
	if (lo > hi)
		return err_set(e, EX_DATAERR,
		    "the range of %s is reversed: write the smaller bound "
		    "first",
		    name_of(f));

	return err_set(e, EX_DATAERR,
	    "the range of %s is empty, write const(x) for one fixed value",
	    name_of(f));
}

static int
parse_step(const struct call *c, const struct form *f, struct domain *d,
    struct err *e)
{
	const char *text = option_of(c, "step");
	double largest = fmax(fabs(d->lo), fabs(d->hi));

	if (text == NULL)
		return 0;
	if (read_number(f, text, &d->step, e) != 0)
		return -1;
	if (d->step <= 0)
		return err_set(e, EX_DATAERR, "the step '%s' is not above 0",
		    text);
	if (d->step > (d->hi - d->lo) * (1 + SAME))
		return err_set(e, EX_DATAERR,
		    "the step '%s' is larger than the range", text);
	if (d->step < SAME * largest)
		return err_set(e, EX_DATAERR,
		    "the step '%s' is too small: a value has ten digits", text);

	return 0;
}

static int
parse_float(const struct call *c, const struct form *f, struct domain *d,
    struct err *e)
{
	double lo, hi;

	if (read_number(f, c->arg.v[0].text, &lo, e) != 0 ||
	    read_number(f, c->arg.v[1].text, &hi, e) != 0)
		return -1;
	if (d->kind == DOMAIN_LOGUNIFORM && (lo < TINIEST || hi < TINIEST))
		return err_set(e, EX_DATAERR,
		    "the bounds of loguniform must be above 0");
	if (check_range(f, lo, hi, e) != 0)
		return -1;
	d->lo = draw_in(lo, true);
	d->hi = draw_in(hi, false);
	if (!(d->lo < d->hi))
		return err_set(e, EX_DATAERR,
		    "the range of %s is too narrow: a value has ten digits",
		    name_of(f));

	return parse_step(c, f, d, e);
}

static int
parse_whole(const struct call *c, const struct form *f, struct domain *d,
    struct err *e)
{
	const char *step = option_of(c, "step");

	if (read_whole(f, c->arg.v[0].text, &d->ilo, e) != 0 ||
	    read_whole(f, c->arg.v[1].text, &d->ihi, e) != 0)
		return -1;
	if (d->kind == DOMAIN_LOGINT && (d->ilo < 1 || d->ihi < 1))
		return err_set(e, EX_DATAERR,
		    "the bounds of logint must be 1 or more");
	d->lo = (double)d->ilo;
	d->hi = (double)d->ihi;
	d->istep = 1;
	if (check_range(f, d->lo, d->hi, e) != 0)
		return -1;
	if (step == NULL)
		return 0;
	if (read_whole(f, step, &d->istep, e) != 0)
		return -1;
	if (d->istep < 1)
		return err_set(e, EX_DATAERR, "the step '%s' is not above 0",
		    step);
	if (d->istep > d->ihi - d->ilo)
		return err_set(e, EX_DATAERR,
		    "the step '%s' is larger than the range", step);
	d->step = (double)d->istep;

	return 0;
}

static int
parse_normal(const struct call *c, const struct form *f, struct domain *d,
    struct err *e)
{
	/* rng_normal() stays below 8.6 = sqrt(2 * 53 * log(2)). */
	const double reach = 10;

	if (read_number(f, c->arg.v[0].text, &d->lo, e) != 0 ||
	    read_number(f, c->arg.v[1].text, &d->hi, e) != 0)
		return -1;
	if (d->hi <= 0)
		return err_set(e, EX_DATAERR,
		    "the standard deviation '%s' is not above 0",
		    c->arg.v[1].text);
	if (d->kind == DOMAIN_LOGNORMAL
		? fabs(d->lo) + reach * d->hi > log(HUGEST)
		: fabs(d->lo) + reach * d->hi > HUGEST)
		return err_set(e, EX_DATAERR,
		    "the values of %s(%s, %s) would leave 1e-300 .. 1e300",
		    name_of(f), c->arg.v[0].text, c->arg.v[1].text);

	return 0;
}

/* weights=[3, 1]: normalised to the sum 1; equal ones are none. */
static int
parse_weights(const char *text, struct domain *d, struct err *e)
{
	double sum = 0, least = HUGEST, most = 0;
	struct call list;
	size_t i;
	int rc = -1;

	if (call_split(text, &list, e) != 0)
		return err_prefix(e, "weights");
	if (list.arg.n != d->n) {
		err_set(e, EX_DATAERR, "there are %zu weights for %zu values",
		    list.arg.n, d->n);
		goto out;
	}
	d->weight = mem_zero(d->n, sizeof *d->weight);
	for (i = 0; i < d->n; i++) {
		if (num_double(list.arg.v[i].text, &d->weight[i]) != 0 ||
		    d->weight[i] < 0 || d->weight[i] > HUGEST / 1e10) {
			err_set(e, EX_DATAERR,
			    "the weight '%s' is not a number of 0 or more",
			    list.arg.v[i].text);
			goto out;
		}
		sum += d->weight[i];
		least = fmin(least, d->weight[i]);
		most = fmax(most, d->weight[i]);
	}
	if (sum <= 0) {
		err_set(e, EX_DATAERR, "all weights are 0");
		goto out;
	}
	for (i = 0; i < d->n; i++)
		d->weight[i] /= sum;
	if (!(least < most)) {
		free(d->weight);
		d->weight = NULL;
	}
	rc = 0;
out:
	call_free(&list);

	return rc;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
check_distinct(const struct form *f, const struct domain *d, struct err *e)
{
	char **sorted = mem_alloc(d->n * sizeof *sorted);
	const char *twice = NULL;
	size_t i;

	memcpy(sorted, d->value, d->n * sizeof *sorted);
	qsort(sorted, d->n, sizeof *sorted, by_text);
	for (i = 1; i < d->n && twice == NULL; i++)
		if (str_eq(sorted[i - 1], sorted[i]))
			twice = sorted[i];
	free(sorted);
	if (twice == NULL)
		return 0;

	return err_set(e, EX_DATAERR, "%s has the value '%s' twice", name_of(f),
	    twice);
}

static int
parse_values(struct call *c, const struct form *f, struct domain *d,
    struct err *e)
{
	const char *weights = option_of(c, "weights");
	size_t i;

	d->value = mem_zero(c->arg.n, sizeof *d->value);
	d->quoted = mem_zero(c->arg.n, sizeof *d->quoted);
	for (i = 0; i < c->arg.n; i++) {
		if (c->arg.v[i].key != NULL)
			continue;
		d->value[d->n] = c->arg.v[i].text;
		d->quoted[d->n++] = c->arg.v[i].quoted;
		c->arg.v[i].text = NULL;
	}
	if (d->n == 0)
		return err_set(e, EX_DATAERR, "%s needs a value", name_of(f));
	if (d->kind == DOMAIN_CONST && d->n > 1)
		return err_set(e, EX_DATAERR, "const takes 1 value, got %zu",
		    d->n);
	if (check_distinct(f, d, e) != 0)
		return -1;

	return weights != NULL ? parse_weights(weights, d, e) : 0;
}

static int
check_option(const struct call *c, const struct form *f, size_t i,
    struct err *e)
{
	const char *key = c->arg.v[i].key;
	size_t j;

	if (f->option == NULL || !str_eq(key, f->option)) {
		if (f->option != NULL && str_nearest(key, &f->option, 1))
			return err_set(e, EX_DATAERR,
			    "%s has no option '%s', did you mean '%s'?",
			    name_of(f), key, f->option);
		if (f->numbers == 0)
			return err_set(e, EX_DATAERR,
			    "%s has no option '%s', write quotes around a "
			    "value with a '='",
			    name_of(f), key);
		return err_set(e, EX_DATAERR, "%s has no option '%s'",
		    name_of(f), key);
	}
	for (j = 0; j < i; j++)
		if (c->arg.v[j].key != NULL)
			return err_set(e, EX_DATAERR,
			    "the option '%s' is given twice", key);

	return 0;
}

/* Options known, the right count, no "strings" for numbers; the plain values
 * come to the front, so that value i is argument i. */
static int
check_args(struct call *c, const struct form *f, struct err *e)
{
	struct call_arg arg;
	size_t i, n = 0;

	for (i = 0; i < c->arg.n; i++) {
		arg = c->arg.v[i];
		if (arg.key != NULL) {
			if (check_option(c, f, i, e) != 0)
				return -1;
			continue;
		}
		if (f->numbers > 0 && arg.quoted)
			return err_set(e, EX_DATAERR,
			    "%s takes finite numbers, got \"%s\"", name_of(f),
			    arg.text);
		c->arg.v[i] = c->arg.v[n];
		c->arg.v[n++] = arg;
	}
	if (f->numbers > 0 && n != f->numbers)
		return err_set(e, EX_DATAERR, "%s takes %zu numbers, got %zu",
		    name_of(f), f->numbers, n);

	return 0;
}

static const struct form *
find_form(const char *name)
{
	size_t i;

	for (i = 0; i < NFORMS; i++)
		if (str_eq(domain_name((enum domain_kind)i), name))
			return &forms[i];

	return NULL;
}

static int
unknown(const char *text, const char *name, struct err *e)
{
	const char *names[NFORMS];
	const struct form *f = find_form(name);
	const char *near;
	size_t i;

	for (i = 0; i < NFORMS; i++)
		names[i] = domain_name((enum domain_kind)i);
	if (f != NULL)
		return err_set(e, EX_DATAERR,
		    "'%s' has no parentheses, write %s", text, f->usage);
	near = str_nearest(name, names, NFORMS);
	if (near != NULL)
		return err_set(e, EX_DATAERR,
		    "unknown domain '%s', did you mean '%s'?", name, near);
	if (strchr(text, '(') == NULL)
		return err_set(e, EX_DATAERR,
		    "'%s' is no domain, write const(x) for one fixed value or "
		    "choice(x, y) for some",
		    text);

	return err_set(e, EX_DATAERR,
	    "unknown domain '%s', there are uniform, loguniform, int, logint, "
	    "normal, lognormal, choice, ordinal and const",
	    name);
}

static int
parse(struct call *c, const struct form *f, struct domain *d, struct err *e)
{
	if (check_args(c, f, e) != 0)
		return -1;
	switch (d->kind) {
	case DOMAIN_UNIFORM:
	case DOMAIN_LOGUNIFORM:
		return parse_float(c, f, d, e);
	case DOMAIN_INT:
	case DOMAIN_LOGINT:
		return parse_whole(c, f, d, e);
	case DOMAIN_NORMAL:
	case DOMAIN_LOGNORMAL:
		return parse_normal(c, f, d, e);
	case DOMAIN_CHOICE:
	case DOMAIN_ORDINAL:
	case DOMAIN_CONST:
		break;
	}

	return parse_values(c, f, d, e);
}

int
domain_parse(const char *text, struct domain *d, struct err *e)
{
	size_t blanks = strspn(text, " \t");
	size_t n = strcspn(text + blanks, " \t(");
	char *name = mem_dupn(text + blanks, n);
	const struct form *f = find_form(name);
	const char *after;
	struct call c;
	int rc = -1;

	memset(d, 0, sizeof *d);
	after = text + blanks + n;
	after += strspn(after, " \t");
	if (f == NULL || *after != '(') {
		unknown(text + blanks, name, e);
		goto out;
	}
	d->kind = (enum domain_kind)(f - forms);
	if (call_parse(text, &c, e) != 0)
		goto out;
	rc = parse(&c, f, d, e);
	call_free(&c);
	if (rc != 0)
		domain_free(d);
out:
	free(name);

	return rc;
}
