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
#include "base/walk.h"
#include "queue/bundle_remove.h"
#include "queue/worker.h"

/*
 * campaign.ini goes first, so that nobody starts here any more, and comes
 * back last.  What has the second name of hpo/ has been compared and looked
 * at: there is no way back from it.
 */
static const char ini[] = "campaign.ini", ini_away[] = ".hpo-campaign.ini";
static const char hpo[] = "hpo", hpo_away[] = ".hpo-away",
		  hpo_doomed[] = ".hpo-archived";

enum { PIECE = 1 << 16 };

int
bundle_remove_check(const struct queue *q, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct worker_info info;
	size_t i;
	int bad = queue_list(q, "running", &names, e);

	for (i = 0; i < names.n && !bad; i++)
		if (name_is_writer(names.v[i]) &&
		    (worker_read(q, names.v[i], &info) < 0 ||
			!proc_is_dead(&info.id)))
			bad = err_set(e, EX_TEMPFAIL,
			    "campaign '%s' is in use: worker '%s' is at work, "
			    "or has not been found dead yet",
			    q->path, names.v[i]);
	fs_free(&names);

	return bad;
}

static int
differs(const struct queue *q, const char *path, const char *how, struct err *e)
{
	return err_set(e, EX_TEMPFAIL,
	    "nothing is removed: '%s/%s' %s since it was archived", q->path,
	    path, how);
}

/* Compare one member, to its end. */
static int
compare_member(const struct queue *q, struct tar_reader *tar,
    const struct tar_entry *entry, char *buf, struct err *e)
{
	int fd = openat(q->root, entry->name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *mine = buf, *copy = buf + PIECE;
	uint64_t at = 0;
	ssize_t n, k;
	int bad = 0;

	if (fd < 0 && errno == ENOENT)
		return differs(q, entry->name, "has gone", e);
	if (fd < 0)
		return err_sys(e, "cannot open '%s/%s'", q->path, entry->name);
	do {
		n = tar_read(tar, copy, PIECE, e);
		if (n < 0) {
			bad = -1;
			break;
		}
		/* At its end one byte more, which is not to be there. */
		k = pread(fd, mine, n > 0 ? (size_t)n : 1, (off_t)at);
		if (k < 0)
			bad = err_sys(e, "cannot read '%s/%s'", q->path,
			    entry->name);
		else if (k != n || memcmp(mine, copy, (size_t)n) != 0)
			bad = differs(q, entry->name, "has changed", e);
		at += (uint64_t)n;
	} while (!bad && n > 0);
	close(fd);

	return bad;
}

int
bundle_remove_compare(const struct queue *q, int fd, const char *name,
    const struct bundle_list *list, struct err *e)
{
	struct tar_reader *tar = tar_open(fd, name, e);
	char *buf = mem_alloc(2 * (size_t)PIECE);
	struct tar_entry entry;
	size_t i = 0;
	int rc = -1;

	while (tar != NULL && (rc = tar_next(tar, &entry, e)) > 0) {
		if (i == list->n || !str_eq(list->v[i].path, entry.name)) {
			rc = err_set(e, EX_TEMPFAIL,
			    "nothing is removed: the campaign changed while "
			    "it was archived, see '%s'",
			    entry.name);
			break;
		}
		if (compare_member(q, tar, &entry, buf, e) < 0) {
			rc = -1;
			break;
		}
		i++;
	}
	if (rc == 0 && i < list->n)
		rc = differs(q, list->v[i].path, "was gone", e);
	tar_close(tar);
	free(buf);

	return rc;
}

/* Is all that hpo/, which has another name now, holds in the archive? */
static int
look_again(const struct queue *q, const struct bundle_list *list, struct err *e)
{
	struct fs_names files = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	const char *below;
	size_t i;
	int bad = walk_files(q->root, hpo_away, &files, e);

	for (i = 0; i < files.n && !bad; i++) {
		below = files.v[i] + strlen(hpo_away) + 1;
		if (!str_starts(below, "tmp/") &&
		    !str_starts(below, "observed/") &&
		    !bundle_list_has(list, fs_join(&path, hpo, below)))
			bad = err_set(e, EX_TEMPFAIL,
			    "nothing is removed: '%s/hpo/%s' is not in the "
			    "archive",
			    q->path, below);
	}
	str_free(&path);
	fs_free(&files);

	return bad;
}

/* Rename if there is something to rename. */
static int
give_name(int root, const char *from, const char *to, struct err *e)
{
	if (renameat(root, from, root, to) == 0 || errno == ENOENT)
		return 0;

	return err_sys(e, "cannot rename '%s' to '%s'", from, to);
}

static int
put_back(int root, struct err *e)
{
	if (give_name(root, hpo_away, hpo, e) < 0 ||
	    give_name(root, ini_away, ini, e) < 0)
		return -1;

	return fs_sync(root, ".", e);
}

/* The user's own files, which come last, and directories left empty. */
static int
remove_users(const struct queue *q, const struct bundle_list *list,
    struct err *e)
{
	char *path, *slash;
	size_t i;
	int bad = 0;

	for (i = list->n; i > 0 && !bad; i--) {
		path = list->v[i - 1].path;
		if (str_starts(path, "hpo/") || str_eq(path, ini))
			break;
		if (unlinkat(q->root, path, 0) < 0 && errno != ENOENT)
			bad =
			    err_sys(e, "cannot remove '%s/%s'", q->path, path);
		path = mem_dup(path);
		while (!bad && (slash = strrchr(path, '/')) != NULL) {
			*slash = '\0';
			if (unlinkat(q->root, path, AT_REMOVEDIR) < 0)
				break;
		}
		free(path);
	}

	return bad;
}

static int
finish(int root, struct err *e)
{
	/* In this order, as what is doomed is what a next run goes on from. */
	return fs_remove(root, ini_away, e) < 0 ||
		fs_remove(root, hpo_doomed, e) < 0
	    ? -1
	    : 0;
}

int
bundle_remove(const struct queue *q, const struct bundle_list *list,
    struct err *e)
{
	struct err ignored = ERR_NONE;

	if (give_name(q->root, ini, ini_away, e) < 0 ||
	    give_name(q->root, hpo, hpo_away, e) < 0 ||
	    look_again(q, list, e) < 0) {
		put_back(q->root, &ignored);
		return -1;
	}
	/* The point of no return. */
	if (give_name(q->root, hpo_away, hpo_doomed, e) < 0 ||
	    fs_sync(q->root, ".", e) < 0 || finish(q->root, e) < 0 ||
	    remove_users(q, list, e) < 0)
		return -1;
	rmdir(q->absolute); /* if it is empty */

	return 0;
}

int
bundle_remove_resume(int root, const char *file, struct err *e)
{
	struct stat st;

	if (fstatat(root, hpo_doomed, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return put_back(root, e);
	if (stat(file, &st) < 0)
		return err_sys(e,
		    "a removal was cut off here, and there is no archive '%s'",
		    file);

	return finish(root, e) < 0 ? -1 : 1;
}
