/*
 * A storm: programs at work, and death at random among them.
 *
 *	storm [-s seed] [-t seconds] [-k kills] [-m ms] [-z percent]
 *	    count command [count command ...]
 *
 * So many processes of each command, which sh is given with the process'
 * number from 0 as $1, are kept going: one that has ended is started again.
 * On average every ms milliseconds one of them, or of what they have started,
 * is killed by SIGKILL; of percent of those met it is SIGSTOP instead, and
 * SIGCONT up to STOPPED milliseconds later.  After that many seconds or kills
 * all that is left is killed.  Then it prints how many were killed and
 * stopped, and how often each command, from 1, ended by itself with which
 * exit status, or by which signal:
 *
 *	killed	2011
 *	stopped	97
 *	1	exit 0	12
 *	1	signal 9	1634
 *
 * It is the reaper of all that it has started, so what it kills is its own.
 */

/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE /* PR_SET_CHILD_SUBREAPER */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	COMMANDS = 8,
	PROCESSES = 256,
	SLEEPERS = 64,
	STOPPED = 3000, /* ms */
	AGAIN = 50,     /* ms until what ended by itself is started again */
	CHILDREN = 1024
};

struct command {
	const char *text;
	unsigned exits[256], signals[65];
};

struct process {
	pid_t pid; /* 0: none */
	struct command *command;
	unsigned number;
	double not_before;
};

/* One that was stopped. */
struct sleeper {
	pid_t pid;
	double until;
};

struct storm {
	uint64_t random;
	double seconds, ms, percent;
	unsigned long kills; /* at most */
	struct command command[COMMANDS];
	struct process process[PROCESSES];
	struct sleeper sleeper[SLEEPERS];
	size_t commands, processes, sleepers;
	unsigned long killed, stopped;
};

/* xorshift64*, of Vigna: An experimental exploration of Marsaglia's xorshift
 * generators, scrambled (2016). */
static uint64_t
draw(struct storm *s)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;

	return s->random * 0x2545f4914f6cdd1dU;
}

static uint64_t
draw_below(struct storm *s, uint64_t n)
{
	return (draw(s) >> 11) % n;
}

/* In (0, 1]. */
static double
draw_unit(struct storm *s)
{
	return (double)(draw_below(s, 1000) + 1) / 1e3;
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
nap(double ms)
{
	struct timespec ts;

	if (ms <= 0)
		return;
	ts.tv_sec = (time_t)(ms / 1e3);
	ts.tv_nsec = (long)((ms - (double)ts.tv_sec * 1e3) * 1e6);
	nanosleep(&ts, NULL);
}

static void
start(struct process *p)
{
	char number[16];

	snprintf(number, sizeof number, "%u", p->number);
	p->pid = fork();
	if (p->pid == 0) {
		execl("/bin/sh", "sh", "-c", p->command->text, "sh", number,
		    (char *)NULL);
		_exit(127);
	}
	if (p->pid < 0) { /* too many: later */
		p->pid = 0;
		p->not_before = now() + AGAIN;
	}
}

static void
count(struct command *c, int status)
{
	if (WIFSIGNALED(status))
		c->signals[WTERMSIG(status)]++;
	else
		c->exits[WEXITSTATUS(status)]++;
}

/* Take leave of what has ended. */
static void
reap(struct storm *s)
{
	struct process *p;
	int status;
	pid_t pid;
	size_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < s->processes; i++) {
			p = &s->process[i];
			if (p->pid != pid)
				continue;
			p->pid = 0;
			p->not_before = WIFSIGNALED(status) ? 0 : now() + AGAIN;
			count(p->command, status);
		}
}

static void
keep_going(struct storm *s)
{
	double at = now();
	size_t i;

	for (i = 0; i < s->processes; i++)
		if (s->process[i].pid == 0 && s->process[i].not_before <= at)
			start(&s->process[i]);
}

/* The children of a process; 0 where they are not to be had. */
static size_t
children(pid_t pid, pid_t *child)
{
	char path[64], text[8192], *p = text, *end;
	ssize_t n;
	size_t k;
	int fd;

	snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	for (k = 0; k < CHILDREN; k++, p = end) {
		child[k] = (pid_t)strtol(p, &end, 10);
		if (end == p)
			break;
	}

	return k;
}

