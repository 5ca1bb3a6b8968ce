/* SPDX-License-Identifier: MIT */
/* The machine notices what a kernel or a library must not do with MSRs, pages and the code page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

static struct sim_machine machine;

static int setup(void **state)
{
    (void)state;
    sim_machine_init(&machine, SIM_HYPERV_X86);
    return 0;
}

static void expect(const char *complaint)
{
    if (complaint == NULL)
        assert_null(sim_complaint(&machine));
    else
        assert_string_equal(sim_complaint(&machine), complaint);
    machine.model.complaint = NULL;
}

static void write_msr(uint32_t msr, uint64_t value, const char *complaint)
{
    pv_port_msr_write(msr, value);
    expect(complaint);
}

/* A page given by the kernel, told as the hypercall page, protected. */
static uint8_t *place_page(void)
{
    uint8_t *page = pv_os_page_alloc(1);

    pv_port_msr_write(PV_HV_MSR_GUEST_OS_ID, 1);
    pv_port_msr_write(PV_HV_MSR_HYPERCALL, pv_os_virt_to_gpa(page) | PV_HV_PAGE_ENABLE);
    assert_true(pv_os_page_protect(page, PV_OS_READ_EXECUTE));
    expect(NULL);
    return page;
}

static uint64_t notify(const void *entry)
{
    return pv_port_hv_call((uintptr_t)entry,
                           PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT | PV_HV_CONTROL_FAST, 0, 0);
}

static void test_msrs(void **state)
{
    (void)state;
    write_msr(0x40000099, 0, "#GP: an MSR that is not there");
    write_msr(PV_HV_MSR_VP_INDEX, 3, "#GP: the MSR cannot be written");
    machine.model.page_reserved = 0x100;
    write_msr(PV_HV_MSR_HYPERCALL, 0, "reserved bits of HYPERCALL not preserved");
    write_msr(PV_HV_MSR_VP_ASSIST_PAGE, 0, "reserved bits of VP_ASSIST_PAGE not preserved");
    write_msr(PV_HV_MSR_HYPERCALL, 0x100, NULL);
    sim_firmware_enable(&machine, 5, 0, true);
    write_msr(PV_HV_MSR_HYPERCALL, 0x100, "#GP: HYPERCALL is locked");
    write_msr(PV_HV_MSR_GUEST_OS_ID, 0, "OS id cleared while the hypercall page was on");
    machine.model.privileges = 0;
    (void)pv_port_msr_read(PV_HV_MSR_HYPERCALL);
    expect("#GP: an MSR that is not there");
}

/* Enable is ignored while there is no identity; clearing the identity takes the page away. */
static void test_enable_needs_an_identity(void **state)
{
    (void)state;
    pv_port_msr_write(PV_HV_MSR_HYPERCALL, sim_firmware_gpa(0) | PV_HV_PAGE_ENABLE);
    assert_int_equal(pv_port_msr_read(PV_HV_MSR_HYPERCALL) & PV_HV_PAGE_ENABLE, 0);
    pv_port_msr_write(PV_HV_MSR_GUEST_OS_ID, 7);
    pv_port_msr_write(PV_HV_MSR_HYPERCALL, sim_firmware_gpa(0) | PV_HV_PAGE_ENABLE);
    assert_true(machine.hypercall_page.on);
    assert_int_equal(machine.firmware[0][3], 0xC3);
    pv_port_msr_write(PV_HV_MSR_GUEST_OS_ID, 0);
    assert_false(machine.hypercall_page.on);
    assert_int_equal(machine.firmware[0][3], 0xCC); /* the RAM underneath is back */
}

static void test_code_page(void **state)
{
    uint8_t *page;

    (void)state;
    page = place_page();
    assert_int_equal(notify(page), 0);
    expect(NULL);
    assert_int_not_equal(notify(page + 1), 0);
    expect("#UD: called something that is not the hypercall page");
    (void)pv_os_page_protect(page, PV_OS_READ_WRITE);
    assert_int_not_equal(notify(page), 0);
    expect("the hypercall page was executed while writable");
    (void)pv_os_page_protect(page, PV_OS_READ_EXECUTE);
    page[100] ^= 1;
    assert_int_not_equal(notify(page), 0);
    expect("the hypercall page was written");
}

static void test_page_free(void **state)
{
    uint8_t *page;

    (void)state;
    page = place_page();
    pv_os_page_free(page, 1);
    expect("pv_os_page_free of a page that is not writable");
    (void)pv_os_page_protect(page, PV_OS_READ_WRITE);
    pv_os_page_free(page, 1);
    expect("pv_os_page_free of a page that the hypervisor still uses");
    pv_port_msr_write(PV_HV_MSR_HYPERCALL, 0);
    pv_os_page_free(page, 2);
    expect("pv_os_page_free of what was not given");
    assert_non_null(sim_os_leak(&machine));
    pv_os_page_free(page, 1);
    expect(NULL);
    assert_null(sim_os_leak(&machine));
    pv_os_page_free(page, 1);
    expect("pv_os_page_free of what was not given");
    assert_false(pv_os_page_protect(page, PV_OS_READ_WRITE));
    expect("pv_os_page_protect of what was not given");
}

static void test_canaries(void **state)
{
    uint8_t *pages;

    (void)state;
    pages = pv_os_page_alloc(2);
    pages[2 * PV_PAGE_BYTES - 1] = 1;
    expect(NULL);
    pages[2 * PV_PAGE_BYTES] ^= 1;
    expect("a canary page was written");
    pages[2 * PV_PAGE_BYTES] ^= 1;
    pages[-1] ^= 1;
    pv_os_page_free(pages, 2);
    assert_string_equal(machine.model.complaint, "a canary page was written");
}

