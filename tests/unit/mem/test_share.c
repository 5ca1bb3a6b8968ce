/* SPDX-License-Identifier: MIT */
/* Changes of visibility that are done, and those that are refused before anything happens. */
#include "unit/mem/share.h"

#define MAP(...) ((const uint64_t[][3]){ __VA_ARGS__ })
#define assert_map(...) \
    assert_ranges(MAP(__VA_ARGS__), sizeof(MAP(__VA_ARGS__)) / sizeof(MAP(__VA_ARGS__)[0]))

static struct snapshot before;

static bool holds(uint64_t page, uint8_t byte)
{
    const uint8_t *bytes = machine.ram[page];

    return bytes[0] == byte && memcmp(bytes, bytes + 1, PV_PAGE_BYTES - 1) == 0;
}

/* ---- what is done ---- */

static void pages_are_zeroed_shared_and_taken_back(void **state)
{
    (void)state;
    for (unsigned kvm = 0; kvm < HOSTS; kvm++) {
        uint64_t page;

        share_up(kvm);
        page = full_pages(4);
        share_cover(page, 4);
        for (uint32_t i = 0; i < 9; i++)
            share_map(page + i % 3, i / 3);
        assert_status(pv_mem_share(&vp, &shares, P(page), 4, 0, NULL), PV_OK);
        assert_map({ page, 4, PV_MEM_SHARED });
        assert_visible(page, page + 4, PV_HV_VISIBILITY_SHARED);
        assert_true(holds(page, 0) && holds(page + 3, 0));
        assert_int_equal(machine.model.visibility.revealed, 0);
        assert_int_equal(machine.model.visibility.changed, 4);
        assert_int_equal(machine.os.aliases.unmaps, 9);
        assert_consistent();

        assert_status(unshare(page, 4), PV_OK);
        assert_int_equal(pv_mem_map_count(&shares.ranges), 0);
        assert_consistent();
        free_pages(page, 4);
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void contents_for_the_host_are_kept(void **state)
{
    uint64_t page;

    (void)state;
    share_up_hyperv();
    page = full_pages(2);
    assert_status(share(page, 2), PV_OK);
    assert_true(holds(page, 0xA5) && holds(page + 1, 0xA5));
    assert_int_equal(machine.model.visibility.revealed, 2);
    assert_status(unshare(page, 2), PV_OK);
    assert_true(holds(page, 0xA5));
    free_pages(page, 2);
}

static void ranges_stay_as_they_were_shared(void **state)
{
    (void)state;
    share_up_hyperv();
    assert_status(share(WIDE + 4, 4), PV_OK);
    assert_status(share(WIDE, 4), PV_OK);
    assert_status(share(WIDE + 8, 1), PV_OK);
    assert_map({ WIDE, 4, PV_MEM_SHARED }, { WIDE + 4, 4, PV_MEM_SHARED },
               { WIDE + 8, 1, PV_MEM_SHARED });
}

static void what_is_shared_is_left_alone(void **state)
{
    struct pv_hv_result result = { 1, 1 };

    (void)state;
    for (unsigned kvm = 0; kvm < HOSTS; kvm++) {
        share_up(kvm);
        assert_status(share(WIDE + 2, 2), PV_OK);
        assert_status(share(WIDE + 6, 1), PV_OK);
        assert_status(share(WIDE, 8), PV_OK);
        assert_map({ WIDE, 2, PV_MEM_SHARED }, { WIDE + 2, 2, PV_MEM_SHARED },
                   { WIDE + 4, 2, PV_MEM_SHARED }, { WIDE + 6, 1, PV_MEM_SHARED },
                   { WIDE + 7, 1, PV_MEM_SHARED });
        assert_status(share(WIDE + 1, 6), PV_OK);
        assert_int_equal(machine.model.visibility.changed, 8);
        assert_int_equal(machine.model.visibility.unchanged, 0);
        assert_status(unshare(WIDE, 8), PV_OK);
        assert_status(unshare(WIDE, 8), PV_OK);
        assert_int_equal(machine.model.visibility.unchanged, 0);
        assert_status(pv_mem_unshare(&vp, &shares, P(WIDE), 8, &result), PV_OK);
        assert_int_equal(result.status, 0);
        assert_int_equal(result.reps, 0);
        assert_consistent();
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void a_part_is_taken_back(void **state)
{
    (void)state;
    for (unsigned kvm = 0; kvm < HOSTS; kvm++) {
        share_up(kvm);
        reshare(WIDE, 10);
        reshare(WIDE + 10, 10);
        assert_status(unshare(WIDE + 4, 2), PV_OK);
        assert_map({ WIDE, 4, PV_MEM_SHARED }, { WIDE + 6, 4, PV_MEM_SHARED },
                   { WIDE + 10, 10, PV_MEM_SHARED });
        assert_consistent();
        assert_status(unshare(WIDE + 3, 15), PV_OK);
        assert_map({ WIDE, 3, PV_MEM_SHARED }, { WIDE + 18, 2, PV_MEM_SHARED });
        assert_status(unshare(WIDE, 1), PV_OK);
        assert_status(unshare(WIDE + 19, 40), PV_OK);
        assert_map({ WIDE + 1, 2, PV_MEM_SHARED }, { WIDE + 18, 1, PV_MEM_SHARED });
        assert_consistent();
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void as_many_pages_go_with_a_call_as_fit(void **state)
{
    const uint64_t calls[] = { 3, 3 };

    (void)state;
    for (unsigned kvm = 0; kvm < HOSTS; kvm++) {
        struct pv_hv_result result;
        uint64_t made;

        share_up(kvm);
        made = sim_calls(&machine) + machine.kvm.calls;
        reshare(WIDE + 500, 1);
        reshare(WIDE + 1000, 1);
        assert_status(pv_mem_share(&vp, &shares, P(WIDE), 1202, PV_MEM_KEEP, &result), PV_OK);
        /* 1200 pages: 510, 510, 180. KVM: as many as there are stretches. */
        assert_int_equal(sim_calls(&machine) + machine.kvm.calls - made, 2 + calls[kvm]);
        assert_int_equal(result.reps, kvm ? 0 : 180);
        assert_int_equal(machine.model.visibility.changed, 1202);
        assert_int_equal(machine.model.visibility.unchanged, 0);
        assert_visible(WIDE, WIDE + 1202, PV_HV_VISIBILITY_SHARED);
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void every_form_of_the_call_does(void **state)
{
    static const enum sim_kind kinds[] = { SIM_HYPERV_X86, SIM_HYPERV_ARM64, SIM_KVM_X86 };
    static const uint64_t os_ids[] = { OS_ID, OS_ID, 0 };

    (void)state;
    for (size_t i = 0; i < 1 + HOSTS; i++) {
        share_up_without(kinds[i], os_ids[i], 0);
        reshare(WIDE, 5);
        reshare(WIDE + 5, 600);
        assert_visible(WIDE, WIDE + 605, PV_HV_VISIBILITY_SHARED);
        assert_status(unshare(WIDE + 1, 603), PV_OK);
        assert_map({ WIDE, 1, PV_MEM_SHARED }, { WIDE + 604, 1, PV_MEM_SHARED });
        assert_consistent();
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void a_call_that_is_answered_in_steps_is_continued(void **state)
{
    (void)state;
    share_up_hyperv();
    machine.model.step = 7;
    reshare(WIDE, 600);
    machine.model.behaviour = SIM_TIMEOUT_ONCE;
    assert_status(unshare(WIDE + 1, 550), PV_OK);
    assert_consistent();
    assert_int_equal(machine.model.visibility.unchanged, 0);
}

/* Where a hypercall is being made already, with what little memory there is then. */
static void inside_another_call_it_takes_more_calls(void **state)
{
    struct pv_hv_args outer[2];
    uint64_t made;

    (void)state;
    share_up_hyperv();
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &outer[0]), PV_OK);
    made = sim_calls(&machine);
    reshare(WIDE, 61);
    assert_int_equal(sim_calls(&machine) - made, 3); /* 30 each */
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &outer[1]), PV_OK);
    snap(&before);
    assert_status(share(WIDE, 70), PV_BUSY);
    assert_status(unshare(WIDE + 2, 3), PV_BUSY);
    assert_as_before(&before);
    assert_status(pv_hv_end(&vp, &outer[1]), PV_OK);
    assert_status(pv_hv_end(&vp, &outer[0]), PV_OK);
}

static void without_aliases_nothing_is_unmapped(void **state)
{
    (void)state;
    share_up_hyperv();
    pv_mem_shares_init(&shares, NULL);
    reshare(WIDE, 10);
    assert_status(unshare(WIDE, 10), PV_OK);
    assert_int_equal(machine.os.aliases.unmaps + machine.os.aliases.maps, 0);
}

/* ---- what is refused before anything happens ---- */

static void bad_ranges_are_invalid(void **state)
{
    const uint64_t top = ~0ull << 12;

    (void)state;
    share_up_hyperv();
    assert_status(share(WIDE, 0), PV_INVALID);
    assert_status(unshare(WIDE, 0), PV_INVALID);
    assert_status(pv_mem_share(&vp, &shares, P(WIDE) + 1, 1, 0, NULL), PV_INVALID);
    assert_status(pv_mem_unshare(&vp, &shares, P(WIDE) + 2048, 1, NULL), PV_INVALID);
    assert_status(pv_mem_share(&vp, &shares, top, 2, 0, NULL), PV_INVALID);
    assert_status(pv_mem_unshare(&vp, &shares, P(0), ~0ull, NULL), PV_INVALID);
    assert_status(pv_mem_share(&vp, &shares, P(WIDE), 1, 2, NULL), PV_INVALID);
    assert_status(pv_mem_share(&vp, &shares, P(WIDE), 1, 3, NULL), PV_INVALID);
    assert_int_equal(pv_mem_map_count(&shares.ranges), 0);
    /* The last page there is, and all there are: good, but this host has none of them. */
    assert_status(pv_mem_share(&vp, &shares, top, 1, PV_MEM_KEEP, NULL), PV_REFUSED);
    assert_status(pv_mem_unshare(&vp, &shares, 0, 1ull << 52, NULL), PV_OK);
    assert_int_equal(pv_mem_map_count(&shares.ranges), 0);
}

/* No hole follows up to the end of the address space. */
static void the_last_page_may_be_shared_already(void **state)
{
    const struct pv_mem_region last = {
        ~0ull << 12, 1, PV_MEM_VA_NONE, ~0ull >> 12, PV_MEM_SHARED,
    };

    (void)state;
    share_up_hyperv();
    assert_status(pv_mem_map_add(&shares.ranges, &last), PV_OK);
    assert_status(pv_mem_share(&vp, &shares, last.gpa, 1, 0, NULL), PV_OK);
    assert_int_equal(machine.model.visibility.changed, 0);
}

static void without_an_interface_it_is_unsupported(void **state)
{
    static const enum sim_kind kinds[] = { SIM_BARE, SIM_KVM_X86, SIM_HYPERV_X86, SIM_XEN_X86 };
    static const uint64_t os_ids[] = { 0, OS_ID, 0, 0 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        share_up_without(kinds[i], os_ids[i], 0);
        assert_status(share(WIDE, 1), PV_UNSUPPORTED);
        assert_status(unshare(WIDE, 1), PV_UNSUPPORTED);
        assert_int_equal(pv_mem_map_count(&shares.ranges), 0);
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
    guest.detect.hyperv.privileges &= ~(1ull << PV_HV_PRIVILEGE_ISOLATION);
    assert_status(share(WIDE, 1), PV_UNSUPPORTED);
    assert_status(unshare(WIDE, 1), PV_UNSUPPORTED);
}

static void who_is_offline_is_in_a_bad_state(void **state)
{
    (void)state;
    share_up_hyperv();
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(share(WIDE, 1), PV_BAD_STATE);
    assert_status(unshare(WIDE, 1), PV_BAD_STATE);
    assert_int_equal(pv_mem_map_count(&shares.ranges), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(pages_are_zeroed_shared_and_taken_back),
        SHARE_TEST(contents_for_the_host_are_kept),
        SHARE_TEST(ranges_stay_as_they_were_shared),
        SHARE_TEST(what_is_shared_is_left_alone),
        SHARE_TEST(a_part_is_taken_back),
        SHARE_TEST(as_many_pages_go_with_a_call_as_fit),
        SHARE_TEST(every_form_of_the_call_does),
        SHARE_TEST(a_call_that_is_answered_in_steps_is_continued),
        SHARE_TEST(inside_another_call_it_takes_more_calls),
        SHARE_TEST(without_aliases_nothing_is_unmapped),
        SHARE_TEST(bad_ranges_are_invalid),
        SHARE_TEST(the_last_page_may_be_shared_already),
        SHARE_TEST(without_an_interface_it_is_unsupported),
        SHARE_TEST(who_is_offline_is_in_a_bad_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
