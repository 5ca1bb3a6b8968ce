/* SPDX-License-Identifier: MIT */
/* arm64: Arm DEN0057A. */
#include "unit/steal/rig.h"

static const struct variant arm64 = { SIM_KVM_ARM64, PV_STEAL_PV_TIME, NULL, false, 0 };

struct asked {
    int conduit;
    uint64_t function, argument;
};

static struct asked asked[32];
static unsigned calls;

static struct pv_port_smccc (*real)(struct pv_sim *sim, int conduit, uint64_t function,
                                    uint64_t argument);

static struct pv_port_smccc note(struct pv_sim *sim, int conduit, uint64_t function,
                                 uint64_t argument)
{
    if (calls < 32)
        asked[calls] = (struct asked){ conduit, function, argument };
    calls++;
    return real(sim, conduit, function, argument);
}

static void note_calls(void)
{
    calls = 0;
    real = machine.cpus[0].port.smccc;
    machine.cpus[0].port.smccc = note;
}

static void assert_asked(unsigned call, uint64_t function, uint64_t argument)
{
    assert_true(call < calls);
    assert_int_equal(asked[call].function, function);
    assert_int_equal(asked[call].argument, argument);
}

static void each_call_is_asked_for_before_it_is_made(void **state)
{
    (void)state;
    rig_up(&arm64);
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_OK);
    assert_int_equal(calls, 4);
    assert_asked(0, 0x80000000, 0);          /* SMCCC_VERSION */
    assert_asked(1, 0x80000001, 0xC5000020); /* SMCCC_ARCH_FEATURES of PV_TIME_FEATURES */
    assert_asked(2, 0xC5000020, 0xC5000021); /* PV_TIME_FEATURES of PV_TIME_ST */
    assert_asked(3, 0xC5000021, 0);          /* PV_TIME_ST */
    rig_down();
}

static void the_conduit_is_the_kernels(void **state)
{
    (void)state;
    for (int conduit = 1; conduit <= 2; conduit++) {
        rig_machine(&arm64);
        machine.uid_conduit = conduit;
        rig_init();
        note_calls();
        assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_OK);
        for (unsigned i = 0; i < calls; i++)
            assert_int_equal(asked[i].conduit, conduit);
        rig_down();
    }
}

static void without_a_conduit_nobody_is_asked(void **state)
{
    static const struct pv_guest_config config;

    (void)state;
    rig_machine(&arm64);
    assert_status(pv_guest_init(&guest, &config), PV_OK);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_UNSUPPORTED);
    assert_int_equal(calls, 0);
    rig_down();
}

/* The sim complains of calls that SMCCC 1.0 does not define. */
static void before_smccc_1_1_it_is_not_asked_further(void **state)
{
    static const uint32_t versions[] = { 0x10000, 0, 0xFFFFFFFF, 0xFFFF };

    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        rig_up(&arm64);
        machine.steal.smccc_version = versions[i];
        note_calls();
        assert_int_equal(pv_steal_probe(&guest), PV_STEAL_NONE);
        assert_int_equal(calls, 1);
        assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_UNSUPPORTED);
        rig_down();
    }
}

static void later_versions_of_smccc_have_it_too(void **state)
{
    static const uint32_t versions[] = { 0x10001, 0x10002, 0x10005, 0x20000 };

    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        rig_up(&arm64);
        machine.steal.smccc_version = versions[i];
        assert_int_equal(pv_steal_probe(&guest), PV_STEAL_PV_TIME);
        rig_down();
    }
}

static void firmware_without_pv_time_is_unsupported(void **state)
{
    (void)state;
    rig_up(&arm64);
    machine.steal.no_pv_time_features = true;
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_UNSUPPORTED);
    assert_int_equal(calls, 2);
    machine.steal.no_pv_time_features = false;
    machine.steal.no_stolen_time = true;
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_UNSUPPORTED);
    assert_int_equal(calls, 5);
    rig_down();
}

static void an_error_instead_of_an_address_is_refused(void **state)
{
    (void)state;
    rig_up(&arm64);
    machine.steal.refuse = -1;
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_REFUSED);
    assert_int_equal(vp.steal.host_error, -1);
    assert_int_equal(machine.os.maps, 0);
    rig_down();
}

/* An address is looked at before it is mapped. */
static void an_impossible_address_is_not_mapped(void **state)
{
    const uint64_t addresses[] = { 0,
                                   sim_firmware_gpa(1) + 1,
                                   sim_firmware_gpa(1) + 8,
                                   sim_firmware_gpa(1) + 32,
                                   sim_firmware_gpa(2) - 32, /* crosses a page */
                                   1ull << 40,
                                   1ull << 62 };

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        rig_up(&arm64);
        machine.cpus[0].port.physical_bits = 40;
        machine.steal.pv_time_gpa = addresses[i];
        machine.os.fail.map = 1;
        assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_BAD_ADDRESS);
        assert_int_equal(machine.os.fail.map, 1);
        assert_int_equal(pv_steal_ns(&vp), 0);
        rig_down();
    }
}

static void the_width_of_addresses_is_that_of_the_cpu(void **state)
{
    (void)state;
    rig_up(&arm64);
    machine.cpus[0].port.physical_bits = 28;
    assert_int_equal(sim_firmware_gpa(1) >> 27, 1);
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_OK);
    assert_status(pv_steal_disable(&vp), PV_OK);
    machine.cpus[0].port.physical_bits = 27;
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_BAD_ADDRESS);
    rig_down();
}

