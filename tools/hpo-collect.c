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
#include "queue/bundle.h"
#include "queue/collect.h"
#include "queue/find.h"
#include "queue/fsck.h"
#include "queue/place.h"
#include "queue/queue.h"
#include "queue/repair.h"
#include "queue/seal.h"
#include "queue/segment.h"
#include "queue/unpack.h"

enum {
	OPT_ALL = OPT_LONG,
	OPT_ARCHIVE,
	OPT_CAT,
	OPT_FORCE,
	OPT_FORMAT,
	OPT_FSCK,
	OPT_REMOVE,
	OPT_REPAIR,
	OPT_SEAL,
	OPT_USER_FILES
};

enum { PIECE = 65536, LONGEST = 1 << 20 };

static const struct opt opts[] = {
	{ OPT_ALL, "all", NULL, "also the trials that have not ended" },
	{ OPT_ARCHIVE, "archive", "FILE", "make an archive of the campaign" },
	{ OPT_CAT, "cat", "ID", "print the files of one trial instead" },
	{ OPT_FORCE, "force", NULL,
	    "archive what has not finished, repair what may run" },
	{ OPT_FORMAT, "format", "FORMAT", "tsv, csv, jsonl or ini [tsv]" },
	{ OPT_FSCK, "fsck", NULL, "check the campaign's directory instead" },
	{ 'h', "help", NULL, "print this help" },
	{ OPT_REMOVE, "remove", NULL, "remove what has been archived" },
	{ OPT_REPAIR, "repair", NULL, "with --fsck: mend what is wrong" },
	{ OPT_SEAL, "seal", NULL, "pack each thousand of ended trials" },
	{ OPT_USER_FILES, "user-files", NULL,
	    "archive your own files too, not only the programs'" },
	{ 'V', "version", NULL, "print the version" },
	{ 0, NULL, NULL, NULL },
};

static const struct opt_tool tool = {
	"hpo-collect",
	"[CAMPAIGN|ARCHIVE...] [-]",
	"the results of a campaign as one table",
	opts,
};

