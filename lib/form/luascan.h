#ifndef FORM_LUASCAN_H
#define FORM_LUASCAN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What an expression reads and where it is not Lua, from its tokens alone
 * (Lua 5.4 reference manual, section 3.1).
 */
struct luascan_names {
	size_t n, cap;
	char **v;
};

/*
 * luascan_find(text, names):
 * Append the distinct names that ${text} reads, in order of appearance: no
 * keyword, no field (behind '.' or ':', or "x =" in a table), no label, not
 * `math`, and no parameter or local of a function in the text.  A local is
 * taken to hold from where it is declared to the end of its function.
 */
void luascan_find(const char *text, struct luascan_names *names);
void luascan_free(struct luascan_names *names);

/*
 * luascan_hint(text):
 * For text that does not compile: the first operator of another language in
 * it, as "write ~= for !="; NULL if there is none.
 */
const char *luascan_hint(const char *text);

/* luascan_is_keyword(name): Is it a reserved word of Lua? */
bool luascan_is_keyword(const char *name);

#endif
