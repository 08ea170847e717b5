/* hpo-sample: propose trials */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "form/point.h"
#include "form/table.h"
#include "form/trial.h"
#include "queue/attempt.h"
#include "queue/birth.h"
#include "queue/place.h"
#include "queue/scan.h"
#include "search/search.h"

enum { OPT_FILL = OPT_LONG, OPT_ENQUEUE, OPT_DRY, OPT_FORMAT, OPT_VERIFY };

enum { BATCH = 250, GIVEN_MAX = 1 << 30 };

static const struct opt opts[] = {
	{ 'n', "count", "N", "make N trials [1]" },
	{ OPT_DRY, "dry-run", NULL, "print the points, change nothing" },
	{ OPT_ENQUEUE, "enqueue", "FILE",
	    "make trials of the points in FILE (JSON lines, TSV)" },
	{ OPT_FILL, "fill", "N",
	    "make as many as bring the waiting ones to N" },
	{ OPT_FORMAT, "format", "FORMAT", "print points as tsv, jsonl or ini" },
	{ 'h', "help", NULL, "print this help" },
	{ OPT_VERIFY, "verify", NULL,
	    "propose every trial anew, compare it with its file" },
	{ 'V', "version", NULL, "print the version" },
	{ 0, NULL, NULL, NULL },
};

static const struct opt_tool tool = {
	"hpo-sample",
	"[CAMPAIGN]",
	"propose trials",
	opts,
};

/* What the command line asks for. */
struct wish {
	uint32_t count;
	bool asked; /* for a number of trials, by a person that is */
	bool fill, dry, verify, print_points;
	enum table_format format;
	const char *enqueue;
	const char *campaign;
};

/* One run. */
struct sampling {
	struct queue q;
	struct campaign c;
	const struct searcher *searcher;
	struct out out;
	struct table columns; /* id and the parameters */
	const char **field;
	bool head_done;
	/* --enqueue: the points given, those before ${next} are made */
	struct point *given;
	size_t ngiven, next;
};

static int
parse_count(const char *arg, const char *option, uint32_t *n, struct err *e)
{
	uint64_t x;

	if (num_u64(arg, CAMPAIGN_MAX_TRIALS, &x) < 0)
		return err_set(e, EX_USAGE,
		    "%s takes a number from 0 to %d, not '%s'", option,
		    CAMPAIGN_MAX_TRIALS, arg);
	*n = (uint32_t)x;

	return 0;
}

static int
parse_format(const char *arg, struct wish *w, struct err *e)
{
	int f = table_format_find(arg);

	if (f < 0 || f == TABLE_CSV)
		return err_set(e, EX_USAGE,
		    "--format is tsv, jsonl or ini, not '%s'", arg);
	w->format = (enum table_format)f;
	w->print_points = true;

	return 0;
}

/* 1: all is done already (help, version). */
static int
parse_options(int argc, char *argv[], struct wish *w, struct err *e)
{
	const char *arg;
	bool counted = false;
	int c, bad = 0;

	memset(w, 0, sizeof *w);
	w->count = 1;
	w->format = TABLE_TSV;
	while (!bad && (c = opt_next(&tool, argc, argv, &arg, e)) != 0)
		switch (c) {
		case 'n':
		case OPT_FILL:
			counted = true;
			w->fill = c == OPT_FILL;
			bad = parse_count(arg, w->fill ? "--fill" : "--count",
			    &w->count, e);
			break;
		case OPT_ENQUEUE:
			w->enqueue = arg;
			break;
		case OPT_DRY:
			w->dry = w->print_points = true;
			break;
		case OPT_FORMAT:
			bad = parse_format(arg, w, e);
			break;
		case OPT_VERIFY:
			w->verify = true;
			break;
		default:
			return opt_standard(&tool, c);
		}
	if (bad)
		return -1;
	if (w->verify && (counted || w->enqueue != NULL || w->print_points))
		return err_set(e, EX_USAGE,
		    "--verify makes no trials: leave out the other options");
	if (w->enqueue != NULL && counted)
		return err_set(e, EX_USAGE,
		    "--enqueue makes as many trials as the file has points: "
		    "leave out --count and --fill");
	if (argc - optind > 1)
		return err_set(e, EX_USAGE, "one campaign at a time, not '%s'",
		    argv[optind + 1]);
	w->campaign = optind < argc ? argv[optind] : NULL;
	w->asked = (counted && !w->fill) || w->enqueue != NULL;

	return 0;
}

