#include <stdio.h>
#include <string.h>

#include "base/tar_end.h"

static const char end_word[] = "[end]\ncrc32 = ";

void
tar_end_make(char block[TAR_BLOCK], uint32_t crc)
{
	memset(block, 0, TAR_BLOCK);
	snprintf(block, TAR_BLOCK, "%s%08lx\n", end_word, (unsigned long)crc);
}

bool
tar_end_is(const char block[TAR_BLOCK])
{
	return memcmp(block, end_word, sizeof end_word - 1) == 0;
}
