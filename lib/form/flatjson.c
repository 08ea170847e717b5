#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "form/flatjson.h"
#include "form/table.h"

enum { DEEP = 64, REPLACEMENT = 0xfffd };

void
flatjson_open(struct flatjson *j, char *text)
{
	j->started = false;
	j->p = text;
	j->sign = '\0';
}

static char *
skip_blanks(char *p)
{
	return p + strspn(p, " \t\r\n");
}

static int
expected(const char *what, const char *p, struct err *e)
{
	if (*p == '\0')
		return err_set(e, EX_DATAERR,
		    "the JSON object ends where %s should be", what);

	return err_set(e, EX_DATAERR,
	    "no JSON object: %s should be where '%.20s' is", what, p);
}

/* The code unit of the four hex digits at ${p}, or -1. */
static int32_t
hex4(const char *p)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at;
	int32_t x = 0;
	int i;

	for (i = 0; i < 4; i++) {
		at = p[i] != '\0' ? strchr(digits, p[i]) : NULL;
		if (at == NULL)
			return -1;
		x = x << 4 | (int32_t)((at - digits) & 15);
	}

	return x;
}

static char *
put_utf8(char *to, int32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
		return to;
	}
	if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*to++ = (char)(0xe0 | c >> 12);
		} else {
			*to++ = (char)(0xf0 | c >> 18);
			*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (c & 0x3f));

	return to;
}

/*
 * take_unicode(from, c):
 * The character of the \u at ${from}, of two if they are a pair; where it
 * ends, or NULL.
 */
static char *
take_unicode(char *from, int32_t *c)
{
	int32_t low;

	*c = hex4(from + 2);
	if (*c <= 0) /* a text holds no NUL */
		return NULL;
	from += 6;
	if (*c < 0xd800 || *c > 0xdfff)
		return from;
	low = *c < 0xdc00 && from[0] == '\\' && from[1] == 'u' ? hex4(from + 2)
							       : -1;
	if (low < 0xdc00 || low > 0xdfff) {
		*c = REPLACEMENT;
		return from;
	}
	*c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);

	return from + 6;
}

static char *
unescape(char *from, char **to)
{
	static const char name[] = "\"\\/bfnrt";
	static const char meaning[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int32_t c;

	if (from[1] == 'u') {
		from = take_unicode(from, &c);
		if (from != NULL)
			*to = put_utf8(*to, c);
		return from;
	}
	at = from[1] != '\0' ? strchr(name, from[1]) : NULL;
	if (at == NULL)
		return NULL;
	*(*to)++ = meaning[at - name];

	return from + 2;
}

/* Unescape the string whose quote is at ${p}; returns what follows it. */
static char *
take_string(char *p, struct err *e)
{
	char *to, *from;

	for (p++; *p != '"' && *p != '\\' && (unsigned char)*p >= ' '; p++)
		;
	to = p;
	while (*p != '"') {
		from = p;
		if ((unsigned char)*p < ' ')
			p = NULL;
		else if (*p == '\\')
			p = unescape(p, &to);
		else
			*to++ = *p++;
		if (p == NULL) {
			expected("the rest of a string", from, e);
			return NULL;
		}
	}
	*to = '\0';

	return p + 1;
}

/* The quote that ends the string whose quote is at ${p}, or its NUL. */
static char *
skip_string(char *p)
{
	for (p++; *p != '"' && *p != '\0'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;

	return p;
}

/* The end of the array or object at ${p}, or NULL. */
static char *
skip_nested(char *p)
{
	char close[DEEP];
	size_t depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '"') {
			p = skip_string(p);
			if (*p == '\0')
				return NULL;
		} else if (*p == '[' || *p == '{') {
			if (depth == DEEP)
				return NULL;
			close[depth++] = *p == '[' ? ']' : '}';
		} else if (*p == ']' || *p == '}') {
			if (depth == 0 || *p != close[depth - 1])
				return NULL;
			if (--depth == 0)
				return p + 1;
		}
	}

	return NULL;
}

/* Is it a value without brackets or quotes? */
static bool
is_bare(const char *p)
{
	return strcmp(p, "null") == 0 || strcmp(p, "true") == 0 ||
	    strcmp(p, "false") == 0 || table_is_number(p);
}

/* Read the value at ${p}, and the sign behind it. */
static int
take_value(struct flatjson *j, char *p, const char **value, struct err *e)
{
	bool nested = *p == '[' || *p == '{';
	char *end;

	*value = *p == '"' ? p + 1 : p;
	if (*p == '"') {
		end = take_string(p, e);
		if (end == NULL)
			return -1;
	} else {
		end = nested ? skip_nested(p) : p + strcspn(p, ",}] \t\r\n");
		if (end == NULL)
			return expected("a value", p, e);
	}
	j->p = skip_blanks(end);
	j->sign = *j->p;
	*end = '\0';
	if (**value == 'n' && *value == p && strcmp(p, "null") == 0)
		*value = NULL;
	else if (*value == p && !nested && !is_bare(p))
		return expected("a value", p, e);

	return 1;
}

static int
finish(struct flatjson *j, struct err *e)
{
	j->p = skip_blanks(j->p + 1);
	if (*j->p != '\0')
		return expected("its end", j->p, e);

	return 0;
}

int
flatjson_next(struct flatjson *j, const char **key, const char **value,
    struct err *e)
{
	bool first = !j->started;
	char *p;

	j->started = true;
	if (first) {
		j->p = skip_blanks(j->p);
		j->sign = *j->p;
		if (j->sign != '{')
			return expected("'{'", j->p, e);
	} else if (j->sign == '}') {
		return finish(j, e);
	} else if (j->sign != ',') {
		*j->p = j->sign;
		return expected("',' or '}'", j->p, e);
	}
	p = skip_blanks(j->p + 1);
	if (first && *p == '}') {
		j->p = p;
		return finish(j, e);
	}
	if (*p != '"')
		return expected("a name in quotes", p, e);
	*key = p + 1;
	p = take_string(p, e);
	if (p == NULL)
		return -1;
	p = skip_blanks(p);
	if (*p != ':')
		return expected("':'", p, e);

	return take_value(j, skip_blanks(p + 1), value, e);
}
