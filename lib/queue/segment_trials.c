#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/tar.h"
#include "queue/segment.h"

enum { TRIAL_MAX = 16 << 20 };

/* Is it "trials/S/ID/trial.ini"? */
static bool
is_trial(const char *name, uint32_t number, uint32_t *id)
{
	struct str want = STR_EMPTY;
	const char *slash = strrchr(name, '/');
	char *home = NULL;
	bool yes = false;

	if (slash != NULL && str_eq(slash, "/trial.ini")) {
		home = mem_dup(name);
		home[slash - name] = '\0';
		slash = strrchr(home, '/');
	}
	if (home != NULL && slash != NULL &&
	    name_parse_id(slash + 1, id) == 0 && name_segment(*id) == number)
		yes = str_eq(home, name_home(*id, &want));
	str_free(&want);
	free(home);

	return yes;
}

int
segment_trials(const struct queue *q, uint32_t number, segment_fn fn,
    void *cookie, struct err *e)
{
	struct str text = STR_EMPTY;
	struct segment_files f;
	struct tar_entry entry;
	uint32_t id;
	int rc = segment_files_open(q, number, &f, e);

	while (rc == 0 && (rc = tar_next(f.tar, &entry, e)) > 0) {
		rc = 0;
		if (!is_trial(entry.name, number, &id))
			continue;
		str_cut(&text, 0);
		rc = tar_slurp(f.tar, TRIAL_MAX, &text, e);
		if (rc == 0)
			rc = fn(cookie, id, &text, e);
	}
	segment_files_close(&f);
	str_free(&text);

	return rc;
}
