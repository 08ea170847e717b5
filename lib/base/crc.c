#include <zlib.h>

#include "base/crc.h"

uint32_t
crc_32(const void *p, size_t n)
{
	return crc_32_more(0, p, n);
}

uint32_t
crc_32_more(uint32_t crc, const void *p, size_t n)
{
	return (uint32_t)crc32_z(crc, p, n);
}
