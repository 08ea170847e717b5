#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/tar.h"
#include "queue/segment.h"

enum { BLOCK = 512, TABLE_MAX = 1 << 30, STALE_TRIES = 3 };

/* The file of a segment, open. */
struct opened {
	const struct queue *q;
	uint32_t number;
	int fd;
};

/* Where a member's data are. */
struct part {
	uint64_t at, size;
};

int
segment_damaged(const struct queue *q, uint32_t segment, const char *member,
    size_t line, const char *what, struct err *e)
{
	struct str where = STR_EMPTY;

	segment_path(segment, &where);
	str_addf(&where, ": %s", member);
	if (line > 0)
		str_addf(&where, ":%zu", line);
	err_set(e, EX_DATAERR, "%s/hpo/%s: segment damaged: %s", q->path,
	    where.s, what);
	str_free(&where);

	return -1;
}

static int
open_file(const struct queue *q, uint32_t number, struct err *e)
{
	struct str path = STR_EMPTY;
	int fd = fs_open_file(q->fd, segment_path(number, &path), false, e);

	if (fd < 0)
		err_prefix(e, "campaign '%s'", q->path);
	str_free(&path);

	return fd;
}

/* Read ${n} bytes, or fewer at the end of the file. */
static ssize_t
read_at(int fd, char *p, size_t n, uint64_t at)
{
	size_t got = 0;
	ssize_t k;

	while (got < n) {
		k = pread(fd, p + got, n - got, (off_t)(at + got));
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		if (k == 0)
			break;
		got += (size_t)k;
	}

	return (ssize_t)got;
}

static uint64_t
round_up(uint64_t n)
{
	return (n + BLOCK - 1) / BLOCK * BLOCK;
}

/* A number of a header, as tar(5) writes them: octal, or from 8 GiB on
 * binary, which GNU began. */
static int
take_number(const char *field, size_t n, uint64_t *u)
{
	const unsigned char *p = (const unsigned char *)field;
	bool binary = p[0] == 0x80;
	size_t i = binary;

	*u = 0;
	while (!binary && i < n && p[i] == ' ')
		i++;
	if (!binary && (i == n || p[i] < '0' || p[i] > '7'))
		return -1;
	for (; i < n; i++) {
		if (!binary && (p[i] < '0' || p[i] > '7'))
			return p[i] == ' ' || p[i] == '\0' ? 0 : -1;
		if (*u >> 54 != 0)
			return -1;
		*u = binary ? *u << 8 | p[i] : *u << 3 | (p[i] - '0');
	}

	return 0;
}

/* Is it the header of a file of this name?  Then how long is it? */
static int
take_header(const char head[BLOCK], const char *name, uint64_t *size)
{
	enum { NAME = 100, SIZE = 124, SUM = 148, TYPE = 156, MAGIC = 257 };
	uint64_t sum = 0, want;
	size_t i;

	for (i = 0; i < BLOCK; i++)
		sum += i >= SUM && i < TYPE ? ' ' : (unsigned char)head[i];

	return strncmp(head, name, NAME) == 0 &&
		memcmp(head + MAGIC, "ustar", 5) == 0 &&
		(head[TYPE] == '0' || head[TYPE] == '\0') &&
		take_number(head + SUM, TYPE - SUM, &want) == 0 &&
		want == sum && take_number(head + SIZE, 12, size) == 0
	    ? 0
	    : -1;
}

static int
unreadable(const struct opened *o, struct err *e)
{
	return err_sys(e, "cannot read '%s/hpo/segments/%04u'", o->q->path,
	    o->number);
}

/* The member whose header is at ${at}. */
static int
find_part(const struct opened *o, const char *name, uint64_t at,
    struct part *part, struct err *e)
{
	char head[BLOCK];
	struct stat st;
	ssize_t n = read_at(o->fd, head, sizeof head, at);

	if (n < 0 || fstat(o->fd, &st) < 0)
		return unreadable(o, e);
	if (n < BLOCK)
		return segment_damaged(o->q, o->number, name, 0,
		    "it is cut off", e);
	if (take_header(head, name, &part->size) < 0)
		return segment_damaged(o->q, o->number, name, 0,
		    "it is not where it should be", e);
	part->at = at + BLOCK;
	if (part->at + part->size > (uint64_t)st.st_size)
		return segment_damaged(o->q, o->number, name, 0,
		    "it is cut off", e);

	return 0;
}

static int
read_table(const struct opened *o, struct str *text, struct err *e)
{
	struct part part = { 0, 0 };
	ssize_t n;

	if (find_part(o, SEGMENT_TABLE, 0, &part, e) < 0)
		return -1;
	if (part.size > TABLE_MAX)
		return segment_damaged(o->q, o->number, SEGMENT_TABLE, 0,
		    "it is too large", e);
	n = read_at(o->fd, str_room(text, (size_t)part.size), (size_t)part.size,
	    part.at);
	if (n < 0)
		return unreadable(o, e);
	str_grew(text, (size_t)n);

	return 0;
}

int
segment_table(const struct queue *q, uint32_t number, struct str *text,
    struct err *e)
{
	struct opened o = { .q = q, .number = number };
	int bad, tries = 0;

