#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "queue/roster.h"
#include "queue/worker.h"

/* Looks in a row that a job has to be missing in. */
enum { LOOKS = 2 };

/* Seconds until a submission of which nothing is known, and of which no job
 * has turned up, is taken for one that was not accepted. */
enum { UNDECIDED = 600 };

/* What is seen of a worker whose job is listed no more. */
static const char gone[] = "gone";

/* A worker that runs in a job of ours. */
struct occupant {
	char name[NAME_WRITER];
	struct worker_info info;
};

struct taking {
	const struct backend *b;
	const struct campaign *c;
	struct observe *seen;
	struct roster *r;
	struct {
		size_t n, cap;
		struct occupant *v;
	} workers;
};

/* What the names of the campaign's jobs start with. */
static void
add_prefix(const struct queue *q, struct str *b)
{
	str_addf(b, "hpo.%.8s.", q->id);
}

void
roster_name(const struct queue *q, struct ticket *t)
{
	struct str prefix = STR_EMPTY;

	add_prefix(q, &prefix);
	snprintf(t->name, sizeof t->name, "%s%u.%08x", prefix.s, t->number,
	    (unsigned)(proc_random64() >> 32));
	str_free(&prefix);
}

/* --- what there is -------------------------------------------------------- */

static int
take_tickets(struct taking *k, struct err *e)
{
	struct tickets tickets;
	struct roster_entry *x;
	size_t i;
	int bad = ticket_list(k->b->q, k->b->dir, &tickets, e);

	k->r->n = 0;
	for (i = 0; i < tickets.n && !bad; i++) {
		x = arr_push(k->r);
		memset(x, 0, sizeof *x);
		x->t = tickets.v[i];
	}
	arr_free(&tickets);

	return bad;
}

/* Those that a ticket of this backend has started. */
static int
take_workers(struct taking *k, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct worker_info info;
	struct occupant *w;
	size_t i, n = strlen(k->b->dir);
	int bad = queue_list(k->b->q, "running", &names, e);

	for (i = 0; i < names.n && !bad; i++) {
		if (worker_read(k->b->q, names.v[i], &info) < 0 ||
		    strncmp(info.ticket, k->b->dir, n) != 0 ||
		    info.ticket[n] != '/' || info.job.id[0] == '\0')
			continue;
		w = arr_push(&k->workers);
		snprintf(w->name, sizeof w->name, "%s", names.v[i]);
		w->info = info;
	}
	fs_free(&names);

	return bad;
}

/* What the backend should try harder to know: all submissions, and jobs that
 * were no longer listed the last time, whose workers are still to be judged. */
static void
ids_of(struct taking *k, struct fs_names *ids)
{
	const struct roster *r = k->r;
	const struct sighting *s;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->v[i].t.id[0] != '\0' && !r->v[i].t.foreign)
			*arr_push(ids) = mem_dup(r->v[i].t.id);
	for (i = 0; i < k->workers.n; i++) {
		s = observe_find_of(k->seen, "job", k->workers.v[i].name);
		if (s != NULL && str_eq(s->value, gone))
			*arr_push(ids) = mem_dup(k->workers.v[i].info.job.id);
	}
}

/* --- what is told --------------------------------------------------------- */

static enum roster_end
read_end(const char *why)
{
	static const char *const words[] = { "done", "failed", "timeout", "oom",
		"preempted", "node", "boot", "cancelled" };
	size_t n = strcspn(why, " "), i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == n && strncmp(why, words[i], n) == 0)
			return (enum roster_end)i;

	return ROSTER_UNKNOWN;
}

static struct roster_entry *
find_entry(struct roster *r, const char *name)
{
	size_t i;

	for (i = r->n; i-- > 0;)
		if (str_eq(r->v[i].t.name, name))
			return &r->v[i];

	return NULL;
}

static void
count_job(struct roster_entry *x, const struct backend_job *j)
{
	switch (j->state) {
	case JOB_WAITING:
		x->waiting++;
		break;
	case JOB_RUNNING:
	case JOB_SUSPENDED:
		x->running++;
		break;
	case JOB_STUCK:
		x->stuck++;
		break;
	case JOB_ENDED:
		x->over[read_end(j->why)]++;
		break;
	}
}

/* A copy of the campaign has the same id: its jobs have no ticket here, or a
 * foreign one. */
