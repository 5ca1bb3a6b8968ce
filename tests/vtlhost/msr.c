/* SPDX-License-Identifier: MIT */
/* Synthetic MSRs: none is KVM's, all come here. What the TLFS answers with #GP is a #GP. */
#include "host.h"

#include <string.h>
#include <sys/ioctl.h>

#define FIRST 0x40000000u
#define COUNT 0x200u

void host_msr_filter(struct host *host)
{
    static uint8_t none[COUNT / 8];
    struct kvm_enable_cap cap = {
        .cap = KVM_CAP_X86_USER_SPACE_MSR,
        .args = { KVM_MSR_EXIT_REASON_FILTER | KVM_MSR_EXIT_REASON_UNKNOWN |
                  KVM_MSR_EXIT_REASON_INVAL },
    };
    struct kvm_msr_filter filter = {
        .flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
        .ranges[0] = { .flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
                       .base = FIRST, .nmsrs = COUNT, .bitmap = none },
    };

    if (ioctl(host->vm, KVM_ENABLE_CAP, &cap) != 0 ||
        ioctl(host->vm, KVM_X86_SET_MSR_FILTER, &filter) != 0)
        host_fail("KVM_X86_SET_MSR_FILTER");
}

void host_msr_read(struct host_vp *vp)
{
    struct host *host = vp->host;
    struct kvm_run *run = vp->run;
    uint64_t value;

    pthread_mutex_lock(&host->lock);
    run->msr.error = !sim_model_msr_read(&host->model, vp->index, run->msr.index, &value);
    pthread_mutex_unlock(&host->lock);
    run->msr.data = value;
}

/* What the write has changed, the guest finds in its memory. */
static void follow(struct host_vp *vp, uint32_t msr)
{
    static const uint8_t blank[PV_PAGE_BYTES];
    struct host *host = vp->host;
    const uint8_t vtl = host_vtl_of(vp);

    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
    case PV_HV_MSR_HYPERCALL:
        host_hypercall_page_follow(host, vtl);
        break;
    case PV_HV_MSR_VP_ASSIST_PAGE:
        host_overlay_place(host, &vp->assist_page[vtl],
                           host->model.cpus[vp->index].vtls[vtl].assist_page, blank);
        break;
    default:
        host_clock_page_follow(host, vtl);
    }
}

void host_msr_write(struct host_vp *vp)
{
    struct host *host = vp->host;
    struct kvm_run *run = vp->run;
    bool taken;

    pthread_mutex_lock(&host->lock);
    taken = sim_model_msr_write(&host->model, vp->index, run->msr.index, run->msr.data);
    if (taken)
        follow(vp, run->msr.index);
    pthread_mutex_unlock(&host->lock);
    run->msr.error = !taken;
}
