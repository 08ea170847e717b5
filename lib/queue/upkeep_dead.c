#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "queue/roster.h"
#include "queue/upkeep_pass.h"

enum { JOB_SIGHTINGS = 2 };

static void
die(struct upkeep_death *d, enum status status, const char *what,
    const char *word)
{
	d->status = status;
	snprintf(d->cause, sizeof d->cause, "%s%s", what, word);
}

/*
 * A job that was ended from outside is no fault of its trial; one that ran out
 * of memory would do so again.
 */
static void
die_with_job(struct upkeep_death *d, const char *word)
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
died_with_job(struct upkeep_pass *p, const char *worker, struct upkeep_death *d)
{
	const struct sighting *job = observe_find_of(&p->seen, "job", worker);
	const struct sighting *pulse =
	    observe_find_of(&p->seen, "worker", worker);

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
died_silently(struct upkeep_pass *p, const char *worker, bool gone,
    struct upkeep_death *d)
{
	if (!observe_over(observe_find_of(&p->seen, "worker", worker),
		p->c->lease) ||
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
bool
upkeep_dead(struct upkeep_pass *p, const char *worker, struct upkeep_death *d)
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
		upkeep_pass_note(p, &e);
	}
	if (!p->may_judge)
		return false;

	return died_with_job(p, worker, d) || died_silently(p, worker, gone, d);
}
