/* SPDX-License-Identifier: MIT */
/* The monitor's clocks agree with one another, with what it tells of the counter, and go on. */
#include "cpu.h"
#include "pv_freestanding.h"
#include "tap.h"

#include <pv/pv.h>

#define READS 1000u
#define MEASURED_NS 50000000u

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    if (access == PV_OS_READ_ONLY)
        return kernel_map_normal((uintptr_t)page);
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    tap_say(text);
}

static const struct pv_guest_config config = {
    .hv.os_id = 0xFF00000001000000ull,
    .clock.sources_off = 1u << PV_CLOCK_COUNTER,
};
static struct pv_guest guest;
static struct pv_vp vp;

/* The reference TSC page, read by hand: pv_clock_ns counts from when it was enabled. */
static uint64_t page_units(void)
{
    const volatile struct pv_hv_reference_tsc *page =
        (const volatile struct pv_hv_reference_tsc *)guest.clock.page;

    return (uint64_t)((unsigned __int128)kernel_ticks() * page->scale >> 64) + page->offset;
}

/* Page and counter have the same scale and offset, so the page lies between two readings. */
static void check_page(void)
{
    uint32_t early = 0, late = 0, backwards = 0;
    uint64_t last = 0;

    for (uint32_t i = 0; i < READS; i++) {
        const uint64_t before = read_msr(PV_HV_MSR_TIME_REF_COUNT);
        const uint64_t page = page_units();
        const uint64_t after = read_msr(PV_HV_MSR_TIME_REF_COUNT);
        const uint64_t now = pv_clock_ns(&vp);

        early += page < before;
        late += page > after;
        backwards += now < last;
        last = now;
    }
    tap_equal(early, 0, "the page is never behind the counter");
    tap_equal(late, 0, "and never ahead");
    tap_equal(backwards, 0, "time goes on");
}

static void check_frequency(void)
{
    const uint64_t told = read_msr(PV_HV_MSR_TSC_FREQUENCY);
    uint64_t hz = 0;

    tap_equal(pv_clock_measure_hz(&guest, MEASURED_NS, &hz), PV_OK, "the counter is measured");
    tap_ok((hz > told ? hz - told : told - hz) <= told / 100, "as is told, within 1 %");
    tap_note("counter, Hz:", told);
    tap_ok(read_msr(PV_HV_MSR_APIC_FREQUENCY) != 0, "the APIC's frequency is told");
}

/* It runs while this loops, and takes no more time than there is. */
static void check_runtime(void)
{
    const uint64_t start = read_msr(PV_HV_MSR_TIME_REF_COUNT);
    const uint64_t first = read_msr(PV_HV_MSR_VP_RUNTIME);
    uint64_t run = 0, passed = 0;

    for (uint32_t i = 0; i < READS; i++) {
        const uint64_t now = read_msr(PV_HV_MSR_VP_RUNTIME);

        passed += now - first < run;
        run = now - first;
    }
    tap_equal(passed, 0, "run time never decreases");
    passed = read_msr(PV_HV_MSR_TIME_REF_COUNT) - start;
    tap_ok(run > 0 && run <= passed, "and is a part of the time that passed");
    tap_note("per cent of it:", run * 100 / passed);
}

void kernel_main(void)
{
    if (!tap_equal(pv_guest_init(&guest, &config), PV_OK, "guest init") ||
        !tap_equal(pv_vp_online(&guest, &vp), PV_OK, "VP online") ||
        !tap_equal(pv_clock_enable(&vp, PV_CLOCK_HV_PAGE), PV_OK, "the reference TSC page"))
        tap_done();
    check_page();
    check_frequency();
    check_runtime();
    tap_done();
}
