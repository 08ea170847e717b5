#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "form/point.h"
#include "form/template.h"
#include "queue/spawn.h"

/* All that the child needs, made before the fork. */
struct plan {
	struct point point;
	char id[16], attempt[16], seed[16], slot[16];
	struct str dir, checkpoint, cwd, params, program;
	char **words;
	struct env env;
};

static void
plan_free(struct plan *p)
{
	template_free(p->words);
	env_free(&p->env);
	point_free(&p->point);
	str_free(&p->dir);
	str_free(&p->checkpoint);
	str_free(&p->cwd);
	str_free(&p->params);
	str_free(&p->program);
}

static void
plan_names(const struct attempt *a, const struct token *t, struct plan *p)
{
	struct str home = STR_EMPTY;

	snprintf(p->id, sizeof p->id, "%u", t->id);
	snprintf(p->attempt, sizeof p->attempt, "%u", t->attempt);
	snprintf(p->seed, sizeof p->seed, "%u", attempt_seed(a->c, t->id));
	snprintf(p->slot, sizeof p->slot, "%d", a->slot);
	name_home(t->id, &home);
	str_addf(&p->dir, "%s/hpo/%s", a->q->absolute, home.s);
	str_addf(&p->checkpoint, "%s/checkpoint", p->dir.s);
	str_addf(&p->params, "%s/hpo/running/%s/params.json", a->q->absolute,
	    a->w->name);
	str_add(&p->cwd, a->c->in_trial_dir ? p->dir.s : a->q->absolute);
	str_free(&home);
}

static int
plan_words(const struct attempt *a, struct plan *p, struct err *e)
{
	struct template_env names = { p->id, p->attempt, p->seed, p->dir.s,
		p->checkpoint.s, a->q->absolute, p->slot };

	p->words =
	    template_expand(a->c->command, &a->c->space, &p->point, &names, e);

	return p->words == NULL ? -1 : 0;
}

static void
plan_threads(const struct attempt *a, struct plan *p)
{
	static const char *const names[] = { "OMP_NUM_THREADS",
		"MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS" };
	/* What a job of SLURM was given for a task, else what the campaign
	 * says. */
	const char *given = env_get(&p->env, "SLURM_CPUS_PER_TASK");
	char cores[16];
	size_t i;

	snprintf(cores, sizeof cores, "%u", a->c->cores);
	if (a->w->job.id[0] == '\0' || given == NULL)
		given = cores;
	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (env_get(&p->env, names[i]) == NULL)
			env_set(&p->env, names[i], "%s", given);
}

static void
plan_env(const struct attempt *a, struct plan *p)
{
	struct env *v = &p->env;
	const struct space *s = &a->c->space;
	const char *path, *gpu;
	char name[160];
	size_t i;

	env_init(v);
	/* A trial may run another campaign: its own point is not that's. */
	env_drop(v, "HPO_PARAM_");
	path = env_get(v, "PATH");
	env_set(v, "PATH", "%s%s%s", path != NULL ? path : "/usr/bin:/bin",
	    a->bindir[0] != '\0' ? ":" : "", a->bindir);
	env_set(v, "HPO_CAMPAIGN", "%s", a->q->absolute);
	env_set(v, "HPO_TRIAL", "%s", p->id);
	env_set(v, "HPO_ATTEMPT", "%s", p->attempt);
	env_set(v, "HPO_SEED", "%s", p->seed);
	env_set(v, "HPO_DIR", "%s", p->dir.s);
	env_set(v, "HPO_CHECKPOINT", "%s", p->checkpoint.s);
	env_set(v, "HPO_SLOT", "%s", p->slot);
	env_set(v, "HPO_PARAMS", "%s", p->params.s);
	env_set(v, "HPO_WORKER", "%s", a->w->name);
	env_set(v, "PYTHONUNBUFFERED", "1");
	for (i = 0; i < s->n; i++)
		if (p->point.text[i] != NULL) {
			snprintf(name, sizeof name, "HPO_PARAM_%.140s",
			    s->param[i].name);
			env_set(v, name, "%s", p->point.text[i]);
		}
	if (a->c->ngpu > 0 && a->slot > 0) {
		gpu = a->c->gpu[(size_t)(a->slot - 1) % a->c->ngpu];
		env_set(v, "CUDA_VISIBLE_DEVICES", "%s", gpu);
		env_set(v, "ROCR_VISIBLE_DEVICES", "%s", gpu);
	}
	plan_threads(a, p);
}

/* Its own worker alone reads it: written in place. */
static int
write_params(const struct attempt *a, const struct plan *p, struct err *e)
{
	struct str text = STR_EMPTY, path = STR_EMPTY;
	int fd, bad = 0;

	point_json(&p->point, &a->c->space, &text);
	str_addc(&text, '\n');
	worker_file(a->w->name, "params.json", &path);
	fd = openat(a->q->fd, path.s,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0666);
	if (fd < 0 || fs_write_all(fd, text.s, text.n) < 0)
		bad = err_sys(e, "cannot write '%s'", p->params.s);
	if (fd >= 0)
		close(fd);
	str_free(&path);
	str_free(&text);

	return bad;
}

/* A relative name with a slash is meant from the working directory. */
static int
find_program(struct plan *p)
{
	struct str from = STR_EMPTY;
	int bad;

	if (strchr(p->words[0], '/') != NULL && p->words[0][0] != '/') {
		str_addf(&from, "%s/%s", p->cwd.s, p->words[0]);
		bad = access(from.s, X_OK);
		str_add(&p->program, from.s);
		str_free(&from);
		return bad;
	}

	return proc_which(p->words[0], env_get(&p->env, "PATH"), &p->program);
}

static int
launch(struct plan *p, struct spawned *s, struct err *e)
{
	struct proc_spawn child = { .program = p->program.s,
		.argv = p->words,
		.env = env_done(&p->env),
		.cwd = p->cwd.s };
	int out[2];

	if (proc_pipe(out) < 0)
		return err_sys(e, "cannot make a pipe");
	child.out = out[1];
	s->started = clk_boot();
	s->pid = proc_spawn(&child, &s->failed);
	if (s->pid < 0)
		err_sys(e, "cannot start a process");
	close(out[1]);
	s->out = out[0];

	return s->pid < 0 ? -1 : 0;
}

int
spawn_command(const struct attempt *a, const struct token *t,
    const struct trial *trial, struct spawned *s, struct err *e)
{
	struct plan p;
	int bad;

	memset(s, 0, sizeof *s);
	s->pid = -1;
	s->out = -1;
	memset(&p, 0, sizeof p);
	trial_point(trial, &a->c->space, &p.point);
	plan_names(a, t, &p);
	plan_env(a, &p);
	bad = plan_words(a, &p, e) < 0 || write_params(a, &p, e) < 0;
	if (!bad) {
		if (find_program(&p) < 0)
			s->failed = errno;
		else
			bad = launch(&p, s, e) < 0;
	}
	plan_free(&p);

	return bad ? -1 : 0;
}