static void
take_jobs(struct taking *k)
{
	struct roster_entry *x = NULL;
	const struct backend_job *j;
	size_t i;

	for (i = 0; i < k->r->jobs.n; i++) {
		j = &k->r->jobs.v[i];
		if (x == NULL || !str_eq(x->t.name, j->name))
			x = find_entry(k->r, j->name);
		if (x != NULL && !x->t.foreign)
			count_job(x, j);
	}
}

/* --- what is not told ----------------------------------------------------- */

static const struct backend_job *
find_job(const struct roster *r, const char *id)
{
	size_t i;

	for (i = 0; i < r->jobs.n; i++)
		if (str_eq(r->jobs.v[i].id, id))
			return &r->jobs.v[i];

	return NULL;
}

/* Has the worker's heart moved since this host looked at it last? */
static bool
beats(struct taking *k, const char *worker)
{
	const struct sighting *before =
	    observe_find_of(k->seen, "worker", worker);
	struct str pulse = STR_EMPTY;
	bool yes = before != NULL &&
	    worker_pulse(k->b->q, worker, &pulse) == 0 && pulse.n > 0 &&
	    !str_eq(before->value, pulse.s);

	str_free(&pulse);

	return yes;
}

/*
 * An empty answer while the hearts of workers move is the answer of a
 * controller that has just started, or of a broken client: it says nothing.
 */
static bool
is_blank(struct taking *k)
{
	size_t i;

	if (k->r->jobs.n > 0)
		return false;
	for (i = 0; i < k->workers.n; i++)
		if (beats(k, k->workers.v[i].name))
			return true;

	return false;
}

/* Has it stood still, for all this host has seen, for some heartbeats? */
static bool
stands_still(struct taking *k, const char *worker)
{
	const struct sighting *before =
	    observe_find_of(k->seen, "worker", worker);
	double gap;

	if (before == NULL || beats(k, worker))
		return false;
	gap = k->seen->now - before->last;

	return before->unchanged + (gap < k->seen->cap ? gap : k->seen->cap) >=
	    ROSTER_BEATS * k->c->heartbeat;
}

/* Was a worker before the ${n}th in the same job? */
static bool
is_counted(const struct taking *k, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(k->workers.v[i].info.job.id,
			k->workers.v[n].info.job.id))
			return true;

	return false;
}

/* How many jobs of a ticket are not listed, though workers in them live? */
static unsigned
unlisted(struct taking *k, const struct ticket *t)
{
	const struct occupant *w;
	struct str path = STR_EMPTY;
	unsigned n = 0;
	size_t i;

	ticket_path(k->b->dir, t->number, NULL, &path);
	for (i = 0; i < k->workers.n; i++) {
		w = &k->workers.v[i];
		n += str_eq(w->info.ticket, path.s) &&
		    find_job(k->r, w->info.job.id) == NULL &&
		    !is_counted(k, i) && !stands_still(k, w->name);
	}
	str_free(&path);

	return n;
}

/* Is there a worker that the system has started later in the same job? */
static bool
is_superseded(const struct taking *k, const struct job *mine)
{
	const struct job *other;
	size_t i;

	for (i = 0; i < k->workers.n; i++) {
		other = &k->workers.v[i].info.job;
		if (str_eq(other->id, mine->id) &&
		    other->restarts > mine->restarts)
			return true;
	}

	return false;
}

static void
note_worker(struct taking *k, const struct occupant *w)
{
	const struct backend_job *j = find_job(k->r, w->info.job.id);
	const struct sighting *before =
	    observe_find_of(k->seen, "job", w->name);
	char value[40];

	if (j == NULL) /* an end that was told is not untold */
		snprintf(value, sizeof value, "%s",
		    before != NULL && str_starts(before->value, "ended ")
			? before->value
			: gone);
	else if (j->state == JOB_ENDED)
		snprintf(value, sizeof value, "ended %.*s",
		    (int)strcspn(j->why, " "), j->why);
	else if (j->state == JOB_WAITING || j->state == JOB_STUCK)
		snprintf(value, sizeof value, "waiting");
	else if (is_superseded(k, &w->info.job))
		snprintf(value, sizeof value, "superseded");
	else
		snprintf(value, sizeof value, "%s",
		    j->state == JOB_SUSPENDED ? "suspended" : "running");
	observe_see_of(k->seen, "job", w->name, value);
	/* It is not over before its heart beats again: until then the worker
	 * looks dead to all who have watched it. */
	if (j != NULL && j->state == JOB_SUSPENDED)
		worker_suspend(k->b->q, w->name, true);
	else if (beats(k, w->name))
		worker_suspend(k->b->q, w->name, false);
}

