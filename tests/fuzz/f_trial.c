/* trial.ini, as it is found, and with the seal put right. */

#include "base/err.h"
#include "form/record.h"
#include "form/trial.h"
#include "fuzz.h"

/* What has been read is written as it was read. */
static void
write_and_read(const struct trial *t)
{
	struct str first = STR_EMPTY, second = STR_EMPTY;
	struct err e = ERR_NONE;
	struct trial again;

	trial_format(t, &first);
	must(trial_parse(first.s, first.n, "f", &again, &e) == 0,
	    "what is written can be read");
	trial_format(&again, &second);
	must(str_eq(first.s, second.s), "and is written the same");
	trial_free(&again);
	str_free(&first);
	str_free(&second);
}

static void
parse(const char *text, size_t n)
{
	struct err e = ERR_NONE;
	struct trial t;

	if (trial_parse(text, n, "f", &t, &e) == 0) {
		write_and_read(&t);
		trial_free(&t);
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
