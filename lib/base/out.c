#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/out.h"
#include "base/str.h"

enum { PIECE = 64 * 1024 };

void
out_init(struct out *o, int fd)
{
	memset(o, 0, sizeof *o);
	o->fd = fd;
}

static void
drain(struct out *o)
{
	if (o->failed == 0 && o->buf.n > 0 &&
	    fs_write_all(o->fd, o->buf.s, o->buf.n) != 0)
		o->failed = errno != 0 ? errno : EIO;
	str_cut(&o->buf, 0);
}

void
out_addn(struct out *o, const char *p, size_t n)
{
	str_addn(&o->buf, p, n);
	if (o->buf.n >= PIECE)
		drain(o);
}

void
out_add(struct out *o, const char *text)
{
	out_addn(o, text, strlen(text));
}

void
out_addc(struct out *o, char c)
{
	out_addn(o, &c, 1);
}

void
out_addf(struct out *o, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		o->failed = o->failed != 0 ? o->failed : EILSEQ;
		return;
	}
	if ((size_t)n < sizeof text) {
		out_addn(o, text, (size_t)n);
		return;
	}
	va_start(ap, fmt);
	vsnprintf(str_room(&o->buf, (size_t)n), (size_t)n + 1, fmt, ap);
	va_end(ap);
	str_grew(&o->buf, (size_t)n);
	if (o->buf.n >= PIECE)
		drain(o);
}

static int
verdict(const struct out *o, struct err *e)
{
	if (o->failed == 0)
		return 0;
	errno = o->failed;

	return err_sys(e, "cannot write the output");
}

int
out_flush(struct out *o, struct err *e)
{
	drain(o);

	return verdict(o, e);
}

int
out_close(struct out *o, struct err *e)
{
	drain(o);
	if (close(o->fd) != 0 && o->failed == 0)
		o->failed = errno;
	o->fd = -1;
	str_free(&o->buf);

	return verdict(o, e);
}

static void
add_hex(struct str *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	str_addc(b, hex[c >> 4]);
	str_addc(b, hex[c & 15]);
}

static bool
is_control(unsigned char c)
{
	return c < ' ' || c == 0x7f;
}

void
out_tsv(struct str *b, const char *text)
{
	size_t n;
	char c;

	for (;;) {
		for (n = 0; !is_control((unsigned char)text[n]); n++)
			if (text[n] == '\\')
				break;
		str_addn(b, text, n);
		text += n;
		if (*text == '\0')
			return;
		c = *text++;
		str_addc(b, '\\');
		switch (c) {
		case '\t':
			str_addc(b, 't');
			break;
		case '\n':
			str_addc(b, 'n');
			break;
		case '\r':
			str_addc(b, 'r');
			break;
		case '\\':
			str_addc(b, '\\');
			break;
		default:
			str_addc(b, 'x');
			add_hex(b, (unsigned char)c);
		}
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;

	return -1;
}

/* What the escape at ${p} stands for; its length in *${n}, or 0. */
static char
unescape(const char *p, size_t *n)
{
	int hi, lo;

	*n = 2;
	switch (p[1]) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case '\\':
		return '\\';
	case 'x':
		hi = hex_value(p[2]);
		lo = hi < 0 ? -1 : hex_value(p[3]);
		if (lo >= 0 && hi + lo > 0) { /* a NUL would end the text */
			*n = 4;
			return (char)(hi * 16 + lo);
		}
		break;
	default:
		break;
	}
	*n = 0;

	return '\\';
}

void
out_untsv(char *text)
{
	char *from = strchr(text, '\\');
	char *to = from;
	size_t n;

	if (from == NULL)
		return;
	while (*from != '\0') {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		*to++ = unescape(from, &n);
		from += n > 0 ? n : 1;
	}
	*to = '\0';
}

/* Bytes of the UTF-8 sequence at ${p} (RFC 3629), 0 if it is none. */
static size_t
utf8(const unsigned char *p)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t i, n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	/* Overlong forms, surrogates and what lies beyond U+10FFFF. */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;

	return n;
}

static bool
is_plain(unsigned char c)
{
	return c < 0x80 && !is_control(c) && c != '"' && c != '\\';
}

void
out_json(struct str *b, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n;

	str_addc(b, '"');
	while (*p != '\0') {
		for (n = 0; is_plain(p[n]); n++)
			;
		str_addn(b, (const char *)p, n);
		p += n;
		if (*p == '\0')
			break;
		if (*p == '"' || *p == '\\') {
			str_addc(b, '\\');
			str_addc(b, (char)*p++);
		} else if (is_control(*p)) {
			str_add(b, "\\u00");
			add_hex(b, *p++);
		} else if ((n = utf8(p)) > 0) {
			str_addn(b, (const char *)p, n);
			p += n;
		} else {
			str_add(b, "\357\277\275");
			p++;
		}
	}
	str_addc(b, '"');
}

void
out_csv(struct str *b, const char *text)
{
	const char *quote;

	if (text[strcspn(text, ",\"\r\n")] == '\0') {
		str_add(b, text);
		return;
	}
	str_addc(b, '"');
	while ((quote = strchr(text, '"')) != NULL) {
		str_addn(b, text, (size_t)(quote - text) + 1);
		str_addc(b, '"');
		text = quote + 1;
	}
	str_add(b, text);
	str_addc(b, '"');
}

void
out_duration(struct str *b, double seconds)
{
	long s = seconds < 1e15 ? (long)(seconds + 0.5) : 0;

	if (seconds < 0.9995)
		str_addf(b, "%.3f s", seconds);
	else if (seconds < 99.95)
		str_addf(b, "%.1f s", seconds);
	else if (s < 100L * 60)
		str_addf(b, "%ldm %02lds", s / 60, s % 60);
	else if (s < 100L * 3600)
		str_addf(b, "%ldh %02ldm", s / 3600, s % 3600 / 60);
	else
		str_addf(b, "%ldd %ldh", s / 86400, s % 86400 / 3600);
}
