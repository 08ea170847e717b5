/*
 * fill CAMPAIGN N [FIRST]: give N trials of a campaign, which wait, from the
 * id FIRST (0) on, a result each, without running anything and without waiting
 * for the disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rng.h"
#include "form/result.h"
#include "queue/queue.h"

static void
make_result(struct queue *q, uint32_t id, struct str *b)
{
	struct result r;
	struct rng rng;

	memset(&r, 0, sizeof r);
	rng_init(&rng, 1, id, 1);
	r.id = id;
	r.status = STATUS_OK;
	r.cause = mem_dup("");
	clk_wall(r.started);
	r.seconds = rng_unit(&rng) * 100;
	r.host = mem_dup(q->me.host);
	r.worker = mem_dup(q->self);
	metrics_add(&r.metrics, "loss", rng_unit(&rng));
	metrics_add(&r.metrics, "accuracy", rng_unit(&rng));
	metrics_add(&r.metrics, "epochs", (double)rng_below(&rng, 100));
	result_format(&r, b);
	result_free(&r);
}

int
main(int argc, char *argv[])
{
	struct err e = ERR_NONE;
	struct str text = STR_EMPTY, path = STR_EMPTY;
	struct token from = { 0, 0, STATE_READY, "" }, to;
	struct queue q;
	uint32_t first, i, n;

	if (argc != 3 && argc != 4)
		return 64;
	n = (uint32_t)strtoul(argv[2], NULL, 10);
	first = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
	if (queue_open(argv[1], QUEUE_WRITE, &q, &e) < 0) {
		err_report("fill", &e);
		return 1;
	}
	for (i = first; i < first + n; i++) {
		str_cut(&text, 0);
		make_result(&q, i, &text);
		from.id = i;
		to = from;
		to.state = STATE_DONE;
		snprintf(to.by, sizeof to.by, "%s", q.self);
		if (fs_create(q.fd, name_result(i, 0, q.self, &path), text.s,
			text.n, &e) < 0 ||
		    queue_move_lazily(&q, &from, &to, &e) != QUEUE_DONE) {
			err_report("fill", &e);
			return 1;
		}
	}
	str_free(&path);
	str_free(&text);
	queue_close(&q);

	return 0;
}
