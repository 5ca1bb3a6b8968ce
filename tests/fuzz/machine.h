/* SPDX-License-Identifier: MIT */
/*
 * The machine that fuzz_engine.c runs libpv on: chosen by the input, honest or hostile, and watched
 * after every step. Complaints of the simulated hypervisor mean that the guest broke a rule of the
 * TLFS, which no caller and no hostile answer may bring about.
 */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#include "fuzz/input.h"
#include "sim/sim.h"

#define CPUS 2u

static struct sim_machine machine;

static struct {
    struct input input;
    struct pv_guest guest;
    struct pv_vp vps[CPUS];
    uint32_t cpu;
    bool irqs_off[CPUS]; /* as it must be */
    bool can_call[CPUS]; /* came online while hypercalls were on */
    bool hvc1;
    bool may_lie;          /* the input asked for a hostile hypervisor */
    bool lied;             /* it may have lied by now */
    bool refused;          /* it may have refused a call for no reason */
    bool answers;          /* result words and output come from the input */
    bool protect_failures; /* the kernel may have refused to make a page writable again */
    uint8_t *pages;        /* two, the caller's own */
    uint64_t pages_gpa;
    uint64_t first_os_id, first_page;
    uint64_t bound; /* hypercalls that this step may make */
} world;

static inline uint8_t next8(void)
{
    return take8(&world.input);
}

static inline struct pv_vp *this_vp(void)
{
    return &world.vps[world.cpu];
}

/* ---- answers out of the input ---- */

static inline uint32_t output_bytes(const struct sim_registers *registers)
{
    const uint16_t code = (uint16_t)(registers->control & PV_HV_CONTROL_CODE_MASK);
    const struct pv_hv_call_info *info = pv_hv_call_info(pv_hv_call_find(code));
    const uint32_t reps =
        (uint32_t)(registers->control >> PV_HV_CONTROL_REPS_SHIFT & PV_HV_CONTROL_REP_MASK);

    return info != NULL ? info->out_bytes + reps * info->out_rep_bytes : 0;
}

/* A few bytes of the input, over and over. */
static inline void splash(void *to, size_t bytes)
{
    uint8_t pattern[24];

    take(&world.input, pattern, sizeof(pattern));
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = pattern[i % sizeof(pattern)];
}

/* The hypervisor may write all of a register block, and all of the output area. */
static inline void splash_output(const struct sim_registers *registers)
{
    const size_t block = registers->convention == SIM_X64 ? 112 : 128;
    const uint32_t bytes = output_bytes(registers);
    void *to;

    if (registers->block != NULL)
        splash(registers->block, block);
    if ((registers->control & PV_HV_CONTROL_FAST) != 0 || bytes == 0)
        return;
    to = sim_memory_at(&machine, registers->out, bytes);
    if (to != NULL)
        splash(to, bytes);
}

static inline uint64_t lie(uint8_t how, uint64_t honest)
{
    uint64_t result = honest;

    if ((how & 1) != 0)
        result = (result & ~PV_HV_RESULT_STATUS_MASK) | PV_HV_STATUS_TIME_OUT;
    if ((how & 2) != 0)
        result = (result & ~PV_HV_RESULT_STATUS_MASK) | take8(&world.input);
    if ((how & 4) != 0)
        result = (result & PV_HV_RESULT_STATUS_MASK) | (uint64_t)take16(&world.input)
                                                           << PV_HV_RESULT_REPS_SHIFT;
    if ((how & 8) != 0)
        result = take64(&world.input);
    return result;
}

/* The honest model goes first, so that every rule is checked whatever is answered then. */
static inline bool answer(void *context, struct sim_machine *trapped,
                          struct sim_registers *registers, uint64_t *result)
{
    struct sim_model *model = &trapped->model;
    uint8_t how;

    (void)context;
    if (!world.answers)
        return false;
    *result = sim_model_call(model, world.cpu, registers);
    how = take8(&world.input);
    if ((how & 16) != 0)
        splash_output(registers);
    *result = lie(how, *result);
    model->stopped_at = (uint32_t)(*result >> PV_HV_RESULT_REPS_SHIFT & PV_HV_CONTROL_REP_MASK);
    return true;
}

static inline void stop_lying(void)
{
    world.answers = false;
    machine.model.behaviour = SIM_HONEST;
    machine.model.refuse = 0;
    machine.model.fail_status = 0;
}

/* ---- steps that every target can take ---- */

/* The hypervisor begins to behave in one of the first `count` ways after a few calls. */
static inline void behave(uint32_t count)
{
    struct sim_model *model = &machine.model;
    const enum sim_behaviour behaviour = (enum sim_behaviour)(next8() % count);

    stop_lying();
    model->behave_after = (uint32_t)model->seen.calls + next8() % 8;
    model->seed = next8();
    model->step = next8() % 32;
    if (!world.may_lie && behaviour > SIM_TIMEOUT_ONCE)
        return;
    model->behaviour = behaviour;
    world.lied |= behaviour > SIM_TIMEOUT_ONCE;
}

/* From here on its answers come from the input. */
static inline void do_answer(void)
{
    stop_lying();
    world.answers = world.may_lie;
    world.lied |= world.may_lie;
}

/* ---- set-up ---- */

/* The machine is reset by its own function. */
static inline void world_clear(struct input input)
{
    memset(&world, 0, sizeof(world));
    world.input = input;
}