unsigned
roster_over(const struct roster_entry *x)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < ROSTER_ENDS; i++)
		n += x->over[i];

	return n;
}

/* A number that only grows, as a sighting. */
static unsigned
grown(struct taking *k, const char *kind, const char *name, unsigned now)
{
	const struct sighting *s = observe_find_of(k->seen, kind, name);
	char text[16];
	uint64_t before = 0;

	if (s != NULL)
		num_u64(s->value, UINT32_MAX, &before);
	if (now < before)
		now = (unsigned)before;
	snprintf(text, sizeof text, "%u", now);
	observe_see_of(k->seen, kind, name, text);

	return now;
}

/*
 * SLURM keeps no record of a job that was cancelled while it waited, if others
 * of its submission go on: of those that are known no more it is one that has
 * not even an empty log.  So many are there.
 */
static unsigned
forgotten(const struct roster_entry *x)
{
	const struct ticket *t = &x->t;
	unsigned listed = roster_over(x), begun, n;

	if (t->id[0] == '\0' ||
	    x->waiting + x->running + x->stuck + listed == 0)
		return 0;
	begun = x->running + listed - x->over[ROSTER_CANCELLED];
	if (t->started > begun)
		begun = t->started;
	n = x->waiting + x->stuck + begun;

	return t->jobs > n ? t->jobs - n : 0;
}

/*
 * How many of a ticket's jobs may still live unseen?  Those that were missing
 * in two answers have ended, but for those in which a heart beats; so has one
 * whose worker has said so.
 */
static void
judge(struct taking *k, struct roster_entry *x)
{
	const struct ticket *t = &x->t;
	unsigned live = x->waiting + x->running + x->stuck;
	unsigned over = roster_over(x), ended = t->ended / t->job_workers;
	unsigned missing = live < t->jobs ? t->jobs - live : 0;
	unsigned hidden = unlisted(k, t), silent, cancelled;
	const struct sighting *s;
	char text[16];
	bool sure;

	if (t->foreign) {
		x->closed = true;
		return;
	}
	snprintf(text, sizeof text, "%u", missing);
	s = observe_see_of(k->seen, "missing", t->name, text);
	sure = s->count >= LOOKS &&
	    (t->id[0] != '\0' || live + over + t->began > 0 ||
		s->unchanged >= UNDECIDED);
	if (ended > over)
		over = ended;
	silent = missing > hidden ? missing - hidden : 0;
	over = grown(k, "over", t->name, sure && silent > over ? silent : over);
	x->presumed = missing > over ? missing - over : 0;
	/* It stays so when SLURM has forgotten them. */
	cancelled = sure ? forgotten(x) : 0;
	if (x->over[ROSTER_CANCELLED] > cancelled)
		cancelled = x->over[ROSTER_CANCELLED];
	x->over[ROSTER_CANCELLED] = grown(k, "cancelled", t->name, cancelled);
	x->closed = live == 0 && x->presumed == 0;
}

int
roster_take(const struct backend *b, const struct campaign *c,
    struct observe *seen, struct roster *r, struct err *e)
{
	struct taking k = { .b = b, .c = c, .seen = seen, .r = r };
	struct str prefix = STR_EMPTY;
	struct fs_names ids = { 0, 0, NULL };
	size_t i;
	int bad;

	memset(r, 0, sizeof *r);
	add_prefix(b->q, &prefix);
	/* Workers first: what is seen of a job later is seen of a worker that
	 * was in it before. */
	bad = take_workers(&k, e) < 0 || take_tickets(&k, e) < 0;
	if (!bad) {
		ids_of(&k, &ids);
		bad = backend_list(b, prefix.s, &ids, &r->jobs, e);
	}
	/* Once more: what another dispatcher submits meanwhile is no news to
	 * the list, but must not be submitted again. */
	if (!bad)
		bad = take_tickets(&k, e);
	if (!bad)
		r->blank = is_blank(&k);
	if (!bad && !r->blank) {
		take_jobs(&k);
		for (i = 0; i < k.workers.n; i++)
			note_worker(&k, &k.workers.v[i]);
		for (i = 0; i < r->n; i++)
			judge(&k, &r->v[i]);
	}
	arr_free(&k.workers);
	fs_free(&ids);
	str_free(&prefix);
	if (bad)
		roster_free(r);

	return bad ? -1 : 0;
}

void
roster_free(struct roster *r)
{
	backend_jobs_free(&r->jobs);
	arr_free(r);
}
