#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/num.h"
#include "form/sbatch.h"

/* How a value is given. */
enum kind { VALUE, FLAG, EITHER };

struct option {
	const char *name;
	enum kind kind;
	const char *owned; /* why it is not for the campaign to say */
};

#define MAKES_THE_ARRAY                                                        \
	"hpo-dispatch makes the array: say in 'workers' how many"
#define KEEPS_OUTPUT "what jobs print is kept in hpo/slurm"
#define KEEPS_SCRIPT "the script is hpo-dispatch's: put commands into 'setup'"
#define TAKES_ANSWER "hpo-dispatch reads what sbatch answers"
#define SAYS_ENVIRONMENT "say 'environment = none' or 'all'"

static const struct option options[] = {
	{ "account", VALUE, NULL },
	{ "acctg-freq", VALUE, NULL },
	{ "array", VALUE, MAKES_THE_ARRAY },
	{ "batch", VALUE, NULL },
	{ "bb", VALUE, NULL },
	{ "bbf", VALUE, NULL },
	{ "begin", VALUE, NULL },
	{ "chdir", VALUE, "jobs start in the campaign's directory" },
	{ "cluster-constraint", VALUE, NULL },
	{ "clusters", VALUE, NULL },
	{ "comment", VALUE, NULL },
	{ "consolidate-segments", FLAG, NULL },
	{ "constraint", VALUE, NULL },
	{ "container", VALUE, NULL },
	{ "container-id", VALUE, NULL },
	{ "contiguous", FLAG, NULL },
	{ "core-spec", VALUE, NULL },
	{ "cores-per-socket", VALUE, NULL },
	{ "cpu-freq", VALUE, NULL },
	{ "cpus-per-gpu", VALUE, NULL },
	{ "cpus-per-task", VALUE, NULL },
	{ "deadline", VALUE, NULL },
	{ "delay-boot", VALUE, NULL },
	{ "dependency", VALUE, NULL },
	{ "distribution", VALUE, NULL },
	{ "error", VALUE, KEEPS_OUTPUT },
	{ "exclude", VALUE, NULL },
	{ "exclusive", EITHER, NULL },
	{ "export", VALUE, SAYS_ENVIRONMENT },
	{ "export-file", VALUE, SAYS_ENVIRONMENT },
	{ "extra", VALUE, NULL },
	{ "extra-node-info", VALUE, NULL },
	{ "get-user-env", EITHER, NULL },
	{ "gid", VALUE, NULL },
	{ "gpu-bind", VALUE, NULL },
	{ "gpu-freq", VALUE, NULL },
	{ "gpus", VALUE, NULL },
	{ "gpus-per-node", VALUE, NULL },
	{ "gpus-per-socket", VALUE, NULL },
	{ "gpus-per-task", VALUE, NULL },
	{ "gres", VALUE, NULL },
	{ "gres-flags", VALUE, NULL },
	{ "help", FLAG, TAKES_ANSWER },
	{ "hint", VALUE, NULL },
	{ "hold", FLAG, NULL },
	{ "ignore-pbs", FLAG, NULL },
	{ "input", VALUE, "workers read no input" },
	{ "job-name", VALUE, "jobs are known by the name hpo-dispatch gives" },
	{ "kill-on-invalid-dep", VALUE, NULL },
	{ "licenses", VALUE, NULL },
	{ "mail-type", VALUE, NULL },
	{ "mail-user", VALUE, NULL },
	{ "mcs-label", VALUE, NULL },
	{ "mem", VALUE, NULL },
	{ "mem-bind", VALUE, NULL },
	{ "mem-per-cpu", VALUE, NULL },
	{ "mem-per-gpu", VALUE, NULL },
	{ "mincpus", VALUE, NULL },
	{ "network", VALUE, NULL },
	{ "nice", EITHER, NULL },
	{ "no-kill", EITHER, NULL },
	{ "no-requeue", FLAG, NULL },
	{ "nodefile", VALUE, NULL },
	{ "nodelist", VALUE, NULL },
	{ "nodes", VALUE, NULL },
	{ "ntasks", VALUE, NULL },
	{ "ntasks-per-core", VALUE, NULL },
	{ "ntasks-per-gpu", VALUE, NULL },
	{ "ntasks-per-node", VALUE, NULL },
	{ "ntasks-per-socket", VALUE, NULL },
	{ "oom-kill-step", EITHER, NULL },
	{ "open-mode", VALUE, KEEPS_OUTPUT },
	{ "output", VALUE, KEEPS_OUTPUT },
	{ "overcommit", FLAG, NULL },
	{ "oversubscribe", FLAG, NULL },
	{ "parsable", FLAG, TAKES_ANSWER },
	{ "partition", VALUE, NULL },
	{ "power", VALUE, NULL },
	{ "prefer", VALUE, NULL },
	{ "priority", VALUE, NULL },
	{ "profile", VALUE, NULL },
	{ "propagate", EITHER, NULL },
	{ "qos", VALUE, NULL },
	{ "quiet", FLAG, TAKES_ANSWER },
	{ "reboot", FLAG, NULL },
	{ "requeue", FLAG, NULL },
	{ "reservation", VALUE, NULL },
	{ "resv-ports", EITHER, NULL },
	{ "segment", VALUE, NULL },
	{ "signal", VALUE,
	    "hpo-dispatch asks for the warning; see 'checkpoint_signal'" },
	{ "sockets-per-node", VALUE, NULL },
	{ "spread-job", FLAG, NULL },
	{ "spread-segments", FLAG, NULL },
	{ "stepmgr", FLAG, NULL },
	{ "switches", VALUE, NULL },
	{ "test-only", FLAG, TAKES_ANSWER },
	{ "thread-spec", VALUE, NULL },
	{ "threads-per-core", VALUE, NULL },
	{ "time", VALUE, NULL },
	{ "time-min", VALUE, NULL },
	{ "tmp", VALUE, NULL },
	{ "tres-bind", VALUE, NULL },
	{ "tres-per-job", VALUE, NULL },
	{ "tres-per-node", VALUE, NULL },
	{ "tres-per-task", VALUE, NULL },
	{ "uid", VALUE, NULL },
	{ "usage", FLAG, TAKES_ANSWER },
	{ "use-min-nodes", FLAG, NULL },
	{ "verbose", FLAG, TAKES_ANSWER },
	{ "version", FLAG, TAKES_ANSWER },
	{ "wait", FLAG, TAKES_ANSWER },
	{ "wait-all-nodes", VALUE, NULL },
	{ "wckey", VALUE, NULL },
	{ "wrap", VALUE, KEEPS_SCRIPT },
};

