#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * Fuzz targets: tests/fuzz/f_NAME.c holds one function, which gets bytes
 * nobody has checked and must neither crash, hang, leak, nor break a property
 * that it states with must().  Built with clang's -fsanitize=fuzzer it looks
 * for such bytes; built with replay.c it is shown those of corpus/NAME.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* must(ok, what): End the program, loudly, unless ${ok}. */
static inline void
must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz: this does not hold: %s\n", what);
	abort();
}

/* A string of the bytes, of just their size, so that a read behind them is
 * seen; the caller frees it. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	return mem_dupn((const char *)data, size);
}

#endif
