#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "queue/queue.h"

/*
 * The primitives of the protocol: moving a token and publishing a fact.
 *
 * A rename may report an error and have happened (a lost reply on NFS says
 * ENOENT), so after any error the outcome is looked at: names are never the
 * target of two renames, hence a target that is there is this rename's.
 */

enum { TRIES = 8 };

/* Make the segment directory of a token; nobody makes running/W. */
static int
make_parent(struct queue *q, const struct token *t, struct err *e)
{
	struct str dir = STR_EMPTY;
	int bad;

	if (t->state == STATE_NEW || t->state == STATE_RUNNING)
		return QUEUE_GONE;
	name_dir(t->state, name_segment(t->id), &dir);
	bad = fs_mkdir(q->fd, dir.s, e);
	if (!bad)
		bad = fs_sync(q->fd, name_state(t->state), e);
	str_free(&dir);

	return bad;
}

/* Is it there: 1, 0, or -1 where that cannot be told, with errno. */
static int
look(const struct queue *q, const char *path)
{
	struct stat st;

	if (fstatat(q->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;

	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

/*
 * One rename and, after an error, what really became of it: a queue_step, or
 * -1 with ${sys} where it has failed, or nobody can tell.
 */
static int
rename_and_look(struct queue *q, const char *from, const char *to, int *sys)
{
	int there;

	if (renameat(q->fd, from, q->fd, to) == 0)
		return QUEUE_DONE;
	*sys = errno;
	there = look(q, to);
	if (there == 0 && *sys == ENOTDIR)
		return QUEUE_SEALED;
	if (there == 0) {
		there = look(q, from);
		if (there >= 0)
			return there ? -1 : QUEUE_LOST;
	}
	if (there < 0) {
		*sys = errno;
		return -1;
	}

	return QUEUE_DONE;
}

int
queue_move_lazily(struct queue *q, const struct token *from,
    const struct token *to, struct err *e)
{
	struct str a = STR_EMPTY, b = STR_EMPTY;
	int step = -1, sys = 0, i;

	name_token(from, &a);
	name_token(to, &b);
	if (fs_crosses_link(q->fd, b.s))
		sys = ELOOP;
	for (i = 0; i < TRIES && sys != ELOOP; i++) {
		step = rename_and_look(q, a.s, b.s, &sys);
		if (step >= 0)
			break;
		if (sys == ESTALE) {
			queue_reopen(q);
		} else if (sys == ENOENT) {
			step = make_parent(q, to, e);
			if (step != 0)
				break;
			step = -1;
		} else if (sys != EINTR) {
			break;
		}
	}
	if (step < 0 && e->code == 0) {
		errno = sys;
		err_sys(e, "cannot rename '%s/hpo/%s' to '%s'", q->path, a.s,
		    b.s);
	}
	str_free(&b);
	str_free(&a);

	return step;
}

/* fsync the directory that a token is in. */
static int
sync_parent(struct queue *q, const struct token *t, struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	name_token(t, &path);
	str_cut(&path, (size_t)(strrchr(path.s, '/') - path.s));
	bad = fs_sync(q->fd, path.s, e);
	str_free(&path);

	return bad;
}

int
queue_move(struct queue *q, const struct token *from, const struct token *to,
    struct err *e)
{
	int step = queue_move_lazily(q, from, to, e);

	if (step == QUEUE_DONE && sync_parent(q, to, e) < 0)
		return -1;

	return step;
}

/*
 * Blocks and an inode are taken before the command starts, so that hours of
 * work do not end at a full disk.  Where the file system cannot preallocate,
 * zeros are written.
 */
int
queue_reserve(struct queue *q, size_t bytes, struct queue_room *room,
    struct err *e)
{
	static const char zeros[4096];
	struct str name = STR_EMPTY;
	size_t done, n;
	int fd, sys, bad = 0;

	queue_tmp(q, &name);
	snprintf(room->name, sizeof room->name, "%.*s",
	    (int)sizeof room->name - 1, name.s);
	str_free(&name);
	fd = openat(q->fd, room->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0666);
	if (fd < 0) {
		err_sys(e, "cannot create '%s/hpo/%s'", q->path, room->name);
		room->name[0] = '\0';
		return -1;
	}
	do
		sys = posix_fallocate(fd, 0, (off_t)bytes);
	while (sys == EINTR);
	if (sys == EOPNOTSUPP || sys == EINVAL || sys == ENOSYS)
		for (done = 0, sys = 0; done < bytes && sys == 0; done += n) {
			n = bytes - done < sizeof zeros ? bytes - done
							: sizeof zeros;
			if (fs_write_all(fd, zeros, n) < 0)
				sys = errno;
		}
	if (close(fd) < 0 && sys == 0)
		sys = errno;
	if (sys != 0) {
		errno = sys;
		bad =
		    err_sys(e, "cannot reserve room in '%s/hpo/tmp'", q->path);
		queue_unreserve(q, room);
	}

	return bad;
}

void
queue_unreserve(struct queue *q, struct queue_room *room)
{
	if (room->name[0] != '\0')
		unlinkat(q->fd, room->name, 0);
	room->name[0] = '\0';
}

/*
 * Write into the reserved file, or a new one where it was swept.  A file
 * whose fsync failed is never synced again (its pages may be marked clean
 * without having been written): it is thrown away.
 */
static int
fill(struct queue *q, struct queue_room *room, const void *p, size_t n,
    struct err *e)
{
	struct str name = STR_EMPTY;
	int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW;
	int fd = -1, bad = 0;

	if (room->name[0] != '\0')
		fd = openat(q->fd, room->name, flags);
	if (fd < 0) {
		queue_tmp(q, &name);
		str_cut(&name, sizeof room->name - 1);
		memcpy(room->name, name.s, name.n + 1);
		str_free(&name);
		fd = openat(q->fd, room->name, flags | O_CREAT | O_EXCL, 0666);
	}
	if (fd < 0) {
		err_sys(e, "cannot create '%s/hpo/%s'", q->path, room->name);
		room->name[0] = '\0';
		return -1;
	}
	/* Of a write that failed the room stays: it is tried again. */
	if (fs_write_all(fd, p, n) < 0) {
		err_sys(e, "cannot write '%s/hpo/%s'", q->path, room->name);
		close(fd);
		return -1;
	}
	if (ftruncate(fd, (off_t)n) < 0 || fsync(fd) < 0)
		bad =
		    err_sys(e, "cannot write '%s/hpo/%s'", q->path, room->name);
	if (close(fd) < 0 && !bad)
		bad =
		    err_sys(e, "cannot write '%s/hpo/%s'", q->path, room->name);
	if (bad)
		queue_unreserve(q, room);

	return bad;
}

/* Is the directory of ${path} gone, and not only out of reach? */
static bool
lacks_parent(const struct queue *q, const char *path)
{
	char dir[NAME_PATH + 16];

	snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path),
	    path);

	return look(q, dir) == 0;
}

int
queue_publish(struct queue *q, struct queue_room *room, const void *p, size_t n,
    const char *to, struct err *e)
{
	struct queue_room own = { "" };
	struct str dir = STR_EMPTY;
	int step = -1, sys = 0, i;

	if (room == NULL)
		room = &own;
	/* A link where its home was: not ours, so that is gone. */
	if (fs_crosses_link(q->fd, to)) {
		queue_unreserve(q, room);
		return QUEUE_GONE;
	}
	for (i = 0; i < TRIES && step < 0; i++) {
		/* An earlier try was late, or its directory could not be
		 * synced: a name is the target of one rename only. */
		if (look(q, to) == 1) {
			queue_unreserve(q, room);
			step = QUEUE_DONE;
			break;
		}
		if (fill(q, room, p, n, e) < 0) {
			queue_unreserve(q, &own);
			return -1;
		}
		step = rename_and_look(q, room->name, to, &sys);
		if (step == QUEUE_LOST) /* swept: write it again */
			step = -1, room->name[0] = '\0';
		else if (step == QUEUE_SEALED ||
		    (step < 0 && sys == ENOENT && lacks_parent(q, to)))
			step = QUEUE_GONE;
		else if (step < 0 && sys == ESTALE)
			queue_reopen(q);
		else if (step < 0 && sys != EINTR)
			break;
	}
	if (step == QUEUE_DONE) {
		room->name[0] = '\0';
		str_addn(&dir, to, (size_t)(strrchr(to, '/') - to));
		if (fs_sync(q->fd, dir.s, e) < 0)
			step = -1;
		str_free(&dir);
	} else {
		queue_unreserve(q, room);
		if (step < 0) {
			errno = sys;
			err_sys(e, "cannot write '%s/hpo/%s'", q->path, to);
		}
	}

	return step;
}
