/* SPDX-License-Identifier: MIT */
#include "detect/detect_internal.h"
#include "detect/hyperv_leaves.h"
#include "pv_port.h"

#include <pv/abi/hv.h>

/* One CPUID leaf; leaves above the highest one count as zero. */
static struct pv_detect_words leaf(uint32_t base, uint32_t max, uint32_t number)
{
    struct pv_detect_words words = { 0, 0, 0, 0 };

    if (number <= max - base) {
        const struct pv_port_cpuid r = pv_port_cpuid(base + number, 0);

        words.eax = r.eax;
        words.ebx = r.ebx;
        words.ecx = r.ecx;
        words.edx = r.edx;
    }
    return words;
}

static void decode_isolation(struct pv_detect_hyperv *hyperv, struct pv_detect_words isolation)
{
    const uint32_t type = isolation.ebx & PV_HV_ISOLATION_TYPE_MASK;

    hyperv->paravisor = (isolation.eax & PV_HV_ISOLATION_PARAVISOR) != 0;
    hyperv->isolation = (enum pv_detect_isolation)type;
    if ((isolation.ebx & PV_HV_ISOLATION_BOUNDARY_ACTIVE) != 0)
        hyperv->shared_gpa_boundary_bits =
            isolation.ebx >> PV_HV_ISOLATION_BOUNDARY_SHIFT & PV_HV_ISOLATION_BOUNDARY_MASK;
}

void pv_detect_decode_(struct pv_detect_hyperv *hyperv, const struct pv_detect_leaves *leaves)
{
    const uint32_t spins = leaves->hints.ebx;

    hyperv->privileges = (uint64_t)leaves->features.ebx << 32 | leaves->features.eax;
    hyperv->features = leaves->features.edx;
    hyperv->hints = leaves->hints.eax;
    hyperv->spin_retries = spins == PV_HV_SPIN_NEVER ? PV_HV_SPIN_OFF : spins;
    hyperv->physical_address_bits = leaves->hints.ecx & 0x7F;
    hyperv->max_vps = leaves->limits.eax;
    hyperv->max_lps = leaves->limits.ebx;
    hyperv->hardware = leaves->hardware.eax;
    hyperv->nested = leaves->nested.eax;
    hyperv->version_build = leaves->version.eax;
    hyperv->version_major = (uint16_t)(leaves->version.ebx >> 16);
    hyperv->version_minor = (uint16_t)(leaves->version.ebx & 0xFFFF);
    if ((hyperv->privileges >> PV_HV_PRIVILEGE_ISOLATION & 1) != 0)
        decode_isolation(hyperv, leaves->isolation);
}

void pv_detect_hyperv_(struct pv_detect_hyperv *hyperv, uint32_t base, uint32_t max_leaf)
{
    const struct pv_detect_leaves leaves = {
        .version = leaf(base, max_leaf, PV_HV_CPUID_VERSION),
        .features = leaf(base, max_leaf, PV_HV_CPUID_FEATURES),
        .hints = leaf(base, max_leaf, PV_HV_CPUID_HINTS),
        .limits = leaf(base, max_leaf, PV_HV_CPUID_LIMITS),
        .hardware = leaf(base, max_leaf, PV_HV_CPUID_HARDWARE),
        .nested = leaf(base, max_leaf, PV_HV_CPUID_NESTED),
        .isolation = leaf(base, max_leaf, PV_HV_CPUID_ISOLATION),
    };

    pv_detect_decode_(hyperv, &leaves);
}
