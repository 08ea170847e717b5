#ifndef FORM_TEMPLATE_H
#define FORM_TEMPLATE_H

#include <stddef.h>

#include "base/str.h"

struct err;
struct point;
struct space;

/*
 * The command: words split as sh does with quotes and backslash, nothing
 * else special, no shell: '|', '>', '*', '$' and '#' are ordinary bytes.  A
 * newline is a blank (continuation lines), a backslash before it too.
 *
 * {name} inside a word is replaced by the text of the parameter or of one of
 * the placeholders below; a value never splits and is not looked into again.
 * {args}, a word of its own, becomes --name=value for every active parameter
 * in the order of the space.  {{x}} is a literal {x}; braces around what is
 * no identifier stay.  Quotes and backslashes do not protect braces.
 *
 * A word that names an inactive parameter is dropped; if it does not start
 * with '-' itself, the word before it goes too where that is an option in
 * want of its argument: it starts with '-', has neither '=' nor a
 * placeholder, and is neither "-" nor "--".  So "-m {m}", "--m {m}" and
 * "--m={m}" vanish whole.  The first word, the program, may not name a
 * parameter with a condition.
 */

/* What the placeholders that are no parameters stand for; NULL is "". */
struct template_env {
	const char *id, *attempt, *seed, *dir, *checkpoint, *campaign, *slot;
};

/*
 * template_check(text, s, e):
 * Does ${text} split, and is every name in it a parameter or a placeholder?
 * -1, EX_DATAERR, a message without a place and with a suggestion.
 */
int template_check(const char *text, const struct space *s, struct err *e);

/*
 * template_expand(text, s, p, env, e):
 * The NULL-terminated words of the command for a point; template_free()
 * frees them.  NULL with a message if a check fails or no word is left.
 */
char **template_expand(const char *text, const struct space *s,
    const struct point *p, const struct template_env *env, struct err *e);

void template_free(char **words);

#endif
