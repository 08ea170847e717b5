#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capture.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/proc.h"

enum { CHUNK = 16384, LOOK = 20 /* ms */ };

struct stream {
	int fd; /* -1: at its end */
	struct str *text;
};

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Take what is there. */
static void
take(struct capture *c, struct stream *s)
{
	char buf[CHUNK];
	size_t room;
	ssize_t n;

	if (s->fd < 0)
		return;
	while ((n = read(s->fd, buf, sizeof buf)) > 0) {
		room = c->most - s->text->n;
		if ((size_t)n > room)
			c->cut = true;
		str_addn(s->text, buf, (size_t)n < room ? (size_t)n : room);
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		shut(&s->fd);
}

/* Until it has ended; what a process that it left behind may still write is
 * not waited for. */
static void
watch(struct capture *c, pid_t pid, struct stream s[2])
{
	double end = clk_boot() + c->timeout;
	struct proc_usage usage;
	struct pollfd fds[2];
	int status = 0, ended = 0, i;

	while (ended == 0) {
		for (i = 0; i < 2; i++) {
			fds[i].fd = s[i].fd;
			fds[i].events = POLLIN;
		}
		poll(fds, 2, LOOK);
		ended = proc_wait(pid, false, &status, &usage);
		take(c, &s[0]);
		take(c, &s[1]);
		if (ended == 0 && clk_boot() >= end) {
			c->timed_out = true;
			kill(-pid, SIGKILL);
			ended = proc_wait(pid, true, &status, &usage);
		}
	}
	kill(-pid, SIGKILL);
	c->status =
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int
capture_run(struct capture *c, struct err *e)
{
	struct proc_spawn child = { .program = c->program,
		.argv = c->argv,
		.env = c->env,
		.cwd = c->cwd };
	int out[2], err[2], failed = 0;
	struct stream s[2];
	pid_t pid;

	if (proc_pipe(out) < 0)
		return err_sys(e, "cannot make a pipe");
	if (proc_pipe(err) < 0) {
		close(out[0]);
		close(out[1]);
		return err_sys(e, "cannot make a pipe");
	}
	child.out = out[1];
	child.err = err[1];
	pid = proc_spawn(&child, &failed);
	if (pid < 0)
		failed = errno;
	close(out[1]);
	close(err[1]);
	s[0].fd = out[0];
	s[0].text = &c->out;
	s[1].fd = err[0];
	s[1].text = &c->err;
	if (failed == 0)
		watch(c, pid, s);
	shut(&s[0].fd);
	shut(&s[1].fd);
	if (failed == 0)
		return 0;
	errno = failed;

	return err_sys(e, "cannot run '%s'", c->program);
}

void
capture_free(struct capture *c)
{
	str_free(&c->out);
	str_free(&c->err);
	memset(c, 0, sizeof *c);
}
