#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/sig.h"
#include "base/str.h"
#include "queue/sampler.h"

/* With the word ${fill} as an option, unless it is NULL. */
static int
run(const char *bindir, const char *fill, const char *campaign, struct err *e)
{
	struct str program = STR_EMPTY;
	pid_t pid;
	int status = 0;

	str_addf(&program, "%s/hpo-sample", bindir);
	pid = fork();
	if (pid == 0) {
		sig_reset();
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(EX_IOERR);
		execl(program.s, "hpo-sample", campaign, fill, (char *)NULL);
		execlp("hpo-sample", "hpo-sample", campaign, fill,
		    (char *)NULL);
		_exit(EX_UNAVAILABLE);
	}
	str_free(&program);
	if (pid < 0)
		return err_sys(e, "cannot start 'hpo-sample'");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "cannot wait for 'hpo-sample'");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_NO)
		return 0;

	return err_set(e, WIFEXITED(status) ? WEXITSTATUS(status) : EX_TEMPFAIL,
	    "no more trials: hpo-sample ended with %s %d",
	    WIFEXITED(status) ? "status" : "signal",
	    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

int
sampler_run(const char *bindir, const char *campaign, struct err *e)
{
	return run(bindir, NULL, campaign, e);
}

int
sampler_fill(const char *bindir, const char *campaign, unsigned n,
    struct err *e)
{
	char fill[32];

	snprintf(fill, sizeof fill, "--fill=%u", n);

	return run(bindir, fill, campaign, e);
}
