#include "queue/repair_rest.h"
#include "base/err.h"
#include "base/fs.h"
#include "form/campaign.h"
#include "queue/observe.h"
#include "queue/worker.h"

enum { LEASE_SIGHTINGS = 3 };

/* One more look at a heartbeat, under the key that upkeep uses. */
static const struct sighting *
look(const struct queue *q, const char *worker, struct observe *seen)
{
	struct str pulse = STR_EMPTY, key = STR_EMPTY;
	const struct sighting *s = NULL;

	if (worker_pulse(q, worker, &pulse) == 0)
		s = observe_see(seen, fs_join(&key, "worker", worker),
		    pulse.n > 0 ? pulse.s : "-");
	str_free(&key);
	str_free(&pulse);

	return s;
}

/* 0: it is dead; 1: so says the lease; -1: not known to be. */
static int
check_worker(const struct queue *q, const struct campaign *c,
    const char *worker, struct observe *seen, struct err *e)
{
	const struct sighting *s = look(q, worker, seen);
	struct worker_info info;

	if (worker_read(q, worker, &info) == 0) {
		if (proc_is_dead(&info.id))
			return 0;
		if (proc_is_local(&info.id))
			return err_set(e, EX_TEMPFAIL,
			    "worker '%s' of '%s' lives: wait for its end, or "
			    "stop it with hpo-dispatch --stop",
			    worker, q->path);
	}
	if (s != NULL && s->count >= LEASE_SIGHTINGS &&
	    s->unchanged >= c->lease)
		return 1;

	return err_set(e, EX_TEMPFAIL,
	    "worker '%s' of '%s' may live: its heartbeat has to stand still "
	    "for %gs in %d looks, of which this was one; try again, or say "
	    "--force if it is gone",
	    worker, q->path, c->lease, LEASE_SIGHTINGS);
}

int
repair_rest(struct queue *q, const struct campaign *c, struct err *e)
{
	struct fs_names workers = { 0, 0, NULL };
	struct err saving = ERR_NONE, other = ERR_NONE;
	struct observe seen;
	struct str path = STR_EMPTY;
	size_t i;
	bool lease = false;
	int bad, rc;

	observe_load(q, c->lease / LEASE_SIGHTINGS, &seen);
	bad = fs_mkdir(q->fd, "observed", e) < 0 ||
	    queue_list(q, "running", &workers, e) < 0;
	fs_sort(&workers);
	for (i = 0; i < workers.n; i++) {
		if (!name_is_writer(workers.v[i]) ||
		    !fs_is_dir(q->fd, fs_join(&path, "running", workers.v[i])))
			continue;
		/* All are looked at; the first is told of. */
		rc = check_worker(q, c, workers.v[i], &seen, bad ? &other : e);
		bad = rc < 0 ? -1 : bad;
		lease = lease || rc > 0;
	}
	if (observe_save(q, &seen, &saving) < 0 && !bad && lease) {
		*e = saving; /* who cannot write gives no verdict */
		bad = -1;
	}
	observe_free(&seen);
	fs_free(&workers);
	str_free(&path);

	return bad ? -1 : 0;
}
