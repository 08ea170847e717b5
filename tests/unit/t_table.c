/* The table: four formats out, three in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "form/table.h"
#include "tap.h"

/* A descriptor at the start of a nameless file of these bytes. */
static int
file_of(const char *text, size_t n)
{
	char name[] = "/tmp/hpo-t_table.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0)
		return -1;
	unlink(name);
	if (fs_write_all(fd, text, n) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return -1;
	}

	return fd;
}

/* All rows as [a=1][b=2] lines, absent fields left out, and the message. */
static char *
read_all(const char *text, size_t n)
{
	struct err e = ERR_NONE;
	struct str b = STR_EMPTY;
	const char *const *field;
	const struct table *t;
	struct table_reader *r;
	size_t i;
	int rc, fd = file_of(text, n);

	r = table_open(fd, "T", &e);
	if (r == NULL) {
		close(fd);
		str_addf(&b, "%d %s", e.code, e.msg);
		return str_take(&b);
	}
	t = table_columns(r);
	while ((rc = table_next(r, &field, &e)) > 0) {
		for (i = 0; i < t->n; i++)
			if (field[i] != NULL)
				str_addf(&b, "[%s=%s]", t->name[i], field[i]);
		str_addc(&b, '\n');
	}
	str_addf(&b, "%zu", t->n);
	if (rc < 0)
		str_addf(&b, " %d %s", e.code, e.msg);
	table_close(r);
	close(fd);

	return str_take(&b);
}

static void
check(const char *text, const char *want)
{
	char *got = read_all(text, strlen(text));

	is_str(got, want, "%.40s", text[0] != '\0' ? "reading" : "nothing");
	free(got);
}

static void
test_columns(void)
{
	struct table t;
	char name[16];
	size_t i;
	bool good = true;

	table_init(&t);
	for (i = 0; i < TABLE_FIXED; i++)
		table_add(&t, table_column(i));
	ok(table_add(&t, "seconds") == TABLE_SECONDS && t.n == TABLE_FIXED,
	    "a column is added once");
	ok(table_find(&t, "searcher") == TABLE_SEARCHER, "and found");
	ok(table_find(&t, "nobody") == t.n, "or not");
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "c%zu", i);
		good = good && table_add(&t, name) == TABLE_FIXED + i;
	}
	ok(good && strcmp(t.name[107], "c99") == 0, "they come to the end");
	table_free(&t);
	ok(t.n == 0, "free");
	ok(table_format_find("tsv") == TABLE_TSV &&
		table_format_find("csv") == TABLE_CSV &&
		table_format_find("jsonl") == TABLE_JSONL &&
		table_format_find("ini") == TABLE_INI &&
		table_format_find("json") == -1,
	    "formats by name");
}

static void
test_is_number(void)
{
	static const char *const good[] = { "0", "-0", "10", "-1.5", "1e5",
		"1E+05", "0.5e-3", "1e+10" };
	static const char *const bad[] = { "", "-", "+1", "01", "00", ".5",
		"1.", "1e", "1e+", "0x1", "nan", "1 ", " 1", "1.5.2", "-01" };
	size_t i;

	for (i = 0; i < sizeof good / sizeof *good; i++)
		ok(table_is_number(good[i]), "JSON writes '%s'", good[i]);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(!table_is_number(bad[i]), "JSON does not write '%s'",
		    bad[i]);
}

enum { COLUMNS = 9, ROWS = 3 };

static const char *const names[COLUMNS] = { "id", "attempt", "cause", "host",
	"minimize.loss", "param.x", "param.list", "metric.acc",
	"odd \"name\"" };

static const char *const rows[ROWS][COLUMNS] = {
	{ "12", "0", "exit 3", "123", "0.10", "1e-05", "[64,64]", "nan", "a" },
	{ "0000013", NULL, "a\tb\n\"c\", d\\e\r\033", "n1", "-inf", "nan",
	    "gr\303\274n", "1.50", NULL },
	{ "14", NULL, NULL, NULL, NULL, NULL, NULL, NULL, " true " },
};

