#ifndef BASE_WALK_H
#define BASE_WALK_H

#include "base/fs.h"

struct err;

/* What is below a directory. */

/*
 * walk_files(at, path, files, e):
 * Append the path, beginning with ${path}, of every regular file below a
 * directory, dot names too, in byte order; files of which NFS keeps but a
 * handle (.nfs...) are passed over.  What is neither a file nor a directory
 * is EX_DATAERR, with its name.
 */
int walk_files(int at, const char *path, struct fs_names *files, struct err *e);

/*
 * walk_dirs(at, path, names, e):
 * As fs_list(), but without what the listing itself shows to be no
 * directory.
 */
int walk_dirs(int at, const char *path, struct fs_names *names, struct err *e);

#endif
