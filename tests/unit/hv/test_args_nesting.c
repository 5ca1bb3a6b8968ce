/* SPDX-License-Identifier: MIT */
/* begin, issue, end: what is refused, in which order they go, how they nest. */
#include "args.h"

/* ---- errors: nothing written, nothing left open ---- */

static struct pv_hv_args failed;

static void expect_begin(enum pv_hv_call call, struct pv_hv_shape shape, enum pv_status expected)
{
    const uint32_t depth = vp.hv.depth;
    const bool irqs_off = pv_sim->irqs_off;
    const uint64_t calls = rig_calls();

    memset(&failed, 0xFF, sizeof(failed));
    assert_status(pv_hv_begin(&vp, call, &shape, &failed), expected);
    assert_status(pv_hv_issue(&vp, &failed), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &failed), PV_BAD_STATE);
    assert_int_equal(vp.hv.depth, depth);
    assert_int_equal(pv_sim->irqs_off, irqs_off);
    assert_int_equal(rig_calls(), calls);
}

static void expect_bad_begins(void)
{
    const struct pv_hv_shape none = {0};
    const struct pv_hv_shape var = {.var_qwords = 1};
    const struct pv_hv_shape banks = {.var_qwords = 65};
    const struct pv_hv_shape tail = {.tail_bytes = 5000};

    expect_begin(PV_HV_CALLS, none, PV_INVALID);
    expect_begin((enum pv_hv_call)0x7FFFFFFF, none, PV_INVALID);
    expect_begin(GET, none, PV_INVALID);
    expect_begin(GET, reps(4096), PV_INVALID);
    expect_begin(PV_HV_CALL_GET_PARTITION_ID, reps(1), PV_INVALID);
    expect_begin(PV_HV_CALL_GET_PARTITION_ID, var, PV_INVALID);
    expect_begin(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, banks, PV_INVALID);
    expect_begin(PV_HV_CALL_PARKED_VIRTUAL_PROCESSORS, none, PV_UNSUPPORTED);
    expect_begin(PV_HV_CALL_VTL_CALL, none, PV_UNSUPPORTED);
    expect_begin(PV_HV_CALL_POST_DEBUG_DATA, tail, PV_NO_ROOM);
}

static void test_begin_errors(void **state)
{
    uint8_t before[PV_PAGE_BYTES];

    (void)state;
    rig_up_in_memory();
    memset(vp.hv.args, 0x77, PV_PAGE_BYTES);
    memcpy(before, vp.hv.args, PV_PAGE_BYTES);
    expect_bad_begins();
    pv_sim->irqs_off = true;
    expect_bad_begins();
    pv_sim->irqs_off = false;
    assert_memory_equal(before, vp.hv.args, PV_PAGE_BYTES);
}

static void test_begin_errors_with_registers(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    expect_bad_begins();
}

static void test_not_online(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    assert_status(pv_hv_begin(&vp, GET, NULL, &args), PV_BAD_STATE);
    rig_up_with(rig_config());
    assert_status(begin_get(2, &args), PV_OK);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_status(pv_hv_issue(&vp, &args), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &args), PV_OK); /* in registers: only IRQs go on again */
    assert_status(pv_hv_begin(&vp, GET, NULL, &args), PV_BAD_STATE);
}

/* The guest has quiesced, but this VP was never taken offline. */
static void test_after_quiesce_elsewhere(void **state)
{
    const struct pv_hv_shape one = reps(1);
    struct pv_hv_args args;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_status(pv_hv_begin(&vp, GET, &one, &args), PV_BAD_STATE);
    assert_status(pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL), PV_BAD_STATE);
}

static void test_hypercalls_off(void **state)
{
    struct pv_guest_config config = rig_config();
    struct pv_hv_args args;

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    config.hv.os_id = 0;
    rig_up_with(config);
    assert_status(pv_hv_begin(&vp, GET, NULL, &args), PV_BAD_STATE);
}

