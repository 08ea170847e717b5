#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * Errors are values.  A library function that can fail returns -1 or NULL
 * and fills a struct err that its caller owns; it neither prints nor exits.
 * The tool prints the message once, through err_report().
 *
 * A message may have several lines: a file's mistakes are reported all at
 * once, each as "file:line: what".
 */

enum {
	EX_OK_ = 0,
	EX_NO = 1,           /* the question was answered: no */
	EX_USAGE = 64,       /* the command line is wrong */
	EX_DATAERR = 65,     /* a file of the campaign is wrong */
	EX_UNAVAILABLE = 69, /* a needed program or service is missing */
	EX_OSERR = 71,       /* out of memory */
	EX_IOERR = 74,       /* the system refused */
	EX_TEMPFAIL = 75,    /* try again later */
	EX_NOPERM = 77,      /* not allowed */
	EX_CONFIG = 78       /* the campaign cannot run as configured */
};

struct err {
	int code; /* exit code that fits, or 0 */
	int sys;  /* errno, where a system call failed, else 0 */
	char msg[4096];
};

/* What a fresh struct err holds. */
#define ERR_NONE                                                               \
	{                                                                      \
		.code = 0                                                      \
	}

#if defined(__GNUC__)
#define ERR_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define ERR_PRINTF(f, a)
#endif

/*
 * err_set(e, code, fmt, ...):
 * Record a message and return -1, so that callers write
 * "return err_set(e, ...)".
 */
int err_set(struct err *e, int code, const char *fmt, ...) ERR_PRINTF(3, 4);

/*
 * err_add(e, code, fmt, ...):
 * Append a line to the message (the first line sets the code) and return
 * -1.  Lines that do not fit are counted and announced by a last line.
 */
int err_add(struct err *e, int code, const char *fmt, ...) ERR_PRINTF(3, 4);

/*
 * err_sys(e, fmt, ...):
 * Like err_set() for a failed system call: append ": strerror(errno)", keep
 * errno in ${e->sys}, and choose the code: EX_TEMPFAIL for an errno that
 * may go away by itself, EX_NOPERM for a refused permission, else EX_IOERR.
 */
int err_sys(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

/*
 * err_prefix(e, fmt, ...):
 * Put "text: " before the first line of the message.  Returns -1.
 */
int err_prefix(struct err *e, const char *fmt, ...) ERR_PRINTF(2, 3);

/* err_clear(e): Forget what ${e} holds. */
void err_clear(struct err *e);

/*
 * err_report(prog, e):
 * Write "prog: line" to stderr for each line of the message, each by one
 * write(2), control characters shown as '?'.
 */
void err_report(const char *prog, const struct err *e);

/*
 * err_warn(prog, fmt, ...):
 * Likewise for a message that is not an error: "prog: text".
 */
void err_warn(const char *prog, const char *fmt, ...) ERR_PRINTF(2, 3);

#endif
