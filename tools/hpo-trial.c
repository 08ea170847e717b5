/* hpo-trial: run trials */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/line.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/out.h"
#include "base/proc.h"
#include "base/sig.h"
#include "form/campaign.h"
#include "form/point.h"
#include "queue/ask.h"
#include "queue/once.h"
#include "queue/place.h"
#include "queue/report.h"
#include "queue/sampler.h"
#include "queue/ticket.h"
#include "queue/work.h"

enum {
	OPT_LOOP = OPT_LONG,
	OPT_SLOT,
	OPT_MAX,
	OPT_REPORT,
	OPT_TRIAL,
	OPT_CLAIM,
	OPT_FINISH,
	OPT_FAIL,
	OPT_PID,
	OPT_TICKET,
	OPT_TIME,
	OPT_EXPECT
};

enum { STOP_NOW = 10 };

static const struct opt opts[] = {
	{ OPT_CLAIM, "claim", NULL,
	    "claim a trial for the caller, print its point" },
	{ OPT_EXPECT, "expect", "DURATION",
	    "what a trial takes, as far as is known" },
	{ OPT_FAIL, "fail", NULL, "end a claimed trial as failed" },
	{ OPT_FINISH, "finish", NULL, "end a claimed trial with its metrics" },
	{ 'h', "help", NULL, "print this help" },
	{ OPT_LOOP, "loop", NULL, "run trials until none is left" },
	{ OPT_MAX, "max-trials", "N", "end the loop after N trials" },
	{ OPT_PID, "pid", "PID", "the process that claims [the parent]" },
	{ OPT_REPORT, "report", NULL, "report metrics of the running trial" },
	{ OPT_SLOT, "slot", "N", "the worker's place on this machine, from 1" },
	{ OPT_TICKET, "ticket", "TICKET",
	    "the submission that the worker is of" },
	{ OPT_TIME, "time", "DURATION", "end the loop before so long" },
	{ OPT_TRIAL, "trial", "ID", "the trial that --report means" },
	{ 'V', "version", NULL, "print the version" },
	{ 0, NULL, NULL, NULL },
};

static const struct opt_tool tool = {
	"hpo-trial",
	"[CAMPAIGN] [ID...|-] [NAME=VALUE...]",
	"run trials",
	opts,
};

enum verb { RUN, LOOP, REPORT, CLAIM, FINISH, FAIL };

struct wish {
	enum verb verb;
	int slot;
	unsigned long max;
	const char *ticket;
	double time, expect; /* seconds, 0: not said */
	pid_t pid;
	const char *trial; /* --trial */
	const char *campaign;
	bool from_stdin;
	struct {
		size_t n, cap;
		uint32_t *v;
	} id;
	struct {
		size_t n, cap;
		const char **v;
	} pair; /* NAME=VALUE */
};

/* One run. */
struct session {
	struct queue q;
	struct campaign c;
	struct str bindir;
	struct work work;
	struct out out;
	struct err out_error; /* of a line that could not be written */
};

static int
parse_number(const char *arg, const char *what, uint64_t max, uint64_t *n,
    struct err *e)
{
	if (num_u64(arg, max, n) < 0)
		return err_set(e, EX_USAGE, "'%s' is not a %s", arg, what);

	return 0;
}

static int
set_verb(struct wish *w, enum verb verb, struct err *e)
{
	if (w->verb != RUN)
		return err_set(e, EX_USAGE,
		    "one of --claim, --fail, --finish, --loop, --report at a "
		    "time");
	w->verb = verb;

	return 0;
}

static int
take_option(struct wish *w, int c, const char *arg, struct err *e)
{
	uint64_t n = 0;
	int bad = 0;

	switch (c) {
	case OPT_TICKET:
		w->ticket = arg;
		return ticket_is_path(arg)
		    ? 0
		    : err_set(e, EX_USAGE, "'%s' is no ticket", arg);
	case OPT_TIME:
		return opt_seconds(arg, &w->time, e);
	case OPT_EXPECT:
		return opt_seconds(arg, &w->expect, e);
	case OPT_LOOP:
		return set_verb(w, LOOP, e);
	case OPT_REPORT:
		return set_verb(w, REPORT, e);
	case OPT_CLAIM:
		return set_verb(w, CLAIM, e);
	case OPT_FINISH:
		return set_verb(w, FINISH, e);
	case OPT_FAIL:
		return set_verb(w, FAIL, e);
	case OPT_SLOT:
		bad = parse_number(arg, "slot", 1000000, &n, e);
		w->slot = (int)n;
		return bad;
	case OPT_MAX:
		bad = parse_number(arg, "number of trials", CAMPAIGN_MAX_TRIALS,
		    &n, e);
		w->max = (unsigned long)n;
		return bad;
	case OPT_PID:
		bad = parse_number(arg, "process id", INT32_MAX, &n, e);
		w->pid = (pid_t)n;
		return bad;
	case OPT_TRIAL:
		w->trial = arg;
		return 0;
	default:
		return -1;
	}
}

