/* SPDX-License-Identifier: MIT */
/* The other CPUs at the service of the checks: each waits, and runs what it is given. */
#ifndef CREW_H
#define CREW_H

#include <stdbool.h>

/* How many there are: CPUs 1 to that. The first call starts them. */
unsigned crew_size(void);
/* Have a CPU run `work`, and return at once. */
void crew_begin(unsigned cpu, void (*work)(unsigned cpu));
/* Wait for it to be done. Return: false when it was not after a bounded time. */
bool crew_finish(unsigned cpu);
/* Begin and finish. */
bool crew_does(unsigned cpu, void (*work)(unsigned cpu));

/*
 * How they wait: each calls rest(cpu) again and again while it has no work, and wake(cpu) is called
 * when it is given some. Without, they keep busy. To be set before the first crew_size().
 */
void crew_set_rest(void (*rest)(unsigned cpu), void (*wake)(unsigned cpu));

#endif
