/* SPDX-License-Identifier: MIT */
/* Extended calls about memory: what is asked, what is sent, and hypervisors that misbehave. */
#include "unit/hv/rig.h"

#include <pv/mem.h>

#define EXTENDED (1ull << PV_HV_PRIVILEGE_EXTENDED_HYPERCALLS)
#define CAN (PV_HV_EXT_BOOT_ZEROED_MEMORY | PV_HV_EXT_MEMORY_HEAT_HINT | PV_HV_EXT_COLD_DISCARD)
#define LARGE 0x200000ull

static void up_with(enum sim_kind kind, struct pv_guest_config config)
{
    rig_machine(kind);
    machine.model.privileges |= EXTENDED;
    machine.model.extended = CAN;
    rig_up_with(config);
}

static void up(void)
{
    up_with(SIM_HYPERV_X86, rig_config());
}

/* ---- capabilities ---- */

static void expect_query(enum pv_status status, uint64_t wanted)
{
    uint64_t capabilities = 0xEE;
    struct pv_hv_result result = { 0xEE, 0xEE };
    const uint64_t before = rig_calls();

    assert_status(pv_mem_hint_query(&vp, &capabilities, &result), status);
    assert_int_equal(capabilities, wanted);
    if (rig_calls() == before)
        assert_int_equal(result.status, 0xEE);
    else
        assert_int_equal(result.status, (uint16_t)machine.model.seen.result);
    assert_false(pv_sim->irqs_off);
}

static void test_query(void **state)
{
    (void)state;
    up();
    expect_query(PV_OK, CAN);
    machine.model.extended = 0;
    expect_query(PV_OK, 0);
    machine.model.refuse = PV_HV_STATUS_ACCESS_DENIED;
    expect_query(PV_DENIED, 0);
    machine.model.refuse = 0;
    rig_release();
    up_with(SIM_HYPERV_ARM64, rig_config());
    expect_query(PV_OK, CAN);
    assert_false(rig_last_was_fast());
}

static void test_query_states(void **state)
{
    struct pv_guest_config config = rig_config();
    uint64_t calls;

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    expect_query(PV_BAD_STATE, 0);
    machine.model.privileges &= ~EXTENDED;
    rig_up_with(config);
    calls = rig_calls();
    expect_query(PV_UNSUPPORTED, 0);
    assert_int_equal(rig_calls(), calls);
    rig_release();
    /* No identity, no hypercalls. */
    config.hv.os_id = 0;
    up_with(SIM_HYPERV_X86, config);
    expect_query(PV_BAD_STATE, 0);
    rig_release();
    rig_machine(SIM_BARE);
    rig_up_with(rig_config());
    expect_query(PV_BAD_STATE, 0);
}

/* ---- discarding ---- */

static uint64_t pages;

static enum pv_status discard(const struct pv_mem_range *ranges, size_t count)
{
    enum pv_status status;
    struct pv_hv_result result = { 0xEE, 0xEE };
    const uint64_t before = rig_calls();

    pages = 0xEE;
    status = pv_mem_hint_discard(&vp, CAN, ranges, count, &pages, &result);
    if (rig_calls() == before)
        assert_int_equal(result.status, 0xEE);
    assert_false(pv_sim->irqs_off);
    assert_int_equal(vp.hv.depth, 0);
    return status;
}

static void forget(void)
{
    memset(&machine.model.seen.heat, 0, sizeof(machine.model.seen.heat));
}

/* One range, of which one element becomes. */
static void expect_element(uint64_t gpa, uint64_t count, uint64_t element)
{
    const struct pv_mem_range range = { gpa, count };

    forget();
    assert_status(discard(&range, 1), PV_OK);
    assert_int_equal(machine.model.seen.heat.count, 1);
    assert_int_equal(machine.model.seen.heat.list[0], element);
    assert_int_equal(pages, machine.model.seen.heat.pages * 512);
}

static void test_whole_large_pages(void **state)
{
    (void)state;
    up();
    expect_element(LARGE, 512, LARGE | 0x800);
    expect_element(LARGE, 1023, LARGE | 0x800);
    expect_element(LARGE - 4096, 513, LARGE | 0x800);
    expect_element(LARGE - 4096, 513 + 511, LARGE | 0x800);
    expect_element(LARGE + 4096, 511 + 1024, 2 * LARGE | 0x800 | 1);
    expect_element(0, 2048 * 512, 0x800 | 2047);
    /* Up to the last byte there is. */
    expect_element(0ull - LARGE, 512, (0ull - LARGE) | 0x800);
    assert_int_equal(machine.model.seen.control & 0xFFFF, PV_HV_CODE_EXT_MEMORY_HEAT_HINT);
}

