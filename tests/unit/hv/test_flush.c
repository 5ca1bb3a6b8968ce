/* SPDX-License-Identifier: MIT */
/* Flushes as they are sent: forms, continued lists, and hypervisors that misbehave. */
#include "sets.h"

#define SPACE PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE
#define SPACE_EX PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX
#define LIST PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST
#define LIST_EX PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX

#define CR3 0x123456000ull
#define UNIT (4096ull * 4096)
#define GAP 0x10000ull /* from one range of a list to the next */

static struct pv_hv_gva_range ranges[1500];

/* Every address of one space, or `count` ranges: one page, two pages, one page, ... */
static struct pv_hv_flush flush_of(size_t count)
{
    const struct pv_hv_flush flush = {
        .scope = PV_HV_SCOPE_SPACE,
        .space = CR3,
        .ranges = count != 0 ? ranges : NULL,
        .count = count,
        .elements_max = ~0u,
    };

    for (size_t i = 0; i < count; i++) {
        ranges[i].start = 0x7FFF00000123 + i * GAP;
        ranges[i].bytes = i % 2 == 0 ? 1 : 4096;
    }
    return flush;
}

static void expect_list(size_t count)
{
    const struct sim_gva_record *gva = &machine.model.seen.gva;

    assert_int_equal(gva->count, count);
    assert_int_equal(gva->pages, count + count / 2);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(gva->list[i], (0x7FFF00000000 + i * GAP) | i % 2);
}

/* Sent in that many calls, of which the last is `call`; the hypervisor has flushed what was asked. */
static void expect_flushed(size_t count, const struct pv_vp_set *set, enum pv_hv_call call,
                           uint64_t calls)
{
    const struct pv_hv_flush flush = flush_of(count);
    const uint64_t before = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    memset(&machine.model.seen.gva, 0, sizeof(machine.model.seen.gva));
    assert_status(pv_hv_flush(&vp, &flush, set, &result), PV_OK);
    assert_int_equal(rig_calls() - before, calls);
    assert_int_equal(machine.model.seen.target.code, pv_hv_call_info(call)->code);
    assert_int_equal(machine.model.seen.target.space, CR3);
    expect_list(count);
    if (set != NULL)
        expect_told(set);
    else
        expect_told_everybody();
    assert_int_equal(result.status, PV_HV_STATUS_SUCCESS);
    assert_false(pv_sim->irqs_off);
    assert_int_equal(vp.hv.depth, 0);
}

static void expect_not_sent(const struct pv_hv_flush *flush, const struct pv_vp_set *set,
                            enum pv_status status)
{
    const uint64_t before = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_flush(&vp, flush, set, &result), status);
    assert_int_equal(rig_calls(), before);
    assert_int_equal(result.status, 0xEE);
}

static void test_each_call(void **state)
{
    const struct pv_vp_set low = SET(0, 5, 63);
    const struct pv_vp_set high = SET(1, 64, 4095);

    (void)state;
    advise(ADVICE_ALL);
    expect_flushed(0, NULL, SPACE, 1);
    expect_flushed(0, &low, SPACE, 1);
    expect_flushed(0, &high, SPACE_EX, 1);
    expect_flushed(3, NULL, LIST, 1);
    expect_flushed(3, &low, LIST, 1);
    expect_flushed(3, &high, LIST_EX, 1);
}

/* Flags and space as the hypervisor gets them; test_flush_choose.c has every case. */
static void test_flags_arrive(void **state)
{
    struct pv_hv_flush flush = flush_of(0);

    (void)state;
    advise(ADVICE_ALL);
    assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.seen.target.flags,
                     PV_HV_FLUSH_ALL_PROCESSORS | PV_HV_FLUSH_NON_GLOBAL_ONLY);
    flush.scope = PV_HV_SCOPE_EVERYTHING;
    assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.seen.target.flags,
                     PV_HV_FLUSH_ALL_PROCESSORS | PV_HV_FLUSH_ALL_SPACES);
    assert_int_equal(machine.model.seen.target.space, 0);
}

