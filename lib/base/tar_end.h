#ifndef BASE_TAR_END_H
#define BASE_TAR_END_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the writer and the reader of base/tar agree on; for them alone.
 *
 * Both are two archives of libarchive's, one in the other: the tar archive
 * proper, and around it, in its "raw" format, the compression.  In between
 * all bytes pass through our hands, in pieces, and are summed.
 */
enum { TAR_PIECE = 1 << 17, TAR_BLOCK = 512 };

/* tar_end_make(block, crc): The last block, with the sum of all before it. */
void tar_end_make(char block[TAR_BLOCK], uint32_t crc);

/* tar_end_is(block): Does it begin as one? */
bool tar_end_is(const char block[TAR_BLOCK]);

#endif
