/* SPDX-License-Identifier: MIT */
/* Which backend, and its life on one VP. */
#include "guest/told.h"
#include "steal/steal_internal.h"

#include <pv/os.h>

#include "pv_port.h"

static const char *const names[PV_STEAL_BACKENDS] = {
    [PV_STEAL_NONE] = "none",           [PV_STEAL_KVM] = "KVM",
    [PV_STEAL_PV_TIME] = "PV_TIME",     [PV_STEAL_SBI] = "SBI STA",
    [PV_STEAL_LOONGARCH] = "LoongArch", [PV_STEAL_XEN] = "Xen",
    [PV_STEAL_VMWARE] = "VMware",       [PV_STEAL_HYPERV] = "Hyper-V",
};

const char *pv_steal_name(enum pv_steal_backend backend)
{
    return (unsigned)backend < PV_STEAL_BACKENDS ? names[backend] : "?";
}

static bool offered(const struct pv_guest *guest, enum pv_steal_backend backend)
{
    switch (backend) {
    case PV_STEAL_KVM:
        return pv_steal_kvm_offered_(guest);
    case PV_STEAL_PV_TIME:
        return pv_steal_pv_time_offered_(guest);
    case PV_STEAL_SBI:
        return pv_steal_sbi_offered_(guest);
    case PV_STEAL_LOONGARCH:
        return pv_steal_loongarch_offered_(guest);
    case PV_STEAL_XEN:
        return pv_steal_xen_offered_(guest);
    case PV_STEAL_VMWARE:
        return pv_steal_vmware_offered_(guest);
    default:
        return pv_steal_hyperv_offered_(guest);
    }
}

static enum pv_status tell(struct pv_vp *vp, enum pv_steal_backend backend)
{
    switch (backend) {
    case PV_STEAL_KVM:
        return pv_steal_kvm_tell_(vp);
    case PV_STEAL_PV_TIME:
        return pv_steal_pv_time_tell_(vp);
    case PV_STEAL_SBI:
        return pv_steal_sbi_tell_(vp);
    case PV_STEAL_LOONGARCH:
        return pv_steal_loongarch_tell_(vp);
    case PV_STEAL_XEN:
        return pv_steal_xen_tell_(vp);
    case PV_STEAL_VMWARE:
        return pv_steal_vmware_tell_(vp);
    default:
        return pv_steal_hyperv_tell_(vp);
    }
}

bool pv_steal_call_off_(enum pv_steal_backend backend, uint64_t how)
{
    switch (backend) {
    case PV_STEAL_SBI:
        return pv_steal_sbi_off_();
    case PV_STEAL_LOONGARCH:
        return pv_steal_loongarch_off_();
    case PV_STEAL_XEN:
        return pv_steal_xen_off_(how);
    default:
        return pv_steal_vmware_off_(how);
    }
}

enum pv_steal_backend pv_steal_probe(const struct pv_guest *guest)
{
    for (unsigned backend = PV_STEAL_KVM; backend < PV_STEAL_BACKENDS; backend++)
        if (offered(guest, (enum pv_steal_backend)backend))
            return (enum pv_steal_backend)backend;
    return PV_STEAL_NONE;
}

/* Word by word: in one of them somebody may just try for a flush (pv_kvm_flush_defer). */
static void clear(uint8_t area[PV_STEAL_AREA_BYTES])
{
    for (unsigned i = 0; i < PV_STEAL_AREA_BYTES; i += sizeof(uint32_t))
        __atomic_store_n((uint32_t *)(void *)(area + i), 0, __ATOMIC_RELAXED);
}

/* 64 bytes that start at a multiple of 64 cross no page; PV_GPA_NONE is no multiple. */
enum pv_status pv_steal_provide_(struct pv_vp *vp)
{
    struct pv_steal_vp *steal = &vp->steal;

    clear(steal->area);
    steal->shared = steal->area;
    steal->gpa = pv_os_virt_to_gpa(steal->area);
    return steal->gpa % PV_STEAL_AREA_BYTES == 0 ? PV_OK : PV_BAD_ADDRESS;
}

static void unmap(struct pv_steal_vp *steal)
{
    if (steal->mapped != NULL)
        pv_os_unmap(steal->mapped);
    steal->mapped = NULL;
}

/* Misaligned it might leave the page. */
enum pv_status pv_steal_map_(struct pv_vp *vp, uint64_t gpa)
{
    struct pv_steal_vp *steal = &vp->steal;

    if (gpa % PV_STEAL_AREA_BYTES != 0)
        return PV_BAD_ADDRESS;
    if (steal->mapped == NULL || steal->gpa != gpa) {
        unmap(steal);
        steal->mapped = pv_os_map_gpa(gpa - gpa % PV_PAGE_BYTES, PV_OS_READ_ONLY);
    }
    steal->gpa = gpa;
    if (steal->mapped == NULL)
        return PV_BAD_ADDRESS;
    steal->shared = (const uint8_t *)steal->mapped + gpa % PV_PAGE_BYTES;
    return PV_OK;
}

/* Told of the same area again, a host has it once, and lets go of it once; but Xen, told by virtual
 * address, never does. */
void pv_steal_register_(struct pv_steal_vp *steal, enum pv_steal_backend backend)
{
    steal->registered = backend;
    if (backend != PV_STEAL_XEN)
        steal->stuck = false;
}

