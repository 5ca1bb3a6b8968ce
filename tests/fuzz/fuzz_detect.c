/* SPDX-License-Identifier: MIT */
/*
 * Detection on a processor or firmware whose every answer comes from the input: a table of CPUID
 * leaves and what all other leaves answer, or the registers of SMCCC and SBI calls.
 *
 * fuzz: -max_len=320 -use_value_profile=1
 */
#include "fuzz/input.h"

#include "pv_port.h"
#include <pv/pv.h>

#define LEAF_FIRST 0x40000000u
#define LEAF_STEP 0x100u
#define BASES 256u
#define LEAVES_MAX 20u
/* Leaf 1, two leaves per base, and once per kind the features of Hyper-V and KVM. */
#define CPUID_CALLS_MAX (1u + 2u * BASES + 8u)
#define FIRMWARE_CALLS_MAX 4u

struct leaf {
    uint32_t leaf;
    struct pv_port_cpuid value;
};

static struct {
    struct leaf leaves[LEAVES_MAX];
    uint32_t count;
    struct pv_port_cpuid rest; /* of all leaves that are not in the table */
    bool varies;               /* the rest differs from leaf to leaf */
    struct pv_port_smccc smccc;
    struct pv_port_sbi sbi[FIRMWARE_CALLS_MAX];
    uint32_t calls;
} answers;

/* ---- the machine ---- */

static struct pv_port_cpuid rest(uint32_t leaf)
{
    struct pv_port_cpuid value = answers.rest;

    if (!answers.varies)
        return value;
    value.eax ^= leaf * 0x9E3779B1u;
    value.ebx += leaf;
    value.edx ^= leaf << 7;
    return value;
}

static struct pv_port_cpuid answer_cpuid(struct pv_sim *sim, uint32_t leaf, uint32_t subleaf)
{
    (void)sim;
    (void)subleaf;
    answers.calls++;
    for (uint32_t i = 0; i < answers.count; i++)
        if (answers.leaves[i].leaf == leaf)
            return answers.leaves[i].value;
    return rest(leaf);
}

static struct pv_port_smccc answer_smccc(struct pv_sim *sim, int conduit, uint64_t function,
                                         uint64_t argument)
{
    (void)sim;
    (void)function;
    (void)argument;
    INSIST(conduit == PV_DETECT_CONDUIT_HVC || conduit == PV_DETECT_CONDUIT_SMC, "conduit");
    answers.calls++;
    return answers.smccc;
}

static struct pv_port_sbi answer_sbi(struct pv_sim *sim, unsigned long extension,
                                     unsigned long function, const unsigned long arguments[3])
{
    (void)sim;
    (void)extension;
    (void)arguments;
    answers.calls++;
    return answers.sbi[function % FIRMWARE_CALLS_MAX];
}

static struct pv_sim cpu = {
    .cpuid = answer_cpuid,
    .smccc = answer_smccc,
    .sbi = answer_sbi,
};

/* ---- the input ---- */

static struct pv_port_cpuid take_registers(struct input *input)
{
    struct pv_port_cpuid value;

    take(input, &value, sizeof(value));
    return value;
}

/* Two bytes name a leaf: the interface, and which of its first 16 leaves; 0xFFFF is leaf 1. */
static uint32_t take_leaf(struct input *input)
{
    const uint8_t interface = take8(input);
    const uint8_t number = take8(input);

    if (interface == 0xFF && number == 0xFF)
        return 1;
    return LEAF_FIRST + interface * LEAF_STEP + number % 16u;
}

/* Without the hypervisor bit detection ends at once, so it is set unless the input says no. */
static void take_cpuid(struct input *input)
{
    const uint8_t flags = take8(input);

    answers.varies = (flags & 1) != 0;
    if ((flags & 2) != 0)
        answers.rest = take_registers(input);
    answers.leaves[0].leaf = 1;
    answers.leaves[0].value.ecx = (flags & 0x80) != 0 ? 0 : 1u << 31;
    for (answers.count = 1; answers.count < LEAVES_MAX && input->left != 0; answers.count++) {
        answers.leaves[answers.count].leaf = take_leaf(input);
        answers.leaves[answers.count].value = take_registers(input);
    }
}

static void take_sbi(struct input *input)
{
    for (uint32_t i = 0; i < FIRMWARE_CALLS_MAX; i++) {
        answers.sbi[i].error = (long)(int8_t)take8(input);
        answers.sbi[i].value = (unsigned long)take64(input);
    }
}

/* A machine has one of the three. */
static struct pv_detect_hints take_machine(struct input *input)
{
    const uint8_t kind = take8(input) % 4;
    struct pv_detect_hints hints;

