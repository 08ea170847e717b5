#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "queue/control.h"

int
control_read(const struct queue *q, struct control *c, struct err *e)
{
	struct fs_names names = { 0, 0, NULL };
	struct token t;
	size_t i;
	int bad;

	memset(c, 0, sizeof *c);
	bad = queue_list(q, "control", &names, e);
	for (i = 0; !bad && i < names.n; i++) {
		const char *name = names.v[i];

		if (str_eq(name, "pause"))
			c->pause = true;
		else if (str_eq(name, "drain"))
			c->drain = true;
		else if (str_eq(name, "stop"))
			c->stop = true;
		else if (str_starts(name, "cancel.") &&
		    name_parse_token(name + 7, STATE_RUNNING, &t) == 0) {
			struct control_cancel *new = arr_push(&c->cancel);

			new->id = t.id;
			new->attempt = t.attempt;
		}
	}
	fs_free(&names);

	return bad;
}

bool
control_cancels(const struct control *c, const struct token *t)
{
	size_t i;

	for (i = 0; i < c->cancel.n; i++)
		if (c->cancel.v[i].id == t->id &&
		    c->cancel.v[i].attempt == t->attempt)
			return true;

	return false;
}

void
control_free(struct control *c)
{
	arr_free(&c->cancel);
}

int
control_set(struct queue *q, const char *name, struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	bad = fs_create(q->fd, fs_join(&path, "control", name), "", 0, e);
	if (bad && e->sys == EEXIST) {
		err_clear(e);
		bad = 0;
	}
	if (!bad)
		bad = fs_sync(q->fd, "control", e);
	str_free(&path);

	return bad;
}

static const char *
cancel_name(const struct token *t, char name[40])
{
	snprintf(name, 40, "cancel.%07u.%u", t->id, t->attempt);

	return name;
}

int
control_cancel(struct queue *q, const struct token *t, struct err *e)
{
	char name[40];

	return control_set(q, cancel_name(t, name), e);
}

void
control_uncancel(struct queue *q, const struct token *t)
{
	struct str path = STR_EMPTY;
	char name[40];

	unlinkat(q->fd, fs_join(&path, "control", cancel_name(t, name)), 0);
	str_free(&path);
}

int
control_clear(struct queue *q, struct err *e)
{
	static const char *const names[] = { "control/pause", "control/drain",
		"control/stop" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (fs_remove(q->fd, names[i], e) < 0)
			return -1;

	return fs_sync(q->fd, "control", e);
}

bool
control_is_set(const struct queue *q)
{
	struct err ignored = ERR_NONE;
	struct control c;
	bool set;

	if (control_read(q, &c, &ignored) < 0)
		return false;
	set = c.pause || c.drain || c.stop;
	control_free(&c);

	return set;
}
