/* SPDX-License-Identifier: MIT */
/* The model's MSRs: each rule of the TLFS is kept by one access, and broken by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/model.h"

#define PAGE 0x12345000ull
#define ON PV_HV_PAGE_ENABLE

static struct sim_model model;
static int calls;

static int setup(void **state)
{
    (void)state;
    sim_model_init(&model);
    model.vps = 4;
    calls = 0;
    return 0;
}

static void expect(const char *complaint)
{
    if (complaint == NULL)
        assert_null(model.complaint);
    else
        assert_non_null(model.complaint);
    if (complaint != NULL && model.complaint != NULL)
        assert_string_equal(model.complaint, complaint);
    model.complaint = NULL;
}

static void write_ok(uint32_t vp, uint32_t msr, uint64_t value)
{
    assert_true(sim_model_msr_write(&model, vp, msr, value));
    expect(NULL);
}

static void reads(uint32_t vp, uint32_t msr, uint64_t value)
{
    uint64_t found = ~value;

    assert_true(sim_model_msr_read(&model, vp, msr, &found));
    expect(NULL);
    assert_true(found == value);
}

static void refused(bool taken, const char *complaint)
{
    assert_false(taken);
    expect(complaint);
}

/* ---- who may ---- */

static const struct {
    uint32_t msr;
    int privilege;
    bool writable;
} all[] = {
    { PV_HV_MSR_GUEST_OS_ID, PV_HV_PRIVILEGE_HYPERCALL, true },
    { PV_HV_MSR_HYPERCALL, PV_HV_PRIVILEGE_HYPERCALL, true },
    { PV_HV_MSR_VP_INDEX, PV_HV_PRIVILEGE_VP_INDEX, false },
    { PV_HV_MSR_VP_RUNTIME, PV_HV_PRIVILEGE_VP_RUNTIME, false },
    { PV_HV_MSR_TIME_REF_COUNT, PV_HV_PRIVILEGE_TIME_REF_COUNT, false },
    { PV_HV_MSR_REFERENCE_TSC, PV_HV_PRIVILEGE_REFERENCE_TSC, true },
    { PV_HV_MSR_TSC_FREQUENCY, PV_HV_PRIVILEGE_FREQUENCY, false },
    { PV_HV_MSR_APIC_FREQUENCY, PV_HV_PRIVILEGE_FREQUENCY, false },
    { PV_HV_MSR_VP_ASSIST_PAGE, PV_HV_PRIVILEGE_APIC_ACCESS, true },
};

static void a_privilege_is_needed(void **state)
{
    uint64_t value = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        model.privileges = 1ull << all[i].privilege;
        assert_true(sim_model_msr_read(&model, 0, all[i].msr, &value));
        expect(NULL);
        model.privileges = (~0ull >> 1) & ~(1ull << all[i].privilege);
        refused(sim_model_msr_read(&model, 0, all[i].msr, &value), "#GP: an MSR that is not there");
        assert_true(value == 0);
        refused(sim_model_msr_write(&model, 0, all[i].msr, 0), "#GP: an MSR that is not there");
    }
}

static void what_only_tells_cannot_be_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i].writable)
            write_ok(0, all[i].msr, 0);
        else
            refused(sim_model_msr_write(&model, 0, all[i].msr, 0),
                    "#GP: the MSR cannot be written");
}

static void no_other_msr_is_there(void **state)
{
    uint64_t value;

    (void)state;
    refused(sim_model_msr_read(&model, 0, 0x400000FE, &value), "#GP: an MSR that is not there");
    refused(sim_model_msr_write(&model, 0, 0x400000FE, 0), "#GP: an MSR that is not there");
}

/* ---- the hypercall page ---- */

static void enable_needs_an_identity(void **state)
{
    (void)state;
    write_ok(0, PV_HV_MSR_HYPERCALL, PAGE | ON);
    reads(0, PV_HV_MSR_HYPERCALL, PAGE);
    write_ok(0, PV_HV_MSR_GUEST_OS_ID, 7);
    write_ok(1, PV_HV_MSR_HYPERCALL, PAGE | ON);
    reads(0, PV_HV_MSR_HYPERCALL, PAGE | ON); /* of all VPs */
}

