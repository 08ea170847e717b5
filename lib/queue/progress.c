#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "form/campaign.h"
#include "queue/progress.h"
#include "queue/tally.h"

void
progress_start(struct progress *p, const struct campaign *c)
{
	memset(p, 0, sizeof *p);
	p->c = c;
	p->started = clk_boot();
	p->best = (double)NAN;
}

/* Of "id status objective…" keep the best and the failures. */
void
progress_result(struct progress *p, const char *line)
{
	const char *status = strchr(line, '\t');
	const char *first;
	char *rest;
	double value;

	if (status == NULL)
		return;
	first = strchr(++status, '\t');
	if (str_starts(status, "ok\t") && first != NULL) {
		value = strtod(first, &rest);
		if (rest == first)
			return;
		if (isnan(p->best) ||
		    (p->c->objective[0].maximize ? value > p->best
						 : value < p->best))
			p->best = value;
	} else if (!str_starts(status, "pruned")) {
		p->failed++;
	}
}

void
progress_look(struct progress *p, const struct tally *t)
{
	if (!p->counted)
		p->ended_at_start = tally_ended(t);
	p->counted = true;
}

void
progress_text(const struct progress *p, const struct tally *t, struct str *b)
{
	uint32_t ended = tally_ended(t);
	double left;

	str_addf(b, "%s  %u/%u  %u running", p->c->name, ended, t->trials,
	    t->count[STATE_RUNNING]);
	if (t->count[STATE_HELD] > 0)
		str_addf(b, "  %u held", t->count[STATE_HELD]);
	if (p->failed > 0)
		str_addf(b, "  %u failed", p->failed);
	if (!isnan(p->best))
		str_addf(b, "  best %.4g", p->best);
	if (ended > p->ended_at_start && ended < t->trials) {
		left = (clk_boot() - p->started) * (double)(t->trials - ended) /
		    (double)(ended - p->ended_at_start);
		str_addf(b, left < 100 ? "  %.0f s left" : "  %.0f min left",
		    left < 100 ? left : left / 60);
	}
}
