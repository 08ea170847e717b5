#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/walk.h"
#include "form/campaign.h"
#include "queue/job.h"
#include "queue/queue.h"
#include "queue/share.h"

static const char format_word[] = "hpo-campaign 1";

enum { CAMPAIGN_MAX = 16 << 20, FORMAT_MAX = 4096 };

enum { JOB_NAME = 24 };

/*
 * W: the random part makes it unique, the rest is for people.  Of a job's id
 * it has the beginning, so that the whole fits NAME_WRITER.
 */
static void
name_self(struct queue *q)
{
	char number[JOB_NAME + 2], *p;
	struct job job;

	proc_identify(getpid(), &q->me);
	job_of_environment(&job);
	snprintf(number, sizeof number, "%ld", (long)getpid());
	if (job.id[0] != '\0')
		snprintf(number, sizeof number, "j%.*s", JOB_NAME, job.id);
	for (p = number; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	snprintf(q->self, sizeof q->self, "%s-%s.%u-%016llx", q->me.host,
	    number, job.restarts, (unsigned long long)proc_random64());
}

/* FORMAT's first line is the version, its second the campaign's id. */
static int
read_format(struct queue *q, struct err *e)
{
	struct str b = STR_EMPTY;
	size_t n = sizeof format_word - 1;
	int bad = 0;

	if (fs_slurp(q->fd, "FORMAT", FORMAT_MAX, &b, e) < 0)
		bad = e->sys == ENOENT
		    ? err_set(e, EX_DATAERR,
			  "'%s/hpo' has no file FORMAT: it is not a campaign's",
			  q->path)
		    : -1;
	else if (strncmp(b.s, format_word, n) != 0 || b.s[n] != '\n')
		bad = err_set(e, EX_DATAERR,
		    "%s/hpo/FORMAT:1: '%.*s' was written by another version; "
		    "this one reads '%s'",
		    q->path, (int)strcspn(b.s, "\n"), b.s, format_word);
	else
		snprintf(q->id, sizeof q->id, "%.16s", b.s + n + 1);
	str_free(&b);

	return bad;
}

/* What is in hpo/ from its birth on, tmp/ last. */
static const char *const dirs[] = { "trials", "ready", "held", "running",
	"done", "failed", "closed", "segments", "control", "observed", "tmp" };

static int
make_dirs(int fd, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		if (fs_mkdir(fd, dirs[i], e) < 0)
			return -1;

	return 0;
}

/* We make directories there, never links: somebody else would have us read,
 * write or delete what is not the campaign's. */
static int
refuse_links(const struct queue *q, struct err *e)
{
	size_t i;

	for (i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		if (fs_is_link(q->fd, dirs[i]))
			return err_set(e, EX_DATAERR,
			    "'%s/hpo/%s' is a symbolic link, which is not "
			    "followed: put the directory itself there",
			    q->path, dirs[i]);

	return 0;
}

/*
 * The first writer gives birth to hpo/ whole, as trials are born: of many at
 * once one wins, and a crash leaves either nothing or all of it.
 */
static int
make_layout(struct queue *q, struct err *e)
{
	struct str name = STR_EMPTY, text = STR_EMPTY;
	int fd = -1, bad;

	str_addf(&name, ".hpo-%s", q->self);
	str_addf(&text, "%s\n%016llx\n", format_word,
	    (unsigned long long)proc_random64());
	bad = fs_mkdir(q->root, name.s, e);
	if (!bad)
		fd = fs_open_dir(q->root, name.s, e);
	bad = bad || fd < 0 || make_dirs(fd, e) < 0 ||
	    fs_create(fd, "FORMAT", text.s, text.n, e) < 0 ||
	    fs_sync(fd, "FORMAT", e) < 0 || fs_sync(fd, ".", e) < 0;
	if (!bad && fs_rename(q->root, name.s, "hpo", e) < 0) {
		bad = !fs_is_dir(q->root, "hpo");
		if (!bad)
			err_clear(e);
	}
	if (!bad)
		bad = fs_sync(q->root, ".", e);
	if (fd >= 0)
		close(fd);
	if (fs_is_dir(q->root, name.s)) {
		struct err ignored = ERR_NONE;
		fs_remove(q->root, name.s, &ignored);
	}
	str_free(&text);
	str_free(&name);

	return bad ? -1 : 0;
}

static int
open_hpo(struct queue *q, enum queue_mode mode, struct err *e)
{
	q->fd = fs_open_dir(q->root, "hpo", e);
	if (q->fd < 0 && e->sys == ENOENT) {
		err_clear(e);
		if (mode == QUEUE_READ)
			return 0;
		if (make_layout(q, e) < 0)
			return err_prefix(e, "campaign '%s'", q->path);
		q->fd = fs_open_dir(q->root, "hpo", e);
	}
	if (q->fd < 0)
		return share_closed(q, e);
	if (read_format(q, e) < 0 || refuse_links(q, e) < 0)
		return -1;
	if (mode == QUEUE_WRITE && !queue_is_whole(q) &&
	    make_dirs(q->fd, e) < 0)
		return err_prefix(e, "campaign '%s'", q->path);

	return 0;
}

int
queue_open(const char *path, enum queue_mode mode, struct queue *q,
    struct err *e)
{
	char *real;

	memset(q, 0, sizeof *q);
	q->fd = -1;
	q->path = mem_dup(path);
	q->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (q->root < 0) {
		err_sys(e, "cannot open campaign '%s'", path);
		if (e->sys == ENOENT || e->sys == ENOTDIR)
			e->code = EX_DATAERR;
		queue_close(q);
		return -1;
	}
	real = realpath(path, NULL);
	q->absolute = real != NULL ? real : mem_dup(path);
	name_self(q);
	if (open_hpo(q, mode, e) < 0) {
		queue_close(q);
		return -1;
	}

	return 0;
}

void
queue_close(struct queue *q)
{
	if (q->fd >= 0)
		close(q->fd);
	if (q->root >= 0)
		close(q->root);
	free(q->absolute);
	free(q->path);
	memset(q, 0, sizeof *q);
	q->fd = q->root = -1;
}

bool
queue_is_whole(const struct queue *q)
{
	return q->fd >= 0 && queue_exists(q, "tmp");
}

void
queue_call(struct queue *q, const char *path)
{
	free(q->path);
	q->path = mem_dup(path);
}

/*
 * campaign.ini names a command that will run as the caller: whoever can
 * change it can do as the caller does.  Group write is how a group shares a
 * campaign.
 */
static int
check_trust(const struct queue *q, int fd, struct err *e)
{
	struct stat dir, ini;

	if (fstat(q->root, &dir) < 0 || fstat(fd, &ini) < 0)
		return err_sys(e, "cannot examine '%s/campaign.ini'", q->path);
	if (dir.st_mode & S_IWOTH)
		return err_set(e, EX_NOPERM,
		    "'%s' is writable by everyone: chmod o-w it first",
		    q->path);
	if (ini.st_mode & S_IWOTH)
		return err_set(e, EX_NOPERM,
		    "'%s/campaign.ini' is writable by everyone: chmod o-w it "
		    "first",
		    q->path);
	if (!share_trusts(ini.st_uid))
		return err_set(e, EX_NOPERM,
		    "'%s/campaign.ini' belongs to user %lu: name that user in "
		    "HPO_TRUST if you trust the command in it",
		    q->path, (unsigned long)ini.st_uid);

	return share_check(q, e);
}

/* What is read is the file that is trusted: both by one descriptor.  A link
 * is the user's own, so its target is looked at. */
static int
read_campaign(const struct queue *q, bool trusted, struct str *text,
    struct err *e)
{
	int fd = fs_open_file(q->root, "campaign.ini", true, e);
	int bad = 0;

	if (fd < 0 && e->sys == ENOENT)
		return err_set(e, EX_DATAERR,
		    "'%s' is not a campaign: it has no campaign.ini", q->path);
	if (fd < 0)
		return -1;
	if (trusted)
		bad = check_trust(q, fd, e);
	if (!bad)
		bad = fs_drain(fd, "campaign.ini", CAMPAIGN_MAX, text, e);
	close(fd);

	return bad;
}

int
queue_campaign(const struct queue *q, bool trusted, struct campaign *c,
    struct err *e)
{
	struct str text = STR_EMPTY, file = STR_EMPTY;
	const char *slash = strrchr(q->absolute, '/');
	int bad;

	memset(c, 0, sizeof *c);
	str_addf(&file, "%s/campaign.ini", q->path);
	if (strcmp(q->path, ".") == 0) {
		str_cut(&file, 0);
		str_add(&file, "campaign.ini");
	}
	bad = read_campaign(q, trusted, &text, e);
	if (!bad)
		bad = campaign_parse(text.s, text.n, file.s,
		    slash != NULL && slash[1] != '\0' ? slash + 1 : "campaign",
		    c, e);
	str_free(&file);
	str_free(&text);

	return bad;
}

void
queue_rename_self(struct queue *q)
{
	name_self(q);
}

void
queue_reopen(struct queue *q)
{
	int root, fd;

	root = open(q->absolute, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return;
	fd = openat(root, "hpo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		close(root);
		return;
	}
	close(q->root);
	if (q->fd >= 0)
		close(q->fd);
	q->root = root;
	q->fd = fd;
}

const char *
queue_tmp(struct queue *q, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "tmp/%s.%u", q->self, q->serial++);

	return b->s;
}

int
queue_discard(struct queue *q, const char *path, struct err *e)
{
	struct str mine = STR_EMPTY;
	int bad = fs_rename(q->fd, path, queue_tmp(q, &mine), e);

	if (!bad) {
		bad = fs_remove(q->fd, mine.s, e);
	} else if (e->sys == ENOENT) {
		err_clear(e);
		bad = 0;
	}
	str_free(&mine);

	return bad;
}

bool
queue_exists(const struct queue *q, const char *path)
{
	struct stat st;

	return fstatat(q->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* No directory is an empty one. */
static int
forgive(int rc, struct err *e)
{
	if (rc == 0 || (e->sys != ENOENT && e->sys != ENOTDIR))
		return rc;
	err_clear(e);

	return 0;
}

int
queue_list(const struct queue *q, const char *path, struct fs_names *names,
    struct err *e)
{
	if (q->fd < 0)
		return 0;

	return forgive(fs_list(q->fd, path, names, e), e);
}

int
queue_list_dirs(const struct queue *q, const char *path, struct fs_names *names,
    struct err *e)
{
	if (q->fd < 0)
		return 0;

	return forgive(walk_dirs(q->fd, path, names, e), e);
}
