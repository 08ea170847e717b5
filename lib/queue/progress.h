#ifndef QUEUE_PROGRESS_H
#define QUEUE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct campaign;
struct tally;

/*
 * How far a campaign has come since a dispatcher looks at it, as a line for a
 * terminal: "mlp  23/50  4 running  2 failed  best 0.0194  2 min left".
 */
struct progress {
	const struct campaign *c;
	double started; /* on the boot clock */
	uint32_t ended_at_start;
	bool counted;
	double best; /* of the first objective, NAN: none yet */
	unsigned failed;
};

void progress_start(struct progress *p, const struct campaign *c);

/* progress_result(p, line): Take a worker's line "id status objective…". */
void progress_result(struct progress *p, const char *line);

/* progress_look(p, t): Take a look's tally; the first one is the start. */
void progress_look(struct progress *p, const struct tally *t);

/* progress_text(p, t, b): Append the line. */
void
progress_text(const struct progress *p, const struct tally *t, struct str *b);

#endif
