#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "queue/repair_step.h"

enum { LINE = 1024, COPIES = 100 };

void
repair_step_say(struct repair *r, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	r->mends++;
	r->tell(r->cookie, line);
}

int
repair_step_parents(struct repair *r, const char *path, struct err *e)
{
	struct str dir = STR_EMPTY;
	const char *slash = path;
	int bad = 0;

	while (!bad && (slash = strchr(slash, '/')) != NULL) {
		str_cut(&dir, 0);
		str_addn(&dir, path, (size_t)(slash - path));
		bad = fs_mkdir(r->q->fd, dir.s, e);
		if (!bad && !fs_is_dir(r->q->fd, dir.s))
			bad = 1;
		slash++;
	}
	str_free(&dir);

	return bad;
}

int
repair_step_move(struct repair *r, const char *from, const char *to,
    struct err *e)
{
	int rc;

	if (queue_exists(r->q, to))
		return 1;
	rc = repair_step_parents(r, to, e);
	if (rc != 0)
		return rc;
	if (fs_rename(r->q->fd, from, to, e) == 0)
		return 0;
	/* The reply may have been lost. */
	if (!queue_exists(r->q, from) && queue_exists(r->q, to)) {
		err_clear(e);
		return 0;
	}

	return err_prefix(e, "campaign '%s'", r->q->path);
}

/* What of the same path has been put away before is in another's way. */
int
repair_step_away(struct repair *r, const char *path, struct err *e)
{
	struct str to = STR_EMPTY;
	int i, rc = 1;

	for (i = 0; i < COPIES && rc == 1; i++) {
		str_cut(&to, 0);
		str_addf(&to, "lost/%s", r->q->self);
		if (i > 0)
			str_addf(&to, ".%d", i);
		str_addc(&to, '/');
		str_add(&to, path);
		rc = repair_step_move(r, path, to.s, e);
	}
	if (rc == 1)
		rc = err_set(e, EX_IOERR, "too many of '%s/hpo/lost/%s/%s'",
		    r->q->path, r->q->self, path);
	str_free(&to);

	return rc;
}

int
repair_step_write(struct repair *r, const char *path, const void *p, size_t n,
    struct err *e)
{
	struct err ignored = ERR_NONE;
	struct str tmp = STR_EMPTY;
	int bad;

	queue_tmp(r->q, &tmp);
	bad = fs_create(r->q->fd, tmp.s, p, n, e) < 0 ||
	    repair_step_move(r, tmp.s, path, e) != 0;
	if (bad)
		fs_remove(r->q->fd, tmp.s, &ignored);
	if (bad && e->code == 0)
		err_set(e, EX_IOERR, "'%s/hpo/%s' has come to be meanwhile",
		    r->q->path, path);
	str_free(&tmp);

	return bad ? -1 : 0;
}

int
repair_step_sync(struct repair *r, struct err *e)
{
	return proc_sync_fs(r->q->fd) < 0
	    ? err_sys(e, "cannot sync '%s'", r->q->path)
	    : 0;
}
