/* SPDX-License-Identifier: MIT */
/*
 * Virtual trust levels (VSM): which one am I in, which exist, enable them, start processors in
 * them, protect memory from the lower ones, and switch.
 *
 * Where the hypervisor lacks the call (KVM does), every function answers PV_UNSUPPORTED and `result`
 * keeps the raw status.
 */
#ifndef PV_HV_VTL_H
#define PV_HV_VTL_H

#include <pv/hv/regs.h>

#ifdef __cplusplus
extern "C" {
#endif

/* VsmVpStatus */
struct pv_hv_vsm_vp_status {
    uint8_t active_vtl;
    bool mbec;
    uint16_t enabled_vtls; /* bit n: VTL n is enabled on this VP */
};

/* VsmPartitionStatus */
struct pv_hv_vsm_partition_status {
    uint16_t enabled_vtls;
    uint8_t max_vtl;
    uint16_t mbec_vtls;
};

/* VsmCapabilities */
struct pv_hv_vsm_capabilities {
    bool dr6_shared;
    uint16_t mbec_vtls;
    bool deny_lower_startup;
    uint64_t raw;
};

/* VsmPartitionConfig of one VTL above 0 */
struct pv_hv_vsm_partition_config {
    bool protect;         /* write once: cannot be cleared before the partition is reset */
    uint8_t default_mask; /* PV_HV_MAP_* of pages nobody has named yet; fixed with `protect` */
    bool zero_on_reset;
    bool deny_lower_startup;
    bool intercept_startup;
    uint64_t raw; /* as read; pv_hv_vsm_config_set keeps the bits it does not know */
};

/* VsmCodePageOffsets: where the VTL switch code lies in the hypercall page (x64) */
struct pv_hv_vsm_code_offsets {
    uint16_t call;
    uint16_t ret;
};

/*
 * The VTL this VP runs in, 0..15. An ordinary register read: with XMM output it touches no memory.
 * @result: may be NULL, here and in all functions below; the hypervisor's answer, also on error.
 * Context, Return: as pv_hv_regs_get.
 * Spec:    TLFS VsmVpStatus.
 */
PV_MUST_CHECK enum pv_status pv_hv_vtl_current(struct pv_vp *vp, uint8_t *vtl,
                                               struct pv_hv_result *result);

/* Read and decode one VSM register. Context, Return: as pv_hv_regs_get. */
PV_MUST_CHECK enum pv_status pv_hv_vsm_vp_status(struct pv_vp *vp,
                                                 struct pv_hv_vsm_vp_status *status,
                                                 struct pv_hv_result *result);
PV_MUST_CHECK enum pv_status pv_hv_vsm_partition_status(struct pv_vp *vp,
                                                        struct pv_hv_vsm_partition_status *status,
                                                        struct pv_hv_result *result);
PV_MUST_CHECK enum pv_status pv_hv_vsm_capabilities(struct pv_vp *vp,
                                                    struct pv_hv_vsm_capabilities *capabilities,
                                                    struct pv_hv_result *result);

/*
 * Read the code page offsets.
 * Context: as pv_hv_regs_get.
 * Return:  PV_UNSUPPORTED  arm64 (it uses HVC #2 and #3), or the hypervisor lacks it
 *          PV_MALFORMED    an offset is 0, where the ordinary hypercall entry lies, both are the same, or
 *                          no code fits in the page there
 *          otherwise as pv_hv_regs_get
 */
PV_MUST_CHECK enum pv_status pv_hv_vsm_code_offsets(struct pv_vp *vp,
                                                    struct pv_hv_vsm_code_offsets *offsets,
                                                    struct pv_hv_result *result);

/*
 * Read or set the configuration of one VTL, 1..15, the caller's own or a lower one.
 * Context: as pv_hv_regs_get. Return: PV_INVALID also for VTL 0 or above 15, or a mask above 0xF.
 * Spec:    TLFS VsmPartitionConfig.
 */
PV_MUST_CHECK enum pv_status pv_hv_vsm_config_get(struct pv_vp *vp, uint8_t vtl,
                                                  struct pv_hv_vsm_partition_config *config,
                                                  struct pv_hv_result *result);
PV_MUST_CHECK enum pv_status pv_hv_vsm_config_set(struct pv_vp *vp, uint8_t vtl,
                                                  const struct pv_hv_vsm_partition_config *config,
                                                  struct pv_hv_result *result);

/*
 * Enable a VTL for the partition.
 * @vtl:   1..15.
 * @flags: PV_HV_ENABLE_VTL_MBEC or 0.
 * Context: as pv_hv_begin.
 * Return:  PV_INVALID  VTL or flags out of range; otherwise as pv_hv_call_simple
 * Spec:    TLFS HvCallEnablePartitionVtl.
 */
PV_MUST_CHECK enum pv_status pv_hv_vtl_enable_partition(struct pv_vp *vp, uint8_t vtl,
                                                        uint8_t flags,
                                                        struct pv_hv_result *result);

/* Where a VP starts: the member of this build's architecture is used. */
union pv_hv_context {
    struct pv_hv_context_x64 x64;
    struct pv_hv_context_arm64 arm64;
};

/* The few things a flat 64-bit start needs; the rest of the context follows from them. */
struct pv_hv_start_x64 {
    uint64_t rip;
    uint64_t rsp;
    uint64_t cr3;
    uint64_t gdt_base; /* a GDT with `cs` as 64-bit code and `ss` as data */
    uint16_t gdt_limit;
    uint16_t cs;
    uint16_t ss;
    uint64_t idt_base;
    uint16_t idt_limit;
};

/*
 * Fill a context for 64-bit kernel code with flat segments, paging and NX on, IRQs off. Change any
 * member afterwards.
 * Context: any.
 */
void pv_hv_context_x64(struct pv_hv_context_x64 *context, const struct pv_hv_start_x64 *start);

/*
 * Fill a context for EL1 with the MMU as `sctlr` says and everything else zero.
 * Context: any.
 */
void pv_hv_context_arm64(struct pv_hv_context_arm64 *context, uint64_t pc, uint64_t sp,
                         uint64_t sctlr);

/*
 * Enable a VTL on one VP, with the state it starts in there.
 * @index: PV_HV_VP_SELF for the calling VP.
 * @vtl:   1..15.
 * Context: as pv_hv_begin.
 * Return:  PV_OK also if the VTL was enabled already (result keeps VTL_ALREADY_ENABLED)
 *          PV_INVALID  VP index or VTL out of range; otherwise as pv_hv_call_simple
 * Spec:    TLFS HvCallEnableVpVtl.
 */
PV_MUST_CHECK enum pv_status pv_hv_vtl_enable_vp(struct pv_vp *vp, struct pv_vp_index index,
                                                 uint8_t vtl, const union pv_hv_context *context,
                                                 struct pv_hv_result *result);

/*
 * Start a VP that does not run yet.
 * @vtl: 0..15.
 * Context: as pv_hv_begin.
 * Return:  PV_INVALID  VP index or VTL out of range; otherwise as pv_hv_call_simple
 * Spec:    TLFS HvCallStartVirtualProcessor.
 */
PV_MUST_CHECK enum pv_status pv_hv_vp_start(struct pv_vp *vp, struct pv_vp_index index, uint8_t vtl,
                                            const union pv_hv_context *context,
                                            struct pv_hv_result *result);

/*
 * VP index of the processor with this APIC id (x86) or MPIDR (arm64).
 * Context: as pv_hv_begin.
 * Return:  PV_INVALID    VTL above 15, or an APIC id above 32 bits on x86
 *          PV_MALFORMED  the index is not below the advertised maximum
 *          otherwise as pv_hv_call_list
 * Spec:    TLFS HvCallGetVpIndexFromApicId; one element per call, because sources differ on strides.
 */
PV_MUST_CHECK enum pv_status pv_hv_vp_index_find(struct pv_vp *vp, struct pv_hw_id id, uint8_t vtl,
                                                 struct pv_vp_index *index,
                                                 struct pv_hv_result *result);

/*
 * Set what lower VTLs may do with `count` pages.
 * @input_vtl: pv_hv_input_vtl() of the VTL that imposes it; 0 = the caller's.
 * @mask:      PV_HV_MAP_*, 0..0xF.
 * @gpa_pages: 4096-byte page numbers.
 * @done:      may be NULL; pages changed, from the first on, also on error.
 * Context: as pv_hv_call_list.
 * Return:  PV_INVALID  mask or input_vtl out of range, count 0; otherwise as pv_hv_call_list
 * Spec:    TLFS HvCallModifyVtlProtectionMask.
 */
PV_MUST_CHECK enum pv_status pv_hv_vtl_protect(struct pv_vp *vp, uint8_t input_vtl, uint32_t mask,
                                               const uint64_t *gpa_pages, size_t count,
                                               size_t *done, struct pv_hv_result *result);

/* Result codes of a translation */
#define PV_HV_TRANSLATION_OK 0u
#define PV_HV_TRANSLATION_NOT_PRESENT 1u
#define PV_HV_TRANSLATION_PRIVILEGE 2u
#define PV_HV_TRANSLATION_BAD_FLAGS 3u
#define PV_HV_TRANSLATION_GPA_UNMAPPED 4u

struct pv_hv_translation {
    uint32_t code; /* PV_HV_TRANSLATION_*; gpa is valid only with OK */
    uint8_t cache_type;
    bool overlay_page;
    uint64_t gpa; /* of the address itself, not of its page */
};

/*
 * Translate a virtual address of a VP and VTL.
 * @flags: PV_HV_TRANSLATE_READ, WRITE, EXECUTE, PRIVILEGE_EXEMPT.
 * Context: as pv_hv_begin.
 * Return:  PV_OK also if the address is not mapped: see translation->code
 *          PV_INVALID    target or flags out of range
 *          PV_MALFORMED  the GPA page number is beyond 52 bits
 *          otherwise as pv_hv_call_simple
 * Spec:    TLFS HvCallTranslateVirtualAddress.
 */
PV_MUST_CHECK enum pv_status pv_hv_translate(struct pv_vp *vp, struct pv_hv_target target,
                                             uint64_t flags, uint64_t va,
                                             struct pv_hv_translation *translation,
                                             struct pv_hv_result *result);

/*
 * General registers that both VTLs see, in the order that PV_HV_VTL_SHARED names them.
 * x64: a switch uses RAX and RCX itself. A return that is not fast brings them to the lower VTL, by
 * way of the VP assist page; a call and a fast return do not. They are stored always: a VTL that is
 * entered for an interrupt or an intercept finds the interrupted code's in them, and returns not fast.
 * arm64: the TLFS calls X29 and X30 private, working code shares them; they are carried over, and
 * this side's own are kept on its stack.
 */
struct pv_hv_vtl_regs {
    uint64_t shared[PV_HV_VTL_SHARED];
};

/*
 * Call the next higher VTL; returns when it returns here.
 * @regs: loaded before and stored after; may be changed by the other side. XMM and vector
 *        registers are shared too and are not touched.
 * Context: this VP, IRQs as the two sides have agreed.
 * Return:  PV_BAD_STATE    hypercalls are off, or vp is not online
 *          PV_UNSUPPORTED  x64: the code offsets were never read (pv_hv_vtl_switch_init)
 *          A wrong VTL state is not a status but #UD, or an undefined instruction.
 * Spec:    TLFS HvCallVtlCall.
 */
PV_MUST_CHECK enum pv_status pv_hv_vtl_call(struct pv_vp *vp, struct pv_hv_vtl_regs *regs);

/*
 * Return to the lower VTL that called or was interrupted; returns here on the next entry.
 * @fast: x64: the lower VTL does not get RAX and RCX of @regs, which takes no assist page. For one
 *        that has called; what was interrupted needs them.
 * Context, Return: as pv_hv_vtl_call; PV_UNSUPPORTED also for not fast without an assist page.
 * Spec:    TLFS HvCallVtlReturn.
 */
PV_MUST_CHECK enum pv_status pv_hv_vtl_return(struct pv_vp *vp, bool fast,
                                              struct pv_hv_vtl_regs *regs);

/*
 * Learn how to switch: reads the code page offsets on x64, does nothing on arm64.
 * Context: as pv_hv_regs_get. Once per guest and VTL, again after resume.
 * Return:  as pv_hv_vsm_code_offsets
 */
PV_MUST_CHECK enum pv_status pv_hv_vtl_switch_init(struct pv_vp *vp, struct pv_hv_result *result);

#ifdef __cplusplus
}
#endif

#endif
