/* hpo-collect: the results of a campaign as one table */

#include <errno.h>
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
#include "form/table.h"
#include "queue/collect.h"
#include "queue/find.h"
#include "queue/fsck.h"
#include "queue/place.h"
#include "queue/queue.h"

enum { OPT_ALL = OPT_LONG, OPT_CAT, OPT_FORMAT, OPT_FSCK };

enum { PIECE = 65536, LONGEST = 1 << 20 };

static const struct opt opts[] = {
	{ OPT_ALL, "all", NULL, "also the trials that have not ended" },
	{ OPT_CAT, "cat", "ID", "print the files of one trial instead" },
	{ OPT_FORMAT, "format", "FORMAT", "tsv, csv, jsonl or ini [tsv]" },
	{ OPT_FSCK, "fsck", NULL, "check the campaign's directory instead" },
	{ 'h', "help", NULL, "print this help" },
	{ 'V', "version", NULL, "print the version" },
	{ 0, NULL, NULL, NULL },
};

static const struct opt_tool tool = {
	"hpo-collect",
	"[CAMPAIGN...] [-]",
	"the results of a campaign as one table",
	opts,
};

/* What the command line asks for. */
struct wish {
	bool all, fsck, cat, ids;
	uint32_t id;
	enum table_format format;
	size_t n; /* campaigns */
	char **path;
};

/* One run. */
struct collecting {
	const struct wish *w;
	struct out out;
	struct collect table;
	struct find find;
	bool damaged; /* a file was, and has been complained of */
	bool missing; /* a trial was asked for and is not there */
};

static int
parse_operands(int argc, char *argv[], struct wish *w, struct err *e)
{
	struct str path = STR_EMPTY;
	int i;

	w->path = mem_zero((size_t)argc + 1, sizeof *w->path);
	for (i = optind; i < argc; i++) {
		if (str_eq(argv[i], "-")) {
			w->ids = true;
			continue;
		}
		if (place_is_id(argv[i]))
			return err_set(e, EX_USAGE,
			    "'%s' is an id: give ids on standard input, with "
			    "the operand '-'",
			    argv[i]);
		if (place_campaign(argv[i], &path, e) < 0)
			return -1;
		w->path[w->n++] = str_take(&path);
	}
	if (w->n == 0) {
		if (place_campaign(NULL, &path, e) < 0)
			return -1;
		w->path[w->n++] = str_take(&path);
	}
	if (w->ids && (w->fsck || w->cat))
		return err_set(e, EX_USAGE, "%s reads no ids: leave out '-'",
		    w->fsck ? "--fsck" : "--cat");
	if ((w->ids || w->cat) && w->n > 1)
		return err_set(e, EX_USAGE,
		    "an id is of one campaign, and these are %zu", w->n);

	return 0;
}

static int
parse_option(int c, const char *arg, struct wish *w, struct err *e)
{
	uint64_t id;
	int f;

	switch (c) {
	case OPT_ALL:
		w->all = true;
		break;
	case OPT_CAT:
		if (num_u64(arg, CAMPAIGN_MAX_TRIALS - 1, &id) < 0)
			return err_set(e, EX_USAGE,
			    "--cat takes an id, not '%s'", arg);
		w->cat = true;
		w->id = (uint32_t)id;
		break;
	case OPT_FORMAT:
		f = table_format_find(arg);
		if (f < 0)
			return err_set(e, EX_USAGE,
			    "--format is tsv, csv, jsonl or ini, not '%s'",
			    arg);
		w->format = (enum table_format)f;
		break;
	default:
		w->fsck = true;
		break;
	}

	return 0;
}

/* 1: all is done already (help, version). */
static int
parse_options(int argc, char *argv[], struct wish *w, struct err *e)
{
	const char *arg;
	int c;

	while ((c = opt_next(&tool, argc, argv, &arg, e)) != 0) {
		if (c < 0 || c == 'h' || c == 'V')
			return opt_standard(&tool, c);
		if (parse_option(c, arg, w, e) < 0)
			return -1;
	}
	if (w->fsck && w->cat)
		return err_set(e, EX_USAGE, "either --cat or --fsck");

	return parse_operands(argc, argv, w, e);
}

static void
complain(void *cookie, const struct err *e)
{
	struct collecting *k = cookie;

	err_report(tool.name, e);
	k->damaged = true;
}

static void
miss(struct collecting *k, uint32_t id)
{
	err_warn(tool.name, "campaign '%s' has no trial %u", k->w->path[0], id);
	k->missing = true;
}

/* The row of one id. */
static int
print_id(struct collecting *k, uint32_t id, struct err *e)
{
	struct token t;
	int rc;

	if (collect_again(&k->table, e) < 0)
		return -1;
	rc = find_trial(&k->find, id, &t, e);
	if (rc == 0)
		miss(k, id);
	if (rc <= 0)
		return rc;

	return collect_row(&k->table, &t, k->w->format, &k->out, e);
}

