/* SPDX-License-Identifier: MIT */
/* The second CPU at the service of the checks: it waits, and runs what it is given. */
#ifndef SECOND_H
#define SECOND_H

#include <stdbool.h>

/* Whether there is one; the first call starts it. */
bool second_here(void);
/* Have it run `work`, and return at once. */
void second_begin(void (*work)(void));
/* Wait for it to be done. Return: false when it was not after a bounded time. */
bool second_finish(void);
/* Begin and finish. */
bool second_does(void (*work)(void));

#endif
