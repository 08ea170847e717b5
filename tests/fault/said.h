#ifndef TESTS_FAULT_SAID_H
#define TESTS_FAULT_SAID_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/fs.h"
#include "base/str.h"

/*
 * What programs have said, made comparable.
 */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* said_sort(b): The lines of a text in order, without those of attempts that
 * came to nothing: they may be more after a fault. */
static void
said_sort(struct str *b)
{
	static const char *const nothing[] = { "\tinterrupted", "\tlost",
		"\tfailed" };
	struct fs_names lines = { 0, 0, NULL };
	char *text = str_take(b), *save = NULL, *line;
	size_t i;

	for (line = text != NULL ? strtok_r(text, "\n", &save) : NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &save)) {
		for (i = 0; i < 3 && strstr(line, nothing[i]) == NULL; i++)
			continue;
		if (i == 3)
			*arr_push(&lines) = line;
	}
	if (lines.n > 1)
		qsort(lines.v, lines.n, sizeof *lines.v, by_text);
	for (i = 0; i < lines.n; i++)
		str_addf(b, "%s\n", lines.v[i]);
	arr_free(&lines);
	free(text);
}

/* said_is_part(some, all): Is each line of ${some} one of ${all}, as often?
 * Both are in order. */
static bool
said_is_part(const struct str *some, const struct str *all)
{
	const char *a = str_text(some), *b = str_text(all);
	size_t n, m;

	while (*a != '\0') {
		n = strcspn(a, "\n");
		m = strcspn(b, "\n");
		if (*b == '\0')
			return false;
		if (n == m && strncmp(a, b, n) == 0)
			a += n + (a[n] != '\0');
		b += m + (b[m] != '\0');
	}

	return true;
}

/* said_cut(b, ids): Of a table what is the same each time: not times, not the
 * attempts, nor what is told of earlier ones; with ${ids} only ids and
 * statuses. */
static void
said_cut(struct str *b, bool ids)
{
	char *text = str_take(b), *save = NULL, *line, *field, *end;
	bool keep[64] = { false };
	size_t i;
	bool head = true;

	for (line = text != NULL ? strtok_r(text, "\n", &save) : NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &save)) {
		for (i = 0, field = line; field != NULL && i < 64;
		     i++, field = end) {
			end = strchr(field, '\t');
			if (end != NULL)
				*end++ = '\0';
			if (head)
				keep[i] = str_eq(field, "id") ||
				    str_eq(field, "status") ||
				    (!ids && strchr(field, '.') != NULL &&
					!str_starts(field, "job."));
			if (keep[i])
				str_addf(b, "%s\t", field);
		}
		str_addc(b, '\n');
		head = false;
	}
	free(text);
}

#endif
