#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/metrics.h"

enum { QUOTE = 200, WHY = METRICS_NAME + 60 };

bool
metrics_is_name(const char *name)
{
	static const char alpha[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz_";
	static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz_"
				   "0123456789.@/-";

	return strspn(name, alpha) > 0 && name[strspn(name, rest)] == '\0' &&
	    strlen(name) <= METRICS_NAME && strcmp(name, "step") != 0;
}

void
metrics_fail(struct metrics *m, const char *why, const char *line)
{
	struct str b = STR_EMPTY;
	size_t n = strlen(line), i;

	if (m->mistake != NULL)
		return;
	str_addf(&b, "%s in '", why);
	if (n > QUOTE) /* not within a UTF-8 sequence */
		for (n = QUOTE; n > 0 && (line[n] & 0xc0) == 0x80; n--)
			;
	str_addn(&b, line, n);
	str_add(&b, line[n] != '\0' ? "...'" : "'");
	for (i = 0; i < b.n; i++)
		if ((unsigned char)b.s[i] < ' ' || b.s[i] == '\177')
			b.s[i] = '?';
	m->mistake = str_take(&b);
}

static size_t
position(const struct metrics *m, const char *name)
{
	size_t i = 0;

	while (i < m->all.n && strcmp(m->all.v[i].name, name) != 0)
		i++;

	return i;
}

const struct metric *
metrics_find(const struct metrics *m, const char *name)
{
	size_t i = position(m, name);

	return i < m->all.n ? &m->all.v[i] : NULL;
}

/* The metric of that name, made if need be; NULL if there are too many. */
static struct metric *
entry(struct metrics *m, const char *name)
{
	struct str why = STR_EMPTY;
	struct metric *one;
	size_t i = position(m, name);

	if (i < m->all.n)
		return &m->all.v[i];
	if (m->all.n == METRICS_NAMES) {
		str_addf(&why, "more than %d metrics, '%s' is one too many",
		    METRICS_NAMES, name);
		if (m->mistake == NULL)
			m->mistake = str_take(&why);
		str_free(&why);
		return NULL;
	}
	one = arr_push(&m->all);
	memset(one, 0, sizeof *one);
	one->name = mem_dup(name);
	one->stride = 1;

	return one;
}

/* Drop every second point; the last goes on as one that is not kept. */
static void
thin(struct metric *one)
{
	struct metric_point last = one->curve.v[one->curve.n - 1];
	size_t i, n = one->curve.n / 2;

	for (i = 1; i < n; i++)
		one->curve.v[i] = one->curve.v[2 * i];
	one->curve.v[n] = last;
	one->curve.n = n + 1;
	one->skipped = one->stride;
	one->stride *= 2;
}

static void
add_point(struct metric *one, double step, double value)
{
	struct metric_point *to;

	if (one->curve.n == METRICS_CURVE && one->skipped == 0)
		thin(one);
	if (one->skipped > 0)
		to = &one->curve.v[one->curve.n - 1];
	else
		to = arr_push(&one->curve);
	to->step = step;
	to->value = value;
	if (one->curve.n > 1)
		one->skipped = (one->skipped + 1) % one->stride;
}

void
metrics_add(struct metrics *m, const char *name, double value)
{
	struct metric *one = entry(m, name);

	if (one != NULL)
		one->value = value;
}

void
metrics_add_step(struct metrics *m, const char *name, double value, double step)
{
	struct metric *one = entry(m, name);

	if (one == NULL)
		return;
	one->value = value;
	add_point(one, step, value);
}

enum kind { END, PAIR, WORD, BAD };

/* What next_pair() found. */
struct pair {
	char name[METRICS_NAME + 2]; /* cut: longer than a name may be */
	double value;
};

/* The next word of a report, and where it ends in *${at}. */
static enum kind
next_pair(const char **at, struct pair *out)
{
	static const char apart[] = " \t,;";
	const char *p = *at + strspn(*at, apart);
	size_t n = strcspn(p, " \t,;=");

	if (*p == '\0')
		return END;
	snprintf(out->name, sizeof out->name, "%.*s", (int)n, p);
	p += n;
	*at = p;
	p += strspn(p, " \t");
	if (*p != '=')
		return WORD;
	p++;
	n = num_scan(p, strlen(p), &out->value);
	*at = p + n;
	if (n == 0)
		return BAD;
	p += n;
	p += *p == '.'; /* the end of a sentence */
	*at = p;

	return *p == '\0' || strchr(apart, *p) != NULL ? PAIR : BAD;
}

/* Why a pair cannot be taken, or false if it can. */
static bool
is_refused(enum kind kind, const struct pair *pair, char *why, size_t size)
{
	bool step = strcmp(pair->name, "step") == 0;

	if (kind == WORD)
		snprintf(why, size, "'%s' is no NAME=VALUE", pair->name);
	else if (!step && !metrics_is_name(pair->name))
		snprintf(why, size, "'%s' is no name of a metric", pair->name);
	else if (kind == BAD || (step && !isfinite(pair->value)))
		snprintf(why, size, "no number for '%s'", pair->name);
	else
		return false;

	return true;
}

/*
 * take(line, words, m, why, size):
 * Take the pairs of a line, or none and say why.  Are other ${words} allowed?
 */
static int
take(const char *line, bool words, struct metrics *m, char *why, size_t size)
{
	struct pair pair;
	const char *p = line;
	double step = 0;
	bool stepped = false;
	enum kind kind;

	while ((kind = next_pair(&p, &pair)) != END) {
		if (words && kind == WORD)
			continue;
		if (is_refused(kind, &pair, why, size))
			return -1;
		if (strcmp(pair.name, "step") == 0) {
			stepped = true;
			step = pair.value;
		}
	}
	for (p = line; (kind = next_pair(&p, &pair)) != END;) {
		if (kind == WORD || strcmp(pair.name, "step") == 0)
			continue;
		if (stepped)
			metrics_add_step(m, pair.name, pair.value, step);
		else
			metrics_add(m, pair.name, pair.value);
	}

	return 0;
}

void
metrics_output(const char *line, struct metrics *m)
{
	char why[WHY];
	struct str b = STR_EMPTY;

	if (take(line, true, m, why, sizeof why) == 0)
		return;
	str_addf(&b, "hpo:%s", line);
	metrics_fail(m, why, str_text(&b));
	str_free(&b);
}

int
metrics_line(const char *line, struct metrics *m, struct err *e)
{
	char why[WHY];

	if (take(line, false, m, why, sizeof why) != 0)
		return err_set(e, EX_USAGE, "%s in '%.*s'", why, QUOTE, line);

	return 0;
}

int
metrics_pair(const char *word, struct metrics *m, struct err *e)
{
	struct pair pair = { "", 0 }, more;
	char why[WHY];
	const char *p = word;
	enum kind kind = next_pair(&p, &pair);

	if (kind == END)
		return err_set(e, EX_USAGE, "an empty word is no NAME=VALUE");
	if (strcmp(pair.name, "step") == 0)
		return err_set(e, EX_USAGE, "'step' is no name of a metric");
	if (is_refused(kind, &pair, why, sizeof why))
		return err_set(e, EX_USAGE, "%s in '%.*s'", why, QUOTE, word);
	if (next_pair(&p, &more) != END)
		return err_set(e, EX_USAGE,
		    "'%.*s' is more than one NAME=VALUE", QUOTE, word);
	metrics_add(m, pair.name, pair.value);

	return 0;
}

void
metrics_free(struct metrics *m)
{
	size_t i;

	for (i = 0; i < m->all.n; i++) {
		free(m->all.v[i].name);
		arr_free(&m->all.v[i].curve);
	}
	arr_free(&m->all);
	free(m->mistake);
	m->mistake = NULL;
}
