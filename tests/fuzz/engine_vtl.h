/* SPDX-License-Identifier: MIT */
/* The steps that concern registers, VTLs and the assist page. */
#ifndef FUZZ_ENGINE_VTL_H
#define FUZZ_ENGINE_VTL_H

#include "fuzz/engine.h"

static void do_regs_get(void)
{
    const struct pv_hv_target target = take_target();
    const size_t count = take16(&world.input) % 300;
    const size_t bytes = sizeof(struct pv_hv_register_value);
    uint8_t *names = input_of(PV_HV_CALLS, count * sizeof(uint32_t));
    uint8_t *values = output_of(count * bytes);
    size_t done = 77;
    enum pv_status status;

    world.bound = 2 * bound_of(count);
    status = pv_hv_regs_get(this_vp(), target, (const uint32_t *)(const void *)names,
                            (struct pv_hv_register_value *)(void *)values, count, &done, NULL);
    check_list(status, done, count, values, bytes);
    free(values);
    free(names);
}

static void do_regs_set(void)
{
    const struct pv_hv_target target = take_target();
    const size_t count = take16(&world.input) % 300;
    const size_t header = 16;
    uint8_t *in =
        input_of(PV_HV_CALL_SET_VP_REGISTERS, header + count * sizeof(struct pv_hv_register));
    size_t done = 77;
    enum pv_status status;

    world.bound = 2 * bound_of(count);
    status = pv_hv_regs_set(this_vp(), target,
                            (const struct pv_hv_register *)(const void *)(in + header), count,
                            &done, NULL);
    check_list(status, done, count, NULL, 0);
    free(in);
}

/* One output of each kind, guarded by the others. */
static struct {
    uint64_t value;
    uint8_t vtl;
    struct pv_hv_vsm_vp_status vp_status;
    struct pv_hv_vsm_partition_status partition_status;
    struct pv_hv_vsm_capabilities capabilities;
    struct pv_hv_vsm_code_offsets offsets;
    struct pv_hv_vsm_partition_config config;
    struct pv_hv_translation translation;
    struct pv_vp_index index;
} answers_of;

static enum pv_status read_one(uint8_t which, struct pv_hv_result *result)
{
    struct pv_vp *vp = this_vp();

    switch (which % 8) {
    case 0:
        return pv_hv_vtl_current(vp, &answers_of.vtl, result);
    case 1:
        return pv_hv_vsm_vp_status(vp, &answers_of.vp_status, result);
    case 2:
        return pv_hv_vsm_partition_status(vp, &answers_of.partition_status, result);
    case 3:
        return pv_hv_vsm_capabilities(vp, &answers_of.capabilities, result);
    case 4:
        return pv_hv_vsm_code_offsets(vp, &answers_of.offsets, result);
    case 5:
        return pv_hv_vsm_config_get(vp, next8(), &answers_of.config, result);
    case 6:
        return pv_hv_vp_index_find(vp, (struct pv_hw_id){ take64(&world.input) }, next8() & 31,
                                   &answers_of.index, result);
    default:
        return pv_hv_regs_get64(vp, take32(&world.input), &answers_of.value, result);
    }
}

static void check_answer(enum pv_status status)
{
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
    check_output(status, &answers_of, sizeof(answers_of));
}

static void do_read(void)
{
    struct pv_hv_result result;

    memset(&answers_of, FRESH, sizeof(answers_of));
    world.bound = TRIES;
    check_answer(read_one(next8(), &result));
}

static void do_translate(void)
{
    const struct pv_hv_target target = take_target();
    const uint64_t flags = take16(&world.input);
    const uint64_t va = take64(&world.input);

    memset(&answers_of, FRESH, sizeof(answers_of));
    world.bound = TRIES;
    check_answer(pv_hv_translate(this_vp(), target, flags, va, &answers_of.translation, NULL));
}

static enum pv_status set_up_vtl(uint8_t which)
{
    const struct pv_vp_index index = take_target().index;
    struct pv_hv_vsm_partition_config config;
    union pv_hv_context context;

    take(&world.input, &config.default_mask, 1);
    config.protect = (which & 4) != 0;
    config.zero_on_reset = config.deny_lower_startup = config.intercept_startup = false;
    config.raw = (which & 8) != 0 ? take64(&world.input) : 0;
    memset(&context, which, sizeof(context));
    switch (which % 4) {
    case 0:
        return pv_hv_vtl_enable_partition(this_vp(), next8() & 31, next8() & 3, NULL);
    case 1:
        return pv_hv_vtl_enable_vp(this_vp(), index, next8() & 31, &context, NULL);
    case 2:
        return pv_hv_vp_start(this_vp(), index, next8() & 31, &context, NULL);
    default:
        return pv_hv_vsm_config_set(this_vp(), next8() & 31, &config, NULL);
    }
}

static void do_set_up_vtl(void)
{
    enum pv_status status;

    world.bound = TRIES;
    status = set_up_vtl(next8());
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
}

static void do_protect(void)
{
    const uint8_t input_vtl = next8();
    const uint32_t mask = next8();
    const size_t count = take16(&world.input) % 600;
    uint8_t *pages = input_of(PV_HV_CALLS, count * sizeof(uint64_t));
    size_t done = 77;
    enum pv_status status;

    world.bound = 2 * bound_of(count);
    status = pv_hv_vtl_protect(this_vp(), input_vtl, mask, (const uint64_t *)(const void *)pages,
                               count, &done, NULL);
    check_list(status, done, count, NULL, 0);
    free(pages);
}

/* A switch that the VTL state does not allow is #UD, which is the caller's to avoid. */
static bool may_switch(bool to_lower)
{
    const struct sim_vp_state *state = &machine.model.cpus[world.cpu];

    return !world.lied && state->vtls[1].enabled && state->active_vtl == (to_lower ? 1 : 0);
}

static void do_switch_vtl(void)
{
    const uint8_t flags = next8();
    const bool to_lower = (flags & 1) != 0;
    struct pv_hv_vtl_regs regs;
    enum pv_status status;

    world.bound = TRIES;
    if ((flags & 2) != 0)
        check_status(pv_hv_vtl_switch_init(this_vp(), NULL));
    if (!may_switch(to_lower))
        return;
    memset(&regs, 0, sizeof(regs));
    status = to_lower ? pv_hv_vtl_return(this_vp(), (flags & 4) != 0, &regs)
                      : pv_hv_vtl_call(this_vp(), &regs);
    check_status(status);
    INSIST((status == PV_BAD_STATE) == !ready(), "switch out of order");
}

static void do_assist(void)
{
    const bool enable = (next8() & 3) != 0;
    const bool online = this_vp()->guest != NULL;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    status = enable ? pv_hv_assist_enable(this_vp()) : pv_hv_assist_disable(this_vp());
    check_status(status);
    INSIST(online || status == PV_BAD_STATE, "assist page out of order");
    if (status == PV_OK)
        INSIST((this_vp()->hv.assist != NULL) == enable, "assist page or not");
}

#endif
