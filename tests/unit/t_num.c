/* Numbers as text. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/num.h"
#include "tap.h"

static void
test_integers(void)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1",
		"1e3", "18446744073709551616", "99999999999999999999" };
	uint64_t u = 7;
	int64_t i = 7;
	size_t k;

	for (k = 0; k < sizeof bad / sizeof *bad; k++)
		ok(num_u64(bad[k], UINT64_MAX, &u) == -1 && u == 7,
		    "u64 refuses '%s'", bad[k]);
	ok(num_u64("18446744073709551615", UINT64_MAX, &u) == 0 &&
		u == UINT64_MAX,
	    "u64 takes the largest");
	ok(num_u64("0007", 7, &u) == 0 && u == 7, "u64 takes leading zeros");
	ok(num_u64("8", 7, &u) == -1, "u64 refuses more than max");
	ok(num_i64("-9223372036854775808", &i) == 0 && i == INT64_MIN,
	    "i64 takes the smallest");
	ok(num_i64("+9223372036854775807", &i) == 0 && i == INT64_MAX,
	    "i64 takes the largest");
	ok(num_i64("-0", &i) == 0 && i == 0, "i64 takes -0");
	i = 7;
	ok(num_i64("9223372036854775808", &i) == -1 && i == 7,
	    "i64 refuses one more");
	ok(num_i64("-9223372036854775809", &i) == -1, "i64 refuses one less");
	ok(num_i64("-", &i) == -1, "i64 refuses a sign alone");
	ok(num_i64("--1", &i) == -1, "i64 refuses two signs");
}

static void
test_double(void)
{
	static const struct {
		const char *text;
		double want;
	} good[] = { { "1", 1 }, { "-.5", -0.5 }, { "5.", 5 },
		{ "+1e-3", 1e-3 }, { "1E+3", 1000 }, { "1e-400", 0 } };
	static const char *const bad[] = { "", ".", "-", "e5", "1e", "1e+",
		"0x10", "nan", "inf", "infinity", "1e999", "1 ", " 1", "1,5",
		"1_000", "1f" };
	double x = 7;
	size_t k;

	for (k = 0; k < sizeof good / sizeof *good; k++) {
		ok(num_double(good[k].text, &x) == 0, "double takes '%s'",
		    good[k].text);
		is_num(x, good[k].want, "and reads it");
	}
	x = 7;
	for (k = 0; k < sizeof bad / sizeof *bad; k++)
		ok(num_double(bad[k], &x) == -1 && x > 6 && x < 8,
		    "double refuses '%s'", bad[k]);
}

static void
test_units(void)
{
	static const struct {
		const char *text;
		double want; /* -1: refused */
	} seconds[] = { { "90", 90 }, { "90s", 90 }, { "30m", 1800 },
		{ "2h", 7200 }, { "1d", 86400 }, { "0", 0 }, { "1.5m", 90 },
		{ "0.25s", 0.25 }, { "", -1 }, { "-1", -1 }, { "+1", -1 },
		{ "1w", -1 }, { "1hm", -1 }, { "1 h", -1 }, { "s", -1 },
		{ "inf", -1 }, { "1e308d", -1 }, { "1e999", -1 } };
	static const struct {
		const char *text;
		uint64_t want; /* 1: refused */
	} bytes[] = { { "0", 0 }, { "512", 512 }, { "64K", 65536 },
		{ "64M", 67108864 }, { "2G", UINT64_C(2147483648) },
		{ "17179869183G", UINT64_C(18446744072635809792) },
		{ "17179869184G", 1 }, { "18446744073709551616", 1 }, { "", 1 },
		{ "K", 1 }, { "1k", 1 }, { "1KB", 1 }, { "1.5K", 1 },
		{ "-2", 1 }, { "2T", 1 } };
	double x;
	uint64_t u;
	size_t k;

	for (k = 0; k < sizeof seconds / sizeof *seconds; k++) {
		x = -1;
		num_seconds(seconds[k].text, &x);
		is_num(x, seconds[k].want, "seconds of '%s'", seconds[k].text);
	}
	for (k = 0; k < sizeof bytes / sizeof *bytes; k++) {
		u = 1;
		num_bytes(bytes[k].text, &u);
		ok(u == bytes[k].want, "bytes of '%s'", bytes[k].text);
	}
}

/* xorshift64*: any generator will do, as long as it repeats. */
static uint64_t
draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;

	return *state * UINT64_C(2685821657736338717);
}

/* One of several kinds of numbers that are hard for different reasons. */
static double
pick(uint64_t *state, unsigned kind)
{
	uint64_t r = draw(state);
	double u = (double)(draw(state) >> 11) * 0x1p-53;
	double x;

	switch (kind % 7) {
	case 0: /* any bits */
		memcpy(&x, &r, sizeof x);
		return x;
	case 1: /* any magnitude of daily use */
		return exp((u - 0.5) * 100);
	case 2: /* integers */
		return (double)(int64_t)(r >> (r & 63));
	case 3: /* ties in the last place */
		return ldexp((double)(r % UINT64_C(200000000000)),
		    -(int)(r >> 60) - 1);
	case 4: /* short decimals */
		return rint(u * 1e6) / 1e7;
	case 5: /* beside powers of ten */
		return nextafter(pow(10, (double)(r % 40) - 20),
		    r >> 63 != 0 ? 1e300 : 0);
	default:
		return -200 * u;
	}
}

