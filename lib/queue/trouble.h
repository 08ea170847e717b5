#ifndef QUEUE_TROUBLE_H
#define QUEUE_TROUBLE_H

#include <stdbool.h>

#include "base/str.h"
#include "queue/observe.h"

/*
 * What a dispatcher that is started every few minutes remembers of trouble,
 * as sightings of this host (queue/observe): what it has complained of, and
 * what it should not try again so soon.
 */
/* So many jobs in a row that ended before they claimed a trial are no
 * accident. */
enum { TROUBLE_BROKEN = 3 };

struct trouble {
	struct observe *seen;
	const char *dir; /* of the backend: each has its own */
	bool always;     /* complain also of what is known: a person looks on */
	void (*complain)(void *cookie, const char *text);
	void *cookie;
	bool standing; /* there was something to complain of */
};

/*
 * trouble_tell(t, what, text):
 * Complain of ${what}, unless the same was the last time.  With NULL it is
 * over, and would be news.  trouble_is_news(): would it complain?
 */
void trouble_tell(struct trouble *t, const char *what, const char *text);
bool
trouble_is_news(const struct trouble *t, const char *what, const char *text);

/*
 * A number that is remembered for a day: 0 before.  trouble_age(): for how
 * many seconds it has had its value.
 */
unsigned trouble_number(const struct trouble *t, const char *what);
void trouble_set(struct trouble *t, const char *what, unsigned n);
double trouble_age(const struct trouble *t, const char *what);

/*
 * trouble_wait(t, what, step):
 * Seconds until it should be tried again, where ${what} counts failures, of
 * which every ${step} double the wait: a quarter of an hour, then half an
 * hour, up to four; 0 below that number.
 */
double trouble_wait(const struct trouble *t, const char *what, unsigned step);

/* trouble_nodes(t, b): Append the nodes on which several workers have been
 * lost in the last day, with commas between. */
void trouble_nodes(const struct trouble *t, struct str *b);

#endif