	/* A server may forget what was opened, because it was removed: then
	 * the name says what is there now. */
	do {
		err_clear(e);
		o.fd = open_file(q, number, e);
		bad = o.fd < 0 || read_table(&o, text, e) < 0;
		if (o.fd >= 0)
			close(o.fd);
	} while (bad && e->sys == ESTALE && ++tries <= STALE_TRIES);

	return bad ? -1 : 0;
}

uint64_t
segment_head(const char *p, size_t n)
{
	uint64_t size;

	if (n < BLOCK || take_header(p, SEGMENT_TABLE, &size) < 0)
		return BLOCK;

	return BLOCK + round_up(size);
}

static int
find_files(const struct queue *q, uint32_t number, int fd, struct part *part,
    struct err *e)
{
	const struct opened o = { .q = q, .number = number, .fd = fd };
	struct part table = { 0, 0 };

	if (find_part(&o, SEGMENT_TABLE, 0, &table, e) < 0)
		return -1;

	return find_part(&o, SEGMENT_FILES, table.at + round_up(table.size),
	    part, e);
}

/*
 * Where a header is damaged: from the block on that begins as RFC 8878 says,
 * to the last byte that is none of those that fill and end the file around
 * it, behind which nothing could be unpacked.
 */
static int
search_files(int fd, struct part *part)
{
	static const char magic[] = "\x28\xb5\x2f\xfd", end[] = "[end]\n";
	char block[BLOCK];
	uint64_t last;
	struct stat st;
	ssize_t n;

	part->at = 0;
	while ((n = read_at(fd, block, BLOCK, part->at)) == BLOCK &&
	    memcmp(block, magic, sizeof magic - 1) != 0)
		part->at += BLOCK;
	if (n < BLOCK || fstat(fd, &st) < 0)
		return -1;
	last = ((uint64_t)st.st_size - 1) / BLOCK * BLOCK;
	do {
		n = read_at(fd, block, BLOCK, last);
		if (n < 0)
			return -1;
		if (n == BLOCK && memcmp(block, end, sizeof end - 1) == 0)
			n = 0;
		while (n > 0 && block[n - 1] == '\0')
			n--;
		part->size = last + (uint64_t)n - part->at;
		last -= BLOCK;
	} while (n == 0 && last >= part->at);

	return 0;
}

static int
open_files(const struct queue *q, uint32_t number, const struct part *part,
    struct segment_files *f, struct err *e)
{
	struct str path = STR_EMPTY, name = STR_EMPTY;

	str_addf(&name, "%s/hpo/%s: " SEGMENT_FILES, q->path,
	    segment_path(number, &path));
	if (lseek(f->fd, (off_t)part->at, SEEK_SET) < 0)
		err_sys(e, "cannot read '%s'", name.s);
	else
		f->tar = tar_open_part(f->fd, part->size, name.s, e);
	str_free(&name);
	str_free(&path);

	return f->tar != NULL ? 0 : -1;
}

int
segment_files_open(const struct queue *q, uint32_t number,
    struct segment_files *f, struct err *e)
{
	struct part part = { 0, 0 };

	f->tar = NULL;
	f->fd = open_file(q, number, e);

	return f->fd < 0 || find_files(q, number, f->fd, &part, e) < 0 ||
		open_files(q, number, &part, f, e) < 0
	    ? -1
	    : 0;
}

int
segment_files_salvage(const struct queue *q, uint32_t number,
    struct segment_files *f)
{
	struct err ignored = ERR_NONE;
	struct part part = { 0, 0 };

	f->tar = NULL;
	f->fd = open_file(q, number, &ignored);
	if (f->fd < 0 ||
	    (find_files(q, number, f->fd, &part, &ignored) < 0 &&
		search_files(f->fd, &part) < 0))
		return -1;

	return open_files(q, number, &part, f, &ignored);
}

void
segment_files_close(struct segment_files *f)
{
	tar_close(f->tar);
	if (f->fd >= 0)
		close(f->fd);
}

static int
verify(struct tar_reader *r, const char *name, struct err *e)
{
	static const char *const want[] = { SEGMENT_TABLE, SEGMENT_FILES };
	enum { WANT = sizeof want / sizeof want[0] };
	struct tar_entry entry;
	size_t n = 0;
	int rc;

	while ((rc = tar_next(r, &entry, e)) > 0)
		if (n == WANT || !str_eq(entry.name, want[n++]))
			return err_set(e, EX_DATAERR,
			    "archive '%s': entry '%s': it does not belong "
			    "there",
			    name, entry.name);
	if (rc == 0 && n < WANT)
		return err_set(e, EX_DATAERR, "archive '%s': no %s", name,
		    want[n]);

	return rc;
}

int
segment_verify(const struct queue *q, uint32_t number, struct err *e)
{
	struct str path = STR_EMPTY, name = STR_EMPTY;
	struct tar_reader *r;
	int bad, fd = open_file(q, number, e);

	if (fd < 0)
		return -1;
	str_addf(&name, "%s/hpo/%s", q->path, segment_path(number, &path));
	r = tar_open(fd, name.s, e);
	bad = r == NULL || verify(r, name.s, e) < 0;
	tar_close(r);
	close(fd);
	str_free(&name);
	str_free(&path);

	return bad ? -1 : 0;
}