static const char *const want[] = {
	/* tsv */
	"id\tattempt\tcause\thost\tminimize.loss\tparam.x\tparam.list\t"
	"metric.acc\todd \"name\"\n"
	"12\t0\texit 3\t123\t0.10\t1e-05\t[64,64]\tnan\ta\n"
	"0000013\t\ta\\tb\\n\"c\", d\\\\e\\r\\x1b\tn1\t-inf\tnan\tgr\303\274n\t"
	"1.50\t\n"
	"14\t\t\t\t\t\t\t\t true \n",
	/* csv */
	"id,attempt,cause,host,minimize.loss,param.x,param.list,metric.acc,"
	"\"odd \"\"name\"\"\"\n"
	"12,0,exit 3,123,0.10,1e-05,\"[64,64]\",nan,a\n"
	"0000013,,\"a\tb\n\"\"c\"\", d\\e\r\033\",n1,-inf,nan,gr\303\274n,"
	"1.50,\n"
	"14,,,,,,,, true \n",
	/* jsonl */
	"{\"id\": 12, \"attempt\": 0, \"cause\": \"exit 3\", \"host\": "
	"\"123\", \"minimize.loss\": 0.10, \"param.x\": 1e-05, \"param.list\": "
	"\"[64,64]\", \"metric.acc\": null, \"odd \\\"name\\\"\": \"a\"}\n"
	"{\"id\": \"0000013\", \"attempt\": null, \"cause\": "
	"\"a\\u0009b\\u000a\\\"c\\\", d\\\\e\\u000d\\u001b\", \"host\": "
	"\"n1\", \"minimize.loss\": null, \"param.x\": \"nan\", "
	"\"param.list\": \"gr\303\274n\", \"metric.acc\": 1.50, "
	"\"odd \\\"name\\\"\": null}\n"
	"{\"id\": 14, \"attempt\": null, \"cause\": null, \"host\": null, "
	"\"minimize.loss\": null, \"param.x\": null, \"param.list\": null, "
	"\"metric.acc\": null, \"odd \\\"name\\\"\": \" true \"}\n",
	/* ini */
	"[12]\nattempt = 0\ncause = exit 3\nhost = 123\n"
	"minimize.loss = 0.10\nparam.x = 1e-05\nparam.list = [64,64]\n"
	"metric.acc = nan\nodd \"name\" = a\n\n"
	"[0000013]\ncause = a\\tb\\n\"c\", d\\\\e\\r\\x1b\nhost = n1\n"
	"minimize.loss = -inf\nparam.x = nan\nparam.list = gr\303\274n\n"
	"metric.acc = 1.50\n\n"
	"[14]\nodd \"name\" = \\x20true\\x20\n\n",
};

/* Is a field as it was?  JSON alone loses what is not finite. */
static bool
survived(const char *got, size_t row, size_t col, enum table_format f)
{
	const char *was = rows[row][col];

	if (f == TABLE_JSONL && was != NULL &&
	    ((row == 0 && col == 7) || (row == 1 && col == 4)))
		was = NULL;
	if (got == NULL || was == NULL)
		return got == was;

	return strcmp(got, was) == 0;
}

static void
read_back(const struct str *b, enum table_format f)
{
	struct err e = ERR_NONE;
	const char *const *field;
	struct table_reader *r;
	size_t i, k, col;
	bool good = true;
	int fd = file_of(b->s, b->n);

	r = table_open(fd, "T", &e);
	if (!ok(r != NULL, "format %d opens", (int)f))
		return;
	for (i = 0; i < ROWS; i++) {
		if (!ok(table_next(r, &field, &e) == 1, "row %zu: %s", i,
			e.msg))
			break;
		for (k = 0; k < COLUMNS; k++) {
			col = table_find(table_columns(r), names[k]);
			if (col != k || !survived(field[k], i, k, f)) {
				printf("# row %zu, %s\n", i, names[k]);
				good = false;
			}
		}
	}
	ok(good && table_columns(r)->n == COLUMNS, "format %d: as written",
	    (int)f);
	ok(table_next(r, &field, &e) == 0, "and the end");
	ok(table_next(r, &field, &e) == 0, "for good");
	table_close(r);
	close(fd);
}

