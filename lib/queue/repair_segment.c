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
#include "base/num.h"
#include "base/proc.h"
#include "base/tar.h"
#include "form/campaign.h"
#include "form/trial.h"
#include "queue/fsck_facts.h"
#include "queue/fsck_segment.h"
#include "queue/repair_segment.h"
#include "queue/rows_job.h"
#include "queue/segment.h"

enum { FACT_MAX = 16 << 20, PIECE = 65536 };

static const char param_prefix[] = "param.";

static bool
is_fact(const char *file)
{
	return strchr(file, '/') == NULL &&
	    (str_eq(file, "trial.ini") || str_starts(file, "result."));
}

/* Is the text of a fact whole? */
static bool
is_whole(const struct str *text, uint32_t id, const char *file)
{
	struct fsck_result x;
	char *wrong;

	if (str_eq(file, "trial.ini")) {
		wrong = fsck_facts_trial(str_text(text), text->n, id, NULL);
	} else {
		fsck_facts_name(file, &x);
		if (x.named)
			fsck_facts_result(str_text(text), text->n, id, &x,
			    NULL);
		wrong = x.wrong;
		x.wrong = NULL;
		fsck_facts_forget(&x);
	}
	free(wrong);

	return wrong == NULL;
}

/* What stands where a home should, or the directory of homes, makes way. */
static int
clear_way(struct repair *r, uint32_t id, struct err *e)
{
	struct str path = STR_EMPTY;
	int i, bad = 0;

	name_home(id, &path);
	for (i = 0; i < 2 && !bad; i++) {
		if (queue_exists(r->q, path.s) &&
		    !fs_is_dir(r->q->fd, path.s)) {
			bad = repair_step_away(r, path.s, e);
			if (!bad)
				repair_step_say(r, "%s: put away", path.s);
		}
		str_cut(&path, (size_t)(strrchr(path.s, '/') - path.s));
	}
	str_free(&path);

	return bad;
}

/* A whole fact becomes loose, unless it is; a damaged loose one makes way. */
static int
restore_fact(struct repair *r, const char *path, uint32_t id, const char *file,
    const struct str *text, struct err *e)
{
	struct str loose = STR_EMPTY;
	struct err ignored = ERR_NONE;
	bool whole;
	int bad = 0;

	if (clear_way(r, id, e) < 0)
		return -1;
	if (queue_exists(r->q, path)) {
		whole =
		    fs_slurp(r->q->fd, path, FACT_MAX, &loose, &ignored) == 0 &&
		    is_whole(&loose, id, file);
		str_free(&loose);
		if (whole)
			return 0;
		bad = repair_step_away(r, path, e);
		if (bad == 0)
			repair_step_say(r, "%u: put away %s", id, path);
	}

	return bad ? bad
		   : repair_step_write(r, path, str_text(text), text->n, e);
}

/* Write the rest of an entry; 1: the archive cannot be read further. */
static int
pour(struct tar_reader *t, int fd, const char *tmp, struct err *e)
{
	char *piece = mem_alloc(PIECE);
	struct err reading = ERR_NONE;
	ssize_t n;
	int rc = 0;

	while ((n = tar_read(t, piece, PIECE, &reading)) > 0 && rc == 0)
		if (fs_write_all(fd, piece, (size_t)n) < 0)
			rc = err_sys(e, "cannot write '%s'", tmp);
	free(piece);

	return n < 0 ? 1 : rc;
}

/* What is kept beside the facts: a log, a checkpoint's file. */
static int
restore_file(struct repair *r, struct tar_reader *t,
    const struct tar_entry *entry, struct err *e)
{
	struct err ignored = ERR_NONE;
	struct str tmp = STR_EMPTY;
	int fd, rc, moved;

	if (queue_exists(r->q, entry->name))
		return 0;
	fd = openat(r->q->fd, queue_tmp(r->q, &tmp),
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    entry->mode & 0777);
	rc = fd < 0 ? err_sys(e, "cannot create '%s'", tmp.s)
		    : pour(t, fd, tmp.s, e);
	if (fd >= 0 && close(fd) < 0 && rc == 0)
		rc = err_sys(e, "cannot write '%s'", tmp.s);
	moved = rc == 0 ? repair_step_move(r, tmp.s, entry->name, e) : 1;
	if (moved != 0)
		fs_remove(r->q->fd, tmp.s, &ignored);
	str_free(&tmp);

	return moved < 0 ? -1 : rc;
}

/* 0; 1: the archive cannot be read further; -1. */
static int
restore(struct repair *r, struct tar_reader *t, const struct tar_entry *entry,
    uint32_t number, struct err *e)
{
	struct err reading = ERR_NONE;
	struct str text = STR_EMPTY;
	uint32_t id;
	const char *file = fsck_segment_name(entry->name, number, &id);
	int rc = 0;

	if (file == NULL)
		return 0;
	if (!is_fact(file))
		return restore_file(r, t, entry, e);
	if (tar_slurp(t, FACT_MAX, &text, &reading) < 0)
		rc = 1;
	else if (is_whole(&text, id, file))
		rc = restore_fact(r, entry->name, id, file, &text, e);
	str_free(&text);

	return rc;
}

/* As far as the archive can be read. */
static int
restore_files(struct repair *r, uint32_t number, struct err *e)
{
	struct err reading = ERR_NONE;
	struct segment_files f;
	struct tar_entry entry;
	int rc = 0;

	if (segment_files_salvage(r->q, number, &f) == 0)
		while (rc == 0 && tar_next(f.tar, &entry, &reading) > 0)
			rc = restore(r, f.tar, &entry, number, e);
	segment_files_close(&f);

	return rc < 0 ? -1 : 0;
}

