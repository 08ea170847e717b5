#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/campaign.h"
#include "queue/attempt.h"
#include "queue/backend.h"
#include "queue/finish.h"
#include "queue/pilot.h"
#include "queue/scan.h"
#include "queue/ticket.h"

/* So many trials tell what one takes. */
enum { RECENT = 100 };

/* Seconds beyond the command's grace until a worker has ended; a warning is
 * at most a third of the walltime ahead. */
enum { MARGIN = 30, MARGIN_SHARE = 3, LONG_SHARE = 4 };

/* The last tokens that a scan shows, in a ring. */
struct recent {
	size_t n;
	struct token t[RECENT];
};

static int
take(void *cookie, const struct token *t, struct err *e)
{
	struct recent *r = cookie;

	(void)e;
	r->t[r->n++ % RECENT] = *t;

	return 0;
}

/* The 90th percentile of their seconds, by the nearest rank. */
static int
learn(struct queue *q, struct pilot *p, struct err *e)
{
	struct recent *r = mem_zero(1, sizeof *r);
	double seconds[RECENT];
	struct err ignored = ERR_NONE;
	struct result result;
	size_t i, n = 0;
	int bad = scan_each(q, STATE_DONE, take, r, e);

	for (i = 0; !bad && i < RECENT && i < r->n; i++) {
		if (finish_read(q, r->t[i].id, r->t[i].attempt, r->t[i].by,
			&result, &ignored) < 0)
			continue;
		seconds[n++] = result.seconds;
		result_free(&result);
	}
	free(r);
	if (n > 0) {
		num_sort(seconds, n);
		p->expect = num_percentile(seconds, n, 90);
		p->from = (unsigned)n;
	}

	return bad;
}

static int
too_long(const struct campaign *c, const struct fleet *f, const struct pilot *p,
    struct err *e)
{
	struct str place = STR_EMPTY;

	fleet_place(f, c->file, "time", &place);
	err_set(e, EX_CONFIG,
	    "%s: 'time' is %.0f s, of which a worker has %.0f, but trials take "
	    "%.0f s (nine of ten of the last %u): give jobs more time, or let "
	    "the command keep a checkpoint and set 'checkpoint_signal'",
	    place.s, f->walltime, f->walltime - p->warn, p->expect, p->from);
	str_free(&place);

	return -1;
}

int
pilot_plan(struct queue *q, const struct campaign *c, const struct fleet *f,
    struct pilot *p, struct err *e)
{
	double most = f->walltime / MARGIN_SHARE;

	memset(p, 0, sizeof *p);
	if (learn(q, p, e) < 0)
		return -1;
	p->warn = c->grace * (c->checkpoint_signal != 0 ? 2 : 1) + MARGIN;
	if (f->walltime > 0 && p->warn > most)
		p->warn = most;
	if (f->walltime > 0 && p->expect > f->walltime - p->warn &&
	    !attempt_keeps_checkpoint(c))
		return too_long(c, f, p, e);
	p->array = f->mode == FLEET_ARRAY ||
	    (f->mode == FLEET_AUTO && f->walltime > 0 &&
		p->expect > f->walltime / LONG_SHARE);

	return 0;
}

/*
 * With a setup the shell is the one for which sites write theirs, as a login
 * shell: "module" is there.  Without, the one that starts fastest.
 */
static void
add_head(const struct pilot_script *s, const struct ticket *t, struct str *b)
{
	const char *setup = s->fleet->setup;
	mode_t mask = umask(0);

	umask(mask);
	str_addf(b,
	    "#!/bin/%s\n"
	    "# A worker of a campaign: made by hpo-dispatch(1), job name %s.\n"
	    "umask %03o\n",
	    setup != NULL ? "bash -l" : "sh", t->name, (unsigned)mask);
	str_add(b, str_text(&s->limits->exports));
	str_addf(b, "export HPO_JOB_SUBMITTED=%lld\n", (long long)time(NULL));
	if (setup != NULL)
		str_addf(b,
		    "export HPO_JOB_STARTED=$(date +%%s)\n"
		    "%s\n",
		    setup);
}

void
pilot_script(const struct pilot_script *s, const struct ticket *t,
    struct str *b)
{
	const struct fleet *f = s->fleet;

	add_head(s, t, b);
	str_add(b, "exec ");
	/* One step for all: what a job brings of the environment, and of the
	 * processors for a task, is not a step's by itself. */
	if (f->job_workers > 1)
		str_addf(b,
		    "srun --ntasks=%u --export=ALL --kill-on-bad-exit=0 "
		    "${SLURM_CPUS_PER_TASK:+"
		    "--cpus-per-task=$SLURM_CPUS_PER_TASK} ",
		    f->job_workers);
	str_quote(b, f->bindir != NULL ? f->bindir : s->bindir);
	str_addf(b, "/hpo-trial --loop --ticket %s/%u", s->dir, t->number);
	if (s->plan->array)
		str_add(b, " --max-trials 1");
	if (f->walltime > 0)
		str_addf(b, " --time %.0f", f->walltime - s->plan->warn);
	if (s->plan->expect > 0)
		str_addf(b, " --expect %.3f", s->plan->expect);
	str_add(b, " -- ");
	str_quote(b, s->q->absolute);
	str_addc(b, '\n');
}
