#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/out.h"
#include "base/str.h"
#include "queue/exam.h"

void
exam_begin(struct exam *x, const char *name)
{
	memset(x, 0, sizeof *x);
	x->value = (double)NAN;
	snprintf(x->name, sizeof x->name, "%s", name);
}

void
exam_value(struct exam *x, double value, const char *unit)
{
	x->value = value;
	snprintf(x->unit, sizeof x->unit, "%s", unit);
}

static void say(struct exam *x, enum exam_status status, const char *remedy,
    const char *fmt, va_list ap) ERR_PRINTF(4, 0);

/* The worst that is said stays; what a trial said is not for a terminal. */
static void
say(struct exam *x, enum exam_status status, const char *remedy,
    const char *fmt, va_list ap)
{
	char *p;

	if (x->what[0] != '\0' && status <= x->status)
		return;
	x->status = status;
	snprintf(x->remedy, sizeof x->remedy, "%s", remedy);
	vsnprintf(x->what, sizeof x->what, fmt, ap);
	for (p = x->what; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
}

void
exam_ok(struct exam *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(x, EXAM_OK, "", fmt, ap);
	va_end(ap);
}

void
exam_note(struct exam *x, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(x, EXAM_NOTE, remedy, fmt, ap);
	va_end(ap);
}

void
exam_find(struct exam *x, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(x, EXAM_FINDING, remedy, fmt, ap);
	va_end(ap);
}

/* Three digits are enough for people. */
static const char *
short_value(const struct exam *x, char *buf, size_t size)
{
	if (x->word[0] != '\0' || isnan(x->value))
		snprintf(buf, size, "%s", x->word);
	else
		snprintf(buf, size,
		    fabs(x->value) < 100 ? "%.3g%s%s" : "%.0f%s%s", x->value,
		    x->unit[0] != '\0' ? " " : "", x->unit);

	return buf;
}

void
exam_text(const struct exam *x, struct str *b)
{
	static const char *const word[] = { "ok", "note", "NO" };
	char value[64];

	str_addf(b, "%-4s  %-8s  %12s  %s\n", word[x->status], x->name,
	    short_value(x, value, sizeof value), x->what);
	if (x->remedy[0] != '\0')
		str_addf(b, "      remedy: %s\n", x->remedy);
}

static void
add_text(struct str *b, const char *key, const char *text)
{
	str_addf(b, ", \"%s\": ", key);
	if (text[0] != '\0')
		out_json(b, text);
	else
		str_add(b, "null");
}

void
exam_json(const struct exam *x, struct str *b)
{
	static const char *const word[] = { "ok", "note", "finding" };

	str_add(b, "{\"name\": ");
	out_json(b, x->name);
	add_text(b, "status", word[x->status]);
	if (x->word[0] == '\0' && isfinite(x->value)) {
		str_add(b, ", \"value\": ");
		str_grew(b, num_exact(x->value, str_room(b, NUM_TEXT)));
	} else {
		add_text(b, "value", x->word);
	}
	add_text(b, "unit", x->unit);
	add_text(b, "what", x->what);
	add_text(b, "remedy", x->remedy);
	str_addc(b, '}');
}

void
exam_list_begin(struct exam_list *l, const char *campaign, struct str *b)
{
	l->n = 0;
	if (!l->json)
		return;
	str_add(b, "{\"campaign\": ");
	out_json(b, campaign);
	str_add(b, ", \"checks\": [\n");
}

void
exam_list_add(struct exam_list *l, const struct exam *x, struct str *b)
{
	if (!l->json) {
		exam_text(x, b);
		return;
	}
	str_add(b, l->n++ > 0 ? ",\n  " : "  ");
	exam_json(x, b);
}

void
exam_list_end(struct exam_list *l, unsigned findings, struct str *b)
{
	if (l->json)
		str_addf(b, "\n], \"findings\": %u}\n", findings);
}
