#ifndef BASE_ARR_H
#define BASE_ARR_H

#include <stdlib.h>

#include "base/mem.h"

/*
 * Growable arrays by macro.  A struct that starts
 *	struct { size_t n, cap; T *v; } items;
 * zeroed, is an empty array of T.
 *
 * arr_push(a): make room for one more at the end and yield its address,
 * contents undefined.  arr_free(a): free the elements' storage and empty it.
 */
#define arr_push(a)                                                            \
	((a)->v = (a)->n < (a)->cap                                            \
		? (a)->v                                                       \
		: mem_grow((a)->v,                                             \
		      (a)->cap = (a)->cap == 0 ? 8 : 2 * (a)->cap,             \
		      sizeof *(a)->v),                                         \
	    &(a)->v[(a)->n++])

#define arr_free(a)                                                            \
	(free((a)->v), (a)->v = NULL, (a)->n = 0, (a)->cap = 0, (void)0)

#endif
