#ifndef SCRATCH_H
#define SCRATCH_H

/*
 * For unit tests on the disk: a campaign's directory of their own, under
 * $TMPDIR, that is removed again.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "queue/queue.h"

struct scratch {
	char path[512];
	struct queue q;
};

/* scratch_begin(s): A campaign that has hpo/, opened for writing. */
static inline void
scratch_begin(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");
	struct err e = ERR_NONE;

	memset(s, 0, sizeof *s);
	snprintf(s->path, sizeof s->path, "%s/hpo-unit-XXXXXX",
	    tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	if (mkdtemp(s->path) == NULL ||
	    queue_open(s->path, QUEUE_WRITE, &s->q, &e) < 0) {
		printf("Bail out! no scratch directory '%s': %s\n", s->path,
		    e.msg);
		exit(1);
	}
}

static inline void
scratch_end(struct scratch *s)
{
	struct err e = ERR_NONE;

	queue_close(&s->q);
	if (fs_remove(AT_FDCWD, s->path, &e) < 0)
		printf("# %s\n", e.msg);
}

/* scratch_write(s, path, text): A file under hpo/, its directories too. */
static inline void
scratch_write(struct scratch *s, const char *path, const char *text)
{
	struct err e = ERR_NONE;
	char dir[512];
	const char *p;

	for (p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		snprintf(dir, sizeof dir, "%.*s", (int)(p - path), path);
		fs_mkdir(s->q.fd, dir, &e);
	}
	fs_remove(s->q.fd, path, &e);
	if (fs_create(s->q.fd, path, text, strlen(text), &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
}

/* scratch_is(s, path, text): Is that what the file under hpo/ holds? */
static inline bool
scratch_is(struct scratch *s, const char *path, const char *text)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	bool yes;

	yes = fs_slurp(s->q.fd, path, 1 << 20, &b, &e) == 0 &&
	    strcmp(str_text(&b), text) == 0;
	str_free(&b);

	return yes;
}

/* scratch_count(s, dir): Entries of a directory under hpo/; 0: none such. */
static inline size_t
scratch_count(struct scratch *s, const char *dir)
{
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	size_t n;

	queue_list(&s->q, dir, &names, &e);
	n = names.n;
	fs_free(&names);

	return n;
}

#endif
