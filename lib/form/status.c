#include <stddef.h>

#include "base/str.h"
#include "form/result.h"

static const char *const names[STATUS_COUNT] = {
	[STATUS_OK] = "ok",
	[STATUS_PRUNED] = "pruned",
	[STATUS_FAILED] = "failed",
	[STATUS_TIMEOUT] = "timeout",
	[STATUS_OOM] = "oom",
	[STATUS_INTERRUPTED] = "interrupted",
	[STATUS_LOST] = "lost",
	[STATUS_CANCELLED] = "cancelled",
};

const char *
status_name(enum status s)
{
	return names[s];
}

int
status_find(const char *name)
{
	int i;

	for (i = 0; i < STATUS_COUNT; i++)
		if (str_eq(name, names[i]))
			return i;

	return -1;
}
