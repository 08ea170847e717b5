#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/tar.h"
#include "base/tar_end.h"
#include "base/tar_name.h"

enum { MEMBERS = 1 << 26 }; /* the most there may be */

struct tar_reader {
	struct archive *tar, *pack;
	int fd;
	uint64_t size; /* the most that is read of it */
	char *name;
	char *at;          /* the entry's name */
	uint64_t in, out;  /* bytes read, bytes unpacked */
	uint64_t end;      /* where the last entry's data end */
	uint64_t left;     /* bytes of the entry that have not been read */
	uint32_t crc;      /* of what came before the piece */
	size_t n;          /* bytes in the piece */
	unsigned which;    /* of the two */
	bool over, lavish; /* the end was seen; the ratio is beyond bounds */
	int sys;           /* errno of a failed read */
	struct tar_name_set seen;
	char piece[2][TAR_PIECE];
	char packed[TAR_PIECE];
};

static la_ssize_t
get(struct archive *a, void *cookie, const void **p)
{
	struct tar_reader *r = cookie;
	uint64_t left = r->size - r->in;
	ssize_t n;

	do
		n = read(r->fd, r->packed,
		    left < TAR_PIECE ? (size_t)left : TAR_PIECE);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		r->sys = errno;
		archive_set_error(a, errno, "cannot read");
		return -1;
	}
	r->in += (uint64_t)n;
	*p = r->packed;

	return n;
}

/* The next piece of the tar archive; the last one stays where it is. */
static la_ssize_t
unpack(struct archive *a, void *cookie, const void **p)
{
	struct tar_reader *r = cookie;
	char *piece = r->piece[!r->which];
	la_ssize_t n = archive_read_data(r->pack, piece, TAR_PIECE);

	if (n > 0 && r->out + (uint64_t)n > TAR_FREE &&
	    (r->out + (uint64_t)n) / TAR_RATIO > r->in)
		r->lavish = true;
	if (n < 0 || r->lavish) {
		archive_set_error(a, EIO, "cannot unpack");
		return -1;
	}
	*p = piece;
	if (n == 0)
		return 0;
	r->crc = crc_32_more(r->crc, r->piece[r->which], r->n);
	r->which = !r->which;
	r->n = (size_t)n;
	r->out += (uint64_t)n;

	return n;
}

/* The entry is one that is refused. */
static int
refuse(const struct tar_reader *r, const char *why, struct err *e)
{
	if (r->at == NULL)
		return err_set(e, EX_DATAERR, "archive '%s': %s", r->name, why);

	return err_set(e, EX_DATAERR, "archive '%s': entry '%.999s': %s",
	    r->name, r->at, why);
}

/* libarchive has failed. */
static int
cannot_read(const struct tar_reader *r, struct err *e)
{
	struct archive *a = archive_errno(r->pack) != 0 ? r->pack : r->tar;
	const char *text = archive_error_string(a);

	if (r->sys != 0) {
		errno = r->sys;
		return err_sys(e, "cannot read '%s'", r->name);
	}
	if (r->lavish)
		return refuse(r,
		    "unpacks to more than 2000 times its size: unpack it with "
		    "tar if you trust it",
		    e);
	if (r->at == NULL)
		return err_set(e, EX_DATAERR,
		    "archive '%s': no tar archive, or damaged", r->name);

	return err_set(e, EX_DATAERR,
	    "archive '%s': damaged at or behind entry '%.999s': %s", r->name,
	    r->at, text != NULL ? text : "no reason given");
}

static int
open_reader(struct tar_reader *r, struct err *e)
{
	struct archive_entry *entry;

	if (archive_read_support_format_raw(r->pack) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(r->pack) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(r->pack) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(r->pack) != ARCHIVE_OK ||
	    archive_read_open(r->pack, r, NULL, get, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(r->pack, &entry) != ARCHIVE_OK)
		return cannot_read(r, e);
	if (archive_filter_count(r->pack) > 2)
		return refuse(r, "compressed more than once", e);
	if (archive_read_support_format_tar(r->tar) != ARCHIVE_OK ||
	    archive_read_open(r->tar, r, NULL, unpack, NULL) != ARCHIVE_OK)
		return cannot_read(r, e);

	return 0;
}

struct tar_reader *
tar_open(int fd, const char *name, struct err *e)
{
	return tar_open_part(fd, UINT64_MAX, name, e);
}

struct tar_reader *
tar_open_part(int fd, uint64_t size, const char *name, struct err *e)
{
	struct tar_reader *r = mem_zero(1, sizeof *r);

	r->fd = fd;
	r->size = size;
	r->name = mem_dup(name);
	r->tar = archive_read_new();
	r->pack = archive_read_new();
	if (r->tar == NULL || r->pack == NULL)
		err_set(e, EX_OSERR, "out of memory");
	else if (open_reader(r, e) == 0)
		return r;
	tar_close(r);

	return NULL;
}

/* A message is one line. */
static void
tidy(char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < ' ' || *name == '\177')
			*name = '?';
}

