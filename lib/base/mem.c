#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

static void *
checked(void *p)
{
	static const char msg[] = "hpo: out of memory\n";

	if (p != NULL)
		return p;
	if (write(STDERR_FILENO, msg, sizeof msg - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

void *
mem_alloc(size_t size)
{
	return checked(malloc(size > 0 ? size : 1));
}

void *
mem_zero(size_t n, size_t size)
{
	return checked(calloc(n > 0 ? n : 1, size > 0 ? size : 1));
}

void *
mem_grow(void *p, size_t n, size_t size)
{
	if (size > 0 && n > SIZE_MAX / size)
		return checked(NULL);

	return checked(realloc(p, n * size > 0 ? n * size : 1));
}

char *
mem_dup(const char *s)
{
	return s == NULL ? NULL : mem_dupn(s, strlen(s));
}

char *
mem_dupn(const char *p, size_t n)
{
	char *copy = mem_alloc(n + 1);

	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';

	return copy;
}
