#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/costs.h"

static const enum status troubles[COSTS_TROUBLES] = {
	[COSTS_FAILED] = STATUS_FAILED,
	[COSTS_LOST] = STATUS_LOST,
	[COSTS_OOM] = STATUS_OOM,
	[COSTS_TIMEOUT] = STATUS_TIMEOUT,
};

const char *
costs_trouble(size_t k)
{
	return status_name(troubles[k]);
}

const char *
costs_status(size_t i)
{
	return i < COSTS_OTHER ? status_name((enum status)i) : "other";
}

static void
add_sum(struct costs_sum *sum, double seconds)
{
	sum->attempts++;
	if (seconds >= 0)
		sum->seconds += seconds;
	else
		sum->unknown++;
}

/* The place of a name that may be new. */
static size_t
find_node(struct costs *c, const char *name)
{
	struct costs_node *new;
	size_t i;

	/* Mostly where the last one was. */
	if (c->last < c->nodes.n && strcmp(c->nodes.v[c->last].text, name) == 0)
		return c->last;
	c->nodes.limit = SIZE_MAX;
	i = counter_add(&c->nodes, name);
	if (i == c->node.n) {
		new = arr_push(&c->node);
		memset(new, 0, sizeof *new);
	}
	c->last = i;

	return i;
}

/* One attempt. */
static void
add_attempt(struct costs *c, size_t status, const char *name, double seconds)
{
	struct costs_node *node;
	size_t i, k;

	if (status == STATUS_CANCELLED && seconds < 0)
		return;
	add_sum(&c->status[status], seconds);
	if (name == NULL || *name == '\0')
		return;
	i = find_node(c, name);
	node = &c->node.v[i];
	add_sum(&node->sum, seconds);
	for (k = 0; k < COSTS_TROUBLES; k++)
		node->trouble[k] += status == (size_t)troubles[k];
}

/* "status@node:seconds", cut apart in place. */
static void
add_earlier(struct costs *c, char *word)
{
	char *node = strchr(word, '@');
	char *text = strrchr(word, ':');
	double seconds = -1;
	int status;

	if (node == NULL || text == NULL || text < node)
		return;
	*node++ = '\0';
	*text++ = '\0';
	if (num_double(text, &seconds) < 0 || seconds < 0)
		seconds = -1;
	status = status_find(word);
	add_attempt(c, status < 0 ? COSTS_OTHER : (size_t)status, node,
	    seconds);
}

static void
add_history(struct costs *c, const char *history)
{
	char *copy = mem_dup(history), *p = copy, *end;

	for (; *p != '\0'; p = end) {
		end = p + strcspn(p, " ");
		if (*end != '\0')
			*end++ = '\0';
		add_earlier(c, p);
	}
	free(copy);
}

static double
number(const char *text)
{
	double x;

	return text != NULL && num_double(text, &x) == 0 && x >= 0 ? x : -1;
}

static void
add_job(struct costs *c, const struct costs_row *r)
{
	double wait = number(r->wait), restarts = number(r->restarts);
	struct costs_job *job;
	size_t i;

	c->jobs.limit = SIZE_MAX;
	i = counter_add(&c->jobs, r->id);
	if (i == c->job.n) {
		job = arr_push(&c->job);
		*job = (struct costs_job){ .wait = -1, .restarts = 0 };
	}
	job = &c->job.v[i];
	if (wait >= 0 && (job->wait < 0 || wait < job->wait))
		job->wait = wait;
	if (restarts > job->restarts)
		job->restarts = restarts;
}

void
costs_add(struct costs *c, const struct costs_row *r)
{
	add_attempt(c, r->status, r->node != NULL ? r->node : r->host,
	    r->seconds);
	if (r->id != NULL)
		add_job(c, r);
	if (r->history != NULL)
		add_history(c, r->history);
	if (r->id != NULL || r->node != NULL || r->history != NULL)
		c->any = true;
}

static void
finish_jobs(struct costs *c)
{
	double *v = mem_zero(c->job.n + 1, sizeof *v);
	size_t i, n = 0;

	for (i = 0; i < c->job.n; i++) {
		c->restarts += c->job.v[i].restarts;
		if (c->job.v[i].wait >= 0)
			v[n++] = c->job.v[i].wait;
	}
	c->waits = n;
	if (n > 0) {
		num_sort(v, n);
		c->median = num_median(v, n);
		c->longest = v[n - 1];
	}
	free(v);
}

/* A node and what it is sorted by. */
struct place {
	size_t index, trouble, attempts;
	const char *name;
};

static int
compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->trouble != y->trouble)
		return x->trouble > y->trouble ? -1 : 1;
	if (x->attempts != y->attempts)
		return x->attempts > y->attempts ? -1 : 1;

	return strcmp(x->name, y->name);
}

static void
finish_nodes(struct costs *c)
{
	struct place *v = mem_zero(c->node.n + 1, sizeof *v);
	size_t i, k;

	for (i = 0; i < c->node.n; i++) {
		v[i].index = i;
		v[i].name = c->nodes.v[i].text;
		v[i].attempts = c->node.v[i].sum.attempts;
		for (k = 0; k < COSTS_TROUBLES; k++)
			v[i].trouble += c->node.v[i].trouble[k];
	}
	qsort(v, c->node.n, sizeof *v, compare);
	c->order = mem_zero(c->node.n + 1, sizeof *c->order);
	for (i = 0; i < c->node.n; i++)
		c->order[i] = v[i].index;
	free(v);
}

static void
join(struct costs_sum *to, const struct costs_sum *sum)
{
	to->attempts += sum->attempts;
	to->unknown += sum->unknown;
	to->seconds += sum->seconds;
}

void
costs_finish(struct costs *c)
{
	size_t i;

	for (i = 0; i < COSTS_STATUSES; i++) {
		join(&c->all, &c->status[i]);
		if (i != STATUS_OK && i != STATUS_PRUNED)
			join(&c->wasted, &c->status[i]);
	}
	finish_jobs(c);
	finish_nodes(c);
}

void
costs_free(struct costs *c)
{
	counter_free(&c->nodes);
	counter_free(&c->jobs);
	arr_free(&c->node);
	arr_free(&c->job);
	free(c->order);
	memset(c, 0, sizeof *c);
}
