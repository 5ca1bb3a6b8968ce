/* SPDX-License-Identifier: MIT */
/* The virtual machine and its processors. Interrupt controllers are KVM's. */
#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Three pages that KVM wants for itself, where a PC has firmware. */
#define IDENTITY_MAP 0xFFFFC000ull
#define TSS 0xFFFFD000u
#define SYNCED (KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS)

static _Noreturn void no_kvm(void)
{
    perror("vtlhost: /dev/kvm");
    exit(HOST_STATUS_NO_KVM);
}

void host_vm_create(struct host *host)
{
    uint64_t identity = IDENTITY_MAP;

    host->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (host->kvm < 0)
        no_kvm();
    if (ioctl(host->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        host_fail("KVM's API");
    host->vm = ioctl(host->kvm, KVM_CREATE_VM, 0);
    if (host->vm < 0)
        host_fail("KVM_CREATE_VM");
    if (ioctl(host->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) != 0 ||
        ioctl(host->vm, KVM_SET_TSS_ADDR, TSS) != 0)
        host_fail("KVM_SET_TSS_ADDR");
    if (ioctl(host->vm, KVM_CREATE_IRQCHIP, 0) != 0)
        host_fail("KVM_CREATE_IRQCHIP");
    if ((ioctl(host->vm, KVM_CHECK_EXTENSION, KVM_CAP_SYNC_REGS) & SYNCED) != SYNCED)
        host_fail("KVM_CAP_SYNC_REGS");
}

void host_vp_create(struct host *host, uint32_t index)
{
    const int bytes = ioctl(host->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    struct host_vp *vp = &host->vp[index];

    vp->host = host;
    vp->index = index;
    vp->fd = ioctl(host->vm, KVM_CREATE_VCPU, (unsigned long)index);
    if (vp->fd < 0 || bytes < (int)sizeof(*vp->run))
        host_fail("KVM_CREATE_VCPU");
    vp->run_bytes = (size_t)bytes;
    vp->run = mmap(NULL, vp->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vp->fd, 0);
    if (vp->run == MAP_FAILED)
        host_fail("kvm_run");
    vp->run->kvm_valid_regs = SYNCED;
    host_cpuid_set(vp);
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
    return (struct kvm_segment){
        .limit = ~0u, .selector = selector, .type = type, .present = 1, .db = 1, .s = 1, .g = 1,
    };
}

/* PVH: 32-bit protected mode without paging, interrupts off, EBX = start info (none is given). */
void host_vp_enter_at(struct host_vp *vp, uint32_t entry)
{
    struct kvm_regs regs = { .rip = entry, .rflags = 2 };
    struct kvm_sregs sregs;

    if (ioctl(vp->fd, KVM_GET_SREGS, &sregs) != 0)
        host_fail("KVM_GET_SREGS");
    sregs.cs = flat(0x08, 11);
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = flat(0x10, 3);
    sregs.cr0 = 0x11;
    if (ioctl(vp->fd, KVM_SET_SREGS, &sregs) != 0 || ioctl(vp->fd, KVM_SET_REGS, &regs) != 0)
        host_fail("KVM_SET_REGS");
}
