/* SPDX-License-Identifier: MIT */
/*
 * A machine on /dev/kvm whose hypervisor is the model of tests/sim: its guest sees "Microsoft Hv",
 * and what Hyper-V would answer, the strict model answers. KVM runs the processors, and nothing of
 * KVM's own paravirtual code takes part.
 *
 *  main.c       puts the parts together
 *  options.c    command line
 *  memory.c     guest memory, by GPA
 *  guard.c      what a hypercall may do with memory
 *  watch.c      a page that nobody should touch for a while
 *  image.c      ELF images with a PVH note
 *  vm.c         the virtual machine and its processors
 *  cpuid.c      what they say of themselves
 *  run.c        a thread for each processor: why did the guest stop?
 *  gate.c       keeps processors out of the guest for a moment
 *  devices.c    serial port, way out, number of processors, the watch
 *  msr.c        synthetic MSRs
 *  overlay.c    pages that they lay over guest memory
 *  clock.c      the time that they tell
 *  hypercall.c  the hypercall page, and hypercalls by the model
 *  processor.c  registers from KVM and back
 *  registers.c  those that hypercalls can name
 *  view.c       what the guest sees of its memory in each VTL
 *  intercept.c  a higher VTL learns of what a lower one may not do
 *  instruction.c  what the guest has tried, where KVM does not tell
 *  mmio.c       the same, where KVM takes such memory for a device
 *  vtl.c        two or more register contexts for a processor, and the way between them
 */
#ifndef VTLHOST_H
#define VTLHOST_H

#include "sim/model.h"

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Ports that stand for the trap instruction; nothing else is there on a PC. */
#define HOST_PORT_CALL 0x99u
#define HOST_PORT_VTL_CALL 0x9Au
#define HOST_PORT_VTL_RETURN 0x9Bu
#define HOST_PORT_NO_ENTRY 0x9Cu /* as code: PUSHF */

#define HOST_VTL_MSRS 10u
#define HOST_XMMS 16u

/* What a VTL does not share with the others (TLFS "Virtual Trust Level State Isolation"). */
struct host_vtl {
    bool entered; /* else it begins with the context it was enabled with */
    uint64_t rip, rsp, rflags;
    struct kvm_sregs sregs; /* but for CR2 */
    uint64_t dr7;
    uint64_t msrs[HOST_VTL_MSRS];
};

/* Registers of the VTL that a VP runs in, while the monitor has the VP. */
struct host_registers {
    struct kvm_regs general;
    uint8_t xmm[HOST_XMMS][16];
    struct kvm_sregs system;
    struct kvm_debugregs debug;
    uint64_t msrs[HOST_VTL_MSRS];
};

struct host_overlay {
    bool on;
    uint64_t gpa;
    uint8_t hidden[PV_PAGE_BYTES];
};

/*
 * A hypercall may read the pages of its arguments and write that of its output, and nothing else. With
 * one VP nothing else runs meanwhile, so the pages beside those are compared as well.
 */
struct host_guard {
    bool wanted;
    bool on;          /* in the model's part of a hypercall */
    bool fast;        /* no page at all */
    uint64_t in, out; /* page numbers */
    uint64_t calls, reads, writes;
    uint64_t outside;  /* what was not allowed, and pages that changed */
    uint64_t pages[4]; /* the neighbours; 0: none */
    uint8_t content[4][PV_PAGE_BYTES];
};

/* Ask for it by the page number to HOST_PORT_WATCH; 0 ends it. The two counts are read there and behind. */
#define HOST_PORT_WATCH 0x520u

struct host_watch {
    uint64_t page;         /* 0: none */
    bool hidden;           /* the guest has no rights to it */
    uint8_t by_guest;      /* 0 or 1 */
    uint8_t by_hypercalls; /* accesses, up to 255 */
};

