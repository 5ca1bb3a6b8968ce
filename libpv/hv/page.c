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
    return memset(pv_os_hypercall_page, 0, PV_PAGE_BYTES);
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

static enum pv_status put_back(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;

    if (hv->page_stuck) {
        pv_os_log("libpv: the hypervisor keeps the hypercall page; it is not given back");
        return PV_REFUSED;
    }
    if (!pv_os_page_protect(hv->page, PV_OS_READ_WRITE)) {
        pv_os_log("libpv: the hypercall page cannot be made writable again; it is not given back");
        return PV_BAD_ADDRESS;
    }
    own_page_put(hv->page);
    return PV_OK;
}

enum pv_status pv_hv_page_release_(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;
    enum pv_status status = PV_OK;

    if (hv->page == NULL)
        return PV_OK;
    if (hv->page_adopted)
        pv_os_unmap(hv->page);
    else
        status = put_back(guest);
    hv->page = NULL;
    hv->page_adopted = false;
    hv->page_stuck = false;
    return status;
}

static void drop_page(struct pv_guest *guest)
{
    const enum pv_status released = pv_hv_page_release_(guest);

    (void)released; /* a page that cannot be given back has been logged */
}

static enum pv_status adopt(struct pv_guest *guest, uint64_t gpa)
{
    struct pv_hv_guest *hv = &guest->hv;

    drop_page(guest);
    hv->page = pv_os_map_gpa(gpa, PV_OS_READ_EXECUTE);
    if (hv->page == NULL)
        return PV_BAD_ADDRESS;
    hv->page_adopted = true;
    hv->page_gpa = gpa;
    return PV_OK;
}

/* The page of an earlier life is used again, without the code that was in it, so that finding code
 * there means something. A mapping of an adopted page is not ours to place. */
static enum pv_status provide(struct pv_guest *guest)
{
    struct pv_hv_guest *hv = &guest->hv;

    if (hv->page_adopted || hv->page_stuck)
        drop_page(guest);
    if (hv->page == NULL)
        hv->page = own_page_get();
    else if (pv_os_page_protect(hv->page, PV_OS_READ_WRITE))
        memset(hv->page, 0, PV_PAGE_BYTES);
    else
        return PV_BAD_ADDRESS;
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
    pv_told_add_(&guest->told, PV_TOLD_HV_PAGE, PV_TOLD_MSR, PV_HV_MSR_HYPERCALL,
                 hv->page_gpa | kept);
    pv_port_msr_write(PV_HV_MSR_HYPERCALL, hv->page_gpa | kept | PV_HV_PAGE_ENABLE);
    now = pv_port_msr_read(PV_HV_MSR_HYPERCALL);
    if ((now & PV_HV_PAGE_ENABLE) == 0 || page_number(now) != hv->page_gpa)
        return PV_REFUSED;
    return pv_os_page_protect(hv->page, PV_OS_READ_EXECUTE) ? PV_OK : PV_BAD_ADDRESS;
}

/* Kept by the hypervisor since an earlier life, as after a restored snapshot. */
static bool is_still_ours(const struct pv_hv_guest *hv, uint64_t msr)
{
    return hv->page != NULL && !hv->page_adopted && page_number(msr) == hv->page_gpa;
}

/* It cannot be zeroed while the hypervisor has it, so it is taken off first. */
static enum pv_status place_again(struct pv_guest *guest, uint64_t msr)
{
    pv_port_msr_write(PV_HV_MSR_HYPERCALL, msr & ~PV_HV_PAGE_ENABLE);
    guest->hv.page_stuck = false;
    return place(guest, msr & ~PV_HV_PAGE_ENABLE);
}

static enum pv_status obtain(struct pv_guest *guest)
{
    const uint64_t msr = pv_port_msr_read(PV_HV_MSR_HYPERCALL);
    const bool movable = (msr & PV_HV_PAGE_LOCKED) == 0;

    if ((msr & PV_HV_PAGE_ENABLE) == 0)
        return movable ? place(guest, msr) : PV_LOCKED;
    if (movable && (PV_CONFIG_HV_DIRECT_CALL || is_still_ours(&guest->hv, msr)))
        return place_again(guest, msr);
    return PV_CONFIG_HV_DIRECT_CALL ? PV_LOCKED : adopt(guest, page_number(msr));
}

/* Kernels with indirect branch tracking need it at the target of an indirect call; KVM and older
 * Hyper-V do not put it there. */
static bool begins_with_endbr64(const void *page)
{
    static const uint8_t endbr64[4] = { 0xF3, 0x0F, 0x1E, 0xFA };

    return memcmp(page, endbr64, sizeof(endbr64)) == 0;
}

enum pv_status pv_hv_page_enable_(struct pv_guest *guest)
{
    enum pv_status status = obtain(guest);

    if (status != PV_OK)
        return status;
    if (!looks_like_code(guest->hv.page))
        return PV_MALFORMED;
    guest->hv.page_has_endbr = begins_with_endbr64(guest->hv.page);
    guest->hv.entry = (uintptr_t)guest->hv.page;
    return PV_OK;
}
