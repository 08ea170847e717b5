#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "form/record.h"
#include "form/result.h"

enum { SEAL = 23, STAMP = 32 };

static const char none[] = "none";

/* One parse. */
struct state {
	const struct record *form;
	void *object;
	uint64_t seen; /* bit per field */
	size_t next;   /* the field expected, as they are written in order */
	bool format;
};

static void
add_value(const struct record_field *f, const char *at, struct str *b)
{
	uint64_t u64;
	int64_t i64;
	double x;
	enum status status;
	int i;

	switch (f->kind) {
	case RECORD_U64:
		memcpy(&u64, at, sizeof u64);
		str_addf(b, "%s = %" PRIu64 "\n", f->name, u64);
		break;
	case RECORD_HEX:
		memcpy(&u64, at, sizeof u64);
		str_addf(b, "%s = %016" PRIx64 "\n", f->name, u64);
		break;
	case RECORD_I64:
	case RECORD_INT:
		if (f->kind == RECORD_I64) {
			memcpy(&i64, at, sizeof i64);
		} else {
			memcpy(&i, at, sizeof i);
			i64 = i;
		}
		if (i64 == f->none)
			inifile_add(b, f->name, none);
		else
			str_addf(b, "%s = %" PRIi64 "\n", f->name, i64);
		break;
	case RECORD_SECONDS:
		memcpy(&x, at, sizeof x);
		str_addf(b, "%s = %.3f\n", f->name, x > 0 ? x : 0);
		break;
	case RECORD_STATUS:
		memcpy(&status, at, sizeof status);
		inifile_add(b, f->name, status_name(status));
		break;
	default:
		break;
	}
}

static void
add_field(const struct record_field *f, const char *at, struct str *b)
{
	const char *text;
	uint32_t u32;

	switch (f->kind) {
	case RECORD_U32:
		memcpy(&u32, at, sizeof u32);
		str_addf(b, "%s = %" PRIu32 "\n", f->name, u32);
		break;
	case RECORD_TEXT:
		memcpy(&text, at, sizeof text);
		inifile_add(b, f->name, text != NULL ? text : "");
		break;
	case RECORD_STAMP:
		inifile_add(b, f->name, at);
		break;
	default:
		add_value(f, at, b);
	}
}

void
record_format(const struct record *form, const void *object, struct str *b)
{
	size_t i;

	str_addf(b, "[%s]\nformat = 1\n", form->section);
	for (i = 0; i < form->n; i++)
		add_field(&form->field[i],
		    (const char *)object + form->field[i].offset, b);
}

static void
write_seal(char *seal, const char *p, size_t n)
{
	snprintf(seal, SEAL + 1, "[end]\ncrc32 = %08" PRIx32 "\n",
	    crc_32(p, n));
}

void
record_seal(struct str *b, size_t from)
{
	char seal[SEAL + 1];

	write_seal(seal, str_text(b) + from, b->n - from);
	str_addn(b, seal, SEAL);
}

static int
parse_hex(const char *s, uint64_t *out)
{
	if (strlen(s) != 16 || strspn(s, "0123456789abcdef") != 16)
		return -1;
	*out = strtoull(s, NULL, 16);

	return 0;
}

static int
parse_signed(const struct record_field *f, const char *value, char *at)
{
	int64_t x = f->none;
	int i;

	if (!str_eq(value, none) && num_i64(value, &x) != 0)
		return -1;
	if (f->kind == RECORD_I64) {
		memcpy(at, &x, sizeof x);
		return 0;
	}
	if (x < INT32_MIN || x > INT32_MAX)
		return -1;
	i = (int)x;
	memcpy(at, &i, sizeof i);

	return 0;
}

