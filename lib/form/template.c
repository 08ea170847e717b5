#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/words.h"
#include "form/point.h"
#include "form/space.h"
#include "form/template.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Append what stands between the quotes at ${p}; NULL if they do not close. */
static const char *
take_quoted(const char *p, struct str *b)
{
	char quote = *p++;

	for (; *p != quote; p++) {
		if (*p == '\0')
			return NULL;
		if (quote == '"' && *p == '\\' && p[1] != '\0' &&
		    strchr("$`\"\\\n", p[1]) != NULL) {
			p++;
			if (*p == '\n')
				continue;
		}
		str_addc(b, *p);
	}

	return p + 1;
}

/* Append the word at ${p}, quotes removed; returns where it ends. */
static const char *
take_word(const char *p, struct str *b, struct err *e)
{
	const char *start = p;
	char quote;

	while (*p != '\0' && !is_blank(*p)) {
		if (*p == '\'' || *p == '"') {
			quote = *p;
			p = take_quoted(p, b);
			if (p != NULL)
				continue;
			err_set(e, EX_DATAERR,
			    "the quote (%c) in '%.40s' does not close", quote,
			    start);
			return NULL;
		}
		if (*p == '\\') {
			p++;
			if (*p == '\0') {
				err_set(e, EX_DATAERR,
				    "a backslash with nothing after it");
				return NULL;
			}
			if (*p == '\n')
				break;
		}
		str_addc(b, *p++);
	}

	return p;
}

static int
split(const char *p, struct words *w, struct err *e)
{
	struct str b = STR_EMPTY;

	for (;;) {
		while (is_blank(*p) || (p[0] == '\\' && p[1] == '\n'))
			p++;
		if (*p == '\0')
			break;
		p = take_word(p, &b, e);
		if (p == NULL) {
			str_free(&b);
			return -1;
		}
		*arr_push(w) = str_take(&b);
	}
	if (w->n == 0)
		return err_set(e, EX_DATAERR, "the command is empty");

	return 0;
}

enum { FIXED = 7 };

static const char *const fixed_name[FIXED + 1] = { "id", "attempt", "seed",
	"dir", "checkpoint", "campaign", "slot", "args" };

static const char *
fixed_value(const struct template_env *env, size_t i)
{
	const char *const value[FIXED] = { env->id, env->attempt, env->seed,
		env->dir, env->checkpoint, env->campaign, env->slot };

	return value[i] != NULL ? value[i] : "";
}

static size_t
fixed_find(const char *name)
{
	size_t i = 0;

	while (i < FIXED && strcmp(fixed_name[i], name) != 0)
		i++;

	return i;
}

/*
 * next_name(word, b, name):
 * Append to ${b} what precedes the first placeholder of ${word}, with {{x}}
 * made {x}.  Put the placeholder's name into ${name} and return what follows
 * it; NULL if there is none.
 */
static const char *
next_name(const char *word, struct str *b, struct str *name)
{
	const char *p, *end;
	bool twice;

	for (p = word; *p != '\0'; p++) {
		if (*p != '{') {
			str_addc(b, *p);
			continue;
		}
		twice = p[1] == '{';
		end = p + 1 + twice;
		end += strcspn(end, "{}");
		str_cut(name, 0);
		str_addn(name, p + 1 + twice, (size_t)(end - p) - 1 - twice);
		if (*end != '}' || (twice && end[1] != '}') ||
		    !str_is_ident(str_text(name))) {
			str_addc(b, '{');
		} else if (twice) {
			str_addf(b, "{%s}", str_text(name));
			p = end + 1;
		} else {
			return end + 1;
		}
	}

	return NULL;
}

static int
unknown(const char *name, const char *word, const struct space *s,
    struct err *e)
{
	const char **list = mem_zero(s->n + FIXED + 1, sizeof *list);
	const char *near, *dollar;
	size_t i;

	for (i = 0; i < s->n; i++)
		list[i] = s->param[i].name;
	memcpy(list + s->n, fixed_name, sizeof fixed_name);
	near = str_nearest(name, list, s->n + FIXED + 1);
	free(list);
	dollar = strstr(word, "${");
	if (dollar != NULL && strncmp(dollar + 2, name, strlen(name)) == 0)
		return err_set(e, EX_DATAERR,
		    "unknown name '{%s}'; no shell reads this command, for one "
		    "of its own write '${{%s}}'",
		    name, name);
	if (near != NULL)
		return err_set(e, EX_DATAERR,
		    "unknown name '{%s}', did you mean '{%s}'?", name, near);

	return err_set(e, EX_DATAERR,
	    "unknown name '{%s}', for these characters write '{{%s}}'", name,
	    name);
}

