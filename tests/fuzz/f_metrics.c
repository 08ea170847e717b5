/*
 * What a command prints, searched by the patterns that programs need; all at
 * once and in pieces, which makes no difference.
 */

#include <math.h>

#include "base/err.h"
#include "form/campaign.h"
#include "form/metrics.h"
#include "form/result.h"
#include "fuzz.h"

static struct metrics_reader *
new_reader(void)
{
	static char a[] = "val_error", b[] = "accuracy", c[] = "loss";
	static char colon[] = "val_error[=:]";
	static char group[] = "acc(uracy)?[ =]+([0-9.]+)%";
	static char any[] = "^[^a-z]*loss *= *(.*)$";
	struct pattern patterns[] = { { a, colon, 1 }, { b, group, 2 },
		{ c, any, 3 } };
	struct err e = ERR_NONE;
	struct metrics_reader *r =
	    metrics_reader_new(patterns, 3, "[Ee]poch", &e);

	must(r != NULL, "the patterns compile");

	return r;
}

/* Feed the bytes in pieces of up to ${piece}, and what came of it as text. */
static char *
read_all(const char *p, size_t n, size_t piece)
{
	struct metrics_reader *r = new_reader();
	struct result out;
	struct str b = STR_EMPTY;
	size_t k;

	memset(&out, 0, sizeof out);
	for (; n > 0; n -= k, p += k) {
		k = n < piece ? n : piece;
		metrics_feed(r, p, k, &out.metrics);
	}
	metrics_end(r, &out.metrics);
	metrics_reader_free(r);
	must(out.metrics.all.n <= METRICS_NAMES, "names are bounded");
	result_format(&out, &b);
	if (out.metrics.mistake != NULL)
		str_add(&b, out.metrics.mistake);
	result_free(&out);

	return str_take(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct metrics m = { .mistake = NULL };
	struct err e = ERR_NONE;
	char *text = fuzz_text(data, size);
	char *whole = read_all(text, size, size + 1);
	char *pieces = read_all(text, size, 1 + size % 7);

	must(str_eq(whole, pieces), "pieces make no difference");
	metrics_line(text, &m, &e);
	metrics_pair(text, &m, &e);
	metrics_free(&m);
	free(pieces);
	free(whole);
	free(text);

	return 0;
}
