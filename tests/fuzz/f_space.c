/* A whole campaign.ini: space, expressions, command, patterns. */

#include "base/err.h"
#include "base/num.h"
#include "base/str.h"
#include "form/campaign.h"
#include "form/point.h"
#include "form/template.h"
#include "fuzz.h"

/* A value that a domain can have, by kind. */
static void
some_value(const struct domain *d, char number[NUM_TEXT], const char **text)
{
	*text = number;
	switch (d->kind) {
	case DOMAIN_INT:
	case DOMAIN_LOGINT:
		snprintf(number, NUM_TEXT, "%lld", (long long)d->ilo);
		break;
	case DOMAIN_CHOICE:
	case DOMAIN_ORDINAL:
	case DOMAIN_CONST:
		*text = d->value[d->n - 1];
		break;
	case DOMAIN_NORMAL:
	case DOMAIN_LOGNORMAL:
		snprintf(number, NUM_TEXT, "1");
		break;
	default:
		if (d->step > 0)
			domain_spell(d, domain_grid(d, domain_count(d) - 1),
			    number);
		else
			domain_spell(d, d->hi, number);
		break;
	}
}

static void
run_point(const struct campaign *c)
{
	struct template_env env = { "1", "0", "7", "/d", "/d/c", "/c", "1" };
	const struct space *s = &c->space;
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	struct point p;
	const char *text;
	char number[NUM_TEXT], *canonical;
	size_t i, broken;

	point_init(&p, s);
	for (i = 0; i < s->n; i++) {
		some_value(&s->param[i].domain, number, &text);
		must(domain_check(&s->param[i].domain, text, &canonical, &e) ==
			0,
		    "a value of the domain is in the domain");
		must(str_eq(canonical, text), "and is spelled so");
		point_set(&p, i, canonical);
		free(canonical);
	}
	if (point_activate(&p, s, &e) == 0)
		point_allowed(&p, s, &broken, &e);
	point_json(&p, s, &b);
	if (c->command != NULL)
		template_free(template_expand(c->command, s, &p, &env, &e));
	str_free(&b);
	point_free(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct campaign c;
	struct err e = ERR_NONE;
	char *text;

	if (campaign_parse((const char *)data, size, "f", "name", &c, &e) < 0) {
		must(e.code == EX_DATAERR && e.msg[0] != '\0',
		    "a mistake has a message");
		return 0;
	}
	must(c.nobjective > 0 && c.trials > 0, "what is required is there");
	text = space_text(&c.space);
	free(text);
	run_point(&c);
	campaign_free(&c);

	return 0;
}
