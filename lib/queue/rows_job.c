#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "form/inifile.h"
#include "queue/rows_job.h"

enum { ID, NODE, PARTITION, RESTARTS, WAIT, CPU, PEAK, HISTORY };

static const char prefix[] = "job.";

const char *
rows_job_name(size_t k)
{
	static const char *const name[ROWS_JOB] = { "job.id", "job.node",
		"job.partition", "job.restarts", "job.wait", "job.cpu",
		"job.peak", "job.history" };

	return name[k];
}

bool
rows_job_has(const struct result *r)
{
	return r->job.id[0] != '\0' || r->history != NULL;
}

static const char *
known(const char *text)
{
	return text != NULL && *text != '\0' ? text : NULL;
}

static const char *
write_number(double x, int decimals, char number[NUM_TEXT])
{
	snprintf(number, NUM_TEXT, "%.*f", decimals, x);

	return number;
}

const char *
rows_job_text(const struct result *r, size_t k, char number[NUM_TEXT])
{
	const struct job *j = &r->job;

	if (k == HISTORY)
		return known(r->history);
	if (j->id[0] == '\0')
		return NULL;
	switch (k) {
	case ID:
		return j->id;
	case NODE:
		return known(j->node);
	case PARTITION:
		return known(j->partition);
	case RESTARTS:
		return write_number(j->restarts, 0, number);
	case WAIT:
		return j->wait >= 0 ? write_number(j->wait, 0, number) : NULL;
	default: /* no process is without a peak: 0 is not known */
		if (r->peak == 0)
			return NULL;
		return k == CPU ? write_number(r->user + r->system, 3, number)
				: write_number((double)r->peak, 0, number);
	}
}

void
rows_job_take(struct result *r, const char *name, const char *text)
{
	char *value;

	if (str_eq(name, rows_job_name(HISTORY))) {
		free(r->history);
		r->history = mem_dup(text);
	} else if (str_eq(name, rows_job_name(CPU))) {
		if (num_double(text, &r->user) < 0)
			r->user = 0;
	} else if (str_eq(name, rows_job_name(PEAK))) {
		if (num_u64(text, UINT64_MAX, &r->peak) < 0)
			r->peak = 0;
	} else if (str_starts(name, prefix)) {
		value = inifile_escape(text);
		result_job_take(&r->job, "id", name + sizeof prefix - 1, value);
		free(value);
	}
}
