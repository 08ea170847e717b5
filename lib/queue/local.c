#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/proc.h"
#include "base/sig.h"
#include "form/campaign.h"
#include "queue/control.h"
#include "queue/local.h"
#include "queue/pool.h"
#include "queue/upkeep.h"
#include "queue/worker.h"

enum { SLOTS_MAX = 4096, BACKOFF_MAX = 60, TICK = 1, LOOK_SHARE = 10 };

/* Seconds without a sign of a slot's worker until it is taken for ended. */
enum { SILENT = 5, UNSEEN = 60 };

/* One slot of one host. */
struct slot {
	struct pool *pool;
	unsigned number;   /* from 1 on each host */
	bool ours;         /* fed to our pool and not ended */
	bool taken;        /* a live worker that is not ours holds it */
	double not_before; /* back-off, on the boot clock */
	double backoff;
	double fed_at;
	double seen_at; /* its worker alive; 0: not since it was fed */
};

enum phase { RUNNING, DRAINING, STOPPING };

struct pools {
	size_t n, cap;
	struct pool *v;
};

struct slots {
	size_t n, cap;
	struct slot *v;
};

struct run {
	const struct local *l;
	struct pools pools;
	struct slots slots;
	struct pool *reading; /* whose line is being taken */
	enum phase phase;
	bool by_control;  /* the phase came from control/ */
	bool set_control; /* we put a request there ourselves */
	unsigned asked;   /* signals obeyed so far */
	int fatal;        /* exit code of a worker that says: no use */
	int broken;       /* status of a GNU parallel that ran nothing */
	double next_look;
	struct str told; /* names of workers that know of the phase */
};

unsigned
local_workers(const struct campaign *c)
{
	unsigned n = proc_cores() / (c->cores > 0 ? c->cores : 1);

	if (c->workers > 0)
		return c->workers;
	if (c->ngpu > 0)
		return (unsigned)c->ngpu;

	return n > 0 ? n : 1;
}

/* Exit codes that another worker would end with as well. */
static bool
is_permanent(int code)
{
	return code == EX_USAGE || code == EX_DATAERR ||
	    code == EX_UNAVAILABLE || code == EX_NOPERM || code == EX_CONFIG ||
	    code == 126 || code == 127;
}

static void
slot_ended(struct run *r, unsigned number, int code)
{
	struct slot *s;
	double now = clk_boot();
	size_t i;

	for (i = 0; i < r->slots.n; i++) {
		s = &r->slots.v[i];
		if (s->pool != r->reading || s->number != number || !s->ours)
			continue;
		s->ours = false;
		if (is_permanent(code) && r->fatal == 0)
			r->fatal = code;
		/* One that ended well and soon did not find much to do; one
		 * that failed may fail again: wait longer each time. */
		if (code == 0 && now - s->fed_at > TICK)
			s->backoff = 0;
		else
			s->backoff = s->backoff <= 0       ? 0.1
			    : s->backoff * 2 < BACKOFF_MAX ? s->backoff * 2
							   : BACKOFF_MAX;
		s->not_before = now + s->backoff;
	}
	r->next_look = 0;
}

static void
take_line(void *cookie, const char *line)
{
	struct run *r = cookie;
	char *rest;
	unsigned long number;

	if (str_starts(line, "slot ")) {
		number = strtoul(line + 5, &rest, 10);
		slot_ended(r, (unsigned)number, (int)strtol(rest, NULL, 10));
	} else if (line[0] < '0' || line[0] > '9') {
		return; /* GNU parallel's, such as its usage */
	} else if (r->l->line != NULL) {
		r->l->line(r->l->cookie, line);
	}
	r->reading->spoke = true;
}

