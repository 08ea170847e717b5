#include <string.h>

#include "base/arr.h"
#include "base/clk.h"
#include "form/campaign.h"
#include "queue/slots.h"

enum { SLOTS_MAX = 4096, BACKOFF_MAX = 60, SHORT = 1 };

/* Seconds without a sign of a slot's worker until it is taken for ended. */
enum { SILENT = 5, UNSEEN = 60 };

/* Hosts: this one, or those that [local] sshlogin names. */
static void
make_pools(struct slots *s, const char *logins)
{
	const char *p = logins;
	struct pool *pool;
	size_t n;

	do {
		n = p != NULL ? strcspn(p, ",") : 0;
		pool = arr_push(&s->pools);
		memset(pool, 0, sizeof *pool);
		pool->feed = pool->out = -1;
		if (n > 0 && !(n == 1 && *p == ':'))
			pool->login = mem_dupn(p, n);
		p = p != NULL && p[n] == ',' ? p + n + 1 : NULL;
	} while (p != NULL);
}

void
slots_make(struct slots *s, const struct campaign *c, unsigned jobs)
{
	struct slot *new;
	size_t i;
	unsigned k;

	memset(s, 0, sizeof *s);
	make_pools(s, c->sshlogin);
	for (i = 0; i < s->pools.n; i++)
		for (k = 1; k <= jobs && s->n < SLOTS_MAX; k++) {
			new = arr_push(s);
			memset(new, 0, sizeof *new);
			new->pool = &s->pools.v[i];
			new->number = k;
		}
}

void
slots_free(struct slots *s)
{
	size_t i;

	for (i = 0; i < s->pools.n; i++)
		pool_free(&s->pools.v[i]);
	arr_free(&s->pools);
	arr_free(s);
}

struct slot *
slots_local(struct slots *s, int number)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].pool->login == NULL &&
		    (int)s->v[i].number == number)
			return &s->v[i];

	return NULL;
}

struct slot *
slots_marked(struct slots *s, const char *mark, int number)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].ours && (int)s->v[i].number == number &&
		    str_eq(pool_mark(s->v[i].pool), mark))
			return &s->v[i];

	return NULL;
}

unsigned
slots_ours(const struct slots *s)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		n += s->v[i].ours;

	return n;
}

unsigned
slots_of(const struct slots *s, const struct pool *p)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		n += s->v[i].pool == p;

	return n;
}

void
slots_fed(struct slot *slot)
{
	slot->ours = true;
	slot->fed_at = clk_boot();
	slot->seen_at = 0;
}

/*
 * One that ended well and soon did not find much to do; one that failed may
 * fail again: wait longer each time.
 */
static void
back_off(struct slot *slot, int code, double now)
{
	if (code == 0 && now - slot->fed_at > SHORT)
		slot->backoff = 0;
	else if (slot->backoff <= 0)
		slot->backoff = 0.1;
	else if (slot->backoff * 2 < BACKOFF_MAX)
		slot->backoff *= 2;
	else
		slot->backoff = BACKOFF_MAX;
	slot->not_before = now + slot->backoff;
}

void
slots_ended(struct slots *s, const struct pool *p, unsigned number, int code)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].pool == p && s->v[i].number == number &&
		    s->v[i].ours) {
			s->v[i].ours = false;
			back_off(&s->v[i], code, clk_boot());
		}
}

void
slots_lost(struct slots *s, const struct pool *p)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].pool == p && s->v[i].ours) {
			s->v[i].ours = false;
			s->v[i].not_before = clk_boot() + SHORT;
		}
}

void
slots_silent(struct slots *s, bool hurry)
{
	double now = clk_boot(), since;
	struct slot *slot;
	size_t i;

	for (i = 0; i < s->n; i++) {
		slot = &s->v[i];
		since = slot->seen_at > 0 ? slot->seen_at + SILENT
		    : hurry               ? slot->fed_at + SILENT
					  : slot->fed_at + UNSEEN;
		if (!slot->ours || now <= since)
			continue;
		slot->ours = false;
		back_off(slot, -1, now);
	}
}