static void
test_text(void)
{
	static const double some[] = { 0, -0.0, 1, -1, 0.1, 100, 1e9,
		9999999999, 9999999999.5, 9999999999.4, 1e10, 1.5e10, 12345e12,
		1e17, 1e-4, 9.99999999949e-5, 9.9999999995e-5, 1e-5, 1e-18,
		1e-19, 2.5e-20, 5e-324, 1e308, 0.5, 0.125, 1048576.0000005,
		1e22, 123456789.05, 2097152.0009765625, 2097152.0029296875 };
	char got[NUM_TEXT], want[64];
	uint64_t state = 88172645463325252;
	double x;
	size_t n;
	unsigned k, bad = 0;

	for (k = 0; k < sizeof some / sizeof *some; k++) {
		n = num_text(some[k], got);
		snprintf(want, sizeof want, "%.10g", some[k]);
		is_str(got, want, "text of %a", some[k]);
		ok(n == strlen(want), "and its length");
	}
	for (k = 0; k < 300000; k++) {
		x = pick(&state, k);
		if (isnan(x))
			continue;
		n = num_text(x, got);
		snprintf(want, sizeof want, "%.10g", x);
		if (strcmp(got, want) != 0 || n != strlen(want)) {
			printf("# %a: got %s, want %s\n", x, got, want);
			bad++;
		}
	}
	ok(bad == 0, "text of 300000 numbers is what %%.10g gives");
}

