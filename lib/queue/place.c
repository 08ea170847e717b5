#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/tar.h"
#include "queue/place.h"

/* Look at the start of a regular file. */
static int
tell_file(const char *operand, enum place *place, struct err *e)
{
	int fd = open(operand, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", operand);
	*place = tar_is(fd) ? PLACE_ARCHIVE : PLACE_TABLE;
	close(fd);

	return 0;
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

/* Without an operand.  What is wrong with the one named in the environment is
 * found when it is opened. */
static int
default_source(struct str *path, enum place *place, struct err *e)
{
	const char *name = getenv("HPO_CAMPAIGN");
	struct err ignored = ERR_NONE;

	if (name != NULL && *name != '\0') {
		if (place_tell(name, place, &ignored) < 0 ||
		    *place != PLACE_ARCHIVE)
			*place = PLACE_CAMPAIGN;
		str_add(path, name);
	} else if (access("campaign.ini", F_OK) == 0) {
		str_addc(path, '.');
	} else {
		return err_set(e, EX_USAGE,
		    "no campaign: name a directory, set HPO_CAMPAIGN, or cd to "
		    "one");
	}

	return 0;
}

int
place_source(const char *operand, struct str *path, enum place *place,
    struct err *e)
{
	str_cut(path, 0);
	*place = PLACE_CAMPAIGN;
	if (operand == NULL)
		return default_source(path, place, e);
	if (place_is_id(operand))
		return err_set(e, EX_USAGE,
		    "'%s' is an id, not a campaign: for a directory of this "
		    "name write './%s'",
		    operand, operand);
	if (place_tell(operand, place, e) < 0)
		return -1;
	switch (*place) {
	case PLACE_CAMPAIGN:
	case PLACE_ARCHIVE:
		str_add(path, operand);
		return 0;
	case PLACE_STDIN:
		return err_set(e, EX_USAGE,
		    "'-' is standard input, not a campaign");
	default:
		return err_set(e, EX_USAGE,
		    "'%s' is a file, not a campaign's directory", operand);
	}
}

int
place_campaign(const char *operand, struct str *path, struct err *e)
{
	enum place place;

	if (place_source(operand, path, &place, e) < 0)
		return -1;
	if (place == PLACE_ARCHIVE)
		return err_set(e, EX_USAGE,
		    "'%s' is an archive, which can only be read: unpack it "
		    "with tar and name the directory",
		    path->s);

	return 0;
}
