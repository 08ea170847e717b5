/* Metrics from lines of output. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/campaign.h"
#include "form/metrics.h"
#include "tap.h"

/* Everything that is known, as one text: name=value(step:value,...) */
static char *
show(const struct metrics *m)
{
	struct str b = STR_EMPTY;
	char num[NUM_TEXT];
	size_t i, k;

	for (i = 0; i < m->all.n; i++) {
		num_exact(m->all.v[i].value, num);
		str_addf(&b, "%s%s=%s", i > 0 ? " " : "", m->all.v[i].name,
		    num);
		for (k = 0; k < m->all.v[i].curve.n; k++) {
			num_text(m->all.v[i].curve.v[k].step, num);
			str_addf(&b, "%s%s:", k == 0 ? "(" : ",", num);
			num_text(m->all.v[i].curve.v[k].value, num);
			str_add(&b, num);
		}
		if (k > 0)
			str_addc(&b, ')');
	}
	if (m->mistake != NULL)
		str_addf(&b, " ! %s", m->mistake);

	return str_take(&b);
}

/* What is read from ${text} when it comes in pieces of ${piece} bytes. */
static char *
read_text(const char *text, size_t len, size_t piece,
    const struct pattern *pattern, const char *step)
{
	struct err e = ERR_NONE;
	struct metrics m = { { 0, 0, NULL }, NULL };
	struct metrics_reader *r;
	size_t n = 0, i, k;
	char *got, *copy;

	while (pattern != NULL && pattern[n].metric != NULL)
		n++;
	r = metrics_reader_new(pattern, n, step, &e);
	if (r == NULL)
		return mem_dup(e.msg);
	for (i = 0; i < len; i += k) {
		k = len - i < piece ? len - i : piece;
		copy = mem_alloc(k); /* of exact size, for the sanitizers */
		memcpy(copy, text + i, k);
		metrics_feed(r, copy, k, &m);
		free(copy);
	}
	metrics_end(r, &m);
	got = show(&m);
	metrics_reader_free(r);
	metrics_free(&m);

	return got;
}

/* In pieces of every size the same must come out. */
static void
check(const char *text, size_t len, const struct pattern *pattern,
    const char *step, const char *want)
{
	char *got = read_text(text, len, len + 1, pattern, step);
	char *again;
	size_t piece;

	is_str(got, want, "%.*s", (int)strcspn(text, "\r\n\033"), text);
	for (piece = 1; piece < len && piece < 90; piece++) {
		again = read_text(text, len, piece, pattern, step);
		if (strcmp(again, got) != 0)
			ok(false, "in pieces of %zu: %s", piece, again);
		free(again);
	}
	free(got);
}

