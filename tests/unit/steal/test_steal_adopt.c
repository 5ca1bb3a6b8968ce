/* SPDX-License-Identifier: MIT */
/* Areas that the kernel itself has registered: read, and nobody is told anything. */
#include "unit/steal/rig.h"

static const struct variant none = { SIM_BARE, PV_STEAL_NONE, NULL, false, 0 };

PV_ALIGNED(64) static uint8_t theirs[64];

static void put64(unsigned offset, uint64_t value)
{
    memcpy(theirs + offset, &value, sizeof(value));
}

static void put32(unsigned offset, uint32_t value)
{
    memcpy(theirs + offset, &value, sizeof(value));
}

/* Each format, as its specification has it: where 1000 ns are, and a number too much for ours. */
static const struct format {
    enum pv_steal_backend backend;
    unsigned value, hint, no_hint;
} adoptable[] = {
    { PV_STEAL_KVM, 0, 16, 0 },      { PV_STEAL_PV_TIME, 8, 64, 0 }, { PV_STEAL_SBI, 8, 16, 0 },
    { PV_STEAL_LOONGARCH, 0, 16, 0 }, { PV_STEAL_XEN, 24, 0, 0 },    { PV_STEAL_VMWARE, 0, 64, 0 },
};

#define ADOPTABLE (sizeof(adoptable) / sizeof(adoptable[0]))

static void an_adopted_area_of_any_format_is_read_and_nobody_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ADOPTABLE; i++) {
        const struct format *format = &adoptable[i];

        rig_up(&none);
        memset(theirs, 0, sizeof(theirs));
        put64(format->value, 1000);
        assert_status(pv_steal_adopt(&vp, format->backend, theirs), PV_OK);
        assert_true(vp.steal.adopted);
        assert_int_equal(vp.steal.backend, format->backend);
        assert_int_equal(pv_steal_ns(&vp), 0);
        put64(format->value, 1500);
        assert_int_equal(pv_steal_ns(&vp), 500);
        assert_int_equal(vp.told.count, 0);
        assert_int_equal(machine.msr_writes + machine.msr_reads, 0);
        assert_status(pv_steal_disable(&vp), PV_OK);
        assert_false(vp.steal.adopted);
        rig_down();
    }
}

static void an_adopted_area_has_its_hint(void **state)
{
    (void)state;
    for (size_t i = 0; i < ADOPTABLE; i++) {
        rig_up(&none);
        memset(theirs, 0, sizeof(theirs));
        assert_status(pv_steal_adopt(&vp, adoptable[i].backend, theirs), PV_OK);
        assert_false(pv_steal_preempted(&vp));
        if (adoptable[i].hint < sizeof(theirs)) {
            if (adoptable[i].backend == PV_STEAL_XEN)
                put32(0, 1);
            else
                theirs[adoptable[i].hint] = 1;
            assert_true(pv_steal_preempted(&vp));
        }
        rig_down();
    }
}

static void the_kernel_registers_an_adopted_area_again_and_reading_goes_on(void **state)
{
    (void)state;
    rig_up(&none);
    memset(theirs, 0, sizeof(theirs));
    put64(0, 1000);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_KVM, theirs), PV_OK);
    put64(0, 1400);
    assert_int_equal(pv_steal_ns(&vp), 400);
    assert_status(pv_vp_offline(&vp), PV_OK);
    put64(0, 0);
    assert_int_equal(pv_steal_ns(&vp), 400);
    come_back();
    assert_int_equal(vp.steal.status, PV_OK);
    put64(0, 100);
    assert_int_equal(pv_steal_ns(&vp), 500);
    assert_int_equal(vp.steal.stolen.rebases, 0);
    rig_down();
}

static void adopting_wants_a_format_and_an_aligned_area(void **state)
{
    (void)state;
    rig_up(&none);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_BEST, theirs), PV_INVALID);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_HYPERV, theirs), PV_INVALID);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_BACKENDS, theirs), PV_INVALID);
    assert_status(pv_steal_adopt(&vp, (enum pv_steal_backend)-1, theirs), PV_INVALID);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_KVM, theirs + 4), PV_BAD_ADDRESS);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_KVM, theirs + 1), PV_BAD_ADDRESS);
    assert_int_equal(pv_steal_ns(&vp), 0);
    rig_down();
}

static void an_adopted_area_that_is_odd_for_ever_is_malformed(void **state)
{
    (void)state;
    rig_up(&none);
    memset(theirs, 0, sizeof(theirs));
    put32(8, 1);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_KVM, theirs), PV_MALFORMED);
    assert_false(vp.steal.adopted);
    put32(8, 2);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_KVM, theirs), PV_OK);
    put32(8, 3);
    assert_status(pv_vp_offline(&vp), PV_OK);
    come_back();
    assert_int_equal(vp.steal.status, PV_MALFORMED);
    assert_int_equal(pv_steal_ns(&vp), 0);
    rig_down();
}

static void an_adopted_pv_time_area_is_checked_as_if_it_were_ours(void **state)
{
    (void)state;
    rig_up(&none);
    memset(theirs, 0, sizeof(theirs));
    put32(0, 1);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_PV_TIME, theirs), PV_UNSUPPORTED);
    assert_int_equal(vp.steal.revision, 1);
    put32(0, 0);
    assert_status(pv_steal_adopt(&vp, PV_STEAL_PV_TIME, theirs), PV_OK);
    put32(4, 8);
    assert_status(pv_vp_offline(&vp), PV_OK);
    come_back();
    assert_int_equal(vp.steal.status, PV_UNSUPPORTED);
    assert_int_equal(vp.steal.attributes, 8);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adopted_area_of_any_format_is_read_and_nobody_is_told),
        cmocka_unit_test(an_adopted_area_has_its_hint),
        cmocka_unit_test(the_kernel_registers_an_adopted_area_again_and_reading_goes_on),
        cmocka_unit_test(adopting_wants_a_format_and_an_aligned_area),
        cmocka_unit_test(an_adopted_area_that_is_odd_for_ever_is_malformed),
        cmocka_unit_test(an_adopted_pv_time_area_is_checked_as_if_it_were_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
