#include <math.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/campaign.h"
#include "form/metrics.h"

enum { LINE = 64 * 1024, ESC = 033, BEL = 07 };

/* Of a pattern: what regcomp(3) would make of it, groups within groups. */
enum { LARGEST = 10000, DEEP = 64 };

/* A pattern, compiled. */
struct rule {
	char *name;
	char *literal; /* occurs in every line that matches; NULL: unknown */
	regex_t re;
};

struct metrics_reader {
	size_t n;          /* [metrics] patterns */
	struct rule *rule; /* those, and the step's behind them */
	bool has_step;
	bool stepped; /* the step pattern has matched: */
	double step;
	bool skip;        /* nothing more is wanted of this line */
	struct str line;  /* the line so far */
	struct str clean; /* without escapes, scratch */
};

/* Skip a bracket expression that regcomp() liked. */
static const char *
skip_bracket(const char *p)
{
	const char *end;

	p++;
	p += *p == '^';
	p += *p == ']';
	while (*p != '\0' && *p != ']') {
		if (p[0] == '[' && p[1] != '\0' &&
		    strchr(":.=", p[1]) != NULL) {
			const char close[] = { p[1], ']', '\0' };

			end = strstr(p + 2, close);
			p = end != NULL ? end + 1 : p;
		}
		p++;
	}

	return *p == ']' ? p : p - 1;
}

static void
keep_longer(struct str *best, struct str *run)
{
	struct str old = *best;

	if (run->n > best->n) {
		*best = *run;
		*run = old;
	}
	str_cut(run, 0);
}

/*
 * literal_of(regex):
 * A text that is in everything that ${regex} matches, or NULL: a line
 * without it need not be shown to regexec(3), which is slow.  Looks outside
 * of groups and takes only what cannot be optional.
 */
static char *
literal_of(const char *regex)
{
	struct str best = STR_EMPTY, run = STR_EMPTY;
	const char *p;
	int depth = 0;
	bool plain;

	if (strchr(regex, '|') != NULL)
		return NULL;
	for (p = regex; *p != '\0' && *p != '{'; p++) {
		plain = strchr("^$.[]()*+?\\", *p) == NULL;
		if (p[0] == '\\' && p[1] != '\0')
			plain = strchr("^$.[]{}()*+?\\/-", *++p) != NULL;
		else if (*p == '[')
			p = skip_bracket(p);
		else if (*p == '(')
			depth++;
		else if (*p == ')')
			depth--;
		if (plain && depth == 0 &&
		    (p[1] == '\0' || strchr("*+?{", p[1]) == NULL))
			str_addc(&run, *p);
		else
			keep_longer(&best, &run);
	}
	keep_longer(&best, &run);
	str_free(&run);
	if (best.n == 0) {
		str_free(&best);
		return NULL;
	}

	return str_take(&best);
}

/* A pattern's size as regcomp(3) sees it, and the groups that are open. */
struct size {
	size_t sum[DEEP]; /* of the group, and of those around it */
	size_t depth;
	size_t last; /* of what a repetition would repeat */
	const char *wrong;
};

/* Repeat what came last up to ${times}. */
static void
repeat(struct size *z, size_t times)
{
	size_t more = z->last * (times > 0 ? times - 1 : 0);

	z->sum[z->depth] += more;
	z->last += more;
	if (z->sum[z->depth] > LARGEST)
		z->wrong = "it repeats too much, for a '+' itself write "
			   "'\\+'";
}

/* How often "{n}", "{n,}", "{n,m}" at ${p} repeats; 0 if it is no such. */
static size_t
interval(const char *p, const char **end)
{
	char *rest;
	size_t n = 0;

	if (*p != '{' || p[1 + strspn(p + 1, "0123456789,")] != '}' ||
	    p[1] == '}')
		return 0;
	*end = strchr(p, '}');
	n = strtoul(p + 1, &rest, 10);
	if (*rest == ',')
		n = rest[1] == '}' ? n + 1 : strtoul(rest + 1, &rest, 10);

	return n < LARGEST ? n + (n == 0) : LARGEST + 1;
}

static void
add_group(struct size *z, bool opens)
{
	if (opens && z->depth + 1 == DEEP) {
		z->wrong = "it has too many groups within groups";
	} else if (opens) {
		z->sum[++z->depth] = 0;
		z->last = 0;
	} else if (z->depth > 0) {
		z->last = z->sum[z->depth--] + 1;
		z->sum[z->depth] += z->last;
	}
}

