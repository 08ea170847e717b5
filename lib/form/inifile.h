#ifndef FORM_INIFILE_H
#define FORM_INIFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct err;

/*
 * INI text, read through inih with what inih would mangle taken care of:
 * lines of up to 1 MiB, line numbers, CRLF, a byte order mark, comments
 * (lines that start with ';' or '#', and " ;" or " #" outside quotes and
 * brackets), indented continuation lines (joined by '\n').
 *
 * inih (Debian's and upstream's, as they are built by default) cuts lines
 * at 200 bytes and reads the rest as a line of its own, cuts names at 49
 * bytes, takes ':' for '=', " ;" within quotes for a comment and an indented
 * "key = value" for more of the value above.  So it is shown each header and
 * each key on a short line of its own; the values stay here.
 */

/* One "key = value"; valid only during the callback. */
struct inifile_entry {
	const char *file;
	unsigned line;       /* of the key, from 1 */
	const char *section; /* "" before the first one */
	const char *key;     /* NULL: the section header itself */
	char *value;         /* trimmed; may be changed in place */
};

/* Returns 0 to go on; -1 to stop at once (with ${e} filled). */
typedef int (*inifile_fn)(void *cookie, const struct inifile_entry *,
    struct err *e);

/*
 * inifile_parse(text, n, name, flags, fn, cookie, e):
 * Call ${fn} for every section header and every entry of the ${n} bytes at
 * ${text} in file order; ${name} is what messages call the file.  Mistakes
 * of form (a NUL, text that is no entry, an overlong line, a key without a
 * section, an indented line that looks like "key = value" or "[section]", a
 * continuation where none may be) are added to ${e} by err_add() as
 * "name:line: what" (EX_DATAERR) and parsing goes on, so that all are
 * reported at once; so may the callback's.  0, or -1 if ${e} holds anything.
 *
 * Only '=' separates.  Under a header that is wrong no entry is delivered.
 * Continuations belong to command in [run], setup in [slurm] and [backend],
 * and every entry of [when] and [constraint]; blank lines and comment lines
 * between do not end them.  In a setup, which is sh, nothing behind other text
 * is a comment, and an indented X=1 goes on.  A backslash takes its meaning
 * from the character behind it when quotes, brackets and comments are looked
 * for, and stays in the value.  Quotes and brackets protect to the end of the
 * entry if they are never closed: a comment after that is reported as
 * ambiguous.
 */
enum {
	INIFILE_COMMENTS = 1, /* inline comments are cut (campaign.ini) */
	INIFILE_MACHINE = 2   /* written by a program: no continuations; an
	                         indented line is a mistake */
};

int inifile_parse(const char *text, size_t n, const char *name, int flags,
    inifile_fn fn, void *cookie, struct err *e);

/*
 * inifile_escape(text) / inifile_unescape(s):
 * One-line form of any text as a value written by a program: '\n', '\r',
 * '\t', '\\' as \n \r \t \\, other control bytes \xNN, and a leading or
 * trailing blank as \x20.  escape allocates; unescape works in place (what
 * is no escape stays as it is, \x00 too).
 */
char *inifile_escape(const char *text);
void inifile_unescape(char *s);

/* inifile_add(b, key, text): Append "key = " and ${text}, escaped. */
void inifile_add(struct str *b, const char *key, const char *text);

#endif
