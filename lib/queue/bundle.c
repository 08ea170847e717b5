#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/tar.h"
#include "form/campaign.h"
#include "queue/bundle.h"
#include "queue/bundle_list.h"
#include "queue/bundle_remove.h"
#include "queue/tally.h"

enum { TRIES = 5 }; /* while the campaign changes */

/* One archive being made. */
struct bundling {
	const struct bundle_wish *w;
	struct queue q;
	enum tar_filter filter;
	struct bundle_list list;
	struct str dir, tmp; /* where the file goes, its name until then */
	int fd;              /* of it */
	struct tar_writer *tar;
};

/* 0, or 1: the campaign has not finished. */
static int
is_unfinished(struct bundling *b, struct err *e)
{
	static const enum state open[] = { STATE_NEW, STATE_READY, STATE_HELD,
		STATE_RUNNING };
	struct str text = STR_EMPTY;
	struct campaign c;
	struct tally t;
	size_t i;

	if (queue_campaign(&b->q, false, &c, e) < 0)
		return -1;
	if (tally_take(&b->q, &c, &t, e) < 0) {
		campaign_free(&c);
		return -1;
	}
	campaign_free(&c);
	if (b->w->force || tally_finished(&t))
		return 0;
	if (t.unborn > 0)
		str_addf(&text, ", %u not proposed yet", t.unborn);
	for (i = 0; i < sizeof open / sizeof open[0]; i++)
		if (t.count[open[i]] > 0)
			str_addf(&text, ", %u %s", t.count[open[i]],
			    name_state(open[i]));
	err_set(e, EX_NO,
	    "campaign '%s' has not finished: %u of %u trials have ended%s; "
	    "--force archives it as it is",
	    b->q.path, tally_ended(&t), t.trials, str_text(&text));
	str_free(&text);

	return 1;
}

/* A token is what its name says: one that has moved on goes in all the same,
 * with the time of FORMAT. */