/* Operands are told apart by their form. */
static int
take_operand(struct wish *w, const char *arg, struct err *e)
{
	uint64_t id;

	if (str_eq(arg, "-")) {
		w->from_stdin = true;
	} else if (arg[0] != '\0' && arg[strspn(arg, "0123456789")] == '\0') {
		if (num_u64(arg, CAMPAIGN_MAX_TRIALS - 1, &id) < 0)
			return err_set(e, EX_USAGE, "there is no trial %s",
			    arg);
		*arr_push(&w->id) = (uint32_t)id;
	} else if (strchr(arg, '=') != NULL &&
	    (w->verb == REPORT || w->verb == FINISH || w->verb == FAIL)) {
		*arr_push(&w->pair) = arg;
	} else if (w->campaign == NULL) {
		w->campaign = arg;
	} else {
		return err_set(e, EX_USAGE, "one campaign at a time, not '%s'",
		    arg);
	}

	return 0;
}

/* Do the operands fit the verb? */
static int
check_wish(const struct wish *w, struct err *e)
{
	struct proc_id owner;

	if (w->verb == CLAIM && proc_identify(w->pid, &owner) < 0)
		return err_set(e, EX_USAGE, "there is no process %ld",
		    (long)w->pid);
	if (w->verb != LOOP &&
	    (w->ticket != NULL || w->time > 0 || w->expect > 0))
		return err_set(e, EX_USAGE,
		    "--ticket, --time and --expect go with --loop");
	switch (w->verb) {
	case LOOP:
	case CLAIM:
		if (w->id.n > 0 || w->from_stdin)
			return err_set(e, EX_USAGE,
			    "--loop and --claim take any trial: leave out the "
			    "ids");
		return 0;
	case REPORT:
		if (w->pair.n == 0)
			return err_set(e, EX_USAGE,
			    "--report needs NAME=VALUE");
		return 0;
	case FINISH:
	case FAIL:
		if (w->id.n != 1)
			return err_set(e, EX_USAGE, "name one trial by its id");
		return 0;
	default:
		return 0;
	}
}

static int
parse(int argc, char *argv[], struct wish *w, struct err *e)
{
	const char *arg;
	int c;

	memset(w, 0, sizeof *w);
	w->pid = getppid();
	while ((c = opt_next(&tool, argc, argv, &arg, e)) != 0) {
		if (c < 0 || c == 'h' || c == 'V')
			return opt_standard(&tool, c);
		if (take_option(w, c, arg, e) < 0)
			return -1;
	}
	for (; optind < argc; optind++)
		if (take_operand(w, argv[optind], e) < 0)
			return -1;

	return check_wish(w, e);
}

/* "id status objective…", one write a line. */
static void
print_result(struct session *s, const struct result *r)
{
	const struct metric *m;
	char number[NUM_TEXT];
	size_t i;

	out_addf(&s->out, "%u\t%s", r->id, status_name(r->status));
	for (i = 0; i < s->c.nobjective; i++) {
		m = metrics_find(&r->metrics, s->c.objective[i].metric);
		number[0] = '\0';
		if (m != NULL)
			num_exact(m->value, number);
		out_addf(&s->out, "\t%s", number);
	}
	out_addc(&s->out, '\n');
	if (s->out_error.code == 0)
		out_flush(&s->out, &s->out_error);
}

static void
tell(void *cookie, const struct result *r, const struct token *to)
{
	(void)to;
	print_result(cookie, r);
}

static int
sample(void *cookie, struct err *e)
{
	struct session *s = cookie;

	return sampler_run(str_text(&s->bindir), s->q.absolute, e);
}

