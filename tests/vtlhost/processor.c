/* SPDX-License-Identifier: MIT */
/*
 * Registers on their way between KVM and `now`. Of a VP that came out of the guest for something to be done,
 * KVM_RUN has left most of them in kvm_run, and takes them from there. Of one that has not been started
 * KVM itself is asked: it may never have been in KVM_RUN, and what that has left may be out of date.
 */
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static const uint32_t msr_numbers[HOST_VTL_MSRS] = {
    0x277,      /* PAT */
    0x174,      /* SYSENTER_CS */
    0x175,      /* SYSENTER_ESP */
    0x176,      /* SYSENTER_EIP */
    0xC0000081, /* STAR */
    0xC0000082, /* LSTAR */
    0xC0000083, /* CSTAR */
    0xC0000084, /* SFMASK */
    0xC0000102, /* KERNEL_GS_BASE */
    0xC0000103, /* TSC_AUX */
};

struct msrs {
    struct kvm_msrs head;
    struct kvm_msr_entry entries[HOST_VTL_MSRS];
};

static struct msrs msrs_named(const uint64_t values[HOST_VTL_MSRS])
{
    struct msrs msrs = { .head.nmsrs = HOST_VTL_MSRS };

    for (uint32_t i = 0; i < HOST_VTL_MSRS; i++) {
        msrs.entries[i].index = msr_numbers[i];
        msrs.entries[i].data = values[i];
    }
    return msrs;
}

/*
 * By the image of XSAVE. KVM_GET_FPU and KVM_SET_FPU leave its header alone, which may say that all XMM registers
 * are as after a reset: then the one tells old values, and what the other sets is lost.
 */
#define XSAVE_XMM 160u
#define XSAVE_HEADER 512u /* XSTATE_BV comes first */
#define XSTATE_SSE 2u

static bool fetch_xmm(struct host_vp *vp, uint8_t xmm[HOST_XMMS][16])
{
    struct kvm_xsave image;
    const bool fetched = ioctl(vp->fd, KVM_GET_XSAVE, &image) == 0;

    if (fetched)
        memcpy(xmm, (const uint8_t *)image.region + XSAVE_XMM, HOST_XMMS * 16);
    return fetched;
}

static bool store_xmm(struct host_vp *vp, const uint8_t xmm[HOST_XMMS][16])
{
    struct kvm_xsave image;

    if (ioctl(vp->fd, KVM_GET_XSAVE, &image) != 0)
        return false;
    memcpy((uint8_t *)image.region + XSAVE_XMM, xmm, HOST_XMMS * 16);
    image.region[XSAVE_HEADER / sizeof(image.region[0])] |= XSTATE_SSE;
    return ioctl(vp->fd, KVM_SET_XSAVE, &image) == 0;
}

static void fetch_rest(struct host_vp *vp)
{
    struct host_registers *now = &vp->now;
    struct msrs msrs = msrs_named(now->msrs);

    if (!fetch_xmm(vp, now->xmm) || ioctl(vp->fd, KVM_GET_DEBUGREGS, &now->debug) != 0 ||
        ioctl(vp->fd, KVM_GET_MSRS, &msrs) != (int)HOST_VTL_MSRS)
        host_fail("registers");
    for (uint32_t i = 0; i < HOST_VTL_MSRS; i++)
        now->msrs[i] = msrs.entries[i].data;
    vp->fetched = *now;
}

void host_registers_fetch(struct host_vp *vp)
{
    struct host_registers *now = &vp->now;

    memset(now, 0, sizeof(*now)); /* padding too: stored is what differs */
    now->general = vp->run->s.regs.regs;
    now->system = vp->run->s.regs.sregs;
    fetch_rest(vp);
}

void host_registers_fetch_stopped(struct host_vp *vp)
{
    memset(&vp->now, 0, sizeof(vp->now));
    if (ioctl(vp->fd, KVM_GET_REGS, &vp->now.general) != 0 ||
        ioctl(vp->fd, KVM_GET_SREGS, &vp->now.system) != 0)
        host_fail("registers of a stopped VP");
    fetch_rest(vp);
}

/* Those that KVM_RUN does not take. */
static bool store_rest(struct host_vp *vp)
{
    const struct host_registers *now = &vp->now;
    const struct host_registers *was = &vp->fetched;
    struct msrs msrs = msrs_named(now->msrs);

    return (memcmp(now->xmm, was->xmm, sizeof(now->xmm)) == 0 || store_xmm(vp, now->xmm)) &&
           (memcmp(&now->debug, &was->debug, sizeof(now->debug)) == 0 ||
            ioctl(vp->fd, KVM_SET_DEBUGREGS, &now->debug) == 0) &&
           (memcmp(now->msrs, was->msrs, sizeof(now->msrs)) == 0 ||
            ioctl(vp->fd, KVM_SET_MSRS, &msrs) == (int)HOST_VTL_MSRS);
}

/* KVM says what it takes when it is given it. */
bool host_registers_try(struct host_vp *vp)
{
    const struct host_registers *now = &vp->now;
    const struct host_registers *was = &vp->fetched;
    const bool taken = (memcmp(&now->general, &was->general, sizeof(now->general)) == 0 ||
                        ioctl(vp->fd, KVM_SET_REGS, &now->general) == 0) &&
                       (memcmp(&now->system, &was->system, sizeof(now->system)) == 0 ||
                        ioctl(vp->fd, KVM_SET_SREGS, &now->system) == 0) &&
                       store_rest(vp);

    if (taken)
        vp->fetched = vp->now;
    else
        vp->now = vp->fetched;
    return taken;
}

void host_registers_store(struct host_vp *vp)
{
    vp->run->s.regs.regs = vp->now.general;
    vp->run->s.regs.sregs = vp->now.system;
    vp->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
    if (memcmp(&vp->now.system, &vp->fetched.system, sizeof(vp->now.system)) != 0)
        vp->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
    if (store_rest(vp))
        return;
    fprintf(stderr, "vtlhost: VP %u has registers that no processor takes\n", vp->index);
    host_end(vp->host, HOST_STATUS_LOST);
}
