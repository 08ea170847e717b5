#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/inifile.h"
#include "queue/ticket.h"

enum { FILE_MAX = 65536, NUMBER_MAX = 1000000000, TAIL = 600 };

const char *
ticket_path(const char *dir, unsigned number, const char *file, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "%s/%u%s%s", dir, number, file != NULL ? "/" : "",
	    file != NULL ? file : "");

	return b->s;
}

bool
ticket_is_path(const char *text)
{
	const char *slash = strchr(text, '/');
	uint64_t n;

	return (str_starts(text, "slurm/") || str_starts(text, "backend/")) &&
	    num_u64(slash + 1, NUMBER_MAX, &n) == 0;
}

struct reading {
	struct ticket *t;
	char *campaign;
	uint64_t inode;
};

static int
take_entry(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	struct reading *r = cookie;
	struct ticket *t = r->t;
	uint64_t n = 0;

	(void)e;
	if (ent->key == NULL || !str_eq(ent->section, "ticket"))
		return 0;
	if (str_eq(ent->key, "name"))
		snprintf(t->name, sizeof t->name, "%s", ent->value);
	else if (str_eq(ent->key, "campaign")) {
		free(r->campaign);
		r->campaign = mem_dup(ent->value);
	} else if (str_eq(ent->key, "inode"))
		num_u64(ent->value, UINT64_MAX, &r->inode);
	else if (num_u64(ent->value, NUMBER_MAX, &n) == 0) {
		if (str_eq(ent->key, "jobs"))
			t->jobs = (unsigned)n;
		else if (str_eq(ent->key, "job_workers"))
			t->job_workers = (unsigned)n;
	}

	return 0;
}

static int
read_id(const struct queue *q, const char *path, struct ticket *t)
{
	struct err ignored = ERR_NONE;
	struct str text = STR_EMPTY;
	int bad = fs_slurp(q->fd, path, FILE_MAX, &text, &ignored);

	if (!bad)
		snprintf(t->id, sizeof t->id, "%.*s",
		    (int)strcspn(str_text(&text), "\n"), str_text(&text));
	str_free(&text);

	return bad;
}

/* What the names of its files tell. */
static void
take_names(const struct queue *q, const char *path,
    const struct fs_names *names, struct ticket *t)
{
	struct str file = STR_EMPTY;
	size_t i;

	for (i = 0; i < names->n; i++) {
		const char *name = names->v[i];

		if (str_starts(name, "job."))
			read_id(q, fs_join(&file, path, name), t);
		else if (str_starts(name, "cancelled."))
			t->cancelled = true;
		else if (str_starts(name, "began."))
			t->began++;
		else if (str_starts(name, "ended."))
			t->began++, t->ended++;
		else if (str_starts(name, "log."))
			t->started++;
	}
	str_free(&file);
}

