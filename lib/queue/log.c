#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "queue/log.h"

void
log_init(int at, const char *path, uint64_t limit, struct log *l)
{
	memset(l, 0, sizeof *l);
	l->at = at;
	snprintf(l->path, sizeof l->path, "%s", path);
	l->fd = -1;
	l->limit = limit;
	l->head = limit / 2;
}

static void
make_file(struct log *l)
{
	l->fd = openat(l->at, l->path,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0666);
	if (l->fd < 0)
		l->failed = errno;
}

/*
 * Behind the head the file is a ring: offset ${head} + (k mod the tail's
 * share) holds byte ${head} + k of the output.
 */
void
log_add(struct log *l, const char *p, size_t n)
{
	uint64_t ring = l->limit - l->head, at, room;
	size_t k;

	if (n > 0 && l->fd < 0 && l->failed == 0)
		make_file(l);
	while (n > 0) {
		at = l->total < l->limit
		    ? l->total
		    : l->head + (l->total - l->head) % ring;
		room = l->limit - at;
		k = n < room ? n : (size_t)room;
		if (l->fd >= 0 &&
		    fs_pwrite_all(l->fd, p, k, (long long)at) < 0 &&
		    l->failed == 0)
			l->failed = errno;
		l->total += k;
		p += k;
		n -= k;
	}
}

/* The ring's bytes in their order. */
static char *
unroll(const struct log *l)
{
	size_t ring = (size_t)(l->limit - l->head);
	size_t start = (size_t)((l->total - l->head) % ring);
	char *text = mem_alloc(ring);
	ssize_t a, b;

	a = pread(l->fd, text, ring - start, (off_t)(l->head + start));
	b = pread(l->fd, text + ring - start, start, (off_t)l->head);
	if (a < 0 || b < 0 || (size_t)(a + b) != ring) {
		free(text);
		return NULL;
	}

	return text;
}

static void
straighten(struct log *l)
{
	struct str cut = STR_EMPTY;
	size_t ring = (size_t)(l->limit - l->head);
	char *text = unroll(l);

	if (text == NULL)
		return;
	str_addf(&cut, "\n[hpo: %llu bytes cut here, see log_limit]\n",
	    (unsigned long long)(l->total - l->limit));
	if (fs_pwrite_all(l->fd, cut.s, cut.n, (long long)l->head) < 0 ||
	    fs_pwrite_all(l->fd, text, ring,
		(long long)l->head + (long long)cut.n) < 0)
		l->failed = errno;
	str_free(&cut);
	free(text);
}

void
log_close(struct log *l, struct str *tail, size_t ntail)
{
	off_t end;
	ssize_t got;

	if (l->fd < 0)
		return;
	if (l->total > l->limit)
		straighten(l);
	end = lseek(l->fd, 0, SEEK_END);
	if (end > 0) {
		if ((off_t)ntail > end)
			ntail = (size_t)end;
		got = pread(l->fd, str_room(tail, ntail), ntail,
		    end - (off_t)ntail);
		if (got > 0)
			str_grew(tail, (size_t)got);
	}
	close(l->fd);
	l->fd = -1;
}
