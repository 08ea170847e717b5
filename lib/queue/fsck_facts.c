#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/trial.h"
#include "queue/fsck_facts.h"

enum { FILE_MAX = 16 << 20 };

/* A parser's message has the path before it, which a finding has not. */
static char *
reason(struct err *e)
{
	const char *text = strstr(e->msg, " file damaged: ");

	text = text != NULL ? text + strlen(" file ") : e->msg;

	return mem_dupn(text, strcspn(text, "\n"));
}

char *
fsck_facts_trial(const char *p, size_t n, uint32_t id, struct trial *t)
{
	struct err e = ERR_NONE;
	struct trial own;
	char *wrong = NULL;

	if (trial_parse(p, n, "trial.ini", &own, &e) < 0)
		return reason(&e);
	if (own.id != id)
		wrong = mem_dup("it is of another trial");
	if (t != NULL && wrong == NULL)
		*t = own;
	else
		trial_free(&own);

	return wrong;
}

void
fsck_facts_name(const char *file, struct fsck_result *x)
{
	memset(x, 0, sizeof *x);
	x->file = mem_dup(file);
	x->named = name_parse_result(file, &x->attempt, x->by) == 0;
	if (!x->named)
		x->wrong = mem_dup("unknown name");
}

void
fsck_facts_result(const char *p, size_t n, uint32_t id, struct fsck_result *x,
    struct result *r)
{
	struct err e = ERR_NONE;
	struct result own;

	if (result_parse(p, n, x->file, &own, &e) < 0) {
		x->wrong = reason(&e);
		return;
	}
	if (own.id != id || own.attempt != x->attempt ||
	    !str_eq(own.worker, x->by))
		x->wrong = mem_dup("it is of another attempt");
	x->status = own.status;
	x->cause = mem_dup(own.cause);
	if (r != NULL && x->wrong == NULL)
		*r = own;
	else
		result_free(&own);
}

/* Read a file: what is wrong goes to *${wrong}, the rest fails. */
static int
slurp(const struct queue *q, const char *path, struct str *text, char **wrong,
    struct err *e)
{
	str_cut(text, 0);
	if (fs_slurp(q->fd, path, FILE_MAX, text, e) == 0)
		return 0;
	if (e->sys != 0 && e->sys != ENOENT && e->sys != ENOTDIR)
		return err_prefix(e, "campaign '%s'", q->path);
	*wrong =
	    mem_dup(e->sys != 0 ? "missing" : "no regular file, or a huge one");
	err_clear(e);

	return 0;
}

static int
read_result(const struct queue *q, uint32_t id, const char *file,
    struct fsck_facts *f, struct err *e)
{
	struct str path = STR_EMPTY, text = STR_EMPTY;
	struct fsck_result *x = arr_push(&f->result);
	int bad = 0;

	fsck_facts_name(file, x);
	if (x->named)
		bad = slurp(q, name_in_home(id, file, &path), &text, &x->wrong,
		    e);
	if (!bad && x->wrong == NULL)
		fsck_facts_result(str_text(&text), text.n, id, x, NULL);
	if (x->named && x->attempt >= f->serial)
		f->serial = x->attempt + 1;
	str_free(&text);
	str_free(&path);

	return bad;
}

/* A log shows that its attempt has begun. */
static void
see_log(const char *name, struct fsck_facts *f)
{
	uint64_t attempt;

	if (str_starts(name, "log.") &&
	    num_u64(name + 4, 1000000, &attempt) == 0 && attempt >= f->serial)
		f->serial = (unsigned)attempt + 1;
}

int
fsck_facts_read(const struct queue *q, uint32_t id, struct fsck_facts *f,
    struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct str path = STR_EMPTY, text = STR_EMPTY;
	size_t i;
	int bad;

	memset(f, 0, sizeof *f);
	bad = queue_list(q, name_home(id, &path), &names, e) < 0 ||
	    slurp(q, name_in_home(id, "trial.ini", &path), &text, &f->wrong,
		e) < 0;
	if (!bad && f->wrong == NULL)
		f->wrong = fsck_facts_trial(str_text(&text), text.n, id, NULL);
	fs_sort(&names);
	for (i = 0; !bad && i < names.n; i++) {
		if (str_eq(names.v[i], "token"))
			f->token = true;
		else if (str_starts(names.v[i], "result."))
			bad = read_result(q, id, names.v[i], f, e);
		else
			see_log(names.v[i], f);
	}
	fs_free(&names);
	str_free(&text);
	str_free(&path);
	if (bad)
		fsck_facts_free(f);

	return bad ? -1 : 0;
}

void
fsck_facts_forget(struct fsck_result *x)
{
	free(x->file);
	free(x->wrong);
	free(x->cause);
}

void
fsck_facts_free(struct fsck_facts *f)
{
	size_t i;

	for (i = 0; i < f->result.n; i++)
		fsck_facts_forget(&f->result.v[i]);
	arr_free(&f->result);
	free(f->wrong);
	memset(f, 0, sizeof *f);
}

bool
fsck_facts_counts(const struct fsck_result *x)
{
	return x->wrong == NULL && x->status != STATUS_CANCELLED &&
	    x->status != STATUS_LOST;
}

/* Does the status fit the directory of the token? */
static bool
fits(enum state state, enum status status)
{
	bool good = status == STATUS_OK || status == STATUS_PRUNED;

	return state == STATE_DONE ? good : !good;
}

const struct fsck_result *
fsck_facts_find(const struct fsck_facts *f, const struct token *t)
{
	const struct fsck_result *x;
	size_t i;

	if (t->state < STATE_DONE)
		return NULL;
	for (i = 0; i < f->result.n; i++) {
		x = &f->result.v[i];
		if (x->named && x->attempt == t->attempt &&
		    str_eq(x->by, t->by) && x->wrong == NULL &&
		    fits(t->state, x->status))
			return x;
	}

	return NULL;
}
