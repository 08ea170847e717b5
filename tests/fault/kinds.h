#ifndef TESTS_FAULT_KINDS_H
#define TESTS_FAULT_KINDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tree.h"

/*
 * What the faults are counted as, for the crash matrix.
 */
enum { KINDS = 16 };

struct kinds {
	size_t n;
	struct {
		const char *operation, *path;
		unsigned times;
	} v[KINDS];
};

/* kinds_take(k, text): OPERATION, or OPERATION=PATH. */
static void
kinds_take(struct kinds *k, char *text)
{
	size_t n = strcspn(text, "=");

	if (k->n == KINDS)
		die("too many operations");
	k->v[k->n].path = text + n + (text[n] != '\0');
	text[n] = '\0';
	k->v[k->n++].operation = text;
}

/* kinds_count(k, fired): One more, of "CALL /c/hpo/PATH..." or another. */
static void
kinds_count(struct kinds *k, const char *fired)
{
	static const char under[] = "/c/hpo/";
	const char *path = strstr(fired, under);
	size_t i;

	for (i = k->n - 1; i > 0; i--)
		if (path != NULL &&
		    str_starts(path + strlen(under), k->v[i].path))
			break;
	k->v[i].times++;
}

/* kinds_report(k, fault): Append them to $HPO_MATRIX; how many there were.
 * The count begins anew. */
static unsigned
kinds_report(struct kinds *k, const char *fault)
{
	const char *file = getenv("HPO_MATRIX");
	FILE *f = file != NULL ? fopen(file, "a") : NULL;
	unsigned n = 0;
	size_t i;

	if (file != NULL && f == NULL)
		die(file);
	for (i = 0; i < k->n; i++) {
		if (f != NULL && k->v[i].times > 0)
			fprintf(f, "%s\t%s\t%u\n", k->v[i].operation, fault,
			    k->v[i].times);
		n += k->v[i].times;
		k->v[i].times = 0;
	}
	if (f != NULL && fclose(f) != 0)
		die(file);

	return n;
}

#endif
