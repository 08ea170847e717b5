#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/proc.h"
#include "form/campaign.h"
#include "queue/fsck_facts.h"
#include "queue/repair.h"
#include "queue/repair_rest.h"
#include "queue/repair_segment.h"
#include "queue/repair_step.h"
#include "queue/repair_trial.h"

enum { PASSES = 20, FORMAT_MAX = 4096, TRIAL_MAX = 16 << 20 };

/*
 * A FORMAT that is not there, or is the beginning of one, is made anew; any
 * other is left to queue_open(), which says what it is.
 */
static int
mend_format(int hpo, struct repair *r, struct err *e)
{
	static const char first[] = "hpo-campaign 1\n";
	struct str text = STR_EMPTY, tmp = STR_EMPTY;
	bool cut;
	int bad = fs_slurp(hpo, "FORMAT", FORMAT_MAX, &text, e);

	cut = !bad && text.n < sizeof first - 1 &&
	    strncmp(str_text(&text), first, text.n) == 0;
	if ((bad && e->sys != ENOENT) || (!bad && !cut)) {
		err_clear(e);
		str_free(&text);
		return 0;
	}
	err_clear(e);
	str_cut(&text, 0);
	str_addf(&text, "%s%016llx\n", first,
	    (unsigned long long)proc_random64());
	str_addf(&tmp, ".FORMAT-%016llx", (unsigned long long)proc_random64());
	bad = fs_create(hpo, tmp.s, text.s, text.n, e) < 0 ||
	    fs_sync(hpo, tmp.s, e) < 0 ||
	    fs_rename(hpo, tmp.s, "FORMAT", e) < 0 || fs_sync(hpo, ".", e) < 0;
	if (!bad)
		repair_step_say(r, "FORMAT: made");
	str_free(&tmp);
	str_free(&text);

	return bad ? -1 : 0;
}

/* Open the campaign, with a FORMAT; without hpo/ nothing is made. */
static int
open_queue(const char *path, struct repair *r, struct err *e)
{
	struct str hpo = STR_EMPTY, ini = STR_EMPTY;
	int bad = 0, fd;

	fs_join(&hpo, path, "hpo");
	fs_join(&ini, path, "campaign.ini");
	fd = open(hpo.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && access(ini.s, F_OK) == 0)
		bad = mend_format(fd, r, e);
	if (fd >= 0)
		close(fd);
	str_free(&ini);
	str_free(&hpo);

	return bad
	    ? -1
	    : queue_open(path, fd >= 0 ? QUEUE_WRITE : QUEUE_READ, r->q, e);
}

static int
away(struct repair *r, const char *path, struct err *e)
{
	if (repair_step_away(r, path, e) < 0)
		return -1;
	repair_step_say(r, "%s: put away", path);

	return 0;
}

/* What lies in another segment's directory goes to its own, if that is open
 * and has none of the name. */
static int
bring_home(struct repair *r, const char *from, const char *to, uint32_t id,
    struct err *e)
{
	int rc = 1;

	if (!segments_has(&r->view.sealed, name_segment(id)))
		rc = repair_step_move(r, from, to, e);
	if (rc == 1)
		return away(r, from, e);
	if (rc == 0)
		repair_step_say(r, "%s: moved to %s", from, to);

	return rc;
}

static int
mend_token(struct repair *r, const char *path, struct err *e)
{
	const char *name = strrchr(path, '/') + 1;
	struct str to = STR_EMPTY;
	struct token t;
	int s, bad = 1;

	for (s = STATE_READY; s < STATE_COUNT && bad == 1; s++) {
		fs_join(&to, name_state((enum state)s), "");
		if (!str_starts(path, to.s) ||
		    name_parse_token(name, (enum state)s, &t) < 0)
			continue;
		name_token(&t, &to);
		bad = bring_home(r, path, to.s, t.id, e);
	}
	str_free(&to);

	return bad == 1 ? 0 : bad;
}

