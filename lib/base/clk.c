/* For CLOCK_BOOTTIME. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier,cert-*) */

#include <stdio.h>
#include <time.h>

#include "base/clk.h"

void
clk_wall(char *buf)
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(buf, CLK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(buf, CLK_TEXT, "1970-01-01T00:00:00Z");
}

uint64_t
clk_seconds(void)
{
	time_t now = time(NULL);

	return now > 0 ? (uint64_t)now : 0;
}

double
clk_boot(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);

	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
clk_nap(double seconds)
{
	struct timespec ts;

	ts.tv_sec = (time_t)seconds;
	ts.tv_nsec = (long)((seconds - (double)ts.tv_sec) * 1e9);
	nanosleep(&ts, NULL);
}