/* GPA space: given pages only, nothing between them, firmware apart. */
static void test_memory(void **state)
{
    const uint8_t *pages = pv_os_page_alloc(2);
    const uint64_t gpa = pv_os_virt_to_gpa(pages);
    static uint64_t stray;

    (void)state;
    assert_int_not_equal(gpa, (uintptr_t)pages);
    assert_ptr_equal(sim_memory_at(&machine, gpa + 4095, 2), pages + 4095);
    assert_null(sim_memory_at(&machine, gpa + 8191, 2));
    assert_null(sim_memory_at(&machine, gpa - 1, 1));
    assert_ptr_equal(sim_memory_at(&machine, pv_os_virt_to_gpa(&stray), 8), &stray);
    assert_int_equal(pv_os_virt_to_gpa(&stray), pv_os_virt_to_gpa(&stray));
    assert_ptr_equal(sim_memory_at(&machine, sim_firmware_gpa(1), 4096), machine.firmware[1]);
    assert_null(sim_memory_at(&machine, sim_firmware_gpa(SIM_FIRMWARE_PAGES), 1));
    assert_null(sim_memory_at(&machine, 0x1000, 1));
}

static void test_failures_on_demand(void **state)
{
    (void)state;
    machine.os.fail.alloc = 2;
    assert_non_null(pv_os_page_alloc(1));
    assert_null(pv_os_page_alloc(1));
    assert_non_null(pv_os_page_alloc(1));
    machine.os.fail.virt_to_gpa = 1;
    assert_int_equal(pv_os_virt_to_gpa(&machine), PV_GPA_NONE);
    machine.os.fail.map = 1;
    assert_null(pv_os_map_gpa(sim_firmware_gpa(0), PV_OS_READ_WRITE));
    assert_non_null(pv_os_map_gpa(sim_firmware_gpa(0), PV_OS_READ_WRITE));
    assert_string_equal(sim_os_leak(&machine), "pages were not given back");
    pv_os_unmap(machine.firmware[1]);
    expect("pv_os_unmap of what was not mapped");
    assert_null(pv_os_page_alloc(SIM_PAGES));
}

static void test_irqs(void **state)
{
    uint64_t block[PV_PORT_BLOCK_QWORDS] = { 0 };
    const uint8_t *page;
    uint64_t gpa;

    (void)state;
    page = place_page();
    gpa = pv_os_virt_to_gpa(pv_os_page_alloc(1));
    (void)pv_port_hv_call((uintptr_t)page, PV_HV_CODE_GET_PARTITION_ID, 0, gpa);
    assert_int_equal(machine.irqs_on, 1);
    (void)pv_port_irq_save();
    (void)pv_port_hv_call((uintptr_t)page, PV_HV_CODE_GET_PARTITION_ID, 0, gpa);
    assert_int_equal(machine.irqs_on, 1);
    pv_port_irq_restore(0);
    (void)pv_port_hv_call_block((uintptr_t)page,
                                PV_HV_CODE_GET_PARTITION_ID | PV_HV_CONTROL_FAST, block);
    expect("register block used with IRQs on");
    (void)pv_port_irq_save();
    machine.sse_off = true;
    (void)pv_port_hv_call_block((uintptr_t)page,
                                PV_HV_CODE_GET_PARTITION_ID | PV_HV_CONTROL_FAST, block);
    expect("#NM: register block used while it may not be");
}

static void test_vtl_switch(void **state)
{
    const uint8_t *page;
    uint64_t shared[PV_HV_VTL_SHARED] = { 0 };

    (void)state;
    page = place_page();
    pv_port_vtl_switch((uintptr_t)page, false, 0, shared);
    expect("#UD: called something that is not the hypercall page");
    pv_port_vtl_switch((uintptr_t)page + 0xF, false, 0, shared);
    expect("#UD: VTL switch that the VTL state does not allow");
    machine.model.cpus[0].vtls[1].enabled = true;
    pv_port_vtl_switch((uintptr_t)page + 0xF, false, 0, shared);
    expect(NULL);
    machine.model.cpus[0].active_vtl = 1;
    pv_port_vtl_switch((uintptr_t)page + 0x26, true, 0, shared);
    expect("VTL return without an assist page");
}

static void test_arm64(void **state)
{
    (void)state;
    sim_machine_init(&machine, SIM_HYPERV_ARM64);
    (void)pv_port_hv_call(3, PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT | PV_HV_CONTROL_FAST, 0, 0);
    expect("no such conduit");
}

static void test_cpuid_override(void **state)
{
    (void)state;
    sim_cpuid_set(&machine, 0x40000000, 1, 2, 3, 4);
    sim_cpuid_set(&machine, 0x40000000, 5, 6, 7, 8);
    assert_int_equal(machine.leaf_count, 1);
    assert_int_equal(pv_port_cpuid(0x40000000, 0).ecx, 7);
    for (uint32_t i = 0; i < 2 * SIM_LEAVES_MAX; i++)
        sim_cpuid_set(&machine, i, 0, 0, 0, 0);
    assert_int_equal(machine.leaf_count, SIM_LEAVES_MAX);
}

static void test_verdict(void **state)
{
    (void)state;
    sim_assert_clean(&machine);
    pv_os_log("a line");
    assert_string_equal(machine.os.log, "a line");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_msrs),
        TEST(test_enable_needs_an_identity),
        TEST(test_code_page),
        TEST(test_page_free),
        TEST(test_canaries),
        TEST(test_memory),
        TEST(test_failures_on_demand),
        TEST(test_irqs),
        TEST(test_vtl_switch),
        TEST(test_arm64),
        TEST(test_cpuid_override),
        TEST(test_verdict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
