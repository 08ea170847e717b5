#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "search.h"
#include "world.h"

enum { BLOCK = 1 << 14, FIRST_SLOTS = 1 << 16 };

struct space {
	size_t size; /* of a state */
	uint32_t n;
	unsigned char **block;
	uint32_t *parent;
	size_t parents;
	struct slot {
		uint32_t hash, state; /* its number plus 1; 0: free */
	} * slot;
	uint32_t slots; /* a power of 2 */
};

static void *
must(void *p)
{
	if (p == NULL) {
		fputs("model: out of memory\n", stderr);
		exit(71);
	}

	return p;
}

static unsigned char *
space_at(const struct space *sp, uint32_t i)
{
	return sp->block[i / BLOCK] + (size_t)(i % BLOCK) * sp->size;
}

static void
space_load(const struct space *sp, uint32_t i, struct state *s)
{
	memset(s, 0, sizeof *s);
	memcpy(s, space_at(sp, i), sp->size);
}

/* Words are multiplied and folded; the constants are those of splitmix64. */
static uint32_t
hash(const unsigned char *p, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15U, v;
	size_t i;

	for (i = 0; i < n; i += sizeof v) {
		v = 0;
		memcpy(&v, p + i, n - i < sizeof v ? n - i : sizeof v);
		h = (h ^ v) * 0xbf58476d1ce4e5b9U;
		h ^= h >> 29;
	}

	return (uint32_t)(h ^ h >> 32);
}

static void
put(struct space *sp, struct slot new)
{
	uint32_t k = new.hash &(sp->slots - 1);

	while (sp->slot[k].state != 0)
		k = (k + 1) & (sp->slots - 1);
	sp->slot[k] = new;
}

static void
grow(struct space *sp)
{
	struct slot *old = sp->slot;
	uint32_t n = sp->slots, i;

	sp->slots = n == 0 ? FIRST_SLOTS : 2 * n;
	sp->slot = must(calloc(sp->slots, sizeof *sp->slot));
	for (i = 0; i < n; i++)
		if (old[i].state != 0)
			put(sp, old[i]);
	free(old);
}

static bool
is_known(const struct space *sp, const unsigned char *p, uint32_t h)
{
	uint32_t k = h & (sp->slots - 1);

	for (; sp->slot[k].state != 0; k = (k + 1) & (sp->slots - 1))
		if (sp->slot[k].hash == h &&
		    memcmp(space_at(sp, sp->slot[k].state - 1), p, sp->size) ==
			0)
			return true;

	return false;
}

/* false: it is known; else it is the last one now. */
static bool
space_add(struct space *sp, const struct state *s, uint32_t parent)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t h = hash(p, sp->size), n = sp->n;

	if ((uint64_t)n * 2 >= sp->slots)
		grow(sp);
	if (is_known(sp, p, h))
		return false;
	if (n % BLOCK == 0) {
		sp->block = must(realloc(sp->block,
		    (n / BLOCK + 1) * sizeof *sp->block));
		sp->block[n / BLOCK] = must(malloc(BLOCK * sp->size));
	}
	if (n == sp->parents) {
		sp->parents = n == 0 ? BLOCK : sp->parents * 2;
		sp->parent =
		    must(realloc(sp->parent, sp->parents * sizeof *sp->parent));
	}
	memcpy(space_at(sp, n), p, sp->size);
	sp->parent[n] = parent;
	sp->n++;
	put(sp, (struct slot){ h, sp->n });

	return true;
}

static void
space_free(struct space *sp)
{
	uint32_t i;

	for (i = 0; i < sp->n; i += BLOCK)
		free(sp->block[i / BLOCK]);
	free(sp->block);
	free(sp->parent);
	free(sp->slot);
}

/* A state, if it is a new one. */
static void
check(struct run *r, const struct state *s, bool is_new)
{
	if (!is_new)
		return;
	check_state(r, s);
	if (r->broken == 0)
		check_recovery(r, s, false);
	if (r->broken == 0 && r->c->living)
		check_recovery(r, s, true);
}

/* --- the way to a state ----------------------------------------------------
 */

/* Find the move from one state to another once more, to hear what it says. */
static bool
tell(struct run *r, const struct space *sp, uint32_t from, uint32_t to)
{
	struct state s;
	int k, moves = world_moves(r->c);

	for (k = 0; k < moves; k++) {
		r->n = 0;
		do {
			run_begin(r);
			space_load(sp, from, &s);
			if (world_move(r, &s, k) &&
			    memcmp(&s, space_at(sp, to), sp->size) == 0)
				return true;
		} while (run_again(r));
	}

	return false;
}

/* How it came to a state, and the move from there with the choices of r. */
static void
trace(const struct run *last, const struct space *sp, uint32_t from, int move,
    struct found *f)
{
	struct run r = { .c = last->c, .telling = true };
	struct run end = *last;
	struct state s;
	size_t size = 0;
	FILE *out = must(open_memstream(&f->trace, &size));
	uint32_t i, k, n = 0;

	for (i = from; i != 0; i = sp->parent[i])
		n++;
	for (k = 1; k <= n; k++) {
		uint32_t to = from;

		for (i = k; i < n; i++)
			to = sp->parent[to];
		if (!tell(&r, sp, sp->parent[to], to))
			snprintf(r.text, sizeof r.text, "(not found again)");
		fprintf(out, "%4u %-8s %s\n", k, run_action(r.action), r.text);
	}
	end.telling = true;
	run_begin(&end);
	space_load(sp, from, &s);
	world_move(&end, &s, move);
	check(&end, &s, true);
	memcpy(f->why, end.why, sizeof f->why);
	f->invariant = end.broken;
	fprintf(out, "%4u %-8s %s\n", n + 1, run_action(end.action), end.text);
	fclose(out);
	f->trace_length = (int)n + 1;
}

/* --- all states ------------------------------------------------------------
 */

/* A move has led to a state; is an invariant broken? */
static bool
arrive(struct run *r, struct space *sp, const struct state *s, uint32_t from,
    struct found *f)
{
	f->transitions++;
	f->count[r->action][r->fault]++;
	/* Broken by the move, or its state; that is looked at once. */
	if (r->broken == 0)
		check(r, s, space_add(sp, s, from));

	return r->broken != 0;
}

/* All that may happen in a state. */
static bool
expand(struct run *r, struct space *sp, uint32_t i, struct found *f)
{
	int k, moves = world_moves(r->c);
	struct state s;

	for (k = 0; k < moves; k++) {
		r->n = 0;
		do {
			run_begin(r);
			space_load(sp, i, &s);
			if (world_move(r, &s, k) && arrive(r, sp, &s, i, f)) {
				f->verdict = BROKEN;
				trace(r, sp, i, k, f);
				return false;
			}
		} while (run_again(r));
	}

	return true;
}

void
search_run(const struct config *c, uint32_t most, struct found *f)
{
	struct run r = { .c = c };
	struct space sp = { .size = state_size((int)strlen(c->actors)) };
	struct state s;
	uint32_t i, level = 1;

	memset(f, 0, sizeof *f);
	world_begin(c, &s);
	space_add(&sp, &s, 0);
	for (i = 0; i < sp.n && f->verdict == HOLDS; i++) {
		if (i == level) {
			f->depth++;
			level = sp.n;
		}
		if (expand(&r, &sp, i, f) && sp.n > most)
			f->verdict = TOO_MANY;
	}
	f->states = sp.n;
	space_free(&sp);
}
