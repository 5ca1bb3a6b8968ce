/* SPDX-License-Identifier: MIT */
/* The Hyper-V part of struct pv_guest and struct pv_vp. Readable; only the library writes it. */
#ifndef PV_HV_STATE_H
#define PV_HV_STATE_H

#include <pv/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_hv_assist_page;

/* Ways in which the parameters of a hypercall can travel. */
#define PV_HV_FORM_MEMORY 0x1u       /* blocks in the argument page */
#define PV_HV_FORM_FAST 0x2u         /* up to 16 bytes of input in two registers */
#define PV_HV_FORM_BLOCK_INPUT 0x4u  /* x64: RDX, R8, XMM0-5; arm64: 16 registers */
#define PV_HV_FORM_BLOCK_OUTPUT 0x8u /* the same registers hold output as well */
#define PV_HV_FORMS 0xFu

/* How a hypercall reaches the hypervisor. */
enum pv_hv_conduit {
    PV_HV_CONDUIT_DEFAULT = 0, /* x86: page; arm64: HVC #0 */
    PV_HV_CONDUIT_PAGE = 1,    /* x86: call into the hypercall page */
    PV_HV_CONDUIT_SMCCC = 2,   /* arm64: HVC #0, SMCCC registers */
    PV_HV_CONDUIT_HVC1 = 3,    /* arm64: HVC #1, Hyper-V registers */
};

/* The kernel's choices. */
struct pv_hv_config {
    uint64_t os_id;             /* pv_hv_os_id_open() or _vendor(); 0 = make no hypercalls */
    uint32_t arg_pages;         /* 1 (or 0): input and output share a page; 2: a page each */
    uint32_t forms_off;         /* PV_HV_FORM_* never to be used; MEMORY cannot be turned off */
    enum pv_hv_conduit conduit; /* arm64 only */
};

struct pv_hv_guest {
    uintptr_t entry;            /* where hypercalls enter; 0 = hypercalls are off */
    uintptr_t fast_entry;       /* the same for pv_hv_call_fast; 0 also while that form is off */
    enum pv_hv_conduit conduit; /* never DEFAULT while entry is not 0 */
    uint32_t forms;             /* PV_HV_FORM_* that may be used */
    uint64_t os_id;             /* as the hypervisor has it */
    bool os_id_adopted;         /* somebody before us had set it; left alone on quiesce */
    bool page_adopted;          /* likewise the hypercall page */
    bool page_stuck;            /* the hypervisor did not let go of our page: never freed */
    void *page;                 /* x86: hypercall page, ours or a mapping of the adopted one */
    uint64_t page_gpa;
    bool page_has_endbr;        /* an indirect call is fine under indirect branch tracking (IBT) */
    uint16_t vtl_call_offset;   /* x86: of the VTL switch code in the page; 0 = not known */
    uint16_t vtl_return_offset;
};

/* Bytes of argument memory for a hypercall made while another is open (NMI, machine check). */
#define PV_HV_RESERVE_BYTES 256u

struct pv_hv_args;

struct pv_hv_vp {
    PV_ALIGNED(PV_HV_RESERVE_BYTES) uint8_t reserve[PV_HV_RESERVE_BYTES];
    const struct pv_hv_guest *way_in; /* once this VP may make hypercalls; else NULL */
    uint64_t reserve_gpa;
    struct pv_vp_index index;
    void *args; /* argument page, or two; kept while offline */
    uint64_t args_gpa;
    uint32_t args_pages;
    uint32_t depth;                    /* open hypercalls with memory: 0, 1 page, 2 + reserve */
    const struct pv_hv_args *innermost; /* open hypercall begun last, two-register ones aside */
    struct pv_hv_assist_page *assist;  /* VP assist page, NULL if never asked for */
    uint64_t assist_gpa;
    bool assist_adopted;
    bool assist_stuck; /* the hypervisor did not let go of our page: never freed */
};

#ifdef __cplusplus
}
#endif

#endif
