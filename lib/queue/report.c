#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "form/campaign.h"
#include "queue/control.h"
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
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0666);
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

int
report_named(const struct queue *q, const char *word, struct token *t,
    struct err *e)
{
	uint64_t id;
	int rc;

	if (num_u64(word, CAMPAIGN_MAX_TRIALS - 1, &id) < 0)
		return err_set(e, EX_USAGE, "'%s' is not a trial's id", word);
	rc = report_find(q, (uint32_t)id, t, e);
	if (rc == 0)
		return err_set(e, EX_NO, "trial %s is not running", word);

	return rc < 0 ? -1 : 0;
}

int
report_own(struct token *t, struct err *e)
{
	const char *worker = getenv("HPO_WORKER");
	const char *trial = getenv("HPO_TRIAL");
	const char *attempt = getenv("HPO_ATTEMPT");
	uint64_t id, a;

	if (worker == NULL || !name_is_writer(worker) || trial == NULL ||
	    attempt == NULL ||
	    num_u64(trial, CAMPAIGN_MAX_TRIALS - 1, &id) < 0 ||
	    num_u64(attempt, 1000000, &a) < 0)
		return err_set(e, EX_USAGE,
		    "--report outside a trial: name it with --trial ID");
	memset(t, 0, sizeof *t);
	t->id = (uint32_t)id;
	t->attempt = (unsigned)a;
	t->state = STATE_RUNNING;
	snprintf(t->by, sizeof t->by, "%s", worker);

	return 0;
}

/* Is the token where it was?  Only a plain "no" is a no. */
static int
is_there(const struct queue *q, const struct token *t)
{
	struct str path = STR_EMPTY;
	struct stat st;
	bool gone;

	gone = fstatat(q->fd, name_token(t, &path), &st, AT_SYMLINK_NOFOLLOW) <
		0 &&
	    errno == ENOENT;
	str_free(&path);

	return !gone;
}

int
report_send(struct queue *q, const struct token *t, const char *words,
    struct err *e)
{
	struct metrics m = { .mistake = NULL };
	struct control c;
	int rc = metrics_line(words, &m, e);

	metrics_free(&m);
	if (rc < 0)
		return -1;
	if (!is_there(q, t))
		return 1; /* its result would not count */
	if (report_add(q, t->by, t, words, e) < 0 || control_read(q, &c, e) < 0)
		return -1;
	rc = c.stop || control_cancels(&c, t);
	control_free(&c);

	return rc;
}
