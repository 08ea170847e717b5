#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "form/inifile.h"
#include "queue/worker.h"

enum { INFO_MAX = 65536, PULSE_MAX = 4096, TRIES = 8 };

const char *
worker_file(const char *name, const char *file, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "running/%s/%s", name, file);

	return b->s;
}

static void
format_info(const struct worker_info *info, struct str *b)
{
	char now[CLK_TEXT];

	clk_wall(now);
	str_addf(b,
	    "[worker]\nformat = 1\nhost = %s\nboot = %s\npidns = %llu\n"
	    "pid = %ld\nstart = %llu\nslot = %d\nkind = %s\nstarted = %s\n"
	    "clock = %.3f\n",
	    info->id.host, info->id.boot, (unsigned long long)info->id.pidns,
	    (long)info->id.pid, (unsigned long long)info->id.start, info->slot,
	    info->kind, now, clk_boot());
	if (info->dispatcher[0] != '\0')
		str_addf(b, "dispatcher = %s\n", info->dispatcher);
	if (info->ticket[0] != '\0')
		str_addf(b, "ticket = %s\n", info->ticket);
	result_job_format(&info->job, "job", b);
}

static void
format_beat(uint64_t beats, char text[24])
{
	snprintf(text, 24, "%020llu\n", (unsigned long long)beats);
}

/* A name nobody else has: if it is there, the rename was done, whatever the
 * reply to it said. */
static int
appear(struct queue *q, const char *tmp, const char *path, struct err *e)
{
	if (fs_rename(q->fd, tmp, path, e) < 0) {
		if (!fs_is_dir(q->fd, path))
			return -1;
		err_clear(e);
	}

	return fs_sync(q->fd, "running", e);
}

/* Write the directory in tmp/ and rename it. */
static int
make(struct queue *q, const char *name, const struct str *info, struct err *e)
{
	struct str tmp = STR_EMPTY, path = STR_EMPTY;
	char beat[24];
	int bad;

	queue_tmp(q, &tmp);
	format_beat(0, beat);
	bad = fs_mkdir(q->fd, tmp.s, e) < 0 ||
	    fs_create(q->fd, fs_join(&path, tmp.s, "worker.ini"), info->s,
		info->n, e) < 0 ||
	    fs_sync(q->fd, path.s, e) < 0 ||
	    fs_create(q->fd, fs_join(&path, tmp.s, "heartbeat"), beat,
		strlen(beat), e) < 0 ||
	    fs_sync(q->fd, tmp.s, e) < 0 ||
	    appear(q, tmp.s, fs_join(&path, "running", name), e) < 0;
	str_free(&path);
	str_free(&tmp);

	return bad ? -1 : 0;
}

