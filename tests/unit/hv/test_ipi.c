/* SPDX-License-Identifier: MIT */
/* Interrupts for many VPs: which call, in which form, for exactly whom. */
#include "sets.h"

#define IPI PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI
#define IPI_EX PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX

static void expect_sent(struct pv_vp_set set, enum pv_hv_call call)
{
    const uint64_t before = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_ipi_send(&vp, 0xF3, &set, &result), PV_OK);
    expect_call(before, call);
    expect_told(&set);
    assert_int_equal(machine.model.seen.target.vector, 0xF3);
    assert_int_equal(result.status, PV_HV_STATUS_SUCCESS);
    assert_false(pv_sim->irqs_off);
    assert_int_equal(vp.hv.depth, 0);
}

static void expect_not_sent(uint32_t vector, struct pv_vp_set set, enum pv_status status)
{
    const uint64_t before = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_ipi_send(&vp, vector, &set, &result), status);
    assert_int_equal(rig_calls(), before);
    assert_int_equal(result.status, 0xEE);
    assert_int_equal(vp.hv.depth, 0);
}

static void test_whom(void **state)
{
    (void)state;
    advise(ADVICE_ALL);
    expect_sent(SET(0), IPI);
    expect_sent(SET(63), IPI);
    expect_sent(SET(0, 5, 63), IPI);
    expect_sent(SET(64), IPI_EX);
    expect_sent(SET(0, 4095), IPI_EX);
    expect_sent(SET(1, 63, 64, 2000, 4032), IPI_EX);
    expect_sent(set_of_banks(64), IPI_EX);
}

/* There is no flag for everybody: their names are sent, and never the format for all. */
static void test_everyone(void **state)
{
    struct pv_vp_set set = SET(0, 1, 2, 3);

    (void)state;
    advise(ADVICE_ALL);
    set.everyone = true;
    expect_sent(set, IPI);
    set = set_of_banks(3);
    set.everyone = true;
    expect_sent(set, IPI_EX);
}

/* VPs 0..63: two registers, no memory, IRQs as they are. */
static void test_two_registers(void **state)
{
    const struct pv_vp_set set = SET(3);

    (void)state;
    advise(ADVICE_ALL);
    pv_sim->irqs_off = true;
    assert_status(pv_hv_ipi_send(&vp, 0x40, &set, NULL), PV_OK);
    assert_true(pv_sim->irqs_off);
    pv_sim->irqs_off = false;
    assert_true(rig_last_was_fast());
    assert_int_equal(machine.model.seen.memory_calls, 0);
    assert_int_equal(machine.model.seen.out, 8);
}

/* Every combination of forms that may be off, and both sizes of argument memory. */
static void test_forms(void **state)
{
    (void)state;
    for (uint32_t off = 0; off < 8; off++) {
        const uint32_t forms_off = off << 1;
        const bool block = (forms_off & PV_HV_FORM_BLOCK_INPUT) == 0;

        advise_without(SIM_HYPERV_X86, ADVICE_ALL, forms_off);
        expect_sent(SET(0, 9), IPI);
        assert_int_equal(rig_last_was_fast(), block || (forms_off & PV_HV_FORM_FAST) == 0);
        expect_sent(set_of_banks(11), IPI_EX); /* 24 + 8 * 11 = 112 */
        assert_int_equal(rig_last_was_fast(), block);
        expect_sent(set_of_banks(12), IPI_EX);
        assert_false(rig_last_was_fast());
        rig_release();
    }
    rig_up_two_pages();
    guest.detect.hyperv.hints = ADVICE_ALL;
    expect_sent(SET(0, 9), IPI);
    expect_sent(set_of_banks(64), IPI_EX);
}

static void test_advice(void **state)
{
    (void)state;
    advise(~PV_HV_HINT_CLUSTER_IPI);
    expect_not_sent(0x40, SET(0), PV_UNSUPPORTED);
    expect_not_sent(0x40, SET(64), PV_UNSUPPORTED);
    expect_not_sent(0x40, SET(NOBODY), PV_EMPTY);
    rig_release();
    advise(PV_HV_HINT_CLUSTER_IPI);
    expect_sent(SET(63), IPI);
    expect_not_sent(0x40, SET(64), PV_UNSUPPORTED);
    expect_not_sent(0x40, SET(0, 64), PV_UNSUPPORTED);
}

static void test_arm64(void **state)
{
    const uint32_t both = PV_HV_ARM64_HINT_CLUSTER_IPI | PV_HV_ARM64_HINT_EX_PROCESSOR_MASKS;

    (void)state;
    advise_without(SIM_HYPERV_ARM64, both, 0);
    expect_sent(SET(0, 9), IPI);
    expect_sent(set_of_banks(64), IPI_EX);
    rig_release();
    advise_without(SIM_HYPERV_ARM64, PV_HV_ARM64_HINT_CLUSTER_IPI, 0);
    expect_sent(SET(0, 9), IPI);
    expect_not_sent(0x40, SET(64), PV_UNSUPPORTED);
    rig_release();
    /* What x86 says with other bits. */
    advise_without(SIM_HYPERV_ARM64, PV_HV_HINT_CLUSTER_IPI | PV_HV_HINT_EX_PROCESSOR_MASKS, 0);
    expect_not_sent(0x40, SET(0), PV_UNSUPPORTED);
}

