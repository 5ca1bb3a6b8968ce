/* SPDX-License-Identifier: MIT */
/* Changes of visibility that fail, at any point, and what is left of them then. */
#include "unit/mem/share.h"

static struct snapshot before;

/* ---- failures that are undone ---- */

/* Shared pages and holes; pages with no, one and several aliases. */
#define SPAN 80u

static void patchwork(bool kvm)
{
    if (kvm)
        share_up_kvm();
    else
        share_up_nested();
    share_cover(WIDE, SPAN);
    for (uint32_t page = 0; page < SPAN; page++)
        for (uint32_t n = 0; n < page % 4; n++)
            share_map(WIDE + page, n);
    reshare(WIDE + 3, 2);
    reshare(WIDE + 5, 24);
    reshare(WIDE + 40, 1);
    reshare(WIDE + 43, 15);
    refuse_none();
    snap(&before);
}

/* Taken back is what lies in 7..PARTS: of the first and the last range a part. */
#define PARTS 56u

static enum pv_status change(bool shared, struct pv_hv_result *result)
{
    if (shared)
        return pv_mem_share(&vp, &shares, P(WIDE), SPAN, PV_MEM_KEEP, result);
    return pv_mem_unshare(&vp, &shares, P(WIDE + 7), PARTS - 7, result);
}

static bool concerned(bool shared, uint64_t page)
{
    if (state_of(page) != (shared ? 0 : PV_MEM_SHARED))
        return false;
    return shared || (page >= WIDE + 7 && page < WIDE + PARTS);
}

