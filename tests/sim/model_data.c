/* SPDX-License-Identifier: MIT */
/* How parameters travel: the memory rules and the register rules of the TLFS. */
#include "sim/model_internal.h"

#include <string.h>

uint64_t sim_get64(const uint8_t *from)
{
    uint64_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

uint32_t sim_get32(const uint8_t *from)
{
    uint32_t value;

    memcpy(&value, from, sizeof(value));
    return value;
}

void sim_put64(uint8_t *to, uint64_t value)
{
    memcpy(to, &value, sizeof(value));
}

void sim_put32(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, sizeof(value));
}

static sim_status bad(struct sim_call *call, sim_status status, const char *text)
{
    sim_complain(call->model, text);
    return status;
}

static uint32_t round_up(uint32_t bytes)
{
    return (bytes + 15) / 16 * 16;
}

uint32_t sim_block_bytes(const struct sim_call *call)
{
    return call->registers->convention == SIM_X64 ? 112 : 128;
}

/* Where the output starts in the registers. */
uint32_t sim_block_out(const struct sim_call *call)
{
    if (call->registers->convention == SIM_HVC1)
        return sim_block_bytes(call) - round_up(call->out_bytes);
    return round_up(call->in_bytes);
}

static sim_status check_features(struct sim_call *call)
{
    const uint32_t features = call->model->features;

    if (call->registers->convention != SIM_X64)
        return PV_HV_STATUS_SUCCESS;
    if (call->in_bytes > 16 && (features & PV_HV_FEATURE_XMM_INPUT) == 0)
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "#UD: XMM input not offered");
    if (call->out_bytes > 0 && (features & PV_HV_FEATURE_XMM_OUTPUT) == 0)
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "#UD: XMM output not offered");
    return PV_HV_STATUS_SUCCESS;
}

static sim_status fetch_registers(struct sim_call *call)
{
    const struct sim_registers *registers = call->registers;
    const uint64_t two[2] = { registers->in, registers->out };

    if (round_up(call->in_bytes) + round_up(call->out_bytes) > sim_block_bytes(call))
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "more than the registers hold");
    if (registers->block == NULL && (call->in_bytes > 16 || call->out_bytes > 0))
        return bad(call, PV_HV_STATUS_INVALID_HYPERCALL_INPUT, "two registers do not hold it");
    if (registers->block != NULL)
        memcpy(call->in, registers->block, call->in_bytes);
    else
        memcpy(call->in, two, call->in_bytes);
    return check_features(call);
}

static bool crosses(uint64_t gpa, uint32_t bytes)
{
    return gpa % PV_PAGE_BYTES + bytes > PV_PAGE_BYTES;
}

static bool overlaps(const struct sim_call *call)
{
    const uint64_t in = call->registers->in;
    const uint64_t out = call->registers->out;

    return call->in_bytes != 0 && call->out_bytes != 0 && in < out + call->out_bytes &&
           out < in + call->in_bytes;
}

static sim_status check_block(struct sim_call *call, uint64_t gpa, uint32_t bytes)
{
    if (bytes == 0)
        return PV_HV_STATUS_SUCCESS;
    if (gpa % 8 != 0)
        return bad(call, PV_HV_STATUS_INVALID_ALIGNMENT, "a block is not 8-byte aligned");
    if (bytes > PV_PAGE_BYTES || crosses(gpa, bytes))
        return bad(call, PV_HV_STATUS_INVALID_ALIGNMENT, "a block crosses a page");
    return PV_HV_STATUS_SUCCESS;
}

static bool reachable(const struct sim_call *call, uint64_t gpa, uint32_t bytes)
{
    const struct sim_memory *memory = &call->model->memory;

    return bytes == 0 || (memory->read != NULL && memory->read(memory->owner, gpa, NULL, bytes));
}

static void note_touched(struct sim_call *call)
{
    if (call->in_bytes == 0 && call->out_bytes == 0)
        return;
    call->model->seen.touched_memory = true;
    call->model->seen.memory_calls++;
}

