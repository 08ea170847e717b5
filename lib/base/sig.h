#ifndef BASE_SIG_H
#define BASE_SIG_H

#include <stdbool.h>

struct err;

/*
 * Signals as something to wait for: handlers only count and wake.  This is
 * the library's one place with state of its own, as signals are the
 * process's.
 */

/* How often something was asked since the start. */
struct sig_seen {
	unsigned stop;  /* TERM, INT */
	unsigned warn;  /* USR1, and the time of sig_warn_after() */
	unsigned drain; /* USR2, HUP */
	unsigned child; /* CHLD */
	int last_stop;  /* the latest of TERM, INT (, HUP with hup_stops) */
};

/*
 * sig_catch(hup_stops, e):
 * From now on these signals are counted.  With ${hup_stops} HUP counts as
 * stop.
 */
int sig_catch(bool hup_stops, struct err *e);

/* sig_warn_after(seconds): Count a warning when so much time has passed. */
void sig_warn_after(double seconds);

/* sig_seen(s): The counts so far. */
void sig_seen(struct sig_seen *s);

/* sig_fd(): A descriptor that is readable after a signal; sig_clear() makes
 * it wait for the next. */
int sig_fd(void);
void sig_clear(void);

/* sig_reset(): In a child before exec: default actions, nothing blocked. */
void sig_reset(void);

/* sig_number(name): "USR1", "SIGUSR1" or "10" -> its number, 0 if none. */
int sig_number(const char *name);

#endif