static bool
is_args(const char *word)
{
	return strcmp(word, "{args}") == 0;
}

/* Every name of a word: is it known, and allowed there? */
static int
check_word(const char *word, bool first, const struct space *s, struct err *e)
{
	struct str b = STR_EMPTY, name = STR_EMPTY;
	const char *p = word;
	const char *text;
	size_t i;
	int rc = 0;

	while (rc == 0 && (p = next_name(p, &b, &name)) != NULL) {
		text = str_text(&name);
		i = space_find(s, text);
		if (strcmp(text, "args") == 0) {
			if (first)
				rc = err_set(e, EX_DATAERR,
				    "the command starts with '{args}', the "
				    "program is missing");
			else if (!is_args(word))
				rc = err_set(e, EX_DATAERR,
				    "'{args}' in '%.80s' must be a word of its "
				    "own",
				    word);
		} else if (fixed_find(text) < FIXED) {
			continue;
		} else if (i == s->n) {
			rc = unknown(text, word, s, e);
		} else if (first && s->param[i].when != NULL) {
			rc = err_set(e, EX_DATAERR,
			    "the program '%.80s' depends on '%s', which is "
			    "not always active",
			    word, text);
		}
	}
	if (rc == 0 && first && *word == '\0')
		rc = err_set(e, EX_DATAERR, "the program's name is empty");
	str_free(&b);
	str_free(&name);

	return rc;
}

static int
parse(const char *text, const struct space *s, struct words *w, struct err *e)
{
	size_t i;

	if (split(text, w, e) != 0)
		return -1;
	for (i = 0; i < w->n; i++)
		if (check_word(w->v[i], i == 0, s, e) != 0)
			return -1;

	return 0;
}

int
template_check(const char *text, const struct space *s, struct err *e)
{
	struct words w = { 0, 0, NULL };
	int rc = parse(text, s, &w, e);

	words_free(&w);

	return rc;
}

/* The word with its values; NULL if it names an inactive parameter. */
static char *
fill(const char *word, const struct space *s, const struct point *p,
    const struct template_env *env)
{
	struct str b = STR_EMPTY, name = STR_EMPTY;
	const char *value = "";
	size_t i;

	while (value != NULL && (word = next_name(word, &b, &name)) != NULL) {
		i = fixed_find(str_text(&name));
		if (i < FIXED)
			value = fixed_value(env, i);
		else
			value = p->text[space_find(s, str_text(&name))];
		if (value != NULL)
			str_add(&b, value);
	}
	str_free(&name);
	if (value == NULL) {
		str_free(&b);
		return NULL;
	}

	return str_take(&b);
}

static void
add_args(struct words *out, const struct space *s, const struct point *p)
{
	struct str b = STR_EMPTY;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (p->text[i] == NULL)
			continue;
		str_addf(&b, "--%s=%s", s->param[i].name, p->text[i]);
		*arr_push(out) = str_take(&b);
	}
}

/* Is it an option whose argument is the next word? */
static bool
wants_argument(const char *word)
{
	struct str b = STR_EMPTY, name = STR_EMPTY;
	bool plain = next_name(word, &b, &name) == NULL;

	str_free(&b);
	str_free(&name);

	return plain && word[0] == '-' && strchr(word, '=') == NULL &&
	    strcmp(word, "-") != 0 && strcmp(word, "--") != 0;
}

static int
expand(const struct words *w, const struct space *s, const struct point *p,
    const struct template_env *env, struct words *out, struct err *e)
{
	const char *word;
	char *text;
	size_t i;

	for (i = 0; i < w->n; i++) {
		word = w->v[i];
		if (is_args(word)) {
			add_args(out, s, p);
			continue;
		}
		text = fill(word, s, p, env);
		if (i == 0 && (text == NULL || *text == '\0')) {
			free(text);
			return err_set(e, EX_DATAERR,
			    "the program '%.80s' stands for nothing", word);
		}
		if (text != NULL)
			*arr_push(out) = text;
		else if (i > 1 && word[0] != '-' && wants_argument(w->v[i - 1]))
			free(out->v[--out->n]);
	}

	return 0;
}

char **
template_expand(const char *text, const struct space *s, const struct point *p,
    const struct template_env *env, struct err *e)
{
	struct words w = { 0, 0, NULL }, out = { 0, 0, NULL };
	int rc = parse(text, s, &w, e);

	if (rc == 0)
		rc = expand(&w, s, p, env, &out, e);
	words_free(&w);
	if (rc != 0) {
		words_free(&out);
		return NULL;
	}
	*arr_push(&out) = NULL;

	return out.v;
}

void
template_free(char **words)
{
	char **p;

	if (words == NULL)
		return;
	for (p = words; *p != NULL; p++)
		free(*p);
	free(words);
}
