#include <Random123/philox.h>
#include <math.h>
#include <stdint.h>

#include "base/rng.h"

void
rng_init(struct rng *r, uint64_t seed, uint32_t id, uint32_t purpose)
{
	r->seed = seed;
	r->id = id;
	r->purpose = purpose;
	r->block = 0;
	r->used = 4;
}

static uint32_t
next_word(struct rng *r)
{
	philox4x32_key_t key = { { (uint32_t)r->seed,
	    (uint32_t)(r->seed >> 32) } };
	philox4x32_ctr_t ctr = { { r->block, r->purpose, r->id, 0 } };
	int i;

	if (r->used == 4) {
		ctr = philox4x32(ctr, key);
		for (i = 0; i < 4; i++)
			r->word[i] = ctr.v[i];
		r->block++;
		r->used = 0;
	}

	return r->word[r->used++];
}

uint64_t
rng_u64(struct rng *r)
{
	uint64_t high = next_word(r);

	return high << 32 | next_word(r);
}

double
rng_unit(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % n;
	uint64_t x;

	do
		x = rng_u64(r);
	while (x >= limit);

	return x % n;
}

double
rng_normal(struct rng *r)
{
	/* 1 - u is in (0, 1]: its logarithm is finite. */
	double u = 1 - rng_unit(r);
	double v = rng_unit(r);

	return sqrt(-2 * log(u)) * cos(6.283185307179586476925 * v);
}
