/* SPDX-License-Identifier: MIT */
/* Comparing all that is shared with the host, and taking it back whatever has happened before. */
#include "unit/mem/share.h"

#include <pv/config.h>

/* ---- comparing ---- */

static void a_host_that_agrees_changes_nothing(void **state)
{
    static struct snapshot before;
    struct pv_hv_result result = { 1, 1 };
    uint64_t lost = 1;

    (void)state;
    share_up_hyperv();
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, &result), PV_OK);
    assert_int_equal(lost, 0);
    assert_int_equal(result.status | result.reps, 0); /* nobody was asked */
    reshare(WIDE, 200);
    reshare(WIDE + 300, 1);
    snap(&before);
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, &result), PV_OK);
    assert_int_equal(lost, 0);
    assert_int_equal(result.reps, 1);
    assert_as_before(&before);
}

static void pages_that_the_host_calls_otherwise_are_lost(void **state)
{
    uint8_t *of = machine.model.visibility.of;
    uint64_t lost;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 200);
    reshare(WIDE + 300, 2);
    of[WIDE] = PV_HV_VISIBILITY_PRIVATE;
    of[WIDE + 62] = of[WIDE + 63] = of[WIDE + 64] = PV_HV_VISIBILITY_READ_ONLY;
    of[WIDE + 199] = PV_HV_VISIBILITY_PRIVATE;
    of[WIDE + 301] = PV_HV_VISIBILITY_PRIVATE;
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, NULL), PV_OK);
    assert_int_equal(lost, 6);
    assert_int_equal(shares.leaked, 6);
    assert_int_equal(unknown_pages(), 6);
    assert_states(WIDE, WIDE + 1, PV_MEM_UNKNOWN);
    assert_states(WIDE + 1, WIDE + 62, PV_MEM_SHARED);
    assert_states(WIDE + 62, WIDE + 65, PV_MEM_UNKNOWN);
    assert_states(WIDE + 65, WIDE + 199, PV_MEM_SHARED);
    assert_states(WIDE + 199, WIDE + 200, PV_MEM_UNKNOWN);
    assert_states(WIDE + 300, WIDE + 301, PV_MEM_SHARED);

    assert_status(pv_mem_reconcile(&vp, &shares, &lost, NULL), PV_OK);
    assert_int_equal(lost, 0);
    assert_status(unshare(WIDE, 10), PV_LEAKED);
    assert_status(unshare(WIDE + 1, 61), PV_OK);
}

static void without_memory_the_whole_range_is_lost(void **state)
{
    uint64_t lost;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 200);
    reshare(WIDE + 300, 100);
    for (uint32_t i = 0; i < 200; i += 2)
        machine.model.visibility.of[WIDE + i] = PV_HV_VISIBILITY_PRIVATE;
    machine.os.grace.held = true;
    share_starve(0);
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, NULL), PV_OK);
    share_feed();
    assert_true(lost > 100);
    assert_int_equal(shares.leaked, lost);
    assert_int_equal(unknown_pages(), lost);
    for (uint64_t page = WIDE; page < WIDE + 200; page++)
        assert_true(state_of(page) == PV_MEM_UNKNOWN || machine.model.visibility.of[page] == 3);
    assert_states(WIDE + 300, WIDE + 400, PV_MEM_SHARED);
}

static void what_cannot_be_asked_is_not_lost(void **state)
{
    const struct pv_mem_region some = { P(WIDE), 20, PV_MEM_VA_NONE, 1, PV_MEM_SHARED };
    static struct snapshot before;
    struct pv_hv_result result;
    uint64_t lost;

    (void)state;
    share_up_kvm();
    assert_status(pv_mem_map_add(&shares.ranges, &some), PV_OK);
    snap(&before);
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, &result), PV_UNSUPPORTED);
    assert_int_equal(lost, 0);
    assert_as_before(&before);
    assert_int_equal(share_down(NULL), 0);

    share_up_hyperv();
    reshare(WIDE, 20);
    snap(&before);
    machine.model.visibility.of[WIDE + 19] = before.visibility[WIDE + 19] = 2;
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, &result), PV_MALFORMED);
    machine.model.refuse = PV_HV_STATUS_ACCESS_DENIED;
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, &result), PV_DENIED);
    assert_int_equal(result.status, PV_HV_STATUS_ACCESS_DENIED);
    assert_int_equal(lost, 0);
    assert_as_before(&before);
    machine.model.refuse = 0;
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_mem_reconcile(&vp, &shares, &lost, &result), PV_BAD_STATE);
}

