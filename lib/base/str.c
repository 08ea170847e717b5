#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

void
str_quote(struct str *b, const char *text)
{
	str_addc(b, '\'');
	for (; *text != '\0'; text++)
		if (*text == '\'')
			str_add(b, "'\\''");
		else
			str_addc(b, *text);
	str_addc(b, '\'');
}

char *
str_room(struct str *b, size_t n)
{
	size_t need = b->n + n + 1;

	if (need > b->cap) {
		b->cap = b->cap * 2 > need ? b->cap * 2 : need + 24;
		b->s = mem_grow(b->s, b->cap, 1);
		b->s[b->n] = '\0';
	}

	return b->s + b->n;
}

void
str_grew(struct str *b, size_t k)
{
	b->n += k;
	b->s[b->n] = '\0';
}

void
str_addn(struct str *b, const char *p, size_t n)
{
	char *room = str_room(b, n);

	if (n > 0)
		memcpy(room, p, n);
	str_grew(b, n);
}

void
str_add(struct str *b, const char *text)
{
	str_addn(b, text, strlen(text));
}

void
str_addc(struct str *b, char c)
{
	str_addn(b, &c, 1);
}

void
str_addf(struct str *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	str_room(b, 120);
	va_start(ap, fmt);
	n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= b->cap - b->n) {
		str_room(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	str_grew(b, (size_t)n);
}

void
str_cut(struct str *b, size_t n)
{
	if (n < b->n) {
		b->n = n;
		b->s[n] = '\0';
	}
}

const char *
str_text(const struct str *b)
{
	return b->s != NULL ? b->s : "";
}

char *
str_take(struct str *b)
{
	char *s = b->s != NULL ? b->s : mem_dup("");

	memset(b, 0, sizeof *b);

	return s;
}

void
str_free(struct str *b)
{
	free(b->s);
	memset(b, 0, sizeof *b);
}

char *
str_trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
		s[--n] = '\0';

	return s;
}

bool
str_eq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_is_ident(const char *s)
{
	static const char alpha[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz_";
	static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz_0123456789";

	return strspn(s, alpha) > 0 && s[strspn(s, alnum)] == '\0';
}

enum { WORD = 40 };

/* Damerau's distance restricted to adjacent swaps, words up to WORD. */
static size_t
distance(const char *a, const char *b)
{
	size_t d[WORD + 1][WORD + 1];
	size_t na = strlen(a), nb = strlen(b), i, j, best;

	if (na > WORD || nb > WORD)
		return WORD;
	for (i = 0; i <= na; i++)
		d[i][0] = i;
	for (j = 0; j <= nb; j++)
		d[0][j] = j;
	for (i = 1; i <= na; i++)
		for (j = 1; j <= nb; j++) {
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}

	return d[na][nb];
}

const char *
str_nearest(const char *word, const char *const *list, size_t n)
{
	const char *best = NULL;
	size_t i, d, limit = strlen(word) / 3;

	if (limit == 0)
		limit = 1;
	for (i = 0; i < n; i++) {
		d = distance(word, list[i]);
		if (d <= limit && d < strlen(list[i])) {
			best = list[i];
			if (d == 0)
				break;
			limit = d - 1;
		}
	}

	return best;
}
