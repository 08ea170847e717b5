#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/tar_name.h"

enum { LONGEST = 4095 };

const char *
tar_name_fault(const char *name)
{
	const char *p;
	size_t n;

	if (*name == '/')
		return "its name is absolute";
	if (strlen(name) > LONGEST)
		return "its name is too long";
	for (p = name; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '\177')
			return "its name has control characters";
	for (p = name;; p += n + 1) {
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return "its name leads out of it";
		if (n == 0 || (n == 1 && *p == '.'))
			return "its name is not a plain one";
		if (p[n] == '\0')
			return NULL;
	}
}

/* FNV-1a (Fowler, Noll, Vo), finished as in SplitMix64; never 0. */
static uint64_t
hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
	h = (h ^ (h >> 27)) * 0x94d049bb133111eb;

	h ^= h >> 31;

	return h != 0 ? h : 1;
}

static void
enter(uint64_t *v, size_t cap, uint64_t h)
{
	size_t i = (size_t)h & (cap - 1);

	while (v[i] != 0 && v[i] != h)
		i = (i + 1) & (cap - 1);
	v[i] = h;
}

bool
tar_name_is_second(struct tar_name_set *s, const char *name)
{
	uint64_t h = hash(name), *v;
	size_t i, cap;

	if (2 * s->n >= s->cap) {
		cap = s->cap == 0 ? 64 : 2 * s->cap;
		v = mem_zero(cap, sizeof *v);
		for (i = 0; i < s->cap; i++)
			if (s->v[i] != 0)
				enter(v, cap, s->v[i]);
		free(s->v);
		s->v = v;
		s->cap = cap;
	}
	i = (size_t)h & (s->cap - 1);
	for (; s->v[i] != 0; i = (i + 1) & (s->cap - 1))
		if (s->v[i] == h)
			return true;
	s->v[i] = h;
	s->n++;

	return false;
}

void
tar_name_forget(struct tar_name_set *s)
{
	free(s->v);
	s->v = NULL;
	s->n = s->cap = 0;
}