/*
 * why_refused(regex):
 * The C library's regcomp(3) copies what is repeated, so a repetition within
 * a repetition takes memory by their product: 30 '+' in a row, all there is.
 * NULL, or what is wrong with the pattern.
 */
static const char *
why_refused(const char *regex)
{
	struct size z = { .wrong = NULL };
	const char *p;
	size_t n;

	for (p = regex; *p != '\0' && z.wrong == NULL; p++) {
		n = *p == '+' ? 2 : interval(p, &p);
		if (n > 0) {
			repeat(&z, n);
		} else if (*p == '(' || *p == ')') {
			add_group(&z, *p == '(');
		} else if (*p != '*' && *p != '?') {
			if (p[0] == '\\' && p[1] != '\0')
				p++;
			else if (*p == '[')
				p = skip_bracket(p);
			z.last = *p != '|';
			z.sum[z.depth]++;
		}
	}

	return z.wrong;
}

static int
compile(struct rule *rule, const char *name, const char *regex, struct err *e)
{
	const char *wrong = why_refused(regex);
	char why[256];
	int rc;

	if (*regex == '\0')
		return err_set(e, EX_DATAERR, "%s: the pattern is empty", name);
	if (wrong != NULL)
		return err_set(e, EX_DATAERR, "%s: %s", name, wrong);
	rc = regcomp(&rule->re, regex, REG_EXTENDED);
	if (rc != 0) {
		regerror(rc, &rule->re, why, sizeof why);
		return err_set(e, EX_DATAERR, "%s: %s", name, why);
	}
	rule->name = mem_dup(name);
	rule->literal = literal_of(regex);

	return 0;
}

struct metrics_reader *
metrics_reader_new(const struct pattern *pattern, size_t n, const char *step,
    struct err *e)
{
	struct metrics_reader *r = mem_zero(1, sizeof *r);
	int rc = 0;

	r->rule = mem_zero(n + 1, sizeof *r->rule);
	while (rc == 0 && r->n < n) {
		rc = compile(&r->rule[r->n], pattern[r->n].metric,
		    pattern[r->n].regex, e);
		if (rc == 0)
			r->n++;
	}
	if (rc == 0 && step != NULL) {
		rc = compile(&r->rule[r->n], "step", step, e);
		r->has_step = rc == 0;
	}
	if (rc != 0) {
		metrics_reader_free(r);
		return NULL;
	}

	return r;
}

void
metrics_reader_free(struct metrics_reader *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n + r->has_step; i++) {
		free(r->rule[i].name);
		free(r->rule[i].literal);
		regfree(&r->rule[i].re);
	}
	free(r->rule);
	str_free(&r->line);
	str_free(&r->clean);
	free(r);
}

/*
 * Length of the escape sequence at ${p}, ECMA-48: CSI up to its final byte;
 * the strings (OSC, DCS, ...) up to BEL or ST; else the intermediates and
 * one byte.
 */
static size_t
span_escape(const char *p, size_t n)
{
	size_t i = 1;

	if (n < 2)
		return n;
	if (p[1] == '[') {
		for (i = 2; i < n && p[i] >= ' ' && p[i] <= '?'; i++)
			;
		return i < n && p[i] >= '@' && p[i] <= '~' ? i + 1 : i;
	}
	if (p[1] != '\0' && strchr("]PX^_", p[1]) != NULL) {
		for (i = 2; i < n && p[i] != BEL; i++)
			if (p[i] == ESC && i + 1 < n && p[i + 1] == '\\')
				return i + 2;
		return i < n ? i + 1 : n;
	}
	while (i < n && p[i] >= ' ' && p[i] <= '/')
		i++;

	return i < n && p[i] >= '0' && p[i] <= '~' ? i + 1 : i;
}

/* The line as a string: no escapes, blanks for NULs. */
static const char *
cleaned(struct metrics_reader *r, const char *p, size_t n)
{
	const char *end = p + n;
	const char *next;
	char *nul;

	str_cut(&r->clean, 0);
	while (p < end) {
		next = memchr(p, ESC, (size_t)(end - p));
		if (next == NULL)
			next = end;
		str_addn(&r->clean, p, (size_t)(next - p));
		p = next;
		if (p < end)
			p += span_escape(p, (size_t)(end - p));
	}
	str_addc(&r->clean, '\0');
	str_cut(&r->clean, r->clean.n - 1);
	nul = r->clean.s;
	end = nul + r->clean.n;
	while ((nul = memchr(nul, '\0', (size_t)(end - nul))) != NULL)
		*nul++ = ' ';

	return r->clean.s;
}

