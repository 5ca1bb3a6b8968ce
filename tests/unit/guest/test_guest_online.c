/* SPDX-License-Identifier: MIT */
/* VPs of a guest: online, offline, release. */
#include "unit/guest/rig.h"

static void a_vp_needs_an_initialised_guest(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_BAD_STATE);
    assert_null(vp.guest);
    assert_nothing_was_touched();
    finish();
}

static void each_step_of_a_vp_has_its_turn(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        start(variants[i].kind);
        assert_int_equal(init_with(variants[i].conduit), PV_OK);
        assert_int_equal(pv_vp_offline(&vp), PV_BAD_STATE);
        assert_int_equal(pv_vp_release(&vp), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_BAD_STATE);
        assert_int_equal(pv_vp_release(&vp), PV_BAD_STATE);
        assert_hypercalls_work();
        assert_int_equal(pv_vp_offline(&vp), PV_OK);
        assert_int_equal(pv_vp_offline(&vp), PV_BAD_STATE);
        assert_int_equal(pv_vp_release(&vp), PV_OK);
        assert_int_equal(pv_vp_release(&vp), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_hypercalls_work();
        finish();
    }
}

static void an_offline_vp_makes_no_hypercalls(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL),
                     PV_BAD_STATE);
    assert_int_equal(pv_hv_call_simple(&vp, PV_HV_CALL_POST_MESSAGE, &message, NULL, NULL),
                     PV_BAD_STATE);
    finish();
}

static void the_argument_page_is_kept_over_offline(void **state)
{
    const void *args;
    uint32_t allocs;

    (void)state;
    bring_up_x86();
    args = vp.hv.args;
    allocs = machine.os.allocs;
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_ptr_equal(vp.hv.args, args);
    assert_int_equal(machine.os.allocs, allocs);
    assert_int_equal(machine.os.frees, 0);
    finish();
}

static void a_vp_has_one_page_or_two(void **state)
{
    struct pv_guest_config config = config_with(PV_HV_CONDUIT_DEFAULT);

    (void)state;
    for (uint32_t pages = 0; pages <= 2; pages++) {
        start(SIM_HYPERV_X86);
        config.hv.arg_pages = pages;
        assert_int_equal(pv_guest_init(&guest, &config), PV_OK);
        assert_int_equal(machine.os.live_pages, 1);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_int_equal(machine.os.live_pages, pages == 2 ? 3 : 2);
        assert_int_equal(vp.hv.args_pages, pages == 2 ? 2 : 1);
        assert_hypercalls_work();
        finish();
    }
}

static void every_vp_has_its_own_index_and_memory(void **state)
{
    (void)state;
    bring_up_x86();
    for (uint32_t i = 1; i < 4; i++) {
        sim_use(&machine, i);
        assert_int_equal(pv_vp_online(&guest, &others[i]), PV_OK);
        assert_int_equal(others[i].hv.index.value, i);
        assert_ptr_not_equal(others[i].hv.args, vp.hv.args);
        assert_int_not_equal(others[i].hv.reserve_gpa, vp.hv.reserve_gpa);
        assert_int_equal(pv_vp_offline(&others[i]), PV_OK);
        assert_int_equal(pv_vp_release(&others[i]), PV_OK);
    }
    sim_use(&machine, 0);
    assert_int_equal(vp.hv.index.value, 0);
    assert_hypercalls_work();
    finish();
}

/* Whatever the CPU tells by then: it may be another one. */
static void a_vp_has_the_hw_id_of_the_cpu_it_came_online_on(void **state)
{
    static const uint64_t ids[] = { 0, 3, 0x8100030201, 0xFFFFFFFF };

    (void)state;
    for (size_t v = 0; v < VARIANTS; v++) {
        start(variants[v].kind);
        assert_int_equal(init_with(variants[v].conduit), PV_OK);
        for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
            pv_sim->hw_id = ids[i];
            assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
            assert_true(vp.hw_id.value == ids[i]);
            pv_sim->hw_id = 99;
            assert_int_equal(pv_vp_online(&guest, &vp), PV_BAD_STATE);
            assert_int_equal(pv_vp_offline(&vp), PV_OK);
            assert_true(vp.hw_id.value == ids[i]);
        }
        finish();
    }
}

/* Nor needs it hypercalls. */
static void a_vp_has_its_hw_id_without_a_hypervisor(void **state)
{
    (void)state;
    start(SIM_BARE);
    assert_int_equal(init(), PV_OK);
    sim_use(&machine, 1);
    assert_int_equal(pv_vp_online(&guest, &others[1]), PV_OK);
    assert_true(others[1].hw_id.value == SIM_HW_ID(1));
    assert_int_equal(pv_vp_offline(&others[1]), PV_OK);
    sim_use(&machine, 0);
    finish();
}

