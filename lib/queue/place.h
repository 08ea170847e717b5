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
 * place_source(operand, path, place, e):
 * Put what ${operand} names, a campaign's directory or an archive, into
 * ${path}, and which of both it is into ${place}; without one (NULL) it is
 * $HPO_CAMPAIGN, else "." if ./campaign.ini exists.  EX_USAGE where there is
 * none, or where the operand's form says that it is something else.
 */
int place_source(const char *operand, struct str *path, enum place *place,
    struct err *e);

/*
 * place_campaign(operand, path, e):
 * Likewise where only a directory will do, as more than reading is wanted.
 */
int place_campaign(const char *operand, struct str *path, struct err *e);

#endif
