#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/num.h"
#include "queue/job.h"

enum { RESTARTS_MAX = 999999 };

static const char *
get(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

/* SLURM's id as squeue(1) prints it: of a task of an array "7_3". */
static bool
slurm_id(struct job *j)
{
	const char *array = get("SLURM_ARRAY_JOB_ID");
	const char *task = get("SLURM_ARRAY_TASK_ID");
	char id[2 * sizeof j->id];
	int n = snprintf(id, sizeof id, "%s_%s", array, task);

	if (*array != '\0' && *task != '\0' && n > 0 && (size_t)n < sizeof id &&
	    result_word(j->id, sizeof j->id, id))
		return true;

	return result_word(j->id, sizeof j->id, get("SLURM_JOB_ID"));
}

static unsigned
restarts(const char *text)
{
	uint64_t n;

	return num_u64(text, RESTARTS_MAX, &n) == 0 ? (unsigned)n : 0;
}

/* Seconds since a time of day; < 0 unknown. */
static double
since(const char *text)
{
	uint64_t then, now = clk_seconds();

	return num_u64(text, INT64_MAX, &then) == 0 && then > 0 && then <= now
	    ? (double)(now - then)
	    : -1;
}

void
job_of_environment(struct job *j)
{
	memset(j, 0, sizeof *j);
	j->wait = -1;
	if (result_word(j->id, sizeof j->id, get("HPO_JOB_ID"))) {
		j->restarts = restarts(get("HPO_JOB_RESTART"));
		result_word(j->node, sizeof j->node, get("HPO_JOB_NODE"));
		result_word(j->partition, sizeof j->partition,
		    get("HPO_JOB_QUEUE"));
		if (j->restarts == 0)
			j->wait = since(get("HPO_JOB_SUBMITTED"));
	} else if (slurm_id(j)) {
		j->restarts = restarts(get("SLURM_RESTART_COUNT"));
		result_word(j->node, sizeof j->node, get("SLURMD_NODENAME"));
		result_word(j->partition, sizeof j->partition,
		    get("SLURM_JOB_PARTITION"));
	}
}

double
job_age(void)
{
	double age = since(get("HPO_JOB_STARTED"));

	return age > 0 ? age : 0;
}
