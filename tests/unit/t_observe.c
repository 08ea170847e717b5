/* queue/observe: what a host remembers, and for how long it has not changed. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "queue/observe.h"
#include "scratch.h"
#include "tap.h"

enum { CAP = 20 };

/* The file of this host's memory. */
static const char *
file(struct scratch *s, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "observed/%s-%s", s->q.me.host, s->q.me.boot);

	return b->s;
}

/*
 * Write it: ${lines} with times relative to now, "-30 -10 20 3 key value".
 * What does not begin so is written as it is.
 */
static void
remember(struct scratch *s, const char *lines)
{
	struct str b = STR_EMPTY, path = STR_EMPTY;
	double first, last, now = clk_boot();
	const char *p, *end;
	char *rest, *tail;

	for (p = lines; *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		first = strtod(p, &rest);
		last = strtod(rest, &tail);
		if (*p == '-' && rest > p && tail > rest && tail < end)
			str_addf(&b, "%.3f %.3f%.*s\n", now + first, now + last,
			    (int)(end - tail), tail);
		else
			str_addn(&b, p, (size_t)(end - p) + 1);
	}
	scratch_write(s, file(s, &path), b.s);
	str_free(&b);
	str_free(&path);
}

/* An observer whose look is ${ago} seconds before now. */
static void
observer(struct scratch *s, double ago, struct observe *o)
{
	observe_load(&s->q, CAP, o);
	o->now = clk_boot() - ago;
}

static bool
save(struct scratch *s, struct observe *o)
{
	struct err e = ERR_NONE;
	int bad = observe_save(&s->q, o, &e);

	if (bad)
		printf("# %s\n", e.msg);
	observe_free(o);

	return !bad;
}

/* Within the rounding of a file with three decimals, and a slow machine. */
static bool
near(double got, double want, double late)
{
	return got > want - 0.01 && got < want + late + 0.01;
}

/* Looks of one after another process, 10 s apart; the heart stands still. */
static void
unchanged(void)
{
	const struct sighting *seen;
	struct scratch s;
	struct observe o;
	double first = 0;
	int i;

	scratch_begin(&s);
	for (i = 0; i < 4; i++) {
		observer(&s, 100 - 10 * i, &o);
		seen = observe_see(&o, "worker/w", "0001");
		is_num(seen->count, i + 1, "it is counted");
		if (i == 0)
			first = seen->first;
		ok(near(seen->first, first, 0), "the first look stays");
		ok(near(seen->unchanged, 10 * i, 5), "the time adds up");
		ok(observe_find(&o, "worker/w") == seen, "it is found");
		ok(save(&s, &o), "and kept");
	}
	observer(&s, 50, &o);
	seen = observe_see(&o, "worker/w", "0002");
	is_num(seen->count, 1, "a beat: counted anew");
	ok(near(seen->unchanged, 0, 0), "no time at all");
	ok(seen->first > first + 40, "seen first now");
	ok(observe_find(&o, "worker/x") == NULL, "another is not known");
	save(&s, &o);
	scratch_end(&s);
}

/* Who was away for an hour has seen nothing of it. */
static void
capped(void)
{
	const struct sighting *seen;
	struct scratch s;
	struct observe o;

	scratch_begin(&s);
	remember(&s, "-5000 -4000 12.5 2 worker/w 0001\n");
	observer(&s, 0, &o);
	seen = observe_see(&o, "worker/w", "0001");
	is_num(seen->count, 3, "one more look");
	ok(near(seen->unchanged, 12.5 + CAP, 0), "counts for the cap");
	seen = observe_see(&o, "worker/w", "0001");
	is_num(seen->count, 3, "a second in the same moment is none");
	ok(near(seen->unchanged, 12.5 + CAP, 0), "and takes no time");
	save(&s, &o);
	scratch_end(&s);
}

