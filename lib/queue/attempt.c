#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/rng.h"
#include "base/sig.h"
#include "form/campaign.h"
#include "queue/attempt.h"
#include "queue/finish.h"
#include "queue/log.h"
#include "queue/share.h"
#include "queue/spawn.h"
#include "queue/watch.h"

enum { TRIAL_MAX = 16 << 20, TAIL_BYTES = 16384, SEED_PURPOSE = 0x5eed };

/* Seconds in which all processes of a job hear of its end. */
#define ALL_TOLD 0.5

uint32_t
attempt_seed(const struct campaign *c, uint32_t id)
{
	struct rng r;

	rng_init(&r, c->seed, id, SEED_PURPOSE);

	return (uint32_t)(rng_u64(&r) >> 33);
}

int
attempt_trial(const struct queue *q, uint32_t id, struct trial *t,
    struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	int bad;

	name_in_home(id, "trial.ini", &path);
	bad = fs_slurp(q->fd, path.s, TRIAL_MAX, &text, e) < 0 ||
	    trial_parse(text.s, text.n, path.s, t, e) < 0;
	if (!bad && t->id != id) {
		bad = err_set(e, EX_DATAERR, "%s: is the file of trial %u",
		    path.s, t->id);
		trial_free(t);
	}
	str_free(&text);
	str_free(&path);

	return bad ? -1 : 0;
}

static void
start_result(const struct attempt *a, const struct token *t, struct result *r)
{
	memset(r, 0, sizeof *r);
	r->id = t->id;
	r->attempt = t->attempt;
	r->exit = -1;
	clk_wall(r->started);
	r->host = mem_dup(a->q->me.host);
	r->worker = mem_dup(a->w->name);
	r->job = a->w->job;
	r->cause = mem_dup("");
}

static void
set_cause(struct result *r, enum status status, const char *cause)
{
	r->status = status;
	free(r->cause);
	r->cause = mem_dup(cause);
}

void
attempt_damaged(const struct attempt *a, const struct token *t,
    struct result *r)
{
	start_result(a, t, r);
	r->exit = 125;
	set_cause(r, STATUS_FAILED, FINISH_DAMAGED);
}

void
attempt_judge(const struct campaign *c, struct result *r)
{
	const struct metric *m;
	char cause[200];
	size_t i;

	if (r->metrics.mistake != NULL) {
		set_cause(r, STATUS_FAILED, r->metrics.mistake);
		r->exit = 125;
		return;
	}
	for (i = 0; i < c->nobjective; i++) {
		m = metrics_find(&r->metrics, c->objective[i].metric);
		if (m != NULL && isfinite(m->value))
			continue;
		if (m == NULL)
			snprintf(cause, sizeof cause, "no value of %.150s",
			    c->objective[i].metric);
		else
			snprintf(cause, sizeof cause, "%.150s is %s",
			    c->objective[i].metric,
			    isnan(m->value) ? "nan" : "infinite");
		set_cause(r, STATUS_FAILED, cause);
		r->exit = 125;
		return;
	}
	set_cause(r, STATUS_OK, "");
}

/* The command did not even start. */
static void
judge_unstarted(struct result *r, int sys)
{
	char cause[200];

	r->exit = sys == ENOENT ? 127 : 126;
	if (sys == ENOENT)
		set_cause(r, STATUS_FAILED, "command not found");
	else if (sys == EACCES)
		set_cause(r, STATUS_FAILED, "command not executable");
	else {
		snprintf(cause, sizeof cause, "command did not start: %s",
		    strerror(sys));
		set_cause(r, STATUS_FAILED, cause);
	}
}

/*
 * Who ends a job tells all of its processes, and the command may hear of it,
 * and die of it, before we do.  The signal that told us to stop, or is about
 * to; 0: none.
 */
static int
hear_of_end(const struct attempt *a, int sig)
{
	struct pollfd p = { .fd = sig_fd(), .events = POLLIN, .revents = 0 };
	double end = clk_boot() + ALL_TOLD, left = ALL_TOLD;
	struct sig_seen s;

	sig_seen(&s);
	if (a->w->job.id[0] == '\0' && sig != SIGTERM)
		return 0;
	while (s.stop + s.warn == 0 && left > 0) {
		poll(&p, 1, (int)(left * 1000) + 1);
		sig_clear();
		sig_seen(&s);
		left = end - clk_boot();
	}

	return s.stop > 0 ? s.last_stop : s.warn > 0 ? SIGUSR1 : 0;
}