/* What may be another after every resume. */
static inline void take_host(void)
{
    const uint8_t flags = take8(&world.input);
    struct sim_model *model = &machine.model;

    model->features = 0;
    model->features |= (flags & 1) != 0 ? 0 : PV_HV_FEATURE_XMM_INPUT;
    model->features |= (flags & 2) != 0 ? 0 : PV_HV_FEATURE_XMM_OUTPUT;
    if ((flags & 4) != 0)
        model->privileges ^= 1ull << take8(&world.input) % PV_HV_PRIVILEGE_NONE;
    if ((flags & 8) != 0)
        model->max_vps = take8(&world.input);
    if ((flags & 16) != 0)
        model->max_vtl = take8(&world.input) % SIM_VTLS;
    if ((flags & 32) != 0)
        model->step = take8(&world.input);
    machine.model.page_reserved = (flags & 64) != 0 ? 0xABC : 0;
    machine.sse_off = (flags & 128) != 0 && machine.kind != SIM_HYPERV_ARM64;
}

/* Both CPUs run, in one VTL all their life; the upper one may have been set up by the firmware. */
static inline void start_cpus(bool upper, uint8_t active_vtl)
{
    struct sim_model *model = &machine.model;

    model->enabled_vtls |= upper ? 2 : 0;
    for (uint32_t i = 0; i < CPUS; i++) {
        model->cpus[i].running = true;
        model->cpus[i].vtls[1].enabled = upper;
        model->cpus[i].active_vtl = active_vtl;
    }
}

static inline void take_machine(void)
{
    static const enum sim_kind kinds[8] = { SIM_HYPERV_X86,   SIM_KVM_X86,    SIM_HYPERV_ARM64,
                                            SIM_HYPERV_ARM64, SIM_HYPERV_X86, SIM_HYPERV_X86,
                                            SIM_BARE,         SIM_HYPERV_X86 };
    const uint8_t which = take8(&world.input);

    sim_machine_init(&machine, kinds[which % 8]);
    world.hvc1 = which % 8 == 3;
    world.may_lie = (which & 8) != 0;
    machine.hooks.call = answer;
    machine.model.any_target = true; /* calls as such take any input */
    if (which % 8 == 4 || which % 8 == 5)
        sim_firmware_enable(&machine, 0x8100000000000001ull, 0, which % 8 == 5);
    start_cpus((which & 32) != 0, (which & 96) == 96);
    if ((which & 16) != 0)
        take_host();
    world.first_os_id = machine.model.os_id[0];
    world.first_page = machine.model.hypercall_msr[0];
    world.pages = (uint8_t *)pv_os_page_alloc(2);
    world.pages_gpa = pv_os_virt_to_gpa(world.pages);
}

/* ---- what must hold ---- */

/* Inside a call of the interrupted code, or two. */
static inline uint32_t nest(struct pv_hv_args outer[2])
{
    const uint32_t wanted = next8() % 4;
    uint32_t open = 0;

    while (open < wanted && open < 2 &&
           pv_hv_begin(this_vp(), PV_HV_CALL_POST_MESSAGE, NULL, &outer[open]) == PV_OK)
        open++;
    return open;
}

static inline void unnest(struct pv_hv_args outer[2], uint32_t open)
{
    while (open > 0)
        INSIST(pv_hv_end(this_vp(), &outer[--open]) == PV_OK, "end of an outer call");
}

/* A hypervisor that forgets its identity or does not let go of a page brings these on itself. */
static inline bool own_fault(const char *complaint)
{
    return strcmp(complaint, "OS id cleared while the hypercall page was on") == 0 ||
           strcmp(complaint, "pv_os_page_free of a page that the hypervisor still uses") == 0;
}

static inline void check_complaints(void)
{
    const char *complaint = sim_complaint(&machine);

    if (complaint == NULL)
        return;
    if ((world.lied || world.refused) && own_fault(complaint)) {
        machine.model.complaint = NULL;
        return;
    }
    INSIST(false, complaint);
}

static inline void check_status(enum pv_status status)
{
    INSIST((unsigned)status <= PV_EMPTY, "a status that is none");
}

/* Pages that may stay away: those that hypervisor or kernel did not let go of, one log line each,
 * and those that the hypervisor only said it had let go of. */
static inline uint32_t unfreeable(void)
{
    const bool excused = world.lied || world.refused || world.protect_failures;

    return excused ? machine.os.logs + machine.os.kept_pages : 0;
}

/* Everything the hypervisor was told has been taken back. */
static inline void check_taken_back(void)
{
    const struct sim_model *model = &machine.model;

    INSIST(model->os_id[0] == world.first_os_id, "OS id not taken back");
    INSIST(((machine.model.hypercall_msr[0] ^ world.first_page) & PV_HV_PAGE_ENABLE) == 0,
           "hypercall page not taken back");
    for (uint32_t i = 0; i < CPUS * SIM_VTLS; i++)
        INSIST((model->cpus[i / SIM_VTLS].vtls[i % SIM_VTLS].assist_page & PV_HV_PAGE_ENABLE) == 0,
               "assist page not taken back");
}

static inline void check_end(void)
{
    const struct sim_os *os = &machine.os;

    INSIST(os->live_pages <= unfreeable(), "pages leaked");
    INSIST(os->maps == os->unmaps, "mappings leaked");
    if (!world.lied && !world.refused)
        check_taken_back();
    check_complaints();
}

#endif