/* What the command line asks for. */
struct wish {
	bool all, fsck, repair, cat, ids, seal;
	uint32_t id;
	enum table_format format;
	struct bundle_wish bundle; /* no file: none is wanted */
	size_t n;                  /* campaigns */
	struct source {
		char *name; /* as given */
		enum place place;
		struct unpacked unpacked; /* of an archive */
	} * source;
	char **name, **path; /* of each; the path is where it can be read */
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

/* One of them, or the default (NULL). */
static int
add_source(const char *operand, struct wish *w, struct err *e)
{
	bool reads = !w->seal && !w->repair && w->bundle.file == NULL;
	struct str path = STR_EMPTY;
	struct source *s = &w->source[w->n];
	int bad;

	bad = reads ? place_source(operand, &path, &s->place, e)
		    : place_campaign(operand, &path, e);
	if (bad) {
		str_free(&path);
		return -1;
	}
	s->name = str_take(&path);
	w->name[w->n] = w->path[w->n] = s->name;
	w->n++;

	return 0;
}

static const char *
mode(const struct wish *w)
{
	return w->fsck               ? "--fsck"
	    : w->seal                ? "--seal"
	    : w->bundle.file != NULL ? "--archive"
	    : w->cat                 ? "--cat"
				     : NULL;
}

static int
parse_operands(int argc, char *argv[], struct wish *w, struct err *e)
{
	int i;

	w->source = mem_zero((size_t)argc + 1, sizeof *w->source);
	w->name = mem_zero((size_t)argc + 1, sizeof *w->name);
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
		if (add_source(argv[i], w, e) < 0)
			return -1;
	}
	if (w->n == 0 && add_source(NULL, w, e) < 0)
		return -1;
	if (w->ids && mode(w) != NULL)
		return err_set(e, EX_USAGE, "%s reads no ids: leave out '-'",
		    mode(w));
	if ((w->ids || w->cat) && w->n > 1)
		return err_set(e, EX_USAGE,
		    "an id is of one campaign, and these are %zu", w->n);
	if (w->bundle.file != NULL && w->n > 1)
		return err_set(e, EX_USAGE,
		    "an archive is of one campaign, and these are %zu", w->n);

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
	case OPT_ARCHIVE:
		w->bundle.file = arg;
		break;
	case OPT_FORCE:
		w->bundle.force = true;
		break;
	case OPT_REMOVE:
		w->bundle.remove = true;
		break;
	case OPT_REPAIR:
		w->repair = true;
		break;
	case OPT_USER_FILES:
		w->bundle.users = true;
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
	case OPT_SEAL:
		w->seal = true;
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
	if (w->fsck + w->cat + w->seal + (w->bundle.file != NULL) > 1)
		return err_set(e, EX_USAGE,
		    "one of --archive, --cat, --fsck, --seal at a time");
	if (w->repair && !w->fsck)
		return err_set(e, EX_USAGE, "--repair goes with --fsck");
	if (w->bundle.file == NULL && w->bundle.force && !w->repair)
		return err_set(e, EX_USAGE,
		    "--force goes with --archive or --repair");
	if (w->bundle.file == NULL && (w->bundle.remove || w->bundle.users))
		return err_set(e, EX_USAGE, "%s goes with --archive",
		    w->bundle.remove ? "--remove" : "--user-files");

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
	err_warn(tool.name, "campaign '%s' has no trial %u", k->w->name[0], id);
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

/* A line about one of the campaigns. */
static void
print_about(struct collecting *k, const char *name, const char *text)
{
	if (k->w->n > 1) {
		out_tsv(&k->out.buf, name);
		out_add(&k->out, ": ");
	}
	out_tsv(&k->out.buf, text);
	out_addc(&k->out, '\n');
}

static void
print_findings(struct collecting *k, const char *name, const struct fsck *f)
{
	struct str summary = STR_EMPTY;
	size_t i;

	for (i = 0; i < f->finding.n; i++)
		print_about(k, name, f->finding.v[i].text);
	fsck_summary(f, &summary);
	print_about(k, name, summary.s);
	str_free(&summary);
}

/* A mend is told at once: nothing that follows takes it back. */
struct mending {
	struct collecting *k;
	const char *name;
};

static void
print_mend(void *cookie, const char *line)
{
	struct mending *m = cookie;
	struct err ignored = ERR_NONE; /* out_close() tells */

	print_about(m->k, m->name, line);
	out_flush(&m->k->out, &ignored);
}

/* 0: clean, 1: findings. */
static int
fsck(struct collecting *k, size_t which, struct err *e)
{
	const char *name = k->w->name[which], *path = k->w->path[which];
	struct mending m = { k, name };
	struct fsck f;
	struct queue q;
	int rc;

	if (k->w->repair) {
		rc =
		    repair_run(path, k->w->bundle.force, print_mend, &m, &f, e);
	} else {
		if (queue_open(path, QUEUE_READ, &q, e) < 0)
			return -1;
		queue_call(&q, name);
		rc = fsck_run(&q, &f, e);
		queue_close(&q);
	}
	if (rc < 0)
		return -1;
	rc = f.finding.n > 0;
	if (rc > 0 || !k->w->repair)
		print_findings(k, name, &f);
	fsck_free(&f);

	return rc;
}

static int
fsck_each(struct collecting *k, struct err *e)
{
	size_t i;
	int rc, found = 0;

	for (i = 0; i < k->w->n; i++) {
		rc = fsck(k, i, e);
		if (rc < 0)
			return -1;
		found |= rc;
	}

	return found;
}

/* Seal what can be sealed, and say how much is. */
static int
seal(struct collecting *k, const char *path, struct err *e)
{
	struct segments sealed = { 0, 0, NULL };
	struct campaign c = { .file = NULL };
	struct queue q;
	struct seal s;
	int bad;

	if (queue_open(path, QUEUE_READ, &q, e) < 0)
		return -1;
	bad = queue_campaign(&q, false, &c, e);
	if (!bad && q.fd >= 0)
		bad = seal_all(&q, &c, &s, e);
	if (!bad)
		bad = segments_list(&q, &sealed, e);
	if (!bad) {
		if (k->w->n > 1)
			out_addf(&k->out, "%s: ", path);
		out_addf(&k->out, "%u segments sealed, %zu in all\n",
		    q.fd >= 0 ? s.sealed : 0, sealed.n);
	}
	segments_free(&sealed);
	campaign_free(&c);
	queue_close(&q);

	return bad;
}

static int
seal_each(struct collecting *k, struct err *e)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < k->w->n && !bad; i++)
		bad = seal(k, k->w->path[i], e);

	return bad;
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
	k->table.name = w->name;
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

/* Unpack what is needed of archives. */
static int
open_archives(struct wish *w, struct err *e)
{
	enum unpack_need need = w->fsck ? UNPACK_ALL
	    : w->cat                    ? UNPACK_TRIAL
					: UNPACK_ROWS;
	struct source *s;
	size_t i;

	for (i = 0; i < w->n; i++) {
		s = &w->source[i];
		if (s->place != PLACE_ARCHIVE)
			continue;
		if (unpack_open(s->name, need, w->id, &s->unpacked, e) < 0)
			return -1;
		w->path[i] = s->unpacked.path;
	}

	return 0;
}

static int
archive(struct wish *w, struct err *e)
{
	int rc = bundle_make(w->path[0], &w->bundle, e);

	if (rc > 0) {
		err_report(tool.name, e);
		err_clear(e);
	}

	return rc;
}

static void
forget(struct wish *w)
{
	size_t i;

	for (i = w->n; i-- > 0;) {
		unpack_close(&w->source[i].unpacked);
		free(w->source[i].name);
	}
	free(w->source);
	free(w->name);
	free(w->path);
}

static int
run(int argc, char *argv[], struct err *e)
{
	struct wish w = { .format = TABLE_TSV };
	struct collecting k = { .w = &w };
	struct err late = ERR_NONE;
	int rc;

	rc = parse_options(argc, argv, &w, e);
	if (rc == 0) {
		out_init(&k.out, STDOUT_FILENO);
		rc = open_archives(&w, e);
		if (rc == 0)
			rc = w.fsck                 ? fsck_each(&k, e)
			    : w.seal                ? seal_each(&k, e)
			    : w.bundle.file != NULL ? archive(&w, e)
						    : work(&k, e);
		if (out_close(&k.out, rc < 0 ? &late : e) < 0)
			rc = -1;
	} else if (rc > 0) {
		rc = 0;
	}
	forget(&w);

	return rc;
}

int
main(int argc, char *argv[])
{
	return opt_main(&tool, run, argc, argv);
}