static int
open_campaign(struct session *s, const struct wish *w, bool runs, struct err *e)
{
	struct str path = STR_EMPTY;
	int bad;

	memset(s, 0, sizeof *s);
	s->q.root = s->q.fd = -1;
	out_init(&s->out, STDOUT_FILENO);
	bad = proc_self_dir(&s->bindir, e);
	if (!bad)
		bad = place_campaign(w->campaign, &path, e);
	if (!bad)
		bad = queue_open(path.s, QUEUE_READ, &s->q, e);
	if (!bad)
		bad = queue_campaign(&s->q, true, &s->c, e);
	if (!bad && runs)
		bad = attempt_check(&s->q, &s->c, s->bindir.s, e);
	if (!bad && !queue_is_whole(&s->q)) {
		queue_close(&s->q);
		bad = queue_open(path.s, QUEUE_WRITE, &s->q, e);
	}
	str_free(&path);
	s->work.q = &s->q;
	s->work.c = &s->c;
	s->work.slot = w->slot;
	s->work.bindir = str_text(&s->bindir);
	s->work.ticket = w->ticket;
	s->work.time = w->time;
	s->work.expect = w->expect;
	s->work.tell = tell;
	s->work.sample = sample;
	s->work.cookie = s;

	return bad;
}

static void
close_campaign(struct session *s)
{
	campaign_free(&s->c);
	queue_close(&s->q);
	str_free(&s->bindir);
	str_free(&s->out.buf);
}

/* 128 + the signal that told us to stop, else 0.  A job expects its end. */
static int
stop_code(const struct session *s)
{
	struct sig_seen seen;

	sig_seen(&seen);
	if (seen.stop > 0)
		return 128 + seen.last_stop;

	return seen.warn > 0 && s->work.ticket == NULL ? 128 + SIGUSR1 : 0;
}

static int
loop(struct session *s, const struct wish *w, struct err *e)
{
	int rc;

	if (sig_catch(false, e) < 0 || work_begin(&s->work, "loop", e) < 0)
		return -1;
	rc = work_slot_taken(&s->work, e);
	if (rc == 0)
		rc = work_loop(&s->work, w->max, e);
	work_end(&s->work);

	return rc < 0 ? -1 : stop_code(s);
}

/* A "no" is said, and is no reason to stop. */
static int
run_one(struct session *s, uint32_t id, int *code, struct err *e)
{
	int rc = once_named(&s->work, id, code, e);

	if (rc == 1) {
		err_report(tool.name, e);
		err_clear(e);
		*code = EX_NO;
	}

	return rc < 0 ? -1 : 0;
}

/* Has somebody asked for an end, now or after the running trial? */
static bool
told_to_end(void)
{
	struct sig_seen s;

	sig_seen(&s);

	return s.stop > 0 || s.warn > 0 || s.drain > 0;
}

/* A signal has to be heard while no line comes. */
static int
run_from_stdin(struct session *s, int *code, struct err *e)
{
	struct line in = { .fd = STDIN_FILENO };
	uint64_t id;
	char *line;
	int rc = LINE_NEXT, bad = 0;

	while (!bad && rc != LINE_END && !told_to_end()) {
		rc = line_next(&in, sig_fd(), &line, e);
		if (rc == LINE_WOKEN)
			sig_clear();
		if (rc < 0)
			bad = -1;
		if (rc != LINE_NEXT)
			continue;
		line[strcspn(line, " \t\r")] = '\0';
		if (line[0] == '\0')
			continue;
		if (num_u64(line, CAMPAIGN_MAX_TRIALS - 1, &id) < 0)
			bad = err_set(e, EX_USAGE,
			    "<stdin>: '%s' is not the id of a trial", line);
		else
			bad = run_one(s, (uint32_t)id, code, e);
	}
	line_free(&in);

	return bad;
}

static int
run_any(struct session *s, int *code, struct err *e)
{
	int rc = once_any(&s->work, code, e);

	if (rc == 1) {
		err_report(tool.name, e);
		*code = EX_NO;
	}

	return rc < 0 ? -1 : 0;
}

