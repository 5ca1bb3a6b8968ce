/* SPDX-License-Identifier: MIT */
/*
 * Hyper-V reference time, x86: an MSR counts units of 100 ns since the partition was created, and a
 * page holds the scale from the TSC to the same (TLFS "Timers"). arm64 has the architected counter.
 */
#include "clock/clock_internal.h"
#include "clock/scale.h"
#include "guest/told.h"
#include "pv_port.h"

#include <pv/abi/hv.h>
#include <pv/os.h>

#define NS_PER_UNIT 100u

static bool has(const struct pv_guest *guest, unsigned privilege)
{
    return PV_PORT_MSR && (guest->detect.hyperv.privileges >> privilege & 1) != 0;
}

bool pv_clock_hv_counter_offered_(const struct pv_guest *guest)
{
    return has(guest, PV_HV_PRIVILEGE_TIME_REF_COUNT);
}

uint64_t pv_clock_hv_counter_(void)
{
    return pv_port_msr_read(PV_HV_MSR_TIME_REF_COUNT) * NS_PER_UNIT;
}

/* The page may become invalid at any time, and then the counter is read. */
bool pv_clock_hv_page_offered_(const struct pv_guest *guest)
{
    return has(guest, PV_HV_PRIVILEGE_REFERENCE_TSC) && pv_clock_hv_counter_offered_(guest);
}

/* The sequence is no parity: it is another nonzero number after each update. */
static bool read_page(const volatile struct pv_hv_reference_tsc *page, uint32_t sequence,
                      uint64_t *ns)
{
    uint64_t tsc;
    uint64_t scale;
    uint64_t offset;

    pv_port_read_barrier();
    tsc = pv_port_counter();
    scale = page->scale;
    offset = page->offset;
    pv_port_read_barrier();
    *ns = (pv_clock_multiply_(tsc, scale).high + offset) * NS_PER_UNIT;
    return page->sequence == sequence;
}

/* True for one of the readers that meet a new one. */
static bool note_sequence(struct pv_clock_guest *clock, uint32_t sequence)
{
    if (__atomic_load_n(&clock->page_sequence, __ATOMIC_RELAXED) == sequence)
        return false;
    return __atomic_exchange_n(&clock->page_sequence, sequence, __ATOMIC_RELAXED) != sequence;
}

bool pv_clock_hv_page_read_(struct pv_guest *guest, struct pv_clock_reading *reading)
{
    const volatile struct pv_hv_reference_tsc *page =
        (const volatile struct pv_hv_reference_tsc *)guest->clock.page;
    const uint32_t sequence = page->sequence;

    if (sequence == 0 || sequence == PV_HV_REFERENCE_TSC_INVALID_OLD)
        reading->ns = pv_clock_hv_counter_();
    else if (!read_page(page, sequence, &reading->ns))
        return false;
    reading->unstable = false;
    reading->moved = note_sequence(&guest->clock, sequence);
    return true;
}

/* ---- the page ---- */

enum pv_status pv_clock_hv_page_release_(struct pv_guest *guest)
{
    struct pv_clock_guest *clock = &guest->clock;
    const bool stuck = clock->page_stuck;

    if (clock->page == NULL)
        return PV_OK;
    if (stuck)
        pv_os_log("libpv: the hypervisor keeps the reference TSC page; it is not given back");
    else if (clock->page_adopted)
        pv_os_unmap(clock->page);
    else
        pv_os_page_free(clock->page, 1);
    clock->page = NULL;
    clock->page_adopted = false;
    clock->page_stuck = false;
    return stuck ? PV_REFUSED : PV_OK;
}

static void drop_page(struct pv_guest *guest)
{
    const enum pv_status released = pv_clock_hv_page_release_(guest);

    (void)released; /* a page that stays with the hypervisor has been logged */
}

static enum pv_status adopt(struct pv_guest *guest, uint64_t gpa)
{
    struct pv_clock_guest *clock = &guest->clock;

    drop_page(guest);
    clock->page = pv_os_map_gpa(gpa, PV_OS_READ_ONLY);
    clock->page_gpa = gpa;
    clock->page_adopted = clock->page != NULL;
    return clock->page != NULL ? PV_OK : PV_BAD_ADDRESS;
}

static enum pv_status provide(struct pv_guest *guest)
{
    struct pv_clock_guest *clock = &guest->clock;

    if (clock->page_adopted || clock->page_stuck)
        drop_page(guest);
    if (clock->page == NULL)
        clock->page = pv_os_page_alloc(1);
    if (clock->page == NULL)
        return PV_NO_MEMORY;
    memset(clock->page, 0, PV_PAGE_BYTES);
    clock->page_gpa = pv_os_virt_to_gpa(clock->page);
    return clock->page_gpa % PV_PAGE_BYTES == 0 ? PV_OK : PV_BAD_ADDRESS;
}

static enum pv_status place(struct pv_guest *guest, uint64_t old)
{
    const uint64_t kept = old & ~(PV_HV_PAGE_NUMBER_MASK | PV_HV_PAGE_ENABLE);
    const enum pv_status status = provide(guest);
    const uint64_t off = guest->clock.page_gpa | kept;

    if (status != PV_OK)
        return status;
    pv_told_add_(&guest->told, PV_TOLD_CLOCK, PV_TOLD_MSR, PV_HV_MSR_REFERENCE_TSC, off);
    pv_port_msr_write(PV_HV_MSR_REFERENCE_TSC, off | PV_HV_PAGE_ENABLE);
    return pv_port_msr_read(PV_HV_MSR_REFERENCE_TSC) == (off | PV_HV_PAGE_ENABLE) ? PV_OK
                                                                                   : PV_REFUSED;
}

static bool is_still_ours(const struct pv_clock_guest *clock, uint64_t gpa)
{
    return clock->page != NULL && !clock->page_adopted && clock->page_gpa == gpa;
}

enum pv_status pv_clock_hv_page_enable_(struct pv_guest *guest)
{
    const uint64_t old = pv_port_msr_read(PV_HV_MSR_REFERENCE_TSC);
    const uint64_t gpa = old & PV_HV_PAGE_NUMBER_MASK;
    enum pv_status status;

    if (guest->config.areas_adopt && (old & PV_HV_PAGE_ENABLE) != 0 &&
        !is_still_ours(&guest->clock, gpa))
        return adopt(guest, gpa);
    status = place(guest, old);
    if (status != PV_OK && !pv_told_take_back_one_(guest, &guest->told, PV_TOLD_CLOCK))
        guest->clock.page_stuck = true;
    if (status != PV_OK)
        drop_page(guest);
    return status;
}
