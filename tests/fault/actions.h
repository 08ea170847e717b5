#ifndef TESTS_FAULT_ACTIONS_H
#define TESTS_FAULT_ACTIONS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"

/*
 * What can be done to a call (shim.c), what it is called in the crash matrix,
 * and how a program may end after it (hpo(7)).
 */

enum { REFUSED = 74, TEMPORARY = 75 };

static const struct action {
	const char *name, *fault;
	int code;     /* that it may end with, other than 0; -9: it is killed */
	bool well;    /* it ends with 0 */
	bool lenient; /* it may see less, and so do less */
} actions[] = { { "EIO", "EIO", REFUSED, false, false },
	{ "ENOSPC", "ENOSPC", TEMPORARY, false, false },
	{ "EDQUOT", "EDQUOT", TEMPORARY, false, false },
	{ "ESTALE", "ESTALE", TEMPORARY, false, false },
	{ "EINTR", "EINTR", REFUSED, false, false },
	{ "EIO+", "EIO for good", REFUSED, false, false },
	{ "ENOSPC+", "ENOSPC for good", TEMPORARY, false, false },
	{ "ESTALE+", "ESTALE for good", TEMPORARY, false, false },
	{ "lie", "lost reply", 0, true, false },
	{ "late", "done but EIO", REFUSED, false, false },
	{ "short", "short count", 0, true, false },
	{ "stale", "stale listing", 1, false, true },
	{ "unseen", "stale lookup", 1, false, true },
	{ "before", "kill before", -SIGKILL, false, false },
	{ "after", "kill after", -SIGKILL, false, false } };

/* The one of this name, NULL if there is none. */
static const struct action *
action_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (str_eq(name, actions[i].name))
			return &actions[i];

	return NULL;
}

/* Did it meet a call that changes no file, and says so once? */
static bool
action_reads(const struct action *a, const char *fired)
{
	static const char *const ops[] = { "open ", "read ", "close ", "list ",
		"readdir ", "stat " };
	size_t i;

	if (a->name[strlen(a->name) - 1] == '+')
		return false;
	for (i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (str_starts(fired, ops[i]))
			return true;

	return false;
}

#endif
