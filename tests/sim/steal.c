/* SPDX-License-Identifier: MIT */
/*
 * Stolen-time areas as hosts write them. Offsets are written out here: a wrong one in the library's
 * headers must not be wrong here too.
 */
#include "sim/steal_internal.h"

#include <pv/abi/smccc.h>

#include <string.h>

#define ABSENT 0xFFu
#define UPDATING (1ull << 63)

static const struct format {
    uint8_t sequence, value, hint;
} formats[] = {
    [SIM_HYPERV_X86] = { ABSENT, ABSENT, ABSENT },
    [SIM_KVM_X86] = { 8, 0, 16 },
    [SIM_HYPERV_ARM64] = { ABSENT, ABSENT, ABSENT },
    [SIM_RISCV_KVM] = { 0, 8, 16 },
    [SIM_BARE] = { ABSENT, ABSENT, ABSENT },
    [SIM_KVM_NATIVE_X86] = { 8, 0, 16 },
    [SIM_XEN_X86] = { ABSENT, ABSENT, 0 },
    [SIM_VMWARE_X86] = { ABSENT, 0, ABSENT },
    [SIM_KVM_ARM64] = { ABSENT, 8, ABSENT },
    [SIM_KVM_LOONGARCH] = { 8, 0, 16 },
};

/* Xen's runstate: state, time of entry, and time in the four states. A guest of 32 bits
 * has numbers of 64 bits at multiples of 4. */
static const struct runstate {
    uint8_t entry, runnable, offline;
} runstates[] = { { 4, 20, 36 }, { 8, 24, 40 } };

static const struct runstate *runstate_of(const struct sim_machine *machine)
{
    return &runstates[machine->steal.xen_64];
}

static const struct format *format_of(const struct sim_machine *machine)
{
    return &formats[machine->kind];
}

static struct sim_steal_vp *vp_of(struct sim_machine *machine, uint32_t vp)
{
    return &machine->steal.vps[vp];
}

/* NULL for what is not guest memory. */
static uint8_t *area_of(struct sim_machine *machine, const struct sim_steal_vp *steal)
{
    if (steal->by_address)
        return (uint8_t *)(uintptr_t)steal->at; /* NOLINT: an address kept as a number */
    return (uint8_t *)sim_memory_at(machine, steal->at, SIM_STEAL_BYTES);
}

static void store32(uint8_t *at, uint32_t value)
{
    __atomic_store_n((uint32_t *)(void *)at, value, __ATOMIC_RELAXED);
}

static uint32_t load32(const uint8_t *at)
{
    return __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_RELAXED);
}

static void store64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof(value));
}

static uint64_t load64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

/* ---- the guest must not write ---- */

/* Another VP may ask for a flush meanwhile. */
static void copy_area(struct sim_machine *machine, const struct sim_steal_vp *steal,
                      uint8_t to[SIM_STEAL_BYTES])
{
    const uint8_t *area = area_of(machine, steal);

    for (unsigned i = 0; i < SIM_STEAL_BYTES; i++)
        to[i] = __atomic_load_n(&area[i], __ATOMIC_RELAXED);
}

static void leave(struct sim_machine *machine, struct sim_steal_vp *steal)
{
    copy_area(machine, steal, steal->left);
}

/* But for the flush that it may ask for where KVM marked the VP as preempted. */
static void look(struct sim_machine *machine, const struct sim_steal_vp *steal)
{
    uint8_t now[SIM_STEAL_BYTES];

    copy_area(machine, steal, now);
    if (sim_is_kvm(machine) && steal->left[16] == 1 && now[16] == 3)
        now[16] = 1;
    if (memcmp(steal->left, now, SIM_STEAL_BYTES) != 0)
        sim_complain(&machine->model, "the guest wrote into its stolen-time area");
}

/* ---- being told ---- */

static bool is_zero(const uint8_t *bytes)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, SIM_STEAL_BYTES - 1) == 0;
}

bool sim_steal_area_usable(struct sim_machine *machine, uint64_t gpa)
{
    return gpa % SIM_STEAL_BYTES == 0 && sim_memory_at(machine, gpa, SIM_STEAL_BYTES) != NULL;
}

static void turn_on(struct sim_machine *machine, uint32_t vp, uint64_t at, bool by_address)
{
    struct sim_steal_vp *steal = vp_of(machine, vp);

    steal->on = true;
    steal->by_address = by_address;
    steal->at = at;
    steal->step = 0;
    steal->set_ups++;
    leave(machine, steal);
}

void sim_steal_turn_on(struct sim_machine *machine, uint32_t vp, uint64_t at, bool by_address)
{
    turn_on(machine, vp, at, by_address);
    if (!is_zero(vp_of(machine, vp)->left))
        sim_complain(&machine->model, "a stolen-time area that is not zero");
}

/* The host may also zero it, which is what some specifications say. */
void sim_steal_turn_on_fresh(struct sim_machine *machine, uint32_t vp, uint64_t gpa,
                             const void *content)
{
    memcpy(sim_memory_at(machine, gpa, SIM_STEAL_BYTES), content, SIM_STEAL_BYTES);
    turn_on(machine, vp, gpa, false);
}