/* What the end of the process and the reason for it add up to. */
static void
judge(const struct attempt *a, const struct watch *w, struct result *r)
{
	char cause[80];
	int sig = WIFSIGNALED(w->status) ? WTERMSIG(w->status) : 0;
	int told = w->stop_signal;

	r->signal = sig;
	r->exit = sig != 0 ? 128 + sig : WEXITSTATUS(w->status);
	if (w->why == WATCH_CANCELLED) {
		set_cause(r, STATUS_CANCELLED, "cancelled");
	} else if (w->why == WATCH_STOPPED) {
		snprintf(cause, sizeof cause, "signal %d", w->stop_signal);
		set_cause(r, STATUS_INTERRUPTED, cause);
	} else if (w->why == WATCH_TIMEOUT) {
		snprintf(cause, sizeof cause, "timeout after %gs",
		    a->c->timeout);
		set_cause(r, STATUS_TIMEOUT, cause);
		r->exit = 124;
	} else if (w->oom && r->exit != 0) {
		set_cause(r, STATUS_OOM, "out of memory");
	} else if (sig != 0) {
		snprintf(cause, sizeof cause, "signal %d", sig);
		set_cause(r, STATUS_FAILED, cause);
	} else if (r->exit != 0) {
		snprintf(cause, sizeof cause, "exit %d", r->exit);
		set_cause(r, STATUS_FAILED, cause);
	} else {
		attempt_judge(a->c, r);
		/* It counts, but what it found may be half of it. */
		if (r->status == STATUS_OK && w->oom)
			set_cause(r, STATUS_OK,
			    "out of memory: a process was killed");
	}
	/* Warned by the checkpoint signal it may have ended of itself. */
	if (r->status == STATUS_FAILED && told == 0)
		told = hear_of_end(a, sig);
	if (r->status == STATUS_FAILED && told != 0) {
		snprintf(cause, sizeof cause, "signal %d", told);
		set_cause(r, STATUS_INTERRUPTED, cause);
	}
}

/* The last lines of the log. */
static void
keep_tail(struct result *r, struct str *tail)
{
	char *end = tail->s + tail->n, *p;
	size_t i;

	while (tail->n > 0 && r->ntail < RESULT_TAIL) {
		while (end > tail->s && (end[-1] == '\n' || end[-1] == '\r'))
			end--;
		if (end == tail->s)
			break;
		for (p = end; p > tail->s && p[-1] != '\n' && p[-1] != '\r';
		     p--)
			continue;
		i = (size_t)(end - p);
		r->tail[r->ntail++] =
		    mem_dupn(p, i < RESULT_TAIL_BYTES ? i : RESULT_TAIL_BYTES);
		end = p;
	}
	for (i = 0; i < r->ntail / 2; i++) {
		p = r->tail[i];
		r->tail[i] = r->tail[r->ntail - 1 - i];
		r->tail[r->ntail - 1 - i] = p;
	}
}

bool
attempt_keeps_checkpoint(const struct campaign *c)
{
	return c->checkpoint_signal != 0 ||
	    strstr(c->command, "{checkpoint}") != NULL;
}

/*
 * Make what the attempt writes to.  The checkpoint's directory is made only
 * for campaigns that speak of it: an inode and two calls a trial.
 */
static int
prepare(const struct attempt *a, const struct token *t, struct log *log,
    struct err *e)
{
	struct str path = STR_EMPTY;
	char name[32];
	int bad = share_home(a->q, t->id, e);

	if (bad)
		return bad;
	snprintf(name, sizeof name, "log.%u", t->attempt);
	if (fs_crosses_link(a->q->fd, name_in_home(t->id, name, &path)))
		bad = err_set(e, EX_DATAERR,
		    "'%s/hpo/%s' is behind a symbolic link, which is not "
		    "followed",
		    a->q->path, path.s);
	log_init(a->q->fd, name_in_home(t->id, name, &path), a->c->log_limit,
	    log);
	unlinkat(a->q->fd, worker_file(a->w->name, "report", &path), 0);
	if (!bad && attempt_keeps_checkpoint(a->c))
		bad = fs_mkdir(a->q->fd,
		    name_in_home(t->id, "checkpoint", &path), e);
	if (bad && e->sys == ENOENT &&
	    !fs_is_dir(a->q->fd, name_home(t->id, &path)))
		bad = QUEUE_GONE;
	str_free(&path);

	return bad;
}

bool
attempt_has_checkpoint(const struct queue *q, uint32_t id)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct err ignored = ERR_NONE;
	bool yes = queue_list(q, name_in_home(id, "checkpoint", &path), &names,
		       &ignored) == 0 &&
	    names.n > 0;

	fs_free(&names);
	str_free(&path);

	return yes;
}

/* A checkpoint's directory that nobody filled. */
static void
tidy(const struct attempt *a, const struct token *t)
{
	struct str path = STR_EMPTY;

	if (attempt_keeps_checkpoint(a->c))
		unlinkat(a->q->fd, name_in_home(t->id, "checkpoint", &path),
		    AT_REMOVEDIR);
	str_free(&path);
}

/* The system's trouble, and not the command's? */
static bool
is_trouble(int sys)
{
	return sys == EIO || sys == ESTALE || sys == EINTR || sys == EAGAIN ||
	    sys == ENOMEM || sys == EMFILE || sys == ENFILE;
}

