/* SPDX-License-Identifier: MIT */
/*
 * A hypervisor in software: the hypercall side of one Hyper-V partition, as the TLFS rules it.
 *
 * Knows nothing of libpv's run-time code, of struct pv_sim or of the pv_os_* functions: it takes
 * registers and reaches guest memory through two callbacks, so the same model can also stand behind
 * a real virtual machine. Sizes come from pv/abi/hv_calls.def; nothing of the planner is used.
 *
 * What a guest must never do, whatever its caller asked for (reserved control bits, blocks that
 * overlap, cross a page or leave memory, XMM registers without the feature), is answered as the
 * TLFS says and kept in `complaint`, so that a test can insist on its absence.
 */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

#include <pv/abi/hv.h>
#include <pv/abi/hv_layout.h>
#include <pv/abi/hv_regs.h>
#include <pv/hv/call.h>
#include <pv/types.h>

#define SIM_VPS_MAX 8u
#define SIM_VTLS 3u /* modelled; `max_vtl` may be lower */
#define SIM_REGISTERS_MAX 48u
#define SIM_PROTECTED_MAX 64u
#define SIM_MAP_ALL 0xFu
#define SIM_VSM_CONFIG_INTERCEPT_PAGE (1ull << 12) /* hvdef; not in the TLFS */
#define SIM_VSM_CAP_INTERCEPT_PAGE (1ull << 27)
#define SIM_NO_CODE_OFFSETS 0xFFFFFFFFu
#define SIM_BLOCK_BYTES 128u
#define SIM_GVA_KEPT 2048u
#define SIM_VISIBILITY_PAGES 4096u

/*
 * Guest memory by GPA. Both answer false, and touch nothing, if any byte is not guest memory. `to` may be
 * NULL: then that is the whole question.
 */
struct sim_memory {
    void *owner;
    bool (*read)(void *owner, uint64_t gpa, void *to, size_t bytes);
    bool (*write)(void *owner, uint64_t gpa, const void *from, size_t bytes);
};

/*
 * The processor's own registers, where there is a processor: what HvCallGet/SetVpRegisters name is read and
 * written there. They answer UNKNOWN_REGISTER_NAME for what they do not have, which the model keeps
 * itself then. NULL: there is none.
 */
struct sim_processor {
    void *owner;
    uint16_t (*get)(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                    struct pv_hv_register_value *value);
    uint16_t (*set)(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                    struct pv_hv_register_value value);
};

/* Clocks that go on their own; in units of 100 ns. NULL: as the fields of the model say. */
struct sim_time {
    void *owner;
    uint64_t (*reference)(void *owner, uint32_t vp); /* TIME_REF_COUNT */
    uint64_t (*run)(void *owner, uint32_t vp);       /* VP_RUNTIME */
};

/* How the registers of a hypercall are laid out. */
enum sim_convention {
    SIM_X64,   /* RCX control; RDX, R8, then XMM0-5 */
    SIM_SMCCC, /* HVC #0: X1 control, X2..X17; output right behind the input */
    SIM_HVC1,  /* HVC #1: X0 control, X1..X16; output ends in X16 */
};

/* One execution of the hypercall instruction. */
struct sim_registers {
    enum sim_convention convention;
    uint64_t control;
    uint64_t in;     /* first qword: input GPA, or input bytes 0..7 */
    uint64_t out;    /* second qword: output GPA, or input bytes 8..15 */
    uint64_t *block; /* all 16 qwords, read and written; NULL: only `in` and `out` travel */
};

/* How the hypervisor behaves. All but the first two break the TLFS. */
enum sim_behaviour {
#define SIM_BEHAVIOUR(name, about) SIM_##name,
#include "sim/behaviours.def"
#undef SIM_BEHAVIOUR
    SIM_BEHAVIOURS
};

struct sim_register {
    uint32_t name;
    struct pv_hv_register_value value;
};

/* What one VTL of one VP has. */
struct sim_vtl {
    bool enabled;
    uint32_t context_bytes;
    struct sim_register registers[SIM_REGISTERS_MAX];
    uint32_t count;
    uint64_t assist_page; /* VP_ASSIST_PAGE register */
    union {
        uint8_t bytes[224];
        uint64_t align;
    } context; /* as given to EnableVpVtl or StartVirtualProcessor */
};

struct sim_vp_state {
    bool running;
    uint8_t active_vtl;
    uint64_t apic_id;
    uint64_t run_100ns; /* time it ran */
    struct sim_vtl vtls[SIM_VTLS];
};

