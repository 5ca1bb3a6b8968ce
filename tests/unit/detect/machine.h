/* SPDX-License-Identifier: MIT */
/*
 * A machine of CPUID leaves and firmware answers only: all that detection looks at. What was asked
 * is counted, so that tests can tell what was not touched.
 */
#ifndef UNIT_DETECT_MACHINE_H
#define UNIT_DETECT_MACHINE_H

#include "pv_port.h"

#include <string.h>

#define MACHINE_LEAVES_MAX 280
#define MACHINE_CALLS_MAX 8

struct machine_leaf {
    uint32_t number;
    struct pv_port_cpuid value;
};

struct machine_smccc {
    int conduit;
    uint64_t function;
    struct pv_port_smccc value;
};

struct machine_sbi {
    unsigned long extension, function, argument;
    struct pv_port_sbi value;
};

struct machine {
    struct pv_sim port;
    struct machine_leaf leaves[MACHINE_LEAVES_MAX];
    unsigned leaf_count;
    bool used[256]; /* there is a leaf of this interface */
    struct machine_smccc smcccs[MACHINE_CALLS_MAX]; /* others: NOT_SUPPORTED */
    unsigned smccc_count;
    struct machine_sbi sbis[MACHINE_CALLS_MAX]; /* others: SBI_ERR_NOT_SUPPORTED */
    unsigned sbi_count;
    uint32_t beyond; /* what leaves that are not there answer in all four registers */
    unsigned asked;  /* CPUID instructions, SMCCC and SBI calls so far */
};

static inline struct pv_port_cpuid machine_cpuid_(struct pv_sim *sim, uint32_t leaf,
                                                  uint32_t subleaf)
{
    struct machine *machine = sim->machine;
    const uint32_t beyond = machine->beyond;

    (void)subleaf;
    machine->asked++;
    for (unsigned i = 0; machine->used[leaf >> 8 & 0xFF] && i < machine->leaf_count; i++)
        if (machine->leaves[i].number == leaf)
            return machine->leaves[i].value;
    return (struct pv_port_cpuid){ beyond, beyond, beyond, beyond };
}

static inline struct pv_port_smccc machine_smccc_(struct pv_sim *sim, int conduit,
                                                  uint64_t function, uint64_t argument)
{
    struct machine *machine = sim->machine;

    (void)argument;
    machine->asked++;
    for (unsigned i = 0; i < machine->smccc_count; i++)
        if (machine->smcccs[i].conduit == conduit && machine->smcccs[i].function == function)
            return machine->smcccs[i].value;
    return (struct pv_port_smccc){ ~0ull, 0, 0, 0 };
}

static inline struct pv_port_sbi machine_sbi_(struct pv_sim *sim, unsigned long extension,
                                              unsigned long function,
                                              const unsigned long arguments[3])
{
    struct machine *machine = sim->machine;

    machine->asked++;
    for (unsigned i = 0; i < machine->sbi_count; i++) {
        const struct machine_sbi *call = &machine->sbis[i];

        if (call->extension == extension && call->function == function &&
            call->argument == arguments[0])
            return call->value;
    }
    return (struct pv_port_sbi){ -2, 0 };
}

/* A machine without anything; the calling thread is on it. */
static inline void machine_init(struct machine *machine)
{
    memset(machine, 0, sizeof(*machine));
    machine->port.machine = machine;
    machine->port.cpuid = machine_cpuid_;
    machine->port.smccc = machine_smccc_;
    machine->port.sbi = machine_sbi_;
    pv_sim = &machine->port;
}

static inline void machine_leaf(struct machine *machine, uint32_t number, uint32_t eax,
                                uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    const struct machine_leaf leaf = { number, { eax, ebx, ecx, edx } };

    machine->leaves[machine->leaf_count++] = leaf;
    machine->used[number >> 8 & 0xFF] = true;
}

/* An x86 machine whose leaf 1 tells that there is a hypervisor. */
static inline void machine_init_x86(struct machine *machine)
{
    machine_init(machine);
    machine->port.has_cpuid = true;
    machine_leaf(machine, 1, 0, 0, 1u << 31, 0);
}

/* Four characters as CPUID registers hold them. */
static inline uint32_t machine_word(const char *text)
{
    return (uint32_t)(unsigned char)text[0] | (uint32_t)(unsigned char)text[1] << 8 |
           (uint32_t)(unsigned char)text[2] << 16 | (uint32_t)(unsigned char)text[3] << 24;
}

/* The first leaf of an interface: highest leaf and twelve characters. */
static inline void machine_vendor(struct machine *machine, uint32_t base, uint32_t max_leaf,
                                  const char vendor[12])
{
    machine_leaf(machine, base, max_leaf, machine_word(vendor), machine_word(vendor + 4),
                 machine_word(vendor + 8));
}

static inline void machine_smccc(struct machine *machine, int conduit, uint64_t function,
                                 uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    const struct machine_smccc call = { conduit, function, { a0, a1, a2, a3 } };

    machine->smcccs[machine->smccc_count++] = call;
}

static inline void machine_sbi(struct machine *machine, unsigned long extension,
                               unsigned long function, unsigned long argument, long error,
                               unsigned long value)
{
    const struct machine_sbi call = { extension, function, argument, { error, value } };

    machine->sbis[machine->sbi_count++] = call;
}

#endif