static void
test_formats(void)
{
	struct str b = STR_EMPTY;
	struct table t;
	size_t i;
	int f;

	table_init(&t);
	for (i = 0; i < COLUMNS; i++)
		table_add(&t, names[i]);
	for (f = TABLE_TSV; f <= TABLE_INI; f++) {
		str_cut(&b, 0);
		table_head(&t, (enum table_format)f, &b);
		for (i = 0; i < ROWS; i++)
			table_row(&t, rows[i], (enum table_format)f, &b);
		is_str(str_text(&b), want[f], "format %d", f);
		if (f != TABLE_INI)
			read_back(&b, (enum table_format)f);
	}
	table_free(&t);
	str_free(&b);
}

static void
test_delimited(void)
{
	check("", "0");
	check("\357\273\277", "0");
	check("a\tb\n", "2");
	check("a\tb", "2");
	check("\357\273\277a\tb\r\n1\t2\r\n\r\n\n3\t\r\n\t4",
	    "[a=1][b=2]\n[a=3]\n[b=4]\n2");
	check("a\tb,c\nx\\ty\t\\x41\n", "[a=x\ty][b,c=A]\n2");
	check("id\n1\n\n3\n", "[id=1]\n\n[id=3]\n1");
	check("a,b\n\"1,2\",\"\"\n\"x\"\"y\"\"\",z\n,\"l\nm\"\n",
	    "[a=1,2]\n[a=x\"y\"][b=z]\n[b=l\nm]\n2");
	check("\"a,x\",b\r\n1,\" 2\"\r\n", "[a,x=1][b= 2]\n2");
	check("a,\n1,2\n", "[a=1][=2]\n2");
	check("\ta,b\n1\t2\n", "[=1][a,b=2]\n2");
	/* mistakes */
	check("a\tb\n1\t2\n\n3\n4\t5\n",
	    "[a=1][b=2]\n2 65 T:4: 1 fields instead of 2");
	check("a\tb\n1\t2\t3\n", "2 65 T:2: 3 fields instead of 2");
	check("a,b\n1,\"x\ny\"\n3\n",
	    "[a=1][b=x\ny]\n2 65 T:4: 1 fields instead of 2");
	check("a\tb\ta\n", "65 T:1: the column 'a' is there twice");
	check("a,b\n1,x\"y\"\n",
	    "2 65 T:2: field 2 has a quote where none may be");
	check("a,b\n\"1\"x,2\n",
	    "2 65 T:2: field 1 has a quote where none may be");
	check("a,b\n1,2\n3,\"x\n4,5\n",
	    "[a=1][b=2]\n2 65 T:3: a quote is not closed");
}

static void
test_jsonl(void)
{
	check("{}", "\n0");
	check(" {\"a\": 1}\n\n{\"b\": 2, \"a\": 3}\r\n{ }\n",
	    "[a=1]\n[a=3][b=2]\n\n2");
	check("{\"a\":1,\"b\":2}\n{\"b\" : -1.50e+3 , \"a\" : \"x\" } ",
	    "[a=1][b=2]\n[a=x][b=-1.50e+3]\n2");
	check("{\"a\": null, \"b\": true, \"c\": false, \"d\": \"\"}",
	    "[b=true][c=false]\n4");
	check("{\"a\": [1, {\"x\": \"]}\\\"\"}], \"b\": {}}",
	    "[a=[1, {\"x\": \"]}\\\"\"}]][b={}]\n2");
	check("{\"\\u0061\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fc\\u20AC\"}",
	    "[a=\"\\/\b\f\n\r\t\303\274\342\202\254]\n1");
	check("{\"a\": \"\\ud83d\\ude00 \\ud83d \\ude00\\ud83d\\u0041\"}",
	    "[a=\360\237\230\200 \357\277\275 \357\277\275\357\277\275A]\n1");
	check("{\"a\": 1, \"a\": 2}", "[a=2]\n1");
	/* mistakes */
	check("{\"a\": 1}\n[1]\n",
	    "[a=1]\n1 65 T:2: no JSON object: '{' "
	    "should be where '[1]' is");
	check("{\"a\": 1",
	    "1 65 T:1: the JSON object ends where ',' or '}' "
	    "should be");
	check("{\"a\": 1]",
	    "1 65 T:1: no JSON object: ',' or '}' should be "
	    "where ']' is");
	check("{\"a\" 1}",
	    "0 65 T:1: no JSON object: ':' should be where "
	    "'1}' is");
	check("{a: 1}",
	    "0 65 T:1: no JSON object: a name in quotes should "
	    "be where 'a: 1}' is");
	check("{\"a\": 1,}",
	    "1 65 T:1: no JSON object: a name in quotes "
	    "should be where '}' is");
	check("{\"a\": 01}",
	    "0 65 T:1: no JSON object: a value should be "
	    "where '01' is");
	check("{\"a\": NaN}",
	    "0 65 T:1: no JSON object: a value should be "
	    "where 'NaN' is");
	check("{\"a\": }",
	    "0 65 T:1: the JSON object ends where a value "
	    "should be");
	check("{\"a\": \"x",
	    "0 65 T:1: the JSON object ends where the rest of "
	    "a string should be");
	check("{\"a\": \"\\q\"}",
	    "0 65 T:1: no JSON object: the rest of a "
	    "string should be where '\\q\"}' is");
	check("{\"a\": \"\\u0000\"}",
	    "0 65 T:1: no JSON object: the rest of a string should be where "
	    "'\\u0000\"}' is");
	check("{\"a\": [1}",
	    "0 65 T:1: no JSON object: a value should be "
	    "where '[1}' is");
	check("{\"a\": [",
	    "0 65 T:1: no JSON object: a value should be where "
	    "'[' is");
	check("{} x",
	    "0 65 T:1: no JSON object: its end should be where 'x' "
	    "is");
}

