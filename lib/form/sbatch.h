#ifndef FORM_SBATCH_H
#define FORM_SBATCH_H

#include <stdbool.h>

#include "base/str.h"

struct err;

/*
 * The long options of sbatch(1), as SLURM 20.11 to 25.05 have them, that a
 * campaign may give in [slurm].
 */

/* sbatch_has(name): Is there an option of this name? */
bool sbatch_has(const char *name);

/*
 * sbatch_word(name, value, word, e):
 * Append the option as one word of a command line, "--partition=gpu" or
 * "--requeue", nothing for a flag with the value "no".  -1, EX_DATAERR, with
 * a message without a place where its value has not the right form, or it is
 * hpo-dispatch's own.
 */
int sbatch_word(const char *name, const char *value, struct str *word,
    struct err *e);

/* sbatch_nearest(name): The option that ${name} may have meant, or NULL. */
const char *sbatch_nearest(const char *name);

/*
 * sbatch_seconds(text, seconds):
 * A time limit as sbatch takes it: minutes, minutes:seconds,
 * hours:minutes:seconds, days-hours, days-hours:minutes,
 * days-hours:minutes:seconds.  0 and -1 (INFINITE, UNLIMITED) stand for none:
 * then *${seconds} is 0.  -1 if it is none of them.
 */
int sbatch_seconds(const char *text, double *seconds);

#endif
