/* Tar archives: what is written is read back, and what is wrong is refused. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tar.h"
#include "tap.h"

static const char *const suffix[] = { ".tar", ".tar.gz", ".tar.xz",
	".tar.zst" };

/* A file without a name. */
static int
scratch(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[512];
	int fd;

	snprintf(path, sizeof path, "%s/hpo-tar-XXXXXX",
	    tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
	fd = mkstemp(path);
	if (fd < 0) {
		printf("Bail out! no scratch file '%s'\n", path);
		exit(1);
	}
	unlink(path);

	return fd;
}

static void
bail(const struct err *e)
{
	printf("Bail out! %s\n", e->msg);
	exit(1);
}

/* Bytes that do not pack well. */
static char *
noise(size_t n)
{
	char *p = mem_alloc(n);
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (char)(x >> 24);
	}

	return p;
}

/* All bytes of a file. */
static void
whole(int fd, struct str *b)
{
	struct err e = ERR_NONE;

	str_cut(b, 0);
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fs_drain(fd, "scratch", (size_t)1 << 30, b, &e) < 0)
		bail(&e);
}

/* A file of these bytes. */
static int
file_of(const char *p, size_t n)
{
	int fd = scratch();

	if (fs_write_all(fd, p, n) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		printf("Bail out! cannot write\n");
		exit(1);
	}

	return fd;
}

enum { LARGE = 300000 };
static const char long_name[] =
    "a/very/long/name/that/does/not/fit/into/the/hundred/bytes/that/the/"
    "header/of/a/tar/archive/has/for/names/0123456789/0123456789/0123456789/"
    "0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
    "0123456789/0123456789/0123456789/0123456789/0123456789/\303\244";

/* An archive of four files, the last one from a file. */
static int
sample(enum tar_filter filter)
{
	const struct tar_entry entry[] = { { "one", 5, 0644, 1000000000 },
		{ long_name, 0, 0600, 1 },
		{ "d/large", LARGE, 0755, 2000000000 } };
	struct err e = ERR_NONE;
	char *large = noise(LARGE);
	int fd = scratch(), file = file_of("from a file", 11);
	struct tar_writer *w = tar_create(fd, filter, "x", &e);

	if (w == NULL || fchmod(file, 0640) < 0 ||
	    tar_add(w, &entry[0], "first", &e) < 0 ||
	    tar_add(w, &entry[1], "", &e) < 0 ||
	    tar_add(w, &entry[2], large, &e) < 0 ||
	    tar_add_file(w, "d/z", file, &e) < 0 || tar_finish(w, &e) < 0)
		bail(&e);
	close(file);
	free(large);

	return fd;
}

/* The members of an archive, a line each; what is wrong with it at the end. */
static void
list(int fd, struct str *b)
{
	struct err e = ERR_NONE;
	struct tar_reader *r;
	struct tar_entry entry;
	struct str text = STR_EMPTY;
	int rc = -1;

	str_cut(b, 0);
	lseek(fd, 0, SEEK_SET);
	r = tar_open(fd, "x", &e);
	while (r != NULL && (rc = tar_next(r, &entry, &e)) > 0) {
		str_cut(&text, 0);
		str_addf(b, "%s %lu %o %ld", entry.name,
		    (unsigned long)entry.size, (unsigned)entry.mode,
		    (long)entry.mtime);
		if (entry.size > 100) {
			str_addc(b, '\n');
			continue; /* passed over */
		}
		rc = tar_slurp(r, 100, &text, &e);
		if (rc < 0)
			break;
		str_addf(b, " %s\n", str_text(&text));
	}
	if (rc < 0)
		str_addf(b, "%d %s\n", e.code, e.msg);
	tar_close(r);
	str_free(&text);
}

static void
test_round(enum tar_filter filter)
{
	struct str got = STR_EMPTY, want = STR_EMPTY, a = STR_EMPTY,
		   b = STR_EMPTY;
	struct err e = ERR_NONE;
	struct tar_reader *r;
	struct tar_entry entry;
	struct stat st;
	char *large = noise(LARGE);
	int fd = sample(filter), again = sample(filter), i;

	fstat(again, &st);
	list(fd, &got);
	str_addf(&want,
	    "one 5 644 1000000000 first\n%s 0 600 1 \n"
	    "d/large 300000 755 2000000000\n",
	    long_name);
	ok(got.n > want.n && strncmp(got.s, want.s, want.n) == 0,
	    "%s: members come back", suffix[filter]);
	ok(strncmp(str_text(&got) + want.n, "d/z 11 640 ", 11) == 0 &&
		strstr(str_text(&got) + want.n, " from a file\n") != NULL,
	    "%s: and a file's", suffix[filter]);
	lseek(fd, 0, SEEK_SET);
	r = tar_open(fd, "x", &e);
	for (i = 0; i < 3; i++)
		if (r == NULL || tar_next(r, &entry, &e) <= 0)
			bail(&e);
	str_cut(&got, 0);
	ok(tar_slurp(r, LARGE, &got, &e) == 0 && got.n == LARGE &&
		memcmp(got.s, large, LARGE) == 0,
	    "%s: every byte of a large one", suffix[filter]);
	tar_close(r);
	whole(fd, &a);
	whole(again, &b);
	/* The last member's time is its file's. */
	ok(filter != TAR_GZIP || memcmp(a.s + 4, "\0\0\0\0", 4) == 0,
	    "%s: the time of day is not in it", suffix[filter]);
	ok(a.n == b.n || filter != TAR_PLAIN, "%s: and as long a second time",
	    suffix[filter]);
	ok(tar_is(fd), "%s: it is taken for one", suffix[filter]);
	close(fd);
	close(again);
	free(large);
	str_free(&got);
	str_free(&want);
	str_free(&a);
	str_free(&b);
}

