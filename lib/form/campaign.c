#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/campaign.h"
#include "form/campaign_keys.h"
#include "form/inifile.h"
#include "form/metrics.h"
#include "form/sbatch.h"
#include "form/template.h"

enum { MAX_ENTRIES = 10000 };

struct reader;

typedef int (*add_fn)(struct reader *r, const struct inifile_entry *ent,
    struct err *why);

/* A section: of fixed keys, or of names that the user chose (${add}). */
struct section {
	const char *name;
	add_fn add;
};

/* A name in a section of the second sort. */
struct seen {
	const struct section *section;
	char *key;
	unsigned line;
};

enum { SECTIONS = 10 };

/* One parse. */
struct reader {
	struct campaign *c;
	const struct section *section; /* NULL: an unknown one */
	unsigned section_line[SECTIONS];
	unsigned key_line[CAMPAIGN_KEYS];
	struct {
		size_t n, cap;
		struct seen *v;
	} seen;
	size_t entries;
};

static int
add_param(struct reader *r, const struct inifile_entry *ent, struct err *why)
{
	struct err again = ERR_NONE;
	int bad = -1;

	if (*ent->value == '\0')
		err_set(why, EX_DATAERR, "'%.80s' has no value", ent->key);
	else
		bad = space_add_param(&r->c->space, ent->key, ent->value,
		    ent->line, why);
	/* Expressions and the command may name it all the same. */
	if (bad != 0)
		space_add_param(&r->c->space, ent->key, "const(0)", ent->line,
		    &again);

	return bad;
}

static int
add_when(struct reader *r, const struct inifile_entry *ent, struct err *why)
{
	return space_add_when(&r->c->space, ent->key, ent->value, ent->line,
	    why);
}

static int
add_constraint(struct reader *r, const struct inifile_entry *ent,
    struct err *why)
{
	return space_add_constraint(&r->c->space, ent->key, ent->value,
	    ent->line, why);
}

static int
check_regex(const char *key, const char *text, struct err *why)
{
	char what[200];
	regex_t regex;
	int bad = regcomp(&regex, text, REG_EXTENDED);

	if (bad != 0) {
		regerror(bad, &regex, what, sizeof what);
		return err_set(why, EX_DATAERR,
		    "the pattern of '%s' is no extended regular expression: %s",
		    key, what);
	}
	regfree(&regex);

	return 0;
}

static int
add_pattern(struct reader *r, const struct inifile_entry *ent, struct err *why)
{
	struct campaign *c = r->c;
	struct pattern *p;

	if (check_regex(ent->key, ent->value, why) != 0)
		return -1;
	if (str_eq(ent->key, "step")) {
		c->step_regex = mem_dup(ent->value);
		return 0;
	}
	if (campaign_keys_metric(ent->key, why) != 0)
		return -1;
	if (c->npattern == METRICS_NAMES)
		return err_set(why, EX_DATAERR, "more than %d metrics",
		    METRICS_NAMES);
	c->pattern = mem_grow(c->pattern, c->npattern + 1, sizeof *c->pattern);
	p = &c->pattern[c->npattern++];
	p->metric = mem_dup(ent->key);
	p->regex = mem_dup(ent->value);
	p->line = ent->line;

	return 0;
}

/* A "did you mean" of up to ${room} bytes, empty without a ${word}. */
static const char *
hint(char *buf, size_t room, const char *word)
{
	*buf = '\0';
	if (word != NULL)
		snprintf(buf, room, ", did you mean '%s'?", word);

	return buf;
}

static int
twice(const struct inifile_entry *ent, unsigned line, struct err *why)
{
	return err_set(why, EX_DATAERR,
	    "'%.80s' again, the first is in line %u", ent->key, line);
}