static void
test_report_lines(void)
{
	static const struct {
		const char *text, *want;
	} list[] = { { "hpo: a=1 b=0.5\nhpo: a=2\n", "a=2 b=0.5" },
		{ "hpo: a=1", "a=1" }, { "hpo:a=1", "a=1" },
		{ "noise\nhpo:\ta=1 \r\nmore\n", "a=1" },
		{ "10%\r20%\rhpo: a=3\r30%\r", "a=3" },
		{ "hpo: a=1 step=1\nhpo: step=2 a=3 b=4\n",
		    "a=3(1:1,2:3) b=4(2:4)" },
		{ "hpo: a=1 step=1\nhpo: a=9\n", "a=9(1:1)" },
		{ "hpo: a = 1, b= 2;c =3. d=5.", "a=1 b=2 c=3 d=5" },
		{ "hpo: a=tensor(0.25, device='cuda:0') b=[0.5] c=98%",
		    "a=0.25 b=0.5 c=98" },
		{ "hpo: a=nan b=-inf", "a=nan b=-inf" },
		{ "hpo: starting epoch 3 a=1 now", "a=1" },
		{ "hpo: hello\nhpo:\nhpo: step=3\nhpo", "" },
		{ " hpo: a=1\nxhpo: a=1\nhpo a=1\nHPO: a=1\n", "" },
		{ "hpo: _a.b@c/d-1=1", "_a.b@c/d-1=1" },
		{ "\033[1mhpo:\033[0m a=\033[31;1m1\033[K step=2\033(B",
		    "a=1(2:1)" },
		{ "\033]0;title\007\033]8;;u\033\\hpo: a=1", "a=1" },
		{ "\033hpo: a=1\n\033[\nhpo: b=1\033", "b=1" },
		/* mistakes: the first is kept, what is right is too */
		{ "hpo: a=1\nhpo: a=abc b=2\nhpo: c=x\nhpo: d=4\n",
		    "a=1 d=4 ! no number for 'a' in 'hpo: a=abc b=2'" },
		{ "hpo: a=", " ! no number for 'a' in 'hpo: a='" },
		{ "hpo: a=1 step=x",
		    " ! no number for 'step' in "
		    "'hpo: a=1 step=x'" },
		{ "hpo: a=1 step=inf",
		    " ! no number for 'step' in "
		    "'hpo: a=1 step=inf'" },
		{ "hpo: a=3/4", " ! no number for 'a' in 'hpo: a=3/4'" },
		{ "hpo: a=1,234", " ! no number for 'a' in 'hpo: a=1,234'" },
		{ "hpo: 3a=1\a",
		    " ! '3a' is no name of a metric in "
		    "'hpo: 3a=1?'" },
		{ "hpo: =1", " ! '' is no name of a metric in 'hpo: =1'" },
		{ "hpo: b\303\274=1",
		    " ! 'b\303\274' is no name of a metric "
		    "in 'hpo: b\303\274=1'" } };
	size_t i;

	for (i = 0; i < sizeof list / sizeof *list; i++)
		check(list[i].text, strlen(list[i].text), NULL, NULL,
		    list[i].want);
}

static void
test_patterns(void)
{
	char err[] = "val_error", acc[] = "acc", word[] = "val_error[=:]";
	char group[] = "acc(uracy)?: ([0-9.]+)%", pct[] = "acc: ([^ ]+)";
	char opt[] = "acc( [0-9]+)?$", any[] = "(loss|error) ";
	const struct pattern one[] = { { err, word, 1 }, { NULL, NULL, 0 } };
	const struct pattern two[] = { { err, word, 1 }, { acc, pct, 2 },
		{ NULL, NULL, 0 } };
	const struct pattern three[] = { { acc, group, 1 }, { NULL, NULL, 0 } };
	const struct pattern four[] = { { acc, opt, 1 }, { NULL, NULL, 0 } };
	const struct pattern five[] = { { err, any, 1 }, { NULL, NULL, 0 } };
	const struct {
		const struct pattern *pattern;
		const char *step, *text, *want;
	} list[] = {
		{ one, NULL, "val_error=0.5 x\nepoch 2 val_error: 0.25.\n",
		    "val_error=0.25" },
		{ one, NULL, "val_error=1 val_error=2\nval_errors: 3\n",
		    "val_error=1" },
		{ one, NULL, "val\033[1m_error=\033[0m 3", "val_error=3" },
		{ one, NULL, "a\nval_error:\nval_error: \nb\n", "" },
		{ one, NULL, "val_error: none yet\n\tval_error=1\n",
		    "val_error=1 ! no number for 'val_error' in 'val_error: "
		    "none yet'" },
		{ one, NULL, "hpo: acc=1 val_error=2 step=7\n",
		    "acc=1(7:1) val_error=2(7:2)" },
		{ two, NULL, "acc: 98.2% val_error=0.018\n",
		    "val_error=0.018 acc=98.2" },
		{ two, "epoch", "epoch 1 acc: 5\nepoch 2/9\nacc: 6\nacc: 7",
		    "acc=7(1:5,2:6,2:7)" },
		{ two, "^([0-9]+) ", "1 acc: 5\n2 acc: 6\n", "acc=6(1:5,2:6)" },
		{ two, "epoch", "the epoch begins\n",
		    " ! no number for 'step' in 'the epoch begins'" },
		/* group 1 is the text "uracy", or takes no part */
		{ three, NULL, "accuracy: 5%\n",
		    " ! no number for 'acc' in 'accuracy: 5%'" },
		{ three, NULL, "acc: 5%\n", "" },
		{ four, NULL, "acc 5\nacc\n", "acc=5" },
		{ five, NULL, "error 5\nloss 6\nother 7\n",
		    " ! no number for 'val_error' in 'error 5'" },
	};
	size_t i;

	for (i = 0; i < sizeof list / sizeof *list; i++)
		check(list[i].text, strlen(list[i].text), list[i].pattern,
		    list[i].step, list[i].want);
	check("a\0val_error=\0005\0", 15, one, NULL, "val_error=5");
}