struct host_vp {
    struct host *host;
    uint32_t index;
    int fd;
    struct kvm_run *run;
    size_t run_bytes;
    pthread_t thread;
    struct host_registers now;     /* until it is started, whoever has the lock may use it */
    struct host_registers fetched; /* as `now` was then */
    struct host_vtl vtls[SIM_VTLS];
    struct host_overlay assist_page[SIM_VTLS];
    uint64_t switches;
    uint64_t calls;
    uint64_t last_control, last_result; /* of its last hypercall */
    bool in_guest; /* these two under the lock */
    bool starts;   /* as the model says it was started; its own thread does it */
};

struct host {
    struct sim_model model;
    pthread_mutex_t lock; /* of the model: hypercalls are made one at a time */
    pthread_cond_t moved; /* a VP has left the guest, or may enter again */
    uint32_t closed;      /* how many keep the VPs out of the guest */
    uint8_t *memory;       /* from GPA 0 on */
    uint8_t *guest_memory; /* the same, with the rights that the guest has */
    uint8_t view;          /* the VTL whose rights those are; SIM_VTLS: of before a change */
    int view_others;       /* rights to pages that no protection names */
    uint64_t intercepts;
    uint64_t memory_bytes;
    int kvm;
    int vm;
    uint32_t vps;
    struct host_vp vp[SIM_VPS_MAX];
    uint32_t calling; /* the VP whose hypercall the model executes */
    struct host_overlay hypercall_page[SIM_VTLS];
    struct host_overlay reference_page[SIM_VTLS];
    struct pv_hv_reference_tsc reference;
    struct host_guard guard;
    struct host_watch watch; /* changes under the lock */
    bool divisor; /* of the serial port: what is written is no text */
    bool trace;   /* a line for each hypercall, on stderr */
    int verdict;  /* -1 while the guest runs */
    uint64_t exits;
};

/* Exit statuses. Up to HOST_STATUS_GUEST_MAX it is the guest's own, 0 being success. */
enum {
    HOST_STATUS_GUEST_MAX = 63,
    HOST_STATUS_USAGE = 64,
    HOST_STATUS_FAILED = 70, /* the monitor; the guest has no part in it */
    HOST_STATUS_NO_KVM = 77,
    HOST_STATUS_LOST = 120,  /* a processor did what ends it */
    HOST_STATUS_RULE = 121,  /* the guest did what the TLFS forbids */
    HOST_STATUS_STRAY = 122, /* a hypercall reached memory that is none of its arguments */
    HOST_STATUS_HANGS = 124, /* as timeout says it */
};

struct host_options {
    unsigned seconds;
    const char *image;
};

/* options.c: into model and host, after sim_model_init. Ends the monitor if they are wrong. */
struct host_options host_options_read(struct host *host, int argc, char **argv);

/* Says why on stderr and ends the monitor with HOST_STATUS_FAILED. */
_Noreturn void host_fail(const char *what);

/* memory.c */
void host_memory_create(struct host *host, uint64_t bytes);
void *host_memory_at(struct host *host, uint64_t gpa, uint64_t bytes); /* NULL: not all of it is there */
bool host_memory_read(void *host, uint64_t gpa, void *to, size_t bytes);
bool host_memory_write(void *host, uint64_t gpa, const void *from, size_t bytes);

/* guard.c: around the model's part of a hypercall */
void host_guard_begin(struct host *host, const struct sim_registers *call);
void host_guard_access(struct host *host, uint64_t gpa, size_t bytes, bool write);
void host_guard_end(struct host *host);

/* watch.c */
#define HOST_GPA_UNKNOWN (~0ull)
void host_watch(struct host *host, uint64_t page);
/* These two with the lock held. False: the guest has not touched the page, or not for the first time. */
bool host_watch_guest(struct host *host, uint64_t gpa);
void host_watch_hypercall(struct host *host, uint64_t gpa, size_t bytes);

/* image.c */
uint32_t host_image_load(struct host *host, const char *path); /* the entry, in 32-bit mode */

/* vm.c */
void host_vm_create(struct host *host);
void host_vp_create(struct host *host, uint32_t index);
void host_vp_enter_at(struct host_vp *vp, uint32_t entry);

/* cpuid.c */
void host_cpuid_set(struct host_vp *vp);

