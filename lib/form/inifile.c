#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/inifile.h"

enum {
	LINE_BYTES = 1 << 20,
	NAME_BYTES = 49, /* what inih remembers of a name */
	QUOTED = 40      /* what a message repeats of a text */
};

static const char blanks[] = " \t";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
/* Of a name that inih reads as we do. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";

/* Where a value may go on in indented lines: texts that grow long.  In lines
 * of sh nothing is a comment of ours, and X=1 is no entry. */
static const struct {
	const char *section, *key; /* NULL: every key */
	bool sh;
} long_texts[] = {
	{ "run", "command", false },
	{ "slurm", "setup", true },
	{ "backend", "setup", true },
	{ "when", NULL, false },
	{ "constraint", NULL, false },
};

/* State of one parse. */
struct reader {
	const char *name;
	int flags;
	inifile_fn fn;
	void *cookie;
	struct err *e;
	char *at, *end;            /* what has not been read of our copy */
	unsigned line;             /* number of the line read last */
	const char *section;       /* "" before the first */
	bool lost;                 /* its header was wrong */
	struct inifile_entry item; /* what inih is being shown */
	bool probe; /* it was a header: ask inih by an entry under it */
	bool asked; /* inih has not called back yet */
	bool stop;
};

/* The quotes and brackets that are open within an entry. */
struct scan {
	bool sh; /* it has no comments */
	char quote;
	size_t depth;
	bool passed; /* what looks like a comment, since they opened */
};

static void
mistake(struct reader *r, unsigned line, const char *what)
{
	err_add(r->e, EX_DATAERR, "%s:%u: %s", r->name, line, what);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
cut_blanks(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && is_blank(s[n - 1]))
		n--;
	s[n] = '\0';
}

/* The next line without its end, or NULL if there is a mistake in it. */
static char *
take_line(struct reader *r)
{
	char *s = r->at;
	char *end = memchr(s, '\n', (size_t)(r->end - s));

	if (end == NULL)
		end = r->end;
	r->at = end + (end < r->end);
	r->line++;
	if (end > s && end[-1] == '\r')
		end--;
	*end = '\0';
	if (end - s > LINE_BYTES)
		mistake(r, r->line, "line longer than 1 MiB");
	else if (memchr(s, '\0', (size_t)(end - s)) != NULL)
		mistake(r, r->line, "NUL byte, write the file as UTF-8 text");
	else if (memchr(s, '\r', (size_t)(end - s)) != NULL)
		mistake(r, r->line, "carriage return within the line");
	else
		return s;

	return NULL;
}

/*
 * Where an inline comment starts in the line ${s}, or its end.  ${scan} is
 * what earlier lines of the entry have left open, and brought up to date.
 */
static char *
find_comment(struct scan *scan, char *s)
{
	char *p;

	for (p = s; *p != '\0'; p++) {
		if ((*p == ';' || *p == '#') && p > s && is_blank(p[-1])) {
			if (scan->quote == '\0' && scan->depth == 0)
				break;
			scan->passed = true;
		} else if (*p == '\\' && p[1] != '\0') {
			p++;
		} else if (scan->quote != '\0') {
			if (*p == scan->quote)
				scan->quote = '\0';
		} else if (*p == '"' || *p == '\'') {
			scan->quote = *p;
		} else if (*p == '(' || *p == '[' || *p == '{') {
			scan->depth++;
		} else if (strchr(")]}", *p) != NULL && scan->depth > 0) {
			scan->depth--;
		}
		if (scan->quote == '\0' && scan->depth == 0)
			scan->passed = false;
	}

	return p;
}

/* Cut an inline comment off the line ${s}, and blanks at its end. */
static void
cut_comment(struct reader *r, struct scan *scan, char *s)
{
	if (!scan->sh && (r->flags & INIFILE_COMMENTS) != 0)
		*find_comment(scan, s) = '\0';
	cut_blanks(s);
}

/* May it go on?  *${sh}: is it sh? */
static bool
may_go_on(const char *section, const char *key, bool *sh)
{
	size_t i;

	*sh = false;
	for (i = 0; i < sizeof long_texts / sizeof long_texts[0]; i++)
		if (str_eq(section, long_texts[i].section) &&
		    (long_texts[i].key == NULL ||
			str_eq(key, long_texts[i].key))) {
			*sh = long_texts[i].sh;
			return true;
		}

	return false;
}