static int
add_key(struct reader *r, const struct inifile_entry *ent, struct err *why)
{
	const char *near, *home;
	char buf[80];
	int k = campaign_keys_find(ent->section, ent->key);

	if (k < 0) {
		near = campaign_keys_suggest(ent->section, ent->key);
		home = campaign_keys_home(ent->key);
		if (near == NULL && home != NULL)
			return err_set(why, EX_DATAERR,
			    "'%s' belongs in [%s], not in [%s]", ent->key, home,
			    ent->section);
		return err_set(why, EX_DATAERR, "unknown key '%.80s' in [%s]%s",
		    ent->key, ent->section, hint(buf, sizeof buf, near));
	}
	if (r->key_line[k] > 0)
		return twice(ent, r->key_line[k], why);
	r->key_line[k] = ent->line;
	if (*ent->value == '\0')
		return err_set(why, EX_DATAERR, "'%s' has no value", ent->key);

	return campaign_keys_set(k, r->c, ent->value, why);
}

/* A key of ours, else an option of sbatch. */
static int
add_slurm(struct reader *r, const struct inifile_entry *ent, struct err *why)
{
	const char *near;
	char buf[80];

	if (campaign_keys_find(ent->section, ent->key) >= 0)
		return add_key(r, ent, why);
	if (sbatch_has(ent->key))
		return fleet_add_sbatch(&r->c->slurm, ent->key, ent->value,
		    ent->line, why);
	near = campaign_keys_suggest(ent->section, ent->key);
	if (near == NULL)
		near = sbatch_nearest(ent->key);

	return err_set(why, EX_DATAERR,
	    "'%.80s' is neither a key of [slurm] nor a long option of "
	    "sbatch%s",
	    ent->key, hint(buf, sizeof buf, near));
}

static int
add_backend(struct reader *r, const struct inifile_entry *ent, struct err *why)
{
	if (str_eq(ent->key, "options"))
		return fleet_add_words(&r->c->backend, ent->value, ent->line,
		    why);

	return add_key(r, ent, why);
}

static const struct section sections[SECTIONS] = {
	{ "campaign", NULL },
	{ "space", add_param },
	{ "when", add_when },
	{ "constraint", add_constraint },
	{ "search", NULL },
	{ "run", NULL },
	{ "metrics", add_pattern },
	{ "local", NULL },
	{ "slurm", add_slurm },
	{ "backend", add_backend },
};

static void
enter(struct reader *r, const struct inifile_entry *ent, struct err *e)
{
	const char *names[SECTIONS];
	char buf[80];
	size_t i;

	r->section = NULL;
	for (i = 0; i < SECTIONS; i++) {
		names[i] = sections[i].name;
		if (!str_eq(names[i], ent->section))
			continue;
		r->section = &sections[i];
		if (r->section_line[i] > 0)
			err_add(e, EX_DATAERR,
			    "%s:%u: section [%s] again, the first is in line "
			    "%u",
			    ent->file, ent->line, names[i], r->section_line[i]);
		else
			r->section_line[i] = ent->line;
		return;
	}
	err_add(e, EX_DATAERR, "%s:%u: unknown section '%s'%s", ent->file,
	    ent->line, ent->section,
	    hint(buf, sizeof buf, str_nearest(ent->section, names, SECTIONS)));
}

/* An entry of a section of names; a name may stand there once. */
static int
add_named(struct reader *r, const struct inifile_entry *ent, struct err *why)
{
	struct seen *s;
	size_t i;

	for (i = 0; i < r->seen.n; i++) {
		s = &r->seen.v[i];
		if (s->section == r->section && str_eq(s->key, ent->key))
			return twice(ent, s->line, why);
	}
	s = arr_push(&r->seen);
	s->section = r->section;
	s->key = mem_dup(ent->key);
	s->line = ent->line;
	if (*ent->value == '\0' && r->section->add != add_param)
		return err_set(why, EX_DATAERR, "'%.80s' has no value",
		    ent->key);

	return r->section->add(r, ent, why);
}

