#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stddef.h>

#include "base/err.h"

/*
 * An environment in the making, for a child to come: a copy of ours with
 * variables replaced.
 */
struct env {
	size_t n, cap;
	char **v; /* "NAME=VALUE", NULL at the end after env_done() */
};

/* env_init(v): Start from the process's own environment. */
void env_init(struct env *v);

/* env_set(v, name, fmt, ...): Add or replace a variable. */
void
env_set(struct env *v, const char *name, const char *fmt, ...) ERR_PRINTF(3, 4);

/* env_drop(v, prefix): Take out those whose names start so. */
void env_drop(struct env *v, const char *prefix);

/* env_get(v, name): Its value, or NULL. */
const char *env_get(const struct env *v, const char *name);

/* env_done(v): The NULL-terminated array for execve(2), still ${v}'s. */
char **env_done(struct env *v);

void env_free(struct env *v);

#endif
