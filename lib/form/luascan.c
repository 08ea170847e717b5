#include <stdlib.h>
#include <string.h>

#include "base/arr.h"
#include "base/mem.h"
#include "base/str.h"
#include "form/luascan.h"

static const char alpha[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz_";
static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz_0123456789";
static const char digit[] = "0123456789";
static const char hexes[] = "0123456789abcdefABCDEF";

bool
luascan_is_keyword(const char *name)
{
	static const char *const words[] = { "and", "break", "do", "else",
		"elseif", "end", "false", "for", "function", "goto", "if", "in",
		"local", "nil", "not", "or", "repeat", "return", "then", "true",
		"until", "while" };
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_eq(name, words[i]))
			return true;

	return false;
}

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_WORD, TOKEN_VALUE, TOKEN_SIGN };

struct token {
	enum token_kind kind; /* TOKEN_WORD: a keyword */
	const char *s;
	size_t n;
};

/* Length of the long bracket at ${p}, "[==[ ... ]==]", or 0. */
static size_t
long_bracket(const char *p)
{
	const char *q;
	size_t level;

	if (*p != '[')
		return 0;
	level = strspn(p + 1, "=");
	if (p[1 + level] != '[')
		return 0;
	for (q = strchr(p, ']'); q != NULL; q = strchr(q + 1, ']'))
		if (strspn(q + 1, "=") == level && q[1 + level] == ']')
			return (size_t)(q - p) + level + 2;

	return strlen(p);
}

/* Behind blanks and comments. */
static const char *
skip_space(const char *p)
{
	size_t n;

	for (;;) {
		p += strspn(p, " \t\r\n\v\f");
		if (p[0] != '-' || p[1] != '-')
			return p;
		p += 2;
		n = long_bracket(p);
		p += n > 0 ? n : strcspn(p, "\r\n");
	}
}

static size_t
span_string(const char *p)
{
	const char *q;

	for (q = p + 1; *q != '\0' && *q != *p; q++)
		if (*q == '\\' && q[1] != '\0')
			q++;

	return (size_t)(q - p) + (*q != '\0');
}

static size_t
span_number(const char *p)
{
	const char *exponents = "eE";
	const char *q = p;

	if (*q == '0' && (q[1] == 'x' || q[1] == 'X')) {
		exponents = "pP";
		q += 2;
	}
	while (*q != '\0') {
		if (strchr(exponents, *q) != NULL)
			q += 1 + (q[1] == '+' || q[1] == '-');
		else if (*q == '.' || strchr(hexes, *q) != NULL)
			q++;
		else
			break;
	}

	return (size_t)(q - p) + strspn(q, alnum);
}

