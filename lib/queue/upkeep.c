#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "queue/birth.h"
#include "queue/control.h"
#include "queue/finish.h"
#include "queue/observe.h"
#include "queue/roster.h"
#include "queue/scan.h"
#include "queue/upkeep.h"
#include "queue/worker.h"

enum { LEASE_SIGHTINGS = 3, JOB_SIGHTINGS = 2, NAMESAKE_SECONDS = 5 };

/* One pass. */
struct pass {
	struct queue *q;
	const struct campaign *c;
	struct observe seen;
	struct upkeep *u;
	bool may_judge; /* the observations could be written */
	bool unsaved;   /* and there are newer ones */
	struct err *first;
};

/* Keep the first failure; the pass goes on. */
static void
note(struct pass *p, const struct err *e)
{
	if (p->first->code == 0)
		*p->first = *e;
}

static const struct sighting *
see(struct pass *p, const char *kind, const char *name, const char *value)
{
	struct str key = STR_EMPTY;
	const struct sighting *s;

	s = observe_see(&p->seen, fs_join(&key, kind, name), value);
	str_free(&key);

	return s;
}

static const struct sighting *
recall(const struct pass *p, const char *kind, const char *name)
{
	struct str key = STR_EMPTY;
	const struct sighting *s;

	s = observe_find(&p->seen, fs_join(&key, kind, name));
	str_free(&key);

	return s;
}

/* Unchanged for a lease, in enough looks of our own clock. */
static bool
lease_is_over(const struct pass *p, const struct sighting *s)
{
	return s != NULL && s->count >= LEASE_SIGHTINGS &&
	    s->unchanged >= p->c->lease;
}

static const char *
without_newline(struct str *b)
{
	if (b->n > 0 && b->s[b->n - 1] == '\n')
		str_cut(b, b->n - 1);

	return b->n > 0 ? b->s : "-";
}

/* First look at everybody; verdicts only after it has been written down. */
static void
look_at_workers(struct pass *p, const struct fs_names *workers)
{
	struct str pulse = STR_EMPTY;
	size_t i;

	for (i = 0; i < workers->n; i++) {
		str_cut(&pulse, 0);
		if (worker_pulse(p->q, workers->v[i], &pulse) == 0)
			see(p, "worker", workers->v[i],
			    without_newline(&pulse));
	}
	str_free(&pulse);
}

/* How a worker died, and what that makes of its attempt. */
struct death {
	bool local; /* on this host */
	bool node;  /* with all on its host, as it seems */
	struct worker_info info;
	enum status status;
	char cause[80];
};

static void
die(struct death *d, enum status status, const char *what, const char *word)
{
	d->status = status;
	snprintf(d->cause, sizeof d->cause, "%s%s", what, word);
}

/*
 * A job that was ended from outside is no fault of its trial; one that ran out
 * of memory would do so again.
 */
static void
die_with_job(struct death *d, const char *word)
{
	if (str_eq(word, "oom"))
		die(d, STATUS_OOM, "out of memory", "");
	else if (str_eq(word, "timeout") || str_eq(word, "preempted") ||
	    str_eq(word, "cancelled"))
		die(d, STATUS_INTERRUPTED, "job ended: ", word);
	else
		die(d, STATUS_LOST, "job ended: ", word);
	d->node = str_eq(word, "node") || str_eq(word, "boot");
}

/*
 * What a dispatcher has seen of the worker's job (queue/roster).  Two answers
 * must say so; and where it is only no longer listed the worker's heart must
 * stand still, too.
 */
static bool
died_with_job(struct pass *p, const char *worker, struct death *d)
{
	const struct sighting *job = recall(p, "job", worker);
	const struct sighting *pulse = recall(p, "worker", worker);

	if (job == NULL || job->count < JOB_SIGHTINGS)
		return false;
	if (str_starts(job->value, "ended ")) {
		die_with_job(d, job->value + strlen("ended "));
	} else if (str_eq(job->value, "waiting") ||
	    str_eq(job->value, "superseded")) {
		die(d, STATUS_LOST, "job started again", "");
		d->node = true;
	} else if (str_eq(job->value, "gone") && pulse != NULL &&
	    pulse->unchanged >= ROSTER_BEATS * p->c->heartbeat) {
		die(d, STATUS_LOST, "job gone", "");
	} else {
		return false;
	}

	return true;
}

