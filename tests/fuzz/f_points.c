/* Points for --enqueue, JSONL or TSV. */

#include "base/err.h"
#include "base/str.h"
#include "form/point.h"
#include "form/space.h"
#include "fuzz.h"

static void
make_space(struct space *s)
{
	struct err e = ERR_NONE;

	memset(s, 0, sizeof *s);
	space_add_param(s, "lr", "loguniform(1e-4, 1e-2)", 1, &e);
	space_add_param(s, "n", "int(1, 9, step=2)", 2, &e);
	space_add_param(s, "a", "choice(1, \"1\", [64, 64], x)", 3, &e);
	space_add_param(s, "m", "normal(0, 1)", 4, &e);
	space_add_when(s, "m", "n > 2", 5, &e);
	space_add_constraint(s, "c", "lr * n < 0.05", 6, &e);
	must(space_finish(s, "f", &e) == 0, "the space is right");
}

static void
check(const struct space *s, struct point *p)
{
	struct err e = ERR_NONE;
	char *again;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (p->text[i] == NULL)
			continue;
		must(domain_check(&s->param[i].domain, p->text[i], &again,
			 &e) == 0,
		    "a value is in its domain");
		must(str_eq(again, p->text[i]), "in its spelling");
		free(again);
	}
	point_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct space s; /* made once: that takes longer than the rest */
	struct err e = ERR_NONE;
	struct point *v;
	size_t i, n;

	if (s.n == 0)
		make_space(&s);
	if (point_parse((const char *)data, size, "f", &s, &v, &n, &e) == 0) {
		for (i = 0; i < n; i++)
			check(&s, &v[i]);
		free(v);
	} else {
		must(e.code == EX_DATAERR && e.msg[0] != '\0',
		    "a mistake has a message");
	}

	return 0;
}
