/* SPDX-License-Identifier: MIT */
#include "unit/detect/machine.h"

#include <pv/abi/sbi.h>
#include <pv/detect.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SBI_FAILED (-1l)

static struct machine machine;
static struct pv_detect detect;

static void answer(unsigned long function, unsigned long argument, long error,
                   unsigned long value)
{
    machine_sbi(&machine, PV_SBI_EXT_BASE, function, argument, error, value);
}

static void start(unsigned long spec, unsigned long implementation, unsigned long version)
{
    machine_init(&machine);
    machine.port.has_sbi = true;
    answer(PV_SBI_BASE_SPEC_VERSION, 0, 0, spec);
    answer(PV_SBI_BASE_IMPL_ID, 0, 0, implementation);
    answer(PV_SBI_BASE_IMPL_VERSION, 0, 0, version);
}

static void assert_no_hypervisor(void)
{
    assert_int_equal(detect.kind, PV_DETECT_NONE);
    assert_int_equal(detect.kinds, 0);
    assert_int_equal(detect.count, 0);
}

static void specification_and_implementation_are_read(void **state)
{
    (void)state;
    start(2ul << 24 | 1, PV_SBI_IMPL_KVM, 0x60C00);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.sbi.spec_major, 2);
    assert_int_equal(detect.sbi.spec_minor, 1);
    assert_int_equal(detect.sbi.implementation, PV_SBI_IMPL_KVM);
    assert_int_equal(detect.sbi.version, 0x60C00);
}

static void the_specification_version_has_31_bits(void **state)
{
    (void)state;
    start(0xFFFFFFFFul, PV_SBI_IMPL_OPENSBI, 0);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.sbi.spec_major, 0x7F);
    assert_int_equal(detect.sbi.spec_minor, 0xFFFFFF);
}

static void implementations_that_are_hypervisors_are_named(void **state)
{
    static const struct {
        unsigned long implementation;
        enum pv_detect_kind kind;
    } cases[] = {
        { PV_SBI_IMPL_KVM, PV_DETECT_KVM },
        { PV_SBI_IMPL_XEN, PV_DETECT_XEN },
        { PV_SBI_IMPL_XVISOR, PV_DETECT_UNKNOWN },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(2ul << 24, cases[i].implementation, 1);
        pv_detect_probe(&detect, NULL);
        assert_int_equal(detect.kind, cases[i].kind);
        assert_int_equal(detect.kinds, 1u << cases[i].kind);
        assert_int_equal(detect.count, 1);
        assert_string_equal(detect.interfaces[0].vendor, "");
    }
}

static void firmware_is_no_hypervisor(void **state)
{
    static const unsigned long implementations[] = { 0, PV_SBI_IMPL_OPENSBI, 4, 5, 6, 8, ~0ul };

    (void)state;
    for (size_t i = 0; i < sizeof(implementations) / sizeof(implementations[0]); i++) {
        start(2ul << 24, implementations[i], 1);
        pv_detect_probe(&detect, NULL);
        assert_no_hypervisor();
        assert_int_equal(detect.sbi.implementation, implementations[i]);
    }
}

static void steal_time_is_there_if_its_extension_is(void **state)
{
    (void)state;
    start(2ul << 24, PV_SBI_IMPL_KVM, 1);
    answer(PV_SBI_BASE_PROBE, PV_SBI_EXT_STA, 0, 1);
    pv_detect_probe(&detect, NULL);
    assert_true(detect.sbi.steal_time);
    start(2ul << 24, PV_SBI_IMPL_KVM, 1);
    answer(PV_SBI_BASE_PROBE, PV_SBI_EXT_STA, 0, 0);
    pv_detect_probe(&detect, NULL);
    assert_false(detect.sbi.steal_time);
}

static void before_version_2_steal_time_is_not_asked_for(void **state)
{
    (void)state;
    start(1ul << 24 | 0xFFFFFF, PV_SBI_IMPL_KVM, 1);
    answer(PV_SBI_BASE_PROBE, PV_SBI_EXT_STA, 0, 1);
    pv_detect_probe(&detect, NULL);
    assert_false(detect.sbi.steal_time);
    assert_int_equal(machine.asked, 3);
}

/* A call that fails may leave anything in the value register. */
static void failed_calls_count_as_zero(void **state)
{
    static const struct pv_detect_sbi nothing;

    (void)state;
    machine_init(&machine);
    machine.port.has_sbi = true;
    answer(PV_SBI_BASE_SPEC_VERSION, 0, SBI_FAILED, 2ul << 24);
    answer(PV_SBI_BASE_IMPL_ID, 0, SBI_FAILED, PV_SBI_IMPL_KVM);
    answer(PV_SBI_BASE_IMPL_VERSION, 0, SBI_FAILED, 7);
    answer(PV_SBI_BASE_PROBE, PV_SBI_EXT_STA, SBI_FAILED, 1);
    pv_detect_probe(&detect, NULL);
    assert_no_hypervisor();
    assert_memory_equal(&detect.sbi, &nothing, sizeof(nothing));
}

static void a_failed_probe_is_no_steal_time(void **state)
{
    (void)state;
    start(2ul << 24, PV_SBI_IMPL_KVM, 1);
    answer(PV_SBI_BASE_PROBE, PV_SBI_EXT_STA, SBI_FAILED, 1);
    pv_detect_probe(&detect, NULL);
    assert_false(detect.sbi.steal_time);
    assert_int_equal(detect.kind, PV_DETECT_KVM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specification_and_implementation_are_read),
        cmocka_unit_test(the_specification_version_has_31_bits),
        cmocka_unit_test(implementations_that_are_hypervisors_are_named),
        cmocka_unit_test(firmware_is_no_hypervisor),
        cmocka_unit_test(steal_time_is_there_if_its_extension_is),
        cmocka_unit_test(before_version_2_steal_time_is_not_asked_for),
        cmocka_unit_test(failed_calls_count_as_zero),
        cmocka_unit_test(a_failed_probe_is_no_steal_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
