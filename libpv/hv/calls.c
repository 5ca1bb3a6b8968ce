/* SPDX-License-Identifier: MIT */
#include "hv/hv_internal.h"

/* Simple, at most 16 bytes of input, no output, accepted in registers: worked out here, so that the
 * shortest path has one word to load and test. */
#define TWO_REGISTERS(kind, in, var, out, fast)                                                    \
    (PV_HV_KIND_##kind == PV_HV_KIND_SIMPLE && (in) <= 16 && PV_HV_VAR_##var == PV_HV_VAR_NONE &&  \
     (out) == 0 && PV_HV_FAST_##fast != PV_HV_FAST_NO)

const struct pv_hv_call_info pv_hv_calls_[PV_HV_CALLS] = {
#define PV_HV_CALL(code_, NAME, Name, kind_, in, var_, in_rep, out, out_rep, fast_, priv, layout, rep) \
    {                                                                                              \
        .code = (code_),                                                                           \
        .in_bytes = (in),                                                                          \
        .out_bytes = (out),                                                                        \
        .in_rep_bytes = (in_rep),                                                                  \
        .out_rep_bytes = (out_rep),                                                                \
        .kind = PV_HV_KIND_##kind_,                                                                \
        .var = PV_HV_VAR_##var_,                                                                   \
        .fast = PV_HV_FAST_##fast_,                                                                \
        .privilege = PV_HV_PRIVILEGE_##priv,                                                       \
        .fast_control =                                                                            \
            TWO_REGISTERS(kind_, in, var_, out, fast_) ? (code_) | PV_HV_CONTROL_FAST : 0,         \
    },
#include <pv/abi/hv_calls.def>
};

const struct pv_hv_call_info *pv_hv_call_info(enum pv_hv_call call)
{
    return (unsigned)call < PV_HV_CALLS ? &pv_hv_calls_[call] : NULL;
}

enum pv_hv_call pv_hv_call_find(uint16_t code)
{
    unsigned i = 0;

    while (i < PV_HV_CALLS && pv_hv_calls_[i].code != code)
        i++;
    return (enum pv_hv_call)i;
}
