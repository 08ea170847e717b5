/* hpo-dispatch: keep workers busy */

#include <math.h>
#include <signal.h>
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
#include "base/sig.h"
#include "form/campaign.h"
#include "queue/attempt.h"
#include "queue/control.h"
#include "queue/doctor.h"
#include "queue/edit.h"
#include "queue/finish.h"
#include "queue/local.h"
#include "queue/place.h"
#include "queue/scan.h"
#include "queue/tally.h"

enum {
	OPT_CANCEL = OPT_LONG,
	OPT_CHECK,
	OPT_DRAIN,
	OPT_FORMAT,
	OPT_LOCAL,
	OPT_PAUSE,
	OPT_RESUME,
	OPT_RETRY,
	OPT_STATUS,
	OPT_STOP
};

enum { JOBS_MAX = 4096, DRY_SECONDS = 10 };

static const struct opt opts[] = {
	{ OPT_CANCEL, "cancel", NULL, "give the named trials up for good" },
	{ OPT_CHECK, "check", NULL, "see whether the campaign can run here" },
	{ OPT_DRAIN, "drain", NULL, "let every worker end after its trial" },
	{ OPT_FORMAT, "format", "FORMAT", "of --check: text or json [text]" },
	{ 'h', "help", NULL, "print this help" },
	{ 'j', "jobs", "N", "workers on this machine (and each ssh host)" },
	{ OPT_LOCAL, "local", NULL, "run the campaign on this machine" },
	{ OPT_PAUSE, "pause", NULL, "let nothing new begin" },
	{ OPT_RESUME, "resume", NULL, "take back --pause, --drain, --stop" },
	{ OPT_RETRY, "retry", NULL,
	    "let the named failed or held trials run again" },
	{ OPT_STATUS, "status", NULL, "print how far the campaign is" },
	{ OPT_STOP, "stop", NULL,
	    "interrupt what runs; it goes back to the queue" },
	{ 'V', "version", NULL, "print the version" },
	{ 0, NULL, NULL, NULL },
};

static const struct opt_tool tool = {
	"hpo-dispatch",
	"[CAMPAIGN] [ID|ID-ID|failed|held...]",
	"keep workers busy",
	opts,
};

struct wish {
	int verb; /* an OPT_, OPT_LOCAL by default */
	bool said_local;
	bool said_format, json;
	unsigned jobs;
	const char *campaign;
	struct {
		size_t n, cap;
		const char **v;
	} trial; /* words that name trials */
};

struct session {
	struct queue q;
	struct campaign c;
	struct str bindir;
	struct out out;
	struct err out_error;
	/* The progress bar, on a terminal. */
	bool bar;
	struct str bar_text; /* as it is drawn, "" if it is not */
	double started;
	uint32_t ended_at_start;
	bool counted;
	double best; /* of the first objective */
	unsigned failed;
};

static int
take_option(struct wish *w, int c, const char *arg, struct err *e)
{
	uint64_t n;

	switch (c) {
	case 'j':
		if (num_u64(arg, JOBS_MAX, &n) < 0 || n == 0)
			return err_set(e, EX_USAGE,
			    "--jobs takes a number from 1 to %d, not '%s'",
			    JOBS_MAX, arg);
		w->jobs = (unsigned)n;
		return 0;
	case OPT_FORMAT:
		w->said_format = true;
		w->json = str_eq(arg, "json");
		if (!w->json && !str_eq(arg, "text"))
			return err_set(e, EX_USAGE,
			    "--format is text or json, not '%s'", arg);
		return 0;
	case OPT_LOCAL:
		w->said_local = true;
		return 0;
	default:
		if (w->verb != 0 && w->verb != c)
			return err_set(e, EX_USAGE,
			    "one of --cancel, --check, --drain, --pause, "
			    "--resume, --retry, --status, --stop at a time");
		w->verb = c;
		return 0;
	}
}

static bool
names_trials(const char *word)
{
	return (word[0] >= '0' && word[0] <= '9' &&
		   word[strspn(word, "0123456789-")] == '\0') ||
	    str_eq(word, "failed") || str_eq(word, "held");
}