static void
test_bad_patterns(void)
{
	char name[] = "loss", open[] = "loss(", none[] = "";
	const struct pattern bad = { name, open, 1 }, empty = { name, none, 1 };
	struct err e = ERR_NONE;

	ok(metrics_reader_new(&bad, 1, NULL, &e) == NULL &&
		e.code == EX_DATAERR,
	    "a pattern that does not compile");
	ok(strncmp(e.msg, "loss: ", 6) == 0 && strlen(e.msg) > 8,
	    "is named: %s", e.msg);
	ok(metrics_reader_new(&empty, 1, NULL, &e) == NULL, "an empty pattern");
	is_str(e.msg, "loss: the pattern is empty", "is refused");
	ok(metrics_reader_new(NULL, 0, "[", &e) == NULL, "a step of that kind");
	ok(strncmp(e.msg, "step: ", 6) == 0, "is named: %s", e.msg);
}

/* The C library's regcomp() would take all memory for some of these. */
static void
test_huge_patterns(void)
{
	static const char *const huge[] = {
		"^++++++++++++++++++++++++++++++++++++++++ loss",
		"loss.{30000}",
		"((((a{99}){99}){99}){99}){99}",
		"((((((((((((((x+)+)+)+)+)+)+)+)+)+)+)+)+)+)+",
		"(x{2}|y){5001}",
		"[[:alpha:]()]{10001,}",
		"x{99999999999999999999}",
		"x{0,99999999999999999999}",
	};
	static const char *const fine[] = {
		"^\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+ loss=",
		"loss: .*?=",
		"([0-9]{1,3}\\.){3} (a|b)+",
		"[+]{255}[]+++++++++++++++++++++]*=",
		"\\(((([(]+)+)+)+",
	};
	char name[] = "loss", regex[200];
	const struct pattern p = { name, regex, 1 };
	struct metrics_reader *r;
	struct err e;
	size_t i;

	for (i = 0; i < sizeof huge / sizeof huge[0]; i++) {
		err_clear(&e);
		snprintf(regex, sizeof regex, "%s", huge[i]);
		ok(metrics_reader_new(&p, 1, NULL, &e) == NULL &&
			strstr(e.msg, "it repeats too much") != NULL,
		    "%s is too much", huge[i]);
	}
	for (i = 0; i < sizeof fine / sizeof fine[0]; i++) {
		err_clear(&e);
		snprintf(regex, sizeof regex, "%s", fine[i]);
		r = metrics_reader_new(&p, 1, NULL, &e);
		ok(r != NULL, "%s is fine%s", fine[i], e.msg);
		metrics_reader_free(r);
	}
	err_clear(&e);
	memset(regex, '(', 64);
	snprintf(regex + 64, sizeof regex - 64, "x");
	ok(metrics_reader_new(&p, 1, NULL, &e) == NULL, "deep groups");
	is_str(e.msg, "loss: it has too many groups within groups",
	    "are refused");
}

/*
 * Whatever the pattern, the look for its literal first must not change what
 * is found: each is tried as it is and with an alternative, which never
 * matches, but which makes every literal optional.
 */
