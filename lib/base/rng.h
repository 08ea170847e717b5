#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

/*
 * Counter-based random numbers: a stream is a pure function of (seed, id,
 * purpose), so what is drawn depends neither on who draws it nor on when.
 * Philox4x32-10 of Random123 (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011): the key is the seed, the counter is (block,
 * purpose, id, 0).
 */
struct rng {
	uint64_t seed;
	uint32_t id, purpose, block, used;
	uint32_t word[4];
};

void rng_init(struct rng *r, uint64_t seed, uint32_t id, uint32_t purpose);

/* rng_u64(r): 64 random bits. */
uint64_t rng_u64(struct rng *r);

/* rng_unit(r): Uniform in [0, 1), a multiple of 2^-53. */
double rng_unit(struct rng *r);

/* rng_below(r, n): Uniform in 0 .. n-1, n > 0, without modulo bias. */
uint64_t rng_below(struct rng *r, uint64_t n);

/* rng_normal(r): Standard normal by Box and Muller (1958), cosine branch. */
double rng_normal(struct rng *r);

#endif