static void without_identity_the_page_goes(void **state)
{
    (void)state;
    write_ok(0, PV_HV_MSR_GUEST_OS_ID, 7);
    write_ok(0, PV_HV_MSR_HYPERCALL, PAGE | ON);
    assert_true(sim_model_msr_write(&model, 0, PV_HV_MSR_GUEST_OS_ID, 0));
    expect("OS id cleared while the hypercall page was on");
    reads(0, PV_HV_MSR_HYPERCALL, PAGE);
    write_ok(0, PV_HV_MSR_GUEST_OS_ID, 0);
}

static void a_locked_page_stays(void **state)
{
    (void)state;
    write_ok(0, PV_HV_MSR_GUEST_OS_ID, 7);
    write_ok(0, PV_HV_MSR_HYPERCALL, PAGE | ON | PV_HV_PAGE_LOCKED);
    refused(sim_model_msr_write(&model, 0, PV_HV_MSR_HYPERCALL, 0), "#GP: HYPERCALL is locked");
    reads(0, PV_HV_MSR_HYPERCALL, PAGE | ON | PV_HV_PAGE_LOCKED);
}

static void reserved_bits_are_preserved(void **state)
{
    (void)state;
    model.page_reserved = 0xA54;
    model.reference_reserved = 0x10;
    reads(0, PV_HV_MSR_HYPERCALL, 0xA54);
    reads(0, PV_HV_MSR_REFERENCE_TSC, 0x10);
    reads(0, PV_HV_MSR_VP_ASSIST_PAGE, 0xA54);
    write_ok(0, PV_HV_MSR_HYPERCALL, PAGE | 0xA54);
    write_ok(0, PV_HV_MSR_REFERENCE_TSC, PAGE | ON | 0x10);
    write_ok(0, PV_HV_MSR_VP_ASSIST_PAGE, PAGE | ON | 0xA54);
    assert_true(sim_model_msr_write(&model, 0, PV_HV_MSR_HYPERCALL, PAGE));
    expect("reserved bits of HYPERCALL not preserved");
    assert_true(sim_model_msr_write(&model, 0, PV_HV_MSR_REFERENCE_TSC, PAGE));
    expect("reserved bits of REFERENCE_TSC not preserved");
    assert_true(sim_model_msr_write(&model, 0, PV_HV_MSR_VP_ASSIST_PAGE, PAGE));
    expect("reserved bits of VP_ASSIST_PAGE not preserved");
    reads(0, PV_HV_MSR_HYPERCALL, PAGE | 0xA54);
    reads(0, PV_HV_MSR_REFERENCE_TSC, PAGE | 0x10);
    reads(0, PV_HV_MSR_VP_ASSIST_PAGE, PAGE | 0xA54);
}

/* ---- whose ---- */

static void each_vtl_has_its_own(void **state)
{
    static const uint32_t own[] = { PV_HV_MSR_GUEST_OS_ID, PV_HV_MSR_HYPERCALL,
                                    PV_HV_MSR_REFERENCE_TSC, PV_HV_MSR_VP_ASSIST_PAGE };

    (void)state;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        model.cpus[0].active_vtl = 0;
        write_ok(0, own[i], PAGE | ON);
        model.cpus[0].active_vtl = 1;
        reads(0, own[i], 0);
        write_ok(0, own[i], 2 * PAGE | ON);
        reads(0, own[i], 2 * PAGE | ON);
        model.cpus[0].active_vtl = 0;
        reads(0, own[i], PAGE | ON);
    }
}