/* Hosts: this one, or those that [local] sshlogin names. */
static void
make_pools(struct run *r)
{
	const char *p = r->l->c->sshlogin;
	struct pool *pool;
	size_t n;

	do {
		n = p != NULL ? strcspn(p, ",") : 0;
		pool = arr_push(&r->pools);
		memset(pool, 0, sizeof *pool);
		pool->feed = pool->out = -1;
		if (n > 0 && !(n == 1 && *p == ':'))
			pool->login = mem_dupn(p, n);
		p = p != NULL && p[n] == ',' ? p + n + 1 : NULL;
	} while (p != NULL);
}

static void
make_slots(struct run *r)
{
	unsigned jobs =
	    r->l->workers > 0 ? r->l->workers : local_workers(r->l->c);
	struct slot new;
	size_t i;
	unsigned k;

	make_pools(r);
	for (i = 0; i < r->pools.n; i++)
		for (k = 1; k <= jobs && r->slots.n < SLOTS_MAX; k++) {
			memset(&new, 0, sizeof new);
			new.pool = &r->pools.v[i];
			new.number = k;
			*arr_push(&r->slots) = new;
		}
}

static struct slot *
find_slot(struct run *r, int number)
{
	size_t i;

	for (i = 0; i < r->slots.n; i++)
		if (r->slots.v[i].pool->login == NULL &&
		    (int)r->slots.v[i].number == number)
			return &r->slots.v[i];

	return NULL;
}

/* Pass the phase on to a worker of ours, once. */
static void
tell_worker(struct run *r, const char *name, const struct worker_info *info)
{
	if (r->phase == RUNNING || strstr(str_text(&r->told), name) != NULL)
		return;
	str_add(&r->told, name);
	kill(info->id.pid, r->phase == STOPPING ? SIGTERM : SIGUSR2);
}

/*
 * Whose are the workers of this host?  Those that we started are ours; the
 * others hold their slots against us.
 */
static int
look_at_workers(struct run *r, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct worker_info info;
	struct slot *s;
	size_t i;
	int bad;

	for (i = 0; i < r->slots.n; i++)
		r->slots.v[i].taken = false;
	bad = queue_list(r->l->q, "running", &names, e);
	for (i = 0; i < names.n && !bad; i++) {
		if (worker_read(r->l->q, names.v[i], &info) < 0 ||
		    !proc_is_local(&info.id) || proc_is_dead(&info.id) ||
		    info.slot == 0)
			continue;
		s = find_slot(r, info.slot);
		if (s != NULL && s->ours &&
		    str_eq(info.dispatcher, r->l->q->self)) {
			s->seen_at = clk_boot();
			tell_worker(r, names.v[i], &info);
		} else if (s != NULL)
			s->taken = true;
	}
	fs_free(&names);

	return bad;
}

/* A worker and its shell killed at once leave no line behind. */
static void
free_silent_slots(struct run *r)
{
	double now = clk_boot(), since;
	struct slot *s;
	size_t i;

	for (i = 0; i < r->slots.n; i++) {
		s = &r->slots.v[i];
		since =
		    s->seen_at > 0 ? s->seen_at + SILENT : s->fed_at + UNSEEN;
		if (s->ours && s->pool->login == NULL && now > since)
			s->ours = false;
	}
}

static unsigned
count_ours(const struct run *r)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < r->slots.n; i++)
		n += r->slots.v[i].ours;

	return n;
}

static unsigned
jobs_of(const struct run *r, const struct pool *p)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < r->slots.n; i++)
		n += r->slots.v[i].pool == p;

	return n;
}

/* Start workers on free slots while more wait than are at work. */
static int
feed(struct run *r, const struct tally *t, struct err *e)
{
	uint32_t waiting = tally_waiting(t), busy = 0;
	double now = clk_boot();
	struct slot *s;
	size_t i;

	/* A worker that was fed and has claimed nothing will take one. */
	busy = count_ours(r);
	busy -= busy < t->count[STATE_RUNNING] ? busy : t->count[STATE_RUNNING];
	for (i = 0; i < r->slots.n && waiting > busy; i++) {
		s = &r->slots.v[i];
		if (s->ours || s->taken || now < s->not_before ||
		    (s->pool->pid != 0 && s->pool->feed < 0))
			continue;
		if (s->pool->pid == 0 &&
		    pool_start(s->pool, r->l->q, r->l->c, r->l->bindir,
			jobs_of(r, s->pool), e) < 0)
			return -1;
		/* It has been killed: its end is read, then it starts anew. */
		if (pool_feed(s->pool, s->number, e) < 0) {
			err_clear(e);
			pool_hang_up(s->pool);
			continue;
		}
		s->ours = true;
		s->fed_at = now;
		s->seen_at = 0;
		busy++;
	}

	return 0;
}

