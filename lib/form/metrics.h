#ifndef FORM_METRICS_H
#define FORM_METRICS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct pattern;

/*
 * Metrics: the named numbers that a trial reports, read from the lines of
 * its output ("hpo: val_error=0.12 step=3", or the [metrics] patterns) and
 * from its reports.  The last value of a name counts; with a step every
 * value is a point of a learning curve.
 */
struct metric_point {
	double step, value;
};

struct metric {
	char *name;
	double value; /* the last */
	struct {
		size_t n, cap;
		struct metric_point *v;
	} curve;        /* at most METRICS_CURVE points: then every second is
	            dropped, the first and the last are always there */
	size_t stride;  /* of that thinning: every which point is kept, */
	size_t skipped; /* and how many came after the last such one; if
	                   any, the curve's last point is the latest of them */
};

enum { METRICS_CURVE = 1000, METRICS_NAMES = 256, METRICS_NAME = 100 };

struct metrics {
	struct {
		size_t n, cap;
		struct metric *v;
	} all;         /* in order of first appearance */
	char *mistake; /* "no number for 'NAME' in 'LINE'" of the first line
	                  that names a metric and gives no number, or that
	                  names one too many; one printable line, the cause
	                  of a failed trial; NULL: none */
};

/*
 * metrics_is_name(name): [A-Za-z_][A-Za-z0-9_.@/-]*, up to METRICS_NAME
 * bytes, and not "step", which names no metric.
 */
bool metrics_is_name(const char *name);

/*
 * What a line reports
 *
 * A line that starts with "hpo:" holds NAME=VALUE pairs, apart by blanks, ','
 * or ';'; blanks around the '=' are allowed, words without one are passed
 * over.  A pair step=N makes every value of its line a point of a curve.
 *
 * Other lines are searched for each [metrics] pattern, a POSIX extended
 * regular expression, once: its first match counts.  The number is its group
 * 1 if it has groups (a group that took no part is no match), else it is what
 * follows the match, blanks before it skipped; a match with nothing behind it
 * is passed over.  The step is the number of the step pattern in the same
 * line, else the last one it found before ("Epoch 3/10" on a line of its
 * own).  Values are numbers as num_scan() reads them.
 */
struct metrics_reader;

/*
 * metrics_reader_new(pattern, n, step, e):
 * For ${n} [metrics] patterns and the step's (NULL: none).  NULL with
 * EX_DATAERR and "metric: what regcomp says", or that its memory would not do
 * for a pattern that repeats repetitions.
 */
struct metrics_reader *metrics_reader_new(const struct pattern *pattern,
    size_t n, const char *step, struct err *e);

/*
 * metrics_feed(r, p, n, m):
 * Take ${n} bytes of output; '\n' and '\r' end lines, ANSI escapes are
 * dropped, a line longer than 64 KiB is read to there.  metrics_end(): the
 * output has ended, what is left is a line.
 */
void metrics_feed(struct metrics_reader *r, const char *p, size_t n,
    struct metrics *m);
void metrics_end(struct metrics_reader *r, struct metrics *m);
void metrics_reader_free(struct metrics_reader *r);

/*
 * metrics_output(line, m):
 * Take what follows "hpo:" in a line of output; a mistake goes to ${m}.
 */
void metrics_output(const char *line, struct metrics *m);

/*
 * metrics_pair(word, m, e):
 * Take one "NAME=VALUE" as --report and --finish give it, without a step.
 * -1, EX_USAGE.  metrics_line(): the words of one report line, "a=1 step=3";
 * nothing is taken of a line with a mistake.
 */
int metrics_pair(const char *word, struct metrics *m, struct err *e);
int metrics_line(const char *line, struct metrics *m, struct err *e);

/*
 * metrics_add(m, name, value): a value; metrics_add_step(): with a step.
 * More than METRICS_NAMES names: the first too many becomes the mistake, its
 * values are dropped.
 */
void metrics_add(struct metrics *m, const char *name, double value);
void metrics_add_step(struct metrics *m, const char *name, double value,
    double step);

/* metrics_fail(m, why, line): "why in 'line'" is the mistake, unless there
 * is one. */
void metrics_fail(struct metrics *m, const char *why, const char *line);

/* metrics_find(m, name): The metric, or NULL. */
const struct metric *metrics_find(const struct metrics *m, const char *name);

void metrics_free(struct metrics *m);

#endif
