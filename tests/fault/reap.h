#ifndef TESTS_FAULT_REAP_H
#define TESTS_FAULT_REAP_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/*
 * Ends of processes.
 */

enum { REAP_LIMIT = 30, HUNG = -1000 };

/* What our children leave becomes our child, and tells of its end. */
static void
reap_begin(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Wait for SIGCHLD, but not long. */
static void
nap(void)
{
	const struct timespec t = { 0, 50000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &t);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);

	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * Wait for ${pid} and, for ${all}, what it leaves, which becomes our child.
 * Returns how it ended: a code, or minus a signal; HUNG if anything had to be
 * killed.
 */
static int
reap(pid_t pid, bool all)
{
	const char *slower = getenv("HPO_TEST_SLOWER");
	double end =
	    now() + REAP_LIMIT * (slower != NULL ? strtod(slower, NULL) : 1.0);
	int status, result = 0;
	bool killed = false;
	pid_t p;

	while ((p = waitpid(-1, &status, WNOHANG)) >= 0 || errno == EINTR) {
		if (p == pid)
			result = WIFEXITED(status) ? WEXITSTATUS(status)
						   : -WTERMSIG(status);
		if (p == pid && !all)
			break;
		if (p == 0 && now() > end) {
			killed = true;
			kill(pid, SIGKILL);
			if (now() > end + REAP_LIMIT)
				break;
		}
		if (p == 0)
			nap();
	}

	return killed ? HUNG : result;
}

#endif
