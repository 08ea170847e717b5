#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "form/campaign.h"
#include "form/campaign_keys.h"
#include "form/fleet.h"
#include "form/metrics.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { NAME_BYTES = 64, METRIC_BYTES = 79, MAX_GPUS = 1024 };

struct key {
	const char *section, *name;
	int (*set)(const struct key *, struct campaign *, char *, struct err *);
	size_t offset;     /* of the field */
	uint64_t min, max; /* of a number; min > 0 of seconds: not 0 */
	const char *word;  /* what may stand for 0 or NULL */
};

static int
set_name(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	size_t n = strlen(value);

	if (n > NAME_BYTES || strspn(value, ALNUM "._-") != n)
		return err_set(e, EX_DATAERR,
		    "%s '%.80s' must be 1 to 64 of A-Z a-z 0-9 . _ -", k->name,
		    value);
	free(c->name);
	c->name = mem_dup(value);

	return 0;
}

int
campaign_keys_metric(const char *name, struct err *e)
{
	if (str_eq(name, "step"))
		return err_set(e, EX_DATAERR,
		    "'step' cannot be a metric: it is the step of a curve");
	if (!metrics_is_name(name) || strlen(name) > METRIC_BYTES)
		return err_set(e, EX_DATAERR,
		    "'%.80s' cannot be a metric: write a letter or _, then up "
		    "to %d of A-Z a-z 0-9 _ . @ / -",
		    name, METRIC_BYTES - 1);

	return 0;
}

static int
add_objective(const struct key *k, struct campaign *c, const char *metric,
    struct err *e)
{
	size_t i;

	if (*metric == '\0')
		return err_set(e, EX_DATAERR,
		    "%s needs metric names with commas between", k->name);
	if (campaign_keys_metric(metric, e) != 0)
		return -1;
	for (i = 0; i < c->nobjective; i++)
		if (str_eq(c->objective[i].metric, metric))
			return err_set(e, EX_DATAERR, "%s '%s' is given twice",
			    k->name, metric);
	c->objective =
	    mem_grow(c->objective, c->nobjective + 1, sizeof *c->objective);
	c->objective[c->nobjective].metric = mem_dup(metric);
	c->objective[c->nobjective].maximize = str_eq(k->name, "maximize");
	c->nobjective++;

	return 0;
}

static int
set_objectives(const struct key *k, struct campaign *c, char *value,
    struct err *e)
{
	char *next;

	do {
		next = strchr(value, ',');
		if (next != NULL)
			*next++ = '\0';
		if (add_objective(k, c, str_trim(value), e) != 0)
			return -1;
		value = next;
	} while (value != NULL);

	return 0;
}

/* Is ${value} the word that may stand for 0 or NULL? */
static bool
is_word(const struct key *k, const char *value)
{
	return k->word != NULL && str_eq(value, k->word);
}

static int
read_count(const struct key *k, const char *value, uint64_t *x, struct err *e)
{
	*x = 0;
	if (is_word(k, value))
		return 0;
	if (num_u64(value, k->max, x) != 0 || *x < k->min)
		return err_set(e, EX_DATAERR,
		    "%s '%.80s' is no whole number from %" PRIu64 " to %" PRIu64
		    "%s%s",
		    k->name, value, k->min, k->max,
		    k->word != NULL ? ", nor " : "",
		    k->word != NULL ? k->word : "");

	return 0;
}

static int
set_unsigned(const struct key *k, struct campaign *c, char *value,
    struct err *e)
{
	uint64_t x;
	uint32_t u32;

	if (read_count(k, value, &x, e) != 0)
		return -1;
	u32 = (uint32_t)x;
	memcpy((char *)c + k->offset, &u32, sizeof u32);

	return 0;
}

static int
set_u64(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	uint64_t x;

	if (read_count(k, value, &x, e) != 0)
		return -1;
	memcpy((char *)c + k->offset, &x, sizeof x);

	return 0;
}