static int
find_searcher(struct sampling *s, struct err *e)
{
	const char *const *names;
	const char *near;
	size_t n;

	s->searcher = search_find(s->c.method);
	if (s->searcher != NULL)
		return 0;
	names = search_names(&n);
	near = str_nearest(s->c.method, names, n);

	return err_set(e, EX_DATAERR, "%s:%u: unknown method '%s'%s%s%s",
	    s->c.file, s->c.method_line, s->c.method,
	    near != NULL ? ", did you mean '" : ", 'random' is one",
	    near != NULL ? near : "", near != NULL ? "'?" : "");
}

static int
read_given(struct sampling *s, const char *file, struct err *e)
{
	struct str text = STR_EMPTY;
	bool is_stdin = str_eq(file, "-");
	int fd, bad;

	fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", file);
	if (is_stdin)
		file = "<stdin>";
	bad = fs_drain(fd, file, GIVEN_MAX, &text, e);
	if (!bad)
		bad = point_parse(str_text(&text), text.n, file, &s->c.space,
		    &s->given, &s->ngiven, e);
	if (!is_stdin)
		close(fd);
	str_free(&text);

	return bad;
}

/* The point of trial ${id}: a given one completed, or a new one. */
static int
propose(struct sampling *s, uint32_t id, const struct point *given,
    struct point *p, struct str *reason, struct err *e)
{
	struct search_ask ask = {
		.space = &s->c.space, .seed = s->c.seed, .id = id
	};
	size_t i;

	for (i = 0; i < p->n; i++)
		if (given != NULL)
			point_set(p, i, given->text[i]);
		else
			point_set(p, i, NULL);
	str_cut(reason, 0);
	if (s->searcher->propose(&ask, p, reason, e) < 0)
		return err_prefix(e, "%s: trial %u", s->c.file, id);

	return 0;
}

static void
print_point(struct sampling *s, const struct wish *w, uint32_t id,
    char *const *text)
{
	char number[16];
	size_t i;

	if (!s->head_done)
		table_head(&s->columns, w->format, &s->out.buf);
	s->head_done = true;
	snprintf(number, sizeof number, "%u", id);
	s->field[0] = number;
	for (i = 0; i < s->c.space.n; i++)
		s->field[i + 1] = text[i];
	table_row(&s->columns, s->field, w->format, &s->out.buf);
	out_add(&s->out, "");
}

/* The points of the next free ids. */
static int
dry_run(struct sampling *s, const struct wish *w, struct err *e)
{
	uint32_t want = w->enqueue != NULL ? (uint32_t)s->ngiven : w->count;
	uint32_t *id = mem_alloc(want * sizeof *id);
	struct str reason = STR_EMPTY;
	struct point p;
	uint32_t i, n = 0;
	int bad;

	bad = birth_free_ids(&s->q, s->c.trials, want, id, &n, e);
	point_init(&p, &s->c.space);
	for (i = 0; i < n && !bad; i++) {
		bad = propose(s, id[i],
		    w->enqueue != NULL ? &s->given[i] : NULL, &p, &reason, e);
		if (!bad)
			print_point(s, w, id[i], p.text);
	}
	point_free(&p);
	str_free(&reason);
	free(id);

	return bad ? -1 : n < want;
}

/* Make the struct of a trial to be born. */
static int
conceive(struct sampling *s, uint32_t id, const struct point *given,
    struct trial *t, struct err *e)
{
	struct str reason = STR_EMPTY;
	struct point p;
	int bad;

	memset(t, 0, sizeof *t);
	point_init(&p, &s->c.space);
	bad = propose(s, id, given, &p, &reason, e);
	t->id = id;
	t->parent = -1;
	t->searcher = mem_dup(given != NULL ? "enqueue" : s->searcher->name);
	t->reason = mem_dup(given != NULL ? "given" : str_text(&reason));
	t->view = mem_dup("");
	t->seed = s->c.seed;
	t->space = s->c.space.digest;
	t->random = proc_random64();
	clk_wall(t->created);
	trial_set_point(t, &s->c.space, &p);
	point_free(&p);
	str_free(&reason);