static void an_area_that_cannot_be_mapped_is_a_bad_address(void **state)
{
    (void)state;
    rig_up(&arm64);
    machine.os.fail.map = 1;
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_BAD_ADDRESS);
    machine.steal.pv_time_gpa = 0x5000; /* neither RAM nor firmware */
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_BAD_ADDRESS);
    machine.steal.pv_time_gpa = sim_firmware_gpa(1);
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_OK);
    rig_down();
}

static void an_unknown_revision_or_attribute_is_unsupported_and_kept_for_people(void **state)
{
    (void)state;
    rig_up(&arm64);
    machine.steal.revision = 1;
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_UNSUPPORTED);
    assert_int_equal(vp.steal.revision, 1);
    assert_int_equal(vp.steal.attributes, 0);
    machine.steal.revision = 0;
    machine.steal.attributes = 0x80000000;
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_UNSUPPORTED);
    assert_int_equal(vp.steal.revision, 0);
    assert_int_equal(vp.steal.attributes, 0x80000000);
    assert_int_equal(pv_steal_ns(&vp), 0);
    rig_down();
}

static void the_value_is_at_8(void **state)
{
    (void)state;
    rig_up(&arm64);
    assert_status(pv_steal_enable(&vp, PV_STEAL_PV_TIME), PV_OK);
    assert_ptr_equal(vp.steal.value, (const uint8_t *)vp.steal.shared + 8);
    assert_int_equal(vp.steal.gpa, sim_firmware_gpa(1));
    assert_null(vp.steal.preempted);
    rig_down();
}

/* ---- over time ---- */

/* Each PV_TIME_ST puts KVM's value back to 0. */
static void a_value_that_starts_again_at_0_is_counted_on(void **state)
{
    (void)state;
    rig_on(&arm64);
    steal(900);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_vp_offline(&vp), PV_OK);
    come_back();
    assert_int_equal(sim_steal_value(&machine, 0), 0);
    assert_int_equal(pv_steal_ns(&vp), 900);
    steal(50);
    assert_int_equal(pv_steal_ns(&vp), 950);
    assert_int_equal(vp.steal.stolen.rebases, 0);
    assert_int_equal(machine.os.maps, 1); /* where it was: nothing to map anew */
    rig_down();
}

/* A saved VM on a newer host. */
static void the_revision_is_looked_at_again_after_resume(void **state)
{
    (void)state;
    rig_on(&arm64);
    steal(900);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.steal.revision = 2;
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(vp.steal.status, PV_UNSUPPORTED);
    assert_int_equal(vp.steal.revision, 2);
    sim_steal_set(&machine, 0, 123456);
    assert_int_equal(pv_steal_ns(&vp), 900);
    machine.steal.revision = 0;
    assert_status(pv_vp_offline(&vp), PV_OK);
    come_back();
    assert_int_equal(vp.steal.status, PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 900);
    rig_down();
}

static void an_area_elsewhere_after_resume_is_mapped_anew(void **state)
{
    (void)state;
    rig_on(&arm64);
    steal(900);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.steal.pv_time_gpa = sim_firmware_gpa(3) + 4032;
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(vp.steal.status, PV_OK);
    assert_int_equal(machine.os.maps, 2);
    assert_int_equal(machine.os.unmaps, 1);
    steal(1);
    assert_int_equal(pv_steal_ns(&vp), 901);
    rig_down();
}

static void an_area_that_cannot_be_mapped_after_resume_leaves_the_last_value(void **state)
{
    (void)state;
    rig_on(&arm64);
    steal(900);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.steal.pv_time_gpa = sim_firmware_gpa(2);
    machine.os.fail.map = 1;
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(vp.steal.status, PV_BAD_ADDRESS);
    assert_int_equal(pv_steal_ns(&vp), 900);
    rig_down();
}

static void no_host_takes_it_back_so_nothing_is_told(void **state)
{
    (void)state;
    rig_on(&arm64);
    note_calls();
    assert_int_equal(vp.told.count, 0);
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_int_equal(calls, 0);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_is_asked_for_before_it_is_made),
        cmocka_unit_test(the_conduit_is_the_kernels),
        cmocka_unit_test(without_a_conduit_nobody_is_asked),
        cmocka_unit_test(before_smccc_1_1_it_is_not_asked_further),
        cmocka_unit_test(later_versions_of_smccc_have_it_too),
        cmocka_unit_test(firmware_without_pv_time_is_unsupported),
        cmocka_unit_test(an_error_instead_of_an_address_is_refused),
        cmocka_unit_test(an_impossible_address_is_not_mapped),
        cmocka_unit_test(the_width_of_addresses_is_that_of_the_cpu),
        cmocka_unit_test(an_area_that_cannot_be_mapped_is_a_bad_address),
        cmocka_unit_test(an_unknown_revision_or_attribute_is_unsupported_and_kept_for_people),
        cmocka_unit_test(the_value_is_at_8),
        cmocka_unit_test(a_value_that_starts_again_at_0_is_counted_on),
        cmocka_unit_test(the_revision_is_looked_at_again_after_resume),
        cmocka_unit_test(an_area_elsewhere_after_resume_is_mapped_anew),
        cmocka_unit_test(an_area_that_cannot_be_mapped_after_resume_leaves_the_last_value),
        cmocka_unit_test(no_host_takes_it_back_so_nothing_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
