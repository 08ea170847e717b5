/* An expression, in the campaign's own Lua. */

#include "base/err.h"
#include "form/expr.h"
#include "form/luascan.h"
#include "fuzz.h"

/* With every name that it reads given, none is unknown. */
static void
evaluate(struct expr *x, bool number)
{
	const char *const *names;
	struct expr_var *var;
	struct err e = ERR_NONE;
	size_t i, n;
	bool truth;

	names = expr_names(x, &n);
	var = mem_alloc((n + 1) * sizeof *var);
	for (i = 0; i < n; i++) {
		var[i].name = names[i];
		var[i].text = i % 2 == 0 ? "0.25" : "7";
		var[i].number = number;
	}
	if (expr_eval(x, var, n, &truth, &e) < 0) {
		must(e.code == EX_CONFIG && e.msg[0] != '\0',
		    "a failure has a message");
		must(strncmp(e.msg, "the name '", 10) != 0,
		    "all names are found");
	}
	free(var);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_NONE;
	char *text = fuzz_text(data, size);
	struct expr *x = expr_new(text, &e);

	if (x != NULL) {
		must(strcmp(expr_text(x), text) == 0, "its text is kept");
		evaluate(x, true);
		evaluate(x, false);
		expr_free(x);
	} else {
		must(e.code == EX_DATAERR && e.msg[0] != '\0',
		    "a mistake has a message");
	}
	luascan_hint(text);
	free(text);

	return 0;
}
