/* SPDX-License-Identifier: MIT */
#include <pv/hv/call.h>

static const struct pv_hv_call_info calls[PV_HV_CALLS] = {
#define PV_HV_CALL(code, NAME, Name, kind, in, var, in_rep, out, out_rep, fast, priv, layout, rep) \
    { code,           in,           out,  in_rep,                                                  \
      out_rep,        PV_HV_KIND_##kind, PV_HV_VAR_##var, PV_HV_FAST_##fast,                       \
      PV_HV_PRIVILEGE_##priv },
#include <pv/abi/hv_calls.def>
};

const struct pv_hv_call_info *pv_hv_call_info(enum pv_hv_call call)
{
    return (unsigned)call < PV_HV_CALLS ? &calls[call] : NULL;
}

enum pv_hv_call pv_hv_call_find(uint16_t code)
{
    unsigned i = 0;

    while (i < PV_HV_CALLS && calls[i].code != code)
        i++;
    return (enum pv_hv_call)i;
}
