#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* crc_32(p, n): The CRC-32 of zip, gzip and PNG (ISO 3309), by zlib. */
uint32_t crc_32(const void *p, size_t n);

/* crc_32_more(crc, p, n): Of what ${crc} is of, followed by these bytes; that
 * of nothing is 0. */
uint32_t crc_32_more(uint32_t crc, const void *p, size_t n);

#endif
