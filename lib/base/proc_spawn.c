#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-*) vfork */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/sig.h"

/*
 * In the child, which borrows the parent's memory until it execs: system
 * calls, and nothing written but ${failed}.
 */
static void
become(const struct proc_spawn *s, pid_t parent, volatile int *failed)
{
	int null;

	setpgid(0, 0);
	proc_die_with_parent(parent);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(s->out, STDOUT_FILENO) >= 0 &&
	    dup2(s->err > 0 ? s->err : s->out, STDERR_FILENO) >= 0 &&
	    chdir(s->cwd) == 0) {
		/* No signal may run a handler of ours in this child. */
		sig_reset();
		execve(s->program, s->argv, s->env);
	}
	*failed = errno;
	_exit(127);
}

int
proc_pipe(int ends[2])
{
	if (pipe(ends) < 0)
		return -1;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);

	return 0;
}

/*
 * vfork(2), because fork(2) copies page tables for an exec that throws them
 * away: a third of a millisecond a trial.
 */
pid_t
proc_spawn(const struct proc_spawn *s, int *failed)
{
	volatile int why = 0;
	pid_t parent = getpid(), pid;
	sigset_t all, old;
	int sys;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */
	if (pid == 0)
		become(s, parent, &why); /* NOLINT(clang-analyzer-unix.Vfork) */
	sys = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	*failed = why;
	if (pid > 0 && why != 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	errno = sys;

	return pid;
}
