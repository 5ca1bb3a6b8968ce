/* SPDX-License-Identifier: MIT */
/*
 * VP registers: read and set any number of them, of any VP and VTL the hypervisor lets us.
 * Register numbers are in pv/abi/hv_regs.h.
 */
#ifndef PV_HV_REGS_H
#define PV_HV_REGS_H

#include <pv/abi/hv_layout.h>
#include <pv/abi/hv_regs.h>
#include <pv/hv/hypercall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whose registers. */
struct pv_hv_target {
    struct pv_vp_index index; /* PV_HV_VP_SELF for the calling VP */
    uint8_t input_vtl;        /* pv_hv_input_vtl(); 0 = the caller's own VTL */
};

/* The calling VP in its own VTL. Context: any. */
static inline struct pv_hv_target pv_hv_target_self(void)
{
    const struct pv_hv_target self = { { PV_HV_VP_SELF }, 0 };

    return self;
}

/* HV_INPUT_VTL that names one VTL, 0..15. Context: any. */
static inline uint8_t pv_hv_input_vtl(uint8_t vtl)
{
    return (uint8_t)(PV_HV_INPUT_VTL_USE | (vtl & PV_HV_VTL_MAX));
}

/*
 * Read `count` registers, in as few hypercalls as possible.
 * @names, @values: arrays of `count`; values[i] belongs to names[i].
 * @done:   may be NULL; how many values are valid, also on error.
 * @result: may be NULL; the hypervisor's answer, also on error.
 * Context: as pv_hv_begin.
 * Return:  PV_INVALID      count 0, VP index neither self nor below the advertised maximum, or
 *                          input_vtl with reserved bits
 *          PV_UNSUPPORTED  the hypervisor has no such call (KVM) or no such register
 *          otherwise as pv_hv_call_list
 * Spec:    TLFS HvCallGetVpRegisters.
 */
PV_MUST_CHECK enum pv_status pv_hv_regs_get(struct pv_vp *vp, struct pv_hv_target target,
                                            const uint32_t *names,
                                            struct pv_hv_register_value *values, size_t count,
                                            size_t *done, struct pv_hv_result *result);

/*
 * Set `count` registers, in as few hypercalls as possible.
 * @registers: array of `count` names with values; reserved members zero.
 * @done:   may be NULL; how many were set, also on error.
 * @result: may be NULL; the hypervisor's answer, also on error.
 * Context, Return: as pv_hv_regs_get.
 * Spec:    TLFS HvCallSetVpRegisters.
 */
PV_MUST_CHECK enum pv_status pv_hv_regs_set(struct pv_vp *vp, struct pv_hv_target target,
                                            const struct pv_hv_register *registers, size_t count,
                                            size_t *done, struct pv_hv_result *result);

/*
 * Read one register of up to 64 bits of the calling VP.
 * Context, Return: as pv_hv_regs_get.
 */
PV_MUST_CHECK enum pv_status pv_hv_regs_get64(struct pv_vp *vp, uint32_t name, uint64_t *value,
                                              struct pv_hv_result *result);

#ifdef __cplusplus
}
#endif

#endif
