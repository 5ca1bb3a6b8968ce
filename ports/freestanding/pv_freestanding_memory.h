/* SPDX-License-Identifier: MIT */
/*
 * Guest memory of a kernel without an OS: a region map, filled from what the firmware tells or from a
 * table. With PV_FREESTANDING_VIRT_BY_MAP it also serves pv_os_virt_to_gpa.
 *
 * Compile pv_freestanding_memory.c as well. The map takes its pages from the pool
 * (PV_FREESTANDING_PAGES): 10 to 12 for 130 regions.
 */
#ifndef PV_FREESTANDING_MEMORY_H
#define PV_FREESTANDING_MEMORY_H

#include "pv_freestanding.h"

/* Flags of a region: the memory type, as UEFI numbers it. Its id: the number of its descriptor. */
extern struct pv_mem_map pv_freestanding_memory;

/* EFI_MEMORY_DESCRIPTOR (UEFI 2.10, 7.2.3), version 1. Firmware may have longer ones. */
struct pv_freestanding_efi_descriptor {
    uint32_t type;
    uint32_t padding;
    uint64_t physical_start;
    uint64_t virtual_start; /* not used: firmware sets it only for its own services */
    uint64_t pages;         /* of 4096 bytes */
    uint64_t attribute;
};
PV_STATIC_ASSERT(sizeof(struct pv_freestanding_efi_descriptor) == 40, "as UEFI has it");

#define PV_FREESTANDING_EFI_VERSION 1u
#define PV_FREESTANDING_EFI_DESCRIPTORS_MAX 4096u

/*
 * Add what GetMemoryMap gave: all descriptors or none. What lies below PV_FREESTANDING_MAPPED as a whole
 * is mapped at PV_FREESTANDING_OFFSET, the rest nowhere.
 * @bytes:            of all descriptors.
 * @descriptor_bytes: of one: `DescriptorSize`.
 * @version:          `DescriptorVersion`.
 * Context: one caller at a time, and nobody reads the map meanwhile; otherwise as pv_mem_map_add.
 * Return:  PV_UNSUPPORTED  another version than 1
 *          PV_INVALID      descriptors shorter than 40 bytes, `bytes` not a multiple of theirs, or more
 *                          than PV_FREESTANDING_EFI_DESCRIPTORS_MAX
 *          PV_MALFORMED    a descriptor without pages, misaligned, or beyond 2^64
 *          PV_OVERLAPS     two have some memory in common
 *          PV_EXISTS, PV_NO_MEMORY, PV_NO_ROOM: as pv_mem_map_add
 *          PV_BAD_STATE    a batch is open
 */
PV_MUST_CHECK enum pv_status pv_freestanding_memory_from_efi(const void *descriptors, size_t bytes,
                                                             size_t descriptor_bytes,
                                                             uint32_t version);

/*
 * Add the regions of a table: all or none.
 * Context: as pv_freestanding_memory_from_efi.
 * Return:  PV_BAD_STATE  a batch is open; otherwise as pv_mem_map_add
 */
PV_MUST_CHECK enum pv_status pv_freestanding_memory_from_table(const struct pv_mem_region *table,
                                                               size_t count);

/*
 * Guest physical address of a byte that some region maps.
 * Context: any, but not while the map changes.
 * Return:  PV_GPA_NONE when none does.
 */
uint64_t pv_freestanding_memory_gpa(const void *address);

#endif
