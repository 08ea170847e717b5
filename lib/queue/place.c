#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "queue/place.h"

enum { HEAD = 512 }; /* a tar header */

/* How the files start that libarchive would open. */
static const struct {
	size_t at, n;
	const char *bytes;
} signatures[] = {
	{ 0, 2, "\037\213" },         /* gzip, RFC 1952 */
	{ 0, 6, "\375\067zXZ\0" },    /* xz */
	{ 0, 4, "\050\265\057\375" }, /* zstd, RFC 8878 */
	{ 0, 3, "BZh" },              /* bzip2 */
	{ 257, 5, "ustar" },          /* tar, POSIX and GNU */
};

static bool
is_signed(const char *head, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
		if (n >= signatures[i].at + signatures[i].n &&
		    memcmp(head + signatures[i].at, signatures[i].bytes,
			signatures[i].n) == 0)
			return true;

	return false;
}

/* Look at the start of a regular file. */
static int
tell_file(const char *operand, enum place *place, struct err *e)
{
	char head[HEAD];
	ssize_t n;
	int fd, bad = 0;

	fd = open(operand, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", operand);
	do
		n = read(fd, head, sizeof head);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		bad = err_sys(e, "cannot read '%s'", operand);
	else
		*place =
		    is_signed(head, (size_t)n) ? PLACE_ARCHIVE : PLACE_TABLE;
	close(fd);

	return bad;
}

int
place_tell(const char *operand, enum place *place, struct err *e)
{
	struct stat st;

	if (str_eq(operand, "-")) {
		*place = PLACE_STDIN;
		return 0;
	}
	if (stat(operand, &st) < 0) {
		err_sys(e, "cannot open '%s'", operand);
		if (e->sys == ENOENT || e->sys == ENOTDIR)
			e->code = EX_DATAERR;
		return -1;
	}
	if (S_ISREG(st.st_mode))
		return tell_file(operand, place, e);
	*place = S_ISDIR(st.st_mode) ? PLACE_CAMPAIGN : PLACE_TABLE;

	return 0;
}

bool
place_is_id(const char *operand)
{
	return *operand != '\0' &&
	    operand[strspn(operand, "0123456789")] == '\0';
}

int
place_archive(const char *operand, struct err *e)
{
	return err_set(e, EX_UNAVAILABLE,
	    "'%s' is an archive, which this version cannot read: unpack it "
	    "with tar and name the directory",
	    operand);
}

static int
default_campaign(struct str *path, struct err *e)
{
	const char *name = getenv("HPO_CAMPAIGN");

	if (name != NULL && *name != '\0')
		str_add(path, name);
	else if (access("campaign.ini", F_OK) == 0)
		str_addc(path, '.');
	else
		return err_set(e, EX_USAGE,
		    "no campaign: name a directory, set HPO_CAMPAIGN, or cd to "
		    "one");

	return 0;
}

int
place_campaign(const char *operand, struct str *path, struct err *e)
{
	enum place place;

	str_cut(path, 0);
	if (operand == NULL)
		return default_campaign(path, e);
	if (place_is_id(operand))
		return err_set(e, EX_USAGE,
		    "'%s' is an id, not a campaign: for a directory of this "
		    "name write './%s'",
		    operand, operand);
	if (place_tell(operand, &place, e) < 0)
		return -1;
	switch (place) {
	case PLACE_CAMPAIGN:
		str_add(path, operand);
		return 0;
	case PLACE_ARCHIVE:
		return place_archive(operand, e);
	case PLACE_STDIN:
		return err_set(e, EX_USAGE,
		    "'-' is standard input, not a campaign");
	default:
		return err_set(e, EX_USAGE,
		    "'%s' is a file, not a campaign's directory", operand);
	}
}
