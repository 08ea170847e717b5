/*
 * peak: run a command and write to stderr, as the last line, its largest
 * resident size in KiB; with --times N run it N times and write the median
 * of its wall times in milliseconds.
 */
/* For wait4. */
#define _DEFAULT_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-*) */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 10001 };

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);

	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static long
once(char *argv[])
{
	struct rusage ru;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &ru) < 0 ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		exit(1);

	return ru.ru_maxrss;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char *argv[])
{
	static double t[MAX];
	int i, n;

	if (argc > 3 && strcmp(argv[1], "--times") == 0) {
		n = (int)strtol(argv[2], NULL, 10);
		if (n < 1 || n > MAX)
			return 64;
		for (i = 0; i < n; i++) {
			double start = now();

			once(argv + 3);
			t[i] = now() - start;
		}
		qsort(t, (size_t)n, sizeof t[0], by_value);
		fprintf(stderr, "%.2f\n", t[n / 2]);
	} else if (argc > 1) {
		fprintf(stderr, "%ld\n", once(argv + 1));
	} else {
		return 64;
	}

	return 0;
}
