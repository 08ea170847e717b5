#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "queue/report.h"
#include "queue/scan.h"
#include "queue/worker.h"

enum { REPORT_MAX = 256 << 20 };

int
report_add(struct queue *q, const char *worker, const struct token *t,
    const char *words, struct err *e)
{
	struct str path = STR_EMPTY, line = STR_EMPTY;
	int fd, bad = 0;

	worker_file(worker, "report", &path);
	str_addf(&line, "%07u.%u %s\n", t->id, t->attempt, words);
	/* All on one host append: that is the trial's own. */
	fd = openat(q->fd, path.s,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0 || fs_write_all(fd, line.s, line.n) < 0)
		bad = err_sys(e, "cannot write '%s/hpo/%s'", q->path, path.s);
	if (fd >= 0 && close(fd) < 0 && !bad)
		bad = err_sys(e, "cannot write '%s/hpo/%s'", q->path, path.s);
	str_free(&line);
	str_free(&path);

	return bad;
}

void
report_collect(const struct queue *q, const char *worker, const struct token *t,
    struct metrics *m)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	struct err e = ERR_NONE;
	char prefix[40], *line, *save = NULL;
	size_t n;

	n = (size_t)snprintf(prefix, sizeof prefix, "%07u.%u ", t->id,
	    t->attempt);
	worker_file(worker, "report", &path);
	if (fs_slurp(q->fd, path.s, REPORT_MAX, &text, &e) == 0)
		for (line = strtok_r(text.s, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save))
			if (strncmp(line, prefix, n) == 0)
				metrics_line(line + n, m, &e);
	str_free(&text);
	str_free(&path);
}

struct wanted {
	uint32_t id;
	struct token *t;
};

static int
match(void *cookie, const struct token *t, struct err *e)
{
	struct wanted *w = cookie;

	(void)e;
	if (t->id != w->id)
		return 0;
	*w->t = *t;

	return 1;
}

int
report_find(const struct queue *q, uint32_t id, struct token *t, struct err *e)
{
	struct wanted w = { id, t };

	return scan_each(q, STATE_RUNNING, match, &w, e);
}
