#ifndef QUEUE_TICK_RUN_H
#define QUEUE_TICK_RUN_H

#include "queue/backend.h"
#include "queue/control.h"
#include "queue/observe.h"
#include "queue/pilot.h"
#include "queue/roster.h"
#include "queue/tick.h"
#include "queue/trouble.h"
#include "queue/upkeep.h"

/*
 * What the parts of a tick share.  For queue/tick alone.
 */
struct tick_run {
	struct tick *k;
	struct observe seen;
	struct trouble trouble;
	struct roster roster;
	struct backend_limits limits;
	struct pilot plan;
	struct upkeep upkeep;
	struct control control;
	struct tally *t;
	double start; /* on the boot clock */
	bool refused; /* what was submitted */
	/* jobs of all tickets */
	unsigned waiting, running, stuck, presumed, cancelled;
};

#endif
