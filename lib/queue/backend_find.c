#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "queue/backend.h"

bool
backend_is_login_node(void)
{
	const char *path = getenv("PATH");
	struct str found = STR_EMPTY;
	bool yes = getenv("SLURM_JOB_ID") == NULL &&
	    proc_which("sbatch", path != NULL ? path : "", &found) == 0;

	str_free(&found);

	return yes;
}

/* share/ stands beside the programs, or where packages put it. */
static int
find_share(const char *bindir, const char *name, struct str *path)
{
	static const char *const homes[] = { "/../share/hpo",
		"/usr/local/share/hpo", "/usr/share/hpo" };
	size_t i;

	for (i = 0; i < sizeof homes / sizeof homes[0]; i++) {
		str_cut(path, 0);
		str_addf(path, "%s%s/backends/%s", i == 0 ? bindir : "",
		    homes[i], name);
		if (access(path->s, F_OK) == 0)
			return 0;
	}

	return -1;
}

static int
find(struct backend *b, const char *bindir, const char *name, struct err *e)
{
	struct str path = STR_EMPTY;
	char *real;
	int bad = 0;

	if (strchr(name, '/') != NULL)
		str_add(&path, name);
	else
		bad = find_share(bindir, name, &path);
	if (bad)
		err_set(e, EX_UNAVAILABLE,
		    "there is no backend '%s': write the path of a program, or "
		    "the name of a file in share/hpo/backends beside '%s'",
		    name, bindir);
	else if (access(path.s, X_OK) < 0)
		bad = err_set(e, EX_UNAVAILABLE,
		    "the backend '%s' cannot be executed: %s", path.s,
		    strerror(errno));
	if (!bad) {
		/* It runs in the campaign's directory. */
		real = realpath(path.s, NULL);
		b->program = real != NULL ? real : mem_dup(path.s);
		b->name = mem_dup(name);
	}
	str_free(&path);

	return bad;
}

int
backend_open(struct backend *b, struct queue *q, const struct campaign *c,
    const char *program, const char *bindir, struct err *e)
{
	memset(b, 0, sizeof *b);
	b->q = q;
	b->fleet = program == NULL ? &c->slurm : &c->backend;
	b->dir = program == NULL ? "slurm" : "backend";

	return find(b, bindir, program == NULL ? "slurm" : program, e);
}

void
backend_free(struct backend *b)
{
	free(b->name);
	free(b->program);
	b->name = b->program = NULL;
}