/* Any of our offspring: a child, or a child's, and so on; 0: none. */
static pid_t
victim(struct storm *s)
{
	pid_t child[CHILDREN], pid = 0;
	size_t n = children(getpid(), child);

	while (n > 0) {
		pid = child[draw_below(s, n)];
		n = draw_below(s, 2) == 0 ? 0 : children(pid, child);
	}

	return pid;
}

static void
strike(struct storm *s)
{
	bool stop = (double)draw_below(s, 100) < s->percent;
	uint64_t ms = draw_below(s, STOPPED);
	pid_t pid = victim(s);

	if (pid == 0)
		return;
	if (!stop || s->sleepers == SLEEPERS) {
		s->killed += kill(pid, SIGKILL) == 0;
	} else if (kill(pid, SIGSTOP) == 0) {
		s->sleeper[s->sleepers].pid = pid;
		s->sleeper[s->sleepers++].until = now() + (double)ms;
		s->stopped++;
	}
}

static void
wake(struct storm *s)
{
	double at = now();
	size_t i;

	for (i = 0; i < s->sleepers;) {
		if (s->sleeper[i].until > at) {
			i++;
			continue;
		}
		kill(s->sleeper[i].pid, SIGCONT);
		s->sleeper[i] = s->sleeper[--s->sleepers];
	}
}

/* All that is ours, until there is nothing more to wait for. */
static void
end_all(void)
{
	pid_t child[CHILDREN];

	while (waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD) {
		size_t n = children(getpid(), child), i;

		for (i = 0; i < n; i++)
			kill(child[i], SIGKILL);
		nap(1);
	}
}

static void
tell(const struct storm *s)
{
	size_t i;
	int k;

	printf("killed\t%lu\nstopped\t%lu\n", s->killed, s->stopped);
	for (i = 0; i < s->commands; i++) {
		const struct command *c = &s->command[i];

		for (k = 0; k < 256; k++)
			if (c->exits[k] > 0)
				printf("%zu\texit %d\t%u\n", i + 1, k,
				    c->exits[k]);
		for (k = 0; k < 65; k++)
			if (c->signals[k] > 0)
				printf("%zu\tsignal %d\t%u\n", i + 1, k,
				    c->signals[k]);
	}
}

static int
add_command(struct storm *s, const char *number, const char *text)
{
	unsigned long n = strtoul(number, NULL, 10), i;

	if (n == 0 || n > PROCESSES - s->processes || s->commands == COMMANDS)
		return -1;
	s->command[s->commands].text = text;
	for (i = 0; i < n; i++) {
		s->process[s->processes].command = &s->command[s->commands];
		s->process[s->processes++].number = (unsigned)i;
	}
	s->commands++;

	return 0;
}

static int
options(struct storm *s, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "s:t:k:m:z:")) >= 0)
		if (c == 's')
			s->random ^= strtoull(optarg, NULL, 10) << 17;
		else if (c == 't')
			s->seconds = strtod(optarg, NULL);
		else if (c == 'k')
			s->kills = strtoul(optarg, NULL, 10);
		else if (c == 'm')
			s->ms = strtod(optarg, NULL);
		else if (c == 'z')
			s->percent = strtod(optarg, NULL);
		else
			return -1;
	if (optind == argc || (argc - optind) % 2 != 0)
		return -1;
	for (; optind < argc; optind += 2)
		if (add_command(s, argv[optind], argv[optind + 1]) < 0)
			return -1;

	return 0;
}

int
main(int argc, char **argv)
{
	struct storm s;
	double next, end;

	memset(&s, 0, sizeof s);
	s.random = 0x9e3779b97f4a7c15U;
	s.seconds = 10;
	s.ms = 5;
	s.kills = UINT32_MAX;
	if (options(&s, argc, argv) < 0) {
		fprintf(stderr,
		    "usage: storm [-s seed] [-t seconds] [-k kills] [-m ms] "
		    "[-z percent] count command ...\n");
		return 64;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		perror("storm: cannot be the reaper");
		return 69;
	}
	next = now();
	end = next + s.seconds * 1e3;
	while (now() < end && s.killed < s.kills) {
		reap(&s);
		keep_going(&s);
		wake(&s);
		/* On a busy machine the naps are long: make up for it. */
		while (next <= now()) {
			strike(&s);
			next += s.ms * 2 * draw_unit(&s);
		}
		nap(next - now());
	}
	end_all();
	tell(&s);

	return 0;
}
