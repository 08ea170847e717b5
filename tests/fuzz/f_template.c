/* A command, filled with a point. */

#include "base/err.h"
#include "form/point.h"
#include "form/space.h"
#include "form/template.h"
#include "fuzz.h"

static void
make_space(struct space *s)
{
	struct err e = ERR_NONE;

	memset(s, 0, sizeof *s);
	space_add_param(s, "lr", "loguniform(1e-4, 1e-2)", 1, &e);
	space_add_param(s, "opt", "choice(adam, sgd)", 2, &e);
	space_add_param(s, "momentum", "uniform(0, 1)", 3, &e);
	space_add_when(s, "momentum", "opt == 'sgd'", 4, &e);
	must(space_finish(s, "f", &e) == 0, "the space is right");
}

static void
expand(const char *text, const struct space *s, const char *momentum,
    bool right)
{
	struct template_env env = { "1", "0", "7", "{lr}", NULL, "'\"", " " };
	struct err e = ERR_NONE;
	struct point p;
	char **words;

	point_init(&p, s);
	point_set(&p, 0, "{opt} $(x)");
	point_set(&p, 1, "");
	point_set(&p, 2, momentum);
	words = template_expand(text, s, &p, &env, &e);
	must(words == NULL || right, "what is wrong is never filled");
	must(words != NULL ? words[0] != NULL && *words[0] != '\0'
			   : e.msg[0] != '\0',
	    "there is a program, or a message");
	template_free(words);
	point_free(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct space s; /* made once: that takes longer than the rest */
	struct err e = ERR_NONE;
	char *text = fuzz_text(data, size);
	bool right;

	if (s.n == 0)
		make_space(&s);
	right = template_check(text, &s, &e) == 0;
	expand(text, &s, "0.5", right);
	expand(text, &s, NULL, right);
	free(text);

	return 0;
}
