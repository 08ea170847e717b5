/* A domain, and behind it values to look up in it, a line each. */

#include "base/err.h"
#include "base/str.h"
#include "form/space.h"
#include "fuzz.h"

/* What is a value stays one, in the spelling it has been given. */
static void
look_up(const struct domain *d, const char *text)
{
	struct err e = ERR_NONE;
	char *once, *twice;

	domain_reads_number(d, text);
	if (domain_check(d, text, &once, &e) != 0)
		return;
	must(domain_check(d, once, &twice, &e) == 0,
	    "the spelling of a value is a value");
	must(str_eq(once, twice), "of the same spelling");
	free(twice);
	free(once);
}

/* The canonical spelling is one of the same domain; weights are normalised
 * each time, so their last digit may change. */
static void
spell(const struct domain *d)
{
	struct err e = ERR_NONE;
	struct domain again;
	char *text = domain_text(d), *other;

	must(domain_parse(text, &again, &e) == 0, "the spelling is a domain");
	other = domain_text(&again);
	must(d->weight != NULL || str_eq(text, other),
	    "that is spelled the same");
	must(domain_count(d) == domain_count(&again), "with as many values");
	domain_free(&again);
	free(other);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_NONE;
	struct domain d;
	char *text = fuzz_text(data, size);
	char *line, *rest = strchr(text, '\n');

	if (rest != NULL)
		*rest++ = '\0';
	if (domain_parse(text, &d, &e) == 0) {
		spell(&d);
		for (line = rest; line != NULL; line = rest) {
			rest = strchr(line, '\n');
			if (rest != NULL)
				*rest++ = '\0';
			look_up(&d, line);
		}
		domain_free(&d);
	}
	free(text);

	return 0;
}
