#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "queue/trouble.h"

enum { LOSSES = 2, WAIT = 900, WAIT_MAX = 4 * 3600 };

/* What is no trouble any more. */
static const char over[] = "-";

static const char *
name_key(const struct trouble *t, const char *kind, const char *what,
    struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "%s/%s.%s", kind, t->dir, what);

	return b->s;
}

static const struct sighting *
find(const struct trouble *t, const char *kind, const char *what)
{
	struct str key = STR_EMPTY;
	const struct sighting *s =
	    observe_find(t->seen, name_key(t, kind, what, &key));

	str_free(&key);

	return s;
}

static void
see(struct trouble *t, const char *kind, const char *what, const char *value)
{
	struct str key = STR_EMPTY;

	observe_see(t->seen, name_key(t, kind, what, &key), value);
	str_free(&key);
}

/* A sighting is a line. */
static void
flatten(const char *text, struct str *b)
{
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, "\n");
		str_addn(b, text, n);
		text += n;
		if (*text == '\n')
			str_addc(b, ' ');
		text += *text == '\n';
	}
}

bool
trouble_is_news(const struct trouble *t, const char *what, const char *text)
{
	const struct sighting *s = find(t, "told", what);
	struct str line = STR_EMPTY;
	bool news;

	flatten(text, &line);
	news = t->always || s == NULL || !str_eq(s->value, str_text(&line));
	str_free(&line);

	return news;
}

void
trouble_tell(struct trouble *t, const char *what, const char *text)
{
	struct str line = STR_EMPTY;

	if (text == NULL) {
		if (find(t, "told", what) != NULL)
			see(t, "told", what, over);
		return;
	}
	t->standing = true;
	if (trouble_is_news(t, what, text) && t->complain != NULL)
		t->complain(t->cookie, text);
	flatten(text, &line);
	see(t, "told", what, str_text(&line));
	str_free(&line);
}

unsigned
trouble_number(const struct trouble *t, const char *what)
{
	const struct sighting *s = find(t, "count", what);
	uint64_t n = 0;

	if (s != NULL && num_u64(s->value, UINT32_MAX, &n) < 0)
		n = 0;

	return (unsigned)n;
}

void
trouble_set(struct trouble *t, const char *what, unsigned n)
{
	char text[16];

	snprintf(text, sizeof text, "%u", n);
	see(t, "count", what, text);
}

double
trouble_age(const struct trouble *t, const char *what)
{
	const struct sighting *s = find(t, "count", what);

	return s == NULL ? 0 : t->seen->now - s->first;
}

double
trouble_wait(const struct trouble *t, const char *what, unsigned step)
{
	unsigned n = trouble_number(t, what) / step;
	double wait = WAIT;

	if (n == 0)
		return 0;
	for (; n > 1 && wait < WAIT_MAX; n--)
		wait *= 2;
	wait = (wait < WAIT_MAX ? wait : WAIT_MAX) - trouble_age(t, what);

	return wait > 0 ? wait : 0;
}

/* The losses of a node count for a day after the last: no longer is anything
 * remembered that is not seen again. */
void
trouble_nodes(const struct trouble *t, struct str *b)
{
	static const char kind[] = "node/";
	const struct sighting *s;
	uint64_t n;
	size_t i;

	for (i = 0; i < t->seen->all.n; i++) {
		s = &t->seen->all.v[i];
		if (!str_starts(s->key, kind) ||
		    num_u64(s->value, UINT32_MAX, &n) < 0 || n < LOSSES)
			continue;
		str_addf(b, "%s%s", b->n > 0 ? "," : "", s->key + strlen(kind));
	}
}
