#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/jsonin.h"
#include "form/space.h"

/* A value has ten digits: what differs by less is the same. */
#define SAME 1e-9

/* Part of a step: what rounding errors in counting steps stay below, as
 * domain_parse() refuses steps under 1e-9 of the bounds. */
#define GRID 1e-6

/* 2^53: what is counted beyond is not exact as a double. */
#define COUNT_MAX (UINT64_C(1) << 53)

const char *
domain_name(enum domain_kind kind)
{
	static const char *const names[] = {
		[DOMAIN_UNIFORM] = "uniform",
		[DOMAIN_LOGUNIFORM] = "loguniform",
		[DOMAIN_INT] = "int",
		[DOMAIN_LOGINT] = "logint",
		[DOMAIN_NORMAL] = "normal",
		[DOMAIN_LOGNORMAL] = "lognormal",
		[DOMAIN_CHOICE] = "choice",
		[DOMAIN_ORDINAL] = "ordinal",
		[DOMAIN_CONST] = "const",
	};

	return names[kind];
}

void
domain_free(struct domain *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		free(d->value[i]);
	free(d->value);
	free(d->quoted);
	free(d->weight);
	memset(d, 0, sizeof *d);
}

bool
domain_is_number(const struct domain *d)
{
	return d->kind < DOMAIN_CHOICE;
}

static bool
is_whole(const struct domain *d)
{
	return d->kind == DOMAIN_INT || d->kind == DOMAIN_LOGINT;
}

static bool
is_bounded(const struct domain *d)
{
	return d->kind == DOMAIN_UNIFORM || d->kind == DOMAIN_LOGUNIFORM;
}

uint64_t
domain_count(const struct domain *d)
{
	uint64_t n;

	if (!domain_is_number(d))
		return d->n;
	if (is_whole(d))
		n = (uint64_t)((d->ihi - d->ilo) / d->istep) + 1;
	else if (d->kind == DOMAIN_UNIFORM && d->step > 0)
		n = (uint64_t)((d->hi - d->lo) / d->step + GRID) + 1;
	else
		return 0;

	return n > COUNT_MAX ? 0 : n;
}

double
domain_grid(const struct domain *d, uint64_t k)
{
	double x = d->lo + (double)k * d->step;

	/* -0.3 + 3 * 0.1 is 5.6e-17. */
	return fabs(x) < GRID * d->step ? 0 : x;
}

void
domain_spell(const struct domain *d, double x, char *buf)
{
	/* The bounds have ten digits and rounding is monotone. */
	if (is_bounded(d) && x < d->lo)
		x = d->lo;
	if (is_bounded(d) && x > d->hi)
		x = d->hi;
	num_text(x + 0.0, buf); /* no negative zero */
}

/* Append a value as it would be written in a campaign file. */
static void
add_value(struct str *b, const struct domain *d, size_t i)
{
	const char *p;

	if (!d->quoted[i]) {
		str_add(b, d->value[i]);
		return;
	}
	str_addc(b, '"');
	for (p = d->value[i]; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			str_addc(b, '\\');
		str_addc(b, *p);
	}
	str_addc(b, '"');
}

static void
add_number(struct str *b, const char *before, double x)
{
	str_add(b, before);
	str_grew(b, num_exact(x, str_room(b, NUM_TEXT)));
}

char *
domain_text(const struct domain *d)
{
	struct str b = STR_EMPTY;
	size_t i;

	str_addf(&b, "%s(", domain_name(d->kind));
	for (i = 0; i < d->n; i++) {
		str_add(&b, i > 0 ? ", " : "");
		add_value(&b, d, i);
	}
	if (is_whole(d)) {
		str_addf(&b, "%" PRId64 ", %" PRId64, d->ilo, d->ihi);
	} else if (domain_is_number(d)) {
		add_number(&b, "", d->lo);
		add_number(&b, ", ", d->hi);
	}
	if (d->step > 0)
		add_number(&b, ", step=", d->step);
	for (i = 0; d->weight != NULL && i < d->n; i++) {
		str_add(&b, i > 0 ? ", " : ", weights=[");
		str_grew(&b, num_text(d->weight[i], str_room(&b, NUM_TEXT)));
	}
	str_add(&b, d->weight != NULL ? "])" : ")");

	return str_take(&b);
}

