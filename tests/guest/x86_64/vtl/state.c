/* SPDX-License-Identifier: MIT */
/* What is shared besides the general registers and XMM, and what each side has for itself. */
#include "cpu.h"
#include "vtl.h"

#define STATE_ROUNDS 100u
#define MSR_KERNEL_GS_BASE 0xC0000102u
#define DEBUG_REGISTERS 4u

/* VTL 1 gets a root table of its own with the same content, so that its CR3 is another. */
static uint64_t secure_root[512] PV_ALIGNED(4096);
/* What the example kernel keeps of a CPU: VTL 1 has another, in which nobody waits for a fault. */
static uint8_t secure_cpu[KERNEL_PAGE_SIZE] PV_ALIGNED(16);
static struct own secure_own;

struct shared {
    uint64_t cr2;
    uint64_t dr[DEBUG_REGISTERS];
};

static void shared_store(const struct shared *s)
{
    __asm__ volatile("mov %0, %%cr2\n\tmov %1, %%dr0\n\tmov %2, %%dr1\n\tmov %3, %%dr2\n\t"
                     "mov %4, %%dr3"
                     :
                     : "r"(s->cr2), "r"(s->dr[0]), "r"(s->dr[1]), "r"(s->dr[2]), "r"(s->dr[3]));
}

static void shared_look(struct shared *s)
{
    __asm__ volatile("mov %%cr2, %0\n\tmov %%dr0, %1\n\tmov %%dr1, %2\n\tmov %%dr2, %3\n\t"
                     "mov %%dr3, %4"
                     : "=r"(s->cr2), "=r"(s->dr[0]), "=r"(s->dr[1]), "=r"(s->dr[2]),
                       "=r"(s->dr[3]));
}

static struct shared shared_of(uint64_t round, uint64_t direction)
{
    struct shared s = { .cr2 = 0x7000000000ull + round * 2 + direction };

    for (unsigned i = 0; i < DEBUG_REGISTERS; i++)
        s.dr[i] = (round << 8 | i << 4) + direction;
    return s;
}

static bool shared_is(const struct shared *wanted)
{
    struct shared now;

    shared_look(&now);
    return memcmp(&now, wanted, sizeof(now)) == 0;
}

void own_look(struct own *own)
{
    struct descriptor_table gdt, idt;

    memset(own, 0, sizeof(*own));
    __asm__ volatile("sgdt %0" : "=m"(gdt));
    __asm__ volatile("sidt %0" : "=m"(idt));
    __asm__ volatile("mov %%cs, %0" : "=r"(own->cs));
    __asm__ volatile("mov %%ss, %0" : "=r"(own->ss));
    __asm__ volatile("mov %%dr7, %0" : "=r"(own->dr7));
    own->cr3 = read_cr3();
    own->cr4 = read_cr4();
    own->gs_base = read_msr(MSR_GS_BASE);
    own->kernel_gs_base = read_msr(MSR_KERNEL_GS_BASE);
    own->idt_base = idt.base;
    own->idt_limit = idt.limit;
    own->gdt_base = gdt.base;
    own->gdt_limit = gdt.limit;
}

bool own_same(const struct own *a, const struct own *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

void state_context(union pv_hv_context *context)
{
    memcpy(secure_root, (const void *)(uintptr_t)context->x64.cr3, sizeof(secure_root));
    context->x64.cr3 = (uintptr_t)secure_root;
    context->x64.gs.base = (uintptr_t)secure_cpu;
    context->x64.idtr.limit = 32 * 16 - 1;
}

void state_secure_begins(void)
{
    own_look(&secure_own);
}

/* The round in MORE. */
uint64_t state_serve(struct pv_hv_vtl_regs *regs)
{
    const struct shared arrived = shared_of(regs->shared[MORE], 0);
    const struct shared back = shared_of(regs->shared[MORE], 1);
    uint64_t bad = !shared_is(&arrived);
    struct own now;

    own_look(&now);
    bad += 1000u * !own_same(&now, &secure_own);
    bad += 1000000u * (now.cr3 != (uintptr_t)secure_root ||
                      now.gs_base != (uintptr_t)secure_cpu || now.idt_limit != 32 * 16 - 1 ||
                      now.kernel_gs_base != 0);
    shared_store(&back);
    return bad;
}

void state_check(void)
{
    uint64_t bad_there = 0, bad_back = 0, bad_own = 0;
    struct own before, after;

    write_msr(MSR_KERNEL_GS_BASE, 0x987654000ull);
    own_look(&before);
    for (uint64_t round = 0; round < STATE_ROUNDS; round++) {
        const struct shared there = shared_of(round, 0);
        const struct shared back = shared_of(round, 1);

        shared_store(&there);
        bad_there += side_ask(DO_STATE, 0, round);
        bad_back += !shared_is(&back);
        own_look(&after);
        bad_own += !own_same(&before, &after);
    }
    tap_equal(bad_there, 0, "VTL 1 sees CR2 and DR0-3 of VTL 0, and has CR3, GS, IDT for itself");
    tap_equal(bad_back, 0, "VTL 0 sees CR2 and DR0-3 of VTL 1");
    tap_equal(bad_own, 0, "and has its own CR3, GS, IDT, segments and DR7 still");
}