enum { NOPTIONS = sizeof options / sizeof options[0] };

static const struct option *
find(const char *name)
{
	size_t i;

	for (i = 0; i < NOPTIONS; i++)
		if (str_eq(options[i].name, name))
			return &options[i];

	return NULL;
}

bool
sbatch_has(const char *name)
{
	return find(name) != NULL;
}

const char *
sbatch_nearest(const char *name)
{
	const char *names[NOPTIONS];
	size_t i;

	for (i = 0; i < NOPTIONS; i++)
		names[i] = options[i].name;

	return str_nearest(name, names, NOPTIONS);
}

int
sbatch_word(const char *name, const char *value, struct str *word,
    struct err *e)
{
	const struct option *o = find(name);
	bool yes = str_eq(value, "yes"), no = str_eq(value, "no");

	if (o == NULL)
		return err_set(e, EX_DATAERR, "sbatch has no option '%.80s'",
		    name);
	if (o->owned != NULL)
		return err_set(e, EX_DATAERR,
		    "'%s' is not for the campaign to say: %s", name, o->owned);
	if (o->kind == FLAG && !yes && !no)
		return err_set(e, EX_DATAERR,
		    "'%s' takes no value in sbatch: write 'yes' or 'no', not "
		    "'%.80s'",
		    name, value);
	if (o->kind == VALUE || (!yes && !no))
		str_addf(word, "--%s=%s", name, value);
	else if (yes)
		str_addf(word, "--%s", name);

	return 0;
}

/* Up to three numbers with colons between, into ${n}; how many, or -1. */
static int
split(const char *text, uint64_t n[3])
{
	char part[16];
	size_t k;
	int i;

	for (i = 0; i < 3; i++) {
		k = strcspn(text, ":");
		if (k == 0 || k >= sizeof part)
			return -1;
		memcpy(part, text, k);
		part[k] = '\0';
		if (num_u64(part, UINT32_MAX, &n[i]) < 0)
			return -1;
		text += k;
		if (*text == '\0')
			return i + 1;
		text++;
	}

	return -1;
}

int
sbatch_seconds(const char *text, double *seconds)
{
	uint64_t days = 0, n[3] = { 0, 0, 0 };
	const char *dash = strchr(text, '-');
	char part[16];
	int k;

	*seconds = 0;
	if (str_eq(text, "-1") || strcasecmp(text, "infinite") == 0 ||
	    strcasecmp(text, "unlimited") == 0)
		return 0;
	if (dash != NULL) {
		snprintf(part, sizeof part, "%.*s", (int)(dash - text), text);
		if (dash - text >= (long)sizeof part ||
		    num_u64(part, UINT32_MAX, &days) < 0)
			return -1;
		text = dash + 1;
	}
	k = split(text, n);
	if (k < 0)
		return -1;
	/* With days the first number is hours, else they end in seconds, but
	 * for a single one, which is minutes. */
	if (dash != NULL || k == 3)
		*seconds = (double)days * 86400 + (double)n[0] * 3600 +
		    (double)n[1] * 60 + (double)n[2];
	else
		*seconds = (double)n[0] * 60 + (double)n[1];

	return 0;
}