static bool
died_silently(struct pass *p, const char *worker, bool gone, struct death *d)
{
	if (!lease_is_over(p, recall(p, "worker", worker)) ||
	    (!gone && worker_is_suspended(p->q, worker)))
		return false;
	d->node = !gone;

	return true;
}

/*
 * Dead at once where the host itself says so; but of a dispatcher's job the
 * system that ran it tells what it died of, and that decides whether its trial
 * is tried again.  Else dead only when the heartbeat has stood still for the
 * lease.  A wrong verdict wastes a run, no more: the token is renamed away, and
 * what the zombie does later finds nothing.
 */
static bool
is_dead(struct pass *p, const char *worker, struct death *d)
{
	struct err e = ERR_NONE;
	bool gone = false;

	memset(d, 0, sizeof *d);
	die(d, STATUS_LOST, "worker died", "");
	if (worker_load(p->q, worker, &d->info, &e) == 0) {
		d->local = proc_is_local(&d->info.id);
		gone = proc_is_dead(&d->info.id);
		if (gone && d->info.ticket[0] == '\0')
			return true;
	} else if (e.sys != 0 && e.sys != ENOENT && e.code != EX_NOPERM) {
		note(p, &e);
	}
	if (!p->may_judge)
		return false;

	return died_with_job(p, worker, d) || died_silently(p, worker, gone, d);
}

/* What the dead worker ran must not go on beside the next attempt. */
static void
kill_command(const char *worker)
{
	struct str mark = STR_EMPTY;

	str_addf(&mark, "HPO_WORKER=%s", worker);
	proc_kill_marked(mark.s, SIGKILL);
	str_free(&mark);
}

/* Requeue what a dead worker holds.  Returns how many tokens it had. */
static unsigned
empty_worker(struct pass *p, const char *worker, const struct death *d)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct err e = ERR_NONE;
	const struct finish_end end = { d->status, d->cause, &d->info };
	struct token t;
	unsigned n = 0;
	size_t i;
	int step;

	if (queue_list(p->q, fs_join(&path, "running", worker), &names, &e) < 0)
		note(p, &e);
	for (i = 0; i < names.n; i++) {
		if (name_parse_token(names.v[i], STATE_RUNNING, &t) < 0)
			continue;
		if (n++ == 0 && d->local)
			kill_command(worker);
		snprintf(t.by, sizeof t.by, "%s", worker);
		err_clear(&e);
		step = finish_for(p->q, p->c, &t, &end, &e);
		if (step < 0)
			note(p, &e);
		else if (step == QUEUE_DONE)
			p->u->reclaimed++;
	}
	fs_free(&names);
	str_free(&path);

	return n;
}

/*
 * Remove a dead worker's empty directory, but only a lease after it was
 * last seen with a token: on a file system that loses an unsynced rename in
 * a power cut, the token may come back into it.
 */
static void
bury(struct pass *p, const char *worker)
{
	const struct sighting *s = see(p, "empty", worker, "-");

	p->unsaved = true;
	if (lease_is_over(p, s))
		worker_forget(p->q, worker);
}

/* One more loss on a node: a dispatcher leaves out those with several. */
static void
blame_node(struct pass *p, const char *node)
{
	const struct sighting *s = recall(p, "node", node);
	char text[16];
	uint64_t losses = 0;

	if (s != NULL)
		num_u64(s->value, UINT32_MAX - 1, &losses);
	snprintf(text, sizeof text, "%u", (unsigned)losses + 1);
	see(p, "node", node, text);
	p->unsaved = true;
}