static size_t
span_sign(const char *p)
{
	static const char *const signs[] = { "...", "..",
		"::", "==", "~=", "<=", ">=", "//", "<<", ">>", "!=", "&&",
		"||", "**" };
	size_t i;

	for (i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (str_starts(p, signs[i]))
			return strlen(signs[i]);

	return 1;
}

static bool
token_is(const struct token *t, const char *text)
{
	return t->n == strlen(text) && memcmp(t->s, text, t->n) == 0;
}

static struct token
next_token(const char **p)
{
	struct token t = { TOKEN_SIGN, skip_space(*p), 0 };
	char name[16];

	if (*t.s == '\0') {
		t.kind = TOKEN_END;
	} else if ((t.n = strspn(t.s, alpha)) > 0) {
		t.n = strspn(t.s, alnum);
		t.kind = TOKEN_NAME;
		if (t.n < sizeof name) {
			memcpy(name, t.s, t.n);
			name[t.n] = '\0';
			if (luascan_is_keyword(name))
				t.kind = TOKEN_WORD;
		}
	} else if (*t.s == '"' || *t.s == '\'') {
		t.n = span_string(t.s);
		t.kind = TOKEN_VALUE;
	} else if ((t.n = long_bracket(t.s)) > 0) {
		t.kind = TOKEN_VALUE;
	} else if (strchr(digit, *t.s) != NULL ||
	    (*t.s == '.' && t.s[1] != '\0' && strchr(digit, t.s[1]) != NULL)) {
		t.n = span_number(t.s);
		t.kind = TOKEN_VALUE;
	} else {
		t.n = span_sign(t.s);
	}
	*p = t.s + t.n;

	return t;
}

/* A function whose text we are in. */
struct scope {
	size_t block;  /* its depth among the blocks that an `end` closes */
	size_t locals; /* how many there were before it */
};

/* What a name at this place would be. */
enum place { IN_TEXT, IN_LOCALS, BEFORE_PARAMETERS, IN_PARAMETERS };

struct scan {
	struct luascan_names *names;
	enum place place;
	size_t block, brace;
	struct {
		size_t n, cap;
		struct token *v;
	} local;
	struct {
		size_t n, cap;
		struct scope *v;
	} scope;
};

static void
take_word(struct scan *s, const struct token *t)
{
	struct scope *scope;

	if (token_is(t, "function")) {
		scope = arr_push(&s->scope);
		scope->block = ++s->block;
		scope->locals = s->local.n;
		s->place = BEFORE_PARAMETERS;
	} else if (token_is(t, "local") || token_is(t, "for")) {
		s->place = IN_LOCALS;
	} else {
		s->place = IN_TEXT;
	}
	if (token_is(t, "if") || token_is(t, "do"))
		s->block++;
	if (!token_is(t, "end"))
		return;
	if (s->scope.n > 0 && s->scope.v[s->scope.n - 1].block == s->block)
		s->local.n = s->scope.v[--s->scope.n].locals;
	s->block -= s->block > 0;
}

static void
take_sign(struct scan *s, const struct token *t)
{
	if (token_is(t, "{"))
		s->brace++;
	else if (token_is(t, "}"))
		s->brace -= s->brace > 0;
	if (s->place == BEFORE_PARAMETERS && token_is(t, "("))
		s->place = IN_PARAMETERS;
	else if (s->place != IN_TEXT && !token_is(t, ",") &&
	    !token_is(t, "<") && !token_is(t, ">"))
		s->place = IN_TEXT;
}

static bool
is_local(const struct scan *s, const struct token *t)
{
	size_t i;

	for (i = 0; i < s->local.n; i++)
		if (s->local.v[i].n == t->n &&
		    memcmp(s->local.v[i].s, t->s, t->n) == 0)
			return true;

	return false;
}

static void
add_name(struct luascan_names *names, const struct token *t)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (token_is(t, names->v[i]))
			return;
	*arr_push(names) = mem_dupn(t->s, t->n);
}

static void
take_name(struct scan *s, const struct token *t, const struct token *before,
    const char *rest)
{
	struct token after = next_token(&rest);

	if (token_is(before, ".") || token_is(before, ":") ||
	    token_is(before, "::") || token_is(before, "goto"))
		return;
	/* "local a b()": what no comma announces is the next statement. */
	if (s->place == IN_LOCALS && before->kind != TOKEN_WORD &&
	    !token_is(before, ",") && !token_is(before, "<"))
		s->place = IN_TEXT;
	if (s->place != IN_TEXT) {
		if (!token_is(before, "<")) /* local x <const> */
			*arr_push(&s->local) = *t;
		/* The name of a local function outlives its text. */
		if (s->place == BEFORE_PARAMETERS)
			s->scope.v[s->scope.n - 1].locals++;
		return;
	}
	if (s->brace > 0 && token_is(&after, "="))
		return;
	if (!token_is(t, "math") && !is_local(s, t))
		add_name(s->names, t);
}

void
luascan_find(const char *text, struct luascan_names *names)
{
	struct token t, before = { TOKEN_END, text, 0 };
	struct scan s;

	memset(&s, 0, sizeof s);
	s.names = names;
	for (t = next_token(&text); t.kind != TOKEN_END;
	     t = next_token(&text)) {
		if (t.kind == TOKEN_WORD)
			take_word(&s, &t);
		else if (t.kind == TOKEN_SIGN)
			take_sign(&s, &t);
		else if (t.kind == TOKEN_NAME)
			take_name(&s, &t, &before, text);
		before = t;
	}
	arr_free(&s.local);
	arr_free(&s.scope);
}

void
luascan_free(struct luascan_names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->v[i]);
	arr_free(names);
}

const char *
luascan_hint(const char *text)
{
	static const struct {
		const char *sign, *hint;
	} hints[] = {
		{ "!=", "write ~= for !=" },
		{ "&&", "write `and` for &&" },
		{ "||", "write `or` for ||" },
		{ "!", "write `not` for !" },
		{ "**", "write ^ for **" },
		{ "=", "write == to compare" },
	};
	const size_t n = sizeof hints / sizeof hints[0];
	bool assigns = false; /* '=' may be right */
	struct token t;
	size_t i;

	for (t = next_token(&text); t.kind != TOKEN_END;
	     t = next_token(&text)) {
		if (token_is(&t, "{") || token_is(&t, "function"))
			assigns = true;
		for (i = 0; i < n - assigns; i++)
			if (token_is(&t, hints[i].sign))
				return hints[i].hint;
	}

	return NULL;
}
