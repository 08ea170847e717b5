/* Output that notices, and the escapes of three formats. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/out.h"
#include "tap.h"

static void
test_tsv(void)
{
	static const struct {
		const char *text, *want;
	} list[] = { { "", "" }, { "plain text", "plain text" },
		{ "a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e" },
		{ "\001\033[0m\177", "\\x01\\x1b[0m\\x7f" },
		{ "gr\303\274n", "gr\303\274n" }, { "\\x41", "\\\\x41" } };
	static const char *const odd[] = { "\\", "\\q", "\\x", "\\x4", "\\xg1",
		"\\x00", "a\\" };
	struct str b = STR_EMPTY;
	char all[256], text[16];
	size_t k;

	for (k = 0; k < sizeof list / sizeof *list; k++) {
		str_cut(&b, 0);
		out_tsv(&b, list[k].text);
		is_str(str_text(&b), list[k].want, "tsv %zu", k);
		if (b.s != NULL)
			out_untsv(b.s);
		is_str(str_text(&b), list[k].text, "and back");
	}
	for (k = 1; k < sizeof all; k++)
		all[k - 1] = (char)k;
	all[255] = '\0';
	str_cut(&b, 0);
	out_tsv(&b, all);
	ok(strpbrk(b.s, "\t\n\r\001\037\177") == NULL,
	    "every control byte is escaped");
	out_untsv(b.s);
	is_str(b.s, all, "every byte survives tsv");
	for (k = 0; k < sizeof odd / sizeof *odd; k++) {
		snprintf(text, sizeof text, "%s", odd[k]);
		out_untsv(text);
		is_str(text, odd[k], "'%s' is no escape and stays", odd[k]);
	}
	snprintf(text, sizeof text, "\\xC3\\xbc");
	out_untsv(text);
	is_str(text, "\303\274", "hex digits of either case");
	str_free(&b);
}

static void
test_json(void)
{
	static const struct {
		const char *text, *want;
	} list[] = { { "", "\"\"" },
		{ "a \"b\" \\c/", "\"a \\\"b\\\" \\\\c/\"" },
		{ "\t\n\033\177", "\"\\u0009\\u000a\\u001b\\u007f\"" },
		{ "\303\274 \342\202\254 \360\237\230\200",
		    "\"\303\274 \342\202\254 \360\237\230\200\"" },
		/* No UTF-8: lone, overlong, a surrogate, too large, cut. */
		{ "a\200b", "\"a\357\277\275b\"" },
		{ "\300\257", "\"\357\277\275\357\277\275\"" },
		{ "\340\237\277", "\"\357\277\275\357\277\275\357\277\275\"" },
		{ "\355\240\200", "\"\357\277\275\357\277\275\357\277\275\"" },
		{ "\355\237\277", "\"\355\237\277\"" },
		{ "\364\217\277\277", "\"\364\217\277\277\"" },
		{ "\364\220\200\200",
		    "\"\357\277\275\357\277\275\357\277\275\357\277\275\"" },
		{ "\342\202", "\"\357\277\275\357\277\275\"" },
		{ "\303\"", "\"\357\277\275\\\"\"" },
		{ "\377", "\"\357\277\275\"" } };
	struct str b = STR_EMPTY;
	size_t k;

	for (k = 0; k < sizeof list / sizeof *list; k++) {
		str_cut(&b, 0);
		out_json(&b, list[k].text);
		is_str(str_text(&b), list[k].want, "json %zu", k);
	}
	str_free(&b);
}

static void
test_csv(void)
{
	static const struct {
		const char *text, *want;
	} list[] = { { "", "" }, { "plain text", "plain text" },
		{ "a,b", "\"a,b\"" }, { "say \"hi\"", "\"say \"\"hi\"\"\"" },
		{ "\"", "\"\"\"\"" }, { "two\nlines", "\"two\nlines\"" },
		{ "cr\r", "\"cr\r\"" }, { " x\t", " x\t" } };
	struct str b = STR_EMPTY;
	size_t k;

	for (k = 0; k < sizeof list / sizeof *list; k++) {
		str_cut(&b, 0);
		out_csv(&b, list[k].text);
		is_str(str_text(&b), list[k].want, "csv %zu", k);
	}
	str_free(&b);
}

