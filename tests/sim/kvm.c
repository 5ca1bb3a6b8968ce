/* SPDX-License-Identifier: MIT */
/* Numbers are written out, as the documentation of KVM has them. */
#include "sim/machine_internal.h"

#include <pthread.h>
#include <string.h>

#define ENOSYS_OF_KVM (-1000)
#define EINVAL_OF_KVM (-22)
#define WORD_BITS (8 * sizeof(unsigned long))

#define UNHALT (1u << 7)
#define TLB_FLUSH (1u << 9)
#define SEND_IPI (1u << 11)
#define SCHED_YIELD (1u << 13)
#define MAP_GPA_RANGE (1u << 16)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of everything in struct sim_kvm */
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;

static void fault(struct sim_machine *machine, const char *text)
{
    sim_complain(&machine->model, text);
}

void sim_kvm_init(struct sim_machine *machine)
{
    /* Steal time, kvmclock at its new MSRs, and its stable bit. */
    machine->kvm.features = 1u << 3 | 1u << 5 | 1u << 24;
    machine->kvm.features |= UNHALT | TLB_FLUSH | SEND_IPI | SCHED_YIELD | MAP_GPA_RANGE;
    machine->kvm.running = 1;
}

/* NULL for an APIC id that no VP has. */
static struct sim_kvm_vp *vp_of(struct sim_machine *machine, uint64_t apic_id)
{
    for (uint32_t i = 0; i < machine->model.vps; i++)
        if (machine->cpus[i].port.hw_id == apic_id)
            return &machine->kvm.vps[i];
    return NULL;
}

/* ---- the calls ---- */

static bool is_woken(const struct sim_kvm_vp *vp)
{
    return vp->kicked || (vp->irqs_on && vp->irq);
}

/* It runs from here on, even if its thread has yet to find out. */
static void wake(struct sim_machine *machine, struct sim_kvm_vp *vp)
{
    if (!vp->sleeps || !is_woken(vp))
        return;
    vp->sleeps = false;
    machine->kvm.running++;
    (void)pthread_cond_broadcast(&woken);
}

static bool reach(struct sim_machine *machine, uint64_t apic_id, unsigned long icr)
{
    struct sim_kvm_vp *vp = vp_of(machine, apic_id);

    if (machine->kvm.reached != NULL)
        machine->kvm.reached(machine->kvm.context, apic_id);
    else if (vp == NULL)
        return false;
    if (vp != NULL && icr == 0x400)
        vp->nmis++;
    else if (vp != NULL) {
        vp->interrupts++;
        vp->vector = (uint32_t)icr;
    }
    return true;
}

static long send_ipi(struct sim_machine *machine, const unsigned long arguments[4])
{
    const uint64_t lowest = arguments[2];
    const unsigned long icr = arguments[3];
    long reached = 0;

    if (icr != 0x400 && (icr < 0x10 || icr > 0xFF))
        fault(machine, "an interrupt command that KVM does not take");
    if (lowest >> 32 != 0)
        fault(machine, "an APIC id of more than 32 bits");
    if ((arguments[0] | arguments[1]) == 0)
        fault(machine, "an interrupt to nobody");
    for (unsigned i = 0; i < 2 * WORD_BITS; i++)
        if ((arguments[i / WORD_BITS] >> i % WORD_BITS & 1) != 0)
            reached += reach(machine, lowest + i, icr);
    return reached + machine->kvm.lie;
}

static long kick(struct sim_machine *machine, const unsigned long arguments[4])
{
    struct sim_kvm_vp *vp = vp_of(machine, arguments[1]);

    if (arguments[0] != 0)
        fault(machine, "flags that KICK_CPU does not know");
    if (vp != NULL) {
        vp->kicks++;
        vp->kicked = true;
        wake(machine, vp);
    }
    return 0;
}

static long yield_to(struct sim_machine *machine, const unsigned long arguments[4])
{
    struct sim_kvm_vp *vp = vp_of(machine, arguments[0]);

    if (vp != NULL)
        vp->yields++;
    return 0;
}