static int
parse(int argc, char *argv[], struct wish *w, struct err *e)
{
	const char *arg;
	int c;

	memset(w, 0, sizeof *w);
	while ((c = opt_next(&tool, argc, argv, &arg, e)) != 0) {
		if (c < 0 || c == 'h' || c == 'V')
			return opt_standard(&tool, c);
		if (take_option(w, c, arg, e) < 0)
			return -1;
	}
	for (; optind < argc; optind++) {
		bool edits = w->verb == OPT_CANCEL || w->verb == OPT_RETRY;

		if (edits && names_trials(argv[optind]))
			*arr_push(&w->trial) = argv[optind];
		else if (w->campaign == NULL)
			w->campaign = argv[optind];
		else
			return err_set(e, EX_USAGE,
			    "one campaign at a time, not '%s'", argv[optind]);
	}
	if (w->said_format && w->verb != OPT_CHECK)
		return err_set(e, EX_USAGE, "--format goes with --check");
	if ((w->verb == OPT_CANCEL || w->verb == OPT_RETRY) && w->trial.n == 0)
		return err_set(e, EX_USAGE,
		    "name the trials: an id, a range like 3-9, 'failed' or "
		    "'held'");

	return 0;
}

static int
open_campaign(struct session *s, const struct wish *w, enum queue_mode mode,
    struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	bad = proc_self_dir(&s->bindir, e);
	if (!bad)
		bad = place_campaign(w->campaign, &path, e);
	if (!bad)
		bad = queue_open(path.s, QUEUE_READ, &s->q, e);
	if (!bad)
		bad = queue_campaign(&s->q, mode == QUEUE_WRITE, &s->c, e);
	/* A campaign that cannot run is refused before anything is made. */
	if (!bad && w->verb == 0)
		bad = attempt_check(&s->q, &s->c, s->bindir.s, e);
	/* The doctor leaves nothing behind. */
	if (!bad && mode == QUEUE_WRITE && w->verb != OPT_CHECK &&
	    !queue_is_whole(&s->q)) {
		queue_close(&s->q);
		bad = queue_open(path.s, mode, &s->q, e);
	}
	str_free(&path);

	return bad;
}

/* --- the local backend ---------------------------------------------------- */

static void
wipe_bar(struct session *s)
{
	if (s->bar_text.n > 0 && write(STDERR_FILENO, "\r\033[K", 4) < 0)
		s->bar = false;
}

static void
draw_bar(struct session *s)
{
	if (s->bar_text.n > 0 &&
	    write(STDERR_FILENO, s->bar_text.s, s->bar_text.n) < 0)
		s->bar = false;
}

/* Of "id status objective…" keep the best and the failures. */
static void
note_result(struct session *s, const char *line)
{
	const char *status = strchr(line, '\t');
	const char *first;
	char *rest;
	double value;

	if (status == NULL)
		return;
	first = strchr(++status, '\t');
	if (str_starts(status, "ok\t") && first != NULL) {
		value = strtod(first, &rest);
		if (rest == first)
			return;
		if (isnan(s->best) ||
		    (s->c.objective[0].maximize ? value > s->best
						: value < s->best))
			s->best = value;
	} else if (!str_starts(status, "pruned")) {
		s->failed++;
	}
}

static void
on_line(void *cookie, const char *line)
{
	struct session *s = cookie;

	note_result(s, line);
	wipe_bar(s);
	out_add(&s->out, line);
	out_addc(&s->out, '\n');
	/* Nobody reads us any more: end as for a closed terminal. */
	if (s->out_error.code == 0 && out_flush(&s->out, &s->out_error) < 0)
		raise(SIGUSR2);
	draw_bar(s);
}

