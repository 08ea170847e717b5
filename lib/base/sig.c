#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "base/sig.h"
#include "base/str.h"

static volatile sig_atomic_t stops, warns, drains, children, last_stop;
static int wake[2] = { -1, -1 };
static bool hup_is_stop;

static const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
	SIGCHLD, SIGALRM };

static void
handle(int sig)
{
	int saved = errno;

	if (sig == SIGTERM || sig == SIGINT || (sig == SIGHUP && hup_is_stop)) {
		stops++;
		last_stop = sig;
	} else if (sig == SIGUSR1 || sig == SIGALRM) {
		warns++;
	} else if (sig == SIGCHLD) {
		children++;
	} else {
		drains++;
	}
	if (write(wake[1], "", 1) < 0)
		errno = saved; /* full: it is readable already */
	errno = saved;
}

int
sig_catch(bool hup_stops, struct err *e)
{
	struct sigaction act;
	size_t i;

	hup_is_stop = hup_stops;
	if (pipe(wake) < 0)
		return err_sys(e, "cannot make a pipe");
	for (i = 0; i < 2; i++)
		if (fcntl(wake[i], F_SETFD, FD_CLOEXEC) < 0 ||
		    fcntl(wake[i], F_SETFL, O_NONBLOCK) < 0)
			return err_sys(e, "cannot set up a pipe");
	memset(&act, 0, sizeof act);
	act.sa_handler = handle;
	act.sa_flags = SA_RESTART | SA_NOCLDSTOP;
	sigemptyset(&act.sa_mask);
	for (i = 0; i < sizeof caught / sizeof caught[0]; i++)
		if (sigaction(caught[i], &act, NULL) < 0)
			return err_sys(e, "cannot catch signal %d", caught[i]);

	return 0;
}

void
sig_warn_after(double seconds)
{
	enum { MICRO = 1000000 };
	/* None at all would mean never. */
	long long left = (long long)(seconds * MICRO) + 1;
	struct itimerval t;

	memset(&t, 0, sizeof t);
	t.it_value.tv_sec = (time_t)(left / MICRO);
	t.it_value.tv_usec = (suseconds_t)(left % MICRO);
	setitimer(ITIMER_REAL, &t, NULL);
}

void
sig_seen(struct sig_seen *s)
{
	s->stop = (unsigned)stops;
	s->warn = (unsigned)warns;
	s->drain = (unsigned)drains;
	s->child = (unsigned)children;
	s->last_stop = last_stop;
}

int
sig_fd(void)
{
	return wake[0];
}

void
sig_clear(void)
{
	char buf[256];

	while (read(wake[0], buf, sizeof buf) > 0)
		continue;
}

void
sig_reset(void)
{
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof caught / sizeof caught[0]; i++)
		signal(caught[i], SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int
sig_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = { { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 },
		{ "TERM", SIGTERM }, { "INT", SIGINT }, { "HUP", SIGHUP },
		{ "QUIT", SIGQUIT }, { "CONT", SIGCONT }, { "ALRM", SIGALRM } };
	uint64_t n;
	size_t i;

	if (num_u64(name, 64, &n) == 0)
		return (int)n;
	if (str_starts(name, "SIG"))
		name += 3;
	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_eq(name, known[i].name))
			return known[i].number;

	return 0;
}