static int
set_bytes(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	uint64_t x;

	if (num_bytes(value, &x) != 0)
		return err_set(e, EX_DATAERR,
		    "%s '%.80s' is no size, write e.g. 512K, 64M or 2G",
		    k->name, value);
	if (x < k->min || x > k->max)
		return err_set(e, EX_DATAERR, "%s '%s' is not from 4K to 1024G",
		    k->name, value);
	memcpy((char *)c + k->offset, &x, sizeof x);

	return 0;
}

static int
set_seconds(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	double x = 0;

	if (!is_word(k, value)) {
		if (num_seconds(value, &x) != 0)
			return err_set(e, EX_DATAERR,
			    "%s '%.80s' is no duration, write e.g. 90s, 30m, "
			    "2h or 1d%s%s",
			    k->name, value, k->word != NULL ? ", or " : "",
			    k->word != NULL ? k->word : "");
		if (!(x > 0) && k->min > 0)
			return err_set(e, EX_DATAERR,
			    "%s '%s' must be more than 0%s%s", k->name, value,
			    k->word != NULL ? ", or " : "",
			    k->word != NULL ? k->word : "");
		if (x > (double)k->max)
			return err_set(e, EX_DATAERR,
			    "%s '%s' is longer than %" PRIu64 " days", k->name,
			    value, k->max / 86400);
	}
	memcpy((char *)c + k->offset, &x, sizeof x);

	return 0;
}

static int
set_text(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	char *text;

	(void)e;
	memcpy(&text, (char *)c + k->offset, sizeof text);
	free(text);
	text = is_word(k, value) ? NULL : mem_dup(value);
	memcpy((char *)c + k->offset, &text, sizeof text);

	return 0;
}

static int
set_directory(const struct key *k, struct campaign *c, char *value,
    struct err *e)
{
	c->in_trial_dir = str_eq(value, "trial");
	if (!c->in_trial_dir && !str_eq(value, "campaign"))
		return err_set(e, EX_DATAERR,
		    "%s '%.80s' is neither campaign nor trial", k->name, value);

	return 0;
}

