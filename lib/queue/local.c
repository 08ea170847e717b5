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
#include "queue/seal.h"
#include "queue/slots.h"
#include "queue/upkeep.h"
#include "queue/worker.h"

enum { TICK = 1, LOOK_SHARE = 10 };

enum phase { RUNNING, DRAINING, STOPPING };

struct run {
	const struct local *l;
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
worker_ended(struct run *r, unsigned number, int code)
{
	slots_ended(&r->slots, r->reading, number, code);
	if (is_permanent(code) && r->fatal == 0)
		r->fatal = code;
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
		worker_ended(r, (unsigned)number, (int)strtol(rest, NULL, 10));
	} else if (line[0] < '0' || line[0] > '9') {
		return; /* GNU parallel's, such as its usage */
	} else if (r->l->line != NULL) {
		r->l->line(r->l->cookie, line);
	}
	r->reading->spoke = true;
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
		    proc_is_dead(&info.id) || info.slot == 0)
			continue;
		s = slots_marked(&r->slots, info.dispatcher, info.slot);
		if (s != NULL) {
			s->seen_at = clk_boot();
			if (s->pool->login == NULL && proc_is_local(&info.id))
				tell_worker(r, names.v[i], &info);
			continue;
		}
		s = slots_local(&r->slots, info.slot);
		if (s != NULL && proc_is_local(&info.id))
			s->taken = true;
	}
	fs_free(&names);

	return bad;
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
	busy = slots_ours(&r->slots);
	busy -= busy < t->count[STATE_RUNNING] ? busy : t->count[STATE_RUNNING];
	for (i = 0; i < r->slots.n && waiting > busy; i++) {
		s = &r->slots.v[i];
		if (s->ours || s->taken || now < s->not_before ||
		    (s->pool->pid != 0 && s->pool->feed < 0))
			continue;
		if (s->pool->pid == 0 &&
		    pool_start(s->pool, r->l->q, r->l->c, r->l->bindir,
			slots_of(&r->slots, s->pool), e) < 0)
			return -1;
		/* It has been killed: its end is read, then it starts anew. */
		if (pool_feed(s->pool, s->number, e) < 0) {
			err_clear(e);
			pool_hang_up(s->pool);
			continue;
		}
		slots_fed(s);
		busy++;
	}

	return 0;
}

/* For workers on other hosts only control/ reaches far enough. */
static int
drain_remote(struct run *r, struct err *e)
{
	size_t i;

	for (i = 0; i < r->slots.pools.n; i++)
		if (r->slots.pools.v[i].login != NULL) {
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
	struct seal seal;
	bool paused = false;

	if (obey_signals(r, e) < 0 ||
	    (r->phase == RUNNING && obey_control(r, &paused, e) < 0) ||
	    look_at_workers(r, e) < 0)
		return -1;
	/* What cannot be kept up now can be at the next look. */
	upkeep(r->l->q, r->l->c, UPKEEP_QUICK, NULL, &ignored);
	if (tally_take(r->l->q, r->l->c, t, e) < 0)
		return -1;
	/* What cannot be sealed stays loose, and is complete there. */
	if (tally_ended(t) - t->sealed >= NAME_SEGMENT)
		seal_all(r->l->q, r->l->c, &seal, &ignored);
	slots_silent(&r->slots, r->phase != RUNNING || tally_finished(t));
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
	if (slots_ours(&r->slots) > 0)
		return 0;

	return r->phase != RUNNING || paused || r->fatal != 0 ||
	    tally_finished(t);
}

/* Wait for a line, a signal, or the time of the next look. */
static void
wait_a_little(struct run *r)
{
	struct pollfd *fds = mem_zero(r->slots.pools.n + 1, sizeof *fds);
	double now = clk_boot(), left = r->next_look - now;
	size_t i;

	for (i = 0; i < r->slots.pools.n; i++) {
		fds[i].fd = r->slots.pools.v[i].out;
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

static void
read_pools(struct run *r)
{
	struct pool *p;
	size_t i;
	int status;

	for (i = 0; i < r->slots.pools.n; i++) {
		p = &r->slots.pools.v[i];
		if (p->out < 0)
			continue;
		r->reading = p;
		if (pool_read(p, take_line, r) == 0)
			continue;
		status = pool_end(p, r->l->q, take_line, r);
		slots_lost(&r->slots, p);
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
	while (slots_ours(&r->slots) > 0) {
		obey_signals(r, &ignored);
		look_at_workers(r, &ignored);
		slots_silent(&r->slots, r->phase != RUNNING);
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

	for (i = 0; i < r->slots.pools.n; i++)
		pool_hang_up(&r->slots.pools.v[i]);
	for (i = 0; i < r->slots.pools.n; i++) {
		r->reading = &r->slots.pools.v[i];
		pool_end(r->reading, r->l->q, take_line, r);
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
	slots_make(&r.slots, l->c,
	    l->workers > 0 ? l->workers : local_workers(l->c));
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
	slots_free(&r.slots);
	str_free(&r.told);
	if (over > 0 && r.fatal != 0)
		return fatal_error(&r, e);

	return over < 0 ? -1 : (int)end;
}
