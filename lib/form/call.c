#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/call.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz_"
			      "0123456789";

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* A "string": its text goes to ${arg}. */
static const char *
take_string(const char *p, struct call_arg *arg, struct err *e)
{
	struct str b = STR_EMPTY;

	for (p++; *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) {
			p++;
		} else if (*p == '\\' && p[1] != '\0') {
			err_set(e, EX_DATAERR,
			    "unknown escape '\\%c' in a string, write '\\\\' "
			    "for a backslash",
			    p[1]);
			goto fail;
		} else if (*p == '\0' || *p == '\\') {
			err_set(e, EX_DATAERR,
			    "a '\"' is missing at the end of a string");
			goto fail;
		}
		str_addc(&b, *p);
	}
	arg->text = str_take(&b);
	arg->quoted = true;

	return p + 1;
fail:
	str_free(&b);

	return NULL;
}

/* A [list], verbatim; brackets within its strings do not count. */
static const char *
take_list(const char *p, struct call_arg *arg, struct err *e)
{
	const char *start = p;
	size_t depth = 0;
	bool string = false;

	for (; *p != '\0'; p++) {
		if (string && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			string = !string;
		else if (!string && *p == '[')
			depth++;
		else if (!string && *p == ']' && --depth == 0)
			break;
	}
	if (*p == '\0') {
		err_set(e, EX_DATAERR, "a '%c' is missing at the end of '%s'",
		    string ? '"' : ']', start);
		return NULL;
	}
	arg->text = mem_dupn(start, (size_t)(p + 1 - start));

	return p + 1;
}

static const char *
take_word(const char *p, struct call_arg *arg, struct err *e)
{
	size_t n = strcspn(p, " \t,()[]\"");

	if (*p == '\'') {
		err_set(e, EX_DATAERR,
		    "%.*s: strings are written with double quotes", (int)n, p);
		return NULL;
	}
	if (n == 0 && *p != '\0' && strchr(",)]", *p) != NULL) {
		err_set(e, EX_DATAERR, "a value is missing before '%c'", *p);
		return NULL;
	}
	if (n == 0 && *p != '\0') {
		err_set(e, EX_DATAERR,
		    "unexpected '%c', values with brackets or parentheses are "
		    "[lists] or \"quoted\"",
		    *p);
		return NULL;
	}
	arg->text = mem_dupn(p, n);

	return p + n;
}

/* A value, or an option with its value. */
static const char *
take_arg(const char *p, struct call *c, struct err *e)
{
	struct call_arg *arg = arr_push(&c->arg);
	const char *after;
	size_t n = strspn(p, letters);

	memset(arg, 0, sizeof *arg);
	after = skip_blanks(p + n);
	if (n > 0 && *after == '=') {
		arg->key = mem_dupn(p, n);
		p = skip_blanks(after + 1);
	}
	if (*p == '"')
		return take_string(p, arg, e);
	if (*p == '[')
		return take_list(p, arg, e);

	return take_word(p, arg, e);
}

/* Values up to ${close}, which is consumed; NULL on a mistake. */
static const char *
take_args(const char *p, char close, struct call *c, struct err *e)
{
	p = skip_blanks(p);
	if (*p == close)
		return p + 1;
	for (;;) {
		p = take_arg(skip_blanks(p), c, e);
		if (p == NULL)
			return NULL;
		p = skip_blanks(p);
		if (*p == close)
			return p + 1;
		if (*p == '\0') {
			err_set(e, EX_DATAERR, "a '%c' is missing at the end",
			    close);
			return NULL;
		}
		if (*p != ',') {
			err_set(e, EX_DATAERR,
			    "unexpected '%.*s' after '%s': a comma is missing, "
			    "or quotes around the value",
			    (int)(1 + strcspn(p + 1, " \t,()[]\"")), p,
			    c->arg.v[c->arg.n - 1].text);
			return NULL;
		}
		p++;
	}
}

static int
check_bytes(const char *text, struct err *e)
{
	const char *p;

	for (p = text; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == '\177')
			return err_set(e, EX_DATAERR,
			    "there is a control character (byte %u)",
			    (unsigned)(unsigned char)*p);

	return 0;
}

static int
finish(const char *p, struct call *c, struct err *e)
{
	if (p != NULL && *skip_blanks(p) != '\0')
		err_set(e, EX_DATAERR, "unexpected '%s' after '%c'",
		    skip_blanks(p), p[-1]);
	else if (p != NULL)
		return 0;
	call_free(c);

	return -1;
}

int
call_parse(const char *text, struct call *c, struct err *e)
{
	const char *p = skip_blanks(text);
	size_t n = strcspn(p, " \t(");

	memset(c, 0, sizeof *c);
	if (check_bytes(text, e) != 0)
		return -1;
	c->name = mem_dupn(p, n);
	p = skip_blanks(p + n);
	if (*p != '(') {
		err_set(e, EX_DATAERR, "'%s' has no parentheses", text);
		return finish(NULL, c, e);
	}

	return finish(take_args(p + 1, ')', c, e), c, e);
}

int
call_split(const char *text, struct call *c, struct err *e)
{
	const char *p = skip_blanks(text);

	memset(c, 0, sizeof *c);
	if (check_bytes(text, e) != 0)
		return -1;
	if (*p != '[')
		return err_set(e, EX_DATAERR,
		    "'%s' is no list, write [a, b, ...]", text);

	return finish(take_args(p + 1, ']', c, e), c, e);
}

void
call_free(struct call *c)
{
	size_t i;

	for (i = 0; i < c->arg.n; i++) {
		free(c->arg.v[i].key);
		free(c->arg.v[i].text);
	}
	arr_free(&c->arg);
	free(c->name);
	c->name = NULL;
}