/* For workers on other hosts only control/ reaches far enough. */
static int
drain_remote(struct run *r, struct err *e)
{
	size_t i;

	for (i = 0; i < r->pools.n; i++)
		if (r->pools.v[i].login != NULL) {
			r->set_control = true;
			return control_set(r->l->q,
			    r->phase == STOPPING ? "stop" : "drain", e);
		}

	return 0;
}

/* A new phase, or the same asked for again: every worker hears of it. */
static int
enter(struct run *r, enum phase phase, struct err *e)
{
	r->phase = phase;
	str_cut(&r->told, 0);

	return drain_remote(r, e);
}

/* Signals: the first drains, the second stops, more are passed on. */
static int
obey_signals(struct run *r, struct err *e)
{
	struct sig_seen s;
	unsigned asked;

	sig_seen(&s);
	asked = s.stop + s.drain;
	if (asked == r->asked)
		return 0;
	r->asked = asked;

	return enter(r,
	    s.stop > 1 || r->phase == STOPPING ? STOPPING : DRAINING, e);
}

static int
obey_control(struct run *r, bool *paused, struct err *e)
{
	struct control c;

	if (control_read(r->l->q, &c, e) < 0)
		return -1;
	*paused = c.pause;
	if ((c.drain || c.stop) && r->phase == RUNNING) {
		r->phase = c.stop ? STOPPING : DRAINING;
		r->by_control = true;
	}
	control_free(&c);

	return 0;
}

/* Its options are wrong, or it does not work at all: it would end again. */
static int
broken_error(const struct run *r, struct err *e)
{
	bool given = r->l->c->parallel != NULL;

	return err_set(e, given ? EX_CONFIG : EX_UNAVAILABLE,
	    "GNU parallel ended with status %d and ran nothing: see its "
	    "message%s%s",
	    r->broken, given ? ", and 'parallel' in [local] of " : "",
	    given ? r->l->c->file : "");
}

/*
 * One look at the campaign: 1 when it is over for us, with how in ${end}.
 */
static int
look(struct run *r, struct tally *t, enum local_end *end, struct err *e)
{
	struct err ignored = ERR_NONE;
	bool paused = false;

	if (obey_signals(r, e) < 0 ||
	    (r->phase == RUNNING && obey_control(r, &paused, e) < 0) ||
	    look_at_workers(r, e) < 0)
		return -1;
	free_silent_slots(r);
	/* What cannot be kept up now can be at the next look. */
	upkeep(r->l->q, r->l->c, UPKEEP_QUICK, NULL, &ignored);
	if (tally_take(r->l->q, r->l->c, t, e) < 0)
		return -1;
	if (r->l->look != NULL)
		r->l->look(r->l->cookie, t);
	*end = r->phase == STOPPING ? LOCAL_STOPPED
	    : r->phase == DRAINING  ? LOCAL_DRAINED
	    : paused                ? LOCAL_PAUSED
				    : LOCAL_ENDED;
	if (r->broken != 0)
		return broken_error(r, e);
	if (r->phase == RUNNING && !paused && r->fatal == 0 &&
	    feed(r, t, e) < 0)
		return -1;
	if (count_ours(r) > 0)
		return 0;

	return r->phase != RUNNING || paused || r->fatal != 0 ||
	    tally_finished(t);
}

