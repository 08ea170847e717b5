#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "queue/observe.h"

enum { FILE_MAX = 64 << 20, DAY = 86400 };

static const char *
file_name(const struct queue *q, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "observed/%s-%s", q->me.host,
	    q->me.boot[0] != '\0' ? q->me.boot : "unknown");

	return b->s;
}

static int
by_key(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static void
sort(struct observe *o)
{
	if (o->all.n > 1)
		qsort(o->all.v, o->all.n, sizeof *o->all.v, by_key);
}

static struct sighting *
find(const struct observe *o, size_t n, const char *key)
{
	struct sighting probe;

	memset(&probe, 0, sizeof probe);
	probe.key = mem_dup(key);
	struct sighting *s = n == 0
	    ? NULL
	    : bsearch(&probe, o->all.v, n, sizeof *o->all.v, by_key);
	free(probe.key);

	return s;
}

const struct sighting *
observe_find(const struct observe *o, const char *key)
{
	return find(o, o->all.n, key);
}

/* A line: first last unchanged count key value */
static void
parse_line(char *line, struct observe *o)
{
	struct sighting s;
	char *word[6], *save = NULL;
	uint64_t count;
	int i;

	for (i = 0; i < 5; i++)
		word[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
	word[5] = save != NULL ? save : line + strlen(line);
	if (word[4] == NULL || num_double(word[0], &s.first) < 0 ||
	    num_double(word[1], &s.last) < 0 ||
	    num_double(word[2], &s.unchanged) < 0 ||
	    num_u64(word[3], 1U << 30, &count) < 0)
		return;
	/* A time that has not come is no memory of this boot. */
	if (s.last > o->now)
		return;
	s.count = (unsigned)count;
	s.key = mem_dup(word[4]);
	s.value = mem_dup(word[5]);
	*arr_push(&o->all) = s;
}

static void
load(const struct queue *q, struct observe *o)
{
	struct err e = ERR_NONE;
	struct str path = STR_EMPTY, text = STR_EMPTY;
	char *line, *save = NULL;

	if (fs_slurp(q->fd, file_name(q, &path), FILE_MAX, &text, &e) == 0)
		for (line = strtok_r(text.s, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save))
			parse_line(line, o);
	sort(o);
	str_free(&text);
	str_free(&path);
}

void
observe_load(const struct queue *q, double cap, struct observe *o)
{
	memset(o, 0, sizeof *o);
	o->now = clk_boot();
	o->cap = cap;
	load(q, o);
}

/* A first sighting, put where the order by key wants it. */
static const struct sighting *
insert(struct observe *o, const char *key, const char *value)
{
	struct sighting new = { mem_dup(key), mem_dup(value), o->now, o->now, 0,
		1 };
	struct sighting *s = arr_push(&o->all);

	for (; s > o->all.v && strcmp(s[-1].key, key) > 0; s--)
		*s = s[-1];
	*s = new;

	return s;
}

const struct sighting *
observe_see(struct observe *o, const char *key, const char *value)
{
	struct sighting *s = find(o, o->all.n, key);
	double gap;

	if (s == NULL)
		return insert(o, key, value);
	if (!str_eq(s->value, value)) {
		free(s->value);
		s->value = mem_dup(value);
		s->first = o->now;
		s->unchanged = 0;
		s->count = 1;
	} else if (o->now > s->last) {
		gap = o->now - s->last;
		s->unchanged += gap < o->cap ? gap : o->cap;
		s->count++;
	}
	s->last = o->now;

	return s;
}

const struct sighting *
observe_see_of(struct observe *o, const char *kind, const char *name,
    const char *value)
{
	struct str key = STR_EMPTY;
	const struct sighting *s;

	s = observe_see(o, fs_join(&key, kind, name), value);
	str_free(&key);

	return s;
}

const struct sighting *
observe_find_of(const struct observe *o, const char *kind, const char *name)
{
	struct str key = STR_EMPTY;
	const struct sighting *s;

	s = observe_find(o, fs_join(&key, kind, name));
	str_free(&key);

	return s;
}

double
observe_span(double lease)
{
	return lease / OBSERVE_LOOKS;
}

bool
observe_over(const struct sighting *s, double lease)
{
	return s != NULL && s->count >= OBSERVE_LOOKS && s->unchanged >= lease;
}

/* Take over what another process of this host has seen since we read. */
static void
merge(struct observe *o, const struct observe *other)
{
	size_t i, known = o->all.n;

	for (i = 0; i < other->all.n; i++) {
		const struct sighting *theirs = &other->all.v[i];
		struct sighting *ours = find(o, known, theirs->key);

		if (ours == NULL) {
			ours = arr_push(&o->all);
			*ours = *theirs;
			ours->key = mem_dup(theirs->key);
			ours->value = mem_dup(theirs->value);
		} else if (theirs->last > ours->last) {
			free(ours->value);
			ours->value = mem_dup(theirs->value);
			ours->first = theirs->first;
			ours->last = theirs->last;
			ours->unchanged = theirs->unchanged;
			ours->count = theirs->count;
		}
	}
	sort(o);
}

/*
 * Put the new text in place of the old.  A reply that was lost and a file
 * that was swept both say ENOENT: then it is done once more.
 */
static int
replace(struct queue *q, struct str *text, struct err *e)
{
	struct str path = STR_EMPTY, tmp = STR_EMPTY;
	struct err ignored = ERR_NONE;
	int i, bad = -1;

	file_name(q, &path);
	for (i = 0; i < 2 && bad; i++) {
		err_clear(e);
		queue_tmp(q, &tmp);
		bad = fs_create(q->fd, tmp.s, str_text(text), text->n, e);
		if (bad)
			break;
		bad = fs_rename(q->fd, tmp.s, path.s, e);
		if (bad && e->sys != ENOENT)
			break;
	}
	if (bad)
		fs_remove(q->fd, tmp.s, &ignored);
	str_free(&tmp);
	str_free(&path);

	return bad;
}

/* Names and contents that others made must not add lines of their own. */
static bool
is_line(const struct sighting *s)
{
	return strpbrk(s->key, " \n") == NULL && strchr(s->value, '\n') == NULL;
}

int
observe_save(struct queue *q, struct observe *o, struct err *e)
{
	struct str text = STR_EMPTY;
	struct observe other;
	size_t i;
	int bad;

	observe_load(q, o->cap, &other);
	merge(o, &other);
	observe_free(&other);
	for (i = 0; i < o->all.n; i++) {
		const struct sighting *s = &o->all.v[i];

		if (o->now - s->last < DAY && is_line(s))
			str_addf(&text, "%.3f %.3f %.3f %u %s %s\n", s->first,
			    s->last, s->unchanged, s->count, s->key, s->value);
	}
	bad = replace(q, &text, e);
	str_free(&text);

	return bad;
}

void
observe_free(struct observe *o)
{
	size_t i;

	for (i = 0; i < o->all.n; i++) {
		free(o->all.v[i].key);
		free(o->all.v[i].value);
	}
	arr_free(&o->all);
}
