/* Numbers as text, and texts as fields. */

#include <math.h>

#include "base/num.h"
#include "base/out.h"
#include "base/str.h"
#include "fuzz.h"

static void
scan(const char *text, size_t size)
{
	char number[NUM_TEXT];
	double x, y;
	size_t n = num_scan(text, size, &x);

	must(n <= size, "no more is read than there is");
	if (n == 0)
		return;
	num_exact(x, number);
	if (isfinite(x)) {
		must(num_double(number, &y) == 0, "a number is a number");
		must(!(x < y) && !(y < x), "and reads back exactly");
	}
	must(num_text(x, number) < NUM_TEXT, "the short text has room");
}

static void
strict(const char *text)
{
	uint64_t u;
	int64_t i;
	double x;

	num_u64(text, UINT64_MAX, &u);
	num_i64(text, &i);
	if (num_double(text, &x) == 0)
		must(isfinite(x), "a strict number is finite");
	if (num_seconds(text, &x) == 0)
		must(x >= 0, "durations are not negative");
	num_bytes(text, &u);
}

static void
fields(const char *text)
{
	struct str b = STR_EMPTY;

	out_tsv(&b, text);
	must(strpbrk(str_text(&b), "\t\n\r") == NULL, "a field is a field");
	if (b.n > 0)
		out_untsv(b.s);
	must(str_eq(str_text(&b), text), "and reads back");
	str_cut(&b, 0);
	out_csv(&b, text);
	out_json(&b, text);
	str_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	scan(text, size);
	strict(text);
	fields(text);
	free(text);

	return 0;
}
