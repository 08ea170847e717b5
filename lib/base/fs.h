#ifndef BASE_FS_H
#define BASE_FS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/*
 * Files relative to a directory descriptor ${at} (AT_FDCWD is one), every
 * result checked, close-on-exec, EINTR and short counts handled.  On failure
 * -1, with the errno also in ${e->sys}.  Names that start with a dot are
 * invisible to listings.
 */

/*
 * Symbolic links.  A path's last component is never followed (ENOTDIR of a
 * listing, else EX_DATAERR or ELOOP), but where ${follow} says so and by
 * fs_open_dir(): those are for what the user names.  To the components before
 * the last fs_crosses_link() looks.
 */

/* fs_open_dir(at, path, e): A descriptor of a directory. */
int fs_open_dir(int at, const char *path, struct err *e);

/*
 * fs_open_file(at, path, follow, e):
 * A descriptor to read a regular file.  What is none is EX_DATAERR and never
 * waited for: a FIFO, a device.
 */
int fs_open_file(int at, const char *path, bool follow, struct err *e);

/*
 * fs_slurp(at, path, max, b, e):
 * Append a regular file's bytes to ${b}; more than ${max} is an error
 * (EX_DATAERR).
 */
int
fs_slurp(int at, const char *path, size_t max, struct str *b, struct err *e);

/* fs_drain(fd, name, max, b, e): The same of what a descriptor of any kind
 * still has to give; ${name} is for messages. */
int
fs_drain(int fd, const char *name, size_t max, struct str *b, struct err *e);

/*
 * fs_create(at, path, p, n, e):
 * Make a new file (O_EXCL) of ${n} bytes, not synced.  A file half written
 * is removed again.
 */
int fs_create(int at, const char *path, const void *p, size_t n, struct err *e);

/*
 * fs_write_all(fd, p, n): write(2) until done; -1 with errno.
 * fs_pwrite_all(fd, p, n, off): likewise at an offset.
 */
int fs_write_all(int fd, const void *p, size_t n);
int fs_pwrite_all(int fd, const void *p, size_t n, long long off);

/* fs_sync(at, path, e): fsync(2) a file or directory by its path.  A
 * directory of a file system that cannot sync directories (EINVAL) passes. */
int fs_sync(int at, const char *path, struct err *e);

/* fs_mkdir(at, path, e): Make a directory; one that is there is fine. */
int fs_mkdir(int at, const char *path, struct err *e);

/* fs_rename(at, from, to, e): rename(2). */
int fs_rename(int at, const char *from, const char *to, struct err *e);

/* The entries of a directory. */
struct fs_names {
	size_t n, cap;
	char **v;
};

/*
 * fs_list(at, path, names, e):
 * Append the entries of a directory, unsorted, without dot names.  -1 with
 * ENOENT or ENOTDIR in ${e->sys} where there is no such directory, or no
 * more: one that a server has forgotten meanwhile (ESTALE) is looked for anew.
 */
int fs_list(int at, const char *path, struct fs_names *names, struct err *e);

/* fs_sort(names): Into byte order. */
void fs_sort(struct fs_names *names);
void fs_free(struct fs_names *names);

/* fs_is_dir(at, path): Is it there, and a directory (no link)?  fs_is_link():
 * a symbolic link? */
bool fs_is_dir(int at, const char *path);
bool fs_is_link(int at, const char *path);

/* fs_crosses_link(at, path): Is a component of ${path} before the last one a
 * symbolic link?  What cannot be looked at is none. */
bool fs_crosses_link(int at, const char *path);

/*
 * fs_remove(at, path, e):
 * Remove a file, or a directory with all that is in it; what is gone
 * already is no failure.
 */
int fs_remove(int at, const char *path, struct err *e);

/* fs_join(b, dir, name): "dir/name" into ${b}, which is emptied first. */
const char *fs_join(struct str *b, const char *dir, const char *name);

#endif
