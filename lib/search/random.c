#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "form/point.h"
#include "form/space.h"
#include "search/random.h"
#include "search/search.h"

/* Bits of the block number: 11 of the name, 17 of the draw, 4 to draw from. */
enum { BLOCK_BITS = 4, DRAW_BITS = 17 };

void
random_stream(struct rng *r, uint64_t seed, uint32_t id, const char *name,
    uint32_t draw)
{
	/* FNV-1a, 64 bit, of Fowler, Noll and Vo. */
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	rng_init(r, seed, id, (uint32_t)h);
	r->block = (uint32_t)(h >> 32) << (BLOCK_BITS + DRAW_BITS) |
	    draw << BLOCK_BITS;
}

/* Digits of ${i}, into ${buf}[NUM_TEXT]. */
static void
spell_whole(int64_t i, char *buf)
{
	snprintf(buf, NUM_TEXT, "%" PRId64, i);
}

static void
draw_float(const struct domain *d, struct rng *r, char *buf)
{
	double x;

	if (d->step > 0)
		x = domain_grid(d, rng_below(r, domain_count(d)));
	else if (d->kind == DOMAIN_UNIFORM)
		x = d->lo + rng_unit(r) * (d->hi - d->lo);
	else if (d->kind == DOMAIN_LOGUNIFORM)
		x = exp(log(d->lo) + rng_unit(r) * (log(d->hi) - log(d->lo)));
	else if (d->kind == DOMAIN_NORMAL)
		x = d->lo + d->hi * rng_normal(r);
	else
		x = exp(d->lo + d->hi * rng_normal(r));
	domain_spell(d, x, buf);
}

static void
draw_logint(const struct domain *d, struct rng *r, char *buf)
{
	double lo = log(d->lo - 0.5), hi = log(d->hi + 0.5);
	double x = floor(exp(lo + rng_unit(r) * (hi - lo)) + 0.5);

	spell_whole((int64_t)fmin(fmax(x, d->lo), d->hi), buf);
}

static size_t
draw_index(const struct domain *d, struct rng *r)
{
	size_t i, last = 0;
	double u;

	if (d->weight == NULL)
		return d->n > 1 ? (size_t)rng_below(r, d->n) : 0;
	u = rng_unit(r);
	for (i = 0; i < d->n; i++) {
		if (d->weight[i] <= 0)
			continue;
		last = i;
		u -= d->weight[i];
		if (u < 0)
			break;
	}

	return last; /* the weights may sum up to a little less than 1 */
}

const char *
random_value(const struct domain *d, struct rng *r, char *buf)
{
	switch (d->kind) {
	case DOMAIN_UNIFORM:
	case DOMAIN_LOGUNIFORM:
	case DOMAIN_NORMAL:
	case DOMAIN_LOGNORMAL:
		draw_float(d, r, buf);
		return buf;
	case DOMAIN_INT:
		/* Up to 2^54 of them, more than domain_count() counts. */
		spell_whole(d->ilo +
			(int64_t)rng_below(r,
			    (uint64_t)((d->ihi - d->ilo) / d->istep) + 1) *
			    d->istep,
		    buf);
		return buf;
	case DOMAIN_LOGINT:
		draw_logint(d, r, buf);
		return buf;
	case DOMAIN_CHOICE:
	case DOMAIN_ORDINAL:
	case DOMAIN_CONST:
		break;
	}

	return d->value[draw_index(d, r)];
}

/* Fill what is not given with draw number ${draw}. */
static void
fill(const struct search_ask *ask, const struct point *given, uint32_t draw,
    struct point *out)
{
	const struct param *p = ask->space->param;
	char buf[NUM_TEXT];
	struct rng r;
	size_t i;

	for (i = 0; i < out->n; i++, p++) {
		if (given->text != NULL && given->text[i] != NULL) {
			point_set(out, i, given->text[i]);
			continue;
		}
		random_stream(&r, ask->seed, ask->id, p->name, draw);
		point_set(out, i, random_value(&p->domain, &r, buf));
	}
}

static void
give_up(const struct space *s, const uint32_t *refused, struct err *e)
{
	size_t i, most = 0;

	for (i = 1; i < s->nconstraint; i++)
		if (refused[i] > refused[most])
			most = i;

	err_set(e, EX_CONFIG,
	    "no point satisfies the constraints after %d draws: '%s' (line %u) "
	    "refused %.1f %% of them",
	    RANDOM_DRAWS, s->constraint[most].name, s->constraint[most].line,
	    100.0 * refused[most] / RANDOM_DRAWS);
}

/* Is all that is active given, so that another draw is the same again? */
static bool
is_given(const struct point *given, const struct point *out)
{
	size_t i;

	for (i = 0; i < out->n; i++)
		if (out->text[i] != NULL && given->text[i] == NULL)
			return false;

	return true;
}

/* One draw: 1 if it is a point, 0 if a constraint refused it. */
static int
draw_point(const struct search_ask *ask, const struct point *given,
    uint32_t draw, struct point *out, size_t *broken, struct err *e)
{
	fill(ask, given, draw, out);
	if (point_activate(out, ask->space, e) != 0)
		return -1;

	return point_allowed(out, ask->space, broken, e);
}

/* Take the texts that are set out of ${p}, if there are any. */
static struct point
take_given(struct point *p, const struct space *s)
{
	struct point given = { 0, NULL };
	size_t i;

	for (i = 0; i < p->n && p->text[i] == NULL; i++)
		;
	if (i < p->n) {
		given = *p;
		point_init(p, s);
	}

	return given;
}

static void
refused_given(const struct constraint *c, struct err *e)
{
	err_set(e, EX_DATAERR,
	    "the constraint '%s' (line %u) refuses the given point", c->name,
	    c->line);
}

int
random_propose(const struct search_ask *ask, struct point *out,
    struct str *reason, struct err *e)
{
	const struct space *s = ask->space;
	struct point given = take_given(out, s);
	uint32_t *refused = NULL;
	uint32_t draw;
	size_t broken = 0;
	int rc = 0;

	for (draw = 0; draw < RANDOM_DRAWS; draw++) {
		rc = draw_point(ask, &given, draw, out, &broken, e);
		if (rc != 0)
			break;
		if (given.text != NULL && is_given(&given, out)) {
			refused_given(&s->constraint[broken], e);
			rc = -1;
			break;
		}
		if (refused == NULL)
			refused = mem_zero(s->nconstraint, sizeof *refused);
		refused[broken]++;
	}
	if (rc == 0 && refused != NULL)
		give_up(s, refused, e);
	else if (rc > 0 && draw > 0)
		str_addf(reason, "drawn at random, %" PRIu32 " refused before",
		    draw);
	else if (rc > 0)
		str_add(reason, "drawn at random");
	free(refused);
	point_free(&given);

	return rc > 0 ? 0 : -1;
}