/* ---- taking all back ---- */

static void all_is_taken_back(void **state)
{
    (void)state;
    for (unsigned kvm = 0; kvm < HOSTS; kvm++) {
        uint64_t left = 1, lost;

        share_up(kvm);
        assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_OK);
        assert_int_equal(left, 0);
        shares.ended = false;
        reshare(WIDE, 600);
        reshare(WIDE + 700, 1);
        reshare(WIDE + 701, 700);
        machine.os.allocs = 0;
        assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_OK);
        assert_int_equal(left, 0);
        assert_visible(0, PAGES, PV_HV_VISIBILITY_PRIVATE);
        assert_int_equal(machine.os.allocs, 0);
        assert_states(WIDE, WIDE + 600, PV_MEM_SHARED); /* the map is not touched */

        assert_status(share(WIDE, 1), PV_BAD_STATE);
        assert_status(unshare(WIDE, 1), PV_BAD_STATE);
        assert_status(pv_mem_reconcile(&vp, &shares, &lost, NULL), PV_BAD_STATE);
        assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_OK);
        assert_int_equal(left, 0);
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void pages_that_fail_are_counted_and_left_behind(void **state)
{
    uint64_t left;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 600);
    reshare(WIDE + 700, 3);
    refuse_none();
    refusal.page[1][WIDE] = refusal.page[1][WIDE + 509] = refusal.page[1][WIDE + 510] = true;
    refusal.page[1][WIDE + 599] = refusal.page[1][WIDE + 702] = true;
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_LEAKED);
    assert_int_equal(left, 5);
    for (uint64_t page = 0; page < PAGES; page++)
        assert_int_equal(machine.model.visibility.of[page], refusal.page[1][page] ? 3 : 0);
    refuse_none();
    refusal.page[1][WIDE + 599] = true;
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_LEAKED);
    assert_int_equal(left, 1);
    refuse_none();
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_OK);
    assert_visible(0, PAGES, PV_HV_VISIBILITY_PRIVATE);
}

/* As many tries as a call has, for each call and not for each page. */
static void a_host_that_wants_time_for_ever_does_not_get_it(void **state)
{
    uint64_t left, made;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 1200);
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    made = sim_calls(&machine);
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_LEAKED);
    assert_int_equal(left, 1200);
    assert_int_equal(sim_calls(&machine) - made, 3 * (PV_CONFIG_HV_TIMEOUT_RETRIES + 1));
    machine.model.behaviour = SIM_HONEST;
}

/* Nothing of a range is believed to be private if KVM refused some of it. */
static void kvm_leaves_whole_ranges(void **state)
{
    uint64_t left;

    (void)state;
    share_up_kvm();
    if (HOSTS < 2)
        return;
    reshare(WIDE, 60);
    reshare(WIDE + 60, 3);
    refuse_none();
    refusal.page[1][WIDE + 30] = true;
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_LEAKED);
    assert_int_equal(left, 60);
    assert_visible(WIDE + 60, WIDE + 63, PV_HV_VISIBILITY_PRIVATE);
}

static void half_changed_and_leaked_pages_are_taken_back_too(void **state)
{
    uint64_t left;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 4);
    reshare(WIDE + 10, 4);
    reshare(WIDE + 20, 4);
    assert_status(pv_mem_map_set_flags(&shares.ranges, P(WIDE) / 4096, PV_MEM_CHANGING), PV_OK);
    assert_status(pv_mem_map_set_flags(&shares.ranges, P(WIDE + 10) / 4096, PV_MEM_UNKNOWN), PV_OK);
    assert_status(pv_mem_map_set_flags(&shares.ranges, P(WIDE + 20) / 4096, PV_MEM_PRIVATE), PV_OK);
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_OK);
    assert_int_equal(left, 0);
    assert_visible(WIDE, WIDE + 14, PV_HV_VISIBILITY_PRIVATE);
    assert_visible(WIDE + 20, WIDE + 24, PV_HV_VISIBILITY_SHARED); /* that one was said to be */
}