/* Store ${value}, which may be changed; -1 if it is not of the kind. */
static int
parse_text(const struct record_field *f, char *value, char *at)
{
	char *copy;
	int found;
	enum status status;

	if (f->kind == RECORD_STATUS) {
		found = status_find(value);
		status = (enum status)(found < 0 ? 0 : found);
		memcpy(at, &status, sizeof status);
		return found < 0 ? -1 : 0;
	}
	inifile_unescape(value);
	if (f->kind == RECORD_STAMP) {
		if (strlen(value) >= STAMP)
			return -1;
		memcpy(at, value, strlen(value) + 1);
		return 0;
	}
	copy = mem_dup(value);
	memcpy(at, &copy, sizeof copy);

	return 0;
}

static int
parse_field(const struct record_field *f, char *value, char *at)
{
	uint64_t u64;
	uint32_t u32;
	double x;
	int bad;

	switch (f->kind) {
	case RECORD_U32:
		bad = num_u64(value, UINT32_MAX, &u64);
		if (bad != 0)
			return -1;
		u32 = (uint32_t)u64;
		memcpy(at, &u32, sizeof u32);
		return 0;
	case RECORD_U64:
	case RECORD_HEX:
		bad = f->kind == RECORD_U64 ? num_u64(value, UINT64_MAX, &u64)
					    : parse_hex(value, &u64);
		if (bad != 0)
			return -1;
		memcpy(at, &u64, sizeof u64);
		return 0;
	case RECORD_I64:
	case RECORD_INT:
		return parse_signed(f, value, at);
	case RECORD_SECONDS:
		if (num_double(value, &x) != 0 || signbit(x))
			return -1;
		memcpy(at, &x, sizeof x);
		return 0;
	default:
		return parse_text(f, value, at);
	}
}

int
record_damaged(const struct record *form, const struct inifile_entry *ent,
    struct err *e)
{
	return err_set(e, EX_DATAERR, "%s:%u: %s file damaged: '%.40s'",
	    ent->file, ent->line, form->section, ent->key);
}

static int
check_format(struct state *s, const struct inifile_entry *ent, struct err *e)
{
	uint64_t format;

	if (s->format || num_u64(ent->value, UINT32_MAX, &format) != 0)
		return record_damaged(s->form, ent, e);
	s->format = true;
	if (format != 1)
		return err_set(e, EX_DATAERR,
		    "%s:%u: written by a later version (format %s)", ent->file,
		    ent->line, ent->value);

	return 0;
}

static int
take(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	struct state *s = cookie;
	const struct record *form = s->form;
	size_t i, k;

	if (ent->key == NULL)
		return 0;
	if (!str_eq(ent->section, form->section))
		return form->rest(s->object, ent, e);
	if (str_eq(ent->key, "format"))
		return check_format(s, ent, e);
	for (k = 0; k < form->n; k++) {
		i = (s->next + k) % form->n;
		if (!str_eq(ent->key, form->field[i].name))
			continue;
		if ((s->seen >> i & 1) != 0 ||
		    parse_field(&form->field[i], ent->value,
			(char *)s->object + form->field[i].offset) != 0)
			return record_damaged(form, ent, e);
		s->seen |= UINT64_C(1) << i;
		s->next = i + 1;
		break;
	}

	return 0;
}

int
record_parse(const struct record *form, const char *text, size_t n,
    const char *file, void *object, struct err *e)
{
	struct state s = { form, object, 0, 0, false };
	char seal[SEAL + 1] = "";
	const char *lack = NULL;
	size_t i;

	err_clear(e);
	if (n >= SEAL)
		write_seal(seal, text, n - SEAL);
	if (n < SEAL || memcmp(text + n - SEAL, seal, SEAL) != 0)
		return err_set(e, EX_DATAERR, "%s: %s file damaged: %s", file,
		    form->section, n == 0 ? "it is empty" : "wrong checksum");
	if (inifile_parse(text, n - SEAL, file, INIFILE_MACHINE, take, &s, e) !=
	    0)
		return -1;
	for (i = form->n; i-- > 0;)
		if ((s.seen >> i & 1) == 0)
			lack = form->field[i].name;
	if (!s.format)
		lack = "format";
	if (lack != NULL)
		return err_set(e, EX_DATAERR,
		    "%s: %s file damaged: [%s] has no '%s'", file,
		    form->section, form->section, lack);

	return 0;
}