/*
 * look_up(rule, text, x):
 * 1 and the number that a rule finds in a line, 0 if it does not match, -1
 * if it does and there is no number.
 */
static int
look_up(const struct rule *rule, const char *text, double *x)
{
	regmatch_t at[2];
	const char *p;
	size_t n;

	if (rule->literal != NULL && strstr(text, rule->literal) == NULL)
		return 0;
	if (regexec(&rule->re, text, 2, at, 0) != 0)
		return 0;
	if (rule->re.re_nsub > 0) {
		if (at[1].rm_so < 0)
			return 0;
		p = text + at[1].rm_so;
		n = (size_t)(at[1].rm_eo - at[1].rm_so);
	} else {
		p = text + at[0].rm_eo;
		n = strlen(p);
		if (strspn(p, " \t") == n)
			return 0;
	}

	return num_scan(p, n, x) > 0 ? 1 : -1;
}

static void
apply(struct metrics_reader *r, const char *text, struct metrics *m)
{
	char why[160];
	double x;
	size_t i;
	int found;

	if (r->has_step) {
		found = look_up(&r->rule[r->n], text, &x);
		if (found > 0 && isfinite(x)) {
			r->stepped = true;
			r->step = x;
		} else if (found != 0) {
			metrics_fail(m, "no number for 'step'", text);
		}
	}
	for (i = 0; i < r->n; i++) {
		found = look_up(&r->rule[i], text, &x);
		if (found < 0) {
			snprintf(why, sizeof why, "no number for '%.100s'",
			    r->rule[i].name);
			metrics_fail(m, why, text);
		} else if (found > 0 && r->stepped) {
			metrics_add_step(m, r->rule[i].name, x, r->step);
		} else if (found > 0) {
			metrics_add(m, r->rule[i].name, x);
		}
	}
}

/* Can a line that starts with ${c} be of any interest? */
static bool
may_tell(const struct metrics_reader *r, char c)
{
	return c == 'h' || c == ESC || r->n > 0 || r->has_step;
}

static void
take_line(struct metrics_reader *r, const char *p, size_t n, struct metrics *m)
{
	const char *text;

	if (n == 0 || !may_tell(r, *p))
		return;
	if (n > LINE)
		n = LINE;
	text = cleaned(r, p, n);
	if (str_starts(text, "hpo:"))
		metrics_output(text + 4, m);
	else
		apply(r, text, m);
}

/* Keep a piece of a line whose end has not come yet. */
static void
hold(struct metrics_reader *r, const char *p, size_t n)
{
	if (r->skip || n == 0)
		return;
	if (r->line.n == 0 && !may_tell(r, *p)) {
		r->skip = true;
		return;
	}
	if (n > LINE - r->line.n) {
		n = LINE - r->line.n;
		r->skip = true;
	}
	str_addn(&r->line, p, n);
}

void
metrics_end(struct metrics_reader *r, struct metrics *m)
{
	if (r->line.n > 0)
		take_line(r, r->line.s, r->line.n, m);
	str_cut(&r->line, 0);
	r->skip = false;
}

static const char *
find(const char *p, const char *end, char c)
{
	const char *at = memchr(p, c, (size_t)(end - p));

	return at != NULL ? at : end;
}

void
metrics_feed(struct metrics_reader *r, const char *p, size_t n,
    struct metrics *m)
{
	const char *end = p + n, *lf = p, *cr = p, *stop;
	bool fresh = true;

	for (; p < end; p = stop + 1, fresh = false) {
		/* Each byte is looked at once for either. */
		if (fresh || lf < p)
			lf = find(p, end, '\n');
		if (fresh || cr < p)
			cr = find(p, end, '\r');
		stop = lf < cr ? lf : cr;
		if (stop < end && r->line.n == 0 && !r->skip) {
			take_line(r, p, (size_t)(stop - p), m);
			continue;
		}
		hold(r, p, (size_t)(stop - p));
		if (stop == end)
			break;
		metrics_end(r, m);
	}
}