    memset(&answers, 0, sizeof(answers));
    hints.conduit = (enum pv_detect_conduit)(take8(input) % 4);
    take(input, hints.fadt_hypervisor, sizeof(hints.fadt_hypervisor));
    cpu.has_smccc = kind == 1;
    cpu.has_sbi = kind == 2;
    cpu.has_cpuid = kind == 0 || kind == 3;
    if (cpu.has_cpuid)
        take_cpuid(input);
    if (cpu.has_smccc)
        take(input, &answers.smccc, sizeof(answers.smccc));
    if (cpu.has_sbi)
        take_sbi(input);
    return hints;
}

/* ---- the promises ---- */

static void check_vendor(const char vendor[13])
{
    const char *end = (const char *)memchr(vendor, '\0', 13);

    INSIST(end != NULL, "vendor not terminated");
    for (const char *c = vendor; end != NULL && c < end; c++)
        INSIST(*c >= ' ' && *c <= '~', "vendor not printable");
}

static void check_leaves(const struct pv_detect_interface *found)
{
    if (!cpu.has_cpuid) {
        INSIST(found->base == 0 && found->max_leaf == 0 && found->vendor[0] == '\0', "leaves");
        return;
    }
    INSIST(found->base >= LEAF_FIRST && found->base < LEAF_FIRST + BASES * LEAF_STEP, "base");
    INSIST(found->base % LEAF_STEP == 0, "base between interfaces");
    INSIST(found->max_leaf >= found->base, "last leaf below the first");
    INSIST(found->max_leaf < found->base + LEAF_STEP, "last leaf of another interface");
}

static void check_interface(const struct pv_detect *detect, uint32_t i)
{
    const struct pv_detect_interface *found = &detect->interfaces[i];

    INSIST(found->kind > PV_DETECT_NONE && found->kind < PV_DETECT_KINDS, "kind");
    INSIST(pv_detect_has(detect, found->kind), "kind not in the set");
    INSIST(strcmp(pv_detect_name(found->kind), "?") != 0, "kind without a name");
    check_vendor(found->vendor);
    check_leaves(found);
    if (i != 0 && cpu.has_cpuid)
        INSIST(detect->interfaces[i - 1].base < found->base, "interfaces not sorted");
}

static uint32_t kinds_of(const struct pv_detect *detect)
{
    uint32_t kinds = 0;

    for (uint32_t i = 0; i < detect->count; i++)
        kinds |= 1u << detect->interfaces[i].kind;
    return kinds;
}

/* What belongs to an interface is zero where the interface is not. */
static void check_absent(const struct pv_detect *detect)
{
    static const struct pv_detect none;
    const bool hyperv = cpu.has_cpuid && pv_detect_has(detect, PV_DETECT_HYPERV);
    const bool kvm = cpu.has_cpuid && pv_detect_has(detect, PV_DETECT_KVM);

    if (!hyperv)
        INSIST(memcmp(&detect->hyperv, &none.hyperv, sizeof(none.hyperv)) == 0, "Hyper-V words");
    if (!kvm)
        INSIST(memcmp(&detect->kvm, &none.kvm, sizeof(none.kvm)) == 0, "KVM words");
    if (!cpu.has_sbi)
        INSIST(memcmp(&detect->sbi, &none.sbi, sizeof(none.sbi)) == 0, "SBI words");
    for (uint32_t i = detect->count; i < PV_DETECT_INTERFACES_MAX; i++)
        INSIST(memcmp(&detect->interfaces[i], &none.interfaces[0], sizeof(none.interfaces[0])) == 0,
               "an interface beyond the count");
}

static void check(const struct pv_detect *detect)
{
    INSIST(answers.calls <= CPUID_CALLS_MAX, "too many questions");
    INSIST(detect->count <= PV_DETECT_INTERFACES_MAX, "too many interfaces");
    for (uint32_t i = 0; i < detect->count; i++)
        check_interface(detect, i);
    INSIST(detect->kinds == kinds_of(detect), "set of kinds");
    INSIST(detect->kind == (detect->count != 0 ? detect->interfaces[0].kind : PV_DETECT_NONE),
           "first kind");
    INSIST(detect->hyperv.shared_gpa_boundary_bits < 64, "boundary");
    INSIST(detect->hyperv.physical_address_bits < 128, "address bits");
    check_absent(detect);
}

/* Twice into memory of different content: whatever was there before must not show. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pv_detect first, second;
    struct input input = { data, size };
    const struct pv_detect_hints hints = take_machine(&input);

    pv_sim = &cpu;
    memset(&first, 0x00, sizeof(first));
    pv_detect_probe(&first, &hints);
    check(&first);
    answers.calls = 0;
    memset(&second, 0xFF, sizeof(second));
    pv_detect_probe(&second, &hints);
    INSIST(memcmp(&first, &second, sizeof(first)) == 0, "two probes differ");
    return 0;
}
