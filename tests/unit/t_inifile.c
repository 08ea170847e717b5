/* form/inifile: INI text as people and programs write it. */

#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "form/inifile.h"
#include "tap.h"

/* What a parse delivered, a line an item, then its mistakes. */
static int
record(void *cookie, const struct inifile_entry *ent, struct err *e)
{
	struct str *b = cookie;

	if (ent->key == NULL) {
		str_addf(b, "%u [%s]\n", ent->line, ent->section);
		return 0;
	}
	str_addf(b, "%u %s/", ent->line, ent->section);
	str_add(b, ent->key);
	str_add(b, "=");
	str_add(b, ent->value);
	str_add(b, "|\n");
	if (str_eq(ent->key, "stop"))
		return err_set(e, EX_CONFIG, "stopped");
	if (str_eq(ent->key, "bad"))
		err_add(e, EX_DATAERR, "%s:%u: bad", ent->file, ent->line);

	return 0;
}

static char *
parse_n(const char *text, size_t n, int flags)
{
	struct str b = STR_EMPTY;
	struct err e = ERR_NONE;
	int bad = inifile_parse(text, n, "f", flags, record, &b, &e);

	if (bad != (e.code != 0 ? -1 : 0))
		str_add(&b, "the result is wrong\n");
	if (e.code != 0)
		str_addf(&b, "%d:\n%s\n", e.code, e.msg);

	return str_take(&b);
}

struct row {
	const char *what;
	int flags;
	const char *text, *want;
};

