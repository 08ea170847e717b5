#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/tar.h"
#include "base/walk.h"
#include "form/columns.h"
#include "queue/rows.h"
#include "queue/seal_files.h"
#include "queue/segment.h"

enum { BLOCK = 65536 };

/* Open a new file for writing in a directory of ours. */
static int
create(const struct queue *q, const char *path, struct err *e)
{
	int fd = openat(q->fd, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);

	return fd < 0 ? err_sys(e, "cannot create '%s/hpo/%s'", q->path, path)
		      : fd;
}

static int
add_file(struct queue *q, struct tar_writer *w, const char *path, struct err *e)
{
	int fd = openat(q->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int bad;

	if (fd < 0)
		return err_sys(e, "cannot open '%s/hpo/%s'", q->path, path);
	bad = tar_add_file(w, path, fd, e);
	close(fd);

	return bad;
}

static bool
is_listed(const struct fs_names *files, const char *path)
{
	size_t i = 0;

	while (i < files->n && strcmp(files->v[i], path) != 0)
		i++;

	return i < files->n;
}

/*
 * The files of a home, by their names under hpo/.  A listing may be older
 * than the token (on NFS by half a minute): one that lacks what the token
 * names shows nothing yet.
 */
static int
list_home(struct queue *q, const struct token *t, struct fs_names *files,
    struct err *e)
{
	struct str path = STR_EMPTY;
	int bad = walk_files(q->fd, name_home(t->id, &path), files, e);

	if (!bad &&
	    (!is_listed(files, name_in_home(t->id, "trial.ini", &path)) ||
		!is_listed(files,
		    name_result(t->id, t->attempt, t->by, &path))))
		bad = err_set(e, EX_TEMPFAIL, "'%s/hpo/%s' is not listed",
		    q->path, path.s);
	str_free(&path);

	return bad;
}

static int
add_homes(struct queue *q, struct tar_writer *w, const struct token *t,
    struct err *e)
{
	struct fs_names files = { 0, 0, NULL };
	size_t i, k;
	int bad = 0;

	for (i = 0; i < NAME_SEGMENT && !bad; i++) {
		bad = list_home(q, &t[i], &files, e);
		for (k = 0; k < files.n && !bad; k++)
			bad = add_file(q, w, files.v[k], e);
		fs_free(&files);
	}

	return bad;
}

/* An archive that is being written. */
struct making {
	const struct queue *q;
	const char *path;
	int fd;
	struct tar_writer *tar;
};

static int
begin(struct making *m, enum tar_filter filter, struct err *e)
{
	m->fd = create(m->q, m->path, e);
	m->tar = NULL;
	if (m->fd >= 0)
		m->tar = tar_create(m->fd, filter, m->path, e);

	return m->tar != NULL ? 0 : -1;
}

/* ${bad}: what is in it is not all. */
static int
finish(struct making *m, bool bad, bool durable, struct err *e)
{
	if (!bad)
		bad = tar_finish(m->tar, e) < 0;
	else
		tar_abandon(m->tar);
	if (!bad && durable && fsync(m->fd) < 0)
		bad = err_sys(e, "cannot sync '%s/hpo/%s'", m->q->path,
			  m->path) < 0;
	if (m->fd >= 0 && close(m->fd) < 0 && !bad)
		bad = err_sys(e, "cannot write '%s/hpo/%s'", m->q->path,
			  m->path) < 0;

	return bad ? -1 : 0;
}

static int
make_files(struct queue *q, const struct token *t, const char *path,
    struct err *e)
{
	struct making m = { .q = q, .path = path };
	bool bad = begin(&m, TAR_ZSTD, e) < 0 || add_homes(q, m.tar, t, e) < 0;

	return finish(&m, bad, false, e);
}

/* The rows as they come, and the last lines of their logs. */
struct gathered {
	struct table columns;
	struct str rows; /* each after its count of fields; the tail last */
};

static int
gather(struct queue *q, const struct campaign *c, const struct token *t,
    struct gathered *g, struct err *e)
{
	const char *const *field;
	const char *tail;
	struct rows rows;
	size_t i, n;
	int rc = 0;

	rows_open(&rows, q, c, &g->columns, NULL);
	rows.grow = true;
	for (i = 0; i < NAME_SEGMENT && rc == 0; i++) {
		rc = rows_read(&rows, &t[i], &field, e);
		if (rc != 0)
			break;
		n = g->columns.n;
		tail = rows_tail(&rows);
		str_addn(&g->rows, (const char *)&n, sizeof n);
		columns_keep(field, n, &g->rows);
		columns_keep(&tail, 1, &g->rows);
	}
	rows_close(&rows);

	return rc == 0 ? 0 : -1;
}

/* As hpo-collect prints it, and one column more. */
static void
print(const struct gathered *g, struct str *b)
{
	size_t *order = mem_zero(g->columns.n, sizeof *order);
	const char **field = mem_zero(g->columns.n, sizeof *field);
	const char **sorted = mem_zero(g->columns.n + 1, sizeof *sorted);
	const char *p = g->rows.s, *end = p + g->rows.n;
	struct table t;
	size_t i, n;

	table_init(&t);
	columns_order(&g->columns, order);
	for (i = 0; i < g->columns.n; i++)
		table_add(&t, g->columns.name[order[i]]);
	table_add(&t, SEGMENT_TAIL);
	table_head(&t, TABLE_TSV, b);
	while (p < end) {
		memcpy(&n, p, sizeof n);
		p = columns_recall(p + sizeof n, n, field, g->columns.n);
		p = columns_recall(p, 1, &sorted[g->columns.n], 1);
		for (i = 0; i < g->columns.n; i++)
			sorted[i] = field[order[i]];
		table_row(&t, sorted, TABLE_TSV, b);
	}
	table_free(&t);
	free(sorted);
	free(field);
	free(order);
}

static int
make_table(struct queue *q, const struct campaign *c, const struct token *t,
    struct str *text, struct err *e)
{
	struct gathered g = { { 0, NULL }, STR_EMPTY };
	int bad = gather(q, c, t, &g, e);

	if (!bad)
		print(&g, text);
	table_free(&g.columns);
	str_free(&g.rows);

	return bad;
}

/* The table, with the time and the mode of the other member, and that. */
static int
add_members(struct making *m, const struct str *table, const char *files,
    struct err *e)
{
	struct tar_entry entry = { .name = SEGMENT_TABLE, .size = table->n };
	struct stat st;
	int fd = openat(m->q->fd, files, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int bad;

	if (fd < 0 || fstat(fd, &st) < 0) {
		bad = err_sys(e, "cannot open '%s/hpo/%s'", m->q->path, files);
	} else {
		entry.mode = st.st_mode & 0777;
		entry.mtime = (int64_t)st.st_mtime;
		bad = tar_add(m->tar, &entry, table->s, e) < 0 ||
		    tar_add_file(m->tar, SEGMENT_FILES, fd, e) < 0;
	}
	if (fd >= 0)
		close(fd);

	return bad ? -1 : 0;
}

static int
make_segment(struct queue *q, const struct str *table, const char *files,
    const char *path, struct err *e)
{
	struct making m = { .q = q, .path = path };
	bool bad =
	    begin(&m, TAR_PLAIN, e) < 0 || add_members(&m, table, files, e) < 0;

	return finish(&m, bad, true, e);
}

int
seal_files_make(struct queue *q, const struct campaign *c,
    const struct token *token, const char *dir, struct err *e)
{
	struct str files = STR_EMPTY, path = STR_EMPTY, table = STR_EMPTY;
	int bad;

	fs_join(&files, dir, SEGMENT_FILES);
	fs_join(&path, dir, SEGMENT_TAR);
	bad = fs_mkdir(q->fd, dir, e) < 0 ||
	    make_files(q, token, files.s, e) < 0 ||
	    make_table(q, c, token, &table, e) < 0 ||
	    make_segment(q, &table, files.s, path.s, e) < 0 ||
	    fs_remove(q->fd, files.s, e) < 0 || fs_sync(q->fd, dir, e) < 0;
	str_free(&table);
	str_free(&path);
	str_free(&files);

	return bad ? -1 : 0;
}

static int
differs(const struct queue *q, const char *name, struct err *e)
{
	return err_set(e, EX_DATAERR,
	    "'%s/hpo/%s' is not what was sealed: its segment is left as it is",
	    q->path, name);
}

/* Read ${n} bytes, or fewer at the end of the file. */
static ssize_t
read_block(int fd, char *p, size_t n)
{
	size_t got = 0;
	ssize_t k = 1;

	while (got < n && k != 0) {
		k = read(fd, p + got, n - got);
		if (k < 0 && errno != EINTR)
			return -1;
		if (k > 0)
			got += (size_t)k;
		else if (k < 0)
			k = 1;
	}

	return (ssize_t)got;
}

/* Compare an entry with the loose file open as ${fd}. */
static int
compare(const struct queue *q, struct tar_reader *r, const char *name, int fd,
    struct err *e)
{
	static const size_t block = BLOCK;
	char *sealed = mem_alloc(block), *loose = mem_alloc(block);
	ssize_t n, k = 0;
	int bad = 0;

	while (!bad && (n = tar_read(r, sealed, block, e)) != 0) {
		if (n > 0)
			k = read_block(fd, loose, (size_t)n);
		if (n < 0)
			bad = -1;
		else if (k < 0)
			bad = err_sys(e, "cannot read '%s/hpo/%s'", q->path,
			    name);
		else if (k != n || memcmp(sealed, loose, (size_t)n) != 0)
			bad = differs(q, name, e);
	}
	if (!bad && read_block(fd, loose, 1) != 0)
		bad = differs(q, name, e);
	free(loose);
	free(sealed);

	return bad;
}

/* A process that outlived its trial may write to its log, which goes round
 * at log_limit, until it finds out. */
static bool
may_change(const char *name)
{
	const char *slash = strrchr(name, '/');

	return str_starts(slash != NULL ? slash + 1 : name, "log.");
}

static int
agree(const struct queue *q, struct tar_reader *r, struct err *e)
{
	struct tar_entry entry;
	char *name;
	int rc, fd;

	while ((rc = tar_next(r, &entry, e)) > 0) {
		if (may_change(entry.name))
			continue;
		name = mem_dup(entry.name);
		fd = openat(q->fd, name,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		/* What is loose no more was removed after a check like this. */
		if (fd >= 0) {
			rc = compare(q, r, name, fd, e);
			close(fd);
		} else if (errno != ENOENT && errno != ENOTDIR) {
			rc = err_sys(e, "cannot open '%s/hpo/%s'", q->path,
			    name);
		}
		free(name);
		if (rc < 0)
			break;
	}

	return rc < 0 ? -1 : 0;
}

int
seal_files_agree(const struct queue *q, uint32_t segment, struct err *e)
{
	struct segment rows = { .loaded = false };
	struct segment_files f;
	int bad = segment_load(q, segment, &rows, e) < 0 ||
	    segment_verify(q, segment, e) < 0;

	segment_free(&rows);
	if (bad)
		return -1;
	bad =
	    segment_files_open(q, segment, &f, e) < 0 || agree(q, f.tar, e) < 0;
	segment_files_close(&f);

	return bad ? -1 : 0;
}
