/* A result, as it is found, and with the seal put right. */

#include "base/err.h"
#include "form/record.h"
#include "form/result.h"
#include "fuzz.h"

/* What has been read is written as it was read. */
static void
write_and_read(const struct result *r)
{
	struct str first = STR_EMPTY, second = STR_EMPTY;
	struct err e = ERR_NONE;
	struct result again;

	result_format(r, &first);
	must(result_parse(first.s, first.n, "f", &again, &e) == 0,
	    "what is written can be read");
	result_format(&again, &second);
	must(str_eq(first.s, second.s), "and is written the same");
	result_free(&again);
	str_free(&first);
	str_free(&second);
}

static void
parse(const char *text, size_t n)
{
	struct err e = ERR_NONE;
	struct result r;

	if (result_parse(text, n, "f", &r, &e) == 0) {
		must(strchr(r.worker, '/') == NULL && r.worker[0] != '.',
		    "a worker's name can be part of a path");
		must(r.ntail <= RESULT_TAIL, "the tail is not longer");
		must(strcspn(r.job.id, " \t\r\n") == strlen(r.job.id) &&
			strcspn(r.job.node, " \t\r\n") == strlen(r.job.node),
		    "a job is told by words");
		write_and_read(&r);
		result_free(&r);
	} else {
		must(e.code == EX_DATAERR && e.msg[0] != '\0',
		    "a mistake has a message");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str b = STR_EMPTY;

	parse((const char *)data, size);
	str_addn(&b, (const char *)data, size);
	record_seal(&b, 0);
	parse(b.s, b.n);
	str_free(&b);

	return 0;
}
