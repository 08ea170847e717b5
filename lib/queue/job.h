#ifndef QUEUE_JOB_H
#define QUEUE_JOB_H

#include "form/result.h"

/*
 * job_of_environment(j):
 * The job that this process runs in, as its environment tells; id "" if it
 * is in none.
 *
 *	HPO_JOB_ID         set by the script that hpo-dispatch writes for a
 *	HPO_JOB_RESTART    job, whatever the system
 *	HPO_JOB_NODE
 *	HPO_JOB_QUEUE
 *	HPO_JOB_SUBMITTED  seconds since 1970, by the submitting host's clock
 *
 * or else SLURM's own, where a person has started the program in an
 * allocation.  What is not of its form is dropped.  The wait is by two
 * clocks, and unknown for a job that has been started again.
 */
void job_of_environment(struct job *j);

/* job_age(): Seconds since the job's script began its setup, as it says in
 * HPO_JOB_STARTED; 0 where it does not. */
double job_age(void);

#endif