/* Online on a host without hypercalls, then resumed on one that has them. */
static void test_online_before_there_were_hypercalls(void **state)
{
    const struct pv_hv_shape many = reps(40);
    const struct pv_hv_shape one = reps(1);
    struct pv_hv_args args;

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    sim_cpuid_set(&machine, 1, 0, 0, 0, 0);
    rig_up_with(rig_config());
    assert_int_equal(guest.hv.entry, 0);
    machine.leaf_count = 0;
    assert_status(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_status(pv_guest_resume(&guest, NULL), PV_OK);
    assert_int_not_equal(guest.hv.entry, 0);
    assert_status(pv_hv_begin(&vp, GET, &many, &args), PV_BAD_STATE);
    assert_status(pv_hv_begin(&vp, GET, &one, &args), PV_BAD_STATE);
    assert_status(pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL), PV_BAD_STATE);
    assert_false(pv_sim->irqs_off);
}

/* ---- order ---- */

static void test_end_twice_and_copies(void **state)
{
    struct pv_hv_args args;
    struct pv_hv_args copy;

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(1, &args), PV_OK);
    copy = args;
    assert_status(pv_hv_issue(&vp, &copy), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &copy), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    assert_status(pv_hv_issue(&vp, &args), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &args), PV_BAD_STATE);
    assert_int_equal(vp.hv.depth, 0);
}

static void test_wrong_vp(void **state)
{
    struct pv_hv_args args;
    struct pv_hv_args other;

    (void)state;
    rig_up_in_memory();
    rig_up_vp1();
    assert_status(begin_get(1, &args), PV_OK);
    assert_status(pv_hv_issue(&vp1, &args), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp1, &args), PV_BAD_STATE);
    sim_use(&machine, 1);
    assert_status(pv_hv_begin(&vp1, PV_HV_CALL_POST_MESSAGE, NULL, &other), PV_OK);
    assert_status(pv_hv_end(&vp1, &args), PV_BAD_STATE); /* same depth, somebody else's */
    assert_status(pv_hv_end(&vp1, &other), PV_OK);
    sim_use(&machine, 0);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_issue_again(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(3, &args), PV_OK);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    ((uint32_t *)args.in_list)[1] = 0xFFFFFFFF;
    assert_status(pv_hv_issue(&vp, &args), PV_UNSUPPORTED);
    assert_int_equal(args.result.status, PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
    assert_int_equal(args.result.reps, 1);
    ((uint32_t *)args.in_list)[1] = PV_HV_REGISTER_GUEST_OS_ID;
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    expect_values(&args);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_irqs_stay_off_if_they_were(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up_in_memory();
    pv_sim->irqs_off = true;
    assert_status(begin_get(1, &args), PV_OK);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    assert_true(pv_sim->irqs_off);
    pv_sim->irqs_off = false;
    assert_status(begin_get(1, &args), PV_OK);
    assert_true(pv_sim->irqs_off);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    assert_false(pv_sim->irqs_off);
    assert_int_equal(machine.irqs_on, 0);
}

/* ---- nesting ---- */

static void test_nested_gets_the_reserve(void **state)
{
    struct pv_hv_args outer;
    struct pv_hv_args inner;

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(7, &outer), PV_OK);
    assert_status(begin_get(40, &inner), PV_OK);
    assert_ptr_equal(inner.in, vp.hv.reserve);
    assert_int_equal(inner.reps, 12); /* 64 bytes of input, 192 of output */
    assert_status(pv_hv_issue(&vp, &inner), PV_OK);
    assert_int_equal(machine.model.seen.in, vp.hv.reserve_gpa);
    expect_values(&inner);
    assert_status(pv_hv_end(&vp, &inner), PV_OK);
    assert_true(pv_sim->irqs_off);
    assert_status(pv_hv_issue(&vp, &outer), PV_OK);
    expect_values(&outer);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
}

