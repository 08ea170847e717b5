#ifndef BASE_OPT_H
#define BASE_OPT_H

struct err;

/*
 * A tool states its options once, in a table sorted by long name; parsing,
 * --help, the completions and the check against the manual all read it.
 */
struct opt {
	int id;           /* the short option if printable, else unique */
	const char *name; /* long name */
	const char *arg;  /* name of its argument, or NULL */
	const char *help; /* one line, lower case, no full stop */
};

struct opt_tool {
	const char *name;       /* "hpo-sample" */
	const char *operands;   /* "[CAMPAIGN]" */
	const char *purpose;    /* the .Nd line of the manual */
	const struct opt *opts; /* ends with a NULL name */
};

/* Ids of options without a short form start here. */
enum { OPT_LONG = 256 };

/*
 * opt_next(tool, argc, argv, arg, e):
 * Return the id of the next option and point ${arg} at its argument; return
 * 0 when there is no further option: argv[optind .. argc-1], reordered, are
 * the operands.  -1 with a message (EX_USAGE) naming the nearest option.
 * Options may follow operands; "--" ends them.  Abbreviated long options
 * are refused.
 */
int opt_next(const struct opt_tool *, int argc, char **argv, const char **arg,
    struct err *);

/* opt_seconds(arg, seconds, e): An argument that is a duration, more than 0;
 * -1, EX_USAGE. */
int opt_seconds(const char *arg, double *seconds, struct err *e);

/*
 * opt_standard(tool, id):
 * What every tool does with an id of opt_next() that it does not know itself:
 * answer -h and -V on stdout and return 1; -1 for -1, the complaint.
 */
int opt_standard(const struct opt_tool *, int id);

/*
 * opt_main(tool, run, argc, argv):
 * The whole of main: ${run} returns the exit status, or -1 with a complaint,
 * which goes to stderr; output that cannot be written is one.
 */
int opt_main(const struct opt_tool *,
    int (*run)(int argc, char **argv, struct err *), int argc, char **argv);

#endif
