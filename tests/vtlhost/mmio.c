/* SPDX-License-Identifier: MIT */
/*
 * Where KVM interprets an instruction instead of having a CPU run it (some machines' KVM does so for most
 * of what a kernel does), memory whose rights are missing looks to it like a device. A read can be taken
 * back: its result is thrown away. With a write KVM has moved RIP on already; it is put back for the plain
 * stores, which change nothing else.
 */
#include "host.h"

/* The one store that ends at RIP and goes to `gpa`; the shortest, if bytes before it look like a part of it. */
static bool put_back(struct host_vp *vp, uint64_t gpa)
{
    struct kvm_regs *regs = &vp->now.general;

    for (uint32_t count = 2; count <= HOST_INSTRUCTION_MAX; count++) {
        struct host_access access;

        if (host_instruction_at(vp, regs->rip - count, count, &access) && access.write &&
            access.gpa == gpa) {
            regs->rip -= count;
            return true;
        }
    }
    return false;
}

/* As if the instruction had not begun. */
static bool take_back(struct host_vp *vp)
{
    const bool write = vp->run->mmio.is_write;
    const uint64_t gpa = vp->run->mmio.phys_addr;
    struct host_registers before;

    host_registers_fetch(vp);
    before = vp->now;
    host_exit_complete(vp);
    if (!write)
        vp->now = before;
    return !write || put_back(vp, gpa);
}

/* The VP may touch it, but the view is that of a lower VTL. */
static bool do_it(struct host_vp *vp, uint64_t gpa)
{
    struct kvm_run *run = vp->run;

    return run->mmio.is_write ? host_memory_write(vp->host, gpa, run->mmio.data, run->mmio.len)
                              : host_memory_read(vp->host, gpa, run->mmio.data, run->mmio.len);
}

bool host_mmio(struct host_vp *vp)
{
    const uint64_t gpa = vp->run->mmio.phys_addr;
    const uint32_t wanted = vp->run->mmio.is_write ? PV_HV_MAP_WRITE : PV_HV_MAP_READ;
    bool settled;

    if (host_memory_at(vp->host, gpa, vp->run->mmio.len) == NULL)
        return false;
    pthread_mutex_lock(&vp->host->lock);
    (void)host_watch_guest(vp->host, gpa); /* and then as if it had not been hidden */
    settled = (host_view_missing(vp, gpa / PV_PAGE_BYTES) & wanted) == 0
                  ? do_it(vp, gpa)
                  : take_back(vp) && host_intercept(vp, gpa, wanted);
    pthread_mutex_unlock(&vp->host->lock);
    return settled;
}