/* The address is of a kernel page, so its translation is global: it must go (FreeBSD's did not). */
static void test_single_global_page(void **state)
{
    const struct pv_hv_gva_range page = { 0xFFFFFFFF80123000, 4096 };
    const struct pv_hv_flush flush = {
        .scope = PV_HV_SCOPE_SPACE_AND_GLOBAL,
        .space = CR3,
        .ranges = &page,
        .count = 1,
    };

    (void)state;
    advise(ADVICE_ALL);
    assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.seen.target.flags, PV_HV_FLUSH_ALL_PROCESSORS);
    assert_int_equal(machine.model.seen.gva.count, 1);
    assert_int_equal(machine.model.seen.gva.list[0], page.start);
}

/* ---- forms ---- */

/* 112 bytes of registers: 24 of header and 11 elements, or 32, a bank and 9. */
static void test_registers_until_full(void **state)
{
    const struct pv_vp_set low = SET(2, 3);
    const struct pv_vp_set high = SET(100);
    const struct pv_vp_set ten = set_of_banks(10);
    const struct pv_vp_set eleven = set_of_banks(11);

    (void)state;
    advise(ADVICE_ALL);
    expect_flushed(0, &low, SPACE, 1);
    assert_true(rig_last_was_fast());
    expect_flushed(11, &low, LIST, 1);
    assert_true(rig_last_was_fast());
    expect_flushed(9, &high, LIST_EX, 1);
    assert_true(rig_last_was_fast());
    expect_flushed(0, &ten, SPACE_EX, 1);
    assert_true(rig_last_was_fast());
    assert_int_equal(machine.model.seen.memory_calls, 0);
    expect_flushed(12, &low, LIST, 1);
    assert_false(rig_last_was_fast());
    expect_flushed(10, &high, LIST_EX, 1);
    assert_false(rig_last_was_fast());
    expect_flushed(0, &eleven, SPACE_EX, 1);
    assert_false(rig_last_was_fast());
}

/* A page: 24 + 8 * 509 = 4096; with 64 banks, 32 + 512 + 8 * 444. */
static void continue_lists(void)
{
    const struct pv_vp_set low = SET(2, 3);
    const struct pv_vp_set full = set_of_banks(64);

    expect_flushed(0, &full, SPACE_EX, 1);
    expect_flushed(1, &low, LIST, 1);
    expect_flushed(509, &low, LIST, 1);
    expect_flushed(510, &low, LIST, 2);
    expect_flushed(1018, NULL, LIST, 2);
    expect_flushed(1019, NULL, LIST, 3);
    expect_flushed(444, &full, LIST_EX, 1);
    expect_flushed(445, &full, LIST_EX, 2);
    expect_flushed(1333, &full, LIST_EX, 4);
    assert_int_equal(machine.irqs_on, 0);
}

static void test_long_lists(void **state)
{
    (void)state;
    advise(ADVICE_ALL);
    continue_lists();
    rig_release();
    advise_without(SIM_HYPERV_X86, ADVICE_ALL, RIG_MEMORY_ONLY);
    continue_lists();
    rig_release();
    rig_up_two_pages();
    guest.detect.hyperv.hints = ADVICE_ALL;
    continue_lists();
    rig_release();
    /* The hypervisor stops now and then within each call. */
    advise(ADVICE_ALL);
    machine.model.step = 600;
    continue_lists();
}

/* One range longer than a call. */
static void test_long_range(void **state)
{
    const struct pv_hv_gva_range range = { 0xFFFF800000000000, 600 * UNIT + 4096 };
    struct pv_hv_flush flush = flush_of(0);

    (void)state;
    advise(ADVICE_ALL);
    flush.ranges = &range;
    flush.count = 1;
    assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), PV_OK);
    assert_int_equal(rig_calls(), 2);
    assert_int_equal(machine.model.seen.gva.count, 601);
    assert_int_equal(machine.model.seen.gva.pages, 600 * 4096 + 1);
    for (uint64_t i = 0; i < 600; i++)
        assert_int_equal(machine.model.seen.gva.list[i], range.start + i * UNIT + 0xFFF);
    assert_int_equal(machine.model.seen.gva.list[600], range.start + 600 * UNIT);
    flush.elements_max = 0;
    assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), PV_OK);
    assert_int_equal(rig_calls(), 3);
    assert_int_equal(machine.model.seen.target.code, PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE);
}

