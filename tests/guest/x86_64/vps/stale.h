/* SPDX-License-Identifier: MIT */
/*
 * Stale translations. Other CPUs read a page without end, interrupts off, while CPU 0 lets it show
 * one memory, and another: who goes on seeing what was there has the translation in its TLB. A CPU
 * that the host takes from the guest may lose it by that, so this is not seen after every change.
 */
#ifndef STALE_H
#define STALE_H

#include <stdbool.h>
#include <stdint.h>

/* The page's address, for flushes of it alone. */
uint64_t stale_page(void);

/* Have the CPUs of a mask read, until stale_end(). */
void stale_begin(uint32_t cpus);
/* Return: false when one of them does not end. */
bool stale_end(void);

/* Change what the page shows; nothing is flushed. Return: false when that failed. */
bool stale_change(void);
/* Say that nobody may see any more what it showed before. */
void stale_gone(void);
/* Let every reader read many times. Return: those who saw, meanwhile, what it showed before. */
uint32_t stale_look(void);

/* Readers that saw it after stale_gone(), since stale_begin(), or had stopped to read. */
uint32_t stale_wrong(void);

#endif