static void
reclaim(struct pass *p, const struct fs_names *workers)
{
	struct death d;
	size_t i;

	for (i = 0; i < workers->n; i++) {
		if (str_eq(workers->v[i], p->q->self) ||
		    !is_dead(p, workers->v[i], &d))
			continue;
		if (empty_worker(p, workers->v[i], &d) == 0) {
			bury(p, workers->v[i]);
			continue;
		}
		see(p, "empty", workers->v[i], "had a token");
		if (d.node && d.info.job.node[0] != '\0')
			blame_node(p, d.info.job.node);
	}
}

/* Seconds that a held token still has to wait; < 0: release it. */
static double
wait_left(struct pass *p, const struct token *t)
{
	unsigned count[STATUS_COUNT];
	struct err e = ERR_NONE;
	const struct sighting *s;
	double held, wait = p->c->backoff;
	char name[32];

	snprintf(name, sizeof name, "%07u.%u", t->id, t->attempt);
	s = see(p, "held", name, "-");
	held = p->seen.now - s->first;
	if (held < wait)
		return wait - held;
	if (finish_counts(p->q, t->id, t->attempt, count, &e) == 0)
		wait = finish_backoff(p->c, count[STATUS_FAILED]);

	return wait - held;
}

static int
release(void *cookie, const struct token *t, struct err *e)
{
	struct pass *p = cookie;
	struct token ready = *t;
	struct err mine = ERR_NONE;
	double left = wait_left(p, t);
	int step;

	(void)e;
	if (left > 0) {
		p->u->held++;
		if (p->u->next_due < 0 || left < p->u->next_due)
			p->u->next_due = left;
		return 0;
	}
	ready.state = STATE_READY;
	step = queue_move(p->q, t, &ready, &mine);
	if (step < 0)
		note(p, &mine);
	else if (step == QUEUE_DONE)
		p->u->released++;

	return 0;
}

/* A request to end an attempt that is over: the trial is seen elsewhere. */
static void
drop_cancels(struct pass *p, const struct scan *scan)
{
	const struct scan_token *now;
	struct control control;
	struct err e = ERR_NONE;
	struct token t;
	size_t i;

	if (control_read(p->q, &control, &e) < 0)
		return;
	for (i = 0; i < control.cancel.n; i++) {
		t.id = control.cancel.v[i].id;
		t.attempt = control.cancel.v[i].attempt;
		now = scan_find(scan, t.id);
		if (segments_has(&scan->sealed, name_segment(t.id)) ||
		    (now != NULL && now->state != STATE_NEW &&
			(now->state != STATE_RUNNING ||
			    now->attempt > t.attempt)))
			control_uncancel(p->q, &t);
	}
	control_free(&control);
}

/* Births that a dead sampler left without a token in ready/. */
static void
settle(struct pass *p)
{
	struct err e = ERR_NONE;
	struct scan scan;
	size_t i;
	int step;

	if (scan_all(p->q, &scan, &e) < 0) {
		note(p, &e);
		return;
	}
	drop_cancels(p, &scan);
	for (i = 0; i < scan.n; i++) {
		if (scan.v[i].state != STATE_NEW)
			continue;
		err_clear(&e);
		step = birth_settle(p->q, scan.v[i].id, &e);
		if (step < 0)
			note(p, &e);
		else if (step == QUEUE_DONE)
			p->u->settled++;
	}
	scan_free(&scan);
}

/* Does the worker that a name in tmp/ begins with live, as far as we know? */
static bool
is_worker(const char *name, const struct fs_names *workers)
{
	size_t i, n;

	for (i = 0; i < workers->n; i++) {
		n = strlen(workers->v[i]);
		if (strncmp(name, workers->v[i], n) == 0 && name[n] == '.')
			return true;
	}

	return false;
}

