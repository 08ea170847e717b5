#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/tar.h"
#include "queue/name.h"
#include "queue/segment.h"
#include "queue/unpack.h"

/* The most that programs read of a file, and of a segment for its table. */
enum { FILE_MOST = 16 << 20, HEAD_MOST = (1 << 30) + 512, PIECE = 1 << 17 };

struct unpacking {
	const char *archive;
	enum unpack_need need;
	struct str home, segment; /* of the trial that is needed: "hpo/.../" */
	char *top;                /* what all names begin with: "DIR/", or "" */
	bool begun;
	int at; /* the campaign's directory */
	struct tar_reader *tar;
	char piece[PIECE];
};

static bool
ends(const char *s, const char *tail)
{
	size_t n = strlen(s), k = strlen(tail);

	return n >= k && str_eq(s + n - k, tail);
}

/* A file of a home that rows are made of? */
static bool
makes_rows(const char *name)
{
	const char *file = strrchr(name, '/') + 1;
	char by[NAME_WRITER];
	unsigned attempt;

	return str_eq(file, "trial.ini") || str_eq(file, "token") ||
	    name_parse_result(file, &attempt, by) == 0;
}

/* What is written of a member. */
struct share {
	uint64_t most; /* it may be so large */
	bool head;     /* of a segment: no more than its table takes */
};

/* Is the member needed?  And how much of it? */
static bool
is_needed(const struct unpacking *u, const char *name, struct share *share)
{
	bool trial = str_starts(name, "hpo/trials/");
	bool segment = str_starts(name, "hpo/segments/");

	share->most = FILE_MOST;
	share->head = false;
	if (str_eq(name, "campaign.ini"))
		return true;
	if (!str_starts(name, "hpo/"))
		return false;
	if (!trial || !makes_rows(name))
		share->most = UINT64_MAX;
	if (u->need == UNPACK_ALL ||
	    (u->need == UNPACK_TRIAL &&
		(str_starts(name, u->home.s) ||
		    str_starts(name, u->segment.s))))
		return true;
	if (trial)
		return makes_rows(name);
	share->head = segment;
	if (segment)
		return ends(name, "/" SEGMENT_TAR);

	return !str_starts(name, "hpo/control/") &&
	    !str_starts(name, "hpo/slurm/") &&
	    !str_starts(name, "hpo/backend/");
}

static int
refuse(const struct unpacking *u, const char *name, const char *why,
    struct err *e)
{
	return err_set(e, EX_DATAERR, "archive '%s': entry '%s': %s",
	    u->archive, name, why);
}

/* Make the directories that lead to a file. */
static void
make_parents(const struct unpacking *u, const char *name)
{
	struct err ignored = ERR_NONE; /* opening the file tells */
	struct str dir = STR_EMPTY;
	const char *p;

	for (p = strchr(name, '/'); p != NULL; p = strchr(p + 1, '/')) {
		str_cut(&dir, 0);
		str_addn(&dir, name, (size_t)(p - name));
		fs_mkdir(u->at, dir.s, &ignored);
	}
	str_free(&dir);
}

static int
create(const struct unpacking *u, const char *name, struct err *e)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, fd;

	fd = openat(u->at, name, flags, 0600);
	if (fd < 0 && errno == ENOENT) {
		make_parents(u, name);
		fd = openat(u->at, name, flags, 0600);
	}
	if (fd >= 0)
		return fd;
	if (errno == EEXIST || errno == ENOTDIR || errno == EISDIR)
		return refuse(u, name, "another is in its way", e);
	if (errno == ENAMETOOLONG)
		return refuse(u, name, "its name is too long", e);

	return err_sys(e, "cannot unpack '%s' of archive '%s'", name,
	    u->archive);
}

/* Write an entry, or the head of one; the reader passes over the rest. */
static int
write_share(struct unpacking *u, const struct tar_entry *entry, bool head,
    int fd, struct err *e)
{
	uint64_t left = UINT64_MAX;
	ssize_t n;

	while (left > 0 && (n = tar_read(u->tar, u->piece, PIECE, e)) != 0) {
		if (n < 0)
			return -1;
		if (head && left == UINT64_MAX) {
			left = segment_head(u->piece, (size_t)n);
			if (left > HEAD_MOST)
				return refuse(u, entry->name,
				    "its table is too large", e);
		}
		if ((uint64_t)n > left)
			n = (ssize_t)left;
		if (fs_write_all(fd, u->piece, (size_t)n) < 0)
			return err_sys(e, "cannot unpack '%s' of archive '%s'",
			    entry->name, u->archive);
		left -= (uint64_t)n;
	}

	return 0;
}