static void test_nothing_to_send(void **state)
{
    const struct pv_mem_range none[] = { { LARGE, 511 }, { LARGE + 4096, 1022 }, { 4096, 1 } };

    (void)state;
    up();
    for (size_t count = 1; count <= 3; count++) {
        assert_status(discard(none, count), PV_EMPTY);
        assert_int_equal(pages, 0);
    }
    assert_int_equal(machine.model.seen.heat.count, 0);
}

static void test_bad_ranges(void **state)
{
    static const struct pv_mem_range bad[] = {
        { LARGE, 0 },         { LARGE + 1, 512 },         { LARGE, ~0ull },
        { 4096, 1ull << 52 }, { 0ull - 4096, 2 },         { 0, (1ull << 52) + 1 },
        { 0, 1ull << 63 },    { 0ull - LARGE, 512 + 512 }
    };
    const struct pv_mem_range good = { LARGE, 512 };
    uint64_t before;

    (void)state;
    up();
    before = rig_calls();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct pv_mem_range two[] = { good, bad[i] };

        assert_status(discard(&bad[i], 1), PV_INVALID);
        assert_status(discard(two, 2), PV_INVALID);
        assert_int_equal(pages, 0);
    }
    assert_status(discard(&good, 0), PV_INVALID);
    assert_status(discard(&good, PV_MEM_DISCARD_RANGES_MAX + 1), PV_INVALID);
    assert_int_equal(rig_calls(), before);
}

static void test_discard_needs(void **state)
{
    const struct pv_mem_range range = { LARGE, 512 };

    (void)state;
    up();
    assert_status(pv_mem_hint_discard(&vp, CAN & ~PV_HV_EXT_COLD_DISCARD, &range, 1, &pages, NULL),
                  PV_UNSUPPORTED);
    assert_int_equal(pages, 0);
    assert_int_equal(machine.model.seen.heat.count, 0);
    assert_status(pv_mem_hint_discard(&vp, PV_HV_EXT_COLD_DISCARD, &range, 1, &pages, NULL), PV_OK);
    assert_int_equal(pages, 512);
    /* The hypervisor has another opinion. */
    machine.model.extended = 0;
    assert_status(discard(&range, 1), pv_hv_status_pv(PV_HV_STATUS_INVALID_HYPERCALL_CODE));
    assert_int_equal(pages, 0);
    rig_release();
    assert_status(discard(&range, 1), PV_BAD_STATE);
}

/* 4096 - 8 bytes of header hold 511 elements. Between ranges that give elements lie some that do not. */
static void expect_list(uint32_t count, uint64_t calls)
{
    static struct pv_mem_range ranges[3000];
    const uint64_t before = rig_calls();

    for (uint32_t i = 0; i < count; i++) {
        ranges[2 * i] = (struct pv_mem_range){ i * 4 * LARGE + 4096, 511 };
        ranges[2 * i + 1] = (struct pv_mem_range){ i * 4 * LARGE + LARGE, 512 * (1 + i % 2) };
    }
    forget();
    assert_status(discard(ranges, 2 * (size_t)count), PV_OK);
    assert_int_equal(rig_calls() - before, calls);
    assert_int_equal(machine.model.seen.heat.count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(machine.model.seen.heat.list[i],
                         (i * 4 * LARGE + LARGE) | 0x800 | i % 2);
    assert_int_equal(pages, 512ull * (count + count / 2));
}

static void test_long_lists(void **state)
{
    (void)state;
    up();
    expect_list(1, 1);
    expect_list(511, 1);
    expect_list(512, 2);
    expect_list(1022, 2);
    expect_list(1023, 3);
    machine.model.step = 200;
    expect_list(511, 3);
}

/* 4095 elements and more: what is wanted of one call has an end. */
static void test_longest_range(void **state)
{
    const struct pv_mem_range all = { 0, 1ull << 42 };
    const struct pv_mem_range two[] = { { 0, 2049ull * 512 }, { 1ull << 40, 512 } };

    (void)state;
    up();
    assert_status(discard(two, 2), PV_OK);
    assert_int_equal(machine.model.seen.heat.count, 3);
    assert_int_equal(machine.model.seen.heat.list[1], 2048 * LARGE | 0x800);
    assert_int_equal(pages, 2050 * 512);
    forget();
    machine.model.fail_status = PV_HV_STATUS_INVALID_PARAMETER;
    machine.model.fail_element = 300;
    assert_status(discard(&all, 1), PV_REFUSED);
    assert_int_equal(machine.model.seen.heat.count, 300);
    assert_int_equal(pages, 300ull * 2048 * 512);
    assert_int_equal(machine.model.seen.control >> PV_HV_CONTROL_REPS_SHIFT & PV_HV_CONTROL_REP_MASK,
                     511);
}

/* Nested, the reserve holds 31 elements. */
static void test_nested(void **state)
{
    static struct pv_mem_range ranges[32];
    struct pv_mem_range zeroed;
    struct pv_hv_args outer;
    size_t count;

    (void)state;
    up_with(SIM_HYPERV_X86, rig_config());
    for (size_t i = 0; i < 32; i++)
        ranges[i] = (struct pv_mem_range){ 2 * i * LARGE, 512 };
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_EXT_QUERY_CAPABILITIES, NULL, &outer), PV_OK);
    assert_status(pv_mem_hint_discard(&vp, CAN, ranges, 32, &pages, NULL), PV_OK);
    assert_int_equal(pages, 32 * 512);
    assert_int_equal(machine.model.seen.heat.count, 32);
    assert_status(pv_mem_hint_zeroed(&vp, CAN, &zeroed, 1, &count, NULL), PV_BUSY);
    assert_int_equal(count, 0);
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
}

