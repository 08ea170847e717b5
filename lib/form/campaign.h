#ifndef FORM_CAMPAIGN_H
#define FORM_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "form/fleet.h"
#include "form/space.h"

struct err;

/*
 * campaign.ini: what to search, how, and what to run.  Written by the user,
 * never by a program.  Keys, defaults and bounds: hpo-campaign(5).
 *
 * A section or a key stands there once.  Metric names are those of
 * form/metrics, of at most 79 bytes.
 */

struct objective {
	char *metric;
	bool maximize;
};

/*
 * A [metrics] entry: what to look for in the command's output.  Brackets and
 * quotes protect " ;" and " #" in it (form/inifile); backslashes stay.
 */
struct pattern {
	char *metric;
	char *regex; /* POSIX extended */
	unsigned line;
};

enum { CAMPAIGN_MAX_TRIALS = 10000000 };

struct campaign {
	char *file; /* what messages call it */
	/* [campaign] */
	char *name;
	size_t nobjective;
	struct objective *objective; /* in the file's order */
	uint32_t trials;
	uint64_t seed;
	/* [space], [when], [constraint] */
	struct space space;
	/* [search] */
	char *method; /* "auto", "random" */
	unsigned method_line;
	/* [run] */
	char *command; /* NULL: cannot run */
	unsigned command_line;
	bool in_trial_dir; /* directory = trial */
	double timeout;    /* seconds, 0: none */
	double grace;
	unsigned retries, interrupts, losses;
	double backoff;
	uint64_t log_limit; /* bytes */
	double heartbeat, lease;
	int checkpoint_signal; /* 0: none */
	/* [metrics] */
	size_t npattern;
	struct pattern *pattern;
	char *step_regex; /* NULL: none */
	/* [local] */
	unsigned workers; /* 0: auto */
	unsigned cores;
	size_t ngpu;    /* 0: none */
	char **gpu;     /* names for CUDA_VISIBLE_DEVICES */
	char *sshlogin; /* NULL: none */
	char *parallel; /* further options, or NULL */
	/* [slurm], [backend] */
	struct fleet slurm, backend;
};

/*
 * campaign_parse(text, n, file, default_name, c, e):
 * Read a campaign file.  All mistakes are reported at once, each as
 * "file:line: what", with a suggestion where a name is nearly right;
 * EX_DATAERR.  ${default_name} is the directory's name.  The command's form
 * is checked too (form/template), the patterns compile.  On failure ${c} is
 * empty.
 */
int campaign_parse(const char *text, size_t n, const char *file,
    const char *default_name, struct campaign *c, struct err *e);

void campaign_free(struct campaign *c);

#endif