static void test_third_level_is_busy(void **state)
{
    struct pv_hv_args args[2];

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(1, &args[0]), PV_OK);
    assert_status(begin_get(1, &args[1]), PV_OK);
    expect_begin(GET, reps(1), PV_BUSY);
    assert_status(pv_hv_end(&vp, &args[1]), PV_OK);
    assert_status(pv_hv_end(&vp, &args[0]), PV_OK);
}

static void test_nested_too_big_is_busy(void **state)
{
    struct pv_hv_args outer;

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(1, &outer), PV_OK);
    expect_begin(PV_HV_CALL_POST_MESSAGE_DIRECT, reps(0), PV_BUSY); /* 280 bytes */
    expect_begin(GET, reps(0), PV_INVALID);
    assert_status(pv_hv_issue(&vp, &outer), PV_OK);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
    expect_begin(PV_HV_CALL_POST_DEBUG_DATA, (struct pv_hv_shape){.tail_bytes = 4096},
                 PV_NO_ROOM); /* not nested: it will never fit */
}

static void test_last_in_first_out(void **state)
{
    struct pv_hv_args outer;
    struct pv_hv_args inner;

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(1, &outer), PV_OK);
    assert_status(begin_get(1, &inner), PV_OK);
    assert_status(pv_hv_issue(&vp, &outer), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &outer), PV_BAD_STATE);
    assert_int_equal(vp.hv.depth, 2);
    assert_status(pv_hv_end(&vp, &inner), PV_OK);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
    assert_int_equal(vp.hv.depth, 0);
}

/* A call in registers has no level: it goes beside any number of open ones. */
static void test_registers_take_no_level(void **state)
{
    struct pv_hv_args memory[2];
    struct pv_hv_args registers;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(begin_get(20, &memory[0]), PV_OK);
    assert_status(begin_get(10, &memory[1]), PV_OK);
    assert_status(begin_get(1, &registers), PV_OK);
    assert_int_equal(vp.hv.depth, 2);
    assert_status(pv_hv_issue(&vp, &registers), PV_OK);
    expect_values(&registers);
    /* It has IRQs off, so it keeps its place in the order all the same. */
    assert_status(pv_hv_issue(&vp, &memory[1]), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &memory[1]), PV_BAD_STATE);
    assert_status(pv_hv_end(&vp, &registers), PV_OK);
    assert_status(pv_hv_issue(&vp, &memory[1]), PV_OK);
    assert_true(pv_sim->irqs_off);
    assert_status(pv_hv_end(&vp, &memory[1]), PV_OK);
    assert_status(pv_hv_end(&vp, &memory[0]), PV_OK);
    assert_false(pv_sim->irqs_off);
}

/* An NMI between the trap of the outer call and its answer. */
static bool nmi(void *context, struct sim_machine *from, struct sim_registers *registers,
                uint64_t *result)
{
    struct pv_hv_args inner;

    (void)context;
    (void)registers;
    (void)result;
    from->hooks.call = NULL;
    assert_status(begin_get(3, &inner), PV_OK);
    assert_status(pv_hv_issue(&vp, &inner), PV_OK);
    expect_values(&inner);
    assert_status(pv_hv_end(&vp, &inner), PV_OK);
    return false;
}

static void test_nmi_in_the_middle_of_a_call(void **state)
{
    struct pv_hv_args outer;

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(30, &outer), PV_OK);
    machine.hooks.call = nmi;
    assert_status(pv_hv_issue(&vp, &outer), PV_OK);
    expect_values(&outer);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
}

/* NMIs that came, and those of them whose call found no memory. */
static uint32_t nmis;
static uint32_t nmis_without;