static int
add_token(struct bundling *b, const char *path, struct err *e)
{
	struct tar_entry entry = { .name = path };
	struct stat st;

	if ((fstatat(b->q.root, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(st.st_mode)) &&
	    fstatat(b->q.fd, "FORMAT", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot examine '%s/hpo/FORMAT'", b->q.path);
	entry.mode = st.st_mode & 0777;
	entry.mtime = (int64_t)st.st_mtime;

	return tar_add(b->tar, &entry, "", e);
}

static int
add_file(struct bundling *b, const struct bundle_member *m, struct err *e)
{
	int fd = openat(b->q.root, m->path,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int bad;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return m->kind == BUNDLE_FACT ? BUNDLE_AGAIN : 0;
	if (fd < 0)
		return err_sys(e, "cannot open '%s/%s'", b->q.path, m->path);
	bad = tar_add_file(b->tar, m->path, fd, e);
	close(fd);

	return bad;
}

/* The archive itself is no file of the campaign, if it lies in there. */
static bool
is_archive(const struct bundling *b, const char *path)
{
	struct stat st, own, old;

	return fstatat(b->q.root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ((fstat(b->fd, &own) == 0 && st.st_dev == own.st_dev &&
		 st.st_ino == own.st_ino) ||
		(stat(b->w->file, &old) == 0 && st.st_dev == old.st_dev &&
		    st.st_ino == old.st_ino));
}

static void
drop_archive(struct bundling *b)
{
	size_t i, kept = 0;

	for (i = 0; i < b->list.n; i++)
		if (!str_starts(b->list.v[i].path, "hpo/") &&
		    is_archive(b, b->list.v[i].path))
			free(b->list.v[i].path);
		else
			b->list.v[kept++] = b->list.v[i];
	b->list.n = kept;
}

/* 0, BUNDLE_AGAIN, -1. */
static int
write_once(struct bundling *b, struct err *e)
{
	size_t i;
	int rc;

	bundle_list_free(&b->list);
	rc = bundle_list_take(&b->q, b->w->users, &b->list, e);
	if (rc != 0)
		return rc;
	if (b->w->users)
		drop_archive(b);
	if (lseek(b->fd, 0, SEEK_SET) < 0 || ftruncate(b->fd, 0) < 0)
		return err_sys(e, "cannot write '%s'", b->w->file);
	b->tar = tar_create(b->fd, b->filter, b->w->file, e);
	if (b->tar == NULL)
		return -1;
	for (i = 0; i < b->list.n && rc == 0; i++)
		rc = b->list.v[i].kind == BUNDLE_TOKEN
		    ? add_token(b, b->list.v[i].path, e)
		    : add_file(b, &b->list.v[i], e);
	if (rc == 0)
		return tar_finish(b->tar, e);
	tar_abandon(b->tar);

	return rc;
}

static int
write_archive(struct bundling *b, struct err *e)
{
	int rc = BUNDLE_AGAIN, i;

	for (i = 0; i < TRIES && rc == BUNDLE_AGAIN; i++)
		rc = write_once(b, e);
	if (rc == BUNDLE_AGAIN)
		return err_set(e, EX_TEMPFAIL,
		    "campaign '%s' changes faster than it can be archived",
		    b->q.path);
	if (rc == 0 && fsync(b->fd) < 0)
		return err_sys(e, "cannot write '%s'", b->w->file);

	return rc;
}

/* Is what can be read what was written?  The reader checks every byte; to
 * remove something it is compared with what is to be removed. */
static int
read_back(struct bundling *b, struct err *e)
{
	struct tar_reader *tar;
	struct tar_entry entry;
	int rc;

	if (lseek(b->fd, 0, SEEK_SET) < 0)
		return err_sys(e, "cannot read '%s'", b->w->file);
	if (b->w->remove)
		return bundle_remove_compare(&b->q, b->fd, b->w->file, &b->list,
		    e);
	tar = tar_open(b->fd, b->w->file, e);
	if (tar == NULL)
		return -1;
	while ((rc = tar_next(tar, &entry, e)) > 0)
		continue;
	tar_close(tar);

	return rc;
}

/* A name beside the file that nobody else has. */
static int
open_tmp(struct bundling *b, struct err *e)
{
	const char *slash = strrchr(b->w->file, '/');
	const char *base = slash != NULL ? slash + 1 : b->w->file;

	str_addf(&b->tmp, "%s/.%.180s.%016llx", b->dir.s, base,
	    (unsigned long long)proc_random64());
	b->fd = open(b->tmp.s, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (b->fd < 0)
		return err_sys(e, "cannot create '%s'", b->w->file);

	return 0;
}

/* Has the file its name?  Of a server's reply that was lost the repetition
 * says that there was nothing to rename. */
static bool
is_named(const struct bundling *b)
{
	struct stat own, st;

	return fstat(b->fd, &own) == 0 && stat(b->w->file, &st) == 0 &&
	    own.st_dev == st.st_dev && own.st_ino == st.st_ino;
}

/* Write, read back, give it its name. */
static int
make(struct bundling *b, struct err *e)
{
	int bad;

	if (open_tmp(b, e) < 0)
		return -1;
	bad = write_archive(b, e) < 0 || read_back(b, e) < 0;
	if (!bad && rename(b->tmp.s, b->w->file) < 0 && !is_named(b))
		bad = err_sys(e, "cannot rename '%s' to '%s'", b->tmp.s,
		    b->w->file);
	if (bad)
		unlink(b->tmp.s);
	else
		bad = fs_sync(AT_FDCWD, b->dir.s, e);
	close(b->fd);

	return bad ? -1 : 0;
}

/* Where the file goes; not into hpo/. */
static int
check_dir(struct bundling *b, struct err *e)
{
	const char *slash = strrchr(b->w->file, '/');
	struct str hpo = STR_EMPTY;
	char *real;
	int bad = 0;

	if (slash == NULL)
		str_addc(&b->dir, '.');
	else
		str_addn(&b->dir, b->w->file,
		    slash == b->w->file ? 1 : (size_t)(slash - b->w->file));
	real = realpath(b->dir.s, NULL);
	if (real == NULL)
		return err_sys(e, "cannot create '%s'", b->w->file);
	str_addf(&hpo, "%s/hpo", b->q.absolute);
	if (str_starts(real, hpo.s) &&
	    (real[hpo.n] == '/' || real[hpo.n] == '\0'))
		bad = err_set(e, EX_USAGE, "'%s' would be within '%s/hpo'",
		    b->w->file, b->q.path);
	str_free(&hpo);
	free(real);

	return bad;
}

static int
check_file(struct bundling *b, struct err *e)
{
	int filter = tar_filter_find(b->w->file), bad = 0;
	struct stat st;

	if (filter < 0)
		return err_set(e, EX_USAGE,
		    "'%s' is no name for an archive: it ends in .tar, "
		    ".tar.gz, .tar.xz or .tar.zst",
		    b->w->file);
	b->filter = (enum tar_filter)filter;
	if (stat(b->w->file, &st) == 0 && !S_ISREG(st.st_mode))
		bad = err_set(e, EX_USAGE, "'%s' is there, and no file",
		    b->w->file);
	if (!bad)
		bad = check_dir(b, e);

	return bad;
}

static int
resume(const char *campaign, const struct bundle_wish *w, struct err *e)
{
	int root = open(campaign, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (root < 0)
		return 0; /* which is complained of soon */
	rc = bundle_remove_resume(root, w->file, e);
	close(root);

	return rc;
}

int
bundle_make(const char *campaign, const struct bundle_wish *w, struct err *e)
{
	struct bundling b = { .w = w, .fd = -1 };
	int rc = 0;

	if (w->remove) {
		rc = resume(campaign, w, e);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	if (queue_open(campaign, QUEUE_READ, &b.q, e) < 0)
		return -1;
	rc = check_file(&b, e);
	if (rc == 0)
		rc = is_unfinished(&b, e);
	if (rc == 0 && w->remove)
		rc = bundle_remove_check(&b.q, e);
	if (rc == 0)
		rc = make(&b, e);
	if (rc == 0 && w->remove)
		rc = bundle_remove(&b.q, &b.list, e);
	bundle_list_free(&b.list);
	str_free(&b.dir);
	str_free(&b.tmp);
	queue_close(&b.q);

	return rc;
}
