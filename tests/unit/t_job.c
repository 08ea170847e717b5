/* queue/job: in which job we are, and what is told of it, by workers and in
 * tables. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/err.h"
#include "queue/job.h"
#include "queue/rows_job.h"
#include "queue/worker.h"
#include "scratch.h"
#include "tap.h"

static const char *const variables[] = { "HPO_JOB_ID", "HPO_JOB_RESTART",
	"HPO_JOB_NODE", "HPO_JOB_QUEUE", "HPO_JOB_SUBMITTED",
	"SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID",
	"SLURM_RESTART_COUNT", "SLURMD_NODENAME", "SLURM_JOB_PARTITION" };

/* An environment: "NAME=VALUE" each, NULL behind the last. */
static void
set(const char *const *env)
{
	char name[64];
	size_t i, n;

	for (i = 0; i < sizeof variables / sizeof variables[0]; i++)
		unsetenv(variables[i]);
	for (; *env != NULL; env++) {
		n = strcspn(*env, "=");
		snprintf(name, sizeof name, "%.*s", (int)n, *env);
		setenv(name, *env + n + 1, 1);
	}
}

/* What is known of a job, in a line. */
static const char *
line(const struct job *j, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "%s %u %s %s %.0f", j->id, j->restarts, j->node,
	    j->partition, j->wait);

	return b->s;
}

#define FORTY "1234567890123456789012345678901234567890"

static const struct {
	const char *what, *want;
	const char *env[12];
} environments[] = {
	{ "in no job", " 0   -1", { NULL } },
	{ "started by hpo-dispatch", "7_3 0 n01 gpu -1",
	    { "HPO_JOB_ID=7_3", "HPO_JOB_RESTART=0", "HPO_JOB_NODE=n01",
		"HPO_JOB_QUEUE=gpu" } },
	{ "started again", "7_3 2 n01 gpu -1",
	    { "HPO_JOB_ID=7_3", "HPO_JOB_RESTART=2", "HPO_JOB_NODE=n01",
		"HPO_JOB_QUEUE=gpu", "HPO_JOB_SUBMITTED=1000" } },
	{ "with nothing but an id", "12[3].server 0   -1",
	    { "HPO_JOB_ID=12[3].server", "SLURM_JOB_ID=8",
		"SLURM_RESTART_COUNT=4", "SLURMD_NODENAME=n02",
		"SLURM_JOB_PARTITION=cpu" } },
	{ "without an id the rest is nothing", " 0   -1",
	    { "HPO_JOB_RESTART=2", "HPO_JOB_NODE=n01", "HPO_JOB_QUEUE=gpu",
		"HPO_JOB_SUBMITTED=1000" } },
	{ "by hand in SLURM's allocation", "8 4 n02 cpu -1",
	    { "SLURM_JOB_ID=8", "SLURM_RESTART_COUNT=4", "SLURMD_NODENAME=n02",
		"SLURM_JOB_PARTITION=cpu", "HPO_JOB_SUBMITTED=1000" } },
	{ "a task of an array", "8_0 0 n02  -1",
	    { "SLURM_JOB_ID=9", "SLURM_ARRAY_JOB_ID=8", "SLURM_ARRAY_TASK_ID=0",
		"SLURMD_NODENAME=n02" } },
	{ "an id of several lines", " 0   -1", { "HPO_JOB_ID=7\n8" } },
	{ "an empty id, in SLURM", "8 0   -1",
	    { "HPO_JOB_ID=", "SLURM_JOB_ID=8" } },
	{ "an id that is too long", " 0   -1", { "HPO_JOB_ID=" FORTY } },
	{ "what is no text or no number is dropped", "7 0   -1",
	    { "HPO_JOB_ID=7", "HPO_JOB_RESTART=two", "HPO_JOB_NODE=n 1",
		"HPO_JOB_QUEUE=caf\303\251", "HPO_JOB_SUBMITTED=now" } },
	{ "and so is what is too large", "7 0   -1",
	    { "HPO_JOB_ID=7", "HPO_JOB_RESTART=1000000",
		"HPO_JOB_NODE=" FORTY FORTY, "HPO_JOB_QUEUE=" FORTY FORTY,
		"HPO_JOB_SUBMITTED=99999999999999999999" } },
	{ "submitted in the future", "7 0   -1",
	    { "HPO_JOB_ID=7", "HPO_JOB_SUBMITTED=99999999999" } },
};

static void
test_environment(void)
{
	struct str b = STR_EMPTY;
	struct job j;
	size_t i;

	for (i = 0; i < sizeof environments / sizeof environments[0]; i++) {
		set(environments[i].env);
		job_of_environment(&j);
		is_str(line(&j, &b), environments[i].want, "%s",
		    environments[i].what);
	}
	str_free(&b);
}

static void
test_wait(void)
{
	const char *env[] = { "HPO_JOB_ID=7", NULL, NULL };
	char submitted[64];
	struct job j;

	snprintf(submitted, sizeof submitted, "HPO_JOB_SUBMITTED=%llu",
	    (unsigned long long)clk_seconds() - 100);
	env[1] = submitted;
	set(env);
	job_of_environment(&j);
	ok(j.wait >= 100 && j.wait < 200, "it waited since it was submitted");
}

/* The random end of W is made afresh each time. */
static const char *
beginning(struct queue *q)
{
	queue_rename_self(q);
	q->self[strlen(q->self) - 17] = '\0';

	return q->self + strlen(q->me.host);
}