static void
keep(void)
{
	struct str path = STR_EMPTY;
	struct scratch s;
	struct observe o;

	scratch_begin(&s);
	observer(&s, 0, &o);
	is_num((double)o.all.n, 0, "without a file nothing is known");
	observe_free(&o);
	remember(&s,
	    "-90000 -86500 100 5 worker/old 1\n"
	    "-90000 -86300 100 5 worker/young 1\n"
	    "-10 60 100 5 worker/future 1\n"
	    "no line of ours\n"
	    "1 2 3\n"
	    "nan nan nan 1 worker/nan 1\n"
	    "-20 -10 5 -3 worker/minus 1\n"
	    "-20 -10 5 99999999999999999999 worker/many 1\n"
	    "\n"
	    "-20 -10 5 2 held/0000001.0 -\n"
	    "-20 -10 5 2 worker/words two words\n");
	observer(&s, 0, &o);
	ok(observe_find(&o, "worker/future") == NULL,
	    "a time that has not come is of no use");
	ok(observe_find(&o, "worker/nan") == NULL &&
		observe_find(&o, "worker/minus") == NULL &&
		observe_find(&o, "worker/many") == NULL,
	    "nor are numbers that are none");
	is_num((double)o.all.n, 4, "the rest is known");
	is_str(observe_find(&o, "worker/words")->value, "two words",
	    "a value may have blanks");
	ok(save(&s, &o), "it is written back");
	observer(&s, 0, &o);
	ok(observe_find(&o, "worker/old") == NULL, "what is a day old is not");
	ok(observe_find(&o, "worker/young") != NULL, "what is not yet, is");
	is_num((double)o.all.n, 3, "with the rest");
	observe_free(&o);
	is_num((double)scratch_count(&s, "tmp"), 0, "nothing is left in tmp/");
	is_num((double)scratch_count(&s, "observed"), 1, "one file a host");
	str_free(&path);
	scratch_end(&s);
}

/* Two processes of a host look at once; each keeps what the other saw. */
static void
merge(void)
{
	struct scratch s;
	struct observe a, b, o;

	scratch_begin(&s);
	remember(&s,
	    "-50 -40 10 2 worker/both 1\n"
	    "-50 -40 10 2 worker/dead 1\n");
	observer(&s, 20, &a);
	observer(&s, 10, &b);
	observe_see(&a, "worker/both", "1");
	observe_see(&b, "worker/both", "2");
	observe_see(&a, "worker/a", "x");
	observe_see(&b, "worker/b", "y");
	ok(save(&s, &b), "the later look is written first");
	ok(save(&s, &a), "the earlier one after it");
	observer(&s, 0, &o);
	is_num((double)o.all.n, 4, "all are remembered");
	is_str(observe_find(&o, "worker/a")->value, "x", "of the one");
	is_str(observe_find(&o, "worker/b")->value, "y", "of the other");
	is_str(observe_find(&o, "worker/both")->value, "2",
	    "of both the later look");
	is_num(observe_find(&o, "worker/both")->count, 1, "with its count");
	is_num(observe_find(&o, "worker/dead")->count, 2,
	    "who has not been looked at stays as it was");
	observe_free(&o);
	scratch_end(&s);
}

/* A worker's name and heartbeat are what somebody has put there. */
static void
forged(void)
{
	struct scratch s;
	struct observe o;

	scratch_begin(&s);
	observer(&s, 10, &o);
	observe_see(&o, "worker/a\n1 2 1e9 99 worker/victim", "1");
	observe_see(&o, "worker/b 9", "1");
	observe_see(&o, "worker/c", "1\n1 2 1e9 99 worker/victim 1");
	observe_see(&o, "worker/d", "1 2");
	ok(save(&s, &o), "what was seen is kept");
	observer(&s, 0, &o);
	is_num((double)o.all.n, 1, "but not what would be another line");
	is_str(observe_find(&o, "worker/d")->value, "1 2", "words are fine");
	observe_free(&o);
	scratch_end(&s);
}

static void
cannot_write(void)
{
	struct err e = ERR_NONE;
	struct scratch s;
	struct observe o;

	scratch_begin(&s);
	fs_remove(s.q.fd, "observed", &e);
	scratch_write(&s, "observed", "");
	observer(&s, 0, &o);
	observe_see(&o, "worker/w", "1");
	ok(observe_save(&s.q, &o, &e) < 0 && e.code == EX_IOERR,
	    "who cannot write knows that");
	is_num((double)scratch_count(&s, "tmp"), 0, "nothing is left in tmp/");
	observe_free(&o);
	scratch_end(&s);
}

int
main(void)
{
	unchanged();
	capped();
	keep();
	merge();
	forged();
	cannot_write();

	return done();
}
