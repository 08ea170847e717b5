/*
 * twin: the file-system calls of our programs and nothing else, as the bare
 * C program that the benchmarks measure them against.
 *
 *	twin new DIR N    births as of `hpo-sample -n N`
 *	twin run DIR N    claims, runs and results as of `hpo-trial --loop`
 *
 * In DIR, which is made anew.  No errors are expected: any ends it.
 */
/* For syncfs. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-*) */

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 250, SEGMENT = 1000, ROOM = 4096, TEXT = 420 };

static const char text[TEXT];

static int
must(int rc, const char *what)
{
	if (rc < 0) {
		perror(what);
		exit(1);
	}

	return rc;
}

static char *
name(char buf[128], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static char *
name(char buf[128], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, 128, fmt, ap);
	va_end(ap);

	return buf;
}

static void
sync_path(const char *path)
{
	int fd = must(open(path, O_RDONLY), path);

	must(fsync(fd), "fsync");
	close(fd);
}

static void
create(const char *path, size_t n)
{
	int fd = must(open(path, O_WRONLY | O_CREAT | O_EXCL, 0666), path);

	if (n > 0)
		must((int)write(fd, text, n), "write");
	close(fd);
}

static void
list(const char *path)
{
	DIR *dir = opendir(path);

	while (dir != NULL && readdir(dir) != NULL)
		continue;
	if (dir != NULL)
		closedir(dir);
}

static void
birth_batch(int from, int to)
{
	char a[128], b[128];
	int i, fd;

	for (i = from; i < to; i++) {
		mkdir(name(a, "tmp/w.%d", i), 0777);
		create(name(a, "tmp/w.%d/trial.ini", i), TEXT);
		create(name(a, "tmp/w.%d/token", i), 0);
	}
	fd = must(open(".", O_RDONLY), ".");
	must(syncfs(fd), "syncfs");
	close(fd);
	mkdir(name(a, "trials/%04d", from / SEGMENT), 0777);
	mkdir(name(b, "ready/%04d", from / SEGMENT), 0777);
	for (i = from; i < to; i++)
		must(rename(name(a, "tmp/w.%d", i),
			 name(b, "trials/%04d/%07d", i / SEGMENT, i)),
		    "rename");
	sync_path(name(a, "trials/%04d", from / SEGMENT));
	for (i = from; i < to; i++)
		must(rename(name(a, "trials/%04d/%07d/token", i / SEGMENT, i),
			 name(b, "ready/%04d/%07d.0", i / SEGMENT, i)),
		    "rename");
	sync_path(name(a, "ready/%04d", from / SEGMENT));
}

static void
births(int n)
{
	int i;

	for (i = 0; i < n; i += BATCH)
		birth_batch(i, i + BATCH < n ? i + BATCH : n);
}

/* Start the command, read what it says, wait for it. */
/* NOLINTBEGIN(clang-analyzer-*) vfork(2), as the programs do */
static void
run_command(void)
{
	char buf[65536];
	int out[2], status;
	struct pollfd p;
	pid_t pid;

	must(pipe(out), "pipe");
	pid = must(vfork(), "vfork");
	if (pid == 0) {
		setpgid(0, 0);
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execl(getenv("NOTHING"), "nothing", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	p.fd = out[0];
	p.events = POLLIN;
	while (poll(&p, 1, -1) > 0 && read(out[0], buf, sizeof buf) > 0)
		continue;
	close(out[0]);
	must(waitpid(pid, &status, 0), "wait");
}

/* NOLINTEND(clang-analyzer-*) */

/* The attempt's own files around the command. */
static void
attempt(int i)
{
	char a[128];
	int s = i / SEGMENT, fd, log;

	fd = must(open(name(a, "trials/%04d/%07d/trial.ini", s, i), O_RDONLY),
	    a);
	must((int)read(fd, (char[4096]){ 0 }, 4096), "read");
	close(fd);
	log = must(open(name(a, "trials/%04d/%07d/log.0", s, i),
		       O_RDWR | O_CREAT | O_TRUNC, 0666),
	    a);
	fd = must(open("running/w/params.json", O_WRONLY | O_CREAT | O_TRUNC,
		      0666),
	    "params.json");
	must((int)write(fd, text, 120), "write");
	close(fd);
	run_command();
	must((int)write(log, text, 14), "write");
	close(log);
}

static void
trial(int i)
{
	char a[128], b[128];
	int s = i / SEGMENT, fd;

	list("control");
	list("running/w");
	list("ready");
	list(name(a, "ready/%04d", s));
	fd = must(open(name(a, "tmp/r.%d", i), O_WRONLY | O_CREAT | O_EXCL,
		      0666),
	    a);
	posix_fallocate(fd, 0, ROOM);
	close(fd);
	must(rename(name(a, "ready/%04d/%07d.0", s, i),
		 name(b, "running/w/%07d.0", i)),
	    "rename");
	sync_path("running/w");
	attempt(i);
	fd = must(open(name(a, "tmp/r.%d", i), O_WRONLY), a);
	must((int)write(fd, text, TEXT), "write");
	must(ftruncate(fd, TEXT), "ftruncate");
	must(fsync(fd), "fsync");
	close(fd);
	must(rename(a, name(b, "trials/%04d/%07d/result.0.w.ini", s, i)),
	    "rename");
	sync_path(name(a, "trials/%04d/%07d", s, i));
	mkdir(name(b, "done/%04d", s), 0777);
	must(rename(name(a, "running/w/%07d.0", i),
		 name(b, "done/%04d/%07d.0.w", s, i)),
	    "rename");
	sync_path(name(a, "done/%04d", s));
}

int
main(int argc, char *argv[])
{
	static const char *const dirs[] = { "tmp", "trials", "ready", "running",
		"done", "control", "running/w" };
	size_t k;
	int i, n;

	if (argc != 4)
		return 64;
	n = (int)strtol(argv[3], NULL, 10);
	mkdir(argv[2], 0777);
	must(chdir(argv[2]), argv[2]);
	for (k = 0; k < sizeof dirs / sizeof dirs[0]; k++)
		mkdir(dirs[k], 0777);
	if (strcmp(argv[1], "new") == 0)
		births(n);
	else
		for (i = 0; i < n; i++)
			trial(i);

	return 0;
}