static void test_discard_hostile(void **state)
{
    static const struct {
        enum sim_behaviour behaviour;
        enum pv_status status;
        uint64_t done; /* of 600 elements, of which the first 511 are a call */
    } cases[] = {
        { SIM_TIMEOUT_ONCE, PV_OK, 600 },        { SIM_REPS_ABOVE, PV_MALFORMED, 0 },
        { SIM_REPS_BACKWARDS, PV_MALFORMED, 2 }, { SIM_NO_PROGRESS, PV_MALFORMED, 0 },
        { SIM_TIMEOUT_FOREVER, PV_TIMED_OUT, 0 }, { SIM_GARBAGE_STATUS, PV_REFUSED, 0 },
        { SIM_SCRIBBLE, PV_OK, 600 },
    };
    static struct pv_mem_range ranges[600];

    (void)state;
    up();
    for (size_t i = 0; i < 600; i++)
        ranges[i] = (struct pv_mem_range){ 2 * i * LARGE, 512 };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine.model.behaviour = cases[i].behaviour;
        assert_status(discard(ranges, 600), cases[i].status);
        assert_int_equal(pages, cases[i].done * 512);
    }
}

/* ---- memory that is zero ---- */

static struct pv_mem_range found[PV_MEM_ZEROED_MAX + 1];

static enum pv_status zeroed(size_t room, size_t *count)
{
    struct pv_hv_result result = { 0xEE, 0xEE };
    enum pv_status status;

    memset(found, 0x5C, sizeof(found));
    *count = 0xEE;
    status = pv_mem_hint_zeroed(&vp, CAN, found, room, count, &result);
    assert_int_equal(result.status, (uint16_t)machine.model.seen.result);
    assert_int_equal(found[room < PV_MEM_ZEROED_MAX ? room : PV_MEM_ZEROED_MAX].gpa,
                     0x5C5C5C5C5C5C5C5Cull);
    assert_false(pv_sim->irqs_off);
    assert_int_equal(vp.hv.depth, 0);
    return status;
}

static void tell(uint64_t count)
{
    machine.model.zeroed.count = count;
    for (size_t i = 0; i < PV_MEM_ZEROED_MAX; i++) {
        machine.model.zeroed.ranges[i].first_page = 0x100 + i * 0x1000;
        machine.model.zeroed.ranges[i].pages = i; /* none at first */
    }
}

static void test_zeroed(void **state)
{
    static const size_t counts[] = { 0, 1, 2, 100, PV_MEM_ZEROED_MAX };
    size_t count;

    (void)state;
    up();
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        tell(counts[i]);
        assert_status(zeroed(PV_MEM_ZEROED_MAX, &count), PV_OK);
        assert_int_equal(count, counts[i]);
        for (size_t j = 0; j < count; j++) {
            assert_int_equal(found[j].gpa, 0x100000 + j * 0x1000000);
            assert_int_equal(found[j].pages, j);
        }
        assert_int_equal(found[count].gpa, 0x5C5C5C5C5C5C5C5Cull);
        assert_status(zeroed(count, &count), PV_OK);
    }
}