static const struct row rows[] = {
	{ "an empty file has nothing", 0, "", "" },
	{ "headers and entries come in order, trimmed", 0,
	    "[a]\nx = 1\n y\n[ b ]\t\nx=2\n  \nlast =  3\t ",
	    "1 [a]\n2 a/x=1|\n4 [b]\n5 b/x=2|\n7 b/last=3|\n65:\n"
	    "f:3: indented line: 'x' must be on one line (command, setup, "
	    "[when] and [constraint] may go on)\n" },
	{ "a byte order mark at the start and CRLF are nothing", 0,
	    "\357\273\277[a]\r\nx = 1\r\n\r\n# c\r\ny =\r\n",
	    "1 [a]\n2 a/x=1|\n5 a/y=|\n" },
	{ "a byte order mark elsewhere is part of a name", 0,
	    "[a]\n\357\273\277x = 1\n", "1 [a]\n2 a/\357\273\277x=1|\n" },
	{ "text beyond ASCII is kept", 0, "[a]\nx = h\303\266he \342\211\244\n",
	    "1 [a]\n2 a/x=h\303\266he \342\211\244|\n" },
	{ "only '=' separates, the first one", 0,
	    "[a]\nn:x = a:b = c\nlr.x-y_2==1\nx y = z\n",
	    "1 [a]\n2 a/n:x=a:b = c|\n3 a/lr.x-y_2==1|\n4 a/x y=z|\n" },
	{ "lines of ; and # are comments, also indented", 0,
	    "; a\n#b\n[a] \n  ; c\n\t# d\nx = 1\n # e = 2\n;y = 1\n",
	    "3 [a]\n6 a/x=1|\n" },
	{ "without comments ' ;' and ' #' are text", 0,
	    "[a]\nx = a ; b # c\nx ; y = 1\n",
	    "1 [a]\n2 a/x=a ; b # c|\n3 a/x ; y=1|\n" },
	{ "inline comments need a blank before them", INIFILE_COMMENTS,
	    "[a] ; c\nx = a ; b = 3\ny = a\t# b\nz = a;b#c\nv = ; none\n"
	    "w =;none\n",
	    "1 [a]\n2 a/x=a|\n3 a/y=a|\n4 a/z=a;b#c|\n5 a/v=|\n"
	    "6 a/w=;none|\n" },
	{ "a comment may hide the '='", INIFILE_COMMENTS, "[a]\nx ; = 3\n",
	    "1 [a]\n65:\nf:2: 'x' is neither '[section]' nor 'key = value'\n" },
	{ "quotes and brackets protect", INIFILE_COMMENTS,
	    "[a]\nx = \"a ; b\" ; c\ny = 'a # b' # c\nz = choice([1 ; 2], {3 # 4"
	    "}) ; c\nv = loss[ ;#=:] # c\nw = \"a \\\" ; b\" ; c\n"
	    "u = a\\\" ; c\nt = ) ; c\ns = \"'\" ; c\nr = a \\; b ; c\n",
	    "1 [a]\n2 a/x=\"a ; b\"|\n3 a/y='a # b'|\n"
	    "4 a/z=choice([1 ; 2], {3 # 4})|\n5 a/v=loss[ ;#=:]|\n"
	    "6 a/w=\"a \\\" ; b\"|\n7 a/u=a\\\"|\n8 a/t=)|\n9 a/s=\"'\"|\n"
	    "10 a/r=a \\; b|\n" },
	{ "what is never closed makes a comment ambiguous", INIFILE_COMMENTS,
	    "[a]\nx = user's ; c\ny = (\nz = \"a ; b\" it's\nv = ((1) ; c\n",
	    "1 [a]\n3 a/y=(|\n4 a/z=\"a ; b\" it's|\n65:\n"
	    "f:2: a quote or bracket of 'x' is still open where a comment "
	    "seems to start: close it, or put the comment on a line of its own"
	    "\nf:5: a quote or bracket of 'v' is still open where a comment "
	    "seems to start: close it, or put the comment on a line of its own"
	    "\n" },
	{ "command, setup and expressions go on", INIFILE_COMMENTS,
	    "[run]\ncommand = a  ; c\n   b ; c\n\n\n\t--lr={lr} \n ; c\n# c\n"
	    " 'x = 1' \\\n  \"y ;\n z\" ; c\n[slurm]\nsetup =\n module\n load\n"
	    "[when]\nx =\n\n  y == 1\n and z <= 2\n[constraint]\nf = 1 <\n 2",
	    "1 [run]\n2 run/command=a\nb\n--lr={lr}\n'x = 1' \\\n\"y ;\nz\"|\n"
	    "12 [slurm]\n13 slurm/setup=module\nload|\n16 [when]\n"
	    "17 when/x=y == 1\nand z <= 2|\n21 [constraint]\n"
	    "22 constraint/f=1 <\n2|\n" },
	{ "nothing else goes on", INIFILE_COMMENTS,
	    "[run]\ndirectory = a\n  b\n[space]\nlr = uniform(0,\n 1)\n",
	    "1 [run]\n2 run/directory=a|\n4 [space]\n5 space/lr=uniform(0,|\n"
	    "65:\n"
	    "f:3: indented line: 'directory' must be on one line (command, "
	    "setup, [when] and [constraint] may go on)\n"
	    "f:6: indented line: 'lr' must be on one line (command, setup, "
	    "[when] and [constraint] may go on)\n" },
	{ "an indented entry or header is no continuation", INIFILE_COMMENTS,
	    "[run]\ncommand = a\n  timeout = 3m ; c\n  lr={lr}\n [local] # c\n"
	    " [1,2]\n b == c\n[space]\nx = 1\n y = 2\n",
	    "1 [run]\n2 run/command=a\n[1,2]\nb == c|\n8 [space]\n"
	    "9 space/x=1|\n65:\n"
	    "f:3: 'timeout = 3m' is indented: an entry must start in column 1 "
	    "(put quotes around it to go on with 'command')\n"
	    "f:4: 'lr={lr}' is indented: an entry must start in column 1 "
	    "(put quotes around it to go on with 'command')\n"
	    "f:5: '[local]' is indented: an entry must start in column 1 "
	    "(put quotes around it to go on with 'command')\n"
	    "f:10: 'y = 2' is indented: an entry must start in column 1\n" },
	{ "an indented line needs an entry above it", INIFILE_COMMENTS,
	    "  x = 1\n[run]\n  y = 2\nz = 3\n",
	    "2 [run]\n4 run/z=3|\n65:\n"
	    "f:1: indented line with no entry above it: an entry must start in "
	    "column 1\n"
	    "f:3: indented line with no entry above it: an entry must start in "
	    "column 1\n" },
	{ "programs indent nothing", INIFILE_MACHINE,
	    "[run]\ncommand = a\n b\n",
	    "1 [run]\n2 run/command=a|\n65:\nf:3: indented line\n" },
	{ "a key needs a section, a line a '=', a '=' a key", 0,
	    "x = 1\n[a]\nfoo bar\n= 3\ncommand: x\ny = 1\n",
	    "2 [a]\n6 a/y=1|\n65:\n"
	    "f:1: 'x' stands before the first [section]\n"
	    "f:3: 'foo bar' is neither '[section]' nor 'key = value'\n"
	    "f:4: no key before '='\n"
	    "f:5: 'command: x' is neither '[section]' nor 'key = value'\n" },
	{ "entries under a wrong header are not delivered", INIFILE_COMMENTS,
	    "[a]\nx = 1\n[b\ny = 2\n q\n[c] d\ny = 3\n[]\ny = 4\n"
	    "[12345678901234567890123456789012345678901234567890]\ny = 5\n"
	    "[1234567890123456789012345678901234567890123456789]\ny = 6\n"
	    "[a ; ]\ny = 7\n",
	    "1 [a]\n2 a/x=1|\n"
	    "12 [1234567890123456789012345678901234567890123456789]\n"
	    "13 1234567890123456789012345678901234567890123456789/y=6|\n65:\n"
	    "f:3: no ']' after the section's name\n"
	    "f:6: text after the section's ']'\n"
	    "f:8: no name between '[' and ']'\n"
	    "f:10: section's name longer than 49 bytes\n"
	    "f:14: neither '[section]' nor 'key = value'\n" },
	{ "a header that inih reads otherwise is a mistake", INIFILE_MACHINE,
	    "[a]\n[a ;b]\nx = 1\n",
	    "1 [a]\n65:\nf:2: neither '[section]' nor 'key = value'\n" },
	{ "a carriage return within a line is a mistake", 0,
	    "[a]\nx = 1\ry = 2\nz = 3\r\r\nv = 1\n",
	    "1 [a]\n4 a/v=1|\n65:\nf:2: carriage return within the line\n"
	    "f:3: carriage return within the line\n" },
	{ "mistakes of the reader and the callback come together", 0,
	    "[a]\nbad = 1\n=\nbad = 2\nx = 1\n",
	    "1 [a]\n2 a/bad=1|\n4 a/bad=2|\n5 a/x=1|\n65:\nf:2: bad\n"
	    "f:3: no key before '='\nf:4: bad\n" },
	{ "the callback may stop", 0, "[a]\nstop = 1\n=\nx = 1\n",
	    "1 [a]\n2 a/stop=1|\n78:\nstopped\n" },
};

