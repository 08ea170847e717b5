/* hpo-report: say what was found */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "form/summary.h"
#include "form/table.h"
#include "queue/place.h"
#include "queue/queue.h"
#include "queue/rows.h"
#include "queue/scan.h"
#include "queue/unpack.h"

enum { OPT_BEST = OPT_LONG, OPT_FORMAT, OPT_LIMIT };

/* How many rows may be asked for, and how long a value may be on a
 * terminal. */
enum { MOST = 1000000, CUT = 40 };

static const struct opt opts[] = {
	{ OPT_BEST, "best", "N", "show the best N trials [5]" },
	{ OPT_FORMAT, "format", "FORMAT", "text, json or tsv [text]" },
	{ 'h', "help", NULL, "print this help" },
	{ OPT_LIMIT, "limit", "N", "show the best N and the newest N in full" },
	{ 'V', "version", NULL, "print the version" },
	{ 0, NULL, NULL, NULL },
};

static const struct opt_tool tool = {
	"hpo-report",
	"[CAMPAIGN|ARCHIVE|TABLE|-]...",
	"say what was found",
	opts,
};

enum format { TEXT, JSON, TSV };

/* What is reported on. */
struct subject {
	const char *operand; /* NULL: the default campaign */
	char *name;
	uint32_t budget;
	bool whole;
	struct summary summary;
};

/* One run. */
struct reporting {
	enum format format;
	size_t best, limit; /* 0: not said */
	size_t n;
	struct subject *subject;
	bool damaged; /* a file was, and has been complained of */
	struct out out;
};

static int
parse_count(const char *arg, const char *option, size_t *n, struct err *e)
{
	uint64_t x;

	if (num_u64(arg, MOST, &x) < 0 || x == 0)
		return err_set(e, EX_USAGE,
		    "%s takes a number from 1 to %d, not '%s'", option, MOST,
		    arg);
	*n = (size_t)x;

	return 0;
}

static int
parse_format(const char *arg, enum format *format, struct err *e)
{
	static const char *const names[] = { "text", "json", "tsv" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_eq(arg, names[i])) {
			*format = (enum format)i;
			return 0;
		}

	return err_set(e, EX_USAGE, "--format is text, json or tsv, not '%s'",
	    arg);
}

/* 1: all is done already (help, version). */
static int
parse_options(int argc, char *argv[], struct reporting *r, struct err *e)
{
	const char *arg;
	int c, bad = 0;

	while (!bad && (c = opt_next(&tool, argc, argv, &arg, e)) != 0)
		switch (c) {
		case OPT_BEST:
			bad = parse_count(arg, "--best", &r->best, e);
			break;
		case OPT_FORMAT:
			bad = parse_format(arg, &r->format, e);
			break;
		case OPT_LIMIT:
			bad = parse_count(arg, "--limit", &r->limit, e);
			break;
		default:
			return opt_standard(&tool, c);
		}

	return bad;
}

/* Rows of a campaign's directory; of trials that have not ended the number
 * is enough. */
static int
read_rows(struct reporting *r, struct subject *s, struct rows *rows,
    struct err *e)
{
	const char *const *field;
	struct scan_walk walk = { 0, 0, 0 };
	struct scan scan;
	struct token t;
	int rc = 0, state;

	if (scan_all(rows->q, &scan, e) < 0)
		return -1;
	for (state = STATE_NEW; state <= STATE_RUNNING; state++)
		summary_count(&s->summary, name_state((enum state)state),
		    scan.count[state]);
	s->summary.expected = scan.sealed.n * NAME_SEGMENT +
	    scan.count[STATE_DONE] + scan.count[STATE_FAILED] +
	    scan.count[STATE_CLOSED];
	while (rc >= 0 && scan_next(&scan, &walk, &t)) {
		if (t.state < STATE_DONE)
			continue;
		rc = rows_read(rows, &t, &field, e);
		if (rc > 0) {
			err_report(tool.name, e);
			err_clear(e);
			r->damaged = true;
		}
		if (rc >= 0)
			summary_add(&s->summary, rows->t, field,
			    rows_tail(rows));
	}
	scan_free(&scan);

	return rc < 0 ? -1 : 0;
}

