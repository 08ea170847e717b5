#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"
#include "queue/disk.h"
#include "queue/probe.h"

static const double deadline = 10, mercy = 0.5; /* seconds */

/* With hpo/tmp yet to be made; a name of its own, so that nobody takes it for
 * one that is being made. */
static const char prefix[] = ".hpo-check-";

static const struct {
	const char *name;
	probe_fn run;
	bool makes; /* something in the place */
} probes[] = {
	{ "mount", probe_mount, false },
	{ "quota", probe_quota, false },
	{ "inodes", probe_inodes, false },
	{ "space", probe_space, false },
	{ "write", NULL, true },
	{ "claim", probe_claim, true },
	{ "birth", probe_birth, true },
	{ "replace", probe_replace, true },
	{ "seal", probe_seal, true },
	{ "room", probe_room, true },
	{ "fsync", probe_fsync, true },
	{ "listing", probe_listing, true },
	{ "clock", probe_clock, true },
};

enum { PROBES = sizeof probes / sizeof probes[0], TRIES = 5 };

/* The examination: what both processes know. */
struct disk {
	int at;           /* hpo/, or the campaign's directory */
	struct str place; /* in it */
	uint32_t remaining;
};

/* Make the place; a descriptor of it, or -1 and what is wrong. */
static int
make_place(const struct disk *d, struct exam *x)
{
	struct err e = ERR_NONE;
	int fd = -1;

	if (fs_mkdir(d->at, d->place.s, &e) == 0)
		fd = fs_open_dir(d->at, d->place.s, &e);
	if (fd < 0)
		exam_find(x, "make the directory writable, or make room",
		    "nothing can be made here: %s", strerror(e.sys));
	else
		exam_ok(x, "files and directories can be made");

	return fd;
}

/* On NFS a name may be seen late, and what is open leaves one behind. */
static void
remove_place(const struct disk *d)
{
	struct err ignored = ERR_NONE;
	int i;

	for (i = 0; i < TRIES; i++) {
		if (fs_remove(d->at, d->place.s, &ignored) == 0)
			return;
		clk_nap(mercy / TRIES);
	}
}

/* In the process made for it: every exam goes through ${out}. */
static void
examine(const struct disk *d, int out)
{
	struct place p = { .dir = d->at, .remaining = d->remaining };
	struct exam x;
	size_t i;
	int place = -1;

	for (i = 0; i < PROBES && (place >= 0 || p.dir >= 0); i++) {
		exam_begin(&x, probes[i].name);
		if (probes[i].run == NULL)
			p.dir = place = make_place(d, &x);
		else
			probes[i].run(&p, &x);
		if (fs_write_all(out, &x, sizeof x) < 0)
			break;
	}
	if (place >= 0)
		close(place);
	remove_place(d);
}

/* The next exam: 1; 0: there are no more; -1: the time is up. */
static int
next(int in, double end, struct exam *x)
{
	struct pollfd p = { .fd = in, .events = POLLIN };
	double left = end - clk_boot();
	ssize_t n;
	int rc;

	do {
		rc = poll(&p, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
		left = end - clk_boot();
	} while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return -1;
	do
		n = read(in, x, sizeof *x);
	while (n < 0 && errno == EINTR);

	return n == (ssize_t)sizeof *x;
}

/* It cleans up; one in a call that never returns may not even die. */
static void
end_process(pid_t pid)
{
	struct proc_usage usage;
	double end = clk_boot() + 2 * mercy;
	int status, ended;

	while ((ended = proc_wait(pid, false, &status, &usage)) == 0 &&
	    clk_boot() < end)
		clk_nap(0.002);
	if (ended != 0)
		return;
	kill(pid, SIGKILL);
	end = clk_boot() + mercy;
	while (proc_wait(pid, false, &status, &usage) == 0 && clk_boot() < end)
		clk_nap(0.01);
}

/* Tell what the process finds, until it ends. */
static int
listen_to(int in, exam_fn tell, void *cookie)
{
	double end = clk_boot() + deadline;
	int rc, findings = 0;
	size_t i = 0;
	struct exam x;

	while ((rc = next(in, end, &x)) > 0) {
		findings += x.status == EXAM_FINDING;
		i++;
		tell(cookie, &x);
		/* Behind this one there is nothing to try. */
		if (str_eq(x.name, "write") && x.status == EXAM_FINDING)
			return findings;
	}
	if (i == PROBES)
		return findings;
	exam_begin(&x, probes[i].name);
	if (rc < 0)
		exam_find(&x, PROBE_MOVE,
		    "the file system had not answered after %g s", deadline);
	else
		exam_find(&x, "see the log of the system",
		    "the process that tried it died");
	tell(cookie, &x);

	return findings + 1;
}

/* What the names of places begin with that processes of this host, as far as
 * it shares our pids, make beside a missing hpo/. */
static void
name_ours(const struct queue *q, struct str *b)
{
	str_addf(b, "%s%s-%llu-", prefix, q->me.host,
	    (unsigned long long)q->me.pidns);
}

/* Is it of one that is no more? */
static bool
is_left(const char *ours, const char *name)
{
	char digits[16];
	uint64_t pid;
	size_t n;

	if (!str_starts(name, ours))
		return false;
	name += strlen(ours);
	n = strspn(name, "0123456789");
	if (name[n] != '.')
		return false;
	snprintf(digits, sizeof digits, "%.*s", (int)n, name);

	return num_u64(digits, INT32_MAX, &pid) == 0 &&
	    kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* Remove what a process that was killed has left, as far as possible. */
static void
remove_left(const struct queue *q)
{
	struct err ignored = ERR_NONE;
	struct str ours = STR_EMPTY;
	struct dirent *entry;
	DIR *dir = opendir(q->absolute);

	name_ours(q, &ours);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (is_left(ours.s, entry->d_name))
			fs_remove(q->root, entry->d_name, &ignored);
	if (dir != NULL)
		closedir(dir);
	str_free(&ours);
}

/* Where, and a name there. */
static void
choose_place(struct queue *q, struct disk *d)
{
	if (q->fd >= 0 && fs_is_dir(q->fd, "tmp")) {
		d->at = q->fd;
		queue_tmp(q, &d->place);
		return;
	}
	d->at = q->root;
	name_ours(q, &d->place);
	str_addf(&d->place, "%ld.%016llx", (long)q->me.pid,
	    (unsigned long long)proc_random64());
}

int
disk_examine(struct queue *q, uint32_t remaining, exam_fn tell, void *cookie,
    struct err *e)
{
	struct disk d = {
		.at = -1, .place = STR_EMPTY, .remaining = remaining
	};
	int end[2], findings = -1;
	pid_t pid, parent = getpid();

	if (pipe(end) < 0)
		return err_sys(e, "cannot make a pipe");
	choose_place(q, &d);
	pid = fork();
	if (pid == 0) {
		proc_die_with_parent(parent);
		close(end[0]);
		remove_left(q);
		examine(&d, end[1]);
		_exit(0);
	}
	close(end[1]);
	if (pid < 0)
		err_sys(e, "cannot start a process");
	else
		findings = listen_to(end[0], tell, cookie);
	close(end[0]);
	if (pid > 0)
		end_process(pid);
	str_free(&d.place);

	return findings;
}