/* "mlp  23/50  4 running  2 failed  best 0.0194  2m left" */
static void
on_look(void *cookie, const struct tally *t)
{
	struct session *s = cookie;
	struct str *b = &s->bar_text;
	uint32_t ended = tally_ended(t);
	double left;

	if (!s->counted)
		s->ended_at_start = ended;
	s->counted = true;
	if (!s->bar)
		return;
	str_cut(b, 0);
	str_addf(b, "\r\033[K%s  %u/%u  %u running", s->c.name, ended,
	    t->trials, t->count[STATE_RUNNING]);
	if (t->count[STATE_HELD] > 0)
		str_addf(b, "  %u held", t->count[STATE_HELD]);
	if (s->failed > 0)
		str_addf(b, "  %u failed", s->failed);
	if (!isnan(s->best))
		str_addf(b, "  best %.4g", s->best);
	if (ended > s->ended_at_start && ended < t->trials) {
		left = (clk_boot() - s->started) * (double)(t->trials - ended) /
		    (double)(ended - s->ended_at_start);
		str_addf(b, left < 100 ? "  %.0f s left" : "  %.0f min left",
		    left < 100 ? left : left / 60);
	}
	draw_bar(s);
}

static int
refuse_login_node(const struct wish *w, struct err *e)
{
	const char *path = getenv("PATH");
	struct str found = STR_EMPTY;
	bool is_login;

	is_login = !w->said_local && getenv("SLURM_JOB_ID") == NULL &&
	    proc_which("sbatch", path != NULL ? path : "", &found) == 0;
	str_free(&found);
	if (is_login)
		return err_set(e, EX_USAGE,
		    "this looks like a login node: say --local to run here");

	return 0;
}

/* Is there a request that --resume would take back? */
static bool
is_held_back(struct session *s)
{
	struct err ignored = ERR_NONE;
	struct control c;
	bool held;

	if (control_read(&s->q, &c, &ignored) < 0)
		return false;
	held = c.pause || c.drain || c.stop;
	control_free(&c);

	return held;
}

/* Is any trial ok (or pruned)?  Else the answer is no. */
static int
run_local(struct session *s, const struct wish *w, struct err *e)
{
	struct local l = { .q = &s->q,
		.c = &s->c,
		.bindir = str_text(&s->bindir),
		.workers = w->jobs,
		.line = on_line,
		.look = on_look,
		.cookie = s };
	static const char *const ends[] = { "ended", "paused", "drained",
		"stopped" };
	struct tally t;
	int end;

	if (sig_catch(true, e) < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN); /* a pool that ends is not our end */
	s->bar = isatty(STDERR_FILENO) == 1;
	s->started = clk_boot();
	s->best = (double)NAN;
	end = local_run(&l, &t, e);
	wipe_bar(s);
	if (end < 0 || tally_split(&s->q, &t, e) < 0)
		return -1;
	if (end != LOCAL_ENDED)
		err_warn(tool.name, "%s: %u of %u trials have ended%s",
		    ends[end], tally_ended(&t), t.trials,
		    is_held_back(s) ? "; hpo-dispatch --resume goes on" : "");

	return end != LOCAL_ENDED || t.count[STATE_DONE] == 0;
}

/* --- the other verbs ------------------------------------------------------ */

static int
print_status(struct session *s, struct err *e)
{
	struct control c;
	struct tally t;
	size_t i;

	if (tally_take(&s->q, &s->c, &t, e) < 0 ||
	    tally_split(&s->q, &t, e) < 0 || control_read(&s->q, &c, e) < 0)
		return -1;
	out_addf(&s->out, "campaign\t%s\ntrials\t%u\nunborn\t%u\n", s->c.name,
	    t.trials, t.unborn);
	for (i = 0; i <= STATE_FAILED; i++)
		out_addf(&s->out, "%s\t%u\n", name_state((enum state)i),
		    t.count[i] +
			(i == STATE_FAILED ? t.count[STATE_CLOSED] : 0));
	out_addf(&s->out, "workers\t%u\ncontrol\t%s\n", t.workers,
	    c.stop        ? "stop"
		: c.drain ? "drain"
		: c.pause ? "pause"
			  : "none");
	control_free(&c);

	return !tally_finished(&t);
}

static int
control(struct session *s, int verb, struct err *e)
{
	if (verb == OPT_RESUME)
		return control_clear(&s->q, e);

	return control_set(&s->q,
	    verb == OPT_PAUSE       ? "pause"
		: verb == OPT_DRAIN ? "drain"
				    : "stop",
	    e);
}