/* More than the control word's 12 bits can count, a multiple of 4096 too. */
static void test_very_long_range(void **state)
{
    (void)state;
    advise(ADVICE_ALL);
    for (uint64_t count = 4094; count <= 4097; count++) {
        const struct pv_hv_gva_range range = { 0, count * UNIT };
        const uint64_t before = rig_calls();
        struct pv_hv_flush flush = flush_of(0);

        memset(&machine.model.seen.gva, 0, sizeof(machine.model.seen.gva));
        flush.ranges = &range;
        flush.count = 1;
        assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), PV_OK);
        assert_int_equal(machine.model.seen.gva.count, count);
        assert_int_equal(machine.model.seen.gva.pages, count * 4096);
        assert_int_equal(rig_calls() - before, 9);
    }
}

static void test_kvm(void **state)
{
    const struct pv_vp_set high = SET(1, 64, 4095);

    (void)state;
    advise_without(SIM_KVM_X86, PV_HV_HINT_REMOTE_FLUSH | PV_HV_HINT_EX_PROCESSOR_MASKS, 0);
    expect_flushed(0, NULL, SPACE, 1);
    expect_flushed(600, &high, LIST_EX, 2);
}

/* ---- nested ---- */

/* The reserve's 256 bytes: 29 elements at a time, and no more than 28 banks. */
static void test_nested(void **state)
{
    const struct pv_vp_set low = SET(1, 2);
    const struct pv_vp_set fits = set_of_banks(28);
    const struct pv_vp_set too_many = set_of_banks(29);
    struct pv_hv_flush flush = flush_of(0);
    struct pv_hv_args outer, inner;

    (void)state;
    advise_without(SIM_HYPERV_X86, ADVICE_ALL, RIG_MEMORY_ONLY);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &outer), PV_OK);
    assert_status(pv_hv_flush(&vp, &flush, &fits, NULL), PV_OK);
    expect_told(&fits);
    expect_not_sent(&flush, &too_many, PV_BUSY);
    flush = flush_of(100);
    assert_status(pv_hv_flush(&vp, &flush, &low, NULL), PV_OK);
    assert_int_equal(rig_calls(), 1 + 4);
    expect_list(100);
    expect_not_sent(&flush, &fits, PV_BUSY); /* not one element beside them */
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &inner), PV_OK);
    expect_not_sent(&flush, &low, PV_BUSY);
    assert_status(pv_hv_end(&vp, &inner), PV_OK);
    assert_status(pv_hv_issue(&vp, &outer), PV_OK);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
}

/* ---- what is not sent ---- */

static void test_advice(void **state)
{
    const struct pv_hv_flush flush = flush_of(1);
    const struct pv_vp_set self = SET(0);
    const struct pv_vp_set other = SET(1);
    const struct pv_vp_set high = SET(0, 64);

    (void)state;
    advise(PV_HV_HINT_REMOTE_FLUSH);
    expect_flushed(1, &other, LIST, 1);
    expect_not_sent(&flush, &self, PV_UNSUPPORTED);
    expect_not_sent(&flush, &high, PV_UNSUPPORTED);
    rig_release();
    advise(PV_HV_HINT_LOCAL_FLUSH | PV_HV_HINT_EX_PROCESSOR_MASKS);
    expect_flushed(1, &self, LIST, 1);
    expect_not_sent(&flush, &other, PV_UNSUPPORTED);
    expect_not_sent(&flush, &high, PV_UNSUPPORTED);
    expect_not_sent(&flush, NULL, PV_UNSUPPORTED);
}