static void
test_exact(void)
{
	static const struct {
		double x;
		const char *want;
	} list[] = { { 0.1, "0.1" }, { 1.0 / 3, "0.3333333333333333" },
		{ 0.1 + 0.2, "0.30000000000000004" }, { 1e23, "1e+23" },
		{ -0.0, "-0" }, { 5e-324, "5e-324" }, { 1e15, "1e+15" },
		{ 123456789012345, "123456789012345" },
		{ 9007199254740994.0, "9007199254740994" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" } };
	char got[NUM_TEXT];
	uint64_t state = 362436069;
	double x, y;
	unsigned k, bad = 0;

	for (k = 0; k < sizeof list / sizeof *list; k++) {
		num_exact(list[k].x, got);
		is_str(got, list[k].want, "exact text of %a", list[k].x);
	}
	num_exact((double)NAN, got);
	is_str(got, "nan", "exact text of nan");
	num_exact(-(double)NAN, got);
	is_str(got, "nan", "exact text of -nan");
	num_exact(HUGE_VAL, got);
	is_str(got, "inf", "exact text of inf");
	num_exact(-HUGE_VAL, got);
	is_str(got, "-inf", "exact text of -inf");
	for (k = 0; k < 100000; k++) {
		x = pick(&state, k);
		if (isnan(x))
			continue;
		num_exact(x, got);
		y = strtod(got, NULL);
		bad += y < x || y > x;
	}
	ok(bad == 0, "exact texts of 100000 numbers read back");
}

static void
test_scan(void)
{
	static const struct {
		const char *text;
		size_t n; /* bytes read */
		double want;
	} list[] = { { "1e-3", 4, 1e-3 }, { "0.5.", 3, 0.5 }, { "5.", 2, 5 },
		{ "0. ", 2, 0 }, { " \t .5", 5, 0.5 }, { "+2", 2, 2 },
		{ "-7 ", 2, -7 }, { "1.5D+02", 7, 150 }, { "2d3", 3, 2000 },
		{ "98.2%", 5, 98.2 }, { "3s", 2, 3 }, { "1.2s/it", 4, 1.2 },
		{ "0.5,", 3, 0.5 }, { "0.5,0.25", 3, 0.5 }, { "3, 4", 1, 3 },
		{ "3,acc", 1, 3 }, { "0.25 (best)", 4, 0.25 }, { "3/10", 1, 3 },
		{ "1-2", 1, 1 }, { "-1e-2]", 5, -0.01 },
		{ "np.float64(0.25)", 16, 0.25 },
		{ "tensor(0.25, device='cuda:0')", 29, 0.25 },
		{ "tensor([0.25], grad_fn=<F>) x", 27, 0.25 },
		{ "tf.Tensor(0.25, shape=(), dtype=float32)", 40, 0.25 },
		{ "Array(0.25, dtype=float32, weak_type=True)", 42, 0.25 },
		{ "jnp.float32(-2.5e-3)", 20, -2.5e-3 }, { "[0.25]", 6, 0.25 },
		{ "(0.25,)", 7, 0.25 }, { "[[ 1. ]]", 8, 1 },
		{ "array([0.25])", 13, 0.25 },
		{ "array([[0.25]], dtype=object)", 29, 0.25 },
		{ "\"0.25\"", 6, 0.25 }, { "Decimal('0.25')", 15, 0.25 },
		{ "f(1, s=')')", 11, 1 }, { "((((((((1))))))))", 17, 1 },
		{ "(98.2%)", 7, 98.2 }, { "1e999", 5, HUGE_VAL },
		{ "-inf", 4, -HUGE_VAL }, { "Infinity,", 8, HUGE_VAL },
		{ "+INF ", 4, HUGE_VAL }, { "[-inf]", 6, -HUGE_VAL },
		/* None of these is a number. */
		{ "", 0, 0 }, { "   ", 0, 0 }, { "abc", 0, 0 }, { ".", 0, 0 },
		{ "-", 0, 0 }, { "e5", 0, 0 }, { "12abc", 0, 0 },
		{ "1.5M", 0, 0 }, { "120ms", 0, 0 }, { "0x1F", 0, 0 },
		{ "1_000", 0, 0 }, { "1.2.3", 0, 0 }, { "1,234", 0, 0 },
		{ "0,5", 0, 0 }, { "1e", 0, 0 }, { "None", 0, 0 },
		{ "info", 0, 0 }, { "nano", 0, 0 }, { "--1", 0, 0 },
		{ "3sec", 0, 0 }, { "= 3", 0, 0 }, { "[0.25", 0, 0 },
		{ "[0.25, 0.5]", 0, 0 }, { "[]", 0, 0 }, { "[1 2]", 0, 0 },
		{ "(1, 2)", 0, 0 }, { "Fraction(1, 4)", 0, 0 },
		{ "tensor(0.25, device='cuda:0'", 0, 0 }, { "'0.25", 0, 0 },
		{ "(((((((((1)))))))))", 0, 0 } };
	double x;
	size_t k, n;

	for (k = 0; k < sizeof list / sizeof *list; k++) {
		x = 0;
		n = num_scan(list[k].text, strlen(list[k].text), &x);
		ok(n == list[k].n, "'%s': %zu bytes are a number", list[k].text,
		    list[k].n);
		is_num(x, list[k].want, "and it is read");
	}
	ok(num_scan("NaN", 3, &x) == 3 && isnan(x), "NaN is read");
	ok(num_scan("-nan ", 5, &x) == 4 && isnan(x), "-nan is read");
	ok(num_scan("np.float64(nan)", 15, &x) == 15 && isnan(x),
	    "a wrapped nan is read");
	ok(num_scan("1234", 2, &x) == 2, "no more than n bytes are read");
	is_num(x, 12, "and they are the number");
}

static void
test_scan_bounds(void)
{
	static const char text[] = "tensor([-1.5e+3], device='cuda:0')";
	size_t n;
	char *copy;
	double x;
	bool good = true;

	/* Copies of exact size let the sanitizers see a read too far. */
	for (n = 0; n < sizeof text - 1; n++) {
		copy = malloc(n > 0 ? n : 1);
		if (copy == NULL)
			return;
		memcpy(copy, text, n);
		good = good && num_scan(copy, n, &x) == 0;
		free(copy);
	}
	ok(good, "no prefix of a wrapped number is one");
	copy = malloc(1000);
	if (copy == NULL)
		return;
	memset(copy, '1', 1000);
	ok(num_scan(copy, 500, &x) == 500, "500 digits are a number");
	ok(num_scan(copy, 1000, &x) == 0, "1000 digits are none");
	free(copy);
}

static void
test_crc(void)
{
	/* The check value of the catalogue of CRC algorithms. */
	ok(crc_32("123456789", 9) == 0xcbf43926, "crc of the check string");
	ok(crc_32("", 0) == 0, "crc of nothing");
	ok(crc_32("\0\0\0\0", 4) == 0x2144df1c, "crc of four NULs");
}

static void
test_ranks(void)
{
	double v[] = { 3, 1, 2, 10, 4 };

	num_sort(v, 5);
	is_num(v[0], 1, "sorted, the least");
	is_num(v[4], 10, "to the greatest");
	is_num(num_median(v, 5), 3, "the middle one");
	is_num(num_median(v, 4), 2.5, "or the mean of the two");
	is_num(num_median(v, 1), 1, "of one value");
	is_num(num_percentile(v, 5, 90), 10, "nine of ten, of five");
	is_num(num_percentile(v, 5, 80), 4, "a rank that is whole");
	is_num(num_percentile(v, 5, 81), 10, "and one that is not");
	is_num(num_percentile(v, 5, 0), 1, "none");
	is_num(num_percentile(v, 1, 95), 1, "of one value");
}

int
main(void)
{
	test_integers();
	test_double();
	test_units();
	test_text();
	test_exact();
	test_scan();
	test_scan_bounds();
	test_crc();
	test_ranks();

	return done();
}
