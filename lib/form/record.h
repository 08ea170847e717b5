#ifndef FORM_RECORD_H
#define FORM_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/crc.h"
#include "base/str.h"
#include "form/inifile.h"

struct err;

/*
 * Files that a program writes once and others read (trial.ini, results): INI
 * text with a first section of fixed fields, further sections, and a seal.
 *
 *	[trial]
 *	format = 1
 *	id = 17
 *	...
 *	[end]
 *	crc32 = 0123abcd
 *
 * The crc32 (crc_32(), eight hex digits) is of all bytes before the line
 * "[end]"; the seal is exactly the last 23 bytes, so that no proper prefix
 * of a file is one, and no changed byte goes unseen.
 */

enum record_kind {
	RECORD_U32,     /* uint32_t or unsigned, decimal */
	RECORD_U64,     /* uint64_t, decimal */
	RECORD_HEX,     /* uint64_t, 16 hex digits */
	RECORD_I64,     /* int64_t, "none" for ${none} */
	RECORD_INT,     /* int, likewise */
	RECORD_SECONDS, /* double >= 0, 3 decimals */
	RECORD_TEXT,    /* char *, owned; any text, NULL is written as "" */
	RECORD_STAMP,   /* char[32] */
	RECORD_STATUS   /* enum status, by name */
};

/* One field: its key, and where in the struct it is. */
struct record_field {
	const char *name;
	enum record_kind kind;
	size_t offset;
	int64_t none;
};

/* A kind of file. */
struct record {
	const char *section; /* the first; what messages call the file */
	size_t n;            /* at most 64 */
	const struct record_field *field;
	inifile_fn rest; /* gets the entries of the other sections, the
	                        struct as its cookie */
};

/* record_format(form, object, b): Append the first section, format = 1. */
void
record_format(const struct record *form, const void *object, struct str *b);

/* record_seal(b, from): Append the seal of what stands from ${from} on. */
void record_seal(struct str *b, size_t from);

/*
 * record_parse(form, text, n, file, object, e):
 * Check the seal and fill ${object}, which is zeroed.  Every field must be
 * there once; keys and sections nobody knows are passed over, so that later
 * versions may add some.  -1, EX_DATAERR, "file: trial file damaged: …", or
 * that a later version wrote the file; texts read until then are in
 * ${object}, the caller's to free.
 */
int record_parse(const struct record *form, const char *text, size_t n,
    const char *file, void *object, struct err *e);

/* record_damaged(form, ent, e): Report a wrong value of ${ent}; -1. */
int record_damaged(const struct record *form, const struct inifile_entry *ent,
    struct err *e);

#endif
