/* form/sbatch: what a campaign may tell sbatch. */

#include "base/err.h"
#include "base/str.h"
#include "form/sbatch.h"
#include "tap.h"

static void
test_seconds(void)
{
	static const struct {
		const char *text;
		double want; /* < 0: refused */
	} table[] = {
		{ "90", 5400 },
		{ "0", 0 },
		{ "1:30", 90 },
		{ "2:00:05", 7205 },
		{ "1-0", 86400 },
		{ "1-2", 93600 },
		{ "1-2:30", 95400 },
		{ "1-2:30:01", 95401 },
		{ "infinite", 0 },
		{ "UNLIMITED", 0 },
		{ "-1", 0 },
		{ "", -1 },
		{ "2h", -1 },
		{ "1:", -1 },
		{ ":1", -1 },
		{ "1::2", -1 },
		{ "1:2:3:4", -1 },
		{ "1-", -1 },
		{ "-2", -1 },
		{ "1-2-3", -1 },
		{ "1.5", -1 },
		{ " 1", -1 },
		{ "99999999999", -1 },
		{ "123456789012345678-1", -1 },
	};
	double got;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (sbatch_seconds(table[i].text, &got) < 0)
			got = -1;
		is_num(got, table[i].want, "'%s'", table[i].text);
	}
}

static void
test_words(void)
{
	static const struct {
		const char *name, *value, *want;
	} table[] = {
		{ "partition", "a b;$(c)", "--partition=a b;$(c)" },
		{ "comment", "yes", "--comment=yes" },
		{ "mem", "0", "--mem=0" },
		{ "requeue", "yes", "--requeue" },
		{ "requeue", "no", "" },
		{ "exclusive", "yes", "--exclusive" },
		{ "exclusive", "no", "" },
		{ "exclusive", "mcs", "--exclusive=mcs" },
		{ "segment", "4", "--segment=4" },
	};
	struct str word = STR_EMPTY;
	struct err e = ERR_NONE;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		str_cut(&word, 0);
		is_num(sbatch_word(table[i].name, table[i].value, &word, &e), 0,
		    "%s = %s", table[i].name, table[i].value);
		is_str(str_text(&word), table[i].want, "is one word");
	}
	str_free(&word);
}

static void
test_refusals(void)
{
	static const char *const owned[] = { "array", "output", "error",
		"job-name", "signal", "chdir", "parsable", "wrap", "export",
		"export-file", "open-mode", "input", "test-only", "wait" };
	struct str word = STR_EMPTY;
	struct err e = ERR_NONE;
	size_t i;

	for (i = 0; i < sizeof owned / sizeof owned[0]; i++) {
		ok(sbatch_has(owned[i]), "'%s' is known", owned[i]);
		is_num(sbatch_word(owned[i], "yes", &word, &e), -1,
		    "and refused");
		is_num(e.code, EX_DATAERR, "as a mistake of the file");
	}
	is_num((double)word.n, 0, "nothing is appended");
	ok(!sbatch_has("parition"), "an unknown one");
	is_str(sbatch_nearest("parition"), "partition", "is guessed");
	is_str(sbatch_nearest("zzzzzz"), NULL, "unless it is far from all");
	is_num(sbatch_word("parition", "a", &word, &e), -1, "and refused");
	str_free(&word);
}

int
main(void)
{
	test_seconds();
	test_words();
	test_refusals();

	return done();
}