static void
test_rows(void)
{
	size_t i;
	char *got;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		got =
		    parse_n(rows[i].text, strlen(rows[i].text), rows[i].flags);
		is_str(got, rows[i].want, "%s", rows[i].what);
		free(got);
	}
}

static void
test_nul(void)
{
	static const char text[] = "[run]\nx = 1\0y = 2\nz = 3\n"
				   "command = a\n \0b\n c\n\0";
	char *got = parse_n(text, sizeof text - 1, 0);

	is_str(got,
	    "1 [run]\n3 run/z=3|\n4 run/command=a\nc|\n65:\n"
	    "f:2: NUL byte, write the file as UTF-8 text\n"
	    "f:5: NUL byte, write the file as UTF-8 text\n"
	    "f:7: NUL byte, write the file as UTF-8 text\n",
	    "a NUL byte is a mistake");
	free(got);
}

/* "[a]", a line "x = " and ${c} up to ${n} bytes, "end = 1". */
static char *
long_line(size_t n, char c)
{
	struct str b = STR_EMPTY;

	str_add(&b, "[a]\nx = ");
	memset(str_room(&b, n), c, n - 4);
	str_grew(&b, n - 4);
	str_add(&b, "\nend = 1\n");

	return str_take(&b);
}

static void
test_long(void)
{
	static const size_t sizes[] = { 190, 195, 196, 197, 198, 199, 200, 201,
		398, 399, 400, 100000, 1 << 20 };
	struct str want = STR_EMPTY;
	char *text, *got;
	size_t i;

	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		text = long_line(sizes[i], '=');
		got = parse_n(text, strlen(text), 0);
		str_cut(&want, 0);
		str_add(&want, "1 [a]\n2 a/x=");
		str_addn(&want, text + 8, sizes[i] - 4);
		str_add(&want, "|\n3 a/end=1|\n");
		ok(str_eq(got, want.s), "a line of %zu bytes", sizes[i]);
		free(text);
		free(got);
	}
	str_free(&want);
	text = long_line((1 << 20) + 1, 'y');
	got = parse_n(text, strlen(text), 0);
	is_str(got, "1 [a]\n3 a/end=1|\n65:\nf:2: line longer than 1 MiB\n",
	    "a line over 1 MiB is a mistake, alone");
	free(text);
	free(got);
}

