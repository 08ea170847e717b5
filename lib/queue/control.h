#ifndef QUEUE_CONTROL_H
#define QUEUE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/queue.h"

struct err;

/*
 * What the user wants of a campaign, as files in control/, which are found
 * by listing it (a name that was looked up in vain may stay absent for half
 * a minute on NFS).
 */
struct control {
	bool pause; /* claim nothing */
	bool drain; /* end after the running trial */
	bool stop;  /* end now, the trial goes back */
	struct {
		size_t n, cap;
		struct control_cancel {
			uint32_t id;
			unsigned attempt;
		} * v;
	} cancel; /* running attempts to be ended for good */
};

int control_read(const struct queue *q, struct control *c, struct err *e);
bool control_cancels(const struct control *c, const struct token *t);
void control_free(struct control *c);

/* control_set(q, name, e): Make control/NAME; it may be there already. */
int control_set(struct queue *q, const char *name, struct err *e);

/* control_cancel(q, t, e): Ask the worker of a running token to end it. */
int control_cancel(struct queue *q, const struct token *t, struct err *e);

/* control_uncancel(q, t): The request has been met. */
void control_uncancel(struct queue *q, const struct token *t);

/* control_is_set(q): Is there a pause, drain or stop to be taken back? */
bool control_is_set(const struct queue *q);

/* control_clear(q, e): Remove pause, drain and stop. */
int control_clear(struct queue *q, struct err *e);

#endif