static void at_every_element_it_is_undone(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 2 * HOSTS; how++) {
        const bool kvm = how / 2, shared = how % 2;
        uint32_t places = 0;

        patchwork(kvm);
        for (uint64_t page = WIDE; page < WIDE + SPAN; page++) {
            struct pv_hv_result result;

            if (!concerned(shared, page))
                continue;
            refuse_none();
            refusal.page[!shared][page] = true;
            assert_status(change(shared, &result), kvm ? PV_REFUSED : PV_DENIED);
            assert_int_equal(result.status, kvm ? 0 : PV_HV_STATUS_OPERATION_DENIED);
            assert_int_equal(result.reps, kvm ? 0 : places % NESTED_PAGES);
            assert_as_before(&before);
            places++;
        }
        assert_int_equal(places, shared ? 38 : 36);
        refuse_none();
        assert_status(change(shared, NULL), PV_OK);
        assert_consistent();
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

/* The whole argument page: 510 pages in each call. */
static void at_every_element_of_large_batches_it_is_undone(void **state)
{
    (void)state;
    share_up_hyperv();
    reshare(WIDE + 700, 5);
    reshare(WIDE + 1300, 1200);
    refuse_none();
    snap(&before);
    for (uint64_t i = 0; i < 1200; i++) {
        const uint64_t page = WIDE + i + (i < 700 ? 0 : 5);

        refusal.page[0][page] = true;
        assert_status(share(WIDE, 1205), PV_DENIED);
        refusal.page[0][page] = false;
        refusal.page[1][WIDE + 1300 + i] = true;
        assert_status(unshare(WIDE + 1200, 2000), PV_DENIED);
        refusal.page[1][WIDE + 1300 + i] = false;
        assert_as_before(&before);
    }
}

static void without_memory_nothing_has_changed(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 2 * HOSTS; how++) {
        const bool kvm = how / 2, shared = how % 2;
        enum pv_status status = PV_NO_MEMORY;
        uint32_t allocs = 0;

        patchwork(kvm);
        machine.os.grace.held = true; /* no memory of old maps either */
        while (status != PV_OK) {
            machine.os.fail.alloc = ++allocs;
            status = change(shared, NULL);
            if (status == PV_OK)
                break;
            assert_status(status, PV_NO_MEMORY);
            assert_as_before(&before);
            assert_int_equal(shares.stale, 0);
        }
        machine.os.fail.alloc = 0;
        assert_consistent();
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

/* What is private again stays in the map for want of memory, and goes later. */
static void a_region_that_cannot_go_goes_later(void **state)
{
    (void)state;
    share_up_hyperv();
    for (uint32_t page = 1; page < 100; page += 2)
        reshare(WIDE + page, 1);
    refuse_none();
    snap(&before);
    refusal.starves = true;
    refusal.page[0][WIDE + 100] = true;
    assert_status(share(WIDE, 101), PV_DENIED);
    assert_as_before(&before);
    assert_true(shares.stale > 0);
    assert_status(unshare(WIDE + 3, 1), PV_NO_MEMORY);
    assert_status(share(WIDE + 3, 1), PV_NO_MEMORY);
    assert_as_before(&before);
    share_feed();
    refuse_none();
    reshare(WIDE, 101);
    assert_int_equal(shares.stale, 0);
    assert_int_equal(pv_mem_map_count(&shares.ranges), 101);
    assert_consistent();
}

/* To take back whole ranges no memory is needed at all. */
static void whole_ranges_are_taken_back_without_memory(void **state)
{
    (void)state;
    share_up_hyperv();
    for (uint32_t page = 0; page < 100; page++)
        reshare(WIDE + page, 1);
    machine.os.grace.held = true;
    share_starve(0);
    assert_status(unshare(WIDE + 10, 80), PV_OK);
    assert_states(WIDE, WIDE + 10, PV_MEM_SHARED);
    assert_states(WIDE + 10, WIDE + 90, 0);
    assert_consistent();
    assert_true(shares.stale > 0);
    share_feed();
    assert_status(unshare(WIDE, 1), PV_OK);
    assert_int_equal(pv_mem_map_count(&shares.ranges), 19);
}

static void an_alias_that_cannot_be_unmapped_stops_it(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 2 * HOSTS; how++) {
        const bool shared = how % 2;
        uint32_t aliases_tried = 0;
        uint64_t made;

        patchwork(how / 2);
        for (uint64_t page = WIDE; page < WIDE + SPAN; page++)
            for (uint32_t n = 0; n < (page - WIDE) % 4 && concerned(shared, page); n++) {
                made = sim_calls(&machine) + machine.kvm.calls;
                machine.os.fail.alias = ++aliases_tried;
                assert_status(change(shared, NULL), PV_BAD_ADDRESS);
                assert_int_equal(sim_calls(&machine) + machine.kvm.calls, made);
                assert_as_before(&before);
            }
        assert_true(aliases_tried > 20);
        machine.os.fail.alias = aliases_tried + 1;
        assert_status(change(shared, NULL), PV_OK);
        machine.os.fail.alias = 0;
        assert_consistent();
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void a_page_that_cannot_be_zeroed_stops_it(void **state)
{
    uint64_t page;

    (void)state;
    share_up_hyperv();
    page = full_pages(5);
    share_cover(page, 5);
    share_map(page, 0);
    share_map(page + 4, 0);
    snap(&before);
    for (uint32_t n = 1; n <= 5; n++) {
        machine.os.fail.map = n;
        assert_status(pv_mem_share(&vp, &shares, P(page), 5, 0, NULL), PV_BAD_ADDRESS);
        assert_as_before(&before);
    }
    machine.os.fail.map = 1;
    assert_status(share(page, 5), PV_OK); /* contents are for the host: not mapped */
    assert_status(unshare(page, 5), PV_OK);
    assert_int_equal(machine.os.fail.map, 1);
    machine.os.fail.map = 0;
    free_pages(page, 5);
}

/* ---- what cannot be undone ---- */

/* Pages at which the undo fails: one, every other, all. */
static void refuse_undo(bool shared, unsigned pattern)
{
    for (uint64_t page = WIDE; page < WIDE + SPAN; page++)
        refusal.page[shared][page] = pattern == SPAN     ? true
                                     : pattern > SPAN ? page % 2 == 0
                                                      : page == WIDE + pattern;
}

/* All is as before, but for those pages: they are known to be unknown. */
static void assert_leaked(bool shared, uint64_t failed)
{
    uint64_t leaked = 0;

    for (uint64_t page = 0; page < PAGES; page++) {
        const bool tried = page >= WIDE + 7 * !shared && page < failed &&
                           before.visibility[page] == (shared ? 0 : 3);
        const bool lost = tried && refusal.page[shared][page];

        leaked += lost;
        if (lost)
            assert_int_equal(state_of(page), PV_MEM_UNKNOWN);
        else
            assert_int_equal(machine.model.visibility.of[page], before.visibility[page]);
    }
    assert_int_equal(unknown_pages(), leaked);
    assert_int_equal(shares.leaked, leaked);
    assert_consistent();
}

static void pages_that_stay_changed_are_leaked(void **state)
{
    (void)state;
    for (unsigned shared = 0; shared < 2; shared++)
        for (uint64_t page = WIDE; page < WIDE + SPAN; page++)
            for (unsigned pattern = 0; pattern < SPAN + 2; pattern++) {
                enum pv_status status;

                patchwork(false);
                if (concerned(shared, page)) {
                    refusal.page[!shared][page] = true;
                    refuse_undo(shared, pattern);
                    status = change(shared, NULL);
                    assert_int_equal(status, shares.leaked != 0 ? PV_LEAKED : PV_DENIED);
                    assert_leaked(shared, page);
                }
                assert_int_equal(share_down(NULL), 0);
            }
    share_up_hyperv();
}

/* KVM says nothing of how far it came: what was in one call is leaked together. */
static void kvm_leaks_whole_stretches(void **state)
{
    (void)state;
    patchwork(HOSTS == 2);
    if (HOSTS < 2)
        return;
    refusal.page[0][WIDE + 79] = true; /* the last stretch is 58..79 */
    refusal.page[1][WIDE + 35] = true; /* in 29..39 */
    assert_status(change(true, NULL), PV_LEAKED);
    assert_states(WIDE + 29, WIDE + 40, PV_MEM_UNKNOWN);
    assert_int_equal(unknown_pages(), 11);
    assert_int_equal(shares.leaked, 11);
    assert_states(WIDE, WIDE + 3, 0);
    assert_states(WIDE + 58, WIDE + 80, 0);
    assert_consistent();
}

static void leaked_pages_are_not_touched_again(void **state)
{
    uint64_t made;

    (void)state;
    patchwork(false);
    refusal.page[0][WIDE + 2] = true;
    refusal.page[1][WIDE + 1] = true;
    assert_status(change(true, NULL), PV_LEAKED);
    assert_int_equal(shares.leaked, 1);
    refuse_none();
    snap(&before);
    made = sim_calls(&machine);
    assert_status(share(WIDE + 1, 1), PV_LEAKED);
    assert_status(share(WIDE, 5), PV_LEAKED);
    assert_status(unshare(WIDE, SPAN), PV_LEAKED);
    assert_int_equal(sim_calls(&machine), made);
    assert_as_before(&before);
    assert_status(share(WIDE, 1), PV_OK);
    assert_status(unshare(WIDE + 2, SPAN), PV_OK);
    assert_consistent();
}

/* So are pages that somebody died over. */
static void half_changed_pages_are_not_touched(void **state)
{
    (void)state;
    share_up_hyperv();
    reshare(WIDE, 4);
    assert_status(pv_mem_map_set_flags(&shares.ranges, P(WIDE) / 4096, PV_MEM_CHANGING), PV_OK);
    assert_status(share(WIDE + 3, 2), PV_LEAKED);
    assert_status(unshare(WIDE, 1), PV_LEAKED);
    assert_int_equal(shares.leaked, 0);
}

/* Without memory to cut out what is unknown more becomes so, but never less, and all is told. */
static void without_memory_more_is_leaked(void **state)
{
    (void)state;
    for (unsigned shared = 0; shared < 2; shared++) {
        uint64_t failed = 0;

        patchwork(false);
        refusal.starves = true;
        refusal.page[!shared][WIDE + (shared ? 79 : 55)] = true;
        for (uint64_t page = WIDE; page < WIDE + SPAN; page += 2)
            refusal.page[shared][page] = true;
        for (uint64_t page = WIDE; page < WIDE + (shared ? 79 : 55); page += 2)
            failed += concerned(shared, page);
        assert_status(change(shared, NULL), PV_LEAKED);
        share_feed();
        assert_int_equal(shares.leaked, unknown_pages());
        assert_true(shares.leaked > failed);
        for (uint64_t page = WIDE; page < WIDE + SPAN; page++)
            if (machine.model.visibility.of[page] != before.visibility[page])
                assert_int_equal(state_of(page), PV_MEM_UNKNOWN);
        assert_consistent();
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

/* ---- a host that breaks the rules ---- */

/* Whatever it answers: each page that it sees is written down, and it ends. */
static void assert_nothing_lost(void)
{
    for (uint64_t page = 0; page < PAGES; page++)
        if (machine.model.visibility.of[page] != 0)
            assert_true((state_of(page) & (PV_MEM_SHARED | PV_MEM_UNKNOWN)) != 0);
}

static void whatever_the_host_answers_nothing_is_lost(void **state)
{
    (void)state;
    for (unsigned behaviour = 0; behaviour <= SIM_RANDOM; behaviour++)
        for (uint32_t after = 0; after < 6; after++) {
            enum pv_status status;

            share_up_nested();
            reshare(WIDE + 20, 5);
            machine.model.behave_after = (uint32_t)sim_calls(&machine) + after;
            machine.model.seed = 77 + after;
            machine.model.behaviour = (enum sim_behaviour)behaviour;
            status = share(WIDE, 100);
            if (status == PV_OK)
                assert_states(WIDE, WIDE + 100, PV_MEM_SHARED);
            if (behaviour != SIM_RANDOM) /* may say that it took back what it did not */
                assert_nothing_lost();
            assert_int_equal(unknown_pages(), shares.leaked);
            assert_true(sim_calls(&machine) < 3000);
            machine.model.behaviour = SIM_HONEST;
            machine.model.complaint = NULL;
            assert_int_equal(share_down(NULL), 0);
        }
    share_up_hyperv();
}

/* An answer that breaks the rules leaves open what it did with the whole call: all of it is
 * undone. */
static void after_a_bad_answer_the_whole_call_is_undone(void **state)
{
    struct pv_hv_result result;

    (void)state;
    share_up_nested();
    machine.model.behave_after = (uint32_t)sim_calls(&machine) + 1;
    machine.model.behaviour = SIM_REPS_ABOVE;
    assert_status(pv_mem_share(&vp, &shares, P(WIDE), 50, PV_MEM_KEEP, &result), PV_LEAKED);
    /* 30 were shared by the first call, and cannot be brought back; 20 may have been by the
     * second. */
    assert_int_equal(shares.leaked, 50);
    assert_states(WIDE, WIDE + 50, PV_MEM_UNKNOWN);
    machine.model.behaviour = SIM_HONEST;
}

/* ---- random ---- */

static uint32_t roll(uint64_t *seed, uint32_t sides)
{
    return (uint32_t)(sim_random(seed) >> 33) % sides;
}

static void random_refusals(uint64_t *seed)
{
    refuse_none();
    for (uint32_t n = roll(seed, 4); n > 0; n--)
        refusal.page[roll(seed, 2)][WIDE + roll(seed, SPAN)] = true;
}

static void any_sequence_leaves_everything_consistent(void **state)
{
    uint64_t seed = 0x5EED;

    (void)state;
    for (unsigned kvm = 0; kvm < HOSTS; kvm++)
        for (uint32_t round = 0; round < 30; round++) {
            patchwork(kvm);
            for (uint32_t step = 0; step < 40; step++) {
                const uint32_t page = roll(&seed, SPAN), pages = 1 + roll(&seed, SPAN - page);
                const uint64_t leaked = shares.leaked;
                enum pv_status status;

                random_refusals(&seed);
                machine.os.fail.alloc = roll(&seed, 4) == 0 ? 1 + roll(&seed, 3) : 0;
                machine.os.fail.alias = roll(&seed, 4) == 0 ? 1 + roll(&seed, 9) : 0;
                snap(&before);
                if (roll(&seed, 2) == 0)
                    status = share(WIDE + page, pages);
                else
                    status = unshare(WIDE + page, pages);
                if (status != PV_OK && shares.leaked == leaked)
                    assert_as_before(&before);
                assert_true(status != PV_OK || shares.leaked == leaked);
                assert_int_equal(unknown_pages(), shares.leaked);
                assert_consistent();
            }
            assert_int_equal(share_down(NULL), 0);
        }
    share_up_hyperv();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(at_every_element_it_is_undone),
        SHARE_TEST(at_every_element_of_large_batches_it_is_undone),
        SHARE_TEST(without_memory_nothing_has_changed),
        SHARE_TEST(a_region_that_cannot_go_goes_later),
        SHARE_TEST(whole_ranges_are_taken_back_without_memory),
        SHARE_TEST(an_alias_that_cannot_be_unmapped_stops_it),
        SHARE_TEST(a_page_that_cannot_be_zeroed_stops_it),
        SHARE_TEST(pages_that_stay_changed_are_leaked),
        SHARE_TEST(kvm_leaks_whole_stretches),
        SHARE_TEST(leaked_pages_are_not_touched_again),
        SHARE_TEST(half_changed_pages_are_not_touched),
        SHARE_TEST(without_memory_more_is_leaked),
        SHARE_TEST(whatever_the_host_answers_nothing_is_lost),
        SHARE_TEST(after_a_bad_answer_the_whole_call_is_undone),
        SHARE_TEST(any_sequence_leaves_everything_consistent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