/* "Self" is the VP's own index. */
static void test_self_on_another_vp(void **state)
{
    const struct pv_hv_flush flush = flush_of(0);
    const struct pv_vp_set set = SET(1);

    (void)state;
    advise(PV_HV_HINT_LOCAL_FLUSH);
    rig_up_vp1();
    expect_not_sent(&flush, &set, PV_UNSUPPORTED);
    sim_use(&machine, 1);
    assert_status(pv_hv_flush(&vp1, &flush, &set, NULL), PV_OK);
    expect_told(&set);
    sim_use(&machine, 0);
}

static void test_arm64_is_silent(void **state)
{
    const struct pv_hv_flush flush = flush_of(0);
    const struct pv_vp_set self = SET(0);
    const struct pv_vp_set other = SET(1);

    (void)state;
    advise_without(SIM_HYPERV_ARM64, ~0u, 0);
    expect_not_sent(&flush, NULL, PV_UNSUPPORTED);
    expect_not_sent(&flush, &self, PV_UNSUPPORTED);
    expect_not_sent(&flush, &other, PV_UNSUPPORTED);
}

static void test_bad_input(void **state)
{
    const struct pv_vp_set nobody = SET(NOBODY);
    struct pv_hv_flush flush = flush_of(3);

    (void)state;
    advise(ADVICE_ALL);
    expect_not_sent(&flush, &nobody, PV_EMPTY);
    ranges[2].bytes = 0;
    expect_not_sent(&flush, NULL, PV_INVALID);
    flush = flush_of(0);
    flush.scope = (enum pv_hv_scope)0;
    expect_not_sent(&flush, NULL, PV_INVALID);
}

static void test_not_online(void **state)
{
    const struct pv_hv_flush flush = flush_of(0);

    (void)state;
    advise(ADVICE_ALL);
    assert_status(pv_hv_flush(&vp1, &flush, NULL, NULL), PV_BAD_STATE);
    rig_release();
    rig_up_without_hypercalls();
    assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), PV_BAD_STATE);
    assert_int_equal(rig_calls(), 0);
}

/* ---- hypervisors that fail or lie ---- */

struct second_call {
    uint64_t calls;
    uint64_t answer;
    struct pv_vp_set *grows;
};

/* The second call is answered so; or the set grows during the first. */
static bool at_second_call(void *context, struct sim_machine *trapped,
                           struct sim_registers *registers, uint64_t *result)
{
    struct second_call *second = context;

    (void)trapped;
    (void)registers;
    second->calls++;
    if (second->grows != NULL)
        assert_status(pv_vp_set_add(second->grows, (struct pv_vp_index){ 4095 }), PV_OK);
    if (second->grows != NULL || second->calls != 2)
        return false;
    *result = second->answer;
    return true;
}

static void test_fails_midway(void **state)
{
    const struct pv_hv_flush flush = flush_of(1400);
    struct second_call second = { 0, PV_HV_STATUS_INVALID_PARAMETER | 7ull << 32, NULL };
    struct pv_hv_result result;

    (void)state;
    advise(ADVICE_ALL);
    machine.hooks.call = at_second_call;
    machine.hooks.context = &second;
    assert_status(pv_hv_flush(&vp, &flush, NULL, &result), PV_REFUSED);
    assert_int_equal(second.calls, 2);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(result.reps, 7);
    assert_int_equal(machine.model.seen.gva.count, 509);
    assert_int_equal(vp.hv.depth, 0);
    assert_false(pv_sim->irqs_off);
}

static void test_fails_at_an_element(void **state)
{
    const struct pv_hv_flush flush = flush_of(20);
    struct pv_hv_result result;

    (void)state;
    advise(ADVICE_ALL);
    machine.model.fail_element = 13;
    machine.model.fail_status = PV_HV_STATUS_INSUFFICIENT_MEMORY;
    assert_status(pv_hv_flush(&vp, &flush, NULL, &result), PV_HOST_NO_MEMORY);
    assert_int_equal(result.reps, 13);
}

