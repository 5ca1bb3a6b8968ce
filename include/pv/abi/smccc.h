/* SPDX-License-Identifier: MIT */
/* Arm SMCCC function numbers and hypervisor identities (Arm DEN0028, Linux 6.12). */
#ifndef PV_ABI_SMCCC_H
#define PV_ABI_SMCCC_H

#include <pv/types.h>

#define PV_SMCCC_VERSION 0x80000000u
#define PV_SMCCC_ARCH_FEATURES 0x80000001u
#define PV_SMCCC_VENDOR_HYP_UID 0x8600FF01u
#define PV_SMCCC_NOT_SUPPORTED (~0ull) /* -1 */
#define PV_SMCCC_VERSION_1_1 0x10001u

/* Answers of PV_SMCCC_VENDOR_HYP_UID: the low 32 bits of X0..X3 */
#define PV_SMCCC_UID_HYPERV_0 0x4D32BA58u
#define PV_SMCCC_UID_HYPERV_1 0xCD244764u
#define PV_SMCCC_UID_HYPERV_2 0x8EEF6C75u
#define PV_SMCCC_UID_HYPERV_3 0x16597024u
#define PV_SMCCC_UID_KVM_0 0xB66FB428u
#define PV_SMCCC_UID_KVM_1 0xE911C52Eu
#define PV_SMCCC_UID_KVM_2 0x564BCAA9u
#define PV_SMCCC_UID_KVM_3 0x743A004Du

/* Stolen time (Arm DEN0057A). 0xC5000022, of the early drafts, is answered "not supported". */
#define PV_SMCCC_PV_TIME_FEATURES 0xC5000020u /* argument: the function asked about */
#define PV_SMCCC_PV_TIME_ST 0xC5000021u       /* answers the IPA of this VP's structure */

/* Little endian, written by the host; `stolen_ns` is read in one access. */
struct pv_smccc_stolen_time {
    uint32_t revision;   /* 0 */
    uint32_t attributes; /* 0 */
    uint64_t stolen_ns;
    uint8_t reserved[48];
};
PV_STATIC_ASSERT(sizeof(struct pv_smccc_stolen_time) == 64, "DEN0057A: 64 bytes");
PV_STATIC_ASSERT(offsetof(struct pv_smccc_stolen_time, stolen_ns) == 8, "DEN0057A");

/* ACPI FADT "Hypervisor Vendor Identity": 8 bytes at offset 268, FADT revision 6 and later */
#define PV_FADT_HYPERV "MsHyperV"
#define PV_FADT_XEN "XenVMMHV"

#endif