void pv_steal_told_(struct pv_vp *vp, enum pv_steal_backend backend, uint64_t how)
{
    pv_steal_register_(&vp->steal, backend);
    pv_told_add_(&vp->told, PV_TOLD_STEAL, PV_TOLD_STEAL_AREA, backend, how);
}

enum pv_status pv_steal_answer_(struct pv_vp *vp, int64_t error)
{
    vp->steal.host_error = error;
    return error == 0 ? PV_OK : PV_REFUSED;
}

/* An adopted area is in no register of ours, so there is nothing to take back. */
static enum pv_status forget(struct pv_vp *vp)
{
    pv_steal_retract_(&vp->steal);
    vp->steal.adopted = false;
    if (pv_told_take_back_one_(vp->guest, &vp->told, PV_TOLD_STEAL))
        return PV_OK;
    vp->steal.stuck = true;
    return PV_REFUSED;
}

static enum pv_status set_up(struct pv_vp *vp, enum pv_steal_backend backend)
{
    enum pv_status status = PV_UNSUPPORTED;

    vp->steal.host_error = 0;
    if (vp->steal.stuck && vp->steal.registered != backend)
        return PV_REFUSED;
    if (offered(vp->guest, backend))
        status = tell(vp, backend);
    if (status == PV_OK)
        status = pv_steal_publish_(&vp->steal, backend);
    if (status == PV_OK && backend == PV_STEAL_KVM)
        pv_steal_kvm_take_flushes_(vp);
    if (status != PV_OK) {
        const enum pv_status forgotten = forget(vp);

        (void)forgotten; /* steal.stuck tells pv_vp_release */
    }
    return status;
}

static enum pv_status read_adopted(struct pv_vp *vp, enum pv_steal_backend backend)
{
    enum pv_status status = PV_OK;

    if (backend == PV_STEAL_PV_TIME)
        status = pv_steal_pv_time_check_(&vp->steal);
    return status == PV_OK ? pv_steal_publish_(&vp->steal, backend) : status;
}

/* The host may offer what it then does not give (VMware), and the next one may. */
static enum pv_status set_up_best(struct pv_vp *vp)
{
    enum pv_status status = PV_UNSUPPORTED;

    for (unsigned backend = PV_STEAL_KVM; status != PV_OK && backend < PV_STEAL_BACKENDS; backend++)
        if (offered(vp->guest, (enum pv_steal_backend)backend))
            status = set_up(vp, (enum pv_steal_backend)backend);
    return status;
}

static enum pv_status set_up_asked(struct pv_vp *vp)
{
    if (vp->steal.asked == PV_STEAL_BEST)
        return set_up_best(vp);
    return set_up(vp, vp->steal.asked);
}

enum pv_status pv_steal_enable(struct pv_vp *vp, enum pv_steal_backend backend)
{
    struct pv_steal_vp *steal = &vp->steal;

    if (vp->guest == NULL || steal->backend != PV_STEAL_NONE)
        return PV_BAD_STATE;
    if ((unsigned)backend >= PV_STEAL_BACKENDS)
        return PV_INVALID;
    steal->asked = backend;
    steal->adopted = false;
    steal->status = set_up_asked(vp);
    steal->wanted = steal->status == PV_OK;
    return steal->status;
}

enum pv_status pv_steal_adopt(struct pv_vp *vp, enum pv_steal_backend backend, const void *area)
{
    struct pv_steal_vp *steal = &vp->steal;

    if (vp->guest == NULL || steal->backend != PV_STEAL_NONE)
        return PV_BAD_STATE;
    if ((unsigned)backend >= PV_STEAL_HYPERV || backend == PV_STEAL_BEST)
        return PV_INVALID;
    if ((uintptr_t)area % sizeof(uint64_t) != 0)
        return PV_BAD_ADDRESS;
    steal->shared = area;
    steal->asked = backend;
    steal->status = read_adopted(vp, backend);
    steal->wanted = steal->adopted = steal->status == PV_OK;
    return steal->status;
}

enum pv_status pv_steal_disable(struct pv_vp *vp)
{
    if (vp->guest == NULL || !vp->steal.wanted)
        return PV_BAD_STATE;
    vp->steal.wanted = false;
    return forget(vp);
}

enum pv_status pv_steal_update(struct pv_vp *vp, uint64_t idle_ns)
{
    switch (vp->steal.backend) {
    case PV_STEAL_NONE:
        return PV_BAD_STATE;
    case PV_STEAL_HYPERV:
        return pv_steal_hyperv_update_(vp, idle_ns);
    default:
        return PV_OK;
    }
}

void pv_steal_vp_online_(struct pv_vp *vp)
{
    struct pv_steal_vp *steal = &vp->steal;

    if (steal->wanted)
        steal->status = steal->adopted ? read_adopted(vp, steal->asked) : set_up_asked(vp);
}

void pv_steal_vp_offline_(struct pv_vp *vp)
{
    pv_steal_retract_(&vp->steal);
}

enum pv_status pv_steal_vp_release_(struct pv_vp *vp)
{
    struct pv_steal_vp *steal = &vp->steal;

    unmap(steal);
    steal->wanted = false;
    steal->adopted = false;
    if (!steal->stuck)
        return PV_OK;
    pv_os_log("libpv: the hypervisor keeps the stolen-time area; struct pv_vp must stay");
    return PV_REFUSED;
}