static sim_status check_memory(struct sim_call *call)
{
    sim_status status = check_block(call, call->registers->in, call->in_bytes);

    if (status == PV_HV_STATUS_SUCCESS)
        status = check_block(call, call->registers->out, call->out_bytes);
    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (overlaps(call))
        return bad(call, PV_HV_STATUS_INVALID_ALIGNMENT, "input and output overlap");
    if (!reachable(call, call->registers->in, call->in_bytes) ||
        !reachable(call, call->registers->out, call->out_bytes))
        return PV_HV_STATUS_INVALID_ALIGNMENT;
    return PV_HV_STATUS_SUCCESS;
}

/* Debug data calls name the bytes behind the fixed part in their first field. */
static uint32_t tail_of(const struct sim_call *call, enum pv_hv_var var)
{
    const bool debug = call->line->info.privilege == PV_HV_PRIVILEGE_DEBUGGING;
    const uint32_t tail = sim_get32(call->in);

    if (!debug || call->line->info.var != var)
        return 0;
    return tail < PV_PAGE_BYTES ? tail : PV_PAGE_BYTES;
}

/* They are a guest's to get wrong: no complaint. */
static sim_status fetch_tail(struct sim_call *call)
{
    const struct sim_memory *memory = &call->model->memory;
    const uint32_t in_tail = tail_of(call, PV_HV_VAR_TAIL_IN);
    const uint32_t out_tail = tail_of(call, PV_HV_VAR_TAIL_OUT);

    if (crosses(call->registers->in, call->in_bytes + in_tail) ||
        crosses(call->registers->out, call->out_bytes + out_tail))
        return PV_HV_STATUS_INVALID_PARAMETER;
    call->in_bytes += in_tail;
    call->in_fixed += in_tail;
    call->out_bytes += out_tail;
    if (overlaps(call))
        return PV_HV_STATUS_INVALID_PARAMETER;
    if (in_tail != 0)
        (void)memory->read(memory->owner, call->registers->in, call->in, call->in_bytes);
    return PV_HV_STATUS_SUCCESS;
}

static sim_status fetch_memory(struct sim_call *call)
{
    const struct sim_memory *memory = &call->model->memory;
    const sim_status status = check_memory(call);

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    note_touched(call);
    if (call->in_bytes != 0)
        (void)memory->read(memory->owner, call->registers->in, call->in, call->in_bytes);
    return fetch_tail(call);
}

sim_status sim_data_fetch(struct sim_call *call)
{
    return call->fast ? fetch_registers(call) : fetch_memory(call);
}

static void store(struct sim_call *call, uint32_t offset, uint32_t bytes)
{
    const struct sim_memory *memory = &call->model->memory;

    if (bytes == 0)
        return;
    if (call->fast)
        memcpy((uint8_t *)call->registers->block + sim_block_out(call) + offset, call->out + offset,
               bytes);
    else
        (void)memory->write(memory->owner, call->registers->out + offset, call->out + offset,
                            bytes);
}

void sim_data_store(struct sim_call *call, uint32_t from, uint32_t to)
{
    const uint32_t element = call->line->info.out_rep_bytes;

    if (call->reps == 0)
        store(call, 0, call->out_bytes);
    else
        store(call, call->out_fixed + from * element, (to - from) * element);
}

/* The page that holds the output, or the input if there is no output; or all registers. */
void sim_data_scribble(struct sim_call *call)
{
    const struct sim_memory *memory = &call->model->memory;
    const uint64_t gpa = call->out_bytes != 0 ? call->registers->out : call->registers->in;
    uint8_t noise[PV_PAGE_BYTES];

    memset(noise, 0xDB, sizeof(noise));
    if (!call->fast)
        (void)memory->write(memory->owner, gpa & ~(uint64_t)(PV_PAGE_BYTES - 1), noise,
                            sizeof(noise));
    else if (call->registers->block != NULL)
        memcpy(call->registers->block, noise, sim_block_bytes(call));
}
