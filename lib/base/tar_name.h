#ifndef BASE_TAR_NAME_H
#define BASE_TAR_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Names of members of archives; for base/tar alone.
 */

/* tar_name_fault(name): What is wrong with it, or NULL. */
const char *tar_name_fault(const char *name);

/*
 * The names that have been seen, as hashes of 64 bits: of 400,000 archives
 * with ten million members each, in one are two names taken for the same.
 * Zeroed, it is empty.
 */
struct tar_name_set {
	size_t n, cap;
	uint64_t *v; /* 0: free */
};

/* tar_name_is_second(s, name): Has it been seen?  From now on it has. */
bool tar_name_is_second(struct tar_name_set *s, const char *name);
void tar_name_forget(struct tar_name_set *s);

#endif