static int
refuse(const struct domain *d, const char *text, struct err *e)
{
	enum { MOST = 80 };
	char *domain = domain_text(d);
	const char *near = NULL;

	if (d->n > 0)
		near = str_nearest(text, (const char *const *)d->value, d->n);
	if (near != NULL)
		err_set(e, EX_DATAERR,
		    "%.*s is not in %.*s%s, did you mean %s?", MOST, text, MOST,
		    domain, strlen(domain) > MOST ? "..." : "", near);
	else
		err_set(e, EX_DATAERR, "%.*s is not in %.*s%s", MOST, text,
		    MOST, domain, strlen(domain) > MOST ? "..." : "");
	free(domain);

	return -1;
}

static bool
check_float(const struct domain *d, double x, char *buf)
{
	double k, y;

	if (d->kind == DOMAIN_LOGNORMAL && x <= 0)
		return false;
	if (is_bounded(d) &&
	    (x < d->lo - SAME * fabs(d->lo) || x > d->hi + SAME * fabs(d->hi)))
		return false;
	if (d->step > 0) {
		k = fmax(floor((x - d->lo) / d->step + 0.5), 0);
		k = fmin(k, (double)(domain_count(d) - 1));
		y = domain_grid(d, (uint64_t)k);
		if (fabs(x - y) > SAME * fabs(y) + GRID * d->step)
			return false;
		x = y;
	}
	domain_spell(d, x, buf);

	return true;
}

static bool
check_whole(const struct domain *d, double x, char *buf)
{
	int64_t i;

	if (x < d->lo || x > d->hi || floor(x) < x)
		return false;
	i = (int64_t)x;
	snprintf(buf, NUM_TEXT, "%" PRId64, i);

	return (i - d->ilo) % d->istep == 0;
}

/* Are both the same but for blanks outside strings? */
static bool
same_but_blanks(const char *a, const char *b)
{
	bool string = false;

	for (;; a++, b++) {
		if (!string) {
			a += strspn(a, " \t");
			b += strspn(b, " \t");
		}
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
		if (string && *a == '\\' && a[1] == b[1] && a[1] != '\0') {
			a++;
			b++;
		} else if (*a == '"') {
			string = !string;
		}
	}
}

static bool
same_number(const char *a, const char *b)
{
	double x, y;

	return num_double(a, &x) == 0 && num_double(b, &y) == 0 && x >= y &&
	    x <= y;
}

/* Index of the value that ${text} means, or ${d->n}. */
static size_t
find_value(const struct domain *d, const char *text)
{
	static bool (*const same[])(const char *, const char *) = { str_eq,
		same_but_blanks, same_number, jsonin_same };
	size_t i, j;

	for (j = 0; j < sizeof same / sizeof same[0]; j++)
		for (i = 0; i < d->n; i++)
			if ((j == 0 || !d->quoted[i]) &&
			    same[j](d->value[i], text))
				return i;

	return d->n;
}

int
domain_check(const struct domain *d, const char *text, char **canonical,
    struct err *e)
{
	char buf[NUM_TEXT];
	double x;
	size_t i;

	if (!domain_is_number(d)) {
		i = find_value(d, text);
		if (i == d->n)
			return refuse(d, text, e);
		*canonical = mem_dup(d->value[i]);
		return 0;
	}
	if (num_double(text, &x) != 0 ||
	    !(is_whole(d) ? check_whole(d, x, buf) : check_float(d, x, buf)))
		return refuse(d, text, e);
	*canonical = mem_dup(buf);

	return 0;
}

bool
domain_reads_number(const struct domain *d, const char *text)
{
	double x;
	size_t i;

	if (domain_is_number(d))
		return true;
	for (i = 0; i < d->n; i++)
		if (str_eq(d->value[i], text))
			return !d->quoted[i] && num_double(text, &x) == 0;

	return false;
}
