#ifndef TESTS_FAULT_SEEN_H
#define TESTS_FAULT_SEEN_H

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arr.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "tree.h"

/*
 * States of a campaign that were checked and brought to an end.  Two are the
 * same if they have the same files with the same sizes, but for what is
 * different each time: the writers in names, and what a host remembers.
 */
struct seen {
	size_t n, cap;
	struct seen_state {
		char *files, *sound;
	} * v;
};

/* "-PID.RESTART-RANDOM" at ${s}: its length, else 0. */
static size_t
seen_writer(const char *s)
{
	enum { RANDOM = 16 };
	size_t n = 1;

	if (*s != '-' || strspn(s + 1, "0123456789") == 0)
		return 0;
	n += strspn(s + n, "0123456789");
	if (s[n++] != '.')
		return 0;
	n += strspn(s + n, "0123456789");
	if (s[n++] != '-' || strspn(s + n, "0123456789abcdef") < RANDOM)
		return 0;

	return n + RANDOM;
}

static void /* NOLINTNEXTLINE(misc-no-recursion) */
seen_walk(const char *path, struct fs_names *lines)
{
	struct fs_names names = tree_list(path);
	struct str file = STR_EMPTY, line = STR_EMPTY;
	const char *p;
	struct stat st;
	size_t i;

	for (i = 0; i < names.n; i++) {
		fs_join(&file, path, names.v[i]);
		if (lstat(file.s, &st) < 0)
			die(file.s);
		str_cut(&line, 0);
		for (p = file.s; *p != '\0'; p++) {
			p += seen_writer(p);
			str_addc(&line, *p);
			if (*p == '\0')
				break;
		}
		if (S_ISDIR(st.st_mode))
			seen_walk(file.s, lines);
		else if (strstr(line.s, "/observed/") == NULL)
			str_addf(&line, " %lld", (long long)st.st_size);
		*arr_push(lines) = mem_dup(line.s);
	}
	fs_free(&names);
	str_free(&file);
	str_free(&line);
}

/* seen_files(path): What the state at ${path} is known by; to be freed. */
static char *
seen_files(const char *path)
{
	struct fs_names lines = { 0, 0, NULL };
	struct str all = STR_EMPTY;
	size_t i;

	seen_walk(path, &lines);
	fs_sort(&lines);
	for (i = 0; i < lines.n; i++)
		str_addf(&all, "%s\n", lines.v[i]);
	fs_free(&lines);

	return str_take(&all);
}

/* seen_find(s, files): What --fsck said of it, NULL if it was not seen. */
static const char *
seen_find(const struct seen *s, const char *files)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (str_eq(s->v[i].files, files))
			return s->v[i].sound;

	return NULL;
}

static void
seen_add(struct seen *s, const char *files, const char *sound)
{
	struct seen_state *new;

	if (seen_find(s, files) != NULL)
		return;
	new = arr_push(s);
	new->files = mem_dup(files);
	new->sound = mem_dup(sound);
}

#endif
