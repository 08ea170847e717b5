/* The header of the file of a segment, as any tar(1) writes it. */

#include <stdio.h>
#include <string.h>

#include "queue/segment.h"
#include "tap.h"

enum { NAME = 0, SIZE = 124, SUM = 148, TYPE = 156, MAGIC = 257 };
#define BLOCK ((size_t)512)

/* The sum of all bytes, with spaces in the place of the sum. */
static void
sign(char head[BLOCK])
{
	unsigned sum = 0;
	size_t i;

	memset(head + SUM, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += (unsigned char)head[i];
	snprintf(head + SUM, 8, "%06o", sum);
}

static void
make(char head[BLOCK], const char *size)
{
	memset(head, 0, BLOCK);
	memcpy(head + NAME, "table.tsv", 10);
	memcpy(head + SIZE, size, 12);
	head[TYPE] = '0';
	memcpy(head + MAGIC, "ustar", 6);
	sign(head);
}

static void
is(const char head[BLOCK], size_t n, uint64_t want, const char *what)
{
	uint64_t got = segment_head(head, n);

	ok(got == want, "%s: %llu", what, (unsigned long long)got);
}

static void
test_sizes(void)
{
	static const struct {
		const char *size;
		uint64_t want;
	} sizes[] = {
		{ "00000000000\0", BLOCK },
		{ "00000000001\0", 2 * BLOCK },
		{ "00000001000\0", 2 * BLOCK },
		{ "00000001001 ", 3 * BLOCK },
		{ "       1001 ", 3 * BLOCK },
		{ "777777777777", ((uint64_t)1 << 36) + BLOCK },
		{ "\200\0\0\0\0\0\0\2\0\0\0\1",
		    ((uint64_t)2 << 32) + 2 * BLOCK },
		/* None, and what no file has. */
		{ "            ", BLOCK },
		{ "0000000100x\0", BLOCK },
		{ "-0000001000\0", BLOCK },
		{ "\377\377\377\377\377\377\377\377\377\377\377\377", BLOCK },
		{ "\200\377\377\377\377\377\377\377\377\377\377\377", BLOCK },
	};
	char head[BLOCK], what[32];
	size_t i;

	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		make(head, sizes[i].size);
		snprintf(what, sizeof what, "size %zu", i);
		is(head, BLOCK, sizes[i].want, what);
	}
}

static void
test_headers(void)
{
	static const int places[] = { NAME, NAME + 9, SIZE, SUM, TYPE, MAGIC,
		BLOCK - 1 };
	char head[BLOCK], what[32];
	size_t i;

	make(head, "00000001000");
	is(head, BLOCK - 1, BLOCK, "not all of a header");
	for (i = 0; i < sizeof places / sizeof places[0]; i++) {
		make(head, "00000001000");
		head[places[i]] ^= 1;
		snprintf(what, sizeof what, "byte %d changed", places[i]);
		is(head, BLOCK, BLOCK, what);
	}
	for (i = 0; i < 2; i++) {
		make(head, "00000001000");
		memcpy(head + NAME, i == 0 ? "table.tsx" : "table.tsv.", 10);
		sign(head);
		is(head, BLOCK, BLOCK, "another name");
	}
	make(head, "00000001000");
	head[TYPE] = '2';
	sign(head);
	is(head, BLOCK, BLOCK, "a link");
}

int
main(void)
{
	test_sizes();
	test_headers();

	return done();
}