/* Everything that is waiting in a file, as a string. */
static char *
contents(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = n >= 0 ? malloc((size_t)n + 1) : NULL;

	if (text == NULL)
		return NULL;
	text[pread(fd, text, (size_t)n, 0) == n ? n : 0] = '\0';

	return text;
}

static void
test_file(void)
{
	char name[] = "/tmp/hpo-t_out.XXXXXX";
	struct err e = ERR_NONE;
	struct out o;
	struct str want = STR_EMPTY;
	int fd = mkstemp(name);
	char *got;
	size_t k;

	if (!ok(fd >= 0, "a temporary file"))
		return;
	unlink(name);
	out_init(&o, dup(fd));
	out_add(&o, "one ");
	out_addc(&o, '2');
	out_addn(&o, " three!", 6);
	out_addf(&o, " %d %s", 4, "five");
	ok(lseek(fd, 0, SEEK_END) == 0, "a little waits");
	ok(out_flush(&o, &e) == 0, "flush");
	got = contents(fd);
	is_str(got, "one 2 three 4 five", "and it is there");
	free(got);
	str_add(&want, "one 2 three 4 five");
	for (k = 0; k < 30000; k++) {
		out_addf(&o, "%zu,", k);
		str_addf(&want, "%zu,", k);
	}
	ok(lseek(fd, 0, SEEK_END) > 65536, "much is written as it comes");
	out_addf(&o, "%s", str_text(&want)); /* larger than any piece */
	got = str_take(&want);
	str_addf(&want, "%s%s", got, got);
	free(got);
	ok(out_close(&o, &e) == 0, "close");
	got = contents(fd);
	ok(got != NULL && strcmp(got, str_text(&want)) == 0,
	    "nothing is lost between pieces");
	free(got);
	close(fd);
	str_free(&want);
}

static void
test_duration(void)
{
	static const struct {
		double seconds;
		const char *want;
	} table[] = {
		{ 0, "0.000 s" },
		{ 0.9994, "0.999 s" },
		{ 0.9995, "1.0 s" },
		{ 99.94, "99.9 s" },
		{ 99.95, "1m 40s" },
		{ 5999, "99m 59s" },
		{ 5999.6, "1h 40m" },
		{ 359999, "99h 59m" },
		{ 360000, "4d 4h" },
	};
	struct str b = STR_EMPTY;
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		str_cut(&b, 0);
		out_duration(&b, table[i].seconds);
		is_str(b.s, table[i].want, "%g seconds", table[i].seconds);
	}
	str_free(&b);
}

static void
test_failure(void)
{
	struct err e = ERR_NONE;
	struct out o;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (!ok(fd >= 0, "/dev/full opens"))
		return;
	out_init(&o, fd);
	out_add(&o, "text");
	ok(out_flush(&o, &e) == -1, "a full disk is noticed");
	ok(e.code == EX_TEMPFAIL && e.sys == ENOSPC, "75, ENOSPC");
	is_str(e.msg, "cannot write the output: No space left on device",
	    "the message");
	err_clear(&e);
	out_add(&o, "more");
	ok(out_close(&o, &e) == -1 && e.sys == ENOSPC, "and not forgotten");
	err_clear(&e);
	out_init(&o, fd); /* closed by now */
	out_add(&o, "text");
	ok(out_close(&o, &e) == -1, "a closed descriptor is noticed");
	ok(e.code == EX_IOERR && e.sys == EBADF, "74, EBADF");
	err_clear(&e);
	out_init(&o, fd);
	ok(out_close(&o, &e) == -1 && e.sys == EBADF,
	    "even if nothing was to be written");
}

int
main(void)
{
	test_tsv();
	test_json();
	test_csv();
	test_duration();
	test_file();
	test_failure();

	return done();
}