/* A small archive, so that every byte of it can be tried. */
static int
small(enum tar_filter filter)
{
	const struct tar_entry entry[] = { { "campaign.ini", 20, 0644, 1 },
		{ "hpo/FORMAT", 15, 0644, 2 }, { "hpo/token", 0, 0644, 3 } };
	struct err e = ERR_NONE;
	int fd = scratch();
	struct tar_writer *w = tar_create(fd, filter, "x", &e);

	if (w == NULL ||
	    tar_add(w, &entry[0], "minimize = val_error", &e) < 0 ||
	    tar_add(w, &entry[1], "hpo-campaign 1\n", &e) < 0 ||
	    tar_add(w, &entry[2], "", &e) < 0 || tar_finish(w, &e) < 0)
		bail(&e);

	return fd;
}

/* Is it refused, by name, or is all in it as it was? */
static bool
is_harmless(int fd, const char *want, size_t *refused)
{
	struct str got = STR_EMPTY;
	const char *error;
	bool good;

	list(fd, &got);
	error = strstr(str_text(&got), "65 archive 'x': ");
	*refused += error != NULL;
	good = error != NULL || str_eq(got.s, want);
	str_free(&got);

	return good;
}

/* No flipped byte, and no missing end, changes what is read. */
static void
test_damage(enum tar_filter filter)
{
	struct str want = STR_EMPTY, whole_file = STR_EMPTY;
	size_t i, bad = 0, refused = 0, cuts = 0, most;
	int fd = small(filter), mask;
	char c;

	list(fd, &want);
	ok(strstr(want.s, "65 ") == NULL, "%s: the small one is read",
	    suffix[filter]);
	whole(fd, &whole_file);
	for (i = 0; i < whole_file.n; i++)
		for (mask = 1; mask <= 255; mask += 127) {
			c = (char)(whole_file.s[i] ^ mask);
			if (pwrite(fd, &c, 1, (off_t)i) == 1 &&
			    !is_harmless(fd, want.s, &refused))
				bad++;
			if (pwrite(fd, &whole_file.s[i], 1, (off_t)i) != 1)
				bad++;
		}
	/* Of gzip it is the time, the system and the sum behind the data. */
	most = filter == TAR_GZIP ? 3 * 15 : filter == TAR_PLAIN ? 0 : 3 * 8;
	ok(bad == 0,
	    "%s: no flipped byte of %zu goes unseen, or it changes "
	    "nothing",
	    suffix[filter], whole_file.n);
	ok(refused + most >= 3 * whole_file.n, "%s: %zu of %zu are refused",
	    suffix[filter], refused, 3 * whole_file.n);
	for (i = whole_file.n, bad = 0; i-- > 0;)
		if (ftruncate(fd, (off_t)i) < 0 ||
		    !is_harmless(fd, want.s, &cuts))
			bad++;
	ok(bad == 0, "%s: nor does a cut, %zu are refused", suffix[filter],
	    cuts);
	close(fd);
	str_free(&want);
	str_free(&whole_file);
}

/* One within a file is read as one alone, whatever is around it, and one that
 * is cut off there is told. */
static void
test_part(enum tar_filter filter)
{
	static const char around[] = "\x28\xb5\x2f\xfd no archive\n[end]\n";
	struct str bytes = STR_EMPTY, want = STR_EMPTY, got = STR_EMPTY;
	struct err e = ERR_NONE;
	struct tar_entry entry;
	struct tar_reader *r;
	int fd = sample(filter), rc, cut;

	whole(fd, &bytes);
	close(fd);
	str_addn(&want, around, sizeof around);
	str_addn(&want, bytes.s, bytes.n);
	str_addn(&want, around, sizeof around);
	fd = file_of(want.s, want.n);
	for (cut = 0; cut < 2; cut++) {
		lseek(fd, sizeof around, SEEK_SET);
		str_cut(&got, 0);
		err_clear(&e);
		r = tar_open_part(fd, bytes.n - (size_t)cut * 3000, "x", &e);
		rc = r != NULL ? 1 : -1;
		while (rc > 0 && (rc = tar_next(r, &entry, &e)) > 0)
			str_addf(&got, "%.3s ", entry.name);
		tar_close(r);
		ok(cut ? rc < 0 && e.code == EX_DATAERR
		       : rc == 0 && str_eq(got.s, "one a/v d/l d/z "),
		    "%s within another file%s: %d %s", suffix[filter],
		    cut ? ", cut off" : "", rc, e.msg);
	}
	close(fd);
	str_free(&got);
	str_free(&want);
	str_free(&bytes);
}

int
main(void)
{
	int i;

	for (i = TAR_PLAIN; i <= TAR_ZSTD; i++)
		test_round((enum tar_filter)i);
	for (i = TAR_PLAIN; i <= TAR_ZSTD; i++)
		test_damage((enum tar_filter)i);
	for (i = TAR_PLAIN; i <= TAR_ZSTD; i++)
		test_part((enum tar_filter)i);

	return done();
}
