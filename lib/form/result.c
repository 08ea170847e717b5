#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/campaign.h"
#include "form/record.h"
#include "form/result.h"

static int
take_rest(void *cookie, const struct inifile_entry *ent, struct err *e);

#define FIELD(kind, name, none)                                                \
	{                                                                      \
#name, RECORD_##kind, offsetof(struct result, name), none      \
	}

static const struct record_field fields[] = {
	FIELD(U32, id, 0),
	FIELD(U32, attempt, 0),
	FIELD(STATUS, status, 0),
	FIELD(TEXT, cause, 0),
	FIELD(INT, exit, -1),
	FIELD(INT, signal, 0),
	FIELD(STAMP, started, 0),
	FIELD(SECONDS, seconds, 0),
	FIELD(SECONDS, user, 0),
	FIELD(SECONDS, system, 0),
	FIELD(U64, peak, 0),
	FIELD(TEXT, host, 0),
	FIELD(TEXT, worker, 0),
};

static const struct record form = { "result", sizeof fields / sizeof fields[0],
	fields, take_rest };

static void
add_number(struct str *b, double x)
{
	str_grew(b, num_exact(x, str_room(b, NUM_TEXT)));
}

bool
result_word(char *to, size_t size, const char *text)
{
	size_t n = 0;

	while (text[n] > ' ' && text[n] <= '~')
		n++;
	to[0] = '\0';
	if (n == 0 || n >= size || text[n] != '\0')
		return false;
	memcpy(to, text, n + 1);

	return true;
}

void
result_job_format(const struct job *j, const char *id, struct str *b)
{
	if (j->id[0] == '\0')
		return;
	inifile_add(b, id, j->id);
	if (j->node[0] != '\0')
		inifile_add(b, "node", j->node);
	if (j->partition[0] != '\0')
		inifile_add(b, "partition", j->partition);
	str_addf(b, "restarts = %u\n", j->restarts);
	if (j->wait >= 0)
		str_addf(b, "wait = %.0f\n", j->wait);
}

void
result_job_take(struct job *j, const char *id, const char *key, char *value)
{
	uint64_t n;

	if (str_eq(key, "restarts")) {
		if (num_u64(value, UINT32_MAX, &n) == 0)
			j->restarts = (unsigned)n;
		return;
	}
	if (str_eq(key, "wait")) {
		if (num_u64(value, UINT32_MAX, &n) == 0)
			j->wait = (double)n;
		return;
	}
	inifile_unescape(value);
	if (str_eq(key, id))
		result_word(j->id, sizeof j->id, value);
	else if (str_eq(key, "node"))
		result_word(j->node, sizeof j->node, value);
	else if (str_eq(key, "partition"))
		result_word(j->partition, sizeof j->partition, value);
}

static void
format_job(const struct result *r, struct str *b)
{
	bool known = r->history != NULL && r->history[0] != '\0';

	if (known || r->job.id[0] != '\0')
		str_add(b, "[job]\n");
	result_job_format(&r->job, "id", b);
	if (known)
		inifile_add(b, "history", r->history);
}

static void
format_metrics(const struct metrics *m, struct str *b)
{
	size_t i;

	if (m->all.n > 0)
		str_add(b, "[metrics]\n");
	for (i = 0; i < m->all.n; i++) {
		str_add(b, m->all.v[i].name);
		str_add(b, " = ");
		add_number(b, m->all.v[i].value);
		str_addc(b, '\n');
	}
}

static void
format_curves(const struct metrics *m, struct str *b)
{
	const struct metric *metric;
	bool any = false;
	size_t i, k;

	for (i = 0; i < m->all.n; i++) {
		metric = &m->all.v[i];
		if (metric->curve.n == 0)
			continue;
		if (!any)
			str_add(b, "[curve]\n");
		any = true;
		str_add(b, metric->name);
		for (k = 0; k < metric->curve.n; k++) {
			str_add(b, k > 0 ? ", " : " = ");
			add_number(b, metric->curve.v[k].step);
			str_addc(b, ' ');
			add_number(b, metric->curve.v[k].value);
		}
		str_addc(b, '\n');
	}
}

/* The length of ${s} cut to RESULT_TAIL_BYTES, not within a character. */
static size_t
tail_length(const char *s)
{
	size_t n = strlen(s), back;

	if (n <= RESULT_TAIL_BYTES)
		return n;
	n = RESULT_TAIL_BYTES;
	for (back = 0; back < 4; back++)
		if (((unsigned char)s[n - back] & 0xc0) != 0x80)
			return n - back;

	return n;
}