/* --cancel and --retry: 1 if any named trial could not be changed. */
static int
edit(struct session *s, const struct wish *w, struct err *e)
{
	struct err why = ERR_NONE;
	unsigned char *pick;
	struct token t;
	struct scan scan;
	size_t i;
	uint32_t sealed = 0;
	int rc, answer = 0;

	if (scan_all(&s->q, &scan, e) < 0)
		return -1;
	pick = mem_zero(scan.n + 1, 1);
	for (i = 0, rc = 0; i < w->trial.n && rc == 0; i++)
		rc = edit_select(&scan, w->trial.v[i], pick, &sealed, e);
	for (i = 0; i < scan.n && rc >= 0; i++) {
		if (!pick[i])
			continue;
		err_clear(&why);
		scan_as_token(&scan.v[i], &t);
		rc = w->verb == OPT_CANCEL ? edit_cancel(&s->q, &s->c, &t, &why)
					   : edit_retry(&s->q, &t, &why);
		if (rc < 0)
			*e = why;
		else if (rc == EDIT_NOT)
			err_report(tool.name, &why);
		if (rc == EDIT_NOT)
			answer = EX_NO;
	}
	if (rc >= 0 && sealed > 0) {
		err_warn(tool.name,
		    "%u sealed trials are final: for another run of a point "
		    "give it to hpo-sample --enqueue",
		    sealed);
		answer = EX_NO;
	}
	free(pick);
	scan_free(&scan);

	return rc < 0 ? -1 : answer;
}

struct checking {
	struct out *out;
	struct err *error; /* of the output */
	bool json;
	unsigned n;
};

static void
print_exam(void *cookie, const struct exam *x)
{
	struct checking *k = cookie;

	if (k->json) {
		out_add(k->out, k->n++ > 0 ? ",\n  " : "  ");
		exam_json(x, &k->out->buf);
		return;
	}
	exam_text(x, &k->out->buf);
	/* One may wait for the next; a failure is told at the end. */
	if (out_flush(k->out, k->error) < 0)
		return;
}

static int
check(struct session *s, bool json, struct err *e)
{
	struct checking k = { &s->out, &s->out_error, json, 0 };
	struct doctor d = { .q = &s->q,
		.c = &s->c,
		.bindir = str_text(&s->bindir),
		.trial_seconds = DRY_SECONDS,
		.tell = print_exam,
		.cookie = &k };
	int n;

	if (json) {
		out_add(&s->out, "{\"campaign\": ");
		out_json(&s->out.buf, s->c.name);
		out_add(&s->out, ", \"checks\": [\n");
	}
	n = doctor_check(&d, e);
	if (json && n >= 0)
		out_addf(&s->out, "\n], \"findings\": %d}\n", n);
	else if (json)
		str_cut(&s->out.buf, 0);

	return n < 0 ? -1 : n > 0;
}

static int
obey(struct session *s, const struct wish *w, struct err *e)
{
	switch (w->verb) {
	case 0:
		return run_local(s, w, e);
	case OPT_STATUS:
		return print_status(s, e);
	case OPT_CHECK:
		return check(s, w->json, e);
	case OPT_CANCEL:
	case OPT_RETRY:
		return edit(s, w, e);
	default:
		return control(s, w->verb, e);
	}
}

static int
run(int argc, char *argv[], struct err *e)
{
	struct session s;
	struct wish w;
	int rc;

	rc = parse(argc, argv, &w, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	memset(&s, 0, sizeof s);
	s.q.root = s.q.fd = -1;
	out_init(&s.out, STDOUT_FILENO);
	rc = w.verb == 0 ? refuse_login_node(&w, e) : 0;
	if (rc == 0)
		rc = open_campaign(&s, &w,
		    w.verb == OPT_STATUS ? QUEUE_READ : QUEUE_WRITE, e);
	if (rc == 0)
		rc = obey(&s, &w, e);
	if (rc >= 0 &&
	    (s.out_error.code != 0 || out_flush(&s.out, &s.out_error) < 0)) {
		*e = s.out_error;
		rc = -1;
	}
	campaign_free(&s.c);
	queue_close(&s.q);
	str_free(&s.bindir);
	str_free(&s.bar_text);
	str_free(&s.out.buf);
	arr_free(&w.trial);

	return rc;
}

int
main(int argc, char *argv[])
{
	return opt_main(&tool, run, argc, argv);
}
