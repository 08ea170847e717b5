#ifndef FORM_SPACE_H
#define FORM_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct expr;

/*
 * A space: the parameters of a campaign with their domains, the conditions
 * under which each is active ([when]) and the constraints on points.
 */

enum domain_kind {
	DOMAIN_UNIFORM,
	DOMAIN_LOGUNIFORM,
	DOMAIN_INT,
	DOMAIN_LOGINT,
	DOMAIN_NORMAL,
	DOMAIN_LOGNORMAL,
	DOMAIN_CHOICE,
	DOMAIN_ORDINAL,
	DOMAIN_CONST
};

struct domain {
	enum domain_kind kind;
	double lo, hi;    /* bounds, inclusive, of at most ten digits; the
	                     normals' mean and sd */
	double step;      /* 0: none */
	int64_t ilo, ihi; /* bounds of the integers */
	int64_t istep;    /* >= 1 */
	size_t n;         /* values of choice, ordinal, const */
	char **value;     /* their texts, verbatim */
	bool *quoted;     /* was written as a "string" (quotes stripped) */
	double *weight;   /* of choice, sum 1; NULL: equal */
};

struct param {
	char *name;
	struct domain domain;
	struct expr *when; /* NULL: always active */
	unsigned line;     /* in the campaign file */
	unsigned when_line;
};

struct constraint {
	char *name;
	struct expr *expr;
	unsigned line;
};

struct space {
	size_t n;
	struct param *param; /* in the order of [space] */
	size_t *order;       /* ${n} indices: parents before those whose
	                        [when] names them, else in file order */
	size_t nconstraint;
	struct constraint *constraint;
	uint64_t digest; /* of the canonical text, see space_finish() */
	size_t nwhen;    /* [when] entries that wait for space_finish() */
	struct constraint *when;
};

/*
 * domain_parse(text, d, e):
 * Parse one domain, e.g. "uniform(0, 0.5, step=0.1)".  The grammar is in
 * hpo-campaign(5).  A value is its %.10g text, so bounds of more digits are
 * drawn in to the next number of ten.  -1 with EX_DATAERR and a message
 * without a place, e.g. "unknown domain 'logunifrom', did you mean
 * 'loguniform'?"; ${d} is then empty.
 */
int domain_parse(const char *text, struct domain *d, struct err *e);
void domain_free(struct domain *d);

/* domain_name(kind): What it is called in a campaign file. */
const char *domain_name(enum domain_kind kind);

/* domain_is_number(d): Are its values numbers (not choice, ordinal, const)? */
bool domain_is_number(const struct domain *d);

/*
 * domain_check(d, text, canonical, e):
 * Is ${text} a value of the domain?  Numbers are judged by value with the
 * bounds inclusive, and bounds and steps within a relative 1e-9; *${canonical}
 * is then the text of DESIGN's one spelling (allocated): %.10g of a float, an
 * integer's digits, a choice verbatim.  A choice is found by its text, else
 * (unless it was "quoted") by its text without the blanks outside strings,
 * or as the same number, or the same JSON.  -1 with EX_DATAERR and a message
 * like "0.7 is not in uniform(0, 0.5)".
 */
int domain_check(const struct domain *d, const char *text, char **canonical,
    struct err *e);

/* domain_text(d): Its canonical spelling, allocated. */
char *domain_text(const struct domain *d);

/*
 * domain_count(d): How many values it has, 0 if that is not finite (or more
 * than 2^53).  Floats with a step and integers are finite.
 */
uint64_t domain_count(const struct domain *d);

/*
 * domain_grid(d, k): Value ${k} (from 0) of a float domain with a step; the
 * last one is domain_count() - 1.
 */
double domain_grid(const struct domain *d, uint64_t k);

/*
 * domain_spell(d, x, buf): Write to ${buf}[NUM_TEXT] the text of the float
 * ${x} as a value of a float domain, which never leaves the bounds.
 */
void domain_spell(const struct domain *d, double x, char *buf);

/*
 * domain_reads_number(d, text): Is the value ${text} a number to expressions
 * and to JSON: one of a numeric domain, or a choice that was written as a
 * number without quotes?
 */
bool domain_reads_number(const struct domain *d, const char *text);

/*
 * Building a space, by the reader of campaign.ini.  Each returns 0, or -1
 * with EX_DATAERR and a message without a place.  add_param refuses names
 * that are no identifiers, Lua keywords, reserved words and duplicates; one
 * whose domain is wrong is kept as a name, so that the expressions that use
 * it are no mistakes as well.  add_when and add_constraint take Lua text;
 * they may come before the parameters that they name.
 */
int space_add_param(struct space *s, const char *name, const char *domain,
    unsigned line, struct err *e);
int space_add_when(struct space *s, const char *name, const char *expr,
    unsigned line, struct err *e);
int space_add_constraint(struct space *s, const char *name, const char *expr,
    unsigned line, struct err *e);

/*
 * space_finish(s, file, e):
 * After the last add: give the [when] entries to their parameters, check the
 * names used by the expressions (unknown ones with a suggestion, cycles of
 * [when] named link by link), fill ${order} and ${digest} (FNV-1a, 64 bit, of
 * the canonical text).  Mistakes are added to ${e} as "file:line: what"; -1
 * if there were any.
 */
int space_finish(struct space *s, const char *file, struct err *e);

/* space_find(s, name): Index of a parameter, or ${s->n}. */
size_t space_find(const struct space *s, const char *name);

/* space_is_reserved(name): Is it a placeholder of the command (args, id, …),
 * so that no parameter may be called so? */
bool space_is_reserved(const char *name);

/*
 * space_text(s): The canonical text, allocated; what ${digest} is of: one line
 * "param NAME = domain" each, in file order, a parameter's "when NAME = expr"
 * below it, then the lines "constraint NAME = expr".
 */
char *space_text(const struct space *s);

void space_free(struct space *s);

#endif