/* Random bytes; a text that a value can be, or a key, where ${key}. */
static char *
random_text(struct rng *r, bool key)
{
	static const char usual[] = "ab=:;#[]\"'\\ \t(){}.-_";
	size_t n = key + (size_t)rng_below(r, rng_below(r, 4) == 0 ? 450 : 60);
	unsigned char *s = mem_alloc(n + 1);
	size_t i;

	for (i = 0; i < n; i++) {
		s[i] = (unsigned char)(1 + rng_below(r, 255));
		if (rng_below(r, 2) == 0)
			memcpy(&s[i], &usual[rng_below(r, sizeof usual - 1)],
			    1);
		if (key &&
		    (i == 0 || i == n - 1 || s[i] == '=' || s[i] == '\n' ||
			s[i] == '\r'))
			s[i] = 'k';
	}
	s[n] = '\0';

	return (char *)s;
}

/* Whatever a program writes with inifile_add() is read back the same. */
static void
test_round_trip(void)
{
	struct str file = STR_EMPTY, want = STR_EMPTY;
	unsigned i, line = 1, wrong = 0;
	char *key, *value, *got;
	struct rng r;

	rng_init(&r, 1, 2, 3);
	str_add(&file, "[s]\n");
	str_add(&want, "1 [s]\n");
	for (i = 0; i < 3000; i++) {
		key = random_text(&r, true);
		value = random_text(&r, false);
		inifile_add(&file, key, value);
		str_addf(&want, "%u s/", ++line);
		str_add(&want, key);
		str_add(&want, "=");
		got = inifile_escape(value);
		str_add(&want, got);
		str_add(&want, "|\n");
		wrong += strpbrk(got, "\n\r\t") != NULL;
		inifile_unescape(got);
		wrong += !str_eq(got, value);
		free(key);
		free(value);
		free(got);
	}
	ok(wrong == 0, "escaping is undone by unescaping, 3000 times");
	got = parse_n(file.s, file.n, INIFILE_MACHINE);
	ok(str_eq(got, want.s), "3000 random entries are read as written");
	free(got);
	str_free(&file);
	str_free(&want);
}

static void
test_escape(void)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "", "" },
		{ "plain; text = #1", "plain; text = #1" },
		{ " ", "\\x20" },
		{ "  a b  ", "\\x20 a b \\x20" },
		{ "\t\n\r\\", "\\t\\n\\r\\\\" },
		{ "\001\037\177\033[0m", "\\x01\\x1f\\x7f\\x1b[0m" },
		{ "h\303\266he", "h\303\266he" },
	};
	char odd[] = "\\q \\x0 \\x00 \\xgg \\x41\\x4 \\";
	char *got;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		got = inifile_escape(table[i].text);
		is_str(got, table[i].want, "escape %zu", i);
		inifile_unescape(got);
		is_str(got, table[i].text, "unescape %zu", i);
		free(got);
	}
	inifile_unescape(odd);
	is_str(odd, "\\q \\x0 \\x00 \\xgg A\\x4 \\", "no escapes stay");
}

/* Cut anywhere, a text gives what its whole lines give, and no more. */
static void
test_cut(void)
{
	static const char text[] =
	    "[run]\ncommand = ab\n cd\n\n# x\n[b]\nx=1\n";
	static const char items[] = "1 [run]\n2 run/command=ab\ncd|\n6 [b]\n"
				    "7 b/x=1|\n";
	unsigned wrong = 0;
	size_t n;
	char *got, *copy;

	for (n = 0; n < sizeof text; n++) {
		copy = mem_alloc(n);
		memcpy(copy, text, n);
		got = parse_n(copy, n, INIFILE_COMMENTS);
		if (n == 0 || text[n - 1] == '\n')
			wrong += n != 19 && !str_starts(items, got);
		else
			wrong += got[0] == '\0';
		free(got);
		free(copy);
	}
	ok(wrong == 0, "a text may be cut at every byte");
}

int
main(void)
{
	test_rows();
	test_nul();
	test_long();
	test_round_trip();
	test_escape();
	test_cut();

	return done();
}