/* What is left of a call that fails in the middle nobody learns. */
static long map_gpa_range(struct sim_machine *machine, const unsigned long arguments[4])
{
    const uint64_t first = (uint64_t)arguments[0] >> 12;

    if (arguments[0] % PV_PAGE_BYTES != 0 || arguments[1] == 0 || (arguments[2] & ~0x10ul) != 0 ||
        arguments[3] != 0)
        fault(machine, "arguments that MAP_GPA_RANGE does not take");
    for (uint64_t i = 0; i < arguments[1]; i++)
        if (sim_visibility_of(&machine->model, first + i) == NULL ||
            sim_visibility_change(&machine->model, first + i, arguments[2] != 0 ? 0 : 3) != 0)
            return EINVAL_OF_KVM;
    return 0;
}

static const struct call {
    unsigned long function;
    uint32_t feature;
    long (*answer)(struct sim_machine *machine, const unsigned long arguments[4]);
} calls[] = { { 5, UNHALT, kick },
              { 10, SEND_IPI, send_ipi },
              { 11, SCHED_YIELD, yield_to },
              { 12, MAP_GPA_RANGE, map_gpa_range } };

/* As CPUID says, which a test may have changed. */
static bool is_offered(struct sim_machine *machine, uint32_t feature)
{
    const uint32_t base = machine->kind == SIM_KVM_X86 ? 0x40000100 : 0x40000000;

    return sim_is_kvm(machine) &&
           (sim_port_cpuid(&machine->cpus[0].port, base + 1, 0).eax & feature) != 0;
}

static bool is_amd(struct sim_machine *machine)
{
    const uint32_t ecx = sim_port_cpuid(&machine->cpus[0].port, 0, 0).ecx;

    return ecx == 0x444D4163 || ecx == 0x656E6975; /* "cAMD", and "uine" of Hygon */
}

static long answer(struct sim_machine *machine, const struct call *call,
                   const unsigned long arguments[4])
{
    struct sim_kvm *kvm = &machine->kvm;

    kvm->calls++;
    kvm->function = call->function;
    memcpy(kvm->arguments, arguments, sizeof(kvm->arguments));
    if (kvm->refuse != 0 && kvm->calls > kvm->refuse_after)
        return kvm->refuse;
    return call->answer(machine, arguments);
}

static long native_call(struct sim_machine *machine, bool vmmcall, unsigned long function,
                        const unsigned long arguments[4])
{
    if (vmmcall != is_amd(machine))
        fault(machine, "#UD: the hypercall of another vendor");
    if (machine->model.os_id[0] != 0) {
        fault(machine, "KVM took its own call for one of Hyper-V's");
        return 2; /* HV_STATUS_INVALID_HYPERCALL_CODE */
    }
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (calls[i].function == function && is_offered(machine, calls[i].feature))
            return answer(machine, &calls[i], arguments);
    fault(machine, "a call that KVM does not offer");
    return ENOSYS_OF_KVM;
}

long sim_port_kvm_call(struct pv_sim *port, bool vmmcall, unsigned long function,
                       const unsigned long arguments[4])
{
    struct sim_machine *machine = sim_machine_of(port);
    long result;

    if (port->has_loongarch)
        return sim_steal_kvm_call(port, function, arguments[0], arguments[1]);
    (void)pthread_mutex_lock(&lock);
    result = native_call(machine, vmmcall, function, arguments);
    (void)pthread_mutex_unlock(&lock);
    return result;
}

/* ---- HLT ---- */

void sim_kvm_threads(struct sim_machine *machine, uint32_t threads)
{
    machine->kvm.running = threads;
}

/* Nobody runs any more who could wake the others. */
static void rest(struct sim_machine *machine)
{
    machine->kvm.running--;
    if (machine->kvm.running != 0)
        return;
    machine->kvm.stuck = true;
    (void)pthread_cond_broadcast(&woken);
}

