#ifndef FORM_EXPR_H
#define FORM_EXPR_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/*
 * An expression of [when] or [constraint]: Lua 5.4, sandboxed.  It sees the
 * parameters it names and `math` without random and randomseed; nothing
 * else, and it can change nothing, so that one evaluation does not depend on
 * another.  1,000,000 instructions and 16 MiB bound it, its text 64 KiB.
 */
struct expr;

/*
 * expr_new(text, e):
 * Compile.  NULL with a message (EX_DATAERR, no place): syntax errors in
 * Lua's words with the chunk's name cut, "!=" with the hint "~=" and "&&",
 * "||", "!" likewise.
 */
struct expr *expr_new(const char *text, struct err *e);

/* expr_text(x): The source. */
const char *expr_text(const struct expr *x);

/*
 * expr_names(x, n): The ${*n} distinct names that the expression reads, from
 * its tokens: identifiers that are no keyword, no field after '.' or ':',
 * no local of its own, and not `math`.
 */
const char *const *expr_names(const struct expr *x, size_t *n);

/* A variable: a number (a Lua float, whole or not) when ${number}, else its
 * text. */
struct expr_var {
	const char *name;
	const char *text;
	bool number;
};

/*
 * expr_eval(x, var, n, truth, e):
 * Evaluate with the given variables (those not named are skipped).  *${truth}
 * by Lua's rules (only false and nil are not true).  A Lua error, the
 * instruction or the memory limit: -1, EX_CONFIG, message without a place.
 */
int expr_eval(struct expr *x, const struct expr_var *var, size_t n, bool *truth,
    struct err *e);

void expr_free(struct expr *x);

#endif
