/* SPDX-License-Identifier: MIT */
/* What the host is asked: one call at a time, and which of its answers are believed. */
#include "unit/mem/share.h"

#include "mem/share.h"

static struct pv_mem_walk walk_of(uint64_t page, uint64_t pages)
{
    struct pv_mem_walk walk;

    pv_mem_walk_(&walk, &shares, P(page) / 4096, P(page) / 4096 + pages, PV_MEM_SHARED);
    return walk;
}

static void ranges_of_pages_are_checked(void **state)
{
    (void)state;
    share_up_hyperv();
    assert_true(pv_mem_range_ok_(0, 1));
    assert_true(pv_mem_range_ok_(0, 1ull << 52));
    assert_true(pv_mem_range_ok_(~0ull << 12, 1));
    assert_false(pv_mem_range_ok_(0, 0));
    assert_false(pv_mem_range_ok_(1, 1));
    assert_false(pv_mem_range_ok_(4095, 1));
    assert_false(pv_mem_range_ok_(~0ull << 12, 2));
    assert_false(pv_mem_range_ok_(4096, 1ull << 52));
    assert_false(pv_mem_range_ok_(4096, ~0ull));
}

static void who_may_be_asked_is_found_out(void **state)
{
    (void)state;
    share_up_hyperv();
    assert_status(pv_mem_host_(&vp), PV_OK);
    vp.hv.way_in = NULL; /* it came online before hypercalls were on */
    assert_status(pv_mem_host_(&vp), PV_BAD_STATE);
    vp.hv.way_in = &guest.hv;
    guest.detect.hyperv.privileges = 0;
    assert_status(pv_mem_host_(&vp), PV_UNSUPPORTED);
    assert_int_equal(share_down(NULL), 0);
    share_up_kvm();
    assert_status(pv_mem_host_(&vp), PV_OK);
    guest.detect.kvm.features = 0;
    assert_status(pv_mem_host_(&vp), PV_UNSUPPORTED);
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_mem_host_(&vp), PV_BAD_STATE);
}

/* Two regions, and pages of others in between, which the call does not name. */
static void a_call_names_the_next_pages(void **state)
{
    struct pv_mem_walk walk;
    struct pv_mem_sent sent;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 300);
    reshare(WIDE + 400, 300);
    walk = walk_of(WIDE + 10, 600);
    assert_true(pv_mem_walk_more_(&walk));
    assert_status(pv_mem_send_(&vp, &walk, 5, false, &sent), PV_OK);
    assert_int_equal(sent.sure, 5);
    assert_int_equal(sent.maybe, 5);
    assert_int_equal(sent.failed, 0);
    assert_visible(WIDE + 10, WIDE + 15, PV_HV_VISIBILITY_PRIVATE);
    assert_int_equal(machine.model.visibility.changed, 605);
    assert_int_equal(machine.model.seen.fixed[8], PV_HV_VISIBILITY_PRIVATE);
    assert_status(pv_mem_send_(&vp, &walk, ~0ull, false, &sent), PV_OK);
    assert_int_equal(sent.sure, 500);
    assert_int_equal(sent.result.reps, 500);
    assert_visible(WIDE + 400, WIDE + 610, PV_HV_VISIBILITY_PRIVATE);
    assert_visible(WIDE + 610, WIDE + 700, PV_HV_VISIBILITY_SHARED);
    assert_visible(WIDE, WIDE + 10, PV_HV_VISIBILITY_SHARED);
}

static void what_failed_is_told_from_what_did_not(void **state)
{
    struct pv_mem_walk walk;
    struct pv_mem_sent sent;

    (void)state;
    share_up_hyperv();
    reshare(WIDE, 300);
    walk = walk_of(WIDE, 300);
    assert_true(pv_mem_walk_more_(&walk));
    refuse_none();
    refusal.page[1][WIDE + 7] = true;
    assert_status(pv_mem_send_(&vp, &walk, ~0ull, false, &sent), PV_DENIED);
    assert_int_equal(sent.sure, 7);
    assert_int_equal(sent.maybe, 7);
    assert_int_equal(sent.failed, 1);

    machine.model.behaviour = SIM_TIMEOUT_ALL_DONE;
    assert_status(pv_mem_send_(&vp, &walk, ~0ull, false, &sent), PV_MALFORMED);
    assert_int_equal(sent.sure, 0);
    assert_int_equal(sent.maybe, 300);
    assert_int_equal(sent.failed, 300);

    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    assert_status(pv_mem_send_(&vp, &walk, ~0ull, false, &sent), PV_TIMED_OUT);
    assert_int_equal(sent.sure + sent.maybe, 0);
    assert_int_equal(sent.failed, 300);
    machine.model.behaviour = SIM_HONEST;
}

