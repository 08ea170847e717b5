#include <zlib.h>

#include "base/crc.h"

uint32_t
crc_32(const void *p, size_t n)
{
	return (uint32_t)crc32_z(0, p, n);
}
