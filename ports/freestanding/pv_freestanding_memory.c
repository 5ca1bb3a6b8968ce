/* SPDX-License-Identifier: MIT */
#include "pv_freestanding_memory.h"

void *memcpy(void *to, const void *from, size_t bytes);

struct pv_mem_map pv_freestanding_memory;

static bool ready;

static enum pv_status begin(void)
{
    if (!ready)
        pv_mem_map_init(&pv_freestanding_memory);
    ready = true;
    return pv_mem_map_begin(&pv_freestanding_memory);
}

static enum pv_status end(enum pv_status status)
{
    const enum pv_status ended = status == PV_OK ? pv_mem_map_commit(&pv_freestanding_memory)
                                                 : pv_mem_map_cancel(&pv_freestanding_memory);

    return status == PV_OK ? ended : status;
}

/* Without arithmetic that wraps: the firmware's numbers may be anything. */
static bool mapped(const struct pv_freestanding_efi_descriptor *from)
{
    return from->physical_start < PV_FREESTANDING_MAPPED &&
           from->pages <= (PV_FREESTANDING_MAPPED - from->physical_start) / PV_PAGE_BYTES;
}

static enum pv_status add(const struct pv_freestanding_efi_descriptor *from, uint64_t id)
{
    const struct pv_mem_region region = {
        .gpa = from->physical_start,
        .pages = from->pages,
        .va = mapped(from) ? from->physical_start + PV_FREESTANDING_OFFSET : PV_MEM_VA_NONE,
        .id = id,
        .flags = from->type,
    };
    const enum pv_status status = pv_mem_map_add(&pv_freestanding_memory, &region);

    return status == PV_INVALID ? PV_MALFORMED : status;
}

enum pv_status pv_freestanding_memory_from_efi(const void *descriptors, size_t bytes,
                                               size_t descriptor_bytes, uint32_t version)
{
    struct pv_freestanding_efi_descriptor descriptor;
    enum pv_status status;

    if (version != PV_FREESTANDING_EFI_VERSION)
        return PV_UNSUPPORTED;
    if (descriptor_bytes < sizeof(descriptor) || bytes % descriptor_bytes != 0 ||
        bytes / descriptor_bytes > PV_FREESTANDING_EFI_DESCRIPTORS_MAX)
        return PV_INVALID;
    status = begin();
    if (status != PV_OK)
        return status;
    for (size_t i = 0; i < bytes / descriptor_bytes && status == PV_OK; i++) {
        memcpy(&descriptor, (const uint8_t *)descriptors + i * descriptor_bytes,
               sizeof(descriptor));
        status = add(&descriptor, i);
    }
    return end(status);
}

enum pv_status pv_freestanding_memory_from_table(const struct pv_mem_region *table, size_t count)
{
    enum pv_status status = begin();

    if (status != PV_OK)
        return status;
    for (size_t i = 0; i < count && status == PV_OK; i++)
        status = pv_mem_map_add(&pv_freestanding_memory, &table[i]);
    return end(status);
}

uint64_t pv_freestanding_memory_gpa(const void *address)
{
    const uint64_t va = (uint64_t)(uintptr_t)address;
    struct pv_mem_region region;

    if (pv_mem_map_find_va(&pv_freestanding_memory, va, &region) != PV_OK)
        return PV_GPA_NONE;
    return region.gpa + (va - region.va);
}