/* A trial as its row tells of it: the point, and who proposed it. */
static void
format_trial(const struct repair *r, const struct segment *s,
    const char *const *field, uint32_t id, struct str *text)
{
	struct trial t = {
		.id = id,
		.parent = -1,
		.seed = r->c->seed,
		.space = r->c->space.digest,
		.random = proc_random64(),
	};
	const char *searcher = field[TABLE_SEARCHER];
	const char *started = field[TABLE_STARTED];
	size_t i;

	t.searcher = mem_dup(searcher != NULL ? searcher : "");
	t.reason = mem_dup("restored from the table of its segment");
	t.view = mem_dup("");
	snprintf(t.created, sizeof t.created, "%s",
	    started != NULL ? started : "");
	t.name = mem_zero(s->columns.n, sizeof *t.name);
	t.text = mem_zero(s->columns.n, sizeof *t.text);
	for (i = 0; i < s->columns.n; i++) {
		if (field[i] == NULL ||
		    !str_starts(s->columns.name[i], param_prefix))
			continue;
		t.name[t.n] =
		    mem_dup(s->columns.name[i] + sizeof param_prefix - 1);
		t.text[t.n++] = mem_dup(field[i]);
	}
	trial_format(&t, text);
	trial_free(&t);
}

/* And how it ended. */
static void
format_result(const struct repair *r, struct segment *s, uint32_t id,
    struct str *path, struct str *text)
{
	const char *const *field;
	struct result x;
	size_t i;

	segment_result(s, id, &x);
	field = segment_fields(s, id);
	x.exit = x.status == STATUS_OK || x.status == STATUS_PRUNED ? 0 : -1;
	if (field[TABLE_STARTED] != NULL)
		snprintf(x.started, sizeof x.started, "%s",
		    field[TABLE_STARTED]);
	if (field[TABLE_SECONDS] == NULL ||
	    num_double(field[TABLE_SECONDS], &x.seconds) < 0)
		x.seconds = 0;
	free(x.host);
	x.host = mem_dup(field[TABLE_HOST] != NULL ? field[TABLE_HOST] : "");
	free(x.worker);
	x.worker = mem_dup(r->q->self);
	x.job.wait = -1;
	for (i = 0; i < s->columns.n; i++)
		if (field[i] != NULL)
			rows_job_take(&x, s->columns.name[i], field[i]);
	name_result(id, x.attempt, x.worker, path);
	result_format(&x, text);
	result_free(&x);
}

/* Has the home a whole result as the row has it? */
static bool
has_result(const struct fsck_facts *f, const char *const *field)
{
	const struct fsck_result *x;
	uint64_t attempt;
	size_t i;

	if (field[TABLE_ATTEMPT] == NULL || field[TABLE_STATUS] == NULL ||
	    num_u64(field[TABLE_ATTEMPT], 1000000, &attempt) < 0 ||
	    status_find(field[TABLE_STATUS]) < 0)
		return true; /* such a row tells nothing */
	for (i = 0; i < f->result.n; i++) {
		x = &f->result.v[i];
		if (x->wrong == NULL && x->attempt == attempt &&
		    str_eq(status_name(x->status), field[TABLE_STATUS]))
			return true;
	}

	return false;
}

/* What the loose home of a row lacks. */
static int
restore_row(struct repair *r, struct segment *s, uint32_t id, struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	struct fsck_facts f;
	int bad = 0;

	if (fsck_facts_read(r->q, id, &f, e) < 0)
		return -1;
	if (f.wrong != NULL) {
		format_trial(r, s, segment_fields(s, id), id, &text);
		name_in_home(id, "trial.ini", &path);
		bad = restore_fact(r, path.s, id, "trial.ini", &text, e);
		if (!bad)
			repair_step_say(r, "%u: made %s from its row", id,
			    path.s);
	}
	if (!bad && !has_result(&f, segment_fields(s, id))) {
		str_cut(&text, 0);
		format_result(r, s, id, &path, &text);
		bad = repair_step_write(r, path.s, text.s, text.n, e);
		if (!bad)
			repair_step_say(r, "%u: made %s from its row", id,
			    path.s);
	}
	fsck_facts_free(&f);
	str_free(&text);
	str_free(&path);

	return bad;
}

static int
restore_rows(struct repair *r, uint32_t number, struct err *e)
{
	struct err reading = ERR_NONE;
	struct segment s;
	uint32_t i;
	int bad = 0;

	memset(&s, 0, sizeof s);
	if (segment_load(r->q, number, &s, &reading) == 0)
		for (i = 0; i < NAME_SEGMENT && !bad; i++)
			bad = restore_row(r, &s, number * NAME_SEGMENT + i, e);
	segment_free(&s);

	return bad;
}

int
repair_segment(struct repair *r, uint32_t number, struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	str_addf(&path, "segments/%04u", number);
	bad = restore_files(r, number, e) < 0 ||
	    restore_rows(r, number, e) < 0 || repair_step_sync(r, e) < 0 ||
	    repair_step_away(r, path.s, e) < 0;
	if (!bad)
		repair_step_say(r, "%s: put away, its trials are loose again",
		    path.s);
	str_free(&path);

	return bad ? -1 : 0;
}