/* A line of ids: the first field counts; a header is passed over. */
static int
take_line(struct collecting *k, char *line, unsigned long n, struct err *e)
{
	uint64_t id;

	line += strspn(line, " \t");
	line[strcspn(line, " \t\r")] = '\0';
	if (*line == '\0' || (n == 1 && str_eq(line, table_column(TABLE_ID))))
		return 0;
	if (num_u64(line, CAMPAIGN_MAX_TRIALS - 1, &id) < 0)
		return err_set(e, EX_DATAERR, "<stdin>:%lu: '%.40s' is no id",
		    n, line);

	return print_id(k, (uint32_t)id, e);
}

/* Take the whole lines of ${b}, at the end of the input also the last. */
static int
take_lines(struct collecting *k, struct str *b, bool end, unsigned long *n,
    struct err *e)
{
	char *line = b->s, *stop;
	int bad = 0;

	if (end && b->n > 0)
		str_addc(b, '\n'), line = b->s;
	while (!bad && b->n > 0 &&
	    (stop = memchr(line, '\n', b->n - (size_t)(line - b->s))) != NULL) {
		*stop = '\0';
		bad = take_line(k, line, ++*n, e);
		line = stop + 1;
	}
	if (!bad && b->n > 0) {
		size_t rest = b->n - (size_t)(line - b->s);

		memmove(b->s, line, rest);
		str_cut(b, rest);
		if (rest > LONGEST)
			bad = err_set(e, EX_DATAERR,
			    "<stdin>:%lu: a line of more than 1 MiB", *n + 1);
	}

	return bad;
}

/* Rows in the order in which their ids come, each as soon as it comes. */
static int
follow(struct collecting *k, struct err *e)
{
	struct str b = STR_EMPTY;
	unsigned long line = 0;
	ssize_t n = 1;
	int bad = 0;

	table_head(&k->table.columns, k->w->format, &k->out.buf);
	while (!bad && n > 0) {
		if (out_flush(&k->out, e) < 0) {
			bad = -1;
			break;
		}
		n = read(STDIN_FILENO, str_room(&b, PIECE), PIECE);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			bad = err_sys(e, "cannot read standard input");
		else
			str_grew(&b, (size_t)n);
		if (!bad)
			bad = take_lines(k, &b, n == 0, &line, e);
	}
	str_free(&b);

	return bad;
}

/* 0: clean, 1: findings. */
static int
fsck(struct collecting *k, const char *path, struct err *e)
{
	struct str line = STR_EMPTY;
	struct fsck f;
	struct queue q;
	size_t i;
	int rc;

	if (queue_open(path, QUEUE_READ, &q, e) < 0)
		return -1;
	rc = fsck_run(&q, &f, e);
	queue_close(&q);
	if (rc < 0)
		return -1;
	for (i = 0; i < f.finding.n; i++) {
		str_cut(&line, 0);
		if (k->w->n > 1)
			str_addf(&line, "%s: ", path);
		str_add(&line, f.finding.v[i]);
		out_tsv(&k->out.buf, line.s);
		out_addc(&k->out, '\n');
	}
	str_cut(&line, 0);
	if (k->w->n > 1)
		str_addf(&line, "%s: ", path);
	fsck_summary(&f, &line);
	out_tsv(&k->out.buf, line.s);
	out_addc(&k->out, '\n');
	rc = f.finding.n > 0;
	fsck_free(&f);
	str_free(&line);

	return rc;
}

static int
fsck_each(struct collecting *k, struct err *e)
{
	size_t i;
	int rc, found = 0;

	for (i = 0; i < k->w->n; i++) {
		rc = fsck(k, k->w->path[i], e);
		if (rc < 0)
			return -1;
		found |= rc;
	}

	return found;
}

/* The table, or the files of a trial. */
static int
work(struct collecting *k, struct err *e)
{
	const struct wish *w = k->w;
	int rc;

	k->table.all = w->all;
	k->table.fixed = w->ids;
	k->table.warn = complain;
	k->table.cookie = k;
	rc = collect_open(&k->table, w->path, w->n, e);
	if (rc == 0 && w->ids) {
		k->find.q = &k->table.source[0].q;
		rc = follow(k, e);
		find_free(&k->find);
	} else if (rc == 0 && w->cat) {
		rc = collect_files(&k->table, w->id, &k->out, e);
		if (rc == 0)
			miss(k, w->id);
	} else if (rc == 0) {
		rc = collect_table(&k->table, w->format, &k->out, e);
	}
	collect_close(&k->table);
	if (rc < 0)
		return -1;
	if (k->damaged)
		return EX_DATAERR;

	return k->missing;
}

static int
run(int argc, char *argv[], struct err *e)
{
	struct wish w = { .format = TABLE_TSV };
	struct collecting k = { .w = &w };
	struct err late = ERR_NONE;
	size_t i;
	int rc;

	rc = parse_options(argc, argv, &w, e);
	if (rc == 0) {
		out_init(&k.out, STDOUT_FILENO);
		rc = w.fsck ? fsck_each(&k, e) : work(&k, e);
		if (out_close(&k.out, rc < 0 ? &late : e) < 0)
			rc = -1;
	} else if (rc > 0) {
		rc = 0;
	}
	for (i = 0; i < w.n; i++)
		free(w.path[i]);
	free(w.path);

	return rc;
}

int
main(int argc, char *argv[])
{
	return opt_main(&tool, run, argc, argv);
}