	return bad;
}

/* Print what has been made of a batch; it is durable by now. */
static int
print_made(struct sampling *s, const struct wish *w, const struct trial *t,
    const unsigned char *made, uint32_t n, struct err *e)
{
	struct point p;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (!made[i])
			continue;
		if (w->print_points) {
			trial_point(&t[i], &s->c.space, &p);
			print_point(s, w, t[i].id, p.text);
			point_free(&p);
		} else {
			out_addf(&s->out, "%u\n", t[i].id);
		}
	}

	return out_flush(&s->out, e);
}

/* The first writer makes hpo/; whoever finds nothing to write does not. */
static int
open_for_writing(struct sampling *s, struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	if (queue_is_whole(&s->q))
		return 0;
	str_add(&path, s->q.path);
	queue_close(&s->q);
	bad = queue_open(path.s, QUEUE_WRITE, &s->q, e);
	str_free(&path);

	return bad;
}

/*
 * One batch of at most ${want}: 1 if ids were left, 0 if the budget is used
 * up.  An id that another sampler took meanwhile is not ours; a given point
 * then waits for the next batch.
 */
static int
make_batch(struct sampling *s, const struct wish *w, uint32_t want,
    uint32_t *done, struct err *e)
{
	uint32_t id[BATCH], n = 0, i, k;
	unsigned char made[BATCH] = { 0 };
	struct trial t[BATCH];
	struct point *given = s->given != NULL ? s->given + s->next : NULL;
	struct point swap;
	int bad;

	if (birth_free_ids(&s->q, s->c.trials, want < BATCH ? want : BATCH, id,
		&n, e) < 0)
		return -1;
	for (i = 0, bad = 0; i < n && !bad; i++)
		bad = conceive(s, id[i], given != NULL ? &given[i] : NULL,
		    &t[i], e);
	k = i;
	if (!bad && n > 0)
		bad = open_for_writing(s, e);
	if (!bad && n > 0)
		bad = birth_batch(&s->q, t, n, made, e);
	*done = 0;
	for (i = 0; i < n; i++) {
		if (!made[i])
			continue;
		if (given != NULL && i != *done) {
			swap = given[*done];
			given[*done] = given[i];
			given[i] = swap;
		}
		(*done)++;
	}
	s->next += given != NULL ? *done : 0;
	if (bad) {
		struct err ignored = ERR_NONE;
		print_made(s, w, t, made, n, &ignored);
	} else {
		bad = print_made(s, w, t, made, n, e);
	}
	for (i = 0; i < k; i++)
		trial_free(&t[i]);

	return bad ? -1 : n > 0;
}

static int
count_ready(void *cookie, const struct token *t, struct err *e)
{
	uint32_t *n = cookie;

	(void)t;
	(void)e;
	++*n;

	return 0;
}

static int
make(struct sampling *s, const struct wish *w, struct err *e)
{
	uint32_t want = w->enqueue != NULL ? (uint32_t)s->ngiven : w->count;
	uint32_t done, waiting = 0;
	int rc = 1;

	if (w->fill) {
		if (scan_each(&s->q, STATE_READY, count_ready, &waiting, e) < 0)
			return -1;
		want = want > waiting ? want - waiting : 0;
	}
	while (want > 0 && rc > 0) {
		rc = make_batch(s, w, want, &done, e);
		if (rc > 0)
			want -= done;
	}

	/* A worker that looks for one more, and cron, ask for silence. */
	if (rc >= 0 && want > 0 && w->asked)
		err_warn(tool.name,
		    "%u fewer than asked for: all %u trials of %s exist", want,
		    s->c.trials, s->c.file);

	return rc < 0 ? -1 : want > 0;
}

/* What verification goes through. */
struct verified {
	struct sampling *s;
	bool same;
};