static void each_vp_has_its_own_assist_page(void **state)
{
    (void)state;
    write_ok(2, PV_HV_MSR_VP_ASSIST_PAGE, PAGE | ON);
    reads(2, PV_HV_MSR_VP_ASSIST_PAGE, PAGE | ON);
    reads(1, PV_HV_MSR_VP_ASSIST_PAGE, 0);
    reads(3, PV_HV_MSR_VP_INDEX, 3);
}

/* ---- time ---- */

static uint64_t clock_of(void *owner, uint32_t vp)
{
    assert_ptr_equal(owner, &model);
    calls++;
    return 1000 + vp;
}

static void time_is_of_the_fields_or_of_the_owner(void **state)
{
    (void)state;
    model.reference_100ns = 5;
    model.cpus[1].run_100ns = 6;
    model.tsc_hz = 7;
    model.apic_hz = 8;
    reads(1, PV_HV_MSR_TIME_REF_COUNT, 5);
    reads(1, PV_HV_MSR_VP_RUNTIME, 6);
    reads(1, PV_HV_MSR_TSC_FREQUENCY, 7);
    reads(1, PV_HV_MSR_APIC_FREQUENCY, 8);
    model.time = (struct sim_time){ &model, clock_of, clock_of };
    reads(1, PV_HV_MSR_TIME_REF_COUNT, 1001);
    reads(2, PV_HV_MSR_VP_RUNTIME, 1002);
    assert_int_equal(calls, 2);
}

static void the_page_goes_on_from_now(void **state)
{
    const struct pv_hv_reference_tsc page = sim_reference_tsc(9, 2500000000, 77777, 123);

    (void)state;
    assert_int_equal(page.sequence, 9);
    assert_true(sim_reference_count(&page, 77777) == 123);
    assert_in_range(sim_reference_count(&page, 77777 + 2500000000), 10000122, 10000123);
}

/* ---- lies ---- */

static void a_hostile_model_lies(void **state)
{
    (void)state;
    write_ok(0, PV_HV_MSR_GUEST_OS_ID, 7);
    model.behaviour = SIM_OS_ID_NOT_STICKING;
    reads(0, PV_HV_MSR_GUEST_OS_ID, 0);
    model.behaviour = SIM_OS_ID_CHANGED;
    reads(0, PV_HV_MSR_GUEST_OS_ID, 0x107);
    model.behaviour = SIM_PAGE_NEVER_ENABLED;
    write_ok(0, PV_HV_MSR_HYPERCALL, PAGE | ON);
    reads(0, PV_HV_MSR_HYPERCALL, PAGE);
    model.behaviour = SIM_PAGE_ELSEWHERE;
    write_ok(0, PV_HV_MSR_HYPERCALL, PAGE | ON);
    reads(0, PV_HV_MSR_HYPERCALL, (PAGE + PV_PAGE_BYTES) | ON);
    model.behaviour = SIM_ASSIST_NOT_STICKING;
    write_ok(0, PV_HV_MSR_VP_ASSIST_PAGE, PAGE | ON);
    reads(0, PV_HV_MSR_VP_ASSIST_PAGE, PAGE);
    model.behaviour = SIM_VP_INDEX_NONE;
    reads(0, PV_HV_MSR_VP_INDEX, 0xFFFFFFFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_privilege_is_needed, setup),
        cmocka_unit_test_setup(what_only_tells_cannot_be_written, setup),
        cmocka_unit_test_setup(no_other_msr_is_there, setup),
        cmocka_unit_test_setup(enable_needs_an_identity, setup),
        cmocka_unit_test_setup(without_identity_the_page_goes, setup),
        cmocka_unit_test_setup(a_locked_page_stays, setup),
        cmocka_unit_test_setup(reserved_bits_are_preserved, setup),
        cmocka_unit_test_setup(each_vtl_has_its_own, setup),
        cmocka_unit_test_setup(each_vp_has_its_own_assist_page, setup),
        cmocka_unit_test_setup(time_is_of_the_fields_or_of_the_owner, setup),
        cmocka_unit_test_setup(the_page_goes_on_from_now, setup),
        cmocka_unit_test_setup(a_hostile_model_lies, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
