/* INI text, as a user writes it and as a program does. */

#include "base/err.h"
#include "base/str.h"
#include "form/inifile.h"
#include "fuzz.h"

/* A value written by a program reads back as it was, and is one line. */
static void
write_and_read(const char *text)
{
	struct str b = STR_EMPTY;
	char *one;

	inifile_add(&b, "key", text);
	must(strchr(b.s, '\n') == b.s + b.n - 1, "a value is one line");
	str_free(&b);
	one = inifile_escape(text);
	inifile_unescape(one);
	must(str_eq(one, text), "a value reads back as it was written");
	free(one);
}

static int
take(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	size_t *n = cookie;

	(void)e;
	++*n;
	must(ent->line > 0, "lines count from 1");
	must(strchr(ent->section, '\n') == NULL, "a section is one line");
	if (ent->key == NULL)
		return 0;
	must(*ent->key != '\0', "a key has a name");
	must(*ent->section != '\0', "an entry has a section");
	write_and_read(ent->value);
	inifile_unescape(ent->value);

	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int flags[] = { 0, INIFILE_COMMENTS, INIFILE_MACHINE };
	struct err e;
	size_t i, n = 0;
	int bad;

	for (i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		err_clear(&e);
		bad = inifile_parse((const char *)data, size, "f", flags[i],
		    take, &n, &e);
		must(bad == (e.code != 0 ? -1 : 0), "a failure has a message");
		must(n <= size, "an entry takes a byte at least");
		n = 0;
	}

	return 0;
}