/* Compare a trial with what it should be; prints differences. */
static int
compare(struct verified *v, const struct trial *t, struct err *e)
{
	struct sampling *s = v->s;
	struct str reason = STR_EMPTY;
	struct point now, was;
	size_t i;
	int bad;

	if (str_eq(t->searcher, "enqueue"))
		return 0;
	if (t->space != s->c.space.digest || t->seed != s->c.seed) {
		out_addf(&s->out, "%u: made from another space or seed\n",
		    t->id);
		v->same = false;
		return 0;
	}
	point_init(&now, &s->c.space);
	trial_point(t, &s->c.space, &was);
	bad = propose(s, t->id, NULL, &now, &reason, e);
	for (i = 0; i < s->c.space.n && !bad; i++) {
		const char *a = now.text[i] != NULL ? now.text[i] : "(none)";
		const char *b = was.text[i] != NULL ? was.text[i] : "(none)";

		if (str_eq(a, b))
			continue;
		out_addf(&s->out, "%u: %s is %s, not %s\n", t->id,
		    s->c.space.param[i].name, b, a);
		v->same = false;
	}
	point_free(&now);
	point_free(&was);
	str_free(&reason);

	return bad;
}

/* One that was read, unless it is ${damaged}: then it cannot be the same. */
static int
verify_one(struct verified *v, uint32_t id, struct trial *t, int damaged,
    struct err *e)
{
	int bad;

	if (damaged) {
		out_addf(&v->s->out, "%u: %s\n", id, e->msg);
		err_clear(e);
		v->same = false;
		return 0;
	}
	bad = compare(v, t, e);
	trial_free(t);

	return bad;
}

static int
verify_sealed(void *cookie, uint32_t id, const struct str *text, struct err *e)
{
	struct trial t;

	return verify_one(cookie, id, &t,
	    trial_parse(text->s, text->n, "trial.ini", &t, e), e);
}

static int
verify(struct sampling *s, struct err *e)
{
	struct verified v = { s, true };
	struct scan_walk walk = { 0, 0, 0 };
	struct scan scan;
	struct token t;
	struct trial trial;
	int bad = 0;

	if (scan_all(&s->q, &scan, e) < 0)
		return -1;
	while (!bad && scan_next(&scan, &walk, &t))
		if (t.state != STATE_SEALED)
			bad = verify_one(&v, t.id, &trial,
			    attempt_trial(&s->q, t.id, &trial, e), e);
		else if (t.id % NAME_SEGMENT == 0)
			bad = segment_trials(&s->q, name_segment(t.id),
			    verify_sealed, &v, e);
	scan_free(&scan);

	return bad ? -1 : !v.same;
}

static int
begin(struct sampling *s, const struct wish *w, struct err *e)
{
	struct str path = STR_EMPTY;
	size_t i;
	int bad;

	bad = place_campaign(w->campaign, &path, e);
	if (!bad)
		bad = queue_open(path.s, QUEUE_READ, &s->q, e);
	if (!bad)
		bad = queue_campaign(&s->q, true, &s->c, e);
	if (!bad)
		bad = find_searcher(s, e);
	if (!bad && w->enqueue != NULL)
		bad = read_given(s, w->enqueue, e);
	str_free(&path);
	if (bad)
		return -1;
	table_init(&s->columns);
	table_add(&s->columns, "id");
	for (i = 0; i < s->c.space.n; i++)
		table_add(&s->columns, s->c.space.param[i].name);
	s->field = mem_zero(s->c.space.n + 1, sizeof *s->field);

	return 0;
}

static void
finish(struct sampling *s)
{
	size_t i;

	for (i = 0; i < s->ngiven; i++)
		point_free(&s->given[i]);
	free(s->given);
	str_free(&s->out.buf);
	free(s->field);
	table_free(&s->columns);
	campaign_free(&s->c);
	queue_close(&s->q);
}

/* 0 done, 1 fewer than asked for, -1. */
static int
run(int argc, char *argv[], struct err *e)
{
	struct sampling s = { .q = { .root = -1, .fd = -1 } };
	struct err late = ERR_NONE;
	struct wish w;
	int rc;

	rc = parse_options(argc, argv, &w, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	out_init(&s.out, STDOUT_FILENO);
	rc = begin(&s, &w, e);
	if (rc == 0)
		rc = w.verify ? verify(&s, e)
		    : w.dry   ? dry_run(&s, &w, e)
			      : make(&s, &w, e);
	if (out_flush(&s.out, rc < 0 ? &late : e) < 0)
		rc = -1;
	finish(&s);

	return rc;
}

int
main(int argc, char *argv[])
{
	return opt_main(&tool, run, argc, argv);
}
