/* SPDX-License-Identifier: MIT */
/* What the processors say of themselves: as KVM has it, but the hypervisor is Microsoft's. */
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define ENTRIES_MAX 256u
#define HYPERVISOR_FIRST 0x40000000u
#define HYPERVISOR_LAST 0x4FFFFFFFu
#define BUILD 20348u
#define VERSION_10_0 (10u << 16)
#define SPIN_NEVER 0xFFFFFFFFu

struct table {
    struct kvm_cpuid2 head;
    struct kvm_cpuid_entry2 entries[ENTRIES_MAX];
};

static void add(struct kvm_cpuid2 *table, uint32_t leaf, uint32_t eax, uint32_t ebx, uint32_t ecx,
                uint32_t edx)
{
    if (table->nent == ENTRIES_MAX)
        host_fail("too many CPUID leaves");
    table->entries[table->nent++] = (struct kvm_cpuid_entry2){
        .function = leaf, .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx,
    };
}

static void drop_kvm(struct kvm_cpuid2 *table)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < table->nent; i++)
        if (table->entries[i].function < HYPERVISOR_FIRST ||
            table->entries[i].function > HYPERVISOR_LAST)
            table->entries[kept++] = table->entries[i];
    table->nent = kept;
}

/* APIC ids count the processors; there is a hypervisor. */
static void number(struct kvm_cpuid2 *table, const struct host_vp *vp)
{
    for (uint32_t i = 0; i < table->nent; i++) {
        struct kvm_cpuid_entry2 *entry = &table->entries[i];

        if (entry->function == 1) {
            entry->ebx = (entry->ebx & 0x00FFFFFF) | vp->index << 24;
            entry->ecx |= 1u << 31;
        } else if (entry->function == 0xB || entry->function == 0x1F) {
            entry->edx = vp->index;
        }
    }
}

static uint32_t text(const char *four)
{
    uint32_t word;

    memcpy(&word, four, sizeof(word));
    return word;
}

/*
 * TLFS "Feature and Interface Discovery"; numbers come from the model. No hint recommends a call,
 * since the model only takes notice of flushes and IPIs; spinning never ends in a call.
 */
static void add_hyperv(struct kvm_cpuid2 *table, const struct sim_model *model)
{
    add(table, 0x40000000, 0x40000006, text("Micr"), text("osof"), text("t Hv"));
    add(table, 0x40000001, text("Hv#1"), 0, 0, 0);
    add(table, 0x40000002, BUILD, VERSION_10_0, 0, 0);
    add(table, 0x40000003, (uint32_t)model->privileges, (uint32_t)(model->privileges >> 32), 0,
        model->features);
    add(table, 0x40000004, 0, SPIN_NEVER, 0, 0);
    add(table, 0x40000005, model->max_vps, model->max_vps, 0, 0);
    add(table, 0x40000006, 0, 0, 0, 0);
}

void host_cpuid_set(struct host_vp *vp)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        host_fail("memory");
    table->head.nent = ENTRIES_MAX;
    if (ioctl(vp->host->kvm, KVM_GET_SUPPORTED_CPUID, table) != 0)
        host_fail("KVM_GET_SUPPORTED_CPUID");
    drop_kvm(&table->head);
    number(&table->head, vp);
    add_hyperv(&table->head, &vp->host->model);
    if (ioctl(vp->fd, KVM_SET_CPUID2, table) != 0)
        host_fail("KVM_SET_CPUID2");
    free(table);
}
