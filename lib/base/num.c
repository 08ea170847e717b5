#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

static size_t
span_digits(const char *s)
{
	size_t n = 0;

	while (s[n] >= '0' && s[n] <= '9')
		n++;

	return n;
}

int
num_u64(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t x = 0;
	unsigned digit;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		digit = (unsigned)(*s - '0');
		if (x > (UINT64_MAX - digit) / 10)
			return -1;
		x = 10 * x + digit;
	}
	if (x > max)
		return -1;
	*out = x;

	return 0;
}

int
num_i64(const char *s, int64_t *out)
{
	bool minus = *s == '-';
	uint64_t x, max = (uint64_t)INT64_MAX + minus;

	if (*s == '-' || *s == '+')
		s++;
	if (num_u64(s, max, &x) != 0)
		return -1;
	if (!minus)
		*out = (int64_t)x;
	else
		*out = x == max ? INT64_MIN : -(int64_t)x;

	return 0;
}

/* Length of an unsigned decimal number at ${s}, 0 if there is none. */
static size_t
span_number(const char *s)
{
	size_t whole = span_digits(s), n = whole, part = 0, sign, e;

	if (s[n] == '.') {
		part = span_digits(s + n + 1);
		n += 1 + part;
	}
	if (whole + part == 0)
		return 0;
	if (s[n] == 'e' || s[n] == 'E') {
		sign = s[n + 1] == '+' || s[n + 1] == '-';
		e = span_digits(s + n + 1 + sign);
		if (e > 0)
			n += 1 + sign + e;
	}

	return n;
}

int
num_double(const char *s, double *out)
{
	size_t sign = *s == '+' || *s == '-';
	size_t n = span_number(s + sign);
	double x;

	if (n == 0 || s[sign + n] != '\0')
		return -1;
	x = strtod(s, NULL);
	if (!isfinite(x))
		return -1;
	*out = x;

	return 0;
}

int
num_seconds(const char *s, double *out)
{
	size_t n = span_number(s);
	double x, unit = 1;

	if (n == 0)
		return -1;
	x = strtod(s, NULL);
	if (s[n] != '\0') {
		switch (s[n]) {
		case 's':
			break;
		case 'm':
			unit = 60;
			break;
		case 'h':
			unit = 3600;
			break;
		case 'd':
			unit = 86400;
			break;
		default:
			return -1;
		}
		if (s[n + 1] != '\0')
			return -1;
	}
	x *= unit;
	if (!isfinite(x))
		return -1;
	*out = x;

	return 0;
}

int
num_bytes(const char *s, uint64_t *out)
{
	size_t n = span_digits(s);
	unsigned shift = 0;
	uint64_t x = 0;
	size_t i;

	if (n == 0)
		return -1;
	if (s[n] == 'K')
		shift = 10;
	else if (s[n] == 'M')
		shift = 20;
	else if (s[n] == 'G')
		shift = 30;
	if (s[n + (shift > 0)] != '\0')
		return -1;
	for (i = 0; i < n; i++) {
		if (x > (UINT64_MAX - 9) / 10)
			return -1;
		x = 10 * x + (uint64_t)(s[i] - '0');
	}
	if (x > UINT64_MAX >> shift)
		return -1;
	*out = x << shift;

	return 0;
}

/* 5^27 is the last that fits 63 bits. */
enum { FIVES = 27, PLACES = 17 };

static uint64_t
power(unsigned base, int n)
{
	static const uint64_t five[FIVES + 1] = { 1, 5, 25, 125, 625, 3125,
		15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625,
		1220703125, 6103515625, 30517578125, 152587890625, 762939453125,
		3814697265625, 19073486328125, 95367431640625, 476837158203125,
		2384185791015625, 11920928955078125, 59604644775390625,
		298023223876953125, 1490116119384765625, 7450580596923828125 };

	return base == 5 ? five[n] : five[n] << n;
}

/*
 * round_shift(m, f, s):
 * ${m} * ${f} / 2^${s} for 0 < ${s} < 128, rounded to nearest, ties to even;
 * the product is exact in 128 bits, so no error is made before the rounding.
 * The result must fit 63 bits.
 */
static uint64_t
round_shift(uint64_t m, uint64_t f, int s)
{
	uint64_t a = m >> 32, b = m & UINT32_MAX;
	uint64_t c = f >> 32, d = f & UINT32_MAX;
	uint64_t low = b * d, mid = a * d + (low >> 32);
	uint64_t mid2 = b * c + (mid & UINT32_MAX);
	uint64_t hi = a * c + (mid >> 32) + (mid2 >> 32);
	uint64_t lo = mid2 << 32 | (low & UINT32_MAX);
	uint64_t whole, rest, half;
	bool below = false; /* anything under the bits in ${rest} */

	if (s > 64) {
		below = lo != 0;
		whole = hi >> (s - 64);
		rest = hi & ((UINT64_C(1) << (s - 64)) - 1);
		half = UINT64_C(1) << (s - 65);
	} else if (s == 64) {
		whole = hi;
		rest = lo;
		half = UINT64_C(1) << 63;
	} else {
		whole = hi << (64 - s) | lo >> s;
		rest = lo & ((UINT64_C(1) << s) - 1);
		half = UINT64_C(1) << (s - 1);
	}
	if (rest > half || (rest == half && (below || (whole & 1) != 0)))
		whole++;

	return whole;
}

