#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "form/campaign.h"
#include "queue/name.h"

static const char *const states[STATE_COUNT] = { "new", "ready", "held",
	"running", "done", "failed", "closed" };

const char *
name_state(enum state s)
{
	return states[s];
}

uint32_t
name_segment(uint32_t id)
{
	return id / NAME_SEGMENT;
}

const char *
name_token(const struct token *t, struct str *b)
{
	str_cut(b, 0);
	switch (t->state) {
	case STATE_NEW:
		return name_in_home(t->id, "token", b);
	case STATE_READY:
	case STATE_HELD:
		str_addf(b, "%s/%04u/%07u.%u", states[t->state],
		    name_segment(t->id), t->id, t->attempt);
		break;
	case STATE_RUNNING:
		str_addf(b, "running/%s/%07u.%u", t->by, t->id, t->attempt);
		break;
	default:
		str_addf(b, "%s/%04u/%07u.%u.%s", states[t->state],
		    name_segment(t->id), t->id, t->attempt, t->by);
		break;
	}

	return b->s;
}

const char *
name_home(uint32_t id, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "trials/%04u/%07u", name_segment(id), id);

	return b->s;
}

const char *
name_in_home(uint32_t id, const char *file, struct str *b)
{
	name_home(id, b);
	str_addc(b, '/');
	str_add(b, file);

	return b->s;
}

const char *
name_dir(enum state state, uint32_t segment, struct str *b)
{
	str_cut(b, 0);
	str_addf(b, "%s/%04u", states[state], segment);

	return b->s;
}

const char *
name_result(uint32_t id, unsigned attempt, const char *by, struct str *b)
{
	name_home(id, b);
	str_addf(b, "/result.%u.%s.ini", attempt, by);

	return b->s;
}

/*
 * Decimal digits from *${p}, at least ${min} of them, up to ${max}.  More
 * zeros than that are refused: a name is written in one way only.
 */
static int
digits(const char **p, size_t min, uint64_t max, uint64_t *out)
{
	size_t n = strspn(*p, "0123456789");
	char buf[24];

	if (n < min || n >= sizeof buf || (n > min && **p == '0'))
		return -1;
	memcpy(buf, *p, n);
	buf[n] = '\0';
	*p += n;

	return num_u64(buf, max, out);
}

/* "A.W" with W up to ${end}. */
static int
serial_and_writer(const char *p, const char *end, unsigned *attempt,
    char by[NAME_WRITER])
{
	uint64_t a;

	if (digits(&p, 1, 1000000, &a) < 0 || *p++ != '.' || end <= p ||
	    end - p >= NAME_WRITER)
		return -1;
	memcpy(by, p, (size_t)(end - p));
	by[end - p] = '\0';
	*attempt = (unsigned)a;

	return name_is_writer(by) ? 0 : -1;
}

int
name_parse_token(const char *name, enum state state, struct token *t)
{
	const char *p = name;
	uint64_t id, a;

	if (digits(&p, 7, CAMPAIGN_MAX_TRIALS - 1, &id) < 0 || *p++ != '.')
		return -1;
	t->id = (uint32_t)id;
	t->state = state;
	t->by[0] = '\0';
	if (state >= STATE_DONE)
		return serial_and_writer(p, p + strlen(p), &t->attempt, t->by);
	if (digits(&p, 1, 1000000, &a) < 0 || *p != '\0')
		return -1;
	t->attempt = (unsigned)a;

	return 0;
}

int
name_parse_result(const char *name, unsigned *attempt, char by[NAME_WRITER])
{
	size_t n = strlen(name);

	if (!str_starts(name, "result.") || n < 12 ||
	    strcmp(name + n - 4, ".ini") != 0)
		return -1;

	return serial_and_writer(name + 7, name + n - 4, attempt, by);
}

int
name_parse_segment(const char *name, uint32_t *segment)
{
	uint64_t s;

	if (digits(&name, 4, CAMPAIGN_MAX_TRIALS / NAME_SEGMENT - 1, &s) < 0 ||
	    *name != '\0')
		return -1;
	*segment = (uint32_t)s;

	return 0;
}

int
name_parse_id(const char *name, uint32_t *id)
{
	uint64_t n;

	if (digits(&name, 7, CAMPAIGN_MAX_TRIALS - 1, &n) < 0 || *name != '\0')
		return -1;
	*id = (uint32_t)n;

	return 0;
}

bool
name_is_writer(const char *name)
{
	static const char ok[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz._-";
	size_t n = strlen(name);

	return n > 0 && n < NAME_WRITER && name[0] != '.' &&
	    strspn(name, ok) == n;
}
