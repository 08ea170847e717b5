#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/sig.h"
#include "form/campaign.h"
#include "queue/control.h"
#include "queue/report.h"
#include "queue/watch.h"

enum { CHUNK = 65536, LOOK = 5, MISSES = 2 };

struct loop {
	const struct attempt *a;
	const struct token *t;
	const struct spawned *s;
	struct metrics_reader *reader;
	struct watch *w;
	double started, next_beat, next_look;
	double term_at, kill_at; /* 0: not planned */
	unsigned misses;         /* looks in a row that did not see our token */
	bool eof;
};

double
watch_look_every(const struct campaign *c)
{
	return c->heartbeat < LOOK ? c->heartbeat : LOOK;
}

static void
tell(const struct loop *l, int sig)
{
	kill(-l->s->pid, sig);
	if (sig == SIGTERM)
		kill(-l->s->pid, SIGCONT); /* a stopped group hears nothing */
}

/* Begin to end the command, unless that has begun for another reason. */
static void
end_command(struct loop *l, enum watch_why why, double now)
{
	if (l->w->why != WATCH_ENDED)
		return;
	l->w->why = why;
	if (why == WATCH_GONE) {
		tell(l, SIGKILL);
		return;
	}
	tell(l, SIGTERM);
	l->kill_at = now + l->a->c->grace;
}