/* The inode of hpo/, 0 if it is not to be had. */
static uint64_t
inode(const struct queue *q)
{
	struct stat st;

	return fstat(q->fd, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/*
 * A copied campaign has the tickets of the original, whose jobs know nothing
 * of it.  One that was only moved has its inodes; and there are file systems
 * on which these change, but not the path.
 */
static bool
is_foreign(const struct queue *q, const struct reading *r)
{
	return r->campaign != NULL && !str_eq(r->campaign, q->absolute) &&
	    r->inode != inode(q);
}

/* 0, or -1 if it is none, or no more. */
static int
load(const struct queue *q, const char *dir, unsigned number, struct ticket *t)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY, text = STR_EMPTY;
	struct reading r = { t, NULL, 0 };
	struct err e = ERR_NONE;
	int bad;

	memset(t, 0, sizeof *t);
	t->number = number;
	t->job_workers = 1;
	ticket_path(dir, number, "ticket.ini", &path);
	bad = fs_slurp(q->fd, path.s, FILE_MAX, &text, &e) < 0 ||
	    inifile_parse(text.s, text.n, path.s, INIFILE_MACHINE, take_entry,
		&r, &e) < 0 ||
	    t->name[0] == '\0' || t->jobs == 0 || t->job_workers == 0;
	if (!bad)
		bad = fs_list(q->fd, ticket_path(dir, number, NULL, &path),
		    &names, &e);
	if (!bad)
		take_names(q, path.s, &names, t);
	t->foreign = !bad && is_foreign(q, &r);
	free(r.campaign);
	fs_free(&names);
	str_free(&text);
	str_free(&path);

	return bad ? -1 : 0;
}

static int
by_number(const void *a, const void *b)
{
	const struct ticket *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

int
ticket_list(const struct queue *q, const char *dir, struct tickets *tickets,
    struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	uint64_t n;
	size_t i;
	int bad;

	memset(tickets, 0, sizeof *tickets);
	bad = queue_list(q, dir, &names, e);
	for (i = 0; i < names.n && !bad; i++) {
		if (num_u64(names.v[i], NUMBER_MAX, &n) < 0)
			continue;
		if (load(q, dir, (unsigned)n, arr_push(tickets)) < 0)
			tickets->n--;
	}
	if (tickets->n > 1)
		qsort(tickets->v, tickets->n, sizeof *tickets->v, by_number);
	fs_free(&names);

	return bad;
}

static int
write_file(struct queue *q, const char *dir, const char *name, const char *text,
    struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	bad = fs_create(q->fd, fs_join(&path, dir, name), text, strlen(text),
		  e) < 0 ||
	    fs_sync(q->fd, path.s, e) < 0;
	str_free(&path);

	return bad ? -1 : 0;
}

/* Is the ticket at ${path} the one called so? */
static bool
is_there(const struct queue *q, const char *dir, const struct ticket *t)
{
	struct ticket now;

	return load(q, dir, t->number, &now) == 0 && str_eq(now.name, t->name);
}

/*
 * The rename onto a full directory is refused: of two dispatchers that want
 * the same number one has it.  Whatever it answers, whose it is stands in it.
 */
static int
appear(struct queue *q, const char *dir, const char *tmp,
    const struct ticket *t, struct err *e)
{
	struct str path = STR_EMPTY;
	int step = QUEUE_DONE;

	ticket_path(dir, t->number, NULL, &path);
	if (fs_rename(q->fd, tmp, path.s, e) < 0 && !is_there(q, dir, t)) {
		step = queue_exists(q, path.s) ? QUEUE_LOST : -1;
		if (step == QUEUE_LOST)
			fs_remove(q->fd, tmp, e);
	}
	if (step >= 0)
		err_clear(e);
	if (step == QUEUE_DONE && fs_sync(q->fd, dir, e) < 0)
		step = -1;
	str_free(&path);

	return step;
}

int
ticket_make(struct queue *q, const char *dir, const struct ticket *t,
    const char *script, struct err *e)
{
	struct str tmp = STR_EMPTY, text = STR_EMPTY;
	int step = -1;

	queue_tmp(q, &tmp);
	str_addf(&text,
	    "[ticket]\nformat = 1\nname = %s\njobs = %u\njob_workers = %u\n",
	    t->name, t->jobs, t->job_workers);
	inifile_add(&text, "campaign", q->absolute);
	str_addf(&text, "inode = %llu\n", (unsigned long long)inode(q));
	if (fs_mkdir(q->fd, dir, e) == 0 && fs_mkdir(q->fd, tmp.s, e) == 0 &&
	    write_file(q, tmp.s, "ticket.ini", text.s, e) == 0 &&
	    write_file(q, tmp.s, "script", script, e) == 0 &&
	    fs_sync(q->fd, tmp.s, e) == 0)
		step = appear(q, dir, tmp.s, t, e);
	str_free(&text);
	str_free(&tmp);

	return step;
}

/* Publish "KIND.W" in the ticket. */
static int
note(struct queue *q, const char *path, const char *kind, const char *writer,
    const char *text, struct err *e)
{
	struct str to = STR_EMPTY;
	int step;

	str_addf(&to, "%s/%s.%s", path, kind, writer);
	step = queue_publish(q, NULL, text, strlen(text), to.s, e);
	str_free(&to);

	return step < 0 ? -1 : 0;
}

int
ticket_accepted(struct queue *q, const char *dir, const struct ticket *t,
    const char *id, struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	int bad;

	str_addf(&text, "%s\n", id);
	bad = note(q, ticket_path(dir, t->number, NULL, &path), "job", q->self,
	    text.s, e);
	str_free(&text);
	str_free(&path);

	return bad;
}

int
ticket_note_cancelled(struct queue *q, const char *dir, const struct ticket *t,
    struct err *e)
{
	struct str path = STR_EMPTY;
	int bad = note(q, ticket_path(dir, t->number, NULL, &path), "cancelled",
	    q->self, "", e);

	str_free(&path);

	return bad;
}

/* The end of a file, from the start of a line. */
static void
add_tail(const struct queue *q, const char *path, struct str *tail)
{
	struct stat st;
	char buf[TAIL + 1], *p = buf;
	ssize_t n;
	int fd =
	    openat(q->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		n = pread(fd, buf, TAIL,
		    st.st_size > TAIL ? st.st_size - TAIL : 0);
		buf[n > 0 ? n : 0] = '\0';
		if (st.st_size > TAIL && strchr(buf, '\n') != NULL)
			p = strchr(buf, '\n') + 1;
		str_add(tail, p);
	}
	close(fd);
}

/* Of the log that was written last. */
static void
newest_log(const struct queue *q, const char *dir, struct str *tail)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY, best = STR_EMPTY;
	struct err ignored = ERR_NONE;
	struct stat st;
	struct timespec newest = { 0, 0 };
	size_t i;

	queue_list(q, dir, &names, &ignored);
	for (i = 0; i < names.n; i++) {
		if (!str_starts(names.v[i], "log.") ||
		    fstatat(q->fd, fs_join(&path, dir, names.v[i]), &st,
			AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_size == 0)
			continue;
		if (best.n > 0 &&
		    (st.st_mtim.tv_sec < newest.tv_sec ||
			(st.st_mtim.tv_sec == newest.tv_sec &&
			    st.st_mtim.tv_nsec < newest.tv_nsec)))
			continue;
		newest = st.st_mtim;
		str_cut(&best, 0);
		str_add(&best, path.s);
	}
	if (best.n > 0)
		add_tail(q, best.s, tail);
	str_free(&best);
	str_free(&path);
	fs_free(&names);
}

int
ticket_close(struct queue *q, const char *dir, const struct ticket *t,
    bool keep, struct str *tail, struct err *e)
{
	struct str path = STR_EMPTY, tmp = STR_EMPTY, kept = STR_EMPTY;
	int rc = 1;

	queue_tmp(q, &tmp);
	if (fs_rename(q->fd, ticket_path(dir, t->number, NULL, &path), tmp.s,
		e) < 0) {
		rc = e->sys == ENOENT ? 0 : -1;
		if (rc == 0)
			err_clear(e);
	}
	if (rc == 1 && tail != NULL)
		newest_log(q, tmp.s, tail);
	if (rc == 1 && keep) {
		fs_join(&kept, dir, "failed");
		if (queue_discard(q, kept.s, e) < 0 ||
		    fs_rename(q->fd, tmp.s, kept.s, e) < 0)
			err_clear(e); /* it serves a reader alone */
	}
	if (rc == 1)
		fs_remove(q->fd, tmp.s, e);
	str_free(&kept);
	str_free(&tmp);
	str_free(&path);

	return rc;
}

void
ticket_begin(struct queue *q, const char *path, const char *worker)
{
	struct err ignored = ERR_NONE;

	note(q, path, "began", worker, "", &ignored);
}

void
ticket_end(struct queue *q, const char *path, const char *worker)
{
	struct str from = STR_EMPTY, to = STR_EMPTY;
	struct err ignored = ERR_NONE;

	ticket_begin(q, path, worker);
	str_addf(&from, "%s/began.%s", path, worker);
	str_addf(&to, "%s/ended.%s", path, worker);
	fs_rename(q->fd, from.s, to.s, &ignored);
	str_free(&to);
	str_free(&from);
}