/* Is the entry that starts at ${s} sh? */
static bool
starts_sh(const struct reader *r, const char *s)
{
	size_t n = strcspn(s, "= \t");
	char *key = mem_dupn(s, n);
	bool sh;

	may_go_on(r->section, key, &sh);
	free(key);

	return sh;
}

/* "key =" but not "key ==", or a "[section]" alone; in sh not "key=". */
static bool
looks_like_item(const char *s, bool sh)
{
	size_t n;

	if (*s == '[') {
		n = 1 + strspn(s + 1, plain);
		return n > 1 && strcmp(s + n, "]") == 0;
	}
	n = strspn(s, plain);
	if (n == 0 || strspn(s, letters) == 0)
		return false;
	if (sh && !is_blank(s[n]))
		return false;
	n += strspn(s + n, blanks);

	return s[n] == '=' && s[n + 1] != '=';
}

/* May ${s}, an indented line, go on the entry of ${key}?  Complain if not. */
static bool
is_tail(struct reader *r, const char *key, const char *s)
{
	bool sh,
	    allowed = may_go_on(r->section, key, &sh) &&
	    (r->flags & INIFILE_MACHINE) == 0;
	bool item = looks_like_item(s, sh);

	if (allowed && !item)
		return true;
	if ((r->flags & INIFILE_MACHINE) != 0)
		mistake(r, r->line, "indented line");
	else if (allowed)
		err_add(r->e, EX_DATAERR,
		    "%s:%u: '%.*s' is indented: an entry must start in column 1"
		    " (put quotes around it to go on with '%.*s')",
		    r->name, r->line, QUOTED, s, QUOTED, key);
	else if (item)
		err_add(r->e, EX_DATAERR,
		    "%s:%u: '%.*s' is indented: an entry must start in column 1",
		    r->name, r->line, QUOTED, s);
	else
		err_add(r->e, EX_DATAERR,
		    "%s:%u: indented line: '%.*s' must be on one line (command, "
		    "setup, [when] and [constraint] may go on)",
		    r->name, r->line, QUOTED, key);

	return false;
}

/* Does a line start here that belongs to the entry above it? */
static bool
at_tail(const struct reader *r)
{
	return r->at < r->end && *r->at != '\0' &&
	    strchr(" \t\r\n;#", *r->at) != NULL;
}

/*
 * Read the lines that belong to the entry, and join what goes on its value.
 * A piece moves towards the front of the copy by at least its indentation.
 */
static void
take_tail(struct reader *r, struct scan *scan, bool good)
{
	char *value = r->item.value, *s;
	char *end = good ? value + strlen(value) : NULL;
	size_t n;

	while (at_tail(r)) {
		s = take_line(r);
		if (s == NULL || !good)
			continue;
		s += strspn(s, blanks);
		if (*s == '\0' || *s == ';' || *s == '#')
			continue;
		cut_comment(r, scan, s);
		if (!is_tail(r, r->item.key, s))
			continue;
		if (end > value)
			*end++ = '\n';
		n = strlen(s);
		memmove(end, s, n + 1);
		end += n;
	}
}

/* Read the entry that starts at ${s}; false if there is a mistake in it. */
static bool
take_entry(struct reader *r, char *s)
{
	struct scan scan = { starts_sh(r, s), '\0', 0, false };
	char *eq;

	r->item.line = r->line;
	cut_comment(r, &scan, s);
	eq = strchr(s, '=');
	if (eq == NULL)
		err_add(r->e, EX_DATAERR,
		    "%s:%u: '%.*s' is neither '[section]' nor 'key = value'",
		    r->name, r->line, QUOTED, s);
	else if (eq == s)
		mistake(r, r->line, "no key before '='");
	if (eq == NULL || eq == s) {
		take_tail(r, &scan, false);
		return false;
	}
	*eq++ = '\0';
	cut_blanks(s);
	r->item.key = s;
	r->item.value = eq + strspn(eq, blanks);
	take_tail(r, &scan, !r->lost);
	if (scan.passed)
		err_add(r->e, EX_DATAERR,
		    "%s:%u: a quote or bracket of '%.*s' is still open where a "
		    "comment seems to start: close it, or put the comment on a "
		    "line of its own",
		    r->name, r->item.line, QUOTED, s);

	return !scan.passed;
}

