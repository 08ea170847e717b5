#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/*
 * Output that notices: a full disk or a closed descriptor must not look
 * like success.  A struct out collects bytes and writes them to its
 * descriptor in large pieces; out_flush() and out_close() say what went
 * wrong.  After a failure everything further is dropped.
 */
struct out {
	int fd;
	int failed; /* errno of the first failure */
	struct str buf;
};

void out_init(struct out *o, int fd);
void out_add(struct out *o, const char *text);
void out_addn(struct out *o, const char *p, size_t n);
void out_addc(struct out *o, char c);
void out_addf(struct out *o, const char *fmt, ...) ERR_PRINTF(2, 3);

/* out_flush(o, e): Write what is waiting; -1 if anything ever failed. */
int out_flush(struct out *o, struct err *e);

/* out_close(o, e): Flush, and close the descriptor with its result checked. */
int out_close(struct out *o, struct err *e);

/*
 * out_tsv(b, text): Append ${text} as a field of a table: \t \n \r \\ are
 * escaped, other control bytes as \xNN.
 */
void out_tsv(struct str *b, const char *text);

/* out_untsv(text): Undo that in place. */
void out_untsv(char *text);

/* out_json(b, text): Append ${text} as a JSON string with its quotes; bytes
 * that are no UTF-8 become U+FFFD. */
void out_json(struct str *b, const char *text);

/* out_csv(b, text): Append as a CSV field (RFC 4180), quoted if needed. */
void out_csv(struct str *b, const char *text);

/* out_duration(b, seconds): Append for people: "0.012 s", "12.3 s",
 * "12m 31s", "3h 05m", "2d 4h". */
void out_duration(struct str *b, double seconds);

#endif
