#ifndef QUEUE_UNPACK_H
#define QUEUE_UNPACK_H

#include <stdint.h>

#include "base/str.h"
#include "base/tmpdir.h"

struct err;

/*
 * Reading a campaign from an archive: what the reader needs of it is unpacked
 * into a private directory, in one pass, and read as any campaign is.
 * Nothing is written elsewhere, whatever the archive says.
 */
enum unpack_need {
	UNPACK_ROWS,  /* for the table: all but logs and other files of homes,
	                 and of sealed segments their table,
	                 which is the beginning of their file */
	UNPACK_TRIAL, /* that, and all files of one trial or its segment */
	UNPACK_ALL    /* all of hpo/ and campaign.ini */
};

struct unpacked {
	struct tmpdir dir;
	char *path; /* of the campaign's directory in it */
};

/*
 * unpack_open(archive, need, id, out, e):
 * The files are at the archive's top, as bundle_make() puts them, or in one
 * directory, as "tar -c DIR" does.  The campaign's directory is called as
 * that is, else as the archive without its suffix.
 * EX_DATAERR where it is no archive, or not one that tar_open() reads, or a
 * file in it is larger than programs read.  ${id}: of UNPACK_TRIAL.
 */
int unpack_open(const char *archive, enum unpack_need need, uint32_t id,
    struct unpacked *out, struct err *e);

/* unpack_close(u): Remove the directory.  ${u} may be zeroed. */
void unpack_close(struct unpacked *u);

#endif
