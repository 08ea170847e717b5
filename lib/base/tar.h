#ifndef BASE_TAR_H
#define BASE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct err;

/*
 * Tar archives, plain or compressed, written and read in one pass; the only
 * user of libarchive.  They hold regular files and nothing else.
 *
 * What is written here ends, behind the end that tar(1) knows, with a block
 * that holds the CRC-32 of all bytes before it: neither tar nor gzip as
 * libarchive reads it would notice a flipped bit in a file.  It survives
 * another compression, tar(1) overlooks it, and archives without it are
 * read too.
 */
enum tar_filter { TAR_PLAIN, TAR_GZIP, TAR_XZ, TAR_ZSTD };

/* tar_filter_find(path): By its suffix: .tar .tar.gz .tar.xz .tar.zst, or
 * -1. */
int tar_filter_find(const char *path);

/*
 * tar_is(fd):
 * Does the file begin as a tar archive or a compressed file does?  Its
 * offset stays.
 */
bool tar_is(int fd);

struct tar_entry {
	const char *name; /* relative, no "..", no empty component */
	uint64_t size;    /* bytes */
	mode_t mode;      /* permission bits */
	int64_t mtime;    /* seconds from 1970 */
};

/*
 * tar_create(fd, filter, name, e):
 * Write an archive to ${fd}, which stays the caller's to sync and close;
 * ${name} is for messages.  The same members give the same bytes: no time,
 * owner or host of the writer's goes in.  NULL: error.
 */
struct tar_writer;
struct tar_writer *
tar_create(int fd, enum tar_filter filter, const char *name, struct err *e);

/* tar_add(w, entry, p, e): Add a member with its ${entry->size} bytes. */
int tar_add(struct tar_writer *w, const struct tar_entry *entry, const void *p,
    struct err *e);

/*
 * tar_add_file(w, name, fd, e):
 * Add a file's contents, as long as fstat(2) says now: what is appended
 * meanwhile is left out; one that has become shorter is an error
 * (EX_TEMPFAIL).
 */
int tar_add_file(struct tar_writer *w, const char *name, int fd, struct err *e);

/* tar_finish(w, e): Write the end and free; after an error too. */
int tar_finish(struct tar_writer *w, struct err *e);

/* tar_abandon(w): Free without an end. */
void tar_abandon(struct tar_writer *w);

/*
 * tar_open(fd, name, e):
 * Read an archive from the offset of ${fd} on.  Whoever wrote it is not
 * trusted: an absolute name, "..", a control character, a link, a device, a
 * name twice, damage, a missing end, a compression within a compression, and
 * more than TAR_FREE bytes at more than TAR_RATIO times what they were
 * compressed to are errors (EX_DATAERR) that name the archive and the entry.
 */
#define TAR_FREE ((uint64_t)1 << 30)
#define TAR_RATIO 2000
struct tar_reader;
struct tar_reader *tar_open(int fd, const char *name, struct err *e);

/* tar_open_part(fd, size, name, e): One that ends ${size} bytes behind the
 * offset, whatever comes then: a member of another archive. */
struct tar_reader *
tar_open_part(int fd, uint64_t size, const char *name, struct err *e);

/*
 * tar_next(r, entry, e):
 * 1 and the next regular file (directories are passed over), valid until the
 * next call; 0 at the end, when all that can be checked has been; -1.
 * A "./" before a name is dropped.
 */
int tar_next(struct tar_reader *r, struct tar_entry *entry, struct err *e);

/* tar_read(r, p, n, e): Up to ${n} bytes of the entry; 0 at its end. */
ssize_t tar_read(struct tar_reader *r, void *p, size_t n, struct err *e);

/*
 * tar_slurp(r, max, b, e):
 * Append the whole entry; longer than ${max} is EX_DATAERR.
 */
int tar_slurp(struct tar_reader *r, size_t max, struct str *b, struct err *e);

void tar_close(struct tar_reader *r);

#endif