/* A flush or IPI, its VP set decoded. */
struct sim_target_record {
    uint16_t code;
    uint32_t vector;
    uint64_t space;
    uint64_t flags;
    uint64_t vps[PV_HV_VPS_MAX / 64]; /* bit per VP index; all ones for "all" */
    uint32_t ranges;                  /* list elements */
    uint64_t last_range;
};

/* Elements of flush lists as they were executed, over any number of calls. A test zeroes it. */
struct sim_gva_record {
    uint64_t list[SIM_GVA_KEPT];
    uint32_t count; /* there may be more than are kept */
    uint64_t pages; /* that they name */
};

/* Elements of heat hints as they were executed, over any number of calls. A test zeroes it. */
struct sim_heat_record {
    uint64_t list[SIM_GVA_KEPT];
    uint32_t count; /* there may be more than are kept */
    uint64_t pages; /* of 2 MiB, that they name */
};

/* What the host sees of guest memory, page by page: PV_HV_VISIBILITY_*. Pages of the window exist, with
 * bytes behind them or not; of others nothing is kept. */
struct sim_visibility {
    uint64_t first; /* page number */
    uint64_t pages; /* at most SIM_VISIBILITY_PAGES; 0: queries are answered by sim_pattern */
    uint8_t of[SIM_VISIBILITY_PAGES]; /* a test may write lies here */
    uint64_t changed;   /* pages that were changed to something else */
    uint64_t unchanged; /* ... to what they were */
    uint64_t revealed;  /* made visible while they were not all zero */

    /* The test's own; NULL = not there. Answers a PV_HV_STATUS_*, 0 to let it happen. */
    void *context;
    uint16_t (*refuse)(void *context, uint64_t page, uint32_t visibility);
    /* The machine's: a page is about to change. */
    void (*changing)(void *owner, uint64_t page);
};

/* What the model has seen; tests read it. */
struct sim_seen {
    uint64_t calls;          /* hypercall instructions */
    uint64_t control;        /* of the last one */
    uint64_t control_before; /* of the one before */
    uint64_t in, out;        /* its two registers */
    uint64_t result;         /* its answer */
    uint64_t memory_calls;   /* calls that read or wrote guest memory */
    bool touched_memory;     /* the last call did */
    uint64_t elements;       /* list elements finished */
    uint32_t spin_count;     /* last NotifyLongSpinWait */
    uint64_t messages;       /* PostMessage */
    uint64_t events;         /* SignalEvent */
    uint32_t connection;     /* of the last message or event */
    uint32_t message_bytes;
    struct sim_target_record target; /* last flush or IPI */
    struct sim_gva_record gva;
    uint64_t shared_pages;   /* pages made visible, last call */
    struct sim_heat_record heat;
    uint8_t fixed[64];       /* start of the last input block */
};

struct sim_model {
    struct sim_memory memory;
    struct sim_time time;
    struct sim_processor processor;

    /* The partition. Set after sim_model_init, as the test likes. */
    uint32_t vps;
    uint32_t max_vps;      /* as advertised */
    uint64_t privileges;   /* PV_HV_PRIVILEGE_* */
    uint32_t features;     /* PV_HV_FEATURE_* (x86) */
    uint64_t partition_id;
    uint8_t max_vtl;
    uint32_t code_offsets; /* VsmCodePageOffsets; SIM_NO_CODE_OFFSETS: no such register */
    uint64_t vsm_capabilities;
    bool kvm;              /* only the calls that KVM knows */
    bool any_target;       /* no complaint about VP sets that hypervisors read differently */
    bool arm64;            /* needs an OS id for everything but register calls in registers */
    struct pv_hv_register_value info[10]; /* registers 0x200..0x209; privileges come from above */
    struct pv_hv_register_value version;  /* register 0x100 */
    uint64_t va_base, va_gpa; /* one window of virtual addresses that is mapped, odd pages */
    uint32_t va_pages;        /* read-only; everything else is not present */
    uint64_t extended;        /* PV_HV_EXT_* */
    uint64_t page_reserved;   /* bits 11:2 of HYPERCALL, and of VP_ASSIST_PAGE: to be preserved */
    uint64_t reference_reserved; /* bits 11:1 of REFERENCE_TSC, to be preserved */
    uint64_t tsc_hz, apic_hz; /* as told */
    struct pv_hv_boot_zeroed_memory zeroed;