static int
read_campaign(struct reporting *r, struct subject *s, struct err *e)
{
	struct str path = STR_EMPTY;
	struct unpacked u = { .path = NULL };
	struct queue q = { .root = -1, .fd = -1 };
	struct campaign c = { .file = NULL };
	struct table columns;
	struct rows rows;
	enum place place;
	int bad;

	bad = place_source(s->operand, &path, &place, e) < 0 ||
	    (place == PLACE_ARCHIVE &&
		unpack_open(path.s, UNPACK_ROWS, 0, &u, e) < 0) ||
	    queue_open(u.path != NULL ? u.path : path.s, QUEUE_READ, &q, e) < 0;
	if (!bad)
		queue_call(&q, path.s);
	bad = bad || queue_campaign(&q, false, &c, e) < 0;
	if (!bad) {
		s->name = mem_dup(r->n > 1 ? path.s : c.name);
		s->budget = c.trials;
		s->whole = true;
		table_init(&columns);
		rows_open(&rows, &q, &c, &columns, NULL);
		rows.grow = true;
		summary_columns(&s->summary, &columns);
		bad = read_rows(r, s, &rows, e);
		rows_close(&rows);
		table_free(&columns);
	}
	campaign_free(&c);
	queue_close(&q);
	unpack_close(&u);
	str_free(&path);

	return bad ? -1 : 0;
}

static int
read_table(struct subject *s, int fd, struct err *e)
{
	struct table_reader *reader;
	const char *const *field;
	int rc;

	reader = table_open(fd, s->name, e);
	if (reader == NULL)
		return -1;
	summary_columns(&s->summary, table_columns(reader));
	while ((rc = table_next(reader, &field, e)) > 0)
		summary_add(&s->summary, table_columns(reader), field, NULL);
	table_close(reader);

	return rc;
}

static int
read_subject(struct reporting *r, struct subject *s, struct err *e)
{
	enum place place = PLACE_CAMPAIGN;
	int fd, bad;

	if (s->operand != NULL && place_tell(s->operand, &place, e) < 0)
		return -1;
	switch (place) {
	case PLACE_STDIN:
		s->name = mem_dup("<stdin>");
		return read_table(s, STDIN_FILENO, e);
	case PLACE_TABLE:
		s->name = mem_dup(s->operand);
		fd = open(s->operand, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "cannot open '%s'", s->operand);
		bad = read_table(s, fd, e);
		close(fd);
		return bad;
	default:
		return read_campaign(r, s, e);
	}
}

/* All that can be wrong has been read before anything is written. */
static void
print_reports(struct reporting *r)
{
	struct summary_about *about = mem_zero(r->n, sizeof *about);
	struct str *b = &r->out.buf;
	size_t i;

	for (i = 0; i < r->n; i++) {
		about[i].summary = &r->subject[i].summary;
		about[i].name = r->subject[i].name;
		about[i].budget = r->subject[i].budget;
		about[i].whole = r->subject[i].whole;
		about[i].cut = isatty(STDOUT_FILENO) ? CUT : 0;
	}
	if (r->format == TSV)
		summary_tsv(about, r->n, b);
	for (i = 0; i < r->n && r->format != TSV; i++)
		if (r->format == JSON) {
			summary_json(&about[i], b);
		} else {
			str_add(b, i > 0 ? "\n" : "");
			summary_text(&about[i], b);
		}
	free(about);
}

/* 0, 1 if there is no ended trial, -1. */
static int
report(struct reporting *r, struct err *e)
{
	struct subject *s;
	size_t i, ended = 0;

	for (i = 0; i < r->n; i++) {
		s = &r->subject[i];
		summary_init(&s->summary, r->best > 0 ? r->best : r->limit,
		    r->limit);
		if (read_subject(r, s, e) < 0)
			return -1;
		summary_finish(&s->summary);
		ended += s->summary.ended;
	}
	print_reports(r);
	if (r->damaged)
		return EX_DATAERR;

	return ended == 0;
}

static int
run(int argc, char *argv[], struct err *e)
{
	struct reporting r = { .format = TEXT };
	struct err late = ERR_NONE;
	size_t i;
	int rc;

	rc = parse_options(argc, argv, &r, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	r.n = argc > optind ? (size_t)(argc - optind) : 1;
	r.subject = mem_zero(r.n, sizeof *r.subject);
	for (i = 0; i < r.n; i++)
		r.subject[i].operand = argv[(size_t)optind + i];
	out_init(&r.out, STDOUT_FILENO);
	rc = report(&r, e);
	if (out_close(&r.out, rc < 0 ? &late : e) < 0)
		rc = -1;
	for (i = 0; i < r.n; i++) {
		summary_free(&r.subject[i].summary);
		free(r.subject[i].name);
	}
	free(r.subject);

	return rc;
}

int
main(int argc, char *argv[])
{
	return opt_main(&tool, run, argc, argv);
}
