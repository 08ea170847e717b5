#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/proc.h"
#include "base/str.h"

enum { MAXOPTS = 48 };

static int
is_short(const struct opt *o)
{
	return o->id > ' ' && o->id < 127;
}

/* Translate the table into what getopt_long(3) wants. */
static void
fill(const struct opt_tool *t, char *shorts, struct option *longs)
{
	const struct opt *o;

	*shorts++ = ':'; /* no messages but ours */
	for (o = t->opts; o->name != NULL; o++, longs++) {
		assert(o - t->opts < MAXOPTS);
		longs->name = o->name;
		longs->has_arg = o->arg != NULL;
		longs->flag = NULL;
		longs->val = o->id;
		if (!is_short(o))
			continue;
		*shorts++ = (char)o->id;
		if (o->arg != NULL)
			*shorts++ = ':';
	}
	*shorts = '\0';
	memset(longs, 0, sizeof *longs);
}

/* An abbreviation is refused, though what it stands for is plain. */
static const char *
nearest(const char *word, const char *const *names, size_t n)
{
	const char *whole = NULL;
	size_t i;

	for (i = 0; i < n && *word != '\0'; i++)
		if (str_starts(names[i], word)) {
			if (whole != NULL)
				return str_nearest(word, names, n);
			whole = names[i];
		}

	return whole != NULL ? whole : str_nearest(word, names, n);
}

/* Is "--word" or "--word=..." spelt in full? */
static int
is_exact(const struct opt_tool *t, const char *word)
{
	size_t n = strcspn(word, "=") - 2;
	const struct opt *o;

	for (o = t->opts; o->name != NULL; o++)
		if (strlen(o->name) == n && strncmp(o->name, word + 2, n) == 0)
			return 1;

	return 0;
}

static int
unknown(const struct opt_tool *t, const char *word, struct err *e)
{
	const char *names[MAXOPTS];
	const char *near;
	char bare[64];
	size_t n = 0;

	for (; t->opts[n].name != NULL; n++)
		names[n] = t->opts[n].name;
	snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
	near = str_starts(bare, "--") ? nearest(bare + 2, names, n) : NULL;
	if (near != NULL)
		return err_set(e, EX_USAGE,
		    "unknown option '%s', did you mean '--%s'?", bare, near);

	return err_set(e, EX_USAGE, "unknown option '%s', see '%s --help'",
	    bare, t->name);
}

int
opt_next(const struct opt_tool *t, int argc, char **argv, const char **arg,
    struct err *e)
{
	char shorts[2 * MAXOPTS + 2];
	char dashed[3] = "-?";
	struct option longs[MAXOPTS + 1];
	const char *word;
	int id, i = -1;

	fill(t, shorts, longs);
	id = getopt_long(argc, argv, shorts, longs, &i);
	*arg = optarg;
	if (id == -1)
		return 0;
	/* The word just read, wherever permutation left it. */
	word = argv[optind - 1];
	if (optarg == word && optind > 1)
		word = argv[optind - 2];
	if (id == '?' || id == ':') {
		if (optopt > 0 && optopt < OPT_LONG &&
		    !str_starts(word, "--")) {
			dashed[1] = (char)optopt;
			word = dashed;
		}
		if (str_starts(word, "--") && !is_exact(t, word))
			return unknown(t, word, e);
		if (id == ':')
			return err_set(e, EX_USAGE,
			    "option '%s' needs an argument", word);
		if (str_starts(word, "--") && strchr(word, '=') != NULL &&
		    optopt != 0)
			return err_set(e, EX_USAGE,
			    "option '%.*s' takes no argument",
			    (int)strcspn(word, "="), word);
		return unknown(t, word, e);
	}
	if (i >= 0 && !is_exact(t, word))
		return unknown(t, word, e);

	return id;
}

/* The usage and the options, aligned. */
static void
help(const struct opt_tool *t)
{
	const struct opt *o;
	char left[80];

	printf("usage: %s [options] %s\n%s\n\n", t->name, t->operands,
	    t->purpose);
	for (o = t->opts; o->name != NULL; o++) {
		snprintf(left, sizeof left, "%c%c%s --%s%s%s",
		    is_short(o) ? '-' : ' ', is_short(o) ? o->id : ' ',
		    is_short(o) ? "," : " ", o->name, o->arg != NULL ? " " : "",
		    o->arg != NULL ? o->arg : "");
		printf("  %-26s %s\n", left, o->help);
	}
}

int
opt_seconds(const char *arg, double *seconds, struct err *e)
{
	if (num_seconds(arg, seconds) < 0 || !(*seconds > 0))
		return err_set(e, EX_USAGE,
		    "'%s' is no duration, write e.g. 90s, 30m, 2h or 1d", arg);

	return 0;
}

int
opt_standard(const struct opt_tool *t, int id)
{
	if (id == 'h')
		help(t);
	else if (id == 'V')
		printf("%s %s\n", t->name, HPO_VERSION);

	return id < 0 ? -1 : 1;
}

int
opt_main(const struct opt_tool *t, int (*run)(int, char **, struct err *),
    int argc, char **argv)
{
	struct err e = ERR_NONE;
	int rc;

	proc_begin();
	rc = run(argc, argv, &e);
	if (rc >= 0 && (fflush(stdout) == EOF || ferror(stdout)))
		rc = err_sys(&e, "cannot write standard output");
	if (rc < 0) {
		err_report(t->name, &e);
		return e.code;
	}

	return rc;
}