static int
mend_home(struct repair *r, const char *path, struct err *e)
{
	struct str to = STR_EMPTY, text = STR_EMPTY;
	struct err ignored = ERR_NONE;
	char *wrong = NULL;
	uint32_t id;
	int bad;

	fs_join(&to, path, "trial.ini");
	bad = name_parse_id(strrchr(path, '/') + 1, &id) < 0 ||
	    fs_slurp(r->q->fd, to.s, TRIAL_MAX, &text, &ignored) < 0;
	if (!bad)
		wrong = fsck_facts_trial(str_text(&text), text.n, id, NULL);
	if (bad || wrong != NULL)
		bad = away(r, path, e);
	else
		bad = bring_home(r, path, name_home(id, &to), id, e);
	free(wrong);
	str_free(&text);
	str_free(&to);

	return bad;
}

static int
mend_name(struct repair *r, const struct fsck_name *name, struct err *e)
{
	uint32_t segment;

	switch (name->what) {
	case FSCK_MISSING:
		if (fs_mkdir(r->q->fd, name->path, e) < 0)
			return -1;
		repair_step_say(r, "%s: made", name->path);
		return 0;
	case FSCK_TOKEN:
		return mend_token(r, name->path, e);
	case FSCK_HOME:
		return mend_home(r, name->path, e);
	case FSCK_SEGMENT:
		if (name_parse_segment(strrchr(name->path, '/') + 1, &segment) <
		    0)
			return 0;
		return repair_segment(r, segment, e);
	default:
		return away(r, name->path, e);
	}
}

/*
 * What is in the way goes first, then what lies in a wrong place is brought
 * to its own, then the trials: each may be what the next lacks, which shows
 * when all is looked at again.
 */
static int
stage(const struct fsck_finding *x)
{
	if (x->is_trial)
		return 2;

	return x->name.what == FSCK_TOKEN || x->name.what == FSCK_HOME;
}

/* Mend what belongs to the first stage that there is. */
static int
mend(struct repair *r, const struct fsck *f, struct err *e)
{
	const struct fsck_finding *x;
	int first = 2, bad;
	size_t i;

	if (fsck_view_look(&r->view, e) < 0)
		return -1;
	for (i = 0; i < f->finding.n; i++)
		if (stage(&f->finding.v[i]) < first)
			first = stage(&f->finding.v[i]);
	for (i = 0; i < f->finding.n; i++) {
		x = &f->finding.v[i];
		if (stage(x) != first)
			continue;
		bad = x->is_trial ? repair_trial(r, x->id, e)
				  : mend_name(r, &x->name, e);
		if (bad)
			return -1;
	}

	return repair_step_sync(r, e);
}

static int
mend_all(struct repair *r, struct fsck *left, struct err *e)
{
	size_t before;
	int i;

	for (i = 0;; i++) {
		before = r->mends;
		if (fsck_run(r->q, left, e) < 0)
			return -1;
		if (left->finding.n == 0 || i == PASSES)
			return 0;
		if (mend(r, left, e) < 0)
			break;
		if (r->mends == before)
			return 0;
		fsck_free(left);
	}
	fsck_free(left);

	return -1;
}

int
repair_run(const char *path, bool force, repair_fn tell, void *cookie,
    struct fsck *left, struct err *e)
{
	struct queue q;
	struct campaign c;
	struct repair r = { .q = &q, .c = &c, .tell = tell, .cookie = cookie };
	int bad;

	memset(left, 0, sizeof *left);
	if (open_queue(path, &r, e) < 0)
		return -1;
	r.view.q = &q;
	bad = queue_campaign(&q, false, &c, e) < 0;
	if (!bad) {
		bad = q.fd >= 0 &&
		    ((!force && repair_rest(&q, &c, e) < 0) ||
			mend_all(&r, left, e) < 0);
		campaign_free(&c);
	}
	fsck_view_free(&r.view);
	queue_close(&q);

	return bad ? -1 : 0;
}
