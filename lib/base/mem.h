#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Memory that never comes back NULL.  When there is none left the program
 * writes "out of memory" and ends with 71: every program is crash-only, so
 * ending here is as safe as anywhere.  This is the library's only exit.
 * Sizes that come from files are bounded before they get here.
 * The result is freed by free(3).
 */

void *mem_alloc(size_t size);

/* mem_zero(n, size): Like calloc(3). */
void *mem_zero(size_t n, size_t size);

/* mem_grow(p, n, size): Like reallocarray(3). */
void *mem_grow(void *p, size_t n, size_t size);

/* mem_dup(s): A copy of the string ${s}; NULL gives NULL. */
char *mem_dup(const char *s);

/* mem_dupn(p, n): A copy of ${n} bytes at ${p} with a NUL behind them. */
char *mem_dupn(const char *p, size_t n);

#endif
