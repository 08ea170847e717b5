#ifndef TAP_H
#define TAP_H

/*
 * The Test Anything Protocol for the unit tests, without a plan ahead:
 * ok(), is_str() and is_num() print one line each, done() prints the plan
 * and yields main's result.  One program is one test file.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap {
	unsigned n, failed;
};

static inline struct tap *
tap_state(void)
{
	static struct tap state;

	return &state;
}

static inline bool tap_report(bool good, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static inline bool
ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool is_str(const char *got, const char *want, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
static inline bool is_num(double got, double want, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Multi-line text as comment lines below a failed test. */
static inline void
tap_show(const char *what, const char *text)
{
	const char *p = text != NULL ? text : "(null)";
	size_t n;

	do {
		n = strcspn(p, "\n");
		printf("# %s: %.*s\n", what, (int)n, p);
		p += n + (p[n] == '\n');
	} while (*p != '\0');
}

static inline bool
tap_report(bool good, const char *fmt, va_list ap)
{
	struct tap *t = tap_state();

	t->n++;
	t->failed += !good;
	printf("%sok %u - ", good ? "" : "not ", t->n);
	vprintf(fmt, ap);
	printf("\n");

	return good;
}

/* ok(good, fmt, ...): Did it hold?  The sentence says what. */
static inline bool
ok(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_report(good, fmt, ap);
	va_end(ap);

	return good;
}

/* is_str(got, want, fmt, ...): Are both texts the same, or both NULL? */
static inline bool
is_str(const char *got, const char *want, const char *fmt, ...)
{
	bool good;
	va_list ap;

	good =
	    got == NULL || want == NULL ? got == want : strcmp(got, want) == 0;
	va_start(ap, fmt);
	tap_report(good, fmt, ap);
	va_end(ap);
	if (!good) {
		tap_show(" got", got);
		tap_show("want", want);
	}

	return good;
}

/* is_num(got, want, fmt, ...): Are both numbers the same? */
static inline bool
is_num(double got, double want, const char *fmt, ...)
{
	bool good = !(got < want) && !(got > want);
	va_list ap;

	va_start(ap, fmt);
	tap_report(good, fmt, ap);
	va_end(ap);
	if (!good)
		printf("#  got: %.17g\n# want: %.17g\n", got, want);

	return good;
}

/* done(): Print the plan; 0 when all went well, else 1. */
static inline int
done(void)
{
	const struct tap *t = tap_state();

	printf("1..%u\n", t->n);
	if (t->failed > 0)
		printf("# %u of %u failed\n", t->failed, t->n);

	return t->failed > 0;
}

#endif