/* An NMI handler that makes a call of its own, and must leave everything as it found it. */
static void nmi_that_calls(struct pv_sim *sim)
{
    void (*const again)(struct pv_sim *) = sim->nmi;
    const struct pv_hv_args *innermost = vp.hv.innermost;
    const uint32_t depth = vp.hv.depth;
    const bool irqs_off = sim->irqs_off;
    struct pv_hv_args args;
    enum pv_status status;

    sim->nmi = NULL;
    status = begin_get(1, &args);
    nmis++;
    nmis_without += status == PV_BUSY;
    if (status == PV_OK) {
        assert_status(pv_hv_issue(&vp, &args), PV_OK);
        expect_values(&args);
        assert_status(pv_hv_end(&vp, &args), PV_OK);
    } else {
        assert_status(status, PV_BUSY);
    }
    assert_ptr_equal(vp.hv.innermost, innermost);
    assert_int_equal(vp.hv.depth, depth);
    assert_int_equal(sim->irqs_off, irqs_off);
    sim->nmi = again;
}

/* One comes at every step of begin and end where it could see a half-made state. */
static void test_nmi_at_every_step(void **state)
{
    struct pv_hv_args outer;
    struct pv_hv_args inner;

    (void)state;
    rig_up_in_memory();
    nmis = 0;
    nmis_without = 0;
    pv_sim->nmi = nmi_that_calls;
    assert_status(begin_get(20, &outer), PV_OK);
    assert_status(begin_get(10, &inner), PV_OK);
    assert_status(pv_hv_issue(&vp, &inner), PV_OK);
    expect_values(&inner);
    assert_status(pv_hv_end(&vp, &inner), PV_OK);
    assert_status(pv_hv_issue(&vp, &outer), PV_OK);
    expect_values(&outer);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
    pv_sim->nmi = NULL;
    assert_int_equal(nmis, 8); /* save, barrier, barrier, restore: twice */
    assert_int_equal(nmis_without, 2); /* while both levels were taken */
    assert_int_equal(vp.hv.depth, 0);
}

static void test_offline_while_open(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up_in_memory();
    assert_status(begin_get(1, &args), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_BUSY);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_OK);
}

/* Two VPs use their own pages at the same time. */
static void test_two_vps(void **state)
{
    struct pv_hv_args one;
    struct pv_hv_args two;

    (void)state;
    rig_up_in_memory();
    rig_up_vp1();
    assert_int_equal(vp1.hv.index.value, 1);
    assert_int_not_equal(vp.hv.args_gpa, vp1.hv.args_gpa);
    assert_status(begin_get(9, &one), PV_OK);
    sim_use(&machine, 1);
    assert_status(pv_hv_begin(&vp1, PV_HV_CALL_GET_PARTITION_ID, NULL, &two), PV_OK);
    assert_status(pv_hv_issue(&vp1, &two), PV_OK);
    sim_use(&machine, 0);
    assert_status(pv_hv_issue(&vp, &one), PV_OK);
    expect_values(&one);
    assert_int_equal(*(const uint64_t *)two.out, machine.model.partition_id);
    assert_status(pv_hv_end(&vp, &one), PV_OK);
    sim_use(&machine, 1);
    assert_status(pv_hv_end(&vp1, &two), PV_OK);
    assert_false(pv_sim->irqs_off);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_begin_errors),
        RIG_TEST(test_begin_errors_with_registers),
        RIG_TEST(test_not_online),
        RIG_TEST(test_after_quiesce_elsewhere),
        RIG_TEST(test_hypercalls_off),
        RIG_TEST(test_online_before_there_were_hypercalls),
        RIG_TEST(test_end_twice_and_copies),
        RIG_TEST(test_wrong_vp),
        RIG_TEST(test_issue_again),
        RIG_TEST(test_irqs_stay_off_if_they_were),
        RIG_TEST(test_nested_gets_the_reserve),
        RIG_TEST(test_third_level_is_busy),
        RIG_TEST(test_nested_too_big_is_busy),
        RIG_TEST(test_last_in_first_out),
        RIG_TEST(test_registers_take_no_level),
        RIG_TEST(test_nmi_in_the_middle_of_a_call),
        RIG_TEST(test_nmi_at_every_step),
        RIG_TEST(test_offline_while_open),
        RIG_TEST(test_two_vps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