/* With everything at hand: start, watch, judge. */
static int
execute(const struct attempt *a, const struct token *t,
    const struct trial *trial, struct log *log, struct result *r, struct err *e)
{
	struct spawned s;
	struct watch w = { .log = log, .metrics = &r->metrics };
	int step = QUEUE_DONE;

	if (spawn_command(a, t, trial, &s, e) < 0) {
		if (e->code != EX_DATAERR)
			return -1;
		set_cause(r, STATUS_FAILED, e->msg);
		r->exit = 125;
		err_clear(e);
		return QUEUE_DONE;
	}
	if (s.failed != 0 && is_trouble(s.failed)) {
		errno = s.failed;
		step =
		    err_sys(e, "cannot start the command of trial %u", t->id);
	} else if (s.failed != 0) {
		judge_unstarted(r, s.failed);
	} else {
		step = watch_command(a, t, &s, &w, e);
		if (step == QUEUE_DONE) {
			r->seconds = w.seconds;
			r->user = w.usage.user;
			r->system = w.usage.system;
			r->peak = w.usage.peak;
			judge(a, &w, r);
		}
	}
	if (s.out >= 0)
		close(s.out);

	return step;
}

/*
 * Does the trial's home list its file?  What open(2) does not find may be
 * there for the server; a listing comes from it.  No answer counts as yes.
 */
static bool
has_file(const struct queue *q, uint32_t id)
{
	struct fs_names names = { 0, 0, NULL };
	struct str home = STR_EMPTY;
	struct err e = ERR_NONE;
	bool yes = false;
	size_t i;

	if (fs_list(q->fd, name_home(id, &home), &names, &e) < 0)
		yes = true;
	for (i = 0; i < names.n; i++)
		yes = yes || str_eq(names.v[i], "trial.ini");
	fs_free(&names);
	str_free(&home);

	return yes;
}

int
attempt_run(const struct attempt *a, const struct token *t, struct result *r,
    struct err *e)
{
	struct str tail = STR_EMPTY;
	struct trial trial;
	struct log log;
	int step;

	if (attempt_trial(a->q, t->id, &trial, e) < 0) {
		if (e->sys == ENOENT && !has_file(a->q, t->id))
			e->sys = 0;
		else if (e->code != EX_DATAERR || e->sys != 0)
			return -1;
		err_clear(e);
		attempt_damaged(a, t, r);
		return QUEUE_DONE;
	}
	step = prepare(a, t, &log, e);
	if (step == QUEUE_DONE) {
		start_result(a, t, r);
		step = execute(a, t, &trial, &log, r, e);
		log_close(&log, &tail, TAIL_BYTES);
		keep_tail(r, &tail);
		tidy(a, t);
		if (step != QUEUE_DONE)
			result_free(r);
	}
	str_free(&tail);
	trial_free(&trial);

	return step;
}

/* The command's first word, if no parameter is in it. */
static bool
program_name(const struct campaign *c, struct str *b)
{
	size_t n = strcspn(c->command, " \t\n");

	if (strcspn(c->command, "{'\"\\") < n)
		return false;
	str_addn(b, c->command, n);

	return true;
}

/* ${program} is a path from the campaign's directory, or absolute. */
static int
check_file(const struct queue *q, const struct campaign *c, const char *program,
    struct err *e)
{
	struct stat st;

	if (fstatat(q->root, program, &st, 0) < 0)
		return is_trouble(errno)
		    ? err_sys(e, "cannot examine '%s'", program)
		    : err_set(e, EX_CONFIG, "%s:%u: command '%s' not found",
			  c->file, c->command_line, program);
	errno = 0;
	if (S_ISDIR(st.st_mode) || faccessat(q->root, program, X_OK, 0) < 0)
		return is_trouble(errno)
		    ? err_sys(e, "cannot examine '%s'", program)
		    : err_set(e, EX_CONFIG,
			  "%s:%u: command '%s' is not executable, try chmod +x",
			  c->file, c->command_line, program);
	if (st.st_mode & S_IWOTH)
		return err_set(e, EX_NOPERM,
		    "%s:%u: command '%s' is writable by everyone: chmod o-w "
		    "it first",
		    c->file, c->command_line, program);

	return 0;
}

int
attempt_check(const struct queue *q, const struct campaign *c,
    const char *bindir, struct err *e)
{
	struct str name = STR_EMPTY, path = STR_EMPTY, found = STR_EMPTY;
	const char *env = getenv("PATH");
	int bad = 0;

	if (c->command == NULL)
		return err_set(e, EX_CONFIG,
		    "%s: [run] has no 'command': there is nothing to run",
		    c->file);
	/* In a trial's own directory a relative path means nothing yet. */
	if (!program_name(c, &name) ||
	    (c->in_trial_dir && strchr(name.s, '/') != NULL &&
		name.s[0] != '/')) {
		str_free(&name);
		return 0;
	}
	str_addf(&path, "%s:%s", env != NULL ? env : "/usr/bin:/bin", bindir);
	if (strchr(name.s, '/') != NULL)
		bad = check_file(q, c, name.s, e);
	else if (proc_which(name.s, path.s, &found) == 0)
		bad = check_file(q, c, found.s, e);
	else
		bad = err_set(e, EX_CONFIG,
		    "%s:%u: command '%s' is not on the PATH; for a file of "
		    "the campaign write './%s'",
		    c->file, c->command_line, name.s, name.s);
	str_free(&found);
	str_free(&path);
	str_free(&name);

	return bad;
}
