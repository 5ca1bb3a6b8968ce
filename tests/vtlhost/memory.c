/* SPDX-License-Identifier: MIT */
/*
 * Guest memory: one piece from GPA 0 on, mapped once for the monitor and once for the guest. The model
 * reaches it through two of these functions.
 */
#define _GNU_SOURCE
#include "host.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t *map(int file, uint64_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

    if (memory == MAP_FAILED)
        host_fail("guest memory");
    return memory;
}

void host_memory_create(struct host *host, uint64_t bytes)
{
    struct kvm_userspace_memory_region region = { .memory_size = bytes };
    const int file = memfd_create("guest", MFD_CLOEXEC);

    if (file < 0 || ftruncate(file, (off_t)bytes) != 0)
        host_fail("guest memory");
    host->memory_bytes = bytes;
    host->memory = map(file, bytes);
    host->guest_memory = map(file, bytes);
    host->view_others = PROT_READ | PROT_WRITE;
    region.userspace_addr = (uintptr_t)host->guest_memory;
    if (ioctl(host->vm, KVM_SET_USER_MEMORY_REGION, &region) != 0)
        host_fail("KVM_SET_USER_MEMORY_REGION");
}

void *host_memory_at(struct host *host, uint64_t gpa, uint64_t bytes)
{
    if (gpa > host->memory_bytes || bytes > host->memory_bytes - gpa)
        return NULL;
    return host->memory + gpa;
}

bool host_memory_read(void *owner, uint64_t gpa, void *to, size_t bytes)
{
    struct host *host = owner;
    const void *from = host_memory_at(host, gpa, bytes);

    if (from == NULL)
        return false;
    if (to == NULL)
        return true;
    host_guard_access(host, gpa, bytes, false);
    memcpy(to, from, bytes);
    return true;
}

bool host_memory_write(void *owner, uint64_t gpa, const void *from, size_t bytes)
{
    struct host *host = owner;
    void *to = host_memory_at(host, gpa, bytes);

    if (to == NULL)
        return false;
    host_guard_access(host, gpa, bytes, true);
    memcpy(to, from, bytes);
    return true;
}
