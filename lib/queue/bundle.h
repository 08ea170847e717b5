#ifndef QUEUE_BUNDLE_H
#define QUEUE_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/*
 * A campaign as one file.  (Names that begin with archive_ are libarchive's.)
 *
 * The archive holds campaign.ini and what the programs made of it, under
 * their names below the campaign's directory; no directories, owners or
 * links; modes and times of the files themselves.  The same campaign gives
 * the same bytes, and unpacked it is a campaign that goes on.  It may be
 * made while the campaign is in use: it is then what the campaign was at
 * some moment, but for workers, which will be found dead.
 */
struct bundle_wish {
	const char *file; /* the suffix decides the compression */
	bool force;       /* also of a campaign that has not finished */
	bool remove;      /* and remove what is in it then */
	bool users;       /* also the user's own files */
};

/*
 * bundle_make(campaign, w, e):
 * Write the archive beside ${w->file}, sync it, read it back and give it its
 * name.  0; 1 if the campaign is not finished, and ${e} says what is missing;
 * EX_USAGE for a suffix that is none; -1.
 *
 * To remove, every file is compared with its copy in the archive, byte by
 * byte, and it is made sure that hpo/ has no others; then the files are
 * taken away by renames of campaign.ini and hpo/ to dot names, looked at
 * again, and deleted.  Cut off at any point, the same call goes on.
 * EX_TEMPFAIL if the campaign has changed meanwhile; it is then as it was.
 */
int
bundle_make(const char *campaign, const struct bundle_wish *w, struct err *e);

#endif