static void
test_literals(void)
{
	static const char *const regex[] = { "loss", "lo?ss", "los*",
		"los+:", "lo{1,2}ss", "l[o]ss", "[]l]oss", "[^[:digit:]]oss",
		"lo(s|x)s", "a|loss", "^loss", "loss\\.", "l\\oss", "lo.s",
		"(loss)?x*", "xlo{0}ss", "lo(s{0})ss:", "\\bloss\\b",
		"loss ?=", "\\[loss\\]", "[[.l.]]oss",
		"s+*:", "loss(\\)|b)*:" };
	static const char *const line[] = { "loss:1", "loss.1", "lss 1", "los1",
		"xss1", "lo 1", "lxs1", "a1", "[loss]1", "loss=1", "loss =1",
		"xloss 1", "s:1", "loss)b):1", "xlss1", "loss 1", "l1", "1" };
	char name[] = "m";
	char *plain, *hidden;
	struct str hide = STR_EMPTY;
	struct pattern p[2] = { { name, NULL, 1 }, { NULL, NULL, 0 } };
	size_t i, k, found = 0;
	bool same = true;

	for (i = 0; i < sizeof regex / sizeof *regex; i++)
		for (k = 0; k < sizeof line / sizeof *line; k++) {
			str_cut(&hide, 0);
			str_add(&hide, regex[i]);
			p[0].regex = hide.s;
			plain =
			    read_text(line[k], strlen(line[k]), 99, p, NULL);
			str_add(&hide, "|\001^");
			p[0].regex = hide.s;
			hidden =
			    read_text(line[k], strlen(line[k]), 99, p, NULL);
			found += *plain != '\0';
			if (strcmp(plain, hidden) != 0) {
				printf("# %s in %s: %s, %s\n", regex[i],
				    line[k], plain, hidden);
				same = false;
			}
			free(plain);
			free(hidden);
		}
	ok(same, "the literal of a pattern is in all that it matches");
	ok(found > 60, "and many did");
	str_free(&hide);
}

static void
test_long_line(void)
{
	enum { LIMIT = 64 * 1024 };
	struct str b = STR_EMPTY;
	char *got;
	size_t piece;

	str_add(&b, "hpo: a=1 ");
	while (b.n < LIMIT)
		str_add(&b, "x ");
	str_cut(&b, LIMIT - 3);
	str_add(&b, "b=2 c=3\nhpo: d=4\n");
	for (piece = 1; piece < 200000; piece = piece * 3 + 1000) {
		got = read_text(b.s, b.n, piece, NULL, NULL);
		is_str(got, "a=1 b=2 d=4", "a line is read to 64 KiB (%zu)",
		    piece);
		free(got);
	}
	str_cut(&b, 0);
	str_add(&b, "hpo: loss=");
	while (b.n < 199)
		str_addc(&b, 'x');
	str_add(&b, "\303\274y");
	got = read_text(b.s, b.n, b.n, NULL, NULL);
	ok(strlen(got) < 250 && strstr(got, "xxx...'") != NULL,
	    "a quote is cut between characters: %s", got);
	free(got);
	str_free(&b);
}

static void
test_curve(void)
{
	struct metrics m = { { 0, 0, NULL }, NULL };
	const struct metric *one;
	size_t i, k;
	bool good = true, even = true;

	for (i = 0; i < 25000; i++) {
		metrics_add_step(&m, "a", -(double)i, (double)i);
		one = metrics_find(&m, "a");
		if (one == NULL)
			return;
		k = one->curve.n;
		good = good && k <= METRICS_CURVE &&
		    k >= (i < 999 ? i + 1 : METRICS_CURVE / 2) &&
		    !(one->curve.v[0].step > 0) &&
		    !(one->curve.v[k - 1].step < (double)i) &&
		    !(one->value > -(double)i);
		for (; i % 1000 == 0 && k-- > 1;)
			good = good &&
			    one->curve.v[k - 1].step < one->curve.v[k].step;
	}
	ok(good, "a curve has at most 1000 points, and both its ends");
	one = metrics_find(&m, "a");
	for (k = 0; one != NULL && k + 1 < one->curve.n; k++)
		even = even &&
		    !(fabs(one->curve.v[k].step - (double)(k * one->stride)) >
			0);
	ok(one != NULL && even && one->stride == 32,
	    "what is kept is evenly spaced");
	metrics_free(&m);
	ok(m.all.n == 0 && metrics_find(&m, "a") == NULL, "free");
}

