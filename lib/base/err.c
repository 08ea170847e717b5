#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

static int
code_of(int sys)
{
	switch (sys) {
	case EAGAIN:
	case ENOSPC:
	case EDQUOT:
	case ESTALE:
		return EX_TEMPFAIL;
	case EACCES:
	case EPERM:
	case EROFS:
		return EX_NOPERM;
	default:
		return EX_IOERR;
	}
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	e->sys = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);

	return -1;
}

int
err_add(struct err *e, int code, const char *fmt, ...)
{
	static const char more[] = "\nand more mistakes like these";
	size_t len = e->code == 0 ? 0 : strlen(e->msg);
	size_t room;
	va_list ap;
	int n;

	if (e->code == 0)
		e->code = code;
	if (len >= sizeof more &&
	    strcmp(e->msg + len - (sizeof more - 1), more) == 0)
		return -1;
	if (len > 0)
		e->msg[len++] = '\n';
	e->msg[len] = '\0';
	if (len + sizeof more >= sizeof e->msg)
		len = sizeof e->msg - sizeof more - 1;
	room = sizeof e->msg - len - sizeof more;
	va_start(ap, fmt);
	n = vsnprintf(e->msg + len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		memcpy(e->msg + (len > 0 ? len - 1 : 0), more, sizeof more);

	return -1;
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	size_t len;
	va_list ap;

	e->code = code_of(saved);
	e->sys = saved;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	len = strlen(e->msg);
	snprintf(e->msg + len, sizeof e->msg - len, ": %s", strerror(saved));
	errno = saved;

	return -1;
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char text[512];
	size_t n, len = strlen(e->msg);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text - 2, fmt, ap);
	va_end(ap);
	n = strlen(text);
	text[n++] = ':';
	text[n++] = ' ';
	if (n + len >= sizeof e->msg)
		len = sizeof e->msg - n - 1;
	memmove(e->msg + n, e->msg, len);
	memcpy(e->msg, text, n);
	e->msg[n + len] = '\0';

	return -1;
}

void
err_clear(struct err *e)
{
	e->code = 0;
	e->sys = 0;
	e->msg[0] = '\0';
}

/* One write(2), so that messages of concurrent programs do not interleave. */
static void
put_line(const char *prog, const char *line, size_t len)
{
	char buf[1536];
	size_t n;
	char *p;

	n = (size_t)snprintf(buf, 64, "%s: ", prog);
	if (len > sizeof buf - n - 1)
		len = sizeof buf - n - 1;
	memcpy(buf + n, line, len);
	n += len;
	for (p = buf; p < buf + n; p++)
		if ((unsigned char)*p < ' ' || *p == '\177')
			*p = '?';
	buf[n++] = '\n';
	if (write(STDERR_FILENO, buf, n) < 0)
		return; /* nowhere left to complain */
}

void
err_report(const char *prog, const struct err *e)
{
	const char *p = e->msg;
	size_t n;

	while (*p != '\0') {
		n = strcspn(p, "\n");
		put_line(prog, p, n);
		p += n + (p[n] == '\n');
	}
}

void
err_warn(const char *prog, const char *fmt, ...)
{
	char text[1400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put_line(prog, text, strlen(text));
}
