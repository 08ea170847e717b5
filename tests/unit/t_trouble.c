/* queue/trouble: what a dispatcher complains of, and what it waits for. */

#include "base/str.h"
#include "queue/trouble.h"
#include "tap.h"

struct said {
	unsigned n;
	struct str text;
};

static void
hear(void *cookie, const char *text)
{
	struct said *s = cookie;

	s->n++;
	str_cut(&s->text, 0);
	str_add(&s->text, text);
}

static void
begin(struct observe *o, struct said *s, struct trouble *t)
{
	memset(o, 0, sizeof *o);
	memset(s, 0, sizeof *s);
	memset(t, 0, sizeof *t);
	o->now = 1000;
	t->seen = o;
	t->dir = "slurm";
	t->complain = hear;
	t->cookie = s;
}

static void
test_tell(void)
{
	struct trouble t, other;
	struct observe o;
	struct said s;

	begin(&o, &s, &t);
	trouble_tell(&t, "a", NULL);
	is_num(s.n, 0, "no trouble is not told");
	ok(!t.standing, "and does not stand");
	trouble_tell(&t, "a", "one\ntwo");
	is_num(s.n, 1, "trouble is told");
	is_str(s.text.s, "one\ntwo", "as it is");
	ok(t.standing, "and stands");
	trouble_tell(&t, "a", "one\ntwo");
	is_num(s.n, 1, "once");
	ok(!trouble_is_news(&t, "a", "one\ntwo"), "as it is no news");
	trouble_tell(&t, "b", "one\ntwo");
	is_num(s.n, 2, "of each thing");
	trouble_tell(&t, "a", "three");
	is_num(s.n, 3, "and anew when it changes");
	trouble_tell(&t, "a", NULL);
	trouble_tell(&t, "a", "three");
	is_num(s.n, 4, "or has been over");
	other = t;
	other.dir = "backend";
	trouble_tell(&other, "a", "three");
	is_num(s.n, 5, "another backend has its own");
	t.always = true;
	trouble_tell(&t, "a", "three");
	is_num(s.n, 6, "a person who looks on is told always");
	str_free(&s.text);
	observe_free(&o);
}

static void
test_wait(void)
{
	static const double waits[] = { 0, 0, 0, 900, 900, 900, 1800, 1800,
		1800, 3600, 3600, 3600, 7200, 7200, 7200, 14400, 14400, 14400,
		14400 };
	struct trouble t;
	struct observe o;
	struct said s;
	unsigned i;

	begin(&o, &s, &t);
	is_num(trouble_number(&t, "x"), 0, "nothing is remembered");
	is_num(trouble_wait(&t, "x", 3), 0, "nor waited for");
	for (i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		trouble_set(&t, "x", i);
		is_num(trouble_number(&t, "x"), i, "%u is remembered", i);
		is_num(trouble_wait(&t, "x", 3), waits[i], "the wait for it");
	}
	trouble_set(&t, "x", 3);
	o.now += 800;
	trouble_set(&t, "x", 3);
	is_num(trouble_age(&t, "x"), 800, "the same number keeps its age");
	is_num(trouble_wait(&t, "x", 3), 100, "the wait gets shorter");
	o.now += 200;
	is_num(trouble_wait(&t, "x", 3), 0, "and is over");
	is_num(trouble_wait(&t, "y", 1), 0, "each thing has its own");
	observe_free(&o);
}

static void
test_nodes(void)
{
	struct str b = STR_EMPTY;
	struct trouble t;
	struct observe o;
	struct said s;

	begin(&o, &s, &t);
	observe_see(&o, "node/n1", "1");
	observe_see(&o, "node/n2", "2");
	observe_see(&o, "node/n3", "17");
	observe_see(&o, "node/n4", "x");
	observe_see(&o, "nodes/n5", "9");
	trouble_nodes(&t, &b);
	is_str(b.s, "n2,n3", "nodes with more than one loss");
	str_free(&b);
	observe_free(&o);
}

int
main(void)
{
	test_tell();
	test_wait();
	test_nodes();

	return done();
}
