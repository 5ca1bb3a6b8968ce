/* SPDX-License-Identifier: MIT */
/* What the files of the machine share. */
#ifndef SIM_MACHINE_INTERNAL_H
#define SIM_MACHINE_INTERNAL_H

#include "sim/sim.h"

static inline bool sim_is_x86(const struct sim_machine *machine)
{
    return machine->kind == SIM_HYPERV_X86 || machine->kind == SIM_KVM_X86 ||
           machine->kind == SIM_BARE || machine->kind == SIM_KVM_NATIVE_X86 ||
           machine->kind == SIM_XEN_X86 || machine->kind == SIM_VMWARE_X86;
}

static inline bool sim_is_kvm(const struct sim_machine *machine)
{
    return machine->kind == SIM_KVM_X86 || machine->kind == SIM_KVM_NATIVE_X86;
}

static inline bool sim_is_arm64(const struct sim_machine *machine)
{
    return machine->kind == SIM_HYPERV_ARM64 || machine->kind == SIM_KVM_ARM64;
}

struct sim_machine *sim_machine_of(const struct pv_sim *port);

/* A pv_sim is the first member of its CPU. */
static inline uint32_t sim_index_of(const struct pv_sim *port)
{
    return ((const struct sim_cpu *)(const void *)port)->index;
}

/* ---- what struct pv_sim points to ---- */

struct pv_port_cpuid sim_port_cpuid(struct pv_sim *port, uint32_t leaf, uint32_t subleaf);
uint64_t sim_port_msr_read(struct pv_sim *port, uint32_t msr);
void sim_port_msr_write(struct pv_sim *port, uint32_t msr, uint64_t value);
struct pv_port_smccc sim_port_smccc(struct pv_sim *port, int conduit, uint64_t function,
                                    uint64_t argument);
struct pv_port_sbi sim_port_sbi(struct pv_sim *port, unsigned long extension,
                                unsigned long function, const unsigned long arguments[3]);
uint64_t sim_port_hv_call(struct pv_sim *port, uintptr_t entry, uint64_t control, uint64_t in,
                          uint64_t out);
uint64_t sim_port_hv_call_block(struct pv_sim *port, uintptr_t entry, uint64_t control,
                                uint64_t block[PV_PORT_BLOCK_QWORDS]);
bool sim_port_block_usable(struct pv_sim *port);
void sim_port_vtl_switch(struct pv_sim *port, uintptr_t entry, bool to_lower, uint64_t control,
                         uint64_t shared[PV_HV_VTL_SHARED]);

/* ---- time ---- */

void sim_clock_init(struct sim_machine *machine);
uint64_t sim_port_counter(struct pv_sim *port);
/* REFERENCE_TSC, which was `before`. */
void sim_clock_reference_written(struct sim_machine *machine, uint64_t before);
/* False if it is not an MSR of kvmclock. */
bool sim_clock_msr_read(struct sim_machine *machine, uint32_t vp, uint32_t msr, uint64_t *value);
bool sim_clock_msr_write(struct sim_machine *machine, uint32_t vp, uint32_t msr, uint64_t value);

/* ---- stolen time ---- */

uint64_t sim_steal_msr_read(struct sim_machine *machine, uint32_t vp);
void sim_steal_msr_write(struct sim_machine *machine, uint32_t vp, uint64_t value);
/* False if it is not the MSR of a Xen. */
bool sim_steal_xen_msr_write(struct sim_machine *machine, uint32_t msr, uint64_t value);
struct pv_port_smccc sim_steal_smccc(struct sim_machine *machine, uint32_t vp, int conduit,
                                     uint64_t function, uint64_t argument);
struct pv_port_sbi sim_steal_sbi(struct sim_machine *machine, uint32_t vp,
                                 const unsigned long arguments[3]);
/* Relative to 0x40000000. */
struct pv_port_cpuid sim_xen_leaf(const struct sim_machine *machine, uint32_t vp,
                                  uint32_t number);
struct pv_port_cpuid sim_vmware_leaf(const struct sim_machine *machine, uint32_t number);
uint32_t sim_port_cpucfg(struct pv_sim *port, uint32_t word);
/* KVM on LoongArch. */
long sim_steal_kvm_call(struct pv_sim *port, unsigned long function, unsigned long a,
                        unsigned long b);
long sim_port_xen_call(struct pv_sim *port, unsigned long operation,
                       const unsigned long arguments[3]);
uint32_t sim_port_vmware_call(struct pv_sim *port, enum pv_port_vmware way, uint32_t command,
                              uint64_t argument);

/* ---- KVM on x86 ---- */

long sim_port_kvm_call(struct pv_sim *port, bool vmmcall, unsigned long function,
                       const unsigned long arguments[4]);
void sim_port_halt(struct pv_sim *port, bool irqs_on);

/* ---- memory ---- */

bool sim_memory_read(void *machine, uint64_t gpa, void *to, size_t bytes);
bool sim_memory_write(void *machine, uint64_t gpa, const void *from, size_t bytes);
/* The page from pv_os_page_alloc that holds the address; NULL if none does. */
struct sim_page *sim_page_of(struct sim_machine *machine, const void *address);
/* All canary pages still hold their pattern. */
bool sim_canaries_intact(const struct sim_machine *machine);

/* By page number. */
bool sim_alias_is_mapped(const struct sim_machine *machine, uint64_t page);
/* A page is about to be seen otherwise by the host: nobody may have it mapped. */
void sim_alias_check(void *machine, uint64_t page);

/* ---- overlays ---- */

/* Follow what the register says: page number, enable bit. `fill` is the content. */
void sim_overlay_place(struct sim_machine *machine, struct sim_overlay *overlay, uint64_t value,
                       bool keeps_content, const uint8_t *fill, size_t bytes);
void sim_hypercall_page_follow(struct sim_machine *machine);
void sim_assist_page_follow(struct sim_machine *machine, uint32_t vp, uint64_t value);
/* The code that the hypervisor put into its page is still there. */
bool sim_hypercall_page_intact(struct sim_machine *machine);

#endif