static void
format_tail(const struct result *r, struct str *b)
{
	char key[32], *line;
	size_t i;

	if (r->ntail > 0)
		str_add(b, "[log]\n");
	for (i = 0; i < r->ntail; i++) {
		snprintf(key, sizeof key, "tail.%zu", i + 1);
		line = mem_dupn(r->tail[i], tail_length(r->tail[i]));
		inifile_add(b, key, line);
		free(line);
	}
}

void
result_format(const struct result *r, struct str *b)
{
	size_t from = b->n;

	record_format(&form, r, b);
	format_job(r, b);
	format_metrics(&r->metrics, b);
	format_curves(&r->metrics, b);
	format_tail(r, b);
	record_seal(b, from);
}

/* Read what num_exact() writes. */
static int
parse_number(const char *s, double *out)
{
	if (num_double(s, out) == 0)
		return 0;
	if (str_eq(s, "nan"))
		*out = (double)NAN;
	else if (str_eq(s, "inf") || str_eq(s, "-inf"))
		*out = *s == '-' ? -(double)INFINITY : (double)INFINITY;
	else
		return -1;

	return 0;
}

static int
take_metric(struct metrics *m, const char *name, const char *value)
{
	double x;

	if (m->all.n == METRICS_NAMES || parse_number(value, &x) != 0)
		return -1;
	metrics_add(m, name, x);

	return 0;
}

/* "step value, step value, ..." of a metric that is known already. */
static int
take_curve(struct metrics *m, const char *name, char *p)
{
	struct metric_point *point;
	char *step, *value;
	size_t i;

	for (i = 0; i < m->all.n; i++)
		if (str_eq(m->all.v[i].name, name))
			break;
	if (i == m->all.n || m->all.v[i].curve.n > 0)
		return -1;
	while (*p != '\0') {
		step = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
		value = p;
		p += strcspn(p, ",");
		if (*p != '\0')
			*p++ = '\0';
		p += *p == ' ';
		point = arr_push(&m->all.v[i].curve);
		if (parse_number(step, &point->step) != 0 ||
		    parse_number(value, &point->value) != 0)
			return -1;
	}

	return 0;
}

static int
take_tail(struct result *r, const char *key, char *value)
{
	uint64_t i;

	if (!str_starts(key, "tail."))
		return 0;
	if (num_u64(key + strlen("tail."), RESULT_TAIL, &i) != 0 ||
	    i != r->ntail + 1)
		return -1;
	inifile_unescape(value);
	r->tail[r->ntail++] = mem_dup(value);

	return 0;
}

static void
take_job(struct result *r, const char *key, char *value)
{
	if (!str_eq(key, "history")) {
		result_job_take(&r->job, "id", key, value);
		return;
	}
	inifile_unescape(value);
	free(r->history);
	r->history = mem_dup(value);
}

static int
take_rest(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	struct result *r = cookie;
	int bad = 0;

	if (str_eq(ent->section, "job"))
		take_job(r, ent->key, ent->value);
	else if (str_eq(ent->section, "metrics"))
		bad = take_metric(&r->metrics, ent->key, ent->value);
	else if (str_eq(ent->section, "curve"))
		bad = take_curve(&r->metrics, ent->key, ent->value);
	else if (str_eq(ent->section, "log"))
		bad = take_tail(r, ent->key, ent->value);

	return bad == 0 ? 0 : record_damaged(&form, ent, e);
}

/* It may become part of a path, so it must not lead elsewhere; "" is nobody. */
static bool
is_file_name(const char *s)
{
	static const char ok[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz._-";
	size_t n = strspn(s, ok);

	return n < RESULT_WORKER && s[n] == '\0' && s[0] != '.';
}

int
result_parse(const char *text, size_t n, const char *file, struct result *r,
    struct err *e)
{
	int bad;

	memset(r, 0, sizeof *r);
	r->job.wait = -1;
	bad = record_parse(&form, text, n, file, r, e);
	if (bad == 0 && r->id >= CAMPAIGN_MAX_TRIALS)
		bad = err_set(e, EX_DATAERR,
		    "%s: result file damaged: id out of range", file);
	if (bad == 0 && !is_file_name(r->worker))
		bad = err_set(e, EX_DATAERR,
		    "%s: result file damaged: 'worker' is no name", file);
	if (bad != 0)
		result_free(r);

	return bad;
}

void
result_free(struct result *r)
{
	size_t i;

	free(r->cause);
	free(r->host);
	free(r->worker);
	free(r->history);
	metrics_free(&r->metrics);
	for (i = 0; i < r->ntail; i++)
		free(r->tail[i]);
	memset(r, 0, sizeof *r);
}
