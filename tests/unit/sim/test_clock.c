/* SPDX-License-Identifier: MIT */
/* The simulated host's clocks: what it keeps an eye on. */
#include "sim/sim.h"
#include "sim/wide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SYSTEM_TIME 0x4B564D01u

static struct sim_machine machine;

static void what_is_still_registered_is_noticed(void **state)
{
    (void)state;
    sim_machine_init(&machine, SIM_KVM_NATIVE_X86);
    assert_null(sim_clock_left(&machine));
    sim_clock_register(&machine, SYSTEM_TIME, 3, sim_firmware_gpa(0) | 1);
    assert_string_equal(sim_clock_left(&machine), "kvmclock is still registered");
    sim_machine_init(&machine, SIM_HYPERV_X86);
    sim_clock_register(&machine, PV_HV_MSR_REFERENCE_TSC, 0, sim_firmware_gpa(0) | 1);
    assert_string_equal(sim_clock_left(&machine), "the reference TSC page is still enabled");
}

static void assert_complaint(const char *text)
{
    assert_non_null(sim_complaint(&machine));
    assert_string_equal(sim_complaint(&machine), text);
    machine.model.complaint = NULL;
}

static void what_a_kernel_must_not_do_is_a_complaint(void **state)
{
    void *page;

    (void)state;
    sim_machine_init(&machine, SIM_KVM_NATIVE_X86);
    pv_sim->msr_write(pv_sim, SYSTEM_TIME, 0x123401);
    assert_complaint("#GP: kvmclock's area is not in memory");
    pv_sim->msr_write(pv_sim, 0x4B564D00, 0x1234);
    assert_complaint("#GP: the wall clock is not in memory");
    (void)pv_sim->msr_read(pv_sim, PV_HV_MSR_TIME_REF_COUNT);
    assert_complaint("#GP: an MSR that is not there");
    sim_machine_init(&machine, SIM_HYPERV_X86);
    pv_sim->msr_write(pv_sim, PV_HV_MSR_TIME_REF_COUNT, 1);
    assert_complaint("#GP: the MSR cannot be written");
    machine.model.reference_reserved = 0x10;
    pv_sim->msr_write(pv_sim, PV_HV_MSR_REFERENCE_TSC, sim_firmware_gpa(1) | 1);
    assert_complaint("reserved bits of REFERENCE_TSC not preserved");
    page = pv_os_page_alloc(1);
    pv_sim->msr_write(pv_sim, PV_HV_MSR_REFERENCE_TSC, pv_os_virt_to_gpa(page) | 0x11);
    pv_os_page_free(page, 1);
    assert_complaint("pv_os_page_free of a page that the hypervisor still uses");
}

static void wide_numbers_are_right(void **state)
{
    const struct sim_wide product = sim_wide_multiply(~0ull, ~0ull);

    (void)state;
    assert_true(product.high == ~0ull - 1 && product.low == 1);
    assert_true(sim_wide_divide(product, 1ull << 62) == ~0ull - 7); /* its low 64 bits */
    assert_true(sim_wide_scale(1ull << 40, 1ull << 40, 1ull << 20) == 1ull << 60);
    assert_true(sim_wide_shift_left(product, 3).low == 8);
    assert_true(sim_wide_shift_right(product, 64).low == ~0ull - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_still_registered_is_noticed),
        cmocka_unit_test(what_a_kernel_must_not_do_is_a_complaint),
        cmocka_unit_test(wide_numbers_are_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