static void where_it_cannot_be_asked_for_all_is_left(void **state)
{
    uint64_t left;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 40);
    guest.detect.hyperv.privileges &= ~(1ull << PV_HV_PRIVILEGE_ISOLATION);
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_UNSUPPORTED);
    assert_int_equal(left, 40);
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_mem_unshare_all(&vp, &shares, &left), PV_BAD_STATE);
    assert_int_equal(left, 40);
}

/* ---- in the middle of a change ---- */

/* The panic: at the n-th hypercall from now on, before or after the host has done what it is
 * for. */
struct panic {
    uint32_t countdown;
    bool after;
    bool happened;
};

/* All that is left is what this host never makes private. */
static void panic_now(struct panic *panic)
{
    const uint32_t allocs = machine.os.allocs, frees = machine.os.frees;
    uint64_t left, refused = 0;
    enum pv_status status;

    panic->happened = true;
    status = pv_mem_unshare_all(&vp, &shares, &left);
    for (uint64_t page = 0; page < PAGES; page++) {
        refused += refusal.page[1][page];
        if (!refusal.page[1][page])
            assert_int_equal(machine.model.visibility.of[page], PV_HV_VISIBILITY_PRIVATE);
    }
    assert_int_equal(left, refused);
    assert_status(status, refused != 0 ? PV_LEAKED : PV_OK);
    assert_int_equal(machine.os.allocs, allocs);
    assert_int_equal(machine.os.frees, frees);
}

static bool panicking(void *context, struct sim_machine *on, struct sim_registers *registers,
                      uint64_t *result)
{
    struct panic *panic = (struct panic *)context;

    if (panic->happened || --panic->countdown != 0)
        return false;
    if (panic->after)
        *result = sim_model_call(&on->model, 0, registers);
    panic_now(panic);
    return panic->after;
}

/* Two calls to change, of which the second fails, two to change back. */
static void a_change_is_interrupted(bool shared, struct panic *panic)
{
    share_up_hyperv();
    reshare(WIDE + 3, 900);
    reshare(WIDE + 1500, 3);
    refuse_none();
    refusal.page[!shared][WIDE + (shared ? 1599 : 1502)] = true;
    machine.hooks.call = panicking;
    machine.hooks.context = panic;
    if (shared)
        (void)!share(WIDE, 1600);
    else
        (void)!unshare(WIDE + 10, 1600);
    machine.hooks.call = NULL;
}

/* What goes on behind it is of no matter: nobody does after a panic. */
static void in_the_middle_of_a_change_no_page_is_missed(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 4; how++)
        for (uint32_t n = 1; n <= 5; n++) {
            struct panic panic = { .countdown = n, .after = how / 2 };

            a_change_is_interrupted(how % 2, &panic);
            assert_int_equal(panic.happened, n <= 4);
            assert_int_equal(share_down(NULL), 0);
        }
    share_up_hyperv();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(a_host_that_agrees_changes_nothing),
        SHARE_TEST(pages_that_the_host_calls_otherwise_are_lost),
        SHARE_TEST(without_memory_the_whole_range_is_lost),
        SHARE_TEST(what_cannot_be_asked_is_not_lost),
        SHARE_TEST(all_is_taken_back),
        SHARE_TEST(pages_that_fail_are_counted_and_left_behind),
        SHARE_TEST(a_host_that_wants_time_for_ever_does_not_get_it),
        SHARE_TEST(kvm_leaves_whole_ranges),
        SHARE_TEST(half_changed_and_leaked_pages_are_taken_back_too),
        SHARE_TEST(where_it_cannot_be_asked_for_all_is_left),
        SHARE_TEST(in_the_middle_of_a_change_no_page_is_missed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
