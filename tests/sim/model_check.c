/* SPDX-License-Identifier: MIT */
/*
 * The rules of TLFS "Hypercall Interface" that hold for every call: control word, privilege,
 * variable header, reserved fields.
 */
#include "sim/model_internal.h"

#include <string.h>

static sim_status bad(struct sim_call *call, sim_status status, const char *text)
{
    sim_complain(call->model, text);
    return status;
}

static bool kvm_knows(uint16_t code)
{
    static const uint16_t known[] = { 0x0002, 0x0003, 0x0008, 0x000B, 0x0013, 0x0014,
                                      0x0015, 0x005C, 0x005D, 0x8001 };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i] == code)
            return true;
    return false;
}

/* TLFS: "x64 only". */
static bool arm64_knows(uint16_t code)
{
    return code != PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST &&
           code != PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST_EX;
}

static bool answers(const struct sim_call *call, uint16_t code)
{
    if (call->line == NULL || (call->model->kvm && !kvm_knows(code)) ||
        (call->model->arm64 && !arm64_knows(code)))
        return false;
    return call->line->info.kind == PV_HV_KIND_SIMPLE || call->line->info.kind == PV_HV_KIND_REP;
}

/* The call before this one was the same, start index aside. */
static bool same_call(const struct sim_call *call)
{
    const uint64_t start = PV_HV_CONTROL_REP_MASK << PV_HV_CONTROL_START_SHIFT;

    return ((call->registers->control ^ call->model->seen.control_before) & ~start) == 0;
}

/* Rep count and start index: of rep calls only, 1..4095, start below count. */
static sim_status check_reps(struct sim_call *call)
{
    const bool is_rep = call->line->info.kind == PV_HV_KIND_REP;

    if (!is_rep && (call->reps != 0 || call->start != 0))
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "rep count of a simple call");
    if (is_rep && call->reps == 0)
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "rep call with count 0");
    if (is_rep && call->start >= call->reps)
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "start index not below the count");
    if (call->start != 0 && same_call(call) && call->start != call->model->stopped_at)
        sim_complain(call->model, "continued elsewhere than where the call stopped");
    return PV_HV_STATUS_SUCCESS;
}

sim_status sim_check_control(struct sim_call *call)
{
    const uint64_t control = call->registers->control;
    const uint16_t code = (uint16_t)(control & PV_HV_CONTROL_CODE_MASK);

    if ((control & (PV_HV_CONTROL_RESERVED | PV_HV_CONTROL_NESTED)) != 0)
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "reserved bits in the control word");
    call->line = sim_line_find(code);
    if (!answers(call, code))
        return PV_HV_STATUS_INVALID_HYPERCALL_CODE;
    call->fast = (control & PV_HV_CONTROL_FAST) != 0;
    call->var_qwords = (uint32_t)(control >> PV_HV_CONTROL_VAR_SHIFT & PV_HV_CONTROL_VAR_MASK);
    call->reps = (uint32_t)(control >> PV_HV_CONTROL_REPS_SHIFT & PV_HV_CONTROL_REP_MASK);
    call->start = (uint32_t)(control >> PV_HV_CONTROL_START_SHIFT & PV_HV_CONTROL_REP_MASK);
    call->done = call->start;
    return check_reps(call);
}

/* arm64: before there is an identity, registers travel in registers and nothing else does. */
static bool too_early(const struct sim_call *call)
{
    const struct sim_model *model = call->model;
    const uint16_t code = call->line->info.code;
    const bool register_call =
        code == PV_HV_CODE_GET_VP_REGISTERS || code == PV_HV_CODE_SET_VP_REGISTERS;

    return model->arm64 && model->os_id[model->cpus[call->vp].active_vtl] == 0 &&
           !(call->fast && register_call);
}

sim_status sim_check_line(struct sim_call *call)
{
    const struct pv_hv_call_info *info = &call->line->info;
    const bool has_var = info->var == PV_HV_VAR_BANKS || info->var == PV_HV_VAR_MASK_BANKS;
    const bool granted = info->privilege == PV_HV_PRIVILEGE_NONE ||
                         (call->model->privileges >> info->privilege & 1) != 0;

    if (!granted || too_early(call))
        return PV_HV_STATUS_ACCESS_DENIED;
    if (call->var_qwords != 0 && !has_var)
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "variable header of a call without");
    if (call->fast && info->fast == PV_HV_FAST_NO)
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "fast form of a call without");
    call->in_fixed = info->in_bytes + 8 * call->var_qwords;
    call->in_bytes = call->in_fixed + call->reps * info->in_rep_bytes;
    call->out_fixed = info->out_bytes;
    call->out_bytes = call->out_fixed + call->reps * info->out_rep_bytes;
    return PV_HV_STATUS_SUCCESS;
}

static uint32_t bits_set(uint64_t word)
{
    uint32_t count = 0;

    for (; word != 0; word &= word - 1)
        count++;
    return count;
}

/* Flush and IPI: format and mask end the fixed part, one qword per bank follows. */
static uint32_t banks_expected(const struct sim_call *call)
{
    const uint8_t *mask = call->in + call->line->info.in_bytes - 8;

    return sim_get64(mask - 8) == PV_HV_SET_SPARSE ? bits_set(sim_get64(mask)) : 0;
}

/* Retarget: the set is there if flag bit 1 is set; then format ends the fixed part, mask and banks
 * follow. Flags precede the format. */
static uint32_t mask_banks_expected(const struct sim_call *call)
{
    const uint8_t *format = call->in + call->line->info.in_bytes - 8;

    if ((sim_get32(format - 4) & 2) == 0)
        return 0;
    return 1 + bits_set(sim_get64(call->in + call->line->info.in_bytes));
}

static sim_status check_var(const struct sim_call *call)
{
    uint32_t expected = 0;

    if (call->line->info.var == PV_HV_VAR_BANKS)
        expected = banks_expected(call);
    if (call->line->info.var == PV_HV_VAR_MASK_BANKS)
        expected = mask_banks_expected(call);
    return call->var_qwords == expected ? PV_HV_STATUS_SUCCESS
                                        : PV_HV_STATUS_INVALID_HYPERCALL_INPUT;
}

static bool all_zero(const uint8_t *from, unsigned long bytes)
{
    while (bytes > 0 && from[bytes - 1] == 0)
        bytes--;
    return bytes == 0;
}

static unsigned long number(const char *text)
{
    unsigned long value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (unsigned long)(*text - '0');
    return value;
}

/* Every "-:bytes" of a layout is zero. A field with a '*' is the last one. */
static bool reserved_zero(const char *layout, const uint8_t *from)
{
    const char *field = layout;

    while (field != NULL && *field != '\0') {
        const unsigned long bytes = number(strchr(field, ':') + 1);

        if (field[0] == '-' && !all_zero(from, bytes))
            return false;
        from += bytes;
        field = strchr(field, ' ');
        field = field != NULL ? field + 1 : NULL;
    }
    return true;
}

sim_status sim_check_input(struct sim_call *call)
{
    const uint32_t bytes = call->line->info.in_rep_bytes;

    for (uint32_t i = 0; bytes != 0 && i < call->reps; i++)
        if (!reserved_zero(call->line->rep_layout, call->in + call->in_fixed + i * bytes))
            return PV_HV_STATUS_INVALID_PARAMETER;
    if (!reserved_zero(call->line->layout, call->in))
        return PV_HV_STATUS_INVALID_PARAMETER;
    return check_var(call);
}
