/* The command's words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "form/point.h"
#include "form/space.h"
#include "form/template.h"
#include "tap.h"

static const struct template_env env = { "0000012", "3", "4711", "/c/d i r",
	"/c/cp", "/c", NULL };

/* lr and opt are active, momentum is not, but could be. */
static void
fill(struct space *s, struct point *p)
{
	struct err e = ERR_NONE;

	memset(s, 0, sizeof *s);
	if (space_add_param(s, "lr", "uniform(0, 1)", 1, &e) != 0 ||
	    space_add_param(s, "opt", "choice(adam, sgd)", 2, &e) != 0 ||
	    space_add_param(s, "momentum", "uniform(0, 1)", 3, &e) != 0 ||
	    space_add_param(s, "text", "choice(a)", 4, &e) != 0 ||
	    space_add_when(s, "momentum", "opt == \"sgd\"", 5, &e) != 0 ||
	    space_finish(s, "test", &e) != 0)
		ok(false, "the space: %s", e.msg);
	point_init(p, s);
	point_set(p, 0, "0.1");
	point_set(p, 1, "adam");
	point_set(p, 3, "a b; {lr} 'x' \"$y\"");
}

/* The words in brackets, or the message. */
static char *
expand(const char *text, const struct space *s, const struct point *p)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	char **words = template_expand(text, s, p, &env, &e);
	size_t i;

	if (words == NULL)
		str_addf(&b, "error %d: %s", e.code, e.msg);
	for (i = 0; words != NULL && words[i] != NULL; i++)
		str_addf(&b, "[%s]", words[i]);
	template_free(words);

	return str_take(&b);
}

struct row {
	const char *text, *want;
};

static const struct row right[] = {
	/* splitting */
	{ "a", "[a]" },
	{ "  a\tb \n c\r\n", "[a][b][c]" },
	{ "a 'b c'd\"e f\" ''", "[a][b cde f][]" },
	{ "a b\\ c \\\\ \\' \\\"", "[a][b c][\\]['][\"]" },
	{ "a '\\n' \"\\n\" \"\\$\\`\\\"\\\\\"", "[a][\\n][\\n][$`\"\\]" },
	{ "a 'x\ny' \"x\\\ny\"", "[a][x\ny][xy]" },
	{ "a b \\\nc\\\n d", "[a][b][c][d]" },
	{ "a # | > * $x ; && ~", "[a][#][|][>][*][$x][;][&&][~]" },
	/* values */
	{ "a {lr}", "[a][0.1]" },
	{ "a --x={lr}/{opt}.", "[a][--x=0.1/adam.]" },
	{ "a {text}", "[a][a b; {lr} 'x' \"$y\"]" },
	{ "a \"-{text}\" '{lr}' \\{lr\\}",
	    "[a][-a b; {lr} 'x' \"$y\"][0.1][0.1]" },
	{ "{opt}-{id} {attempt} {seed} {dir} {checkpoint} {campaign} {slot}",
	    "[adam-0000012][3][4711][/c/d i r][/c/cp][/c][]" },
	{ "a {args} z",
	    "[a][--lr=0.1][--opt=adam][--text=a b; {lr} 'x' \"$y\"][z]" },
	/* braces that are none of ours */
	{ "a {} {1} '{a b}' {a-b} { } {lr",
	    "[a][{}][{1}][{a b}][{a-b}][{][}]"
	    "[{lr]" },
	{ "a {{lr}} x{{nobody}}y {{args}}", "[a][{lr}][x{nobody}y][{args}]" },
	{ "a {{1}} {{lr} {lr}}", "[a][{{1}}][{0.1][0.1}]" },
	{ "a '{\"lr\": {lr}, \"o\": {\"p\": \"{opt}\"}}'",
	    "[a][{\"lr\": 0.1, \"o\": {\"p\": \"adam\"}}]" },
	{ "sh -c 'echo ${{HOME}}'", "[sh][-c][echo ${HOME}]" },
	/* inactive parameters */
	{ "a {momentum} z", "[a][z]" },
	{ "a x={momentum}", "[a]" },
	{ "a -m {momentum} z", "[a][z]" },
	{ "a --mom {momentum}{lr} z", "[a][z]" },
	{ "a --v --m={momentum} z", "[a][--v][z]" },
	{ "a --x=1 {momentum}", "[a][--x=1]" },
	{ "a -- {momentum}", "[a][--]" },
	{ "a - {momentum}", "[a][-]" },
	{ "a -{opt} {momentum}", "[a][-adam]" },
	{ "a b {momentum}", "[a][b]" },
	{ "a -m {momentum} {momentum}", "[a]" },
	{ "a -n -m {momentum} -k {momentum} -x", "[a][-n][-x]" },
	{ "-a {momentum}", "[-a]" },
};

static const struct row wrong[] = {
	{ "", "the command is empty" },
	{ " \n\t", "the command is empty" },
	{ "a 'b c", "the quote (') in ''b c' does not close" },
	{ "a \"b\\\"", "the quote (\") in '\"b\\\"' does not close" },
	{ "a b\\", "a backslash with nothing after it" },
	{ "'' a", "the program's name is empty" },
	{ "a {mometum}",
	    "unknown name '{mometum}', did you mean '{momentum}'?" },
	{ "a {lr} {cmpaign}",
	    "unknown name '{cmpaign}', did you mean '{campaign}'?" },
	{ "a {agrs}", "unknown name '{agrs}', did you mean '{args}'?" },
	{ "awk '{print}'",
	    "unknown name '{print}', for these characters "
	    "write '{{print}}'" },
	{ "a ${HOME}",
	    "unknown name '{HOME}'; no shell reads this command, "
	    "for one of its own write '${{HOME}}'" },
	{ "a x{args}", "'{args}' in 'x{args}' must be a word of its own" },
	{ "a '{args} '", "'{args}' in '{args} ' must be a word of its own" },
	{ "{args}",
	    "the command starts with '{args}', the program is missing" },
	{ "./{momentum}.sh",
	    "the program './{momentum}.sh' depends on "
	    "'momentum', which is not always active" },
};

int
main(void)
{
	struct err e = ERR_NONE;
	struct str want = STR_EMPTY;
	struct space s;
	struct point p;
	size_t i;
	char *got;

	fill(&s, &p);
	for (i = 0; i < sizeof right / sizeof *right; i++) {
		got = expand(right[i].text, &s, &p);
		is_str(got, right[i].want, "words %zu", i);
		free(got);
		ok(template_check(right[i].text, &s, &e) == 0,
		    "and no mistake");
	}
	for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		err_clear(&e);
		ok(template_check(wrong[i].text, &s, &e) == -1 &&
			e.code == EX_DATAERR,
		    "mistake %zu is one", i);
		is_str(e.msg, wrong[i].want, "and said");
		str_cut(&want, 0);
		str_addf(&want, "error 65: %s", wrong[i].want);
		got = expand(wrong[i].text, &s, &p);
		is_str(got, str_text(&want), "and there are no words");
		free(got);
	}
	point_set(&p, 1, NULL);
	got = expand("{opt} a", &s, &p);
	is_str(got, "error 65: the program '{opt}' stands for nothing",
	    "a program without a value");
	free(got);
	got = expand("{slot} a", &s, &p);
	is_str(got, "error 65: the program '{slot}' stands for nothing",
	    "a program that is empty");
	free(got);
	template_free(NULL);
	str_free(&want);
	point_free(&p);
	space_free(&s);

	return done();
}
