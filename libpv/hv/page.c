/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page (x86): adopt it where firmware or an earlier kernel has enabled one, place our
 * own where not, and believe neither the hypervisor nor its page before both have been looked at.
 *
 * On Hyper-V the page is an overlay that hides the RAM beneath; KVM writes its few bytes into the
 * RAM instead. Either way the page is the hypervisor's alone while enabled.
 */
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"

#include <pv/config.h>
#include <pv/os.h>

static uint64_t page_number(uint64_t msr)
{
    return msr & PV_HV_PAGE_NUMBER_MASK;
}

/* A kernel that calls the page directly has it in its image, and can call no other. */
#if PV_CONFIG_HV_DIRECT_CALL
static void *own_page_get(void)
{
    return pv_os_hypercall_page;
}

static void own_page_put(void *page)
{
    (void)page;
}
#else
static void *own_page_get(void)
{
    return pv_os_page_alloc(1);
}

static void own_page_put(void *page)
{
    pv_os_page_free(page, 1);
}
#endif

/*
 * No code at all, or the all-ones of memory that is not there, is no hypercall page. What the code
 * is cannot be told: it differs between hypervisors and CPU vendors.
 */
static bool looks_like_code(const void *page)
{
    const uint8_t *bytes = (const uint8_t *)page;
    uint32_t all_ones = 0;
    uint32_t all_zero = 0;

    pv_port_compiler_barrier();
    for (unsigned i = 0; i < 4; i++) {
        all_ones += bytes[i] == 0xFF;
        all_zero += bytes[i] == 0;
    }
    return all_ones != 4 && all_zero != 4;
}

void pv_hv_page_release_(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;

    if (hv->page == NULL)
        return;
    if (hv->page_adopted) {
        pv_os_unmap(hv->page);
    } else if (pv_os_page_protect(hv->page, PV_OS_READ_WRITE)) {
        own_page_put(hv->page);
    } else {
        pv_os_log("libpv: the hypercall page cannot be made writable again; it is not given back");
    }
    hv->page = NULL;
    hv->page_adopted = false;
}

static enum pv_status adopt(struct pv_guest *guest, uint64_t gpa)
{
    struct pv_hv_guest *hv = &guest->hv;

    pv_hv_page_release_(guest);
    hv->page = pv_os_map_gpa(gpa, PV_OS_READ_EXECUTE);
    if (hv->page == NULL)
        return PV_BAD_ADDRESS;
    hv->page_adopted = true;
    hv->page_gpa = gpa;
    return PV_OK;
}

/* The page of an earlier life is used again; a mapping of an adopted one is not ours to place. */
static enum pv_status provide(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;

    if (hv->page_adopted)
        pv_hv_page_release_(guest);
    if (hv->page == NULL)
        hv->page = own_page_get();
    if (hv->page == NULL)
        return PV_NO_MEMORY;
    hv->page_gpa = pv_os_virt_to_gpa(hv->page);
    return page_number(hv->page_gpa) == hv->page_gpa ? PV_OK : PV_BAD_ADDRESS;
}

static enum pv_status place(struct pv_guest *guest, uint64_t old)
{
    const uint64_t kept = old & ~(PV_HV_PAGE_NUMBER_MASK | PV_HV_PAGE_ENABLE);
    struct pv_hv_guest *hv = &guest->hv;
    enum pv_status status = provide(guest);
    uint64_t now;

    if (status != PV_OK)
        return status;
    pv_told_add_(&hv->told, PV_TOLD_MSR, PV_HV_MSR_HYPERCALL, hv->page_gpa | kept);
    pv_port_msr_write(PV_HV_MSR_HYPERCALL, hv->page_gpa | kept | PV_HV_PAGE_ENABLE);
    now = pv_port_msr_read(PV_HV_MSR_HYPERCALL);
    if ((now & PV_HV_PAGE_ENABLE) == 0 || page_number(now) != hv->page_gpa)
        return PV_REFUSED;
    return pv_os_page_protect(hv->page, PV_OS_READ_EXECUTE) ? PV_OK : PV_BAD_ADDRESS;
}

enum pv_status pv_hv_page_enable_(struct pv_guest *guest)
{
    const uint64_t msr = pv_port_msr_read(PV_HV_MSR_HYPERCALL);
    const bool movable = (msr & PV_HV_PAGE_LOCKED) == 0;
    enum pv_status status;

    if ((msr & PV_HV_PAGE_ENABLE) != 0 && !PV_CONFIG_HV_DIRECT_CALL)
        status = adopt(guest, page_number(msr));
    else if (movable)
        status = place(guest, msr);
    else
        status = PV_LOCKED;
    if (status != PV_OK)
        return status;
    if (!looks_like_code(guest->hv.page))
        return PV_MALFORMED;
    guest->hv.entry = (uintptr_t)guest->hv.page;
    return PV_OK;
}