static void
test_name(void)
{
	static const struct {
		const char *want, *env[3];
	} table[] = {
		{ "-j7_3.0", { "HPO_JOB_ID=7_3" } },
		{ "-j7.2", { "HPO_JOB_ID=7", "HPO_JOB_RESTART=2" } },
		{ "-j12_3__server.0", { "HPO_JOB_ID=12[3].server" } },
		{ "-j12345678901234567890123_.999999",
		    { "HPO_JOB_ID=12345678901234567890123.server",
			"HPO_JOB_RESTART=999999" } },
		{ "-j8_3.1",
		    { "SLURM_ARRAY_JOB_ID=8", "SLURM_ARRAY_TASK_ID=3",
			"SLURM_RESTART_COUNT=1" } },
	};
	const char *env[4] = { NULL };
	struct scratch s;
	char want[64];
	size_t i;

	scratch_begin(&s);
	set(env);
	snprintf(want, sizeof want, "-%ld.0", (long)s.q.me.pid);
	is_str(beginning(&s.q), want, "a writer in no job");
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		memcpy(env, table[i].env, sizeof table[i].env);
		set(env);
		is_str(beginning(&s.q), table[i].want, "a writer in a job");
		ok(name_is_writer(s.q.self), "has the name of one");
	}
	scratch_end(&s);
}

/* What a worker says of itself is read back. */
static void
test_worker(void)
{
	static const struct job known = { "7_3", 0, "n01", "a\\b", 12 };
	static const struct job bare = { "12[3].server", 2, "", "", -1 };
	static const struct job none = { "", 3, "n01", "gpu", 12 };
	struct worker_info info, back;
	struct worker w = { .heartbeat = -1 };
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	struct scratch s;

	scratch_begin(&s);
	memset(&info, 0, sizeof info);
	info.id = s.q.me;
	info.job = known;
	is_num(worker_start(&s.q, "w1", &info, &w, &e), 0, "%s", e.msg);
	is_str(w.job.id, "7_3", "a worker knows its job");
	worker_load(&s.q, "w1", &back, &e);
	is_str(line(&back.job, &b), "7_3 0 n01 a\\b 12", "and says it whole");
	worker_stop(&w);
	info.job = bare;
	worker_start(&s.q, "w2", &info, &w, &e);
	worker_load(&s.q, "w2", &back, &e);
	is_str(line(&back.job, &b), "12[3].server 2   -1", "or what it knows");
	worker_stop(&w);
	info.job = none;
	worker_start(&s.q, "w3", &info, &w, &e);
	worker_load(&s.q, "w3", &back, &e);
	is_str(line(&back.job, &b), " 0   -1", "or nothing, being in none");
	worker_stop(&w);
	scratch_write(&s, "running/w4/worker.ini",
	    "[worker]\nformat = 1\npid = 1\njob = 7 8\nrestarts = -1\n"
	    "node = n01\\n\npartition = gpu\nwait = soon\n");
	worker_load(&s.q, "w4", &back, &e);
	is_str(line(&back.job, &b), " 0  gpu -1", "no nonsense is read");
	str_free(&b);
	scratch_end(&s);
}

/* What a result has for the columns of a table, "-" for nothing. */
static const char *
columns(const struct result *r, struct str *b)
{
	char number[NUM_TEXT];
	const char *text;
	size_t k;

	str_cut(b, 0);
	for (k = 0; k < ROWS_JOB; k++) {
		text = rows_job_text(r, k, number);
		str_addf(b, "%s%s", k > 0 ? "|" : "",
		    text != NULL ? text : "-");
	}

	return b->s;
}

static void
test_columns(void)
{
	char history[] = "lost@n1:", none[] = "";
	const struct {
		const char *what, *want;
		struct result r;
	} table[] = {
		{ "nothing", "-|-|-|-|-|-|-|-", { .user = 1, .peak = 4096 } },
		{ "all there is", "7_3|n1|a\\x41|2|61|1.750|4096|lost@n1:",
		    { .job = { "7_3", 2, "n1", "a\\x41", 61 },
			.user = 1.5,
			.system = 0.25,
			.peak = 4096,
			.history = history } },
		{ "little, and nothing of what it used", "7|-|-|0|-|-|-|-",
		    { .job = { "7", 0, "", "", -1 },
			.user = 1,
			.history = none } },
		{ "a history alone",
		    "-|-|-|-|-|-|-|lost@n1:", { .history = history } },
	};
	struct str b = STR_EMPTY;
	struct result back;
	char number[NUM_TEXT];
	const char *text;
	size_t i, k;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		is_str(columns(&table[i].r, &b), table[i].want, "columns: %s",
		    table[i].what);
		ok(rows_job_has(&table[i].r) || i == 0, "there are some");
		memset(&back, 0, sizeof back);
		back.job.wait = -1;
		for (k = 0; k < ROWS_JOB; k++) {
			text = rows_job_text(&table[i].r, k, number);
			if (text != NULL)
				rows_job_take(&back, rows_job_name(k), text);
		}
		rows_job_take(&back, "metric.id", "8");
		rows_job_take(&back, "job.news", "8");
		is_str(columns(&back, &b), table[i].want, "and read back");
		result_free(&back);
	}
	ok(!rows_job_has(&table[0].r), "nothing is nothing");
	str_free(&b);
}

int
main(void)
{
	test_environment();
	test_wait();
	test_name();
	test_worker();
	test_columns();

	return done();
}
