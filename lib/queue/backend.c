#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/capture.h"
#include "base/env.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/words.h"
#include "form/fleet.h"
#include "queue/backend.h"

/* Seconds: a verb makes one call of the site's commands, list two of them,
 * each with a limit of 15. */
enum { VERB_SECONDS = 16, LIST_SECONDS = 32, SAID_LINES = 3 };

enum { ANSWER_MAX = 64 << 20, ARRAY_MAX = 1000000 };

/* NAME=VALUE. */
static void
push(struct words *w, const char *name, const char *value)
{
	struct str b = STR_EMPTY;

	str_addf(&b, "%s=%s", name, value);
	words_push(w, b.s);
	str_free(&b);
}

static void
push_number(struct words *w, const char *name, double value)
{
	struct str b = STR_EMPTY;

	str_addf(&b, "%.0f", value);
	push(w, name, b.s);
	str_free(&b);
}

/*
 * What an allocation or a caller's habits left in the environment would
 * steer the site's commands: a worker pinned to the cores of the job that
 * the dispatcher ran in, say.
 */
static void
clean_env(const struct backend *b, struct env *v)
{
	static const char *const drop[] = { "SLURM_", "SBATCH_", "SQUEUE_",
		"SACCT_", "SCANCEL_", "SCONTROL_", "SRUN_", "SALLOC_", "PMI_",
		"PMIX_", "HPO_" };
	const char *conf = b->fleet->conf;
	char *kept = NULL;
	size_t i;

	env_init(v);
	if (conf == NULL && env_get(v, "SLURM_CONF") != NULL)
		conf = kept = mem_dup(env_get(v, "SLURM_CONF"));
	for (i = 0; i < sizeof drop / sizeof drop[0]; i++)
		env_drop(v, drop[i]);
	if (conf != NULL)
		env_set(v, "SLURM_CONF", "%s", conf);
	env_set(v, "LC_ALL", "C");
	free(kept);
}

/* The last lines of what it said, as one. */
static void
said(const struct capture *c, struct str *b)
{
	const char *text = str_text(&c->err), *end = text + c->err.n, *p;
	int lines = 0;

	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		end--;
	for (p = end; p > text; p--)
		if (p[-1] == '\n' && ++lines == SAID_LINES)
			break;
	for (; p < end; p++)
		if (*p == '\n')
			str_add(b, "; ");
		else
			str_addc(b, *p);
	if (b->n == 0)
		str_addf(b, "it ended with status %d", c->status);
}

static int
no_answer(const struct backend *b, const char *verb, const struct capture *c,
    struct err *e)
{
	struct str words = STR_EMPTY;
	int code = c->status == EX_UNAVAILABLE || c->status == EX_CONFIG
	    ? c->status
	    : EX_TEMPFAIL;

	if (c->timed_out)
		str_add(&words, "no answer in time");
	else
		said(c, &words);
	err_set(e, code, "%s %s: %s", b->name, verb, words.s);
	str_free(&words);

	return -1;
}

/* Run a verb; ${w} holds its arguments and is freed. */
static int
call(const struct backend *b, const char *verb, struct words *w,
    struct capture *c, struct err *e)
{
	struct words argv = { 0, 0, NULL };
	struct env env;
	size_t i;
	int bad;

	memset(c, 0, sizeof *c);
	words_push(&argv, b->program);
	words_push(&argv, verb);
	for (i = 0; i < w->n; i++)
		words_push(&argv, w->v[i]);
	words_push(&argv, "--");
	for (i = 0; i < b->fleet->noption; i++)
		words_push(&argv, b->fleet->option[i].word);
	clean_env(b, &env);
	c->program = b->program;
	c->argv = words_done(&argv);
	c->env = env_done(&env);
	c->cwd = b->q->absolute;
	c->timeout = str_eq(verb, "list") ? LIST_SECONDS : VERB_SECONDS;
	c->most = ANSWER_MAX;
	bad = capture_run(c, e);
	words_free(&argv);
	words_free(w);
	env_free(&env);
	if (!bad && c->cut)
		bad = err_set(e, EX_TEMPFAIL, "%s %s: a huge answer", b->name,
		    verb);
	if (bad)
		capture_free(c);