static void
test_names(void)
{
	struct metrics m = { { 0, 0, NULL }, NULL };
	struct err e = ERR_NONE;
	char name[METRICS_NAME + 2];
	unsigned i;

	for (i = 0; i < METRICS_NAMES; i++) {
		snprintf(name, sizeof name, "m%u", i);
		metrics_add(&m, name, i);
	}
	ok(m.mistake == NULL && m.all.n == METRICS_NAMES, "256 metrics");
	metrics_add(&m, "m7", -1);
	ok(m.mistake == NULL, "any of them again");
	metrics_add_step(&m, "other", 1, 1);
	is_str(m.mistake, "more than 256 metrics, 'other' is one too many",
	    "no more");
	ok(metrics_find(&m, "other") == NULL, "it is dropped");
	metrics_free(&m);
	memset(name, 'n', sizeof name - 1);
	name[METRICS_NAME + 1] = '\0';
	ok(!metrics_is_name(name), "a name may be too long");
	ok(metrics_line(name, &m, &e) == -1, "so it is no word");
	name[METRICS_NAME] = '\0';
	ok(metrics_is_name(name), "or just not");
	ok(!metrics_is_name("step") && !metrics_is_name("") &&
		!metrics_is_name("1a") && !metrics_is_name("a b") &&
		!metrics_is_name("a="),
	    "what is no name");
	ok(metrics_is_name("a.b@c/d-1_") && metrics_is_name("steps"),
	    "what is one");
	metrics_free(&m);
}

static void
test_pair(void)
{
	static const struct {
		const char *word, *want;
	} bad[] = { { "loss", "'loss' is no NAME=VALUE in 'loss'" },
		{ "loss=", "no number for 'loss' in 'loss='" },
		{ "loss=abc", "no number for 'loss' in 'loss=abc'" },
		{ "1x=3", "'1x' is no name of a metric in '1x=3'" },
		{ "step=3", "'step' is no name of a metric" },
		{ "a=1 b=2", "'a=1 b=2' is more than one NAME=VALUE" },
		{ "", "an empty word is no NAME=VALUE" } };
	struct metrics m = { { 0, 0, NULL }, NULL };
	struct err e = ERR_NONE;
	char *got;
	size_t i;

	ok(metrics_pair("loss=0.5", &m, &e) == 0, "a pair");
	ok(metrics_pair("acc=np.float64(98.5)", &m, &e) == 0, "another");
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		err_clear(&e);
		ok(metrics_pair(bad[i].word, &m, &e) == -1 &&
			e.code == EX_USAGE,
		    "'%s' is refused", bad[i].word);
		is_str(e.msg, bad[i].want, "and said");
	}
	ok(metrics_line("loss=0.25 step=3", &m, &e) == 0, "a line");
	ok(metrics_line("loss=9 acc=8 hello", &m, &e) == -1,
	    "a line with another word");
	is_str(e.msg, "'hello' is no NAME=VALUE in 'loss=9 acc=8 hello'",
	    "is refused");
	got = show(&m);
	is_str(got, "loss=0.25(3:0.25) acc=98.5", "what was taken");
	free(got);
	metrics_free(&m);
}

int
main(void)
{
	test_report_lines();
	test_patterns();
	test_bad_patterns();
	test_huge_patterns();
	test_literals();
	test_long_line();
	test_curve();
	test_names();
	test_pair();

	return done();
}
