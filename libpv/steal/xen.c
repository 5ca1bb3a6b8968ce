/* SPDX-License-Identifier: MIT */
/*
 * Xen on x86: the runstate area (xen/include/public/vcpu.h). Stolen is the time in the
 * states runnable and offline, as Linux has it. By GPA where Xen can; by virtual address it cannot
 * be taken back.
 */
#include "area/area.h"
#include "steal/steal_internal.h"

#include <pv/abi/xen.h>
#include <pv/os.h>

/* How it was registered, as the registry keeps it. */
#define BY_VIRTUAL_ADDRESS 0u
#define BY_GPA 1u

/* The number of the calling VP: hypercalls do not know a "self". */
static bool read_number(const struct pv_guest *guest, unsigned long *number)
{
    const struct pv_detect_interface *xen = pv_detect_find(&guest->detect, PV_DETECT_XEN);
    struct pv_port_cpuid leaf;

    if (xen == NULL || xen->max_leaf - xen->base < PV_XEN_CPUID_HVM)
        return false;
    leaf = pv_port_cpuid(xen->base + PV_XEN_CPUID_HVM, 0);
    *number = leaf.ebx;
    return (leaf.eax & PV_XEN_CPUID_HVM_VCPU_ID) != 0;
}

bool pv_steal_xen_offered_(const struct pv_guest *guest)
{
    unsigned long number;

    return PV_PORT_XEN && read_number(guest, &number);
}

static bool takes_gpa(void)
{
    struct pv_xen_feature_info info = { 0, 0 };

    const long refused =
        pv_port_xen_call(PV_XEN_VERSION, PV_XEN_VERSION_GET_FEATURES, (uintptr_t)&info, 0);

    return refused == 0 &&
           (info.bits >> PV_XEN_FEATURE_RUNSTATE_PHYS_AREA & 1) != 0;
}

static long register_area(unsigned long command, unsigned long number, uint64_t address)
{
    const struct pv_xen_area area = { address };

    return pv_port_xen_call(PV_XEN_VCPU_OP, command, number, (uintptr_t)&area);
}

/* Without the flag another CPU's read may be torn; Xen that does not know it says so. */
static void ask_for_update_flag(void)
{
    const long refused =
        pv_port_xen_call(PV_XEN_VM_ASSIST, PV_XEN_ASSIST_ENABLE, PV_XEN_ASSIST_RUNSTATE_UPDATE, 0);

    (void)refused;
}

/* The page is not used: the calls in it are one instruction. */
static enum pv_status declare_64_bits(const struct pv_guest *guest)
{
    const struct pv_detect_interface *xen = pv_detect_find(&guest->detect, PV_DETECT_XEN);
    const uint32_t msr = pv_port_cpuid(xen->base + PV_XEN_CPUID_PAGES, 0).ebx;
    uint64_t gpa;
    void *page;

    if (msr < PV_XEN_MSR_FIRST || msr > PV_XEN_MSR_LAST)
        return PV_MALFORMED;
    page = pv_os_page_alloc(1);
    if (page == NULL)
        return PV_NO_MEMORY;
    gpa = pv_os_virt_to_gpa(page);
    if (gpa % PV_PAGE_BYTES == 0)
        pv_port_msr_write(msr, gpa);
    pv_os_page_free(page, 1);
    return gpa % PV_PAGE_BYTES == 0 ? PV_OK : PV_BAD_ADDRESS;
}

enum pv_status pv_steal_xen_tell_(struct pv_vp *vp)
{
    enum pv_status status = pv_steal_provide_(vp);
    unsigned long number = 0;

    if (status == PV_OK)
        status = declare_64_bits(vp->guest);
    if (status != PV_OK)
        return status;
    (void)read_number(vp->guest, &number); /* it was there when the backend was offered */
    if (takes_gpa()) {
        pv_steal_told_(vp, PV_STEAL_XEN, BY_GPA | (uint64_t)number << 1);
        return pv_steal_answer_(
            vp, register_area(PV_XEN_VCPU_REGISTER_RUNSTATE_PHYS, number, vp->steal.gpa));
    }
    ask_for_update_flag();
    status = pv_steal_answer_(
        vp, register_area(PV_XEN_VCPU_REGISTER_RUNSTATE, number, (uintptr_t)vp->steal.area));
    if (status == PV_OK) /* for good; a refused one is not there to be taken back */
        pv_steal_told_(vp, PV_STEAL_XEN, BY_VIRTUAL_ADDRESS);
    return status;
}

bool pv_steal_xen_off_(uint64_t how)
{
    if ((how & BY_GPA) == 0)
        return false;
    return register_area(PV_XEN_VCPU_REGISTER_RUNSTATE_PHYS, (unsigned long)(how >> 1), ~0ull) == 0;
}

bool pv_steal_xen_read_(const volatile void *shared, uint64_t *stolen_ns)
{
    const volatile struct pv_xen_runstate *area = (const volatile struct pv_xen_runstate *)shared;
    const uint64_t before = pv_area_load64_(&area->entry_time);

    pv_port_read_barrier();
    *stolen_ns = pv_area_load64_(&area->time[PV_XEN_RUNNABLE]) +
                 pv_area_load64_(&area->time[PV_XEN_OFFLINE]);
    pv_port_read_barrier();
    return (before & PV_XEN_UPDATING) == 0 && pv_area_load64_(&area->entry_time) == before;
}
