/* For sched_getaffinity, syncfs, getrandom, wait4. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-*) */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"

enum { KILL_PASSES = 10 };

/*
 * The state letter and start time of a process: fields 3 and 22 of
 * /proc/PID/stat (proc(5)), counted behind the last ')' because a command
 * may be called anything.
 */
static int
read_stat(pid_t pid, char *state, uint64_t *start)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	char path[40], *p, *save, *word;
	int i, bad = -1;

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	if (fs_slurp(AT_FDCWD, path, 8192, &b, &e) == 0 &&
	    (p = strrchr(b.s, ')')) != NULL) {
		word = strtok_r(p + 1, " ", &save);
		*state = '?';
		if (word != NULL)
			*state = *word;
		for (i = 3; word != NULL && i < 22; i++)
			word = strtok_r(NULL, " ", &save);
		bad = word == NULL ? -1 : num_u64(word, UINT64_MAX, start);
	}
	str_free(&b);

	return bad;
}

static void
host_name(char *host)
{
	char *p;

	if (gethostname(host, PROC_HOST) < 0 || host[0] == '\0')
		snprintf(host, PROC_HOST, "localhost");
	host[PROC_HOST - 1] = '\0';
	for (p = host; *p != '\0'; p++)
		if (!((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= 'a' && *p <= 'z') || *p == '-' ||
			(*p == '.' && p > host)))
			*p = '_';
}

static void
boot_id(char *boot)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;

	boot[0] = '\0';
	if (fs_slurp(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &b, &e) ==
	    0)
		snprintf(boot, PROC_BOOT, "%.36s", str_trim(b.s));
	str_free(&b);
}

static uint64_t
pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

int
proc_identify(pid_t pid, struct proc_id *id)
{
	char state;

	memset(id, 0, sizeof *id);
	host_name(id->host);
	boot_id(id->boot);
	id->pidns = pid_namespace();
	id->pid = pid;
	if (read_stat(pid, &state, &id->start) < 0) {
		id->start = 0;
		return kill(pid, 0) < 0 && errno == ESRCH ? -1 : 0;
	}

	return 0;
}

bool
proc_is_local(const struct proc_id *id)
{
	char host[PROC_HOST], boot[PROC_BOOT];

	host_name(host);
	boot_id(boot);

	return id->boot[0] != '\0' && id->pidns != 0 &&
	    strcmp(id->host, host) == 0 && strcmp(id->boot, boot) == 0 &&
	    id->pidns == pid_namespace();
}

bool
proc_is_dead(const struct proc_id *id)
{
	uint64_t start;
	char state;

	if (id->pid <= 0 || !proc_is_local(id))
		return false;
	if (kill(id->pid, 0) < 0 && errno == ESRCH)
		return true;
	if (read_stat(id->pid, &state, &start) < 0)
		return false; /* gone just now or hidden: no verdict */

	return state == 'Z' || state == 'X' ||
	    (id->start != 0 && start != id->start);
}

void
proc_begin(void)
{
	static const int mode[] = { O_WRONLY, O_RDONLY, O_WRONLY };
	int fd;

	signal(SIGPIPE, SIG_DFL);
	/* open(2) takes the lowest number that is free. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode[fd]) != fd)
			_exit(EX_IOERR);
}

uint64_t
proc_random64(void)
{
	struct timespec ts;
	uint64_t x;

	if (getrandom(&x, sizeof x, 0) == (ssize_t)sizeof x)
		return x;
	clock_gettime(CLOCK_REALTIME, &ts);

	return (uint64_t)ts.tv_nsec * 0x9e3779b97f4a7c15U ^
	    (uint64_t)ts.tv_sec << 20 ^ (uint64_t)getpid() << 40;
}

/* A file of our cgroup: of version 2, or of a ${controller} of version 1. */
static int
cgroup_file(const char *controller, const char *name, struct str *b)
{
	struct err e = ERR_NONE;
	struct str self = STR_EMPTY, path = STR_EMPTY;
	char line[40], *p;
	int bad = -1;

	snprintf(line, sizeof line, ":%s:", controller);
	if (fs_slurp(AT_FDCWD, "/proc/self/cgroup", 8192, &self, &e) == 0 &&
	    (p = strstr(self.s, line)) != NULL) {
		p += strlen(line);
		p[strcspn(p, "\n")] = '\0';
		str_addf(&path, "/sys/fs/cgroup%s%s%s/%s",
		    *controller != '\0' ? "/" : "", controller, p, name);
		bad = fs_slurp(AT_FDCWD, path.s, 8192, b, &e);
	}
	str_free(&path);
	str_free(&self);

	return bad;
}

/* cpu.max is "QUOTA PERIOD" in microseconds, or "max PERIOD". */
static double
cgroup_cores(void)
{
	struct str b = STR_EMPTY;
	double cores = 0;
	char *rest;
	double quota, period;

	if (cgroup_file("", "cpu.max", &b) == 0) {
		quota = strtod(b.s, &rest);
		period = strtod(rest, NULL);
		if (rest != b.s && quota > 0 && period > 0)
			cores = quota / period;
	}
	str_free(&b);

	return cores;
}

unsigned
proc_cores(void)
{
	cpu_set_t set;
	double quota = cgroup_cores();
	unsigned n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = (unsigned)CPU_COUNT(&set);
	else if (sysconf(_SC_NPROCESSORS_ONLN) > 0)
		n = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	if (quota > 0 && quota < n)
		n = quota < 1 ? 1 : (unsigned)quota;

	return n > 0 ? n : 1;
}

uint64_t
proc_oom_kills(void)
{
	struct str b = STR_EMPTY;
	uint64_t n = 0;
	char *p;

	if ((cgroup_file("", "memory.events", &b) == 0 ||
		cgroup_file("memory", "memory.oom_control", &b) == 0) &&
	    (p = strstr(b.s, "oom_kill ")) != NULL)
		n = strtoull(p + 9, NULL, 10);
	str_free(&b);

	return n;
}

bool
proc_is_listed_file(const struct dirent *d)
{
	return d->d_type != DT_DIR && d->d_type != DT_UNKNOWN;
}

int
proc_self_dir(struct str *b, struct err *e)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	char *slash;

	if (n < 0)
		return err_sys(e, "cannot read '/proc/self/exe'");
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	str_add(b, path);

	return 0;
}