static void assert_online_fails(enum pv_status status)
{
    assert_int_equal(pv_vp_online(&guest, &vp), status);
    assert_null(vp.guest);
    assert_int_equal(vp.told.count, 0);
    assert_int_equal(pv_vp_offline(&vp), PV_BAD_STATE);
}

static void a_vp_that_cannot_come_online_is_offline_and_can_try_again(void **state)
{
    static const struct {
        struct sim_failures fail;
        enum sim_behaviour behaves;
        enum pv_status status;
    } cases[] = {
        {{.alloc = 1}, SIM_HONEST, PV_NO_MEMORY},
        {{.virt_to_gpa = 1}, SIM_HONEST, PV_BAD_ADDRESS}, /* argument page */
        {{.virt_to_gpa = 2}, SIM_HONEST, PV_BAD_ADDRESS}, /* reserve */
        {{0}, SIM_VP_INDEX_HUGE, PV_MALFORMED},
        {{0}, SIM_VP_INDEX_NONE, PV_MALFORMED},
    };

    (void)state;
    for (size_t v = 0; v < VARIANTS; v++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            start(variants[v].kind);
            assert_int_equal(init_with(variants[v].conduit), PV_OK);
            machine.os.fail = cases[i].fail;
            machine.model.behaviour = cases[i].behaves;
            assert_online_fails(cases[i].status);
            machine.model.behaviour = SIM_HONEST;
            assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
            assert_hypercalls_work();
            finish();
        }
}

static void a_vp_that_failed_once_gives_its_memory_back(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    assert_int_equal(init(), PV_OK);
    machine.os.fail.virt_to_gpa = 2;
    assert_online_fails(PV_BAD_ADDRESS);
    assert_int_equal(pv_vp_release(&vp), PV_OK);
    assert_int_equal(machine.os.live_pages, 1); /* the hypercall page */
    finish();
}

static void an_argument_page_with_a_crooked_address_is_not_used(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    assert_int_equal(init(), PV_OK);
    machine.os.gpa_skew = 8;
    machine.os.fail.skew = 1;
    assert_online_fails(PV_BAD_ADDRESS);
    finish();
}

static void on_arm64_an_index_that_cannot_be_read_fails_the_vp(void **state)
{
    (void)state;
    start(SIM_HYPERV_ARM64);
    assert_int_equal(init(), PV_OK);
    machine.model.behaviour = SIM_REGISTERS_DENIED;
    assert_online_fails(PV_DENIED);
    assert_int_equal(machine.os.live_pages, 0);
    finish();
}

static void a_vp_with_an_open_hypercall_stays_online(void **state)
{
    struct pv_hv_args args;

    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &args), PV_OK);
    assert_int_equal(pv_vp_offline(&vp), PV_BUSY);
    assert_ptr_equal(vp.guest, &guest);
    memcpy(args.in, &message, sizeof(message));
    assert_int_equal(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(pv_hv_end(&vp, &args), PV_OK);
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    finish();
}

static void offline_takes_back_the_assist_page_and_online_tells_it_again(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
    log_clear();
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(journal.count, 1);
    assert_logged(0, PV_HV_MSR_VP_ASSIST_PAGE, vp.hv.assist_gpa);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_logged(1, PV_HV_MSR_VP_ASSIST_PAGE, vp.hv.assist_gpa | PV_HV_PAGE_ENABLE);
    finish();
}

static void a_vp_whose_assist_page_is_refused_comes_online_without_it_next_time(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    machine.model.behaviour = SIM_ASSIST_NOT_STICKING;
    assert_online_fails(PV_REFUSED);
    assert_null(vp.hv.assist);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_hypercalls_work();
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vp_needs_an_initialised_guest),
        cmocka_unit_test(each_step_of_a_vp_has_its_turn),
        cmocka_unit_test(an_offline_vp_makes_no_hypercalls),
        cmocka_unit_test(the_argument_page_is_kept_over_offline),
        cmocka_unit_test(a_vp_has_one_page_or_two),
        cmocka_unit_test(every_vp_has_its_own_index_and_memory),
        cmocka_unit_test(a_vp_has_the_hw_id_of_the_cpu_it_came_online_on),
        cmocka_unit_test(a_vp_has_its_hw_id_without_a_hypervisor),
        cmocka_unit_test(a_vp_that_cannot_come_online_is_offline_and_can_try_again),
        cmocka_unit_test(a_vp_that_failed_once_gives_its_memory_back),
        cmocka_unit_test(an_argument_page_with_a_crooked_address_is_not_used),
        cmocka_unit_test(on_arm64_an_index_that_cannot_be_read_fails_the_vp),
        cmocka_unit_test(a_vp_with_an_open_hypercall_stays_online),
        cmocka_unit_test(offline_takes_back_the_assist_page_and_online_tells_it_again),
        cmocka_unit_test(a_vp_whose_assist_page_is_refused_comes_online_without_it_next_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
