/* JSON objects, by our reader and by jansson: what that takes ours takes. */

#include "base/err.h"
#include "base/str.h"
#include "form/flatjson.h"
#include "form/jsonin.h"
#include "fuzz.h"

struct member {
	const char *key;
	const char *value;
	size_t at, n;
	bool found;
};

static int
compare(void *cookie, const char *name, const char *text, struct err *e)
{
	struct member *m = cookie;

	(void)e;
	if (m->n++ != m->at)
		return 0;
	m->found = str_eq(name, m->key) && (text == NULL) == (m->value == NULL);

	return 0;
}

static int
ignore(void *cookie, const char *name, const char *text, struct err *e)
{
	(void)cookie;
	(void)name;
	(void)text;
	(void)e;

	return 0;
}

/* Deeper than our reader goes? */
static bool
is_deep(const char *p)
{
	size_t n = 0;

	for (; *p != '\0'; p++)
		n += *p == '[' || *p == '{';

	return n > 60;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *copy = fuzz_text(data, size);
	struct err e = ERR_NONE, ours = ERR_NONE;
	struct member m = { NULL, NULL, 0, 0, false };
	struct flatjson j;
	bool good = jsonin_object(text, ignore, NULL, &e) == 0;
	int rc;

	flatjson_open(&j, copy);
	while ((rc = flatjson_next(&j, &m.key, &m.value, &ours)) > 0) {
		if (!good)
			continue;
		m.n = 0;
		m.found = false;
		jsonin_object(text, compare, &m, &e);
		must(m.found, "the members are the same");
		m.at++;
	}
	must(rc == 0 || ours.msg[0] != '\0', "a mistake has a message");
	must(rc == 0 || !good || is_deep(text), "what jansson takes we take");
	if (rc == 0 && good) {
		m.n = 0;
		jsonin_object(text, compare, &m, &e);
		must(m.n == m.at, "and there are as many");
	}
	jsonin_same(text, "[1, [\"a\", 2.5]]");
	free(copy);
	free(text);

	return 0;
}