static void test_zeroed_no_room(void **state)
{
    size_t count;

    (void)state;
    up();
    tell(3);
    assert_status(zeroed(2, &count), PV_NO_ROOM);
    assert_int_equal(count, 3);
    assert_int_equal(found[1].gpa, 0x1100000);
    assert_status(pv_mem_hint_zeroed(&vp, CAN, NULL, 0, &count, NULL), PV_NO_ROOM);
    assert_int_equal(count, 3);
}

static void expect_malformed(void)
{
    size_t count;

    assert_status(zeroed(PV_MEM_ZEROED_MAX, &count), PV_MALFORMED);
    assert_int_equal(count, 0);
}

static void test_zeroed_malformed(void **state)
{
    size_t count;

    (void)state;
    up();
    tell(PV_MEM_ZEROED_MAX + 1);
    expect_malformed();
    tell(~0ull);
    expect_malformed();
    tell(1ull << 32);
    expect_malformed();
    tell(2);
    machine.model.zeroed.ranges[1].first_page = 1ull << 52;
    expect_malformed();
    machine.model.zeroed.ranges[1].first_page = (1ull << 52) - 1;
    machine.model.zeroed.ranges[1].pages = 2;
    expect_malformed();
    machine.model.zeroed.ranges[1].pages = ~0ull;
    expect_malformed();
    machine.model.zeroed.ranges[1].pages = 1;
    assert_status(zeroed(2, &count), PV_OK);
    assert_int_equal(found[1].gpa, 0ull - 4096);
    /* Ranges beyond the count are not looked at. */
    machine.model.zeroed.ranges[2].pages = ~0ull;
    assert_status(zeroed(2, &count), PV_OK);
    machine.model.behaviour = SIM_ONES_OUTPUT;
    expect_malformed();
    machine.model.behaviour = SIM_GARBAGE_OUTPUT;
    expect_malformed();
}

static void test_zeroed_needs(void **state)
{
    size_t count = 0xEE;
    const uint64_t others = CAN & ~PV_HV_EXT_BOOT_ZEROED_MEMORY;

    (void)state;
    up();
    assert_status(pv_mem_hint_zeroed(&vp, others, found, 1, &count, NULL), PV_UNSUPPORTED);
    assert_int_equal(count, 0);
    machine.model.extended = others;
    assert_status(zeroed(1, &count), pv_hv_status_pv(PV_HV_STATUS_INVALID_HYPERCALL_CODE));
    assert_int_equal(count, 0);
    rig_release();
    assert_status(pv_mem_hint_zeroed(&vp, CAN, found, 1, &count, NULL), PV_BAD_STATE);
    assert_int_equal(count, 0);
}

/* Two pages, and the answer at random. */
static void test_other_pages(void **state)
{
    struct pv_guest_config config = rig_config();
    size_t count;

    (void)state;
    config.hv.arg_pages = 2;
    up_with(SIM_HYPERV_X86, config);
    tell(PV_MEM_ZEROED_MAX);
    assert_status(zeroed(PV_MEM_ZEROED_MAX, &count), PV_OK);
    assert_int_equal(count, PV_MEM_ZEROED_MAX);
    machine.model.behaviour = SIM_RANDOM;
    for (uint32_t i = 0; i < 200; i++) {
        const enum pv_status status = pv_mem_hint_zeroed(&vp, CAN, found, 9, &count, NULL);

        assert_true(status != PV_OK || count <= 9);
        assert_true(status == PV_NO_ROOM || count <= 9);
        assert_true(count <= PV_MEM_ZEROED_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_query),
        RIG_TEST(test_query_states),
        RIG_TEST(test_whole_large_pages),
        RIG_TEST(test_nothing_to_send),
        RIG_TEST(test_bad_ranges),
        RIG_TEST(test_discard_needs),
        RIG_TEST(test_long_lists),
        RIG_TEST(test_longest_range),
        RIG_TEST(test_nested),
        RIG_TEST(test_discard_hostile),
        RIG_TEST(test_zeroed),
        RIG_TEST(test_zeroed_no_room),
        RIG_TEST(test_zeroed_malformed),
        RIG_TEST(test_zeroed_needs),
        RIG_TEST(test_other_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