/* Wait for a line, a signal, or the time of the next look. */
static void
wait_a_little(struct run *r)
{
	struct pollfd *fds = mem_zero(r->pools.n + 1, sizeof *fds);
	double now = clk_boot(), left = r->next_look - now;
	size_t i;

	for (i = 0; i < r->pools.n; i++) {
		fds[i].fd = r->pools.v[i].out;
		fds[i].events = POLLIN;
	}
	fds[i].fd = sig_fd();
	fds[i].events = POLLIN;
	poll(fds, (nfds_t)i + 1, left > 0 ? (int)(left * 1000) + 1 : 0);
	if (fds[i].revents != 0) {
		sig_clear();
		r->next_look = 0;
	}
	free(fds);
}

/* A pool that is no more has no workers: its slots are free again. */
static void
free_slots_of(struct run *r, const struct pool *p)
{
	size_t i;

	for (i = 0; i < r->slots.n; i++)
		if (r->slots.v[i].pool == p && r->slots.v[i].ours) {
			r->slots.v[i].ours = false;
			r->slots.v[i].not_before = clk_boot() + TICK;
		}
}

static void
read_pools(struct run *r)
{
	struct pool *p;
	size_t i;
	int status;

	for (i = 0; i < r->pools.n; i++) {
		p = &r->pools.v[i];
		if (p->out < 0)
			continue;
		r->reading = p;
		if (pool_read(p, take_line, r) == 0)
			continue;
		status = pool_end(p, r->l->q, take_line, r);
		free_slots_of(r, p);
		if (status != 0 && !p->spoke)
			r->broken = status;
		r->next_look = 0;
	}
}

/* After a failure: tell the workers to stop, until all have. */
static void
stop_workers(struct run *r)
{
	struct err ignored = ERR_NONE;

	r->phase = STOPPING;
	str_cut(&r->told, 0);
	while (count_ours(r) > 0) {
		obey_signals(r, &ignored);
		look_at_workers(r, &ignored);
		free_silent_slots(r);
		r->next_look = clk_boot() + TICK;
		wait_a_little(r);
		read_pools(r);
	}
}

static void
end_pools(struct run *r)
{
	struct err ignored = ERR_NONE;
	size_t i;

	for (i = 0; i < r->pools.n; i++)
		pool_hang_up(&r->pools.v[i]);
	for (i = 0; i < r->pools.n; i++) {
		r->reading = &r->pools.v[i];
		pool_end(r->reading, r->l->q, take_line, r);
		pool_free(r->reading);
	}
	/* What we set for remote workers is not the user's wish. */
	if (r->set_control) {
		fs_remove(r->l->q->fd, "control/drain", &ignored);
		fs_remove(r->l->q->fd, "control/stop", &ignored);
	}
}

static int
fatal_error(const struct run *r, struct err *e)
{
	return err_set(e, r->fatal > 100 ? EX_UNAVAILABLE : r->fatal,
	    "the workers ended with status %d: see their messages", r->fatal);
}

int
local_run(const struct local *l, struct tally *t, struct err *e)
{
	struct run r;
	enum local_end end = LOCAL_ENDED;
	int over = 0;

	memset(&r, 0, sizeof r);
	r.l = l;
	make_slots(&r);
	if (upkeep(l->q, l->c, UPKEEP_FULL, NULL, e) < 0)
		over = -1;
	while (over == 0) {
		if (clk_boot() >= r.next_look) {
			double start = clk_boot(), took;

			over = look(&r, t, &end, e);
			/* Of a large campaign a look takes long: look less. */
			took = (clk_boot() - start) * LOOK_SHARE;
			r.next_look = clk_boot() + (took > TICK ? took : TICK);
		}
		if (over == 0) {
			wait_a_little(&r);
			read_pools(&r);
		}
	}
	if (over < 0)
		stop_workers(&r);
	end_pools(&r);
	arr_free(&r.pools);
	arr_free(&r.slots);
	str_free(&r.told);
	if (over > 0 && r.fatal != 0)
		return fatal_error(&r, e);

	return over < 0 ? -1 : (int)end;
}
