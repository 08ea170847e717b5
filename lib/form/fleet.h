#ifndef FORM_FLEET_H
#define FORM_FLEET_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct str;

/*
 * A fleet: the workers of a campaign that run as jobs of another system, as
 * [slurm] or [backend] of campaign.ini describes them.
 */
enum fleet_mode {
	FLEET_AUTO,  /* pilots, unless a trial takes long for the walltime */
	FLEET_PILOT, /* a job runs one trial after another */
	FLEET_ARRAY  /* a job runs one trial */
};

/* A word for the system's submit command, and where it stands. */
struct fleet_option {
	char *word, *key;
	unsigned line;
};

struct fleet {
	unsigned workers;     /* at most so many at a time */
	unsigned job_workers; /* of them in one job */
	enum fleet_mode mode;
	char *setup;     /* lines of sh before the worker starts; NULL: none */
	char *bindir;    /* where the programs are in a job; NULL: as here */
	char *conf;      /* SLURM_CONF; NULL: as it is */
	bool keep_env;   /* a job starts with the dispatcher's environment */
	double walltime; /* seconds; 0: unknown, or without end */
	size_t noption;
	struct fleet_option *option;
};

/* fleet_default(f): Every default, in a zeroed ${f}. */
void fleet_default(struct fleet *f);

/*
 * fleet_add_sbatch(f, key, value, line, e):
 * Take a key of [slurm] that is an option of sbatch(1).  -1 with a message
 * without a place.
 */
int fleet_add_sbatch(struct fleet *f, const char *key, const char *value,
    unsigned line, struct err *e);

/*
 * fleet_add_words(f, value, line, e):
 * Take the words of the key options of [backend], split as a command is.
 */
int fleet_add_words(struct fleet *f, const char *value, unsigned line,
    struct err *e);

/*
 * fleet_place(f, file, words, b):
 * Append where ${file} says what ${words} are about: "file:line" of the first
 * option whose name, or else whose value, stands in them; "file" if none does.
 * Values of a letter or two stand in many words.
 */
void fleet_place(const struct fleet *f, const char *file, const char *words,
    struct str *b);

void fleet_free(struct fleet *f);

#endif
