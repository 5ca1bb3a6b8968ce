/* SPDX-License-Identifier: MIT */
#include "mock.h"

#include <pv/os.h>
#include <stdlib.h>
#include <string.h>

#define POOL_PAGES 8

static PV_ALIGNED(4096) uint8_t pool[POOL_PAGES][PV_PAGE_BYTES];
static size_t given;
static uint64_t os_id, hypercall_page;

static uint64_t hv_call(struct pv_sim *sim, uintptr_t entry, uint64_t control, uint64_t in,
                        uint64_t out)
{
    (void)sim;
    (void)entry;
    (void)in;
    (void)out;
    return control & PV_HV_CONTROL_REP_MASK << PV_HV_CONTROL_REPS_SHIFT;
}

static uint64_t hv_call_block(struct pv_sim *sim, uintptr_t entry, uint64_t control,
                              uint64_t block[PV_PORT_BLOCK_QWORDS])
{
    return hv_call(sim, entry, control, block[0], block[1]);
}

static bool hv_block_usable(struct pv_sim *sim)
{
    (void)sim;
    return true;
}

static uint64_t msr_read(struct pv_sim *sim, uint32_t msr)
{
    (void)sim;
    if (msr == PV_HV_MSR_GUEST_OS_ID)
        return os_id;
    return msr == PV_HV_MSR_HYPERCALL ? hypercall_page : 0;
}

static void msr_write(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    (void)sim;
    if (msr == PV_HV_MSR_GUEST_OS_ID)
        os_id = value;
    if (msr == PV_HV_MSR_HYPERCALL) {
        hypercall_page = value;
        memset((void *)(uintptr_t)(value & PV_HV_PAGE_NUMBER_MASK), 0xC3, 8);
    }
}

static struct pv_port_cpuid cpuid(struct pv_sim *sim, uint32_t leaf, uint32_t subleaf)
{
    struct pv_port_cpuid r = { 0, 0, 0, 0 };

    (void)sim;
    (void)subleaf;
    if (leaf == 1)
        r.ecx = 1u << 31;
    if (leaf == 0x40000000)
        r.eax = 0x40000006;
    if (leaf == 0x40000001)
        r.eax = PV_HV_INTERFACE_HV1;
    if (leaf == 0x40000003) {
        r.eax = 1u << PV_HV_PRIVILEGE_HYPERCALL | 1u << PV_HV_PRIVILEGE_VP_INDEX;
        r.edx = PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT;
    }
    return r;
}

static struct pv_sim sim = {
    .has_cpuid = true,
    .has_msr = true,
    .has_hv = true,
    .cpuid = cpuid,
    .msr_read = msr_read,
    .msr_write = msr_write,
    .hv_call = hv_call,
    .hv_call_block = hv_call_block,
    .hv_block_usable = hv_block_usable,
};

_Thread_local struct pv_sim *pv_sim;

void *pv_os_page_alloc(size_t pages)
{
    void *page = pool[given];

    given += pages;
    return given <= POOL_PAGES ? page : NULL;
}

void pv_os_page_free(void *page, size_t pages)
{
    (void)page;
    (void)pages;
}

bool pv_os_page_protect(void *page, enum pv_os_access access)
{
    (void)page;
    (void)access;
    return true;
}

uint64_t pv_os_virt_to_gpa(const void *address)
{
    return (uintptr_t)address;
}

void *pv_os_map_gpa(uint64_t gpa, enum pv_os_access access)
{
    (void)gpa;
    (void)access;
    return NULL;
}

void pv_os_unmap(void *address)
{
    (void)address;
}

void pv_os_log(const char *text)
{
    (void)text;
}

size_t mock_pages(void)
{
    return given;
}

void mock_start(struct pv_guest *guest, struct pv_vp *vp, uint32_t arg_pages, uint32_t forms_off)
{
    const struct pv_guest_config config = {
        .hv = { .os_id = 1, .arg_pages = arg_pages, .forms_off = forms_off },
    };

    pv_sim = &sim;
    given = 0;
    os_id = 0;
    hypercall_page = 0;
    memset(guest, 0, sizeof(*guest));
    memset(vp, 0, sizeof(*vp));
    if (pv_guest_init(guest, &config) != PV_OK || pv_vp_online(guest, vp) != PV_OK)
        abort();
}