static int
take(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	struct reader *r = cookie;
	struct err why = ERR_NONE;
	int bad;

	if (ent->key == NULL) {
		enter(r, ent, e);
		return 0;
	}
	if (r->section == NULL)
		return 0;
	if (++r->entries > MAX_ENTRIES)
		return err_add(e, EX_DATAERR, "%s:%u: more than %d entries",
		    ent->file, ent->line, MAX_ENTRIES);
	bad = r->section->add != NULL ? add_named(r, ent, &why)
				      : add_key(r, ent, &why);
	if (bad != 0)
		err_add(e, EX_DATAERR, "%s:%u: %s", ent->file, ent->line,
		    why.msg);

	return 0;
}

/* The line of a key, 0 if it is not there. */
static unsigned
line_of(const struct reader *r, const char *section, const char *key)
{
	return r->key_line[campaign_keys_find(section, key)];
}

static bool
has_params(const struct reader *r)
{
	size_t i;

	for (i = 0; i < r->seen.n; i++)
		if (r->seen.v[i].section->add == add_param)
			return true;

	return false;
}

/* What can be judged when all is read. */
static void
check_whole(struct reader *r, struct err *e)
{
	struct campaign *c = r->c;
	struct err why = ERR_NONE;
	unsigned lease = line_of(r, "run", "lease");

	c->method_line = line_of(r, "search", "method");
	c->command_line = line_of(r, "run", "command");
	if (line_of(r, "campaign", "minimize") == 0 &&
	    line_of(r, "campaign", "maximize") == 0)
		err_add(e, EX_DATAERR,
		    "%s: [campaign] has neither 'minimize' nor 'maximize'",
		    c->file);
	if (line_of(r, "campaign", "trials") == 0)
		err_add(e, EX_DATAERR, "%s: [campaign] has no 'trials'",
		    c->file);
	if (c->lease * (1 + 1e-9) < 3 * c->heartbeat) /* 0.3 is 3 of 0.1 */
		err_add(e, EX_DATAERR,
		    "%s:%u: the lease (%g s) must be at least 3 heartbeats (of "
		    "%g s)",
		    c->file, lease > 0 ? lease : line_of(r, "run", "heartbeat"),
		    c->lease, c->heartbeat);
	if (!has_params(r))
		err_add(e, EX_DATAERR, "%s: [space] has no parameter", c->file);
	if (c->space.n == 0) /* every name would be unknown */
		return;
	space_finish(&c->space, c->file, e);
	if (c->command != NULL &&
	    template_check(c->command, &c->space, &why) != 0)
		err_add(e, EX_DATAERR, "%s:%u: %s", c->file, c->command_line,
		    why.msg);
}

int
campaign_parse(const char *text, size_t n, const char *file,
    const char *default_name, struct campaign *c, struct err *e)
{
	struct reader r = { .c = c };
	size_t i;

	err_clear(e);
	memset(c, 0, sizeof *c);
	c->file = mem_dup(file);
	campaign_keys_default(c, default_name);
	inifile_parse(text, n, file, INIFILE_COMMENTS, take, &r, e);
	check_whole(&r, e);
	for (i = 0; i < r.seen.n; i++)
		free(r.seen.v[i].key);
	arr_free(&r.seen);
	if (e->code == 0)
		return 0;
	campaign_free(c);

	return -1;
}

void
campaign_free(struct campaign *c)
{
	size_t i;

	for (i = 0; i < c->nobjective; i++)
		free(c->objective[i].metric);
	free(c->objective);
	for (i = 0; i < c->npattern; i++) {
		free(c->pattern[i].metric);
		free(c->pattern[i].regex);
	}
	free(c->pattern);
	for (i = 0; i < c->ngpu; i++)
		free(c->gpu[i]);
	free(c->gpu);
	fleet_free(&c->slurm);
	fleet_free(&c->backend);
	space_free(&c->space);
	free(c->file);
	free(c->name);
	free(c->method);
	free(c->command);
	free(c->step_regex);
	free(c->sshlogin);
	free(c->parallel);
	memset(c, 0, sizeof *c);
}
