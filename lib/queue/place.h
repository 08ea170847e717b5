#ifndef QUEUE_PLACE_H
#define QUEUE_PLACE_H

#include "base/str.h"

struct err;

/*
 * Places: what an operand of a command line names.
 */
enum place {
	PLACE_STDIN,    /* "-" */
	PLACE_CAMPAIGN, /* a directory */
	PLACE_ARCHIVE,  /* a file that starts as a tar or a compressed file */
	PLACE_TABLE     /* any other file, a pipe included */
};

/*
 * place_tell(operand, place, e):
 * Which of them is it?  Of a regular file the first bytes are looked at; a
 * pipe is not read.  -1, EX_DATAERR, where there is nothing of that name.
 */
int place_tell(const char *operand, enum place *place, struct err *e);

/*
 * place_is_id(operand): Is it written as an id, [0-9]+?
 */
bool place_is_id(const char *operand);

/*
 * place_campaign(operand, path, e):
 * Put the campaign's directory that ${operand} names into ${path}; without
 * one (NULL) it is $HPO_CAMPAIGN, else "." if ./campaign.ini exists.
 * EX_USAGE where there is none, or where the operand's form says that it is
 * something else; EX_UNAVAILABLE for an archive.
 */
int place_campaign(const char *operand, struct str *path, struct err *e);

/* place_archive(operand, e): Say that it is an archive, which this version
 * cannot read, and what to do; -1, EX_UNAVAILABLE. */
int place_archive(const char *operand, struct err *e);

#endif
