#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/line.h"

enum { CHUNK = 4096 };

/* What is there of a line: true if it is a whole one. */
static bool
cut(struct line *l, char **text)
{
	char *from, *end;

	if (l->buf.n == l->start)
		return false;
	from = l->buf.s + l->start;
	end = memchr(from, '\n', l->buf.n - l->start);
	if (end == NULL && !l->eof)
		return false;
	if (end == NULL) {
		l->start = l->buf.n;
	} else {
		*end = '\0';
		l->start += (size_t)(end - from) + 1;
	}
	*text = from;

	return true;
}

/* Drop what was given out, to read behind the rest. */
static void
shift(struct line *l)
{
	if (l->start > 0)
		memmove(l->buf.s, l->buf.s + l->start, l->buf.n - l->start);
	str_cut(&l->buf, l->buf.n - l->start);
	l->start = 0;
}

/* 1: there is something to read, 0: woken. */
static int
await(const struct line *l, int wake)
{
	struct pollfd fds[2];

	memset(fds, 0, sizeof fds);
	fds[0].fd = l->fd;
	fds[1].fd = wake;
	fds[0].events = fds[1].events = POLLIN;
	if (poll(fds, 2, -1) < 0)
		return errno == EINTR ? 0 : -1;

	return fds[1].revents == 0;
}

int
line_next(struct line *l, int wake, char **text, struct err *e)
{
	ssize_t n;
	int rc;

	while (!cut(l, text)) {
		if (l->eof)
			return LINE_END;
		rc = await(l, wake);
		if (rc == 0)
			return LINE_WOKEN;
		shift(l);
		n = rc < 0 ? -1 : read(l->fd, str_room(&l->buf, CHUNK), CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot read standard input");
		str_grew(&l->buf, (size_t)n);
		l->eof = n == 0;
	}

	return LINE_NEXT;
}

void
line_free(struct line *l)
{
	str_free(&l->buf);
}
