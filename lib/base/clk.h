#ifndef BASE_CLK_H
#define BASE_CLK_H

#include <stdint.h>

enum { CLK_TEXT = 32 };

/* clk_wall(buf): The time of day, "2026-11-23T09:30:00Z", into ${buf}[32]. */
void clk_wall(char *buf);

/* clk_seconds(): The same as whole seconds since 1970; 0 before. */
uint64_t clk_seconds(void);

/*
 * clk_boot(): Seconds on a clock that no one sets and that goes on during
 * suspend (CLOCK_BOOTTIME): the only clock decisions are made by.
 */
double clk_boot(void);

/* clk_nap(seconds): Sleep; a signal ends it early. */
void clk_nap(double seconds);

#endif
