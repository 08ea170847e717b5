/* Names found in the directories of a campaign. */

#include "base/err.h"
#include "fuzz.h"
#include "queue/name.h"

/* What is read as a token has no other name than the one it was read from,
 * and no way out of its directory. */
static void
parse_token(const char *name, enum state state)
{
	struct str b = STR_EMPTY;
	struct token t;

	memset(&t, 0, sizeof t);
	if (name_parse_token(name, state, &t) == 0) {
		if (state == STATE_RUNNING)
			snprintf(t.by, sizeof t.by, "w");
		name_token(&t, &b);
		must(str_eq(strrchr(b.s, '/') + 1, name),
		    "a token has one name");
		must(strchr(name, '/') == NULL, "and stays in its directory");
		must(b.n < NAME_PATH, "a path has room");
	}
	str_free(&b);
}

static void
parse_result(const char *name)
{
	struct str b = STR_EMPTY;
	char by[NAME_WRITER];
	unsigned attempt;

	if (name_parse_result(name, &attempt, by) == 0) {
		name_result(7, attempt, by, &b);
		must(str_eq(b.s + strlen("trials/0000/0000007/"), name),
		    "a result has one name");
		must(name_is_writer(by), "by a writer");
	}
	str_free(&b);
}

static void
parse_numbers(const char *name)
{
	struct str b = STR_EMPTY;
	uint32_t n;

	if (name_parse_segment(name, &n) == 0) {
		name_dir(STATE_DONE, n, &b);
		must(str_eq(b.s + strlen("done/"), name),
		    "a segment has one name");
	}
	if (name_parse_id(name, &n) == 0) {
		name_home(n, &b);
		must(str_eq(strrchr(b.s, '/') + 1, name),
		    "a home has one name");
	}
	if (name_is_writer(name))
		must(strchr(name, '/') == NULL && *name != '.',
		    "a writer's name can be part of a path");
	str_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_text(data, size);

	parse_token(name, STATE_READY);
	parse_token(name, STATE_RUNNING);
	parse_token(name, STATE_FAILED);
	parse_result(name);
	parse_numbers(name);
	free(name);

	return 0;
}
