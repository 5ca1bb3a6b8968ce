/* SPDX-License-Identifier: MIT */
/*
 * One way of making a hypercall, over and over: `calls CASE ROUNDS`. tests/bench/run.sh counts the
 * instructions of two numbers of rounds; the difference is what the rounds cost.
 */
#include "mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pv_guest guest;
static struct pv_vp vp;

/* What is measured must not be optimised away, nor be done once for all rounds. */
#define CLOBBER() __asm__ volatile("" : : : "memory")

static void must(enum pv_status status)
{
    if (status != PV_OK)
        abort();
}

static void nothing(void)
{
}

static void bare(void)
{
    const uint64_t control = PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT | PV_HV_CONTROL_FAST;

    if (pv_port_hv_call(guest.hv.entry, control, 1, 0) != PV_HV_STATUS_SUCCESS)
        abort();
}

static void fast(void)
{
    must(pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL));
}

static void begin_issue_end(enum pv_hv_call call, const struct pv_hv_shape *shape)
{
    struct pv_hv_args args;

    must(pv_hv_begin(&vp, call, shape, &args));
    must(pv_hv_issue(&vp, &args));
    must(pv_hv_end(&vp, &args));
}

static void two_registers(void)
{
    begin_issue_end(PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, NULL);
}

static void flush(void)
{
    begin_issue_end(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL);
}

static void flush_copied(void)
{
    const struct pv_hv_flush_header in = { .processor_mask = 1 };

    must(pv_hv_call_simple(&vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, &in, NULL, NULL));
}

static void get_register(void)
{
    uint64_t value;

    must(pv_hv_regs_get64(&vp, PV_HV_REGISTER_VSM_VP_STATUS, &value, NULL));
}

static void list_of_500(void)
{
    static uint64_t ranges[500];
    const struct pv_hv_flush_header header = { .processor_mask = 1 };
    struct pv_hv_list list = {
        .call = PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST,
        .header = &header,
        .in = ranges,
        .count = 500,
    };

    must(pv_hv_call_list(&vp, &list, NULL));
}

/* Inside an outer call, which is begun once. */
static void nested(void)
{
    begin_issue_end(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL);
}

static void plan(enum pv_hv_call call, uint32_t reps, uint16_t banks)
{
    const struct pv_hv_shape shape = { .reps = reps, .var_qwords = banks };
    struct pv_hv_plan planned;

    must(pv_hv_plan(call, &shape, &pv_hv_room_shared, &planned));
}

static void plan_simple(void)
{
    plan(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0, 0);
}

static void plan_one(void)
{
    plan(PV_HV_CALL_GET_VP_REGISTERS, 1, 0);
}

static void plan_most(void)
{
    plan(PV_HV_CALL_GET_VP_REGISTERS, PV_HV_REPS_MAX, 0);
}

static void plan_variable(void)
{
    plan(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, 64, 4);
}

#define MEMORY_ONLY (PV_HV_FORM_FAST | PV_HV_FORM_BLOCK_INPUT | PV_HV_FORM_BLOCK_OUTPUT)

static const struct {
    const char *name;
    void (*run)(void);
    uint32_t forms_off;
} cases[] = {
    { "nothing", nothing, 0 },
    { "bare", bare, 0 },
    { "fast", fast, 0 },
    { "two_registers", two_registers, 0 },
    { "block", flush, 0 },
    { "memory", flush, MEMORY_ONLY },
    { "copied", flush_copied, MEMORY_ONLY },
    { "get_register_block", get_register, 0 },
    { "get_register_memory", get_register, MEMORY_ONLY },
    { "list_of_500", list_of_500, MEMORY_ONLY },
    { "nested", nested, MEMORY_ONLY },
    { "plan_simple", plan_simple, 0 },
    { "plan_one", plan_one, 0 },
    { "plan_most", plan_most, 0 },
    { "plan_variable", plan_variable, 0 },
};

static void rounds(void (*run)(void), long count)
{
    while (count-- > 0) {
        run();
        CLOBBER();
    }
}

int main(int argc, char **argv)
{
    struct pv_hv_args outer;

    for (size_t i = 0; argc == 3 && i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(argv[1], cases[i].name) != 0)
            continue;
        mock_start(&guest, &vp, 1, cases[i].forms_off);
        if (cases[i].run == nested)
            must(pv_hv_begin(&vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL, &outer));
        rounds(cases[i].run, atol(argv[2]));
        return 0;
    }
    fprintf(stderr, "usage: calls CASE ROUNDS\n");
    return 2;
}
