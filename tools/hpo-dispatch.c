/* hpo-dispatch: keep workers busy */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/clk.h"
#include "base/err.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/proc.h"
#include "base/sig.h"
#include "form/campaign.h"
#include "queue/attempt.h"
#include "queue/backend.h"
#include "queue/control.h"
#include "queue/doctor.h"
#include "queue/edit.h"
#include "queue/finish.h"
#include "queue/local.h"
#include "queue/place.h"
#include "queue/progress.h"
#include "queue/tally.h"
#include "queue/tick.h"

enum {
	OPT_BACKEND = OPT_LONG,
	OPT_CANCEL,
	OPT_CHECK,
	OPT_DRAIN,
	OPT_FORMAT,
	OPT_LOCAL,
	OPT_PAUSE,
	OPT_PRINT,
	OPT_RESUME,
	OPT_RETRY,
	OPT_SLURM,
	OPT_STATUS,
	OPT_STOP,
	OPT_WATCH
};

enum { JOBS_MAX = 4096, DRY_SECONDS = 10 };

static const struct opt opts[] = {
	{ OPT_BACKEND, "backend", "PROGRAM",
	    "like --slurm, with jobs of another system" },
	{ OPT_CANCEL, "cancel", NULL, "give the named trials up for good" },
	{ OPT_CHECK, "check", NULL, "see whether the campaign can run here" },
	{ OPT_DRAIN, "drain", NULL, "let every worker end after its trial" },
	{ OPT_FORMAT, "format", "FORMAT", "of --check: text or json [text]" },
	{ 'h', "help", NULL, "print this help" },
	{ 'j', "jobs", "N", "workers: here, on each ssh host, or as jobs" },
	{ OPT_LOCAL, "local", NULL, "run the campaign on this machine" },
	{ OPT_PAUSE, "pause", NULL, "let nothing new begin" },
	{ OPT_PRINT, "print", NULL, "print what would be submitted" },
	{ OPT_RESUME, "resume", NULL, "take back --pause, --drain, --stop" },
	{ OPT_RETRY, "retry", NULL,
	    "let the named failed or held trials run again" },
	{ OPT_SLURM, "slurm", NULL,
	    "see to the campaign's jobs, submit what is missing" },
	{ OPT_STATUS, "status", NULL, "print how far the campaign is" },
	{ OPT_STOP, "stop", NULL,
	    "interrupt what runs; it goes back to the queue" },
	{ 'V', "version", NULL, "print the version" },
	{ OPT_WATCH, "watch", "DURATION",
	    "do that so often, until the campaign has ended" },
	{ 0, NULL, NULL, NULL },
};

static const struct opt_tool tool = {
	"hpo-dispatch",
	"[CAMPAIGN] [ID|ID-ID|failed|held...]",
	"keep workers busy",
	opts,
};

struct wish {
	int verb;  /* an OPT_, OPT_LOCAL by default */
	int where; /* OPT_LOCAL, OPT_SLURM, OPT_BACKEND; 0: not said */
	const char *program; /* of --backend */
	double watch;        /* seconds; 0: once */
	bool print;
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
	struct progress progress;
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
	case OPT_SLURM:
	case OPT_BACKEND:
		if (w->where != 0 && w->where != c)
			return err_set(e, EX_USAGE,
			    "one of --local, --slurm, --backend at a time");
		w->where = c;
		w->program = arg;
		return 0;
	case OPT_PRINT:
		w->print = true;
		return 0;
	case OPT_WATCH:
		return opt_seconds(arg, &w->watch, e);
	default:
		if (w->verb != 0 && w->verb != c)
			return err_set(e, EX_USAGE,
			    "one of --cancel, --check, --drain, --pause, "
			    "--resume, --retry, --status, --stop at a time");
		w->verb = c;
		return 0;
	}
}

/* Do workers run as jobs of another system? */
static bool
has_jobs(const struct wish *w)
{
	return w->where == OPT_SLURM || w->where == OPT_BACKEND;
}

/* Do the options fit each other? */
static int
check_wish(const struct wish *w, struct err *e)
{
	if (w->said_format && w->verb != OPT_CHECK)
		return err_set(e, EX_USAGE, "--format goes with --check");
	if ((w->watch > 0 || w->print) &&
	    (!has_jobs(w) || w->verb != 0 || (w->watch > 0 && w->print)))
		return err_set(e, EX_USAGE,
		    "one of --print and --watch goes with --slurm or "
		    "--backend");
	if ((w->verb == OPT_CANCEL || w->verb == OPT_RETRY) && w->trial.n == 0)
		return err_set(e, EX_USAGE,
		    "name the trials: an id, a range like 3-9, 'failed' or "
		    "'held'");

	return 0;
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

		if (edits && edit_is_word(argv[optind]))
			*arr_push(&w->trial) = argv[optind];
		else if (w->campaign == NULL)
			w->campaign = argv[optind];
		else
			return err_set(e, EX_USAGE,
			    "one campaign at a time, not '%s'", argv[optind]);
	}

	return check_wish(w, e);
}

