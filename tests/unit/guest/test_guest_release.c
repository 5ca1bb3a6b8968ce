/* SPDX-License-Identifier: MIT */
/* pv_guest_release, and the life after it. */
#include "unit/guest/rig.h"

static void release_gives_everything_back_in_either_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++)
        for (unsigned vp_first = 0; vp_first < 2; vp_first++) {
            bring_up(&variants[i]);
            assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
            if (vp_first != 0) {
                assert_int_equal(pv_vp_offline(&vp), PV_OK);
                assert_int_equal(pv_vp_release(&vp), PV_OK);
            }
            assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
            assert_int_equal(pv_vp_release(&vp), PV_OK);
            assert_nothing_is_left();
            assert_int_equal(pv_guest_release(&guest, &vp), PV_BAD_STATE);
            finish();
        }
}

static void release_after_quiesce_tells_nothing_more(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    log_clear();
    assert_int_equal(pv_guest_release(&guest, NULL), PV_OK);
    assert_int_equal(journal.count, 0);
    assert_null(guest.hv.page);
    finish();
}

static void a_released_guest_can_be_initialised_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        bring_up(&variants[i]);
        assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
        assert_int_equal(init_with(variants[i].conduit), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_hypercalls_work();
        finish();
    }
}

static void no_config_means_all_zero_in_a_second_life_too(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
    log_clear();
    assert_int_equal(pv_guest_init(&guest, NULL), PV_OK);
    assert_int_equal(guest.config.hv.os_id, 0);
    assert_hypercalls_are_off();
    assert_int_equal(journal.count, 0);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release_gives_everything_back_in_either_order),
        cmocka_unit_test(release_after_quiesce_tells_nothing_more),
        cmocka_unit_test(a_released_guest_can_be_initialised_again),
        cmocka_unit_test(no_config_means_all_zero_in_a_second_life_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
