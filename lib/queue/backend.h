#ifndef QUEUE_BACKEND_H
#define QUEUE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "queue/queue.h"

struct campaign;
struct err;
struct fleet;

/*
 * A backend: a program that submits workers as jobs of another system, lists
 * and cancels them (hpo-backend(7)).  It keeps no state, and what it is told
 * never passes through a shell.
 */
struct backend {
	struct queue *q;
	const struct fleet *fleet;
	const char *dir; /* of its state, under hpo/ */
	char *name;      /* for messages */
	char *program;   /* its file */
};

/*
 * backend_is_login_node():
 * Is there an sbatch on the PATH, and this no allocation?  Then it is probably
 * a machine that others work on, too.
 */
bool backend_is_login_node(void);

/*
 * backend_open(b, q, c, program, bindir, e):
 * That for SLURM, or, unless it is NULL, ${program}: a path, or the name of a
 * file in share/backends.  -1, EX_UNAVAILABLE, where there is none, or it
 * cannot be executed.
 */
int backend_open(struct backend *b, struct queue *q, const struct campaign *c,
    const char *program, const char *bindir, struct err *e);
void backend_free(struct backend *b);

/*
 * All that follow return -1 with EX_UNAVAILABLE where the system's commands
 * are not to be had, with EX_CONFIG where the campaign's options are not for
 * it, and with EX_TEMPFAIL where it gave no answer: then nothing is known.
 */

/*
 * backend_limits(b, text, e):
 * Append what the site allows and how a job knows itself, as the program
 * prints it; backend_read_limits() reads it.
 */
struct backend_limits {
	unsigned array;     /* most workers in one submission */
	struct str exports; /* lines of sh for the job's script */
};
int backend_limits(const struct backend *b, struct str *text, struct err *e);
int backend_read_limits(const struct backend *b, const char *text,
    struct backend_limits *l, struct err *e);

enum job_state {
	JOB_WAITING,
	JOB_RUNNING,
	JOB_SUSPENDED,
	JOB_STUCK,
	JOB_ENDED
};

/* A worker's job.  Texts are the list's. */
struct backend_job {
	const char *id, *name, *node;
	const char *why; /* of stuck and ended */
	enum job_state state;
};

struct backend_jobs {
	size_t n, cap;
	struct backend_job *v; /* by name */
	char *text;
};

/*
 * backend_list(b, prefix, ask, jobs, e):
 * All live jobs whose names start with ${prefix}, and of those that have
 * ended what is known; harder is tried for ${ids}.
 */
struct fs_names;
int backend_list(const struct backend *b, const char *prefix,
    const struct fs_names *ids, struct backend_jobs *jobs, struct err *e);
void backend_jobs_free(struct backend_jobs *jobs);

/* What to submit. */
struct backend_order {
	const char *name;    /* of the jobs */
	const char *script;  /* absolute */
	const char *log;     /* likewise; ".0" and so on is appended */
	const char *exclude; /* nodes with commas between, "" none */
	unsigned jobs;       /* how many, each of so many workers: */
	unsigned job_workers;
	unsigned throttle; /* at a time, 0: all */
	double warn;       /* seconds before the end; 0: no warning */
};

/* What became of it. */
enum backend_answer {
	BACKEND_TAKEN,   /* accepted */
	BACKEND_FULL,    /* not now, or not so many */
	BACKEND_UNKNOWN, /* perhaps: its jobs may turn up in the list */
	BACKEND_REFUSED  /* never so */
};

/*
 * backend_submit(b, o, id, e):
 * A backend_answer, with the submission's id appended to ${id} if it was
 * taken, else with the site's words in ${e}; -1 as above.
 */
int backend_submit(const struct backend *b, const struct backend_order *o,
    struct str *id, struct err *e);

/* backend_print(b, o, line, e): Append the command that would submit it. */
int backend_print(const struct backend *b, const struct backend_order *o,
    struct str *line, struct err *e);

/* backend_cancel(b, ids, e): End jobs. */
int backend_cancel(const struct backend *b, const struct fs_names *ids,
    struct err *e);

#endif
