#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	struct str path = STR_EMPTY, text = STR_EMPTY;
	struct tar_reader *r = NULL;
	struct tar_entry entry;
	uint32_t id;
	int fd, rc = -1;

	segment_path(number, SEGMENT_FILES, &path);
	fd = openat(q->fd, path.s, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		err_sys(e, "cannot open '%s/hpo/%s'", q->path, path.s);
	else
		r = tar_open(fd, path.s, e);
	while (r != NULL && (rc = tar_next(r, &entry, e)) > 0) {
		if (!is_trial(entry.name, number, &id))
			continue;
		str_cut(&text, 0);
		rc = tar_slurp(r, TRIAL_MAX, &text, e);
		if (rc == 0)
			rc = fn(cookie, id, &text, e);
		if (rc != 0)
			break;
	}
	if (r != NULL)
		tar_close(r);
	if (fd >= 0)
		close(fd);
	str_free(&text);
	str_free(&path);

	return rc;
}
