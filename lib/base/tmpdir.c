#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/tmpdir.h"

/* In the child, with all signals blocked: wait until the maker has gone. */
static void
outlive(const char *path, int fd)
{
	struct err ignored = ERR_NONE;
	int null, i;
	char c;

	setsid();
	/* Who reads the maker's output waits for its end. */
	null = open("/dev/null", O_RDWR);
	if (null >= 0)
		for (i = 0; i < 3; i++)
			dup2(null, i);
	proc_keep_only(&fd, 1);
	while (read(fd, &c, 1) < 0 && errno == EINTR)
		continue;
	fs_remove(AT_FDCWD, path, &ignored);
	_exit(0);
}

int
tmpdir_make(struct tmpdir *d, struct err *e)
{
	const char *top = getenv("TMPDIR");
	struct str path = STR_EMPTY;
	sigset_t all, old;
	int ends[2];

	d->path = NULL;
	if (top == NULL || *top == '\0')
		top = "/tmp";
	str_addf(&path, "%s/hpo-XXXXXX", top);
	if (pipe(ends) < 0) {
		str_free(&path);
		return err_sys(e, "cannot make a pipe");
	}
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	/* No signal comes between the directory and its remover. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	if (mkdtemp(path.s) == NULL) {
		err_sys(e, "cannot make a directory in '%s'", top);
		goto out;
	}
	d->pid = fork();
	if (d->pid == 0) {
		close(ends[1]);
		outlive(path.s, ends[0]);
	}
	if (d->pid < 0) {
		err_sys(e, "cannot fork");
		rmdir(path.s);
		goto out;
	}
	d->path = str_take(&path);
	d->fd = ends[1];
	ends[1] = -1;
out:
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	str_free(&path);

	return d->path == NULL ? -1 : 0;
}

void
tmpdir_remove(struct tmpdir *d)
{
	if (d->path == NULL)
		return;
	close(d->fd);
	while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	free(d->path);
	d->path = NULL;
}