static void test_bad_input(void **state)
{
    (void)state;
    advise(ADVICE_ALL);
    expect_not_sent(0, SET(0), PV_INVALID);
    expect_not_sent(0xF, SET(0), PV_INVALID);
    expect_not_sent(0x100, SET(0), PV_INVALID);
    expect_not_sent(0x140, SET(0), PV_INVALID);
    expect_not_sent(~0u, SET(64), PV_INVALID);
    expect_not_sent(0x40, SET(NOBODY), PV_EMPTY);
    for (uint32_t vector = 0x10; vector <= 0xFF; vector++) {
        const struct pv_vp_set set = SET(0);

        assert_status(pv_hv_ipi_send(&vp, vector, &set, NULL), PV_OK);
        assert_int_equal(machine.model.seen.target.vector, vector);
    }
}

static void test_not_online(void **state)
{
    const struct pv_vp_set set = SET(0);

    (void)state;
    advise(ADVICE_ALL);
    assert_status(pv_hv_ipi_send(&vp1, 0x40, &set, NULL), PV_BAD_STATE);
    assert_status(pv_hv_ipi_send(&vp1, 0, &set, NULL), PV_INVALID);
    rig_release();
    rig_up_without_hypercalls();
    assert_status(pv_hv_ipi_send(&vp, 0x40, &set, NULL), PV_BAD_STATE);
    assert_int_equal(rig_calls(), 0);
}

/* Inside another call: two registers always go, a few banks fit the reserve, 64 do not. */
static void test_nested(void **state)
{
    struct pv_hv_args outer, inner;

    (void)state;
    advise_without(SIM_HYPERV_X86, ADVICE_ALL, RIG_MEMORY_ONLY & ~PV_HV_FORM_FAST);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &outer), PV_OK);
    {
        const struct pv_vp_set low = SET(7);
        const struct pv_vp_set fits = set_of_banks(29); /* 24 + 8 * 29 = 256 */
        const struct pv_vp_set too_many = set_of_banks(30);

        assert_status(pv_hv_ipi_send(&vp, 0x40, &low, NULL), PV_OK);
        expect_told(&low);
        assert_status(pv_hv_ipi_send(&vp, 0x40, &fits, NULL), PV_OK);
        expect_told(&fits);
        assert_status(pv_hv_ipi_send(&vp, 0x40, &too_many, NULL), PV_BUSY);
        assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &inner), PV_OK);
        assert_status(pv_hv_ipi_send(&vp, 0x40, &low, NULL), PV_OK);
        assert_status(pv_hv_ipi_send(&vp, 0x40, &fits, NULL), PV_BUSY);
        assert_status(pv_hv_end(&vp, &inner), PV_OK);
    }
    assert_status(pv_hv_issue(&vp, &outer), PV_OK);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
}

static void expect_answer(enum sim_behaviour behaviour, enum pv_status status)
{
    const struct pv_vp_set low = SET(0, 2);
    const struct pv_vp_set high = SET(0, 2, 99);

    machine.model.behaviour = behaviour;
    machine.model.seed = 7;
    assert_status(pv_hv_ipi_send(&vp, 0x40, &low, NULL), status);
    assert_status(pv_hv_ipi_send(&vp, 0x40, &high, NULL), status);
    assert_int_equal(vp.hv.depth, 0);
    assert_false(pv_sim->irqs_off);
}

static void every_answer(void)
{
    struct pv_hv_result result;
    const struct pv_vp_set set = SET(99);

    expect_answer(SIM_TIMEOUT_ONCE, PV_OK);
    expect_answer(SIM_SCRIBBLE, PV_OK);
    expect_answer(SIM_GARBAGE_OUTPUT, PV_OK);
    expect_answer(SIM_REPS_ABOVE, PV_OK); /* concerns lists */
    expect_answer(SIM_TIMEOUT_FOREVER, PV_TIMED_OUT);
    expect_answer(SIM_GARBAGE_STATUS, PV_REFUSED);
    machine.model.behaviour = SIM_HONEST;
    machine.model.refuse = PV_HV_STATUS_ACCESS_DENIED;
    assert_status(pv_hv_ipi_send(&vp, 0x40, &set, &result), PV_DENIED);
    assert_int_equal(result.status, PV_HV_STATUS_ACCESS_DENIED);
    machine.model.refuse = 0;
}

static void test_answers(void **state)
{
    (void)state;
    advise(ADVICE_ALL);
    every_answer();
    rig_release();
    advise_without(SIM_HYPERV_X86, ADVICE_ALL, RIG_MEMORY_ONLY);
    every_answer();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_whom),      RIG_TEST(test_everyone), RIG_TEST(test_two_registers),
        RIG_TEST(test_forms),     RIG_TEST(test_advice),   RIG_TEST(test_arm64),
        RIG_TEST(test_bad_input), RIG_TEST(test_nested),   RIG_TEST(test_not_online),
        RIG_TEST(test_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
