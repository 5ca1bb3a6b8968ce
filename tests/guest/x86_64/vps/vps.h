/* SPDX-License-Identifier: MIT */
/* Four VPs and what they do to each other. CPUs are the kernel's numbers 0 to 3, in any order. */
#ifndef VPS_H
#define VPS_H

#include "kernel_x86_64.h"
#include "pv_freestanding.h"
#include "tap.h"

#define VPS 4u
#define EVERYBODY ((1u << VPS) - 1)

/* Which CPU is which VP, while libpv is up. */
extern struct pv_vp_map vps_map;

/* Start the other CPUs: they wait for work in HLT, taking interrupts. This one takes none. */
void vps_power_on(void);
/* Bring libpv up on all of them, with some ways of making hypercalls turned off. */
void vps_start(uint32_t forms_off);
/* Take everything back. */
void vps_stop(void);

/* ---- interrupts ---- */

/* Interrupts from here on are the checks', those below keep the machine going. */
#define VECTOR_CHECKS 0x30u

/* How often a CPU was interrupted by a vector. KERNEL_VECTOR_NMI is one; it flushes the TLB. */
uint32_t vps_came(unsigned cpu, unsigned vector);

/* The same of all CPUs at one time. */
struct vps_counts {
    uint32_t came[VPS][KERNEL_VECTORS];
};
void vps_count(struct vps_counts *counts);

/*
 * Wait until all interrupts that were sent have come: the least important one of all is sent by
 * other means, and waited for. Return: false when it does not come to everybody.
 */
bool vps_settle(void);

/*
 * Have each set of CPUs interrupted by send(cpus, vector), and see that everybody in the set is,
 * just once, and nobody else.
 */
void check_delivery(const char *what, unsigned vector,
                    enum pv_status (*send)(uint32_t cpus, unsigned vector));

/* ---- groups ---- */

void check_hv_flush(uint32_t forms_off);
void check_hv_flush_limits(void);
void check_hv_ipi(uint32_t forms_off);
void check_hv_without_kvm(void);

void check_kvm_ipi(void);
void check_kvm_kick(void);
void check_kvm_yield(void);
void check_kvm_without_hv(void);
void check_defer(void);

void check_wait(uint32_t ways);

#endif
