#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/tar.h"
#include "base/tar_end.h"

enum { RECORD = 20 * TAR_BLOCK }; /* of tar(1) */

struct tar_writer {
	struct archive *tar, *pack;
	struct archive_entry *entry;
	int fd;
	char *name;
	uint64_t n;   /* bytes of the tar archive */
	uint32_t crc; /* of them */
	int sys;      /* errno of the first failure */
	bool dropped; /* nothing is written any more */
	char piece[TAR_PIECE];
};

/* Pass bytes of the tar archive on to the compression. */
static la_ssize_t
pack(struct archive *tar, void *cookie, const void *p, size_t n)
{
	struct tar_writer *w = cookie;

	w->crc = crc_32_more(w->crc, p, n);
	w->n += n;
	if (archive_write_data(w->pack, p, n) != (la_ssize_t)n) {
		archive_set_error(tar, EIO, "cannot pack");
		return -1;
	}

	return (la_ssize_t)n;
}

/*
 * And what comes out of it to the file.  A failure is remembered and not told
 * libarchive: it would never free the buffers of an archive that has failed.
 */
static la_ssize_t
put(struct archive *a, void *cookie, const void *p, size_t n)
{
	struct tar_writer *w = cookie;

	(void)a;
	if (!w->dropped && w->sys == 0 && fs_write_all(w->fd, p, n) < 0)
		w->sys = errno;

	return (la_ssize_t)n;
}

static int
cannot_write(struct tar_writer *w, struct err *e)
{
	const char *text = archive_error_string(w->tar);

	if (w->sys == 0 && archive_errno(w->pack) != 0)
		text = archive_error_string(w->pack);
	if (w->sys == 0)
		return err_set(e, EX_IOERR, "cannot write '%s': %s", w->name,
		    text != NULL ? text : "it failed before");
	errno = w->sys;

	return err_sys(e, "cannot write '%s'", w->name);
}

static int
set_filter(struct archive *a, enum tar_filter filter)
{
	switch (filter) {
	case TAR_GZIP:
		/* Not the time of day. */
		return archive_write_add_filter_gzip(a) == ARCHIVE_OK
		    ? archive_write_set_filter_option(a, "gzip", "timestamp",
			  NULL)
		    : ARCHIVE_FATAL;
	case TAR_XZ:
		return archive_write_add_filter_xz(a);
	case TAR_ZSTD:
		/* Of small texts and packed files level 1 makes no more than
		 * level 3 does, in half the time. */
		return archive_write_add_filter_zstd(a) == ARCHIVE_OK
		    ? archive_write_set_filter_option(a, "zstd",
			  "compression-level", "1")
		    : ARCHIVE_FATAL;
	default:
		return ARCHIVE_OK;
	}
}

static int
open_writer(struct tar_writer *w, enum tar_filter filter)
{
	if (archive_write_set_format_raw(w->pack) != ARCHIVE_OK ||
	    set_filter(w->pack, filter) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(w->pack, TAR_PIECE) !=
		ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(w->pack, 1) != ARCHIVE_OK ||
	    archive_write_open(w->pack, w, NULL, put, NULL) != ARCHIVE_OK)
		return -1;
	archive_entry_set_pathname(w->entry, "tar");
	archive_entry_set_filetype(w->entry, AE_IFREG);
	if (archive_write_header(w->pack, w->entry) != ARCHIVE_OK)
		return -1;
	/* GNU's variant has no limits, and no opinion on charsets. */
	if (archive_write_set_format_gnutar(w->tar) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(w->tar, TAR_PIECE) !=
		ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(w->tar, 1) != ARCHIVE_OK ||
	    archive_write_open(w->tar, w, NULL, pack, NULL) != ARCHIVE_OK)
		return -1;

	return 0;
}

