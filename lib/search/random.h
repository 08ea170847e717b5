#ifndef SEARCH_RANDOM_H
#define SEARCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/num.h"
#include "base/rng.h"
#include "base/str.h"

struct domain;
struct err;
struct point;
struct search_ask;

/*
 * Random search.  Every parameter has a stream of its own for every trial,
 * named by the parameter: what is drawn for it does not depend on the other
 * parameters, so adding, removing or reordering them, or a [when] or a
 * constraint that refuses nothing, leaves all other values as they are.
 */

/* Draws for one trial before random_propose() gives up. */
enum { RANDOM_DRAWS = 100000 };

/*
 * random_stream(r, seed, id, name, draw):
 * The stream of parameter ${name} in draw ${draw} (from 0, < 2^17) of trial
 * ${id}, good for 64 bits 32 times.  The counter of Philox has room for
 * the draw and 43 bits of the name's hash.
 */
void random_stream(struct rng *r, uint64_t seed, uint32_t id, const char *name,
    uint32_t draw);

/*
 * random_value(d, r, buf):
 * The text of a value drawn from the domain: a number in ${buf}[NUM_TEXT], or
 * the domain's own text of a choice.  uniform and int are uniform, also over
 * their steps; loguniform uniform in the logarithm; logint in the logarithm
 * over [a - 1/2, b + 1/2], rounded; choice by its weights; ordinal uniform.
 */
const char *random_value(const struct domain *d, struct rng *r, char *buf);

/* random_propose(): See struct searcher.  A point is drawn again while a
 * constraint refuses it; the message then names the one that refused most. */
int random_propose(const struct search_ask *ask, struct point *out,
    struct str *reason, struct err *e);

#endif