	return bad;
}

/* A verb whose answer is its output, which is moved to ${text}. */
static int
ask(const struct backend *b, const char *verb, struct words *w,
    struct str *text, struct err *e)
{
	struct capture c;

	if (call(b, verb, w, &c, e) < 0)
		return -1;
	if (c.status != 0 || c.timed_out) {
		no_answer(b, verb, &c, e);
		capture_free(&c);
		return -1;
	}
	str_addn(text, str_text(&c.out), c.out.n);
	capture_free(&c);

	return 0;
}

int
backend_limits(const struct backend *b, struct str *text, struct err *e)
{
	struct words w = { 0, 0, NULL };

	return ask(b, "limits", &w, text, e);
}

/* Of the line at *${p}, up to the newline, cut off; NULL at the end. */
static char *
next_line(char **p)
{
	char *line = *p, *end;

	if (*line == '\0')
		return NULL;
	end = line + strcspn(line, "\n");
	*p = *end == '\n' ? end + 1 : end;
	*end = '\0';

	return line;
}

/* NAME=VALUE, and nothing in it that would end the quotes it stands in. */
static bool
is_export(const char *text)
{
	const char *equals = strchr(text, '=');
	char *name;
	bool good;

	if (equals == NULL || strpbrk(equals, "\"`\\\n") != NULL)
		return false;
	name = mem_dupn(text, (size_t)(equals - text));
	good = str_is_ident(name) && str_starts(name, "HPO_JOB_");
	free(name);

	return good;
}

int
backend_read_limits(const struct backend *b, const char *text,
    struct backend_limits *l, struct err *e)
{
	char *copy = mem_dup(text), *p = copy, *line, *value, *equals;
	uint64_t n;

	memset(l, 0, sizeof *l);
	while ((line = next_line(&p)) != NULL) {
		value = strchr(line, '\t');
		if (value == NULL)
			continue;
		*value++ = '\0';
		if (str_eq(line, "array") && num_u64(value, ARRAY_MAX, &n) == 0)
			l->array = (unsigned)n;
		if (!str_eq(line, "export") || !is_export(value))
			continue;
		equals = strchr(value, '=');
		*equals = '\0';
		str_addf(&l->exports, "export %s=\"%s\"\n", value, equals + 1);
	}
	free(copy);
	if (l->array > 0 &&
	    strstr(str_text(&l->exports), "HPO_JOB_ID=") != NULL)
		return 0;
	str_free(&l->exports);

	return err_set(e, EX_TEMPFAIL,
	    "%s limits: its answer lacks a line 'array' or the export of "
	    "HPO_JOB_ID",
	    b->name);
}

/* -1 if the line has not five fields, or an unknown state. */
static int
read_job(char *line, struct backend_job *j)
{
	static const char *const states[] = { "waiting", "running", "suspended",
		"stuck", "ended" };
	char *field[5];
	size_t i;

	for (i = 0; i < 5; i++) {
		field[i] = line;
		line += strcspn(line, "\t");
		if (*line == '\0' && i < 4)
			return -1;
		if (*line == '\t')
			*line++ = '\0';
	}
	j->id = field[0];
	j->name = field[1];
	j->node = field[3];
	j->why = field[4];
	for (i = 0; i < sizeof states / sizeof states[0]; i++)
		if (str_eq(field[2], states[i])) {
			j->state = (enum job_state)i;
			return 0;
		}

	return -1;
}