/* Is it nothing that we read?  The reason, or NULL. */
static const char *
bad_entry(struct tar_reader *r, struct archive_entry *entry)
{
	const char *why = tar_name_fault(r->at);

	if (why != NULL)
		return why;
	if (archive_entry_hardlink(entry) != NULL ||
	    archive_entry_filetype(entry) == AE_IFLNK)
		return "it is a link";
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return NULL;
	if (archive_entry_filetype(entry) != AE_IFREG)
		return "it is neither a file nor a directory";
	if (archive_entry_sparse_count(entry) > 0)
		return "it is a sparse file";
	if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
		return "it has no size";
	if (tar_name_is_second(&r->seen, r->at))
		return "it is there twice";
	if (r->seen.n > MEMBERS)
		return "it has too many before it";

	return NULL;
}

/* Is there anything but zeros behind the end in this piece? */
static bool
has_more(const struct tar_reader *r, uint64_t end)
{
	uint64_t base = r->out - r->n;
	size_t i = end > base ? (size_t)(end - base) : 0;

	for (; i < r->n; i++)
		if (r->piece[r->which][i] != '\0')
			return true;

	return false;
}

/* Is the sum right?  1; 0: there is none; -1: no. */
static int
check_sum(const struct tar_reader *r)
{
	char block[TAR_BLOCK];
	const char *piece = r->piece[r->which], *last;
	size_t n = r->n;

	if (r->out % TAR_BLOCK != 0 || n < TAR_BLOCK)
		return 0;
	last = piece + n - TAR_BLOCK;
	if (!tar_end_is(last))
		return 0;
	tar_end_make(block, crc_32_more(r->crc, piece, n - TAR_BLOCK));

	return memcmp(last, block, TAR_BLOCK) == 0 ? 1 : -1;
}

/* Behind the last entry: is the end there, and all as it should be? */
static int
check_end(struct tar_reader *r, struct err *e)
{
	uint64_t end = (uint64_t)archive_filter_bytes(r->tar, 0);
	const void *p;
	la_ssize_t n;
	bool more;
	int sum;

	free(r->at);
	r->at = NULL;
	if (end < r->end + TAR_BLOCK)
		return refuse(r, "its end is missing", e);
	more = has_more(r, end);
	while ((n = unpack(r->tar, r, &p)) > 0)
		more = has_more(r, end) || more;
	if (n < 0)
		return cannot_read(r, e);
	sum = check_sum(r);
	if (sum < 0)
		return refuse(r, "damaged: its checksum differs", e);
	if (sum == 0 && more)
		return refuse(r, "there is something behind its end", e);

	return 0;
}

static void
take_name(struct tar_reader *r, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);
	size_t n;

	while (name != NULL && name[0] == '.' && name[1] == '/')
		name += 2;
	free(r->at);
	r->at = mem_dup(name != NULL ? name : "");
	n = strlen(r->at);
	if (archive_entry_filetype(entry) == AE_IFDIR)
		while (n > 1 && r->at[n - 1] == '/')
			r->at[--n] = '\0';
}

int
tar_next(struct tar_reader *r, struct tar_entry *entry, struct err *e)
{
	struct archive_entry *head;
	const char *why;
	bool is_dir;
	int rc;

	for (;;) {
		if (r->over)
			return 0;
		if (r->at != NULL &&
		    archive_read_data_skip(r->tar) != ARCHIVE_OK)
			return cannot_read(r, e);
		r->end = (uint64_t)archive_filter_bytes(r->tar, 0);
		rc = archive_read_next_header(r->tar, &head);
		if (rc == ARCHIVE_EOF) {
			r->over = true;
			return check_end(r, e);
		}
		if (rc != ARCHIVE_OK)
			return cannot_read(r, e);
		take_name(r, head);
		is_dir = archive_entry_filetype(head) == AE_IFDIR;
		if (is_dir && (*r->at == '\0' || str_eq(r->at, ".")))
			continue; /* the root, as in "tar c ." */
		why = bad_entry(r, head);
		if (why != NULL) {
			tidy(r->at);
			return refuse(r, why, e);
		}
		if (!is_dir)
			break;
	}
	r->left = (uint64_t)archive_entry_size(head);
	entry->name = r->at;
	entry->size = r->left;
	entry->mode = archive_entry_perm(head) & 0777;
	entry->mtime = (int64_t)archive_entry_mtime(head);

	return 1;
}

ssize_t
tar_read(struct tar_reader *r, void *p, size_t n, struct err *e)
{
	la_ssize_t got = archive_read_data(r->tar, p, n);

	if (got < 0)
		return cannot_read(r, e);
	/* GNU headers have a second size, of sparse files, which may lie. */
	if ((uint64_t)got > r->left || (got == 0 && n > 0 && r->left > 0))
		return refuse(r, "it is not as long as it says", e);
	r->left -= (uint64_t)got;

	return (ssize_t)got;
}

int
tar_slurp(struct tar_reader *r, size_t max, struct str *b, struct err *e)
{
	size_t old = b->n;
	ssize_t n;

	do {
		n = tar_read(r, str_room(b, TAR_PIECE), TAR_PIECE, e);
		if (n < 0)
			return -1;
		str_grew(b, (size_t)n);
		if (b->n - old > max)
			return refuse(r, "it is too large", e);
	} while (n > 0);

	return 0;
}

void
tar_close(struct tar_reader *r)
{
	if (r == NULL)
		return;
	archive_read_free(r->tar);
	archive_read_free(r->pack);
	tar_name_forget(&r->seen);
	free(r->at);
	free(r->name);
	free(r);
}