static void
read_output(struct loop *l)
{
	char buf[CHUNK];
	ssize_t n;

	while ((n = read(l->s->out, buf, sizeof buf)) > 0) {
		log_add(l->w->log, buf, (size_t)n);
		metrics_feed(l->reader, buf, (size_t)n, l->w->metrics);
		if ((size_t)n < sizeof buf)
			return;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		l->eof = true;
}

/*
 * Is the token still ours?  A listing that lacks it twice in a row says no:
 * a reaper held us for dead, and another may be running the trial by now.
 */
static void
look_for_token(struct loop *l, double now)
{
	struct fs_names names = { 0, 0, NULL };
	struct err e = ERR_NONE;
	struct str path = STR_EMPTY;
	struct token t;
	bool there = false;
	size_t i;

	if (fs_list(l->a->q->fd, fs_join(&path, "running", l->a->w->name),
		&names, &e) < 0 &&
	    e.sys != ENOENT)
		there = true; /* no answer is no answer */
	for (i = 0; i < names.n; i++)
		if (name_parse_token(names.v[i], STATE_RUNNING, &t) == 0 &&
		    t.id == l->t->id && t.attempt == l->t->attempt)
			there = true;
	l->misses = there ? 0 : l->misses + 1;
	if (l->misses >= MISSES)
		end_command(l, WATCH_GONE, now);
	fs_free(&names);
	str_free(&path);
}

static void
look_at_control(struct loop *l, double now)
{
	struct control c;
	struct err e = ERR_NONE;

	if (control_read(l->a->q, &c, &e) < 0)
		return;
	if (control_cancels(&c, l->t)) {
		end_command(l, WATCH_CANCELLED, now);
	} else if (c.stop) {
		l->w->stop_signal = SIGTERM;
		end_command(l, WATCH_STOPPED, now);
	}
	control_free(&c);
}

static void
obey_signals(struct loop *l, double now)
{
	struct sig_seen s;
	int checkpoint = l->a->c->checkpoint_signal;

	sig_seen(&s);
	if (s.warn > 0 && l->w->why == WATCH_ENDED && l->term_at <= 0) {
		/* The walltime is near: checkpoint first if it can. */
		if (checkpoint != 0)
			tell(l, checkpoint);
		l->term_at = now + (checkpoint != 0 ? l->a->c->grace : 0);
		l->w->stop_signal = SIGUSR1;
	}
	if (s.stop > 0 && l->w->why == WATCH_ENDED) {
		l->w->stop_signal = s.last_stop;
		end_command(l, WATCH_STOPPED, now);
	}
	if (s.stop > 1 && l->kill_at > now)
		l->kill_at = now; /* asked twice: at once */
}

static void
keep_time(struct loop *l, double now)
{
	struct err ignored = ERR_NONE;
	double timeout = l->a->c->timeout;

	/* A heartbeat that fails costs at most a wrong verdict. */
	if (now >= l->next_beat) {
		worker_beat(l->a->w, &ignored);
		l->next_beat = now + l->a->c->heartbeat;
	}
	if (now >= l->next_look) {
		look_at_control(l, now);
		look_for_token(l, now);
		l->next_look = now + watch_look_every(l->a->c);
	}
	if (l->term_at > 0 && now >= l->term_at) {
		l->term_at = 0;
		end_command(l, WATCH_STOPPED, now);
	}
	if (timeout > 0 && now >= l->started + timeout)
		end_command(l, WATCH_TIMEOUT, now);
	if (l->kill_at > 0 && now >= l->kill_at) {
		l->kill_at = 0;
		tell(l, SIGKILL);
	}
}

static void
earlier(double *next, double at)
{
	if (at > 0 && at < *next)
		*next = at;
}

/* Milliseconds until something is due. */
static int
until_next(const struct loop *l, double now)
{
	double next = l->next_beat;

	earlier(&next, l->next_look);
	earlier(&next, l->term_at);
	earlier(&next, l->kill_at);
	if (l->a->c->timeout > 0 && l->w->why == WATCH_ENDED)
		earlier(&next, l->started + l->a->c->timeout);

	return next <= now ? 0 : (int)((next - now) * 1000) + 1;
}

/* 1 when the command has ended. */
static int
turn(struct loop *l, struct err *e)
{
	struct pollfd fds[2];
	double now = clk_boot();
	int ended;

	fds[0].fd = sig_fd();
	fds[1].fd = l->eof ? -1 : l->s->out;
	fds[0].events = fds[1].events = POLLIN;
	fds[0].revents = fds[1].revents = 0;
	if (poll(fds, 2, until_next(l, now)) < 0 && errno != EINTR)
		return err_sys(e, "cannot wait");
	if (fds[1].revents != 0)
		read_output(l);
	if (fds[0].revents != 0)
		sig_clear();
	now = clk_boot();
	obey_signals(l, now);
	keep_time(l, now);
	ended = proc_wait(l->s->pid, false, &l->w->status, &l->w->usage);
	if (ended < 0)
		return err_sys(e, "cannot wait for the command");

	return ended;
}

static void
kill_marked(const struct loop *l)
{
	struct str mark = STR_EMPTY;

	str_addf(&mark, "HPO_WORKER=%s", l->a->w->name);
	proc_kill_marked(mark.s, SIGKILL);
	str_free(&mark);
}

/* After its end: what it left in its group ends, what it wrote is read. */
static void
finish_output(struct loop *l)
{
	uint64_t before;

	kill(-l->s->pid, SIGKILL);
	/* One that was ended may have processes in groups of their own. */
	if (l->w->why != WATCH_ENDED)
		kill_marked(l);
	while (!l->eof) {
		before = l->w->log->total;
		read_output(l);
		if (l->w->log->total == before)
			break;
	}
	metrics_end(l->reader, l->w->metrics);
	report_collect(l->a->q, l->a->w->name, l->t, l->w->metrics);
}

/*
 * Has the kernel killed for memory since we last looked?  Where others share
 * our cgroup only a command that was killed itself is a sign; that of a job is
 * its own, and any process of the command may have been killed.
 */
static bool
was_oom(struct worker *w, int status)
{
	uint64_t before = w->oom_kills;

	if ((!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) &&
	    w->job.id[0] == '\0')
		return false;
	w->oom_kills = proc_oom_kills();

	return w->oom_kills > before;
}

int
watch_command(const struct attempt *a, const struct token *t,
    const struct spawned *s, struct watch *w, struct err *e)
{
	struct loop l = { .a = a, .t = t, .s = s, .w = w };
	int ended;

	l.reader = metrics_reader_new(a->c->pattern, a->c->npattern,
	    a->c->step_regex, e);
	if (l.reader == NULL) {
		kill(-s->pid, SIGKILL);
		proc_wait(s->pid, true, &w->status, &w->usage);
		return -1;
	}
	l.started = s->started;
	l.next_beat = l.started + a->c->heartbeat;
	l.next_look = l.started + watch_look_every(a->c);
	while ((ended = turn(&l, e)) == 0)
		continue;
	w->seconds = clk_boot() - l.started;
	finish_output(&l);
	metrics_reader_free(l.reader);
	w->oom = was_oom(a->w, w->status);
	if (ended < 0)
		return -1;

	return w->why == WATCH_GONE ? QUEUE_GONE : QUEUE_DONE;
}