/*
 * A campaign that cannot run is refused before anything is made.  What a
 * setup brings to the PATH is not here.
 */
static int
check_run(struct session *s, const struct wish *w, struct err *e)
{
	const struct fleet *f =
	    w->where == OPT_SLURM ? &s->c.slurm : &s->c.backend;

	if (w->where == 0 && backend_is_login_node())
		return err_set(e, EX_USAGE,
		    "this looks like a login node: say --slurm, or --local to "
		    "run here");
	if (has_jobs(w) && f->setup != NULL && s->c.command != NULL)
		return 0;

	return attempt_check(&s->q, &s->c, s->bindir.s, e);
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
	if (!bad && w->verb == 0)
		bad = check_run(s, w, e);
	/* The doctor leaves nothing behind, nor does who only looks. */
	if (!bad && mode == QUEUE_WRITE && w->verb != OPT_CHECK && !w->print &&
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

static void
on_line(void *cookie, const char *line)
{
	struct session *s = cookie;

	progress_result(&s->progress, line);
	wipe_bar(s);
	out_add(&s->out, line);
	out_addc(&s->out, '\n');
	/* Nobody reads us any more: end as for a closed terminal. */
	if (s->out_error.code == 0 && out_flush(&s->out, &s->out_error) < 0)
		raise(SIGUSR2);
	draw_bar(s);
}

static void
on_look(void *cookie, const struct tally *t)
{
	struct session *s = cookie;

	progress_look(&s->progress, t);
	if (!s->bar)
		return;
	str_cut(&s->bar_text, 0);
	str_add(&s->bar_text, "\r\033[K");
	progress_text(&s->progress, t, &s->bar_text);
	draw_bar(s);
}

static void
start_bar(struct session *s)
{
	s->bar = isatty(STDERR_FILENO) == 1;
	progress_start(&s->progress, &s->c);
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
	start_bar(s);
	end = local_run(&l, &t, e);
	wipe_bar(s);
	if (end < 0 || tally_split(&s->q, &t, e) < 0)
		return -1;
	if (end != LOCAL_ENDED)
		err_warn(tool.name, "%s: %u of %u trials have ended%s",
		    ends[end], tally_ended(&t), t.trials,
		    control_is_set(&s->q) ? "; hpo-dispatch --resume goes on"
					  : "");

	return end != LOCAL_ENDED || t.count[STATE_DONE] == 0;
}

/* --- jobs of another system ----------------------------------------------- */

static void
on_complaint(void *cookie, const char *text)
{
	struct session *s = cookie;

	wipe_bar(s);
	err_warn(tool.name, "%s: %s", s->c.name, text);
	draw_bar(s);
}

/* Until the next tick is due; true: a signal came. */
static bool
wait_or_stop(double seconds)
{
	struct pollfd p = { .fd = sig_fd(), .events = POLLIN, .revents = 0 };
	double end = clk_boot() + seconds, left;
	struct sig_seen seen;

	do {
		sig_seen(&seen);
		if (seen.stop + seen.drain > 0)
			return true;
		left = end - clk_boot();
		poll(&p, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
		sig_clear();
	} while (left > 0);

	return false;
}

/* A tick's exit status, or -1. */
static int
tick(struct session *s, struct tick *k, bool *over, struct err *e)
{
	struct tally t;
	int end = tick_run(k, &t, e), code;

	*over = end == TICK_ENDED || end == TICK_HELD;
	if (end < 0) {
		*over = e->code != EX_TEMPFAIL;
		code = k->quiet ? e->code : -1;
		if (k->quiet)
			err_clear(e);
		return code;
	}
	on_look(s, &t);
	if (end != TICK_ENDED)
		return end == TICK_GOES_ON ? 0 : EX_NO;

	return tally_split(&s->q, &t, e) < 0 ? -1 : t.count[STATE_DONE] == 0;
}

/* Ticks until the campaign has ended; for those who have no cron. */
static int
watch(struct session *s, const struct wish *w, struct tick *k, struct err *e)
{
	bool over = false;
	int code;

	if (sig_catch(true, e) < 0)
		return -1;
	start_bar(s);
	do {
		code = tick(s, k, &over, e);
		if (code < 0 && !over) { /* it may answer the next time */
			err_report(tool.name, e);
			err_clear(e);
		}
		k->always = false;
	} while (!over && !wait_or_stop(w->watch));
	wipe_bar(s);

	return over ? code : EX_NO;
}

static int
run_jobs(struct session *s, const struct wish *w, struct err *e)
{
	struct backend b;
	struct tick k = { .q = &s->q,
		.c = &s->c,
		.b = &b,
		.bindir = str_text(&s->bindir),
		.workers = w->jobs,
		.always = isatty(STDERR_FILENO) == 1,
		.complain = on_complaint,
		.cookie = s };
	bool over;
	int rc = backend_open(&b, &s->q, &s->c, w->program, k.bindir, e);

	if (rc == 0 && w->print)
		rc = tick_print(&k, &s->out.buf, e);
	else if (rc == 0)
		rc = w->watch > 0 ? watch(s, w, &k, e) : tick(s, &k, &over, e);
	backend_free(&b);

	return rc;
}

/* --- the other verbs ------------------------------------------------------ */

static int
print_status(struct session *s, struct err *e)
{
	struct control c;
	struct tally t;

	if (tally_take(&s->q, &s->c, &t, e) < 0 ||
	    tally_split(&s->q, &t, e) < 0 || control_read(&s->q, &c, e) < 0)
		return -1;
	out_addf(&s->out, "campaign\t%s\n", s->c.name);
	tally_text(&t, &s->out.buf);
	out_addf(&s->out, "control\t%s\n",
	    c.stop        ? "stop"
		: c.drain ? "drain"
		: c.pause ? "pause"
			  : "none");
	control_free(&c);

	return !tally_finished(&t);
}

/* --cancel and --retry: 1 if any named trial could not be changed. */
static int
edit(struct session *s, const struct wish *w, struct err *e)
{
	struct edit x = { .q = &s->q,
		.c = &s->c,
		.change = w->verb == OPT_CANCEL ? EDIT_CANCEL : EDIT_RETRY,
		.refuse = err_report,
		.who = tool.name };
	int rc = edit_all(&x, w->trial.v, w->trial.n, e);

	if (rc >= 0 && x.sealed > 0) {
		err_warn(tool.name,
		    "%u sealed trials are final: for another run of a point "
		    "give it to hpo-sample --enqueue",
		    x.sealed);
		return EX_NO;
	}

	return rc;
}

struct checking {
	struct session *s;
	struct exam_list list;
};

static void
print_exam(void *cookie, const struct exam *x)
{
	struct checking *k = cookie;

	exam_list_add(&k->list, x, &k->s->out.buf);
	/* One may wait for the next; a failure is told at the end. */
	if (!k->list.json)
		out_flush(&k->s->out, &k->s->out_error);
}

static int
check(struct session *s, const struct wish *w, struct err *e)
{
	struct checking k = { s, { .json = w->json } };
	struct backend b;
	struct doctor d = { .q = &s->q,
		.c = &s->c,
		.bindir = str_text(&s->bindir),
		.b = has_jobs(w) ? &b : NULL,
		.trial_seconds = DRY_SECONDS,
		.tell = print_exam,
		.cookie = &k };
	int n;

	if (has_jobs(w) &&
	    backend_open(&b, &s->q, &s->c, w->program, d.bindir, e) < 0)
		return -1;
	exam_list_begin(&k.list, s->c.name, &s->out.buf);
	n = doctor_check(&d, e);
	if (n >= 0)
		exam_list_end(&k.list, (unsigned)n, &s->out.buf);
	else if (w->json)
		str_cut(&s->out.buf, 0);
	if (has_jobs(w))
		backend_free(&b);

	return n < 0 ? -1 : n > 0;
}

static int
obey(struct session *s, const struct wish *w, struct err *e)
{
	switch (w->verb) {
	case 0:
		return has_jobs(w) ? run_jobs(s, w, e) : run_local(s, w, e);
	case OPT_STATUS:
		return print_status(s, e);
	case OPT_CHECK:
		return check(s, w, e);
	case OPT_CANCEL:
	case OPT_RETRY:
		return edit(s, w, e);
	case OPT_RESUME:
		return control_clear(&s->q, e);
	default:
		return control_set(&s->q,
		    w->verb == OPT_PAUSE       ? "pause"
			: w->verb == OPT_DRAIN ? "drain"
					       : "stop",
		    e);
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