static int
set_signal(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	static const struct {
		const char *name;
		int number;
	} table[] = { { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT },
		{ "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "ALRM", SIGALRM },
		{ "TERM", SIGTERM }, { "CONT", SIGCONT }, { "TSTP", SIGTSTP },
		{ "XCPU", SIGXCPU }, { "KILL", SIGKILL }, { "STOP", SIGSTOP } };
	const char *name = str_starts(value, "SIG") ? value + 3 : value;
	uint64_t x = 0;
	size_t i;

	c->checkpoint_signal = 0;
	if (is_word(k, value))
		return 0;
	for (i = 0; i < sizeof table / sizeof table[0]; i++)
		if (str_eq(name, table[i].name))
			x = (uint64_t)table[i].number;
	if (x == 0 && (num_u64(value, k->max, &x) != 0 || x < k->min))
		return err_set(e, EX_DATAERR,
		    "%s '%.80s' is no signal, write e.g. USR1, TERM or none",
		    k->name, value);
	if (x == SIGKILL || x == SIGSTOP)
		return err_set(e, EX_DATAERR,
		    "%s '%s' cannot be caught by the command", k->name, value);
	c->checkpoint_signal = (int)x;

	return 0;
}

static int
add_gpu(const struct key *k, struct campaign *c, const char *name,
    struct err *e)
{
	size_t i;

	if (*name == '\0' || strspn(name, ALNUM "._:/-") != strlen(name))
		return err_set(e, EX_DATAERR,
		    "%s has '%.80s', which is no device: write none, a count, "
		    "or a list such as 0,1,3",
		    k->name, name);
	if (c->ngpu == MAX_GPUS)
		return err_set(e, EX_DATAERR, "%s has more than %d devices",
		    k->name, MAX_GPUS);
	for (i = 0; i < c->ngpu; i++)
		if (str_eq(c->gpu[i], name))
			return err_set(e, EX_DATAERR, "%s has '%s' twice",
			    k->name, name);
	c->gpu = mem_grow(c->gpu, c->ngpu + 1, sizeof *c->gpu);
	c->gpu[c->ngpu++] = mem_dup(name);

	return 0;
}

static int
set_gpus(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	char name[24], *next;
	uint64_t n, i;

	if (is_word(k, value))
		return 0;
	if (num_u64(value, MAX_GPUS, &n) == 0) {
		if (n == 0)
			return err_set(e, EX_DATAERR,
			    "%s '%s' is ambiguous: write none, or '0,' for "
			    "device 0",
			    k->name, value);
		for (i = 0; i < n; i++) {
			snprintf(name, sizeof name, "%" PRIu64, i);
			if (add_gpu(k, c, name, e) != 0)
				return -1;
		}
		return 0;
	}
	do {
		next = strchr(value, ',');
		if (next != NULL)
			*next++ = '\0';
		if (add_gpu(k, c, str_trim(value), e) != 0)
			return -1;
		value = next;
	} while (value != NULL && *value != '\0');

	return 0;
}

/* The fleet whose section the key is in. */
static struct fleet *
fleet_of(const struct key *k, struct campaign *c)
{
	return str_eq(k->section, "slurm") ? &c->slurm : &c->backend;
}

/* One of the words, as its number; ${k->name} is one of "a", "b" or "c". */
static int
read_word(const struct key *k, const char *value, const char *const *words,
    struct err *e)
{
	struct str list = STR_EMPTY;
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (str_eq(words[i], value))
			return i;
	for (i = 0; words[i] != NULL; i++)
		str_addf(&list, "%s%s", i == 0 ? "" : ", ", words[i]);
	err_set(e, EX_DATAERR, "%s '%.80s' is none of %s", k->name, value,
	    list.s);
	str_free(&list);

	return -1;
}

static int
set_mode(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	static const char *const words[] = { "auto", "pilot", "array", NULL };
	int i = read_word(k, value, words, e);

	if (i >= 0)
		fleet_of(k, c)->mode = (enum fleet_mode)i;

	return i < 0 ? -1 : 0;
}

static int
set_environment(const struct key *k, struct campaign *c, char *value,
    struct err *e)
{
	static const char *const words[] = { "none", "all", NULL };
	int i = read_word(k, value, words, e);

	fleet_of(k, c)->keep_env = i == 1;

	return i < 0 ? -1 : 0;
}

static int
set_path(const struct key *k, struct campaign *c, char *value, struct err *e)
{
	if (value[0] != '/')
		return err_set(e, EX_DATAERR,
		    "%s '%.80s' is no absolute path, which jobs need", k->name,
		    value);

	return set_text(k, c, value, e);
}

#define AT(field) offsetof(struct campaign, field)
#define MANY 1000000
#define YEARS (UINT64_C(86400) * 3650)

static const struct key keys[] = {
	{ "campaign", "name", set_name, 0, 0, 0, NULL },
	{ "campaign", "minimize", set_objectives, 0, 0, 0, NULL },
	{ "campaign", "maximize", set_objectives, 0, 0, 0, NULL },
	{ "campaign", "trials", set_unsigned, AT(trials), 1,
	    CAMPAIGN_MAX_TRIALS, NULL },
	{ "campaign", "seed", set_u64, AT(seed), 0, INT64_MAX, NULL },
	{ "search", "method", set_text, AT(method), 0, 0, NULL },
	{ "run", "command", set_text, AT(command), 0, 0, NULL },
	{ "run", "directory", set_directory, 0, 0, 0, NULL },
	{ "run", "timeout", set_seconds, AT(timeout), 1, YEARS, "none" },
	{ "run", "grace", set_seconds, AT(grace), 0, YEARS, "none" },
	{ "run", "retries", set_unsigned, AT(retries), 0, MANY, "none" },
	{ "run", "interrupts", set_unsigned, AT(interrupts), 0, MANY, "none" },
	{ "run", "losses", set_unsigned, AT(losses), 0, MANY, "none" },
	{ "run", "backoff", set_seconds, AT(backoff), 0, YEARS, "none" },
	{ "run", "log_limit", set_bytes, AT(log_limit), 4096, UINT64_C(1) << 40,
	    NULL },
	{ "run", "heartbeat", set_seconds, AT(heartbeat), 1, YEARS, NULL },
	{ "run", "lease", set_seconds, AT(lease), 1, YEARS, NULL },
	{ "run", "checkpoint_signal", set_signal, 0, 1, 64, "none" },
	{ "local", "workers", set_unsigned, AT(workers), 1, MANY, "auto" },
	{ "local", "cores", set_unsigned, AT(cores), 1, MANY, NULL },
	{ "local", "gpus", set_gpus, 0, 0, 0, "none" },
	{ "local", "sshlogin", set_text, AT(sshlogin), 0, 0, "none" },
	{ "local", "parallel", set_text, AT(parallel), 0, 0, "none" },
	{ "slurm", "workers", set_unsigned, AT(slurm.workers), 1, MANY, NULL },
	{ "slurm", "job_workers", set_unsigned, AT(slurm.job_workers), 1, MANY,
	    NULL },
	{ "slurm", "mode", set_mode, 0, 0, 0, NULL },
	{ "slurm", "setup", set_text, AT(slurm.setup), 0, 0, NULL },
	{ "slurm", "bindir", set_path, AT(slurm.bindir), 0, 0, NULL },
	{ "slurm", "conf", set_path, AT(slurm.conf), 0, 0, NULL },
	{ "slurm", "environment", set_environment, 0, 0, 0, NULL },
	{ "backend", "workers", set_unsigned, AT(backend.workers), 1, MANY,
	    NULL },
	{ "backend", "mode", set_mode, 0, 0, 0, NULL },
	{ "backend", "time", set_seconds, AT(backend.walltime), 1, YEARS,
	    "none" },
	{ "backend", "setup", set_text, AT(backend.setup), 0, 0, NULL },
	{ "backend", "bindir", set_path, AT(backend.bindir), 0, 0, NULL },
	{ "backend", "environment", set_environment, 0, 0, 0, NULL },
};

enum { NKEYS = sizeof keys / sizeof keys[0] };

int
campaign_keys_find(const char *section, const char *name)
{
	int i;

	for (i = 0; i < NKEYS; i++)
		if (str_eq(keys[i].section, section) &&
		    str_eq(keys[i].name, name))
			return i;

	return -1;
}

const char *
campaign_keys_suggest(const char *section, const char *name)
{
	const char *names[NKEYS];
	size_t i, n = 0;

	for (i = 0; i < NKEYS; i++)
		if (str_eq(keys[i].section, section))
			names[n++] = keys[i].name;

	return str_nearest(name, names, n);
}

const char *
campaign_keys_home(const char *name)
{
	size_t i;

	for (i = 0; i < NKEYS; i++)
		if (str_eq(keys[i].name, name))
			return keys[i].section;

	return NULL;
}

/* A directory's name as the campaign's: what a name may not hold is '_'. */
static char *
safe_name(const char *name)
{
	size_t n = strlen(name), i;
	char *safe;

	if (n == 0)
		return mem_dup("campaign");
	safe = mem_dupn(name, n < NAME_BYTES ? n : NAME_BYTES);
	for (i = 0; safe[i] != '\0'; i++)
		if (strchr(ALNUM "._-", safe[i]) == NULL)
			safe[i] = '_';

	return safe;
}

void
campaign_keys_default(struct campaign *c, const char *name)
{
	c->name = safe_name(name);
	c->seed = 1;
	c->method = mem_dup("auto");
	c->grace = 20;
	c->interrupts = 20;
	c->losses = 3;
	c->backoff = 10;
	c->log_limit = UINT64_C(64) << 20;
	c->heartbeat = 60;
	c->lease = 600;
	c->cores = 1;
	fleet_default(&c->slurm);
	fleet_default(&c->backend);
}

int
campaign_keys_set(int k, struct campaign *c, char *value, struct err *e)
{
	return keys[k].set(&keys[k], c, value, e);
}
