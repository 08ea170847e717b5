#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/fleet.h"
#include "form/point.h"
#include "form/sbatch.h"
#include "form/space.h"
#include "form/template.h"

enum { WORKERS = 8, VALUE_TELLS = 3 };

void
fleet_default(struct fleet *f)
{
	f->workers = WORKERS;
	f->job_workers = 1;
}

static void
push(struct fleet *f, char *word, const char *key, unsigned line)
{
	struct fleet_option *o;

	f->option = mem_grow(f->option, f->noption + 1, sizeof *f->option);
	o = &f->option[f->noption++];
	o->word = word;
	o->key = mem_dup(key);
	o->line = line;
}

int
fleet_add_sbatch(struct fleet *f, const char *key, const char *value,
    unsigned line, struct err *e)
{
	struct str word = STR_EMPTY;

	if (sbatch_word(key, value, &word, e) < 0)
		return -1;
	if (str_eq(key, "time") && sbatch_seconds(value, &f->walltime) < 0) {
		str_free(&word);
		return err_set(e, EX_DATAERR,
		    "time '%.80s' is none of sbatch's: write minutes, "
		    "hours:minutes:seconds or days-hours:minutes",
		    value);
	}
	if (word.n > 0)
		push(f, str_take(&word), key, line);
	str_free(&word);

	return 0;
}

int
fleet_add_words(struct fleet *f, const char *value, unsigned line,
    struct err *e)
{
	struct template_env env = { "", "", "", "", "", "", "" };
	struct point empty = { 0, NULL };
	struct space none;
	char **words;
	size_t i;

	memset(&none, 0, sizeof none);
	words = template_expand(value, &none, &empty, &env, e);
	if (words == NULL)
		return -1;
	for (i = 0; words[i] != NULL; i++)
		push(f, mem_dup(words[i]), "options", line);
	template_free(words);

	return 0;
}

static unsigned
line_of(const struct fleet *f, const char *words)
{
	const char *value;
	size_t i;

	for (i = 0; i < f->noption; i++)
		if (strstr(words, f->option[i].key) != NULL)
			return f->option[i].line;
	for (i = 0; i < f->noption; i++) {
		value = strchr(f->option[i].word, '=');
		if (value != NULL && strlen(value + 1) >= VALUE_TELLS &&
		    strstr(words, value + 1) != NULL)
			return f->option[i].line;
	}

	return 0;
}

void
fleet_place(const struct fleet *f, const char *file, const char *words,
    struct str *b)
{
	unsigned line = line_of(f, words);

	str_add(b, file);
	if (line > 0)
		str_addf(b, ":%u", line);
}

void
fleet_free(struct fleet *f)
{
	size_t i;

	for (i = 0; i < f->noption; i++) {
		free(f->option[i].word);
		free(f->option[i].key);
	}
	free(f->option);
	free(f->setup);
	free(f->bindir);
	free(f->conf);
	memset(f, 0, sizeof *f);
}