    /* Behaviour. */
    enum sim_behaviour behaviour;
    uint32_t behave_after;   /* honest for that many calls first */
    uint32_t step;           /* elements per invocation; 0 = all */
    uint64_t seed;           /* SIM_RANDOM, SIM_GARBAGE_OUTPUT */
    uint16_t fail_status;    /* with fail_element: that status at that element, once */
    uint32_t fail_element;
    uint16_t refuse;         /* every call answers this status; 0 = off */

    /* State. */
    struct sim_vp_state cpus[SIM_VPS_MAX];
    uint64_t os_id[SIM_VTLS];
    uint64_t hypercall_msr[SIM_VTLS]; /* without the bits that are preserved */
    uint64_t reference_msr[SIM_VTLS]; /* REFERENCE_TSC, likewise */
    uint64_t reference_100ns; /* TIME_REF_COUNT */
    uint16_t enabled_vtls;
    uint16_t mbec_vtls;
    uint64_t partition_config[SIM_VTLS];
    uint64_t protected_pages[SIM_PROTECTED_MAX];
    uint32_t protection[SIM_PROTECTED_MAX];
    uint8_t protected_by[SIM_PROTECTED_MAX]; /* the VTL that binds the lower ones */
    uint32_t protected_count;
    uint32_t stopped_at; /* elements done as last answered */
    bool timed_out;
    struct sim_visibility visibility;
    struct sim_seen seen;
    const char *complaint; /* first thing a correct guest would not have done; NULL = none */
};

/* A partition with one running VP, every privilege and feature, 2 VTLs, and no memory. */
void sim_model_init(struct sim_model *model);

/* Execute one hypercall on VP `vp`. Returns the result word (RAX, X0). */
uint64_t sim_model_call(struct sim_model *model, uint32_t vp, struct sim_registers *registers);

/* VTL call or return. Returns false for what would be #UD. */
bool sim_model_vtl_switch(struct sim_model *model, uint32_t vp, bool to_lower, uint64_t control);

/* What a VTL may do with a page: PV_HV_MAP_*. */
uint32_t sim_model_rights(const struct sim_model *model, uint8_t vtl, uint64_t page);

/*
 * A VP has touched a page in a way that some of `wanted` is needed for. Enters the VTL that denies it.
 * Returns false if none does.
 */
bool sim_model_intercept(struct sim_model *model, uint32_t vp, uint64_t page, uint32_t wanted);

/* A synthetic MSR, in the VTL that the VP runs in. Both return false for what would be #GP. */
bool sim_model_msr_read(struct sim_model *model, uint32_t vp, uint32_t msr, uint64_t *value);
bool sim_model_msr_write(struct sim_model *model, uint32_t vp, uint32_t msr, uint64_t value);

/* A page by which a counter of `hz` that reads `ticks` now tells `units` of 100 ns. */
struct pv_hv_reference_tsc sim_reference_tsc(uint32_t sequence, uint64_t hz, uint64_t ticks,
                                             uint64_t units);

/* What the page makes of a counter. */
uint64_t sim_reference_count(const struct pv_hv_reference_tsc *page, uint64_t ticks);

/* One register of a VP and VTL, as HvCallGet/SetVpRegisters see it. Returns a PV_HV_STATUS_*. */
uint16_t sim_register_get(struct sim_model *model, uint32_t vp, uint8_t vtl, uint32_t name,
                          struct pv_hv_register_value *value);
uint16_t sim_register_set(struct sim_model *model, uint32_t vp, uint8_t vtl, uint32_t name,
                          struct pv_hv_register_value value);

/* Visibility of a page of the window, by number; NULL beyond it. */
uint8_t *sim_visibility_of(struct sim_model *model, uint64_t page);

/* Change it, whichever way the guest has asked for that. */
uint16_t sim_visibility_change(struct sim_model *model, uint64_t page, uint32_t to);

/* Is the behaviour in force now? */
bool sim_behaves(const struct sim_model *model, enum sim_behaviour behaviour);

/* As a command line names it, and in words. */
#define SIM_NAME_BYTES 24u
void sim_behaviour_name(enum sim_behaviour behaviour, char name[SIM_NAME_BYTES]);
const char *sim_behaviour_about(enum sim_behaviour behaviour);

/* Keep the first complaint. */
void sim_complain(struct sim_model *model, const char *text);

/* Byte `i` of the output, or of list element `index`, of a call that the model only answers. */
static inline uint8_t sim_pattern(uint32_t index, uint32_t i)
{
    return (uint8_t)(0xA5u ^ (index * 31u + i));
}

/* Next pseudo-random number (xorshift64*). */
uint64_t sim_random(uint64_t *seed);

#endif
