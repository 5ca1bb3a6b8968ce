/* SPDX-License-Identifier: MIT */
/*
 * Hyper-V parameter blocks and pages, byte for byte, little endian. Layouts only; usable without
 * the library. Reserved members must be zero on input.
 */
#ifndef PV_ABI_HV_LAYOUT_H
#define PV_ABI_HV_LAYOUT_H

#include <pv/types.h>

#define PV_HV_LAYOUT(type, bytes) PV_STATIC_ASSERT(sizeof(type) == (bytes), #type)
#define PV_HV_AT(type, member, offset) \
    PV_STATIC_ASSERT(offsetof(type, member) == (offset), #type "." #member)

/* HvCallGetVpRegisters, HvCallSetVpRegisters: fixed input */
struct pv_hv_vp_registers_header {
    uint64_t partition;
    uint32_t vp_index;
    uint8_t input_vtl;
    uint8_t reserved[3];
};
PV_HV_LAYOUT(struct pv_hv_vp_registers_header, 16);
PV_HV_AT(struct pv_hv_vp_registers_header, vp_index, 8);
PV_HV_AT(struct pv_hv_vp_registers_header, input_vtl, 12);

/* HV_REGISTER_VALUE: up to 64 bits in `low`, zero-extended */
struct pv_hv_register_value {
    uint64_t low;
    uint64_t high;
};
PV_HV_LAYOUT(struct pv_hv_register_value, 16);

/* HvCallSetVpRegisters: list element */
struct pv_hv_register {
    uint32_t name;
    uint32_t reserved[3];
    struct pv_hv_register_value value;
};
PV_HV_LAYOUT(struct pv_hv_register, 32);
PV_HV_AT(struct pv_hv_register, value, 16);

/* HvCallModifySparseGpaPageHostVisibility: fixed input, before the page numbers */
struct pv_hv_visibility_header {
    uint64_t partition;
    uint32_t visibility; /* PV_HV_VISIBILITY_* */
    uint32_t reserved;
};
PV_HV_LAYOUT(struct pv_hv_visibility_header, 16);
PV_HV_AT(struct pv_hv_visibility_header, visibility, 8);

/* HvCallEnablePartitionVtl */
struct pv_hv_enable_partition_vtl {
    uint64_t partition;
    uint8_t target_vtl;
    uint8_t flags;
    uint8_t reserved[6];
};
PV_HV_LAYOUT(struct pv_hv_enable_partition_vtl, 16);
PV_HV_AT(struct pv_hv_enable_partition_vtl, flags, 9);

/* HV_X64_SEGMENT_REGISTER. attributes: type 3:0, S 4, DPL 6:5, P 7, AVL 12, L 13, D/B 14, G 15 */
struct pv_hv_x64_segment {
    uint64_t base;
    uint32_t limit;
    uint16_t selector;
    uint16_t attributes;
};
PV_HV_LAYOUT(struct pv_hv_x64_segment, 16);

/* HV_X64_TABLE_REGISTER */
struct pv_hv_x64_table {
    uint16_t reserved[3];
    uint16_t limit;
    uint64_t base;
};
PV_HV_LAYOUT(struct pv_hv_x64_table, 16);

/* HV_INITIAL_VP_CONTEXT, x64 */
struct pv_hv_context_x64 {
    uint64_t rip;
    uint64_t rsp;
    uint64_t rflags;
    struct pv_hv_x64_segment cs;
    struct pv_hv_x64_segment ds;
    struct pv_hv_x64_segment es;
    struct pv_hv_x64_segment fs;
    struct pv_hv_x64_segment gs;
    struct pv_hv_x64_segment ss;
    struct pv_hv_x64_segment tr;
    struct pv_hv_x64_segment ldtr;
    struct pv_hv_x64_table idtr;
    struct pv_hv_x64_table gdtr;
    uint64_t efer;
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t pat;
};
PV_HV_LAYOUT(struct pv_hv_context_x64, 224);
PV_HV_AT(struct pv_hv_context_x64, cs, 24);
PV_HV_AT(struct pv_hv_context_x64, tr, 120);
PV_HV_AT(struct pv_hv_context_x64, idtr, 152);
PV_HV_AT(struct pv_hv_context_x64, efer, 184);

/* HV_INITIAL_VP_CONTEXT, arm64 */
struct pv_hv_context_arm64 {
    uint64_t pc;
    uint64_t sp_el1;
    uint64_t sctlr_el1;
    uint64_t mair_el1;
    uint64_t tcr_el1;
    uint64_t vbar_el1;
    uint64_t ttbr0_el1;
    uint64_t ttbr1_el1;
    uint64_t x18;
};
PV_HV_LAYOUT(struct pv_hv_context_arm64, 72);

/* HvCallEnableVpVtl, HvCallStartVirtualProcessor: what precedes the context. target_vtl is a plain
 * VTL number here, not HV_INPUT_VTL. */
struct pv_hv_vp_vtl_header {
    uint64_t partition;
    uint32_t vp_index;
    uint8_t target_vtl;
    uint8_t reserved[3];
};
PV_HV_LAYOUT(struct pv_hv_vp_vtl_header, 16);
PV_HV_AT(struct pv_hv_vp_vtl_header, target_vtl, 12);

/* HvCallGetVpIndexFromApicId: fixed input; target_vtl is a plain VTL number */
struct pv_hv_vp_index_header {
    uint64_t partition;
    uint8_t target_vtl;
    uint8_t reserved[7];
};
PV_HV_LAYOUT(struct pv_hv_vp_index_header, 16);

/* HvCallModifyVtlProtectionMask: fixed input */
struct pv_hv_protection_header {
    uint64_t partition;
    uint32_t map_flags;
    uint8_t input_vtl;
    uint8_t reserved[3];
};
PV_HV_LAYOUT(struct pv_hv_protection_header, 16);
PV_HV_AT(struct pv_hv_protection_header, input_vtl, 12);

/* HvCallTranslateVirtualAddress */
struct pv_hv_translate_input {
    uint64_t partition;
    uint32_t vp_index;
    uint32_t reserved;
    uint64_t control_flags;
    uint64_t gva_page;
};
PV_HV_LAYOUT(struct pv_hv_translate_input, 32);

struct pv_hv_translate_output {
    uint64_t result; /* 31:0 code, 39:32 cache type, 40 overlay page */
    uint64_t gpa_page;
};
PV_HV_LAYOUT(struct pv_hv_translate_output, 16);

/* HV_VP_SET: its part of a call's fixed input; the banks, ascending, are the variable header */
struct pv_hv_vp_set {
    uint64_t format; /* PV_HV_SET_* */
    uint64_t bank_mask;
};
PV_HV_LAYOUT(struct pv_hv_vp_set, 16);

/* HvCallFlushVirtualAddressSpaceEx and ListEx: fixed input; the banks follow */
struct pv_hv_flush_ex_header {
    uint64_t address_space;
    uint64_t flags;
    struct pv_hv_vp_set set;
};
PV_HV_LAYOUT(struct pv_hv_flush_ex_header, 32);

/* HvCallFlushVirtualAddressSpace and List: fixed input */
struct pv_hv_flush_header {
    uint64_t address_space;
    uint64_t flags; /* bit 0 all processors, 1 all address spaces, 2 non-global only */
    uint64_t processor_mask;
};
PV_HV_LAYOUT(struct pv_hv_flush_header, 24);

#define PV_HV_FLUSH_ALL_PROCESSORS 0x1ull
#define PV_HV_FLUSH_ALL_SPACES 0x2ull
#define PV_HV_FLUSH_NON_GLOBAL_ONLY 0x4ull /* lists: an invalid option (TLFS) */

/* HvCallSendSyntheticClusterIpi */
struct pv_hv_ipi {
    uint32_t vector; /* 0x10..0xFF */
    uint8_t input_vtl;
    uint8_t reserved[3];
    uint64_t processor_mask;
};
PV_HV_LAYOUT(struct pv_hv_ipi, 16);

#define PV_HV_IPI_VECTOR_MIN 0x10u
#define PV_HV_IPI_VECTOR_MAX 0xFFu

/* HvCallSendSyntheticClusterIpiEx: fixed input; the banks follow */
struct pv_hv_ipi_ex_header {
    uint32_t vector;
    uint8_t input_vtl;
    uint8_t reserved[3];
    struct pv_hv_vp_set set;
};
PV_HV_LAYOUT(struct pv_hv_ipi_ex_header, 24);

/* HvExtCallGetBootZeroedMemory: output */
struct pv_hv_boot_zeroed_memory {
    uint64_t count; /* 0..255 */
    struct {
        uint64_t first_page;
        uint64_t pages;
    } ranges[255];
};
PV_HV_LAYOUT(struct pv_hv_boot_zeroed_memory, 4088);
PV_HV_AT(struct pv_hv_boot_zeroed_memory, ranges, 8);

/* A GVA list element: pages from the one in bits 63:12 on, bits 11:0 more than one */
#define PV_HV_GVA_PAGES_MAX 4096u

/* HV_VP_ASSIST_PAGE; the last two members and the fault information: hvdef and Linux only */
struct pv_hv_assist_page {
    uint32_t apic_assist; /* bit 0: no EOI required (x64) */
    uint32_t reserved0;
    uint32_t vtl_entry_reason; /* PV_HV_VTL_ENTRY_* */
    uint8_t vina_asserted;     /* bit 0 */
    uint8_t reserved1[3];
    uint64_t vtl_return_rax; /* x64: loaded by a VTL return that is not fast */
    uint64_t vtl_return_rcx;
    uint64_t nested_control;
    uint8_t enlighten_vm_entry;
    uint8_t reserved2[7];
    uint64_t current_nested_vmcs;
    uint8_t unhalted_timer_expired;
    uint8_t reserved3[7];
    uint8_t fault_information[40];
    uint8_t reserved4[8];
    uint8_t intercept_message[256];
    uint8_t vtl_return_actions[256];
};
PV_HV_LAYOUT(struct pv_hv_assist_page, 624);
PV_HV_AT(struct pv_hv_assist_page, vtl_entry_reason, 8);
PV_HV_AT(struct pv_hv_assist_page, vina_asserted, 12);
PV_HV_AT(struct pv_hv_assist_page, vtl_return_rax, 16);
PV_HV_AT(struct pv_hv_assist_page, intercept_message, 112);
PV_HV_AT(struct pv_hv_assist_page, vtl_return_actions, 368);

#define PV_HV_VTL_ENTRY_CALL 1u
#define PV_HV_VTL_ENTRY_INTERRUPT 2u
#define PV_HV_VTL_ENTRY_INTERCEPT 3u

#undef PV_HV_LAYOUT
#undef PV_HV_AT

#endif