struct tar_writer *
tar_create(int fd, enum tar_filter filter, const char *name, struct err *e)
{
	struct tar_writer *w = mem_zero(1, sizeof *w);

	w->fd = fd;
	w->name = mem_dup(name);
	w->tar = archive_write_new();
	w->pack = archive_write_new();
	w->entry = archive_entry_new();
	if (w->tar == NULL || w->pack == NULL || w->entry == NULL) {
		err_set(e, EX_OSERR, "out of memory");
	} else if (open_writer(w, filter) == 0) {
		return w;
	} else {
		cannot_write(w, e);
	}
	tar_abandon(w);

	return NULL;
}

static int
add_header(struct tar_writer *w, const struct tar_entry *entry, struct err *e)
{
	archive_entry_clear(w->entry);
	archive_entry_set_pathname(w->entry, entry->name);
	archive_entry_set_filetype(w->entry, AE_IFREG);
	archive_entry_set_perm(w->entry, entry->mode & 07777);
	archive_entry_set_size(w->entry, (la_int64_t)entry->size);
	archive_entry_set_mtime(w->entry, (time_t)entry->mtime, 0);
	if (archive_write_header(w->tar, w->entry) != ARCHIVE_OK || w->sys != 0)
		return cannot_write(w, e);

	return 0;
}

static int
add_data(struct tar_writer *w, const void *p, size_t n, struct err *e)
{
	if ((n > 0 && archive_write_data(w->tar, p, n) != (la_ssize_t)n) ||
	    w->sys != 0)
		return cannot_write(w, e);

	return 0;
}

int
tar_add(struct tar_writer *w, const struct tar_entry *entry, const void *p,
    struct err *e)
{
	if (add_header(w, entry, e) < 0)
		return -1;

	return add_data(w, p, (size_t)entry->size, e);
}

int
tar_add_file(struct tar_writer *w, const char *name, int fd, struct err *e)
{
	struct tar_entry entry = { .name = name };
	uint64_t done = 0;
	struct stat st;
	size_t want;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot read '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EX_DATAERR, "'%s' is not a file", name);
	entry.size = (uint64_t)st.st_size;
	entry.mode = st.st_mode & 07777;
	entry.mtime = (int64_t)st.st_mtime;
	if (add_header(w, &entry, e) < 0)
		return -1;
	while (done < entry.size) {
		want = entry.size - done < TAR_PIECE
		    ? (size_t)(entry.size - done)
		    : TAR_PIECE;
		n = pread(fd, w->piece, want, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot read '%s'", name);
		if (n == 0)
			return err_set(e, EX_TEMPFAIL,
			    "'%s' became shorter while it was read", name);
		if (add_data(w, w->piece, (size_t)n, e) < 0)
			return -1;
		done += (uint64_t)n;
	}

	return 0;
}

/* Fill the last record of tar(1), with the sum as its last block. */
static int
add_end(struct tar_writer *w)
{
	char zeros[RECORD] = { 0 }, block[TAR_BLOCK];
	size_t n = (size_t)(RECORD - (w->n + TAR_BLOCK) % RECORD) % RECORD;

	if (pack(w->tar, w, zeros, n) < 0)
		return -1;
	tar_end_make(block, w->crc);

	return pack(w->tar, w, block, TAR_BLOCK) < 0 ? -1 : 0;
}

int
tar_finish(struct tar_writer *w, struct err *e)
{
	int bad = 0;

	if (w->sys != 0 || archive_write_close(w->tar) != ARCHIVE_OK ||
	    add_end(w) < 0 || archive_write_close(w->pack) != ARCHIVE_OK ||
	    w->sys != 0)
		bad = cannot_write(w, e);
	tar_abandon(w);

	return bad;
}

void
tar_abandon(struct tar_writer *w)
{
	if (w == NULL)
		return;
	/* Freeing writes the end. */
	w->dropped = true;
	archive_write_free(w->tar);
	archive_write_free(w->pack);
	archive_entry_free(w->entry);
	free(w->name);
	free(w);
}