bool sim_steal_turn_off(struct sim_machine *machine, uint32_t vp)
{
    struct sim_steal_vp *steal = vp_of(machine, vp);

    if (steal->foreign)
        sim_complain(&machine->model, "somebody else's stolen-time area was touched");
    if (machine->steal.keeps)
        return false;
    if (steal->on)
        look(machine, steal);
    steal->on = false;
    steal->step = 0;
    return true;
}

void sim_steal_found(struct sim_machine *machine, uint32_t vp, uint64_t gpa)
{
    turn_on(machine, vp, gpa, false);
    vp_of(machine, vp)->foreign = true;
}

void sim_steal_drop(struct sim_machine *machine, uint32_t vp)
{
    memset(vp_of(machine, vp), 0, sizeof(struct sim_steal_vp));
}

/* The area of PV_TIME belongs to the host: it stays. */
const char *sim_steal_left(const struct sim_machine *machine)
{
    for (uint32_t i = 0; i < SIM_VPS_MAX; i++) {
        const struct sim_steal_vp *steal = &machine->steal.vps[i];

        if (steal->on && !steal->foreign && machine->kind != SIM_KVM_ARM64)
            return "a stolen-time area is still registered";
    }
    return NULL;
}

/* ---- an update, store by store ---- */

/* A first step that repairs what is odd already, as KVM does. */
static void mark_busy(struct sim_machine *machine, const struct sim_steal_vp *steal, uint8_t *area)
{
    const struct format *format = format_of(machine);

    if (machine->kind == SIM_XEN_X86 && (machine->steal.xen_flag || !steal->by_address))
        store64(area + runstate_of(machine)->entry,
                load64(area + runstate_of(machine)->entry) | UPDATING);
    else if (format->sequence != ABSENT)
        store32(area + format->sequence, load32(area + format->sequence) | 1);
}

static void mark_done(const struct sim_machine *machine, uint8_t *area)
{
    const struct format *format = format_of(machine);
    uint8_t *entry = area + runstate_of(machine)->entry;

    if (machine->kind == SIM_XEN_X86)
        store64(entry, (load64(entry) & ~UPDATING) + 1000);
    else if (format->sequence != ABSENT)
        store32(area + format->sequence, load32(area + format->sequence) + 1);
}

static void store_half(const struct sim_machine *machine, uint8_t *area, uint64_t ns, bool second)
{
    const struct format *format = format_of(machine);
    const uint64_t offline = ns / 3;

    if (machine->kind == SIM_XEN_X86 && second)
        store64(area + runstate_of(machine)->runnable, ns - offline);
    else if (machine->kind == SIM_XEN_X86)
        store64(area + runstate_of(machine)->offline, offline);
    else if (format->sequence == ABSENT) /* promised to be one store */
        store64(area + format->value, ns);
    else
        memcpy(area + format->value + 4 * second, (const uint8_t *)&ns + 4 * second, 4);
}

static void take_step(struct sim_machine *machine, struct sim_steal_vp *steal)
{
    uint8_t *area = area_of(machine, steal);

    switch (steal->step++) {
    case 1:
        look(machine, steal);
        mark_busy(machine, steal, area);
        break;
    case 2:
        store_half(machine, area, steal->next_ns, false);
        break;
    case 3:
        store_half(machine, area, steal->next_ns, true);
        break;
    default:
        mark_done(machine, area);
        steal->step = machine->steal.restless ? 1 : 0;
        steal->next_ns++;
    }
    leave(machine, steal);
}

void sim_steal_start(struct sim_machine *machine, uint32_t vp, uint64_t ns)
{
    struct sim_steal_vp *steal = vp_of(machine, vp);

    steal->step = 1;
    steal->next_ns = ns;
    steal->stalled = 0;
}

void sim_steal_set(struct sim_machine *machine, uint32_t vp, uint64_t ns)
{
    struct sim_steal_vp *steal = vp_of(machine, vp);

    sim_steal_start(machine, vp, ns);
    for (unsigned i = 0; i < 4; i++)
        take_step(machine, steal);
    steal->step = 0;
}

void sim_steal_host(struct pv_sim *port)
{
    struct sim_machine *machine = sim_machine_of(port);

    for (uint32_t i = 0; i < SIM_VPS_MAX; i++) {
        struct sim_steal_vp *steal = &machine->steal.vps[i];
        const bool waits = steal->step == 3 && steal->stalled < machine->steal.stall;

        if (steal->step == 0)
            continue;
        if (waits)
            steal->stalled += machine->steal.stall != SIM_STEAL_FOREVER;
        else
            take_step(machine, steal);
    }
}

uint64_t sim_steal_value(struct sim_machine *machine, uint32_t vp)
{
    const uint8_t *area = area_of(machine, vp_of(machine, vp));

    if (machine->kind == SIM_XEN_X86)
        return load64(area + runstate_of(machine)->runnable) +
               load64(area + runstate_of(machine)->offline);
    return load64(area + format_of(machine)->value);
}

void sim_steal_add(struct sim_machine *machine, uint32_t vp, uint64_t ns)
{
    sim_steal_set(machine, vp, sim_steal_value(machine, vp) + ns);
}

void sim_steal_hint(struct sim_machine *machine, uint32_t vp, uint8_t value)
{
    struct sim_steal_vp *steal = vp_of(machine, vp);
    uint8_t *area = area_of(machine, steal);

    if (machine->kind == SIM_XEN_X86)
        store32(area, value);
    else
        area[format_of(machine)->hint] = value;
    leave(machine, steal);
}
