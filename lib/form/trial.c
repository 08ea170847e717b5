#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "form/campaign.h"
#include "form/record.h"
#include "form/trial.h"

static int
take_value(void *cookie, const struct inifile_entry *ent, struct err *e);

#define FIELD(kind, name, none)                                                \
	{                                                                      \
#name, RECORD_##kind, offsetof(struct trial, name), none       \
	}

static const struct record_field fields[] = {
	FIELD(U32, id, 0),
	FIELD(I64, parent, -1),
	FIELD(TEXT, searcher, 0),
	FIELD(TEXT, reason, 0),
	FIELD(HEX, space, 0),
	FIELD(TEXT, view, 0),
	FIELD(U64, seed, 0),
	FIELD(STAMP, created, 0),
	FIELD(HEX, random, 0),
};

static const struct record form = { "trial", sizeof fields / sizeof fields[0],
	fields, take_value };

void
trial_format(const struct trial *t, struct str *b)
{
	size_t from = b->n, i;

	record_format(&form, t, b);
	str_add(b, "[point]\n");
	for (i = 0; i < t->n; i++)
		inifile_add(b, t->name[i], t->text[i]);
	record_seal(b, from);
}

/* Add a parameter; the arrays hold powers of two. */
static void
add_value(struct trial *t, const char *name, const char *text)
{
	if ((t->n & (t->n - 1)) == 0) {
		t->name =
		    mem_grow(t->name, t->n > 0 ? 2 * t->n : 1, sizeof *t->name);
		t->text =
		    mem_grow(t->text, t->n > 0 ? 2 * t->n : 1, sizeof *t->text);
	}
	t->name[t->n] = mem_dup(name);
	t->text[t->n] = mem_dup(text);
	t->n++;
}

static int
take_value(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	(void)e;
	if (str_eq(ent->section, "point")) {
		inifile_unescape(ent->value);
		add_value(cookie, ent->key, ent->value);
	}

	return 0;
}

int
trial_parse(const char *text, size_t n, const char *file, struct trial *t,
    struct err *e)
{
	int bad;

	memset(t, 0, sizeof *t);
	bad = record_parse(&form, text, n, file, t, e);
	if (bad == 0 &&
	    (t->id >= CAMPAIGN_MAX_TRIALS || t->parent < -1 ||
		t->parent >= CAMPAIGN_MAX_TRIALS))
		bad = err_set(e, EX_DATAERR,
		    "%s: trial file damaged: id out of range", file);
	if (bad != 0)
		trial_free(t);

	return bad;
}

static void
free_point(struct trial *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->name[i]);
		free(t->text[i]);
	}
	free(t->name);
	free(t->text);
	t->n = 0;
	t->name = NULL;
	t->text = NULL;
}

void
trial_set_point(struct trial *t, const struct space *s, const struct point *p)
{
	size_t i;

	free_point(t);
	for (i = 0; i < p->n; i++)
		if (p->text[i] != NULL)
			add_value(t, s->param[i].name, p->text[i]);
}

void
trial_point(const struct trial *t, const struct space *s, struct point *p)
{
	size_t i, k, next = 0;

	point_init(p, s);
	for (i = 0; i < t->n; i++) {
		/* Mostly the next one, as they are written in order. */
		k = next;
		if (k >= s->n || !str_eq(t->name[i], s->param[k].name))
			k = space_find(s, t->name[i]);
		if (k == s->n)
			continue;
		point_set(p, k, t->text[i]);
		next = k + 1;
	}
}

void
trial_free(struct trial *t)
{
	free_point(t);
	free(t->searcher);
	free(t->reason);
	free(t->view);
	memset(t, 0, sizeof *t);
}