int
worker_start(struct queue *q, const char *name, const struct worker_info *info,
    struct worker *w, struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	int i, bad = -1;

	w->q = q;
	w->beats = 0;
	w->oom_kills = proc_oom_kills();
	w->job = info->job;
	snprintf(w->name, sizeof w->name, "%s", name);
	format_info(info, &text);
	/* ENOENT: a host that cannot see us has swept it: once more. */
	for (i = 0; i < TRIES && bad; i++) {
		err_clear(e);
		bad = make(q, name, &text, e);
		if (bad && e->sys != ENOENT)
			break;
	}
	w->heartbeat = -1;
	if (!bad) {
		w->heartbeat =
		    openat(q->fd, worker_file(name, "heartbeat", &path),
			O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (w->heartbeat < 0)
			bad = err_sys(e, "cannot open '%s/hpo/%s'", q->path,
			    path.s);
	}
	str_free(&text);
	str_free(&path);

	return bad ? -1 : 0;
}

/* Has the server forgotten the file's handle? */
static bool
is_stale(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 && errno == ESTALE;
}

static void
reopen(struct worker *w)
{
	struct str path = STR_EMPTY;
	int fd;

	queue_reopen(w->q);
	fd = openat(w->q->fd, worker_file(w->name, "heartbeat", &path),
	    O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		close(w->heartbeat);
		w->heartbeat = fd;
	}
	str_free(&path);
}

int
worker_beat(struct worker *w, struct err *e)
{
	char beat[24];

	format_beat(++w->beats, beat);
	if (is_stale(w->heartbeat))
		reopen(w);
	if (fs_pwrite_all(w->heartbeat, beat, strlen(beat), 0) < 0 ||
	    fsync(w->heartbeat) < 0)
		return err_sys(e, "cannot write the heartbeat in '%s/hpo'",
		    w->q->path);

	return 0;
}

/*
 * Files first, then rmdir, which a token that lies there refuses.  The
 * directory is not moved away first: a claim whose reply was lost may still
 * arrive in it.
 */
void
worker_forget(struct queue *q, const char *name)
{
	static const char *const files[] = { "report", "params.json",
		"suspended", "heartbeat", "worker.ini" };
	struct str path = STR_EMPTY;
	size_t i;

	for (i = 0; i < sizeof files / sizeof files[0]; i++)
		unlinkat(q->fd, worker_file(name, files[i], &path), 0);
	unlinkat(q->fd, fs_join(&path, "running", name), AT_REMOVEDIR);
	str_free(&path);
}

void
worker_stop(struct worker *w)
{
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	struct str path = STR_EMPTY;
	struct token t;
	size_t i;
	bool empty;

	if (w->heartbeat >= 0)
		close(w->heartbeat);
	w->heartbeat = -1;
	fs_join(&path, "running", w->name);
	empty = queue_list(w->q, path.s, &names, &e) == 0;
	for (i = 0; i < names.n; i++)
		if (name_parse_token(names.v[i], STATE_RUNNING, &t) == 0)
			empty = false;
	if (empty)
		worker_forget(w->q, w->name);
	fs_free(&names);
	str_free(&path);
}

void
worker_suspend(struct queue *q, const char *name, bool suspended)
{
	struct str path = STR_EMPTY;
	struct err ignored = ERR_NONE;

	worker_file(name, "suspended", &path);
	if (suspended && !queue_exists(q, path.s))
		fs_create(q->fd, path.s, "", 0, &ignored);
	else if (!suspended)
		unlinkat(q->fd, path.s, 0);
	str_free(&path);
}

bool
worker_is_suspended(const struct queue *q, const char *name)
{
	struct str path = STR_EMPTY;
	bool yes = queue_exists(q, worker_file(name, "suspended", &path));

	str_free(&path);

	return yes;
}

static int
take_entry(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	struct worker_info *info = cookie;
	const char *k = ent->key, *v = ent->value;
	uint64_t n = 0;

	(void)e;
	if (k == NULL || !str_eq(ent->section, "worker"))
		return 0;
	if (str_eq(k, "host"))
		snprintf(info->id.host, sizeof info->id.host, "%s", v);
	else if (str_eq(k, "boot"))
		snprintf(info->id.boot, sizeof info->id.boot, "%s", v);
	else if (str_eq(k, "kind"))
		snprintf(info->kind, sizeof info->kind, "%s", v);
	else if (str_eq(k, "dispatcher"))
		snprintf(info->dispatcher, sizeof info->dispatcher, "%s", v);
	else if (str_eq(k, "ticket"))
		snprintf(info->ticket, sizeof info->ticket, "%s", v);
	else if (str_eq(k, "started"))
		snprintf(info->started, sizeof info->started, "%s", v);
	else if (str_eq(k, "clock"))
		num_double(v, &info->clock);
	else if (num_u64(v, UINT64_MAX, &n) == 0) {
		if (str_eq(k, "pid") && n <= INT32_MAX)
			info->id.pid = (pid_t)n;
		else if (str_eq(k, "start"))
			info->id.start = n;
		else if (str_eq(k, "pidns"))
			info->id.pidns = n;
		else if (str_eq(k, "slot") && n <= INT32_MAX)
			info->slot = (int)n;
	}
	result_job_take(&info->job, "job", k, ent->value);

	return 0;
}

/* Is running/W no directory of a worker, but a link, or of another name? */
static bool
is_planted(const struct queue *q, const char *name, const char *path)
{
	return !name_is_writer(name) || fs_crosses_link(q->fd, path);
}

int
worker_load(const struct queue *q, const char *name, struct worker_info *info,
    struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	int bad;

	memset(info, 0, sizeof *info);
	info->job.wait = -1;
	worker_file(name, "worker.ini", &path);
	if (is_planted(q, name, path.s))
		bad = err_set(e, EX_DATAERR, "%s: is no worker's", path.s);
	else
		bad = fs_slurp(q->fd, path.s, INFO_MAX, &text, e) < 0 ||
		    inifile_parse(text.s, text.n, path.s, INIFILE_MACHINE,
			take_entry, info, e) < 0;
	if (!bad && info->id.pid == 0)
		bad = err_set(e, EX_DATAERR, "%s: names no process", path.s);
	str_free(&text);
	str_free(&path);

	return bad ? -1 : 0;
}

int
worker_read(const struct queue *q, const char *name, struct worker_info *info)
{
	struct err ignored = ERR_NONE;

	return worker_load(q, name, info, &ignored);
}

int
worker_pulse(const struct queue *q, const char *name, struct str *b)
{
	struct err e = ERR_NONE;
	struct str path = STR_EMPTY;
	size_t old = b->n;
	int bad;

	worker_file(name, "heartbeat", &path);
	if (is_planted(q, name, path.s)) {
		str_free(&path);
		return -1;
	}
	/* Opened anew each time: that is what makes NFS ask the server. */
	bad = fs_slurp(q->fd, path.s, PULSE_MAX, b, &e);
	/* One line, so that it reads back from observed/ as what it was. */
	str_cut(b, bad || b->n == old ? old : old + strcspn(b->s + old, "\n"));
	str_free(&path);

	return bad && e.sys != ENOENT ? -1 : 0;
}