static int
run_named(struct session *s, const struct wish *w, struct err *e)
{
	size_t i;
	int rc = 0, code = 0;

	if (sig_catch(false, e) < 0 || work_begin(&s->work, "once", e) < 0)
		return -1;
	for (i = 0; i < w->id.n && rc == 0 && !told_to_end(); i++)
		rc = run_one(s, w->id.v[i], &code, e);
	if (rc == 0 && w->from_stdin)
		rc = run_from_stdin(s, &code, e);
	else if (rc == 0 && w->id.n == 0)
		rc = run_any(s, &code, e);
	work_end(&s->work);

	return rc < 0 ? -1 : stop_code(s) != 0 ? stop_code(s) : code;
}

/* 0: go on, 10: stop now. */
static int
report(struct session *s, const struct wish *w, struct err *e)
{
	struct str words = STR_EMPTY;
	struct token t;
	size_t i;
	int rc;

	for (i = 0; i < w->pair.n; i++)
		str_addf(&words, "%s%s", i > 0 ? " " : "", w->pair.v[i]);
	rc = w->trial != NULL ? report_named(&s->q, w->trial, &t, e)
			      : report_own(&t, e);
	if (rc == 0)
		rc = report_send(&s->q, &t, str_text(&words), e);
	str_free(&words);

	return rc == 1 ? STOP_NOW : rc;
}

static void
print_claim(struct session *s, const struct token *t, const struct trial *trial)
{
	struct point p;

	trial_point(trial, &s->c.space, &p);
	str_addf(&s->out.buf,
	    "{\"id\": %u, \"attempt\": %u, \"params\": ", t->id, t->attempt);
	point_json(&p, &s->c.space, &s->out.buf);
	str_add(&s->out.buf, "}\n");
	point_free(&p);
}

static int
claim(struct session *s, const struct wish *w, struct err *e)
{
	struct trial trial;
	struct token t;
	int rc = ask_claim(&s->work, w->pid, &t, &trial, e);

	if (rc != 1)
		return rc < 0 ? -1 : EX_NO;
	print_claim(s, &t, &trial);
	trial_free(&trial);

	return 0;
}

static int
finish(struct session *s, const struct wish *w, struct err *e)
{
	struct result r;
	size_t i;
	int rc = 0;

	memset(&r, 0, sizeof r);
	r.cause = mem_dup(w->verb == FAIL ? "reported as failed" : "");
	r.status = w->verb == FAIL ? STATUS_FAILED : STATUS_OK;
	for (i = 0; i < w->pair.n && rc == 0; i++)
		rc = metrics_pair(w->pair.v[i], &r.metrics, e);
	if (rc == 0 && w->id.n > 0)
		rc = ask_finish(&s->work, w->pid, w->id.v[0], &r, e);
	if (rc == 1) {
		err_report(tool.name, e);
		rc = EX_NO;
	} else if (rc == 0) {
		print_result(s, &r);
		if (w->verb == FINISH && r.status != STATUS_OK) {
			err_warn(tool.name, "trial %u: %s", r.id, r.cause);
			rc = 125;
		}
	}
	result_free(&r);

	return rc;
}

/* Carry out a checked wish. */
static int
fulfil(const struct wish *w, struct err *e)
{
	struct session s;
	int rc;

	rc = open_campaign(&s, w, w->verb == RUN || w->verb == LOOP, e);
	if (rc == 0) {
		switch (w->verb) {
		case LOOP:
			rc = loop(&s, w, e);
			break;
		case RUN:
			rc = run_named(&s, w, e);
			break;
		case REPORT:
			rc = report(&s, w, e);
			break;
		case CLAIM:
			rc = claim(&s, w, e);
			break;
		default:
			rc = finish(&s, w, e);
			break;
		}
	}
	if (rc >= 0 &&
	    (s.out_error.code != 0 || out_flush(&s.out, &s.out_error) < 0)) {
		*e = s.out_error;
		rc = -1;
	}
	close_campaign(&s);

	return rc;
}

static int
run(int argc, char *argv[], struct err *e)
{
	struct wish w;
	int rc;

	rc = parse(argc, argv, &w, e);
	if (rc == 0)
		rc = fulfil(&w, e);
	else if (rc > 0)
		rc = 0;
	arr_free(&w.id);
	arr_free(&w.pair);

	return rc;
}

int
main(int argc, char *argv[])
{
	return opt_main(&tool, run, argc, argv);
}