static void
test_limits(void)
{
	struct str b = STR_EMPTY, line = STR_EMPTY;
	struct err e = ERR_NONE;
	const char *const *field;
	struct table_reader *r;
	size_t i, k;
	char *got;
	int fd;

	got = read_all("a\tb\n1\0002\t3\n", 10);
	is_str(got, "2 65 T:2: a NUL byte, this is no table", "a NUL");
	free(got);
	fd = file_of("", 0);
	if (ok(ftruncate(fd, (off_t)65 * 1024 * 1024) == 0, "65 MiB")) {
		r = table_open(fd, "T", &e);
		ok(r == NULL, "in one row are no table");
		is_str(e.msg, "T:1: a row of more than 64 MiB", "for length");
	}
	close(fd);
	err_clear(&e);
	for (i = 0; i < TABLE_COLUMNS; i++)
		str_addf(&b, "%zu\t", i);
	str_add(&b, "x\n");
	fd = file_of(b.s, b.n);
	r = table_open(fd, "T", &e);
	ok(r == NULL && e.code == EX_DATAERR, "too many columns");
	is_str(e.msg, "T:1: more than 16384 columns", "are refused");
	close(fd);
	/* Rows of all lengths across the pieces that are read. */
	str_cut(&b, 0);
	str_add(&b, "n\ttext\n");
	for (i = 0; i < 2000; i++) {
		str_addf(&b, "%zu\t", i);
		for (k = 0; k < i % 1000; k++)
			str_addc(&b, (char)('a' + k % 26));
		str_addc(&b, '\n');
	}
	str_add(&b, "2000\t");
	for (k = 0; k < 1000000; k++)
		str_addc(&b, 'z');
	fd = file_of(b.s, b.n);
	r = table_open(fd, "T", &e);
	for (i = 0; r != NULL && table_next(r, &field, &e) == 1; i++) {
		str_cut(&line, 0);
		str_addf(&line, "%zu", i);
		if (strcmp(field[0], str_text(&line)) != 0)
			break;
		k = field[1] != NULL ? strlen(field[1]) : 0;
		if (k != (i < 2000 ? i % 1000 : 1000000))
			break;
	}
	ok(i == 2001, "2001 rows of up to 1 MB (%zu)", i);
	table_close(r);
	close(fd);
	str_free(&b);
	str_free(&line);
	err_clear(&e);
	ok(table_open(-1, "T", &e) == NULL && e.code == EX_IOERR,
	    "a descriptor that cannot be read");
	is_str(e.msg, "cannot read 'T': Bad file descriptor", "and why");
	table_close(NULL);
}

int
main(void)
{
	test_columns();
	test_is_number();
	test_formats();
	test_delimited();
	test_jsonl();
	test_limits();

	return done();
}