static int
by_name(const void *a, const void *b)
{
	const struct backend_job *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
backend_list(const struct backend *b, const char *prefix,
    const struct fs_names *ids, struct backend_jobs *jobs, struct err *e)
{
	struct words w = { 0, 0, NULL };
	struct str text = STR_EMPTY;
	char *p, *line;
	size_t i;

	memset(jobs, 0, sizeof *jobs);
	push(&w, "prefix", prefix);
	for (i = 0; i < ids->n; i++)
		push(&w, "job", ids->v[i]);
	if (ask(b, "list", &w, &text, e) < 0) {
		str_free(&text);
		return -1;
	}
	str_add(&text, "");
	jobs->text = text.s != NULL ? str_take(&text) : mem_dup("");
	p = jobs->text;
	while ((line = next_line(&p)) != NULL)
		if (read_job(line, arr_push(jobs)) < 0) {
			/* Half an answer is none. */
			backend_jobs_free(jobs);
			return err_set(e, EX_TEMPFAIL,
			    "%s list: a line is not whole", b->name);
		}
	if (jobs->n > 1)
		qsort(jobs->v, jobs->n, sizeof *jobs->v, by_name);

	return 0;
}

void
backend_jobs_free(struct backend_jobs *jobs)
{
	arr_free(jobs);
	free(jobs->text);
	jobs->text = NULL;
}

static void
push_order(const struct backend *b, const struct backend_order *o,
    struct words *w)
{
	push(w, "name", o->name);
	push_number(w, "count", o->jobs);
	push(w, "script", o->script);
	push(w, "log", o->log);
	push(w, "environment", b->fleet->keep_env ? "all" : "none");
	if (o->job_workers > 1)
		push_number(w, "tasks", o->job_workers);
	if (o->throttle > 0)
		push_number(w, "throttle", o->throttle);
	if (o->warn > 0)
		push_number(w, "warn", o->warn);
	if (o->exclude[0] != '\0')
		push(w, "exclude", o->exclude);
}

int
backend_submit(const struct backend *b, const struct backend_order *o,
    struct str *id, struct err *e)
{
	struct words w = { 0, 0, NULL };
	struct str words = STR_EMPTY;
	struct capture c;
	int answer = BACKEND_REFUSED;

	push_order(b, o, &w);
	if (call(b, "submit", &w, &c, e) < 0)
		return e->code == EX_TEMPFAIL ? BACKEND_UNKNOWN : -1;
	str_addn(id, str_text(&c.out), strcspn(str_text(&c.out), " \t\n"));
	if (c.timed_out || c.status == EX_TEMPFAIL || c.status > 128)
		answer = BACKEND_UNKNOWN;
	else if (c.status == 0)
		answer = id->n > 0 ? BACKEND_TAKEN : BACKEND_UNKNOWN;
	else if (c.status == EX_NO)
		answer = BACKEND_FULL;
	else if (c.status == EX_UNAVAILABLE)
		answer = no_answer(b, "submit", &c, e);
	if (answer > 0) {
		said(&c, &words);
		err_set(e, answer == BACKEND_REFUSED ? EX_CONFIG : EX_TEMPFAIL,
		    "%s", c.timed_out ? "no answer in time" : words.s);
	}
	str_free(&words);
	capture_free(&c);

	return answer;
}

int
backend_print(const struct backend *b, const struct backend_order *o,
    struct str *line, struct err *e)
{
	struct words w = { 0, 0, NULL };

	push_order(b, o, &w);
	push(&w, "print", "1");

	return ask(b, "submit", &w, line, e);
}

int
backend_cancel(const struct backend *b, const struct fs_names *ids,
    struct err *e)
{
	struct words w = { 0, 0, NULL };
	struct str ignored = STR_EMPTY;
	size_t i;
	int bad;

	if (ids->n == 0)
		return 0;
	for (i = 0; i < ids->n; i++)
		push(&w, "job", ids->v[i]);
	bad = ask(b, "cancel", &w, &ignored, e);
	str_free(&ignored);

	return bad;
}