static int
unpack_member(struct unpacking *u, const struct tar_entry *entry,
    const struct share *share, struct err *e)
{
	int fd, bad;

	if (entry->size > share->most)
		return refuse(u, entry->name, "it is too large", e);
	fd = create(u, entry->name, e);
	if (fd < 0)
		return -1;
	bad = write_share(u, entry, share->head, fd, e);
	if (close(fd) < 0 && !bad)
		bad = err_sys(e, "cannot unpack '%s' of archive '%s'",
		    entry->name, u->archive);

	return bad;
}

/*
 * An archive that tar(1) made of a directory has its name before all others:
 * the name of a member without it, or NULL.  That is settled with the first
 * file that is unpacked.
 */
static const char *
below_top(struct unpacking *u, const char *name)
{
	size_t n = strcspn(name, "/");

	if (u->top == NULL)
		u->top = mem_dupn(name,
		    name[n] == '/' && !str_starts(name, "hpo/") ? n + 1 : 0);
	else if (!u->begun && !str_starts(name, u->top))
		*u->top = '\0';

	return str_starts(name, u->top) ? name + strlen(u->top) : NULL;
}

static int
unpack_members(struct unpacking *u, struct err *e)
{
	struct tar_entry entry;
	const char *whole;
	struct share share;
	int rc;

	while ((rc = tar_next(u->tar, &entry, e)) > 0) {
		whole = entry.name;
		entry.name = below_top(u, whole);
		if (entry.name == NULL)
			return refuse(u, whole,
			    "it is not in the directory that those before it "
			    "are in",
			    e);
		if (!is_needed(u, entry.name, &share))
			continue;
		u->begun = true;
		if (unpack_member(u, &entry, &share, e) < 0)
			return -1;
	}

	return rc;
}

/* The archive's name without directories and suffixes, as a directory. */
static char *
base_name(const char *archive)
{
	static const char *const suffix[] = { ".zst", ".xz", ".gz", ".tar",
		".tgz" };
	const char *slash = strrchr(archive, '/');
	char *name = mem_dup(slash != NULL ? slash + 1 : archive);
	size_t i;

	for (i = 0; i < sizeof suffix / sizeof suffix[0]; i++)
		if (ends(name, suffix[i]))
			name[strlen(name) - strlen(suffix[i])] = '\0';
	if (*name != '\0' && !str_eq(name, ".") && !str_eq(name, ".."))
		return name;
	free(name);

	return mem_dup("campaign");
}

static int
unpack_into(struct unpacking *u, const char *path, struct err *e)
{
	int fd, bad;

	if (fs_mkdir(AT_FDCWD, path, e) < 0)
		return -1;
	u->at = fs_open_dir(AT_FDCWD, path, e);
	if (u->at < 0)
		return -1;
	fd = open(u->archive, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		close(u->at);
		return err_sys(e, "cannot open '%s'", u->archive);
	}
	u->tar = tar_open(fd, u->archive, e);
	bad = u->tar == NULL || unpack_members(u, e) < 0;
	tar_close(u->tar);
	close(fd);
	close(u->at);

	return bad ? -1 : 0;
}

/* Where it is in a directory, the campaign's directory is called so. */
static int
call_it(const struct unpacking *u, struct unpacked *out, struct err *e)
{
	struct str path = STR_EMPTY;

	if (u->top == NULL || *u->top == '\0')
		return 0;
	str_addf(&path, "%s/%.*s", out->dir.path, (int)strlen(u->top) - 1,
	    u->top);
	if (fs_rename(AT_FDCWD, out->path, path.s, e) < 0) {
		str_free(&path);
		return -1;
	}
	free(out->path);
	out->path = str_take(&path);

	return 0;
}

int
unpack_open(const char *archive, enum unpack_need need, uint32_t id,
    struct unpacked *out, struct err *e)
{
	struct unpacking *u = mem_zero(1, sizeof *u);
	struct str path = STR_EMPTY;
	char *name = base_name(archive);
	int bad;

	memset(out, 0, sizeof *out);
	u->archive = archive;
	u->need = need;
	str_addf(&u->home, "hpo/%s/", name_home(id, &path));
	str_addf(&u->segment, "hpo/segments/%04u/", name_segment(id));
	bad = tmpdir_make(&out->dir, e) < 0;
	if (!bad) {
		out->path = mem_dup(fs_join(&path, out->dir.path, name));
		bad =
		    unpack_into(u, out->path, e) < 0 || call_it(u, out, e) < 0;
	}
	if (bad)
		unpack_close(out);
	free(u->top);
	str_free(&u->segment);
	str_free(&u->home);
	str_free(&path);
	free(name);
	free(u);

	return bad ? -1 : 0;
}

void
unpack_close(struct unpacked *u)
{
	tmpdir_remove(&u->dir);
	free(u->path);
	u->path = NULL;
}