/* x / d rounded to nearest, ties to even. */
static uint64_t
round_div(uint64_t x, uint64_t d)
{
	uint64_t whole = x / d, rest = x % d;

	if (rest > d - rest || (rest == d - rest && (whole & 1) != 0))
		whole++;

	return whole;
}

/*
 * scale(m, e, k, out):
 * m * 2^e * 10^k rounded to an integer, exactly; false if that does not fit
 * the integers used here.
 */
static bool
scale(uint64_t m, int e, int k, uint64_t *out)
{
	if (k > FIVES || k < -19)
		return false;
	if (k < 0) { /* 10^-k: the number must be an integer of 64 bits */
		if (e > 10 || e <= -53)
			return false;
		if (e < 0 && (m & ((UINT64_C(1) << -e) - 1)) != 0)
			return false;
		*out = round_div(e < 0 ? m >> -e : m << e, power(10, -k));
		return true;
	}
	if (-(e + k) <= 0 || -(e + k) >= 128)
		return false;
	*out = round_shift(m, power(5, k), -(e + k));

	return true;
}

/*
 * digits(x, prec, digit, exp10):
 * The ${prec} significant decimal digits of ${x} > 0 as one integer, and
 * the decimal exponent of the first; false outside the range in which 128
 * bits hold everything exactly.
 */
static bool
digits(double x, int prec, uint64_t *digit, int *exp10)
{
	uint64_t bits, m, top = power(10, prec);
	int e, guess;

	memcpy(&bits, &x, sizeof bits);
	e = (int)(bits >> 52 & 0x7ff);
	if (e == 0 || e == 0x7ff)
		return false;
	m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	e -= 1023;
	if (e < -64 || e > 62)
		return false;
	/* floor(e * log10(2)): the exponent or one less. */
	guess = (e * 78913 + (64 << 18)) / (1 << 18) - 64;
	e -= 52;
	if (!scale(m, e, prec - 1 - guess, digit))
		return false;
	if (*digit >= top) {
		/* Not from *digit: a number must be rounded only once. */
		guess++;
		if (!scale(m, e, prec - 1 - guess, digit))
			return false;
	}
	*exp10 = guess;

	return true;
}

/* Lay ${prec} digits out as %g does; returns the length. */
static size_t
lay_out(uint64_t digit, int prec, int exp10, char *p)
{
	char text[PLACES] = { '0' };
	char *start = p;
	int i, n = prec;

	for (i = prec - 1; i >= 0; i--, digit /= 10)
		text[i] = (char)('0' + digit % 10);
	while (n > 1 && text[n - 1] == '0')
		n--;
	if (exp10 < -4 || exp10 >= prec) {
		*p++ = text[0];
		if (n > 1) {
			*p++ = '.';
			memcpy(p, text + 1, (size_t)n - 1);
			p += n - 1;
		}
		*p++ = 'e';
		*p++ = exp10 < 0 ? '-' : '+';
		exp10 = exp10 < 0 ? -exp10 : exp10;
		*p++ = (char)('0' + exp10 / 10);
		*p++ = (char)('0' + exp10 % 10);
	} else if (exp10 < 0) {
		memcpy(p, "0.000", 5);
		p += 1 - exp10;
		memcpy(p, text, (size_t)n);
		p += n;
	} else {
		/* The zeros cut above are still there. */
		memcpy(p, text, (size_t)exp10 + 1);
		p += exp10 + 1;
		if (n > exp10 + 1) {
			*p++ = '.';
			memcpy(p, text + exp10 + 1, (size_t)(n - exp10 - 1));
			p += n - exp10 - 1;
		}
	}
	*p = '\0';

	return (size_t)(p - start);
}

/* %.*g, by exact integer arithmetic where that reaches. */
static size_t
text_of(double x, int prec, char *buf)
{
	uint64_t digit;
	size_t sign = x < 0;
	int exp10;

	if (!digits(sign > 0 ? -x : x, prec, &digit, &exp10))
		return (size_t)snprintf(buf, NUM_TEXT, "%.*g", prec, x);
	buf[0] = '-';

	return sign + lay_out(digit, prec, exp10, buf + sign);
}

size_t
num_text(double x, char *buf)
{
	return text_of(x, 10, buf);
}

static bool
reads_back(const char *text, double x)
{
	double y = strtod(text, NULL);

	return y >= x && y <= x;
}

size_t
num_exact(double x, char *buf)
{
	int prec = fabs(x) < DBL_MIN ? 1 : 15;
	size_t n;

	if (isnan(x))
		return (size_t)snprintf(buf, NUM_TEXT, "nan");
	if (isinf(x))
		return (size_t)snprintf(buf, NUM_TEXT, x < 0 ? "-inf" : "inf");
	do
		n = text_of(x, prec++, buf);
	while (prec <= PLACES && !reads_back(buf, x));

	return n;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

void
num_sort(double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
}

double
num_median(const double *v, size_t n)
{
	return n % 2 > 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double
num_percentile(const double *v, size_t n, unsigned percent)
{
	size_t rank = (n * percent + 99) / 100;

	return v[rank > 0 ? rank - 1 : 0];
}