/* A caller who changes the set meanwhile: no bank is written where a list element lies. */
static void test_set_that_grows(void **state)
{
    const struct pv_hv_flush flush = flush_of(600);
    struct pv_vp_set set = SET(64);
    struct second_call second = { 0, 0, &set };
    struct pv_hv_result result;

    (void)state;
    advise(ADVICE_ALL);
    machine.hooks.call = at_second_call;
    machine.hooks.context = &second;
    assert_status(pv_hv_flush(&vp, &flush, &set, &result), PV_NO_ROOM);
    assert_int_equal(second.calls, 1);
    assert_int_equal(result.status, PV_HV_STATUS_SUCCESS);
    assert_int_equal(vp.hv.depth, 0);
    assert_false(pv_sim->irqs_off);
}

static void expect_answer(enum sim_behaviour behaviour, size_t count, enum pv_status status)
{
    const struct pv_hv_flush flush = flush_of(count);
    const struct pv_vp_set high = SET(0, 2, 99);

    machine.model.behaviour = behaviour;
    assert_status(pv_hv_flush(&vp, &flush, NULL, NULL), status);
    assert_status(pv_hv_flush(&vp, &flush, &high, NULL), status);
    machine.model.behaviour = SIM_HONEST;
    assert_int_equal(vp.hv.depth, 0);
    assert_false(pv_sim->irqs_off);
}

static void every_answer(void)
{
    static const struct {
        enum sim_behaviour behaviour;
        enum pv_status status;
    } both[] = {
        { SIM_TIMEOUT_ONCE, PV_OK },        { SIM_SCRIBBLE, PV_OK },
        { SIM_GARBAGE_OUTPUT, PV_OK },      { SIM_TIMEOUT_FOREVER, PV_TIMED_OUT },
        { SIM_GARBAGE_STATUS, PV_REFUSED },
    };
    static const enum sim_behaviour lists[] = {
        SIM_REPS_ABOVE,       SIM_REPS_BACKWARDS,   SIM_NO_PROGRESS,
        SIM_TIMEOUT_ALL_DONE, SIM_TIMEOUT_CRAWLING,
    };

    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        expect_answer(both[i].behaviour, 0, both[i].status);
        expect_answer(both[i].behaviour, 40, both[i].status);
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        expect_answer(lists[i], 40, PV_MALFORMED);
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

/* Whatever is answered: it ends, in a bounded number of calls, with a status. */
static void test_random_answers(void **state)
{
    const struct pv_vp_set high = set_of_banks(64);

    (void)state;
    advise(ADVICE_ALL);
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        const struct pv_hv_flush flush = flush_of(seed % 1400);
        const uint64_t before = rig_calls();
        enum pv_status status;

        machine.model.behaviour = SIM_RANDOM;
        machine.model.seed = seed;
        status = pv_hv_flush(&vp, &flush, seed % 2 == 0 ? NULL : &high, NULL);
        assert_true((unsigned)status <= PV_EMPTY);
        assert_true(rig_calls() - before <= (flush.count + 4) * 100);
        assert_int_equal(vp.hv.depth, 0);
        assert_false(pv_sim->irqs_off);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_each_call),
        RIG_TEST(test_flags_arrive),
        RIG_TEST(test_single_global_page),
        RIG_TEST(test_registers_until_full),
        RIG_TEST(test_long_lists),
        RIG_TEST(test_long_range),
        RIG_TEST(test_very_long_range),
        RIG_TEST(test_kvm),
        RIG_TEST(test_nested),
        RIG_TEST(test_advice),
        RIG_TEST(test_self_on_another_vp),
        RIG_TEST(test_arm64_is_silent),
        RIG_TEST(test_bad_input),
        RIG_TEST(test_not_online),
        RIG_TEST(test_fails_midway),
        RIG_TEST(test_fails_at_an_element),
        RIG_TEST(test_set_that_grows),
        RIG_TEST(test_answers),
        RIG_TEST(test_random_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
