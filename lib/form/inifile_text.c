#include <string.h>

#include "base/str.h"
#include "form/inifile.h"

/* Append ${text} to ${b} in its one-line form. */
static void
add_escaped(struct str *b, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const char *p, *run = text;
	char code[4] = { '\\', 'x', '0', '0' };
	size_t n;
	unsigned char c;

	for (p = text; *p != '\0'; p++) {
		c = (unsigned char)*p;
		if (c > ' ' && c != '\\' && c != '\177')
			continue;
		if (c == ' ' && p > text && p[1] != '\0')
			continue;
		n = 2;
		if (c == '\n')
			code[1] = 'n';
		else if (c == '\r')
			code[1] = 'r';
		else if (c == '\t')
			code[1] = 't';
		else if (c == '\\')
			code[1] = '\\';
		else {
			code[1] = 'x';
			code[2] = hex[c >> 4];
			code[3] = hex[c & 15];
			n = 4;
		}
		str_addn(b, run, (size_t)(p - run));
		str_addn(b, code, n);
		run = p + 1;
	}
	str_addn(b, run, (size_t)(p - run));
}

char *
inifile_escape(const char *text)
{
	struct str b = STR_EMPTY;

	add_escaped(&b, text);

	return str_take(&b);
}

void
inifile_add(struct str *b, const char *key, const char *text)
{
	str_add(b, key);
	str_add(b, *text != '\0' ? " = " : " =");
	add_escaped(b, text);
	str_addc(b, '\n');
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;

	return -1;
}

/* The character of the escape at ${s}, 0 if it is none; its length. */
static int
unescape_one(const char *s, size_t *n)
{
	int hi, lo;

	*n = 2;
	switch (s[1]) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '\\':
		return '\\';
	case 'x':
		*n = 4;
		hi = hex_digit(s[2]);
		lo = hi < 0 ? -1 : hex_digit(s[3]);
		return lo < 0 ? 0 : hi << 4 | lo;
	default:
		return 0;
	}
}

void
inifile_unescape(char *s)
{
	char *from = strchr(s, '\\');
	unsigned char *to = (unsigned char *)from;
	size_t n = 0;
	int c;

	if (from == NULL)
		return;
	while (*from != '\0') {
		c = *from == '\\' ? unescape_one(from, &n) : 0;
		if (c == 0) {
			*to++ = (unsigned char)*from++;
		} else {
			*to++ = (unsigned char)c;
			from += n;
		}
	}
	*to = '\0';
}
