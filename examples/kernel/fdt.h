/* SPDX-License-Identifier: MIT */
/*
 * Reads single values of a flattened device tree, in place. Every read is bounded by the size the
 * tree says it has; a tree that is none, or is damaged, has no properties.
 *
 * A node is named without what follows its '@', at whatever depth it is.
 */
#ifndef FDT_H
#define FDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The text of a property, of the first node of that name which has it. Return: false when there is
 * none or it does not fit into `room` bytes, NUL included.
 */
bool fdt_string(const void *fdt, const char *node, const char *property, char *to, size_t room);

/* The first 32 bits of a property, likewise. Return: false when there are none; *value is kept. */
bool fdt_cell(const void *fdt, const char *node, const char *property, uint32_t *value);

/* The same of the nth node that has the property, counted from 0: all CPUs' "reg", for example. */
bool fdt_cell_of(const void *fdt, const char *node, unsigned nth, const char *property,
                 uint32_t *value);

#endif