/* run.c */
void host_run(struct host *host, unsigned seconds);
void host_end(struct host *host, int verdict);

/* gate.c */
void host_gate_in(struct host_vp *vp);
void host_gate_out(struct host_vp *vp);
void host_gate_close(struct host_vp *vp); /* these two with the lock held */
void host_gate_open(struct host_vp *vp);

/* devices.c */
void host_io(struct host_vp *vp);

/* msr.c */
void host_msr_filter(struct host *host);
void host_msr_read(struct host_vp *vp);
void host_msr_write(struct host_vp *vp);

/* overlay.c: a page number with an enable bit, and what the page shows */
void host_overlay_place(struct host *host, struct host_overlay *overlay, uint64_t value,
                        const void *content);

/* clock.c */
void host_clock_create(struct host *host);
void host_clock_page_follow(struct host *host, uint8_t vtl);

/* hypercall.c */
void host_hypercall_page_follow(struct host *host, uint8_t vtl);
void host_hypercall(struct host_vp *vp);
void host_exit_complete(struct host_vp *vp); /* RIP may lie on the OUT until then */

/* processor.c */
void host_registers_fetch(struct host_vp *vp);
void host_registers_store(struct host_vp *vp);
/* Of a VP that has not been started and is not in the guest; with the lock held. */
void host_registers_fetch_stopped(struct host_vp *vp);
/* What has changed in `now`, at once. False: KVM refuses it, and `now` is as it was. */
bool host_registers_try(struct host_vp *vp);

/* registers.c */
uint16_t host_register_get(void *host, uint32_t vp, uint8_t vtl, uint32_t name,
                           struct pv_hv_register_value *value);
uint16_t host_register_set(void *host, uint32_t vp, uint8_t vtl, uint32_t name,
                           struct pv_hv_register_value value);

/* view.c; with the lock held */
void host_view_narrow(struct host_vp *vp); /* to what the VP may, before it runs */
void host_view_stale(struct host *host);   /* protections have changed; no VP is in the guest */
void host_view_follow(struct host *host, uint64_t page); /* the watch of this page has changed */
bool host_view_widen(struct host_vp *vp, uint64_t page); /* false: it may do no more than now */
uint32_t host_view_missing(const struct host_vp *vp, uint64_t page); /* PV_HV_MAP_* */

/* intercept.c */
bool host_memory_fault(struct host_vp *vp, uint64_t gpa); /* false: nobody lets it go on */
/* With the lock held and registers fetched; `wanted` is a PV_HV_MAP_* that the VP has not. */
bool host_intercept(struct host_vp *vp, uint64_t gpa, uint32_t wanted);

/* instruction.c; with registers fetched */
#define HOST_INSTRUCTION_MAX 15u

struct host_access {
    uint64_t linear, gpa;
    bool write;
};

/* False: no plain move of that many bytes. `behind`: registers with RIP behind the instruction. */
bool host_instruction_decode(const uint8_t *bytes, uint32_t count, const struct kvm_regs *behind,
                             struct host_access *access);
bool host_instruction_at(struct host_vp *vp, uint64_t rip, uint32_t count,
                         struct host_access *access);
bool host_instruction_next(struct host_vp *vp, struct host_access *access); /* where RIP is */
bool host_translate(struct host_vp *vp, uint64_t linear, uint64_t *gpa);

/* mmio.c */
bool host_mmio(struct host_vp *vp); /* false: no memory, or nobody lets it go on */

/* vtl.c */
struct pv_hv_assist_page *host_assist_page(struct host_vp *vp, uint8_t vtl); /* NULL: none */
/* Into the VTL that the model says it is in now, from `left`; registers are fetched. */
void host_vtl_enter(struct host_vp *vp, uint8_t left, uint32_t reason);
uint8_t host_vtl_of(const struct host_vp *vp); /* the one it runs in */
void host_vtl_switch(struct host_vp *vp, bool to_lower);
void host_undefined_opcode(struct host_vp *vp);
void host_vp_start(struct host_vp *vp); /* where HvCallStartVirtualProcessor said */

#endif