void sim_kvm_leave(struct sim_machine *machine)
{
    (void)pthread_mutex_lock(&lock);
    rest(machine);
    (void)pthread_mutex_unlock(&lock);
}

bool sim_kvm_stuck(struct sim_machine *machine)
{
    bool stuck;

    (void)pthread_mutex_lock(&lock);
    stuck = machine->kvm.stuck;
    (void)pthread_mutex_unlock(&lock);
    return stuck;
}

/* The hooks make calls themselves. */
static void run_hook(void (*hook)(struct sim_machine *machine, uint32_t vp),
                     struct sim_machine *machine, uint32_t index)
{
    if (hook == NULL)
        return;
    (void)pthread_mutex_unlock(&lock);
    hook(machine, index);
    (void)pthread_mutex_lock(&lock);
}

void sim_kvm_interrupt(struct sim_machine *machine, uint32_t vp)
{
    (void)pthread_mutex_lock(&lock);
    machine->kvm.vps[vp].irq = true;
    wake(machine, &machine->kvm.vps[vp]);
    (void)pthread_mutex_unlock(&lock);
}

static void sleep_on(struct sim_machine *machine, struct sim_kvm_vp *vp)
{
    vp->sleeps = true;
    rest(machine);
    while (vp->sleeps && !machine->kvm.stuck)
        (void)pthread_cond_wait(&woken, &lock);
    if (!vp->sleeps)
        return;
    fault(machine, "HLT, and nobody to wake the VP");
    vp->sleeps = false;
    machine->kvm.running++;
}

/* What woke the VP is used up, and nothing else: with IRQs off an interrupt stays. */
static void use_up(struct sim_kvm_vp *vp)
{
    if (vp->irqs_on && vp->irq)
        vp->irq = false;
    else
        vp->kicked = false;
}

void sim_port_halt(struct pv_sim *port, bool irqs_on)
{
    struct sim_machine *machine = sim_machine_of(port);
    const uint32_t index = sim_index_of(port);
    struct sim_kvm_vp *vp = &machine->kvm.vps[index];

    (void)pthread_mutex_lock(&lock);
    if (!port->irqs_off)
        fault(machine, "pv_port_halt with IRQs on");
    vp->halts++;
    vp->irqs_on = irqs_on;
    run_hook(machine->kvm.falling_asleep, machine, index);
    if (!is_woken(vp))
        run_hook(machine->kvm.asleep, machine, index);
    if (!is_woken(vp))
        sleep_on(machine, vp);
    use_up(vp);
    (void)pthread_mutex_unlock(&lock);
}

/* ---- flushes ---- */

/* The mark at offset 16 is a byte, which not every machine that runs the test can exchange alone. */
static uint32_t *mark_of(struct sim_machine *machine, uint32_t vp)
{
    return (uint32_t *)sim_memory_at(machine, machine->steal.vps[vp].at + 16, sizeof(uint32_t));
}

void sim_kvm_preempt(struct sim_machine *machine, uint32_t vp)
{
    const uint8_t marked[4] = { 1, 0, 0, 0 };
    uint32_t word;

    memcpy(&word, marked, sizeof(word));
    machine->steal.vps[vp].left[16] = 1;
    __atomic_store_n(mark_of(machine, vp), word, __ATOMIC_SEQ_CST);
}

/* Without the feature the mark is just taken away. */
bool sim_kvm_enter(struct sim_machine *machine, uint32_t vp)
{
    const uint32_t word = __atomic_exchange_n(mark_of(machine, vp), 0, __ATOMIC_SEQ_CST);
    uint8_t mark;

    memcpy(&mark, &word, sizeof(mark));
    machine->steal.vps[vp].left[16] = 0;
    if ((mark & 2) != 0 && !is_offered(machine, TLB_FLUSH))
        fault(machine, "a flush was asked for that KVM does not do");
    return (mark & 2) != 0;
}