/* Read the section header ${s}; false if there is a mistake in it. */
static bool
take_header(struct reader *r, char *s)
{
	struct scan scan = { false, '\0', 0, false };
	char *close;

	r->lost = true;
	cut_comment(r, &scan, s);
	close = strchr(s, ']');
	if (close == NULL) {
		mistake(r, r->line, "no ']' after the section's name");
		return false;
	}
	if (close[1] != '\0') {
		mistake(r, r->line, "text after the section's ']'");
		return false;
	}
	*close = '\0';
	s = str_trim(s + 1);
	if (*s == '\0' || strlen(s) > NAME_BYTES) {
		mistake(r, r->line,
		    *s == '\0' ? "no name between '[' and ']'"
			       : "section's name longer than 49 bytes");
		return false;
	}
	r->lost = false;
	r->section = s;
	r->item.line = r->line;
	r->item.key = NULL;
	r->item.value = NULL;

	return true;
}

/* Read up to the next header or entry for ${r->item}; false at the end. */
static bool
take_item(struct reader *r)
{
	struct scan scan = { false, '\0', 0, false };
	char *s;

	while (r->at < r->end) {
		s = take_line(r);
		if (s == NULL)
			take_tail(r, &scan, false);
		if (s == NULL || *s == '\0' || *s == ';' || *s == '#')
			continue;
		if (is_blank(*s)) {
			s += strspn(s, blanks);
			if (*s != '\0' && *s != ';' && *s != '#')
				mistake(r, r->line,
				    "indented line with no entry above it: an "
				    "entry must start in column 1");
		} else if (*s == '[') {
			if (take_header(r, s))
				return true;
		} else if (take_entry(r, s) && !r->lost) {
			return true;
		}
	}

	return false;
}

/* inih has passed over what it was shown, or has read something else. */
static void
misread(struct reader *r)
{
	r->asked = false;
	r->lost = r->lost || r->item.key == NULL;
	mistake(r, r->item.line, "neither '[section]' nor 'key = value'");
}

/*
 * The lines inih reads: "[section]", or the key with a stand-in for the
 * value; a key that inih would cut or split has a stand-in too.  inih does
 * not report headers, so an entry follows each, to learn what it made of it.
 */
static char *
next_line(char *buf, int size, void *cookie)
{
	struct reader *r = cookie;
	const char *key;
	size_t n;

	if (r->asked && !r->stop)
		misread(r);
	if (r->stop || (!r->probe && !take_item(r)))
		return NULL;
	r->asked = r->probe || r->item.key != NULL;
	key = r->probe ? "header" : r->item.key;
	r->probe = !r->asked;
	if (r->probe) {
		snprintf(buf, (size_t)size, "[%s]\n", r->section);
		return buf;
	}
	n = strlen(key);
	if (n > NAME_BYTES || strspn(key, plain) < n) {
		key = "key";
		n = 3;
	}
	memcpy(buf, key, n);
	memcpy(buf + n, "=x\n", 4);

	return buf;
}

/* What inih has recognised. */
static int
answer(void *cookie, const char *section, const char *key, const char *value)
{
	struct reader *r = cookie;

	(void)value;
	if (key == NULL) /* inih built to report headers */
		return 1;
	if (!str_eq(section, r->section)) {
		misread(r);
		return 1;
	}
	r->asked = false;
	r->item.section = section;
	if (*section == '\0')
		err_add(r->e, EX_DATAERR,
		    "%s:%u: '%.*s' stands before the first [section]", r->name,
		    r->item.line, QUOTED, r->item.key);
	else if (r->fn(r->cookie, &r->item, r->e) < 0)
		r->stop = true;

	return 1;
}

int
/* NOLINTNEXTLINE(readability-function-size): seven parameters */
inifile_parse(const char *text, size_t n, const char *name, int flags,
    inifile_fn fn, void *cookie, struct err *e)
{
	static const char mark[] = "\357\273\277";
	struct reader r = { .name = name, .flags = flags, .fn = fn };
	char *copy = mem_dupn(text, n);

	r.cookie = cookie;
	r.e = e;
	r.at = copy;
	r.end = copy + n;
	r.section = "";
	r.item.file = name;
	if (n >= 3 && memcmp(copy, mark, 3) == 0)
		r.at += 3;
	if (ini_parse_stream(next_line, &r, answer, &r) == -2)
		err_add(e, EX_OSERR, "%s: out of memory", name);
	if (r.asked && !r.stop)
		misread(&r);
	free(copy);

	return e->code != 0 ? -1 : 0;
}