/* Of this host, as its name says: 1 with a process, 0 without, else -1. */
static int
writer_lives(const struct queue *q, const char *name)
{
	size_t n = strlen(q->me.host);
	char digits[16];
	uint64_t pid;
	size_t k;

	if (strncmp(name, q->me.host, n) != 0 || name[n] != '-')
		return -1;
	name += n + 1;
	k = strspn(name, "0123456789");
	if (k == 0 || k >= sizeof digits || name[k] != '.')
		return -1;
	memcpy(digits, name, k);
	digits[k] = '\0';

	if (num_u64(digits, INT32_MAX, &pid) < 0)
		return -1;

	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* Bytes of a file, or of those in a directory: of a segment that is being
 * built on another host they grow, for longer than a lease perhaps. */
static unsigned long long
size_of(const struct queue *q, const char *path)
{
	struct fs_names names = { 0, 0, NULL };
	struct str below = STR_EMPTY;
	struct err ignored = ERR_NONE;
	unsigned long long n = 0;
	struct stat st;
	size_t i;

	if (fstatat(q->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		n = (unsigned long long)st.st_size;
	queue_list(q, path, &names, &ignored);
	for (i = 0; i < names.n; i++)
		if (fstatat(q->fd, fs_join(&below, path, names.v[i]), &st,
			AT_SYMLINK_NOFOLLOW) == 0)
			n += (unsigned long long)st.st_size;
	str_free(&below);
	fs_free(&names);

	return n;
}

/*
 * What nobody has finished in tmp/.  It is moved to a name of ours before it
 * is deleted, so that a writer who lives after all finds it gone as a whole
 * and writes it again.
 */
static void
sweep(struct pass *p, const struct fs_names *workers)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY;
	struct err e = ERR_NONE;
	const struct sighting *s;
	char bytes[24];
	int lives;
	size_t i;

	if (queue_list(p->q, "tmp", &names, &e) < 0)
		note(p, &e);
	for (i = 0; i < names.n; i++) {
		if (str_starts(names.v[i], p->q->self))
			continue;
		/* A living worker's room for its result stays, however old;
		 * that of a dead one goes when its directory has gone. */
		lives = writer_lives(p->q, names.v[i]);
		if (lives == 1 || is_worker(names.v[i], workers))
			continue;
		/* A process of another pid namespace, or of a host of the
		 * same name, looks dead from here: so even then it must have
		 * been there for a while. */
		fs_join(&path, "tmp", names.v[i]);
		snprintf(bytes, sizeof bytes, "%llu", size_of(p->q, path.s));
		s = see(p, "tmp", names.v[i], bytes);
		if (lives == 0 ? s->count < LEASE_SIGHTINGS ||
			    s->unchanged < NAMESAKE_SECONDS
			       : !lease_is_over(p, s))
			continue;
		err_clear(&e);
		if (queue_discard(p->q, path.s, &e) < 0)
			/* Another user's, in a shared campaign, is theirs. */
			if (e.code != EX_NOPERM && e.sys != ENOENT &&
			    e.sys != ENOTEMPTY)
				note(p, &e);
	}
	fs_free(&names);
	str_free(&path);
}

int
upkeep(struct queue *q, const struct campaign *c, int depth, struct upkeep *u,
    struct err *e)
{
	struct upkeep own;
	struct pass p = {
		.q = q, .c = c, .u = u != NULL ? u : &own, .first = e
	};
	struct fs_names workers = { 0, 0, NULL };
	struct err saving = ERR_NONE;

	memset(p.u, 0, sizeof *p.u);
	p.u->next_due = -1;
	observe_load(q, c->lease / LEASE_SIGHTINGS, &p.seen);
	if (queue_list(q, "running", &workers, e) < 0)
		fs_free(&workers);
	look_at_workers(&p, &workers);
	scan_each(q, STATE_HELD, release, &p, e);
	if (depth == UPKEEP_FULL)
		sweep(&p, &workers);
	/* An observer that cannot write gives no verdict. */
	p.may_judge = observe_save(q, &p.seen, &saving) == 0;
	if (!p.may_judge)
		note(&p, &saving);
	reclaim(&p, &workers);
	if (depth == UPKEEP_FULL)
		settle(&p);
	if (p.unsaved && observe_save(q, &p.seen, &saving) < 0)
		note(&p, &saving);
	observe_free(&p.seen);
	fs_free(&workers);

	return e->code == 0 ? 0 : -1;
}
