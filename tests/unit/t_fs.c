/* base/fs: what is no plain file or directory is neither followed nor waited
 * for. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "scratch.h"
#include "tap.h"

/* A directory with "file", "dir/in", and of each kind of what may be planted:
 * "fifo", "to-file", "to-dir", "to-nothing", "dir/to-file". */
static void
plant(struct scratch *s)
{
	int at;

	scratch_begin(s);
	at = s->q.fd;
	scratch_write(s, "file", "abc");
	scratch_write(s, "dir/in", "xyz");
	ok(mkfifoat(at, "fifo", 0666) == 0 &&
		symlinkat("file", at, "to-file") == 0 &&
		symlinkat("dir", at, "to-dir") == 0 &&
		symlinkat("nothing", at, "to-nothing") == 0 &&
		symlinkat("../file", at, "dir/to-file") == 0,
	    "things are planted");
}

static void
is_read(int at, const char *path, bool follow, const char *want)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	int fd = fs_open_file(at, path, follow, &e);

	if (fd >= 0) {
		fs_drain(fd, path, 100, &b, &e);
		close(fd);
	}
	is_str(fd >= 0 ? str_text(&b) : e.msg, want, "%s%s", path,
	    follow ? ", followed" : "");
	str_free(&b);
}

static void
test_read(void)
{
	struct scratch s;
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	int at;

	plant(&s);
	at = s.q.fd;
	is_read(at, "file", false, "abc");
	is_read(at, "to-file", false, "'to-file' is a symbolic link");
	is_read(at, "to-file", true, "abc");
	is_read(at, "to-nothing", false, "'to-nothing' is a symbolic link");
	is_read(at, "to-nothing", true,
	    "cannot open 'to-nothing': No such file or directory");
	is_read(at, "fifo", false, "'fifo' is not a file");
	is_read(at, "dir", true, "'dir' is not a file");
	is_read(AT_FDCWD, "/dev/tty", true, "'/dev/tty' is not a file");
	is_read(AT_FDCWD, "/dev/zero", false, "'/dev/zero' is not a file");
	ok(fs_slurp(at, "to-file", 100, &b, &e) < 0 && e.code == EX_DATAERR &&
		e.sys == 0 && b.n == 0,
	    "a link is a damaged file, no failure of the system");
	scratch_end(&s);
}

static void
test_list(void)
{
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	struct scratch s;
	int fd;

	plant(&s);
	ok(fs_list(s.q.fd, "to-dir", &names, &e) < 0 && e.sys == ENOTDIR &&
		names.n == 0,
	    "a link to a directory lists as none");
	fd = fs_open_dir(s.q.fd, "to-dir", &e);
	ok(fd >= 0, "what the user names may be one");
	close(fd);
	ok(fs_sync(s.q.fd, "to-file", &e) < 0 && e.sys == ELOOP,
	    "a link is not synced");
	ok(fs_is_link(s.q.fd, "to-nothing") && !fs_is_link(s.q.fd, "dir") &&
		!fs_is_link(s.q.fd, "nothing"),
	    "links are known");
	ok(fs_crosses_link(s.q.fd, "to-dir/in") &&
		fs_crosses_link(s.q.fd, "to-dir/in/deep"),
	    "and so is the way through one");
	ok(!fs_crosses_link(s.q.fd, "dir/in") &&
		!fs_crosses_link(s.q.fd, "dir/to-file") &&
		!fs_crosses_link(s.q.fd, "to-file") &&
		!fs_crosses_link(s.q.fd, "nothing/in"),
	    "the last component is for others to look at");
	scratch_end(&s);
}

static void
test_create(void)
{
	struct err e = ERR_NONE;
	struct scratch s;
	struct stat st;

	plant(&s);
	ok(fs_create(s.q.fd, "to-file", "new", 3, &e) < 0 && e.sys == EEXIST,
	    "nothing is written through a link");
	ok(fs_create(s.q.fd, "to-nothing", "new", 3, &e) < 0 &&
		e.sys == EEXIST && faccessat(s.q.fd, "nothing", F_OK, 0) < 0,
	    "or made where it leads");
	umask(027);
	ok(fs_create(s.q.fd, "new", "new", 3, &e) == 0 &&
		fs_mkdir(s.q.fd, "newdir", &e) == 0,
	    "files are made");
	memset(&st, 0, sizeof st);
	fstatat(s.q.fd, "new", &st, 0);
	ok((st.st_mode & 0777) == 0640, "as the umask says: %o",
	    (unsigned)st.st_mode & 0777);
	fstatat(s.q.fd, "newdir", &st, 0);
	ok((st.st_mode & 0777) == 0750, "directories too: %o",
	    (unsigned)st.st_mode & 0777);
	umask(022);
	scratch_end(&s);
}

/* What is removed is the link, at any depth. */
static void
test_remove(void)
{
	struct err e = ERR_NONE;
	struct scratch s;
	int at;

	plant(&s);
	at = s.q.fd;
	scratch_write(&s, "keep/a", "1");
	scratch_write(&s, "keep/b/c", "1");
	ok(symlinkat("../keep", at, "dir/to-keep") == 0 &&
		symlinkat("../keep/a", at, "dir/to-a") == 0 &&
		mkfifoat(at, "dir/fifo", 0666) == 0,
	    "links out of a directory");
	ok(fs_remove(at, "dir", &e) == 0 && !fs_is_dir(at, "dir"),
	    "it is removed with them%s", e.msg);
	ok(fs_remove(at, "to-dir", &e) == 0 &&
		fs_remove(at, "to-file", &e) == 0,
	    "and a link itself");
	ok(faccessat(at, "keep/a", F_OK, 0) == 0 &&
		faccessat(at, "keep/b/c", F_OK, 0) == 0 &&
		faccessat(at, "file", F_OK, 0) == 0,
	    "but not what it leads to");
	scratch_end(&s);
}

int
main(void)
{
	test_read();
	test_list();
	test_create();
	test_remove();

	return done();
}
