#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

/* How deep wrappings nest, and how long a number may be. */
enum { DEPTH = 8, LONGEST = 512 };

/* What is yet to be read. */
struct rest {
	const char *p, *end;
};

static char
peek(const struct rest *r, size_t k)
{
	if (k >= (size_t)(r->end - r->p))
		return '\0';

	return r->p[k];
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_word(char c)
{
	return is_letter(c) || is_digit(c);
}

static void
skip_blanks(struct rest *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

/* Length of "np.float64(" and the like at the start, 0 if it is none. */
static size_t
span_call(const struct rest *r)
{
	size_t n = 0;

	if (!is_letter(peek(r, 0)))
		return 0;
	while (is_word(peek(r, n)) || peek(r, n) == '.')
		n++;

	return peek(r, n) == '(' ? n + 1 : 0;
}

/*
 * open_wraps(r, stack, depth):
 * Read what opens before a number, noting what has to close it; 'c' stands
 * for the ')' of a call, which may have further arguments.
 */
static int
open_wraps(struct rest *r, char *stack, int *depth)
{
	size_t call;
	char c;

	for (*depth = 0;; (*depth)++) {
		skip_blanks(r);
		c = peek(r, 0);
		call = span_call(r);
		if (call == 0 && (c == '\0' || strchr("[('\"", c) == NULL))
			return 0;
		if (*depth == DEPTH)
			return -1;
		if (call > 0)
			stack[*depth] = 'c';
		else if (c == '[')
			stack[*depth] = ']';
		else if (c == '(')
			stack[*depth] = ')';
		else
			stack[*depth] = c;
		r->p += call > 0 ? call : 1;
	}
}

/*
 * Go to the ')' that ends the arguments of a call: "device='cuda:0'".  Only
 * named ones: in "Fraction(1, 4)" no number stands for the whole.
 */
static int
skip_arguments(struct rest *r)
{
	size_t n = 0;
	int depth = 0;
	char quote = '\0', c;

	skip_blanks(r);
	if (!is_letter(peek(r, 0)))
		return -1;
	while (is_word(peek(r, n)))
		n++;
	if (peek(r, n) != '=')
		return -1;
	for (r->p += n; r->p < r->end; r->p++) {
		c = *r->p;
		if (c == quote)
			quote = '\0';
		else if (quote != '\0')
			continue;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (c == '(' || c == '[')
			depth++;
		else if (c == ']' || (c == ')' && depth > 0))
			depth--;
		else if (c == ')')
			return 0;
	}

	return -1;
}

static int
close_wraps(struct rest *r, const char *stack, int depth)
{
	char want;

	while (depth > 0) {
		want = stack[--depth];
		if (want == '\'' || want == '"') {
			if (peek(r, 0) != want)
				return -1;
			r->p++;
			continue;
		}
		skip_blanks(r);
		if (peek(r, 0) == ',') {
			r->p++;
			skip_blanks(r);
			if (want == 'c' && peek(r, 0) != ')' &&
			    skip_arguments(r) != 0)
				return -1;
		}
		if (peek(r, 0) != (want == 'c' ? ')' : want))
			return -1;
		r->p++;
	}

	return 0;
}

static bool
same_word(const struct rest *r, size_t n, const char *word)
{
	size_t i;

	for (i = 0; word[i] != '\0'; i++)
		if ((peek(r, n + i) | 0x20) != word[i])
			return false;

	return true;
}

/* The words for what is not finite; returns the length. */
static size_t
scan_word(const struct rest *r, size_t sign, double *out)
{
	size_t n;

	if (same_word(r, sign, "nan")) {
		*out = (double)NAN;
		return sign + 3;
	}
	n = same_word(r, sign, "infinity") ? 8
	    : same_word(r, sign, "inf")    ? 3
					   : 0;
	if (n == 0)
		return 0;
	*out = peek(r, 0) == '-' ? -HUGE_VAL : HUGE_VAL;

	return sign + n;
}

static size_t
span_digits(const struct rest *r, size_t n)
{
	while (is_digit(peek(r, n)))
		n++;

	return n;
}

/*
 * Read decimal digits; Fortran's exponent letter D is one of E.  A point
 * that ends a sentence belongs to the number, as in "1." of numpy.
 */
static size_t
scan_digits(const struct rest *r, size_t sign, double *out)
{
	char text[LONGEST];
	size_t whole = span_digits(r, sign), n = whole, e, esign;
	bool plain = true;

	if (peek(r, n) == '.') {
		plain = false;
		n = span_digits(r, n + 1);
		if (n == sign + 1)
			return 0;
	}
	if (n == sign)
		return 0;
	e = n;
	if (peek(r, n) != '\0' && strchr("eEdD", peek(r, n)) != NULL) {
		esign = peek(r, n + 1) == '+' || peek(r, n + 1) == '-';
		if (span_digits(r, n + 1 + esign) > n + 1 + esign) {
			plain = false;
			n = span_digits(r, n + 1 + esign);
		}
	}
	/* "1,234" is in thousands, or has a decimal comma: who knows. */
	if (plain && peek(r, n) == ',' && is_digit(peek(r, n + 1)))
		return 0;
	if (n >= sizeof text)
		return 0;
	memcpy(text, r->p, n);
	if (e < n)
		text[e] = 'e';
	text[n] = '\0';
	*out = strtod(text, NULL);

	return n;
}

/* Length of a unit that does not scale; -1 if a number cannot end here. */
static int
span_unit(const struct rest *r)
{
	char c = peek(r, 0);
	bool more = is_word(peek(r, 1));

	if (c == '%' || (c == 's' && !more))
		return 1;

	return is_word(c) || (c == '.' && more) ? -1 : 0;
}

size_t
num_scan(const char *s, size_t n, double *out)
{
	struct rest r = { s, s + n };
	char stack[DEPTH];
	double x = 0;
	size_t sign, len;
	int depth, unit;

	if (open_wraps(&r, stack, &depth) != 0)
		return 0;
	sign = peek(&r, 0) == '+' || peek(&r, 0) == '-';
	len = scan_digits(&r, sign, &x);
	if (len == 0)
		len = scan_word(&r, sign, &x);
	if (len == 0)
		return 0;
	r.p += len;
	unit = span_unit(&r);
	if (unit < 0)
		return 0;
	r.p += unit;
	if (close_wraps(&r, stack, depth) != 0)
		return 0;
	*out = x;

	return (size_t)(r.p - s);
}