static void kvm_takes_one_stretch_and_fails_as_a_whole(void **state)
{
    struct pv_mem_walk walk;
    struct pv_mem_sent sent;

    (void)state;
    share_up_kvm();
    if (HOSTS < 2)
        return;
    reshare(WIDE, 300);
    reshare(WIDE + 300, 300);
    walk = walk_of(WIDE + 100, 400);
    assert_true(pv_mem_walk_more_(&walk));
    assert_status(pv_mem_send_(&vp, &walk, 30, false, &sent), PV_OK);
    assert_int_equal(sent.sure, 30);
    assert_int_equal(sent.failed, 0);
    assert_visible(WIDE + 100, WIDE + 130, PV_HV_VISIBILITY_PRIVATE);
    assert_status(pv_mem_send_(&vp, &walk, ~0ull, false, &sent), PV_OK);
    assert_int_equal(sent.sure, 200);
    refuse_none();
    refusal.page[0][WIDE + 105] = true;
    assert_status(pv_mem_send_(&vp, &walk, ~0ull, true, &sent), PV_REFUSED);
    assert_int_equal(sent.sure, 0);
    assert_int_equal(sent.maybe, 200);
    assert_int_equal(sent.failed, 200);
    guest.detect.kvm.features = 0;
    assert_status(pv_mem_send_(&vp, &walk, ~0ull, true, &sent), PV_UNSUPPORTED);
    assert_int_equal(sent.sure + sent.maybe, 0);
    assert_int_equal(sent.failed, 200);
}

/* ---- questions ---- */

static void every_page_is_asked_for(void **state)
{
    static uint8_t visibility[1201];
    struct pv_hv_result result;

    (void)state;
    share_up_hyperv();
    for (uint32_t i = 0; i < PAGES; i++)
        machine.model.visibility.of[i] = (uint8_t)(i % 3 + i % 3 / 2);
    memset(visibility, 0xEE, sizeof(visibility));
    assert_status(pv_mem_query(&vp, P(WIDE), 1200, visibility, &result), PV_OK);
    for (uint32_t i = 0; i < 1200; i++)
        assert_int_equal(visibility[i], machine.model.visibility.of[WIDE + i]);
    assert_int_equal(visibility[1200], 0xEE);
    assert_int_equal(result.status, 0);
    /* Nine bytes a page: 454 in a call. */
    assert_int_equal(result.reps, 1200 - 2 * 454);
    assert_int_equal(machine.model.visibility.changed, 0);
    assert_int_equal(share_down(NULL), 0);

    share_up_without(SIM_HYPERV_ARM64, OS_ID, 0); /* in registers */
    assert_status(pv_mem_query(&vp, P(WIDE), 3, visibility, NULL), PV_OK);
    assert_int_equal(visibility[0] | visibility[1] | visibility[2], PV_HV_VISIBILITY_PRIVATE);
}

static void no_other_answers_are_taken(void **state)
{
    static const uint8_t strange[] = { 2, 4, 7, 0x80, 0xFF };
    uint8_t visibility[3];

    (void)state;
    share_up_hyperv();
    for (uint32_t i = 0; i < 3; i++)
        for (size_t n = 0; n < sizeof(strange); n++) {
            machine.model.visibility.of[WIDE + i] = strange[n];
            assert_status(pv_mem_query(&vp, P(WIDE), 3, visibility, NULL), PV_MALFORMED);
            machine.model.visibility.of[WIDE + i] = 0;
        }
    machine.model.behaviour = SIM_ONES_OUTPUT;
    assert_status(pv_mem_query(&vp, P(WIDE), 3, visibility, NULL), PV_MALFORMED);
    machine.model.behaviour = SIM_NO_PROGRESS;
    assert_status(pv_mem_query(&vp, P(WIDE), 3, visibility, NULL), PV_MALFORMED);
}

static void a_query_that_cannot_be_made_says_why(void **state)
{
    struct pv_hv_result result = { 1, 1 };
    uint8_t visibility[2];

    (void)state;
    share_up_hyperv();
    assert_status(pv_mem_query(&vp, P(WIDE), 0, visibility, &result), PV_INVALID);
    assert_status(pv_mem_query(&vp, P(WIDE) + 8, 1, visibility, &result), PV_INVALID);
    assert_status(pv_mem_query(&vp, ~0ull << 12, 2, visibility, &result), PV_INVALID);
    assert_int_equal(result.status + result.reps, 0);
    assert_status(pv_mem_query(&vp, ~0ull << 12, 1, visibility, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_PARAMETER);
    machine.model.refuse = PV_HV_STATUS_ACCESS_DENIED;
    assert_status(pv_mem_query(&vp, P(WIDE), 1, visibility, &result), PV_DENIED);
    machine.model.refuse = 0;
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_mem_query(&vp, P(WIDE), 1, visibility, NULL), PV_BAD_STATE);
    assert_int_equal(share_down(NULL), 0);
    share_up_kvm();
    assert_status(pv_mem_query(&vp, P(WIDE), 1, visibility, NULL), PV_UNSUPPORTED);
}

/* Where two calls are open already there is no memory for a third. */
static void in_the_third_call_nothing_can_be_asked(void **state)
{
    struct pv_hv_args inner;
    uint8_t visibility[1];

    (void)state;
    share_up_nested();
    assert_status(pv_mem_query(&vp, P(WIDE), 1, visibility, NULL), PV_OK);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &inner), PV_OK);
    assert_status(pv_mem_query(&vp, P(WIDE), 1, visibility, NULL), PV_BUSY);
    assert_status(pv_hv_end(&vp, &inner), PV_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(ranges_of_pages_are_checked),
        SHARE_TEST(who_may_be_asked_is_found_out),
        SHARE_TEST(a_call_names_the_next_pages),
        SHARE_TEST(what_failed_is_told_from_what_did_not),
        SHARE_TEST(kvm_takes_one_stretch_and_fails_as_a_whole),
        SHARE_TEST(every_page_is_asked_for),
        SHARE_TEST(no_other_answers_are_taken),
        SHARE_TEST(a_query_that_cannot_be_made_says_why),
        SHARE_TEST(in_the_third_call_nothing_can_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