int
proc_which(const char *name, const char *path, struct str *b)
{
	size_t start = b->n, n;
	int sys = ENOENT;

	if (strchr(name, '/') != NULL) {
		str_add(b, name);
		return access(name, X_OK);
	}
	for (; *name != '\0' && path != NULL; path += n + 1) {
		n = strcspn(path, ":");
		str_addn(b, n > 0 ? path : ".", n > 0 ? n : 1);
		str_addc(b, '/');
		str_add(b, name);
		if (access(b->s + start, X_OK) == 0)
			return 0;
		if (errno != ENOENT && errno != ENOTDIR)
			sys = errno;
		str_cut(b, start);
		if (path[n] == '\0')
			break;
	}
	errno = sys;

	return -1;
}

void
proc_die_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(125);
}

/* Does /proc/PID/environ hold the NUL-terminated line ${mark}? */
static bool
is_marked(const char *pid, const char *mark)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	char path[64];
	const char *p;
	bool yes = false;

	snprintf(path, sizeof path, "/proc/%.20s/environ", pid);
	if (fs_slurp(AT_FDCWD, path, 4 << 20, &b, &e) == 0)
		for (p = b.s; !yes && p < b.s + b.n; p += strlen(p) + 1)
			yes = strcmp(p, mark) == 0;
	str_free(&b);

	return yes;
}

static unsigned
kill_once(const char *mark, int sig)
{
	struct err e = ERR_NONE;
	struct fs_names pids = { 0, 0, NULL };
	unsigned n = 0;
	uint64_t pid;
	size_t i;

	if (fs_list(AT_FDCWD, "/proc", &pids, &e) < 0)
		return 0;
	for (i = 0; i < pids.n; i++)
		if (num_u64(pids.v[i], INT32_MAX, &pid) == 0 && pid > 1 &&
		    (pid_t)pid != getpid() && is_marked(pids.v[i], mark) &&
		    kill((pid_t)pid, sig) == 0)
			n++;
	fs_free(&pids);

	return n;
}

/* A process that forks while we look leaves a child: look again. */
unsigned
proc_kill_marked(const char *mark, int sig)
{
	unsigned n, all = 0;
	int i;

	for (i = 0; i < KILL_PASSES && (n = kill_once(mark, sig)) > 0; i++)
		all += n;

	return all;
}

int
proc_sync_fs(int fd)
{
	return syncfs(fd);
}

static double
seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

int
proc_wait(pid_t pid, bool block, int *status, struct proc_usage *usage)
{
	struct rusage ru;
	pid_t got;

	do
		got = wait4(pid, status, block ? 0 : WNOHANG, &ru);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return (int)got;
	usage->user = seconds(&ru.ru_utime);
	usage->system = seconds(&ru.ru_stime);
	usage->peak = (uint64_t)ru.ru_maxrss * 1024; /* KiB on Linux */

	return 1;
}

void
proc_keep_only(const int *keep, size_t n)
{
	struct err e = ERR_NONE;
	struct fs_names fds = { 0, 0, NULL };
	uint64_t fd;
	size_t i, k;

	if (fs_list(AT_FDCWD, "/proc/self/fd", &fds, &e) < 0)
		return;
	for (i = 0; i < fds.n; i++) {
		if (num_u64(fds.v[i], INT32_MAX, &fd) < 0 ||
		    fd <= STDERR_FILENO)
			continue;
		for (k = 0; k < n && keep[k] != (int)fd; k++)
			continue;
		if (k == n)
			close((int)fd);
	}
	fs_free(&fds);
}
