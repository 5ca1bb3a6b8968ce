/* SPDX-License-Identifier: MIT */
/* x86: hypervisor CPUID leaves, one interface per 0x100 from 0x40000000 on. */
#include "detect/detect_internal.h"
#include "pv_port.h"

#include <pv/abi/hv.h>
#include <pv/abi/kvm.h>

#define LEAF_FIRST 0x40000000u
#define LEAF_STEP 0x100u
#define LEAF_END 0x40010000u /* Linux scans as far */
#define LEAF1_ECX_HYPERVISOR (1u << 31)
#define VENDOR_END_AMD 0x444D4163u   /* "AuthenticAMD" */
#define VENDOR_END_HYGON 0x656E6975u /* "HygonGenuine" */

static const struct {
    char signature[12];
    enum pv_detect_kind kind;
} signatures[] = {
    {"KVMKVMKVM", PV_DETECT_KVM},
    {{'X', 'e', 'n', 'V', 'M', 'M', 'X', 'e', 'n', 'V', 'M', 'M'}, PV_DETECT_XEN},
    {{'V', 'M', 'w', 'a', 'r', 'e', 'V', 'M', 'w', 'a', 'r', 'e'}, PV_DETECT_VMWARE},
    {{'b', 'h', 'y', 'v', 'e', ' ', 'b', 'h', 'y', 'v', 'e', ' '}, PV_DETECT_BHYVE},
    {{'A', 'C', 'R', 'N', 'A', 'C', 'R', 'N', 'A', 'C', 'R', 'N'}, PV_DETECT_ACRN},
    {"Jailhouse", PV_DETECT_JAILHOUSE},
    {{'T', 'C', 'G', 'T', 'C', 'G', 'T', 'C', 'G', 'T', 'C', 'G'}, PV_DETECT_QEMU_TCG},
};

static enum pv_detect_kind kind_of(const char signature[12])
{
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
        if (memcmp(signature, signatures[i].signature, 12) == 0)
            return signatures[i].kind;
    return PV_DETECT_UNKNOWN;
}

/* The twelve signature bytes in register order; least significant byte first. */
static void signature_of(const struct pv_port_cpuid *leaf, char signature[12])
{
    const uint32_t words[3] = {leaf->ebx, leaf->ecx, leaf->edx};

    for (unsigned i = 0; i < 12; i++)
        signature[i] = (char)(words[i / 4] >> (i % 4 * 8) & 0xFF);
}

/* The vendor string is informational (TLFS); it is shown to people, so only printable ASCII. */
static void vendor_text(const char signature[12], char vendor[13])
{
    unsigned length = 12;

    while (length > 0 && signature[length - 1] == '\0')
        length--;
    for (unsigned i = 0; i < length; i++)
        vendor[i] = signature[i] >= ' ' && signature[i] <= '~' ? signature[i] : '.';
    vendor[length] = '\0';
}

/* Old KVM reports a highest leaf of 0; garbage above the interface's own 0x100 is cut off. */
static uint32_t plausible_max(uint32_t base, uint32_t max, enum pv_detect_kind kind)
{
    if (max < base)
        return kind == PV_DETECT_KVM ? base + PV_KVM_CPUID_FEATURES : base;
    return max < base + LEAF_STEP ? max : base + LEAF_STEP - 1;
}

/* An interface is Hyper-V by its interface id, whatever vendor implements it (TLFS). */
static bool is_hyperv(uint32_t base, uint32_t max)
{
    return max >= base + PV_HV_CPUID_INTERFACE &&
           pv_port_cpuid(base + PV_HV_CPUID_INTERFACE, 0).eax == PV_HV_INTERFACE_HV1;
}

/* KVM patches the wrong instruction into the right one only where the code can be written. */
static bool has_vmmcall(void)
{
    const uint32_t vendor_end = pv_port_cpuid(0, 0).ecx;

    return vendor_end == VENDOR_END_AMD || vendor_end == VENDOR_END_HYGON;
}

static void read_kvm(struct pv_detect_kvm *kvm, uint32_t base)
{
    const struct pv_port_cpuid leaf = pv_port_cpuid(base + PV_KVM_CPUID_FEATURES, 0);

    kvm->features = leaf.eax;
    kvm->hints = leaf.edx;
    kvm->vmmcall = has_vmmcall();
}

/* Features are read once, from the lowest interface of each kind. */
static void read_features(struct pv_detect *detect, const struct pv_detect_interface *found)
{
    if (found->kind == PV_DETECT_HYPERV)
        pv_detect_hyperv_(&detect->hyperv, found->base, found->max_leaf);
    if (found->kind == PV_DETECT_KVM)
        read_kvm(&detect->kvm, found->base);
}

/* Is there an interface whose first leaf this is, and of which kind? NONE if there is none. */
static enum pv_detect_kind probe_kind(uint32_t base, const struct pv_port_cpuid *leaf,
                                      const char signature[12])
{
    const enum pv_detect_kind kind = kind_of(signature);
    const uint32_t max = plausible_max(base, leaf->eax, kind);

    /* Past the last leaf, processors answer with unrelated data: an unknown vendor must at least
     * name a last leaf of its own range and have a name. */
    if (kind == PV_DETECT_UNKNOWN && max != leaf->eax)
        return PV_DETECT_NONE;
    if (is_hyperv(base, max))
        return PV_DETECT_HYPERV;
    if ((leaf->ebx | leaf->ecx | leaf->edx) == 0)
        return PV_DETECT_NONE;
    return kind;
}

static void probe_base(struct pv_detect *detect, uint32_t base)
{
    const struct pv_port_cpuid leaf = pv_port_cpuid(base, 0);
    struct pv_detect_interface *added;
    char signature[12];
    enum pv_detect_kind kind;
    bool seen;

    signature_of(&leaf, signature);
    kind = probe_kind(base, &leaf, signature);
    if (kind == PV_DETECT_NONE)
        return;
    seen = pv_detect_has(detect, kind);
    added = pv_detect_add_(detect, kind, base, plausible_max(base, leaf.eax, kind));
    vendor_text(signature, added->vendor);
    if (!seen)
        read_features(detect, added);
}

void pv_detect_cpuid_(struct pv_detect *detect)
{
    uint32_t base = LEAF_FIRST;

    /* Without a hypervisor, Intel answers with the data of the highest basic leaf. */
    if ((pv_port_cpuid(1, 0).ecx & LEAF1_ECX_HYPERVISOR) == 0)
        return;
    for (; base < LEAF_END && detect->count < PV_DETECT_INTERFACES_MAX; base += LEAF_STEP)
        probe_base(detect, base);
    if (detect->count == 0)
        (void)pv_detect_add_(detect, PV_DETECT_UNKNOWN, LEAF_FIRST, LEAF_FIRST);
}
