/* SPDX-License-Identifier: MIT */
/* What the two sides have in common: how each comes up, and what the normal side can ask for. */
#ifndef HELLO_H
#define HELLO_H

#include "kernel.h"

#include <pv/pv.h>

/* Each side is a guest of its own to the hypervisor: own OS id, own hypercall page, own pages. */
struct side {
    struct pv_guest guest;
    struct pv_vp vp;
};

/* The two registers our little protocol uses, as struct pv_hv_vtl_regs numbers them on x86-64. */
#define HELLO_REQUEST 0 /* RDX */
#define HELLO_VALUE 1   /* RBX */

/* Requests. The answer comes back in HELLO_VALUE. */
#define HELLO_STATUS 1u   /* how it came up: an enum pv_status */
#define HELLO_WHERE 2u    /* the VTL it runs in */
#define HELLO_ADD_ONE 3u  /* one more than the value, in every register behind these two as well */
#define HELLO_PROTECT 4u  /* value: address of a page that VTL 0 shall only read from now on */
#define HELLO_ATTEMPTS 5u /* how often VTL 0 has tried to write there */

/* What try_to_write() writes with, so that VTL 1 can leave it out: movb %bl, (%rdi). */
#define HELLO_WRITE_BYTES 2u

/* side.c: libpv ready for use in the VTL that the processor runs in now. */
enum pv_status side_up(struct side *side);
enum pv_status side_where(struct side *side, uint8_t *vtl);

/* side.c: "who: before NUMBER after", on the serial port. */
void say(const char *who, const char *before, uint64_t number, const char *after);

/* secure.c: fills in where VTL 1 starts. */
void secure_context(union pv_hv_context *context);

#endif
