/* SPDX-License-Identifier: MIT */
/* What the tests of begin, issue, end share: a GetVpRegisters whose answer is known. */
#ifndef UNIT_HV_ARGS_H
#define UNIT_HV_ARGS_H

#include "rig.h"

#define GET PV_HV_CALL_GET_VP_REGISTERS

static inline struct pv_hv_shape reps(uint32_t count)
{
    const struct pv_hv_shape shape = {.reps = count};

    return shape;
}

/* A GetVpRegisters of the calling VP's index, `count` times over. */
static inline enum pv_status begin_get(uint32_t count, struct pv_hv_args *args)
{
    const struct pv_hv_shape shape = reps(count);
    const enum pv_status status = pv_hv_begin(&vp, GET, &shape, args);
    struct pv_hv_vp_registers_header *in = args->in;
    uint32_t *names = args->in_list;

    if (status != PV_OK)
        return status;
    in->partition = PV_HV_PARTITION_SELF;
    in->vp_index = PV_HV_VP_SELF;
    for (uint32_t i = 0; i < args->reps; i++)
        names[i] = i % 2 == 0 ? PV_HV_REGISTER_VSM_CAPABILITIES : PV_HV_REGISTER_GUEST_OS_ID;
    return PV_OK;
}

static inline void expect_values(const struct pv_hv_args *args)
{
    const struct pv_hv_register_value *values = args->out_list;

    for (uint32_t i = 0; i < args->reps; i++) {
        assert_int_equal(values[i].low,
                         i % 2 == 0 ? machine.model.vsm_capabilities : machine.model.os_id[0]);
        assert_int_equal(values[i].high, 0);
    }
}

#endif
