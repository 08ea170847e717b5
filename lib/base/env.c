#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/env.h"
#include "base/str.h"

extern char **environ;

void
env_init(struct env *v)
{
	char **p;

	memset(v, 0, sizeof *v);
	for (p = environ; p != NULL && *p != NULL; p++)
		*arr_push(v) = mem_dup(*p);
}

static size_t
find(const struct env *v, const char *name)
{
	size_t n = strlen(name), i;

	for (i = 0; i < v->n; i++)
		if (strncmp(v->v[i], name, n) == 0 && v->v[i][n] == '=')
			break;

	return i;
}

void
env_set(struct env *v, const char *name, const char *fmt, ...)
{
	struct str b = STR_EMPTY;
	char value[1024];
	char *big;
	size_t i;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	str_add(&b, name);
	str_addc(&b, '=');
	if (n >= 0 && (size_t)n < sizeof value) {
		str_add(&b, value);
	} else if (n >= 0) {
		big = mem_alloc((size_t)n + 1);
		va_start(ap, fmt);
		vsnprintf(big, (size_t)n + 1, fmt, ap);
		va_end(ap);
		str_add(&b, big);
		free(big);
	}
	i = find(v, name);
	if (i < v->n) {
		free(v->v[i]);
		v->v[i] = str_take(&b);
	} else {
		*arr_push(v) = str_take(&b);
	}
}

void
env_drop(struct env *v, const char *prefix)
{
	size_t i, n = 0;

	for (i = 0; i < v->n; i++)
		if (str_starts(v->v[i], prefix))
			free(v->v[i]);
		else
			v->v[n++] = v->v[i];
	v->n = n;
}

const char *
env_get(const struct env *v, const char *name)
{
	size_t i = find(v, name);

	return i < v->n ? v->v[i] + strlen(name) + 1 : NULL;
}

char **
env_done(struct env *v)
{
	*arr_push(v) = NULL;
	v->n--;

	return v->v;
}

void
env_free(struct env *v)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		free(v->v[i]);
	arr_free(v);
}
