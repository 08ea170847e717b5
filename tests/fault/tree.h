#ifndef TESTS_FAULT_TREE_H
#define TESTS_FAULT_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

/*
 * Directories with all that is in them, for tests; what fails ends the test.
 */

enum { TREE_FILE = 1 << 24 };

static void
die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* tree_slurp(path, b): The file's bytes into ${b}; none if it is not there. */
static void
tree_slurp(const char *path, struct str *b)
{
	struct err e = ERR_NONE;

	str_cut(b, 0);
	if (fs_slurp(AT_FDCWD, path, TREE_FILE, b, &e) < 0 && e.sys != ENOENT)
		die(e.msg);
}

static void
tree_copy_file(const char *from, const char *to, mode_t mode)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;

	tree_slurp(from, &b);
	if (fs_create(AT_FDCWD, to, str_text(&b), b.n, &e) < 0 ||
	    ((mode & 0111) != 0 && chmod(to, mode & 0777) < 0))
		die(to);
	str_free(&b);
}

/* The names in a directory, sorted; none if it is none. */
static struct fs_names
tree_list(const char *path)
{
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;

	if (fs_list(AT_FDCWD, path, &names, &e) < 0)
		die(e.msg);
	fs_sort(&names);

	return names;
}

/* tree_copy(from, to): ${to} is made anew. */
static void /* NOLINTNEXTLINE(misc-no-recursion) */
tree_copy(const char *from, const char *to)
{
	struct fs_names names = tree_list(from);
	struct str a = STR_EMPTY, b = STR_EMPTY;
	struct err e = ERR_NONE;
	struct stat st;
	size_t i;

	if (fs_remove(AT_FDCWD, to, &e) < 0 || mkdir(to, 0777) < 0)
		die(to);
	for (i = 0; i < names.n; i++) {
		fs_join(&a, from, names.v[i]);
		fs_join(&b, to, names.v[i]);
		if (lstat(a.s, &st) < 0)
			die(a.s);
		if (S_ISDIR(st.st_mode))
			tree_copy(a.s, b.s);
		else
			tree_copy_file(a.s, b.s, st.st_mode);
	}
	fs_free(&names);
	str_free(&a);
	str_free(&b);
}

/* tree_same(a, b): Is the same in both? */
static bool /* NOLINTNEXTLINE(misc-no-recursion) */
tree_same(const char *one, const char *other)
{
	struct fs_names names = { 0, 0, NULL }, others = { 0, 0, NULL };
	struct str a = STR_EMPTY, b = STR_EMPTY, p = STR_EMPTY, q = STR_EMPTY;
	bool same = fs_is_dir(AT_FDCWD, one) == fs_is_dir(AT_FDCWD, other);
	size_t i;

	if (same && fs_is_dir(AT_FDCWD, one)) {
		names = tree_list(one);
		others = tree_list(other);
		same = names.n == others.n;
	} else if (same) {
		tree_slurp(one, &a);
		tree_slurp(other, &b);
		same = a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
	}
	for (i = 0; same && i < names.n; i++)
		same = str_eq(names.v[i], others.v[i]) &&
		    tree_same(fs_join(&p, one, names.v[i]),
			fs_join(&q, other, names.v[i]));
	fs_free(&names);
	fs_free(&others);
	str_free(&a);
	str_free(&b);
	str_free(&p);
	str_free(&q);

	return same;
}

#endif
