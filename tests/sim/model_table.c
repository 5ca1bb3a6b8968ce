/* SPDX-License-Identifier: MIT */
/* The calls table, with the layout columns. */
#include "sim/model_internal.h"

static const struct sim_line lines[] = {
#define PV_HV_CALL(code_, NAME, Name, kind_, in, var_, in_rep, out, out_rep, fast_, priv,          \
                   layout_, rep)                                                                   \
    {                                                                                              \
        .info = { .code = (code_),                                                                 \
                  .in_bytes = (in),                                                                \
                  .out_bytes = (out),                                                              \
                  .in_rep_bytes = (in_rep),                                                        \
                  .out_rep_bytes = (out_rep),                                                      \
                  .kind = PV_HV_KIND_##kind_,                                                      \
                  .var = PV_HV_VAR_##var_,                                                         \
                  .fast = PV_HV_FAST_##fast_,                                                      \
                  .privilege = PV_HV_PRIVILEGE_##priv },                                           \
        .layout = (layout_),                                                                       \
        .rep_layout = (rep),                                                                       \
    },
#include <pv/abi/hv_calls.def>
};

const struct sim_line *sim_line_find(uint16_t code)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (lines[i].info.code == code)
            return &lines[i];
    return NULL;
}
