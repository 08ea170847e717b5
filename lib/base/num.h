#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers as text, strictly: the whole string must be the number.  Always
 * the C locale (no program calls setlocale).  0, or -1 without a message:
 * the caller knows what the number was for.
 */

/* num_u64(s, max, out): Decimal digits only, 0 .. ${max}. */
int num_u64(const char *s, uint64_t max, uint64_t *out);

/* num_i64(s, out): Decimal digits after an optional sign. */
int num_i64(const char *s, int64_t *out);

/* num_double(s, out): A finite decimal number (no hex, no nan, no inf). */
int num_double(const char *s, double *out);

/* num_seconds(s, out): "90", "90s", "1.5m", "2h", "1d" -> seconds >= 0. */
int num_seconds(const char *s, double *out);

/* num_bytes(s, out): "512", "64K", "64M", "2G" (powers of 1024) -> bytes. */
int num_bytes(const char *s, uint64_t *out);

/*
 * num_sort(v, n): Put values in order.  Of ${n} > 0 that are:
 * num_median(v, n): the middle one, or the mean of the two;
 * num_percentile(v, n, percent): the one of rank ceil(n percent / 100), from
 * 1 (the nearest rank).
 */
void num_sort(double *v, size_t n);
double num_median(const double *v, size_t n);
double num_percentile(const double *v, size_t n, unsigned percent);

enum { NUM_TEXT = 32 };

/*
 * num_text(x, buf):
 * Write the %.10g text of ${x} (a parameter's value *is* this text) to
 * ${buf}[NUM_TEXT]; returns its length.
 */
size_t num_text(double x, char *buf);

/*
 * num_exact(x, buf):
 * Likewise %.15g, %.16g or %.17g, the first that reads back as exactly ${x}
 * (from %.1g for numbers too small for full precision); "nan", "inf", "-inf"
 * for what is not finite.
 */
size_t num_exact(double x, char *buf);

/*
 * num_scan(s, n, out):
 * Read a number as programs print them from the start of the ${n} bytes at
 * ${s}, blanks before it skipped: 1e-3  0.5.  .5  +2  nan  -inf  Infinity
 * 1.5D+02 (Fortran) and wrapped ones: [0.25]  (0.25,)  "0.25"
 * np.float64(0.25)  tensor(0.25, device='cuda:0')  array([0.25]), any name
 * with nothing but named arguments behind the number, up to 8 deep.
 *
 * A number ends where no letter, digit or '_' follows; only the units that
 * do not scale, '%' and 's', may: "98.2%" is 98.2 and "3s" is 3, but 12abc,
 * 120ms, 1.5M, 0x1F, 1_000 and 1.2.3 are no numbers, since dropping what
 * follows would give another value.  Nor is an integer with a comma and a
 * digit behind it: "1,234" may be in thousands or have a decimal comma.
 * Too large ones are infinite.
 *
 * Returns the count of bytes read (unit and the wrapping's end included), 0
 * if there is no number.
 */
size_t num_scan(const char *s, size_t n, double *out);

#endif
