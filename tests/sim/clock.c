/* SPDX-License-Identifier: MIT */
/* Time, and what the host's clocks say of it (TLFS "Timers"; Linux Documentation/virt/kvm/x86). */
#include "sim/machine_internal.h"
#include "sim/wide.h"

#include <pv/abi/kvm.h>

#include <string.h>

#define NS_PER_SECOND 1000000000u
#define NS_PER_UNIT 100u

static uint64_t read_counter(void *owner, uint32_t vp);

void sim_clock_init(struct sim_machine *machine)
{
    struct sim_model *model = &machine->model;

    machine->clock.hz = SIM_COUNTER_HZ;
    model->tsc_hz = SIM_COUNTER_HZ;
    model->apic_hz = NS_PER_SECOND;
    if (sim_is_x86(machine)) /* arm64's is a register that the test sets */
        model->time = (struct sim_time){ machine, read_counter, NULL };
}

static bool behaves(const struct sim_machine *machine, enum sim_clock_behaviour behaviour)
{
    return machine->clock.behaviour == behaviour;
}

/* ---- time ---- */

void sim_clock_advance(struct sim_machine *machine, uint64_t ns)
{
    __atomic_fetch_add(&machine->clock.now_ns, ns, __ATOMIC_SEQ_CST);
}

/* A look takes a while. */
static uint64_t look(struct sim_machine *machine)
{
    const uint64_t step = machine->clock.step_ns;

    return step + __atomic_fetch_add(&machine->clock.now_ns, step, __ATOMIC_SEQ_CST);
}

static uint64_t now(const struct sim_machine *machine)
{
    return __atomic_load_n(&machine->clock.now_ns, __ATOMIC_SEQ_CST);
}

static uint64_t told_at(const struct sim_machine *machine, uint64_t ns)
{
    return ns + __atomic_load_n(&machine->clock.told_ns, __ATOMIC_SEQ_CST);
}

uint64_t sim_clock_told(const struct sim_machine *machine)
{
    return told_at(machine, now(machine));
}

/* In seconds and the rest, so that nothing overflows. */
static uint64_t ticks_at(const struct sim_clock *clock, uint64_t ns)
{
    const uint64_t passed = ns - clock->hz_since;

    if (clock->counter_stands)
        return clock->ticks;
    return clock->ticks + passed / NS_PER_SECOND * clock->hz +
           passed % NS_PER_SECOND * clock->hz / NS_PER_SECOND;
}

static uint64_t counter_at(const struct sim_clock *clock, uint32_t vp, uint64_t ns)
{
    return ticks_at(clock, ns) + (uint64_t)clock->skew[vp];
}

uint64_t sim_port_counter(struct pv_sim *port)
{
    struct sim_machine *machine = sim_machine_of(port);

    return counter_at(&machine->clock, sim_index_of(port), look(machine));
}

/* ---- kvmclock ---- */

static volatile struct pv_kvm_time *area_of(struct sim_machine *machine, uint32_t vp)
{
    const uint64_t value = machine->clock.kvm_msr[vp];

    if ((value & PV_KVM_ENABLE) == 0 || behaves(machine, SIM_CLOCK_SILENT))
        return NULL;
    return (volatile struct pv_kvm_time *)sim_memory_at(machine, value - PV_KVM_ENABLE,
                                                        sizeof(struct pv_kvm_time));
}

/* 10^9 / hz = mul / 2^32 * 2^shift, with the highest bit of mul set. */
static uint32_t multiplier(uint64_t hz, int8_t *shift)
{
    for (*shift = 0; NS_PER_SECOND >= hz; hz <<= 1)
        ++*shift;
    for (; NS_PER_SECOND < hz / 2; hz >>= 1)
        --*shift;
    return (uint32_t)sim_wide_scale(NS_PER_SECOND, 1ull << 32, hz);
}

static void begin_area(struct sim_machine *machine, uint32_t vp)
{
    volatile struct pv_kvm_time *area = area_of(machine, vp);
    const uint64_t ns = now(machine);

    if (area == NULL)
        return;
    area->version |= 1;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    area->tsc_timestamp = counter_at(&machine->clock, vp, ns);
    area->system_time = told_at(machine, ns);
}

static void write_scale(const struct sim_machine *machine, volatile struct pv_kvm_time *area)
{
    int8_t shift;
    uint32_t mul = multiplier(machine->clock.hz, &shift);

    if (behaves(machine, SIM_CLOCK_MUL_ZERO))
        mul = 0;
    if (behaves(machine, SIM_CLOCK_SHIFT_HIGH))
        shift = 32;
    if (behaves(machine, SIM_CLOCK_SHIFT_LOW))
        shift = -32;
    area->tsc_to_system_mul = mul;
    area->tsc_shift = shift;
}

/* The guest clears the flag that it was stopped, the host does not. */
static void end_area(struct sim_machine *machine, uint32_t vp, uint8_t flags)
{
    volatile struct pv_kvm_time *area = area_of(machine, vp);

    if (area == NULL)
        return;
    write_scale(machine, area);
    flags |= machine->clock.unstable ? 0 : PV_KVM_TIME_STABLE;
    area->flags = (uint8_t)(flags | (area->flags & PV_KVM_TIME_STOPPED));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!behaves(machine, SIM_CLOCK_ODD))
        area->version++;
}

static void write_area(struct sim_machine *machine, uint32_t vp, uint8_t flags)
{
    begin_area(machine, vp);
    end_area(machine, vp, flags);
}

static bool taken(const struct sim_machine *machine, uint64_t value)
{
    return !behaves(machine, (value & 1) != 0 ? SIM_CLOCK_REFUSES : SIM_CLOCK_KEEPS);
}

static void write_system_time(struct sim_machine *machine, uint32_t vp, uint64_t value)
{
    const uint64_t gpa = value & ~(uint64_t)PV_KVM_ENABLE;

    if (!taken(machine, value))
        return;
    if ((value & PV_KVM_ENABLE) != 0 &&
        (gpa % 4 != 0 || sim_memory_at(machine, gpa, sizeof(struct pv_kvm_time)) == NULL))
        sim_complain(&machine->model, "#GP: kvmclock's area is not in memory");
    machine->clock.kvm_msr[vp] = value;
    write_area(machine, vp, 0);
}

static void fill_wall_clock(struct sim_machine *machine)
{
    struct pv_kvm_wall_clock wall = { 2, SIM_WALL_SECONDS, SIM_WALL_NANOSECONDS };

    if (machine->clock.wall_msr == 0 || behaves(machine, SIM_CLOCK_SILENT))
        return;
    wall.version += behaves(machine, SIM_CLOCK_ODD);
    if (behaves(machine, SIM_CLOCK_NANOSECONDS))
        wall.nanoseconds = NS_PER_SECOND;
    if (!sim_memory_write(machine, machine->clock.wall_msr, &wall, sizeof(wall)))
        sim_complain(&machine->model, "#GP: the wall clock is not in memory");
}

/* 0 has the host forget the area. */
static void write_wall_clock(struct sim_machine *machine, uint64_t gpa)
{
    machine->clock.wall_msr = gpa;
    fill_wall_clock(machine);
}

/* ---- Hyper-V ---- */

static uint64_t units(const struct sim_machine *machine, uint64_t ns)
{
    return told_at(machine, ns) / NS_PER_UNIT;
}

static uint32_t next_sequence(struct sim_machine *machine)
{
    if (behaves(machine, SIM_CLOCK_INVALID) || behaves(machine, SIM_CLOCK_SILENT))
        return 0;
    if (behaves(machine, SIM_CLOCK_INVALID_OLD))
        return PV_HV_REFERENCE_TSC_INVALID_OLD;
    return ++machine->clock.sequence;
}

static struct pv_hv_reference_tsc content(struct sim_machine *machine)
{
    const struct sim_clock *clock = &machine->clock;
    const uint64_t ns = now(machine);

    return sim_reference_tsc(next_sequence(machine), clock->hz, counter_at(clock, 0, ns),
                             units(machine, ns));
}

static volatile struct pv_hv_reference_tsc *page_of(struct sim_machine *machine)
{
    if (!machine->clock.page.on || behaves(machine, SIM_CLOCK_SILENT))
        return NULL;
    return (volatile struct pv_hv_reference_tsc *)sim_memory_at(machine, machine->clock.page.gpa,
                                                                PV_PAGE_BYTES);
}

/* Invalid until it is whole again. */
static void begin_page(struct sim_machine *machine)
{
    volatile struct pv_hv_reference_tsc *page = page_of(machine);

    if (page == NULL)
        return;
    page->sequence = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    page->scale = ~page->scale;
    page->offset = ~page->offset;
}

static void end_page(struct sim_machine *machine)
{
    volatile struct pv_hv_reference_tsc *page = page_of(machine);
    struct pv_hv_reference_tsc right;

    if (page == NULL)
        return;
    right = content(machine);
    page->scale = right.scale;
    page->offset = right.offset;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    page->sequence = right.sequence;
}

/* KVM writes the used part into the guest's memory, Hyper-V lays a page of its own over it. */
static void follow(struct sim_machine *machine)
{
    const struct pv_hv_reference_tsc right = content(machine);
    uint8_t fill[PV_PAGE_BYTES] = { 0 };
    const bool kvm = sim_is_kvm(machine);

    if (!behaves(machine, SIM_CLOCK_SILENT))
        memcpy(fill, &right, sizeof(right));
    sim_overlay_place(machine, &machine->clock.page, machine->model.reference_msr[0], kvm, fill,
                      kvm ? sizeof(right) : sizeof(fill));
}

void sim_clock_reference_written(struct sim_machine *machine, uint64_t before)
{
    uint64_t *value = &machine->model.reference_msr[0];

    if (taken(machine, *value))
        follow(machine);
    else
        *value = before;
}

static uint64_t read_counter(void *owner, uint32_t vp)
{
    struct sim_machine *machine = (struct sim_machine *)owner;

    (void)vp;
    return behaves(machine, SIM_CLOCK_STANDS) ? 1 : units(machine, look(machine));
}

/* ---- MSRs ---- */

bool sim_clock_msr_read(struct sim_machine *machine, uint32_t vp, uint32_t msr, uint64_t *value)
{
    const bool here = sim_is_kvm(machine) && msr == PV_KVM_MSR_SYSTEM_TIME;

    if (here)
        *value = machine->clock.kvm_msr[vp];
    return here;
}

bool sim_clock_msr_write(struct sim_machine *machine, uint32_t vp, uint32_t msr, uint64_t value)
{
    if (!sim_is_kvm(machine))
        return false;
    switch (msr) {
    case PV_KVM_MSR_SYSTEM_TIME:
        write_system_time(machine, vp, value);
        return true;
    case PV_KVM_MSR_WALL_CLOCK:
        write_wall_clock(machine, value);
        return true;
    default:
        return false;
    }
}

/* ---- what the host does ---- */

void sim_clock_begin(struct sim_machine *machine)
{
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++)
        begin_area(machine, vp);
    begin_page(machine);
}

void sim_clock_end(struct sim_machine *machine)
{
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++)
        end_area(machine, vp, 0);
    end_page(machine);
}

void sim_clock_update(struct sim_machine *machine)
{
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++)
        write_area(machine, vp, 0);
    begin_page(machine);
    end_page(machine);
}

void sim_clock_stop(struct sim_machine *machine)
{
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++)
        write_area(machine, vp, PV_KVM_TIME_STOPPED);
}

void sim_clock_jump(struct sim_machine *machine, int64_t ns)
{
    __atomic_fetch_add(&machine->clock.told_ns, (uint64_t)ns, __ATOMIC_SEQ_CST);
    sim_clock_update(machine);
}

void sim_clock_migrate(struct sim_machine *machine, uint64_t hz, uint64_t ticks)
{
    struct sim_clock *clock = &machine->clock;

    clock->hz_since = now(machine);
    clock->ticks = ticks;
    clock->hz = hz;
    machine->model.tsc_hz = hz;
    fill_wall_clock(machine);
    sim_clock_update(machine);
}

void sim_clock_register(struct sim_machine *machine, uint32_t msr, uint32_t vp, uint64_t gpa)
{
    const uint64_t before = machine->model.reference_msr[0];

    if (msr == PV_KVM_MSR_SYSTEM_TIME) {
        write_system_time(machine, vp, gpa);
        return;
    }
    machine->model.reference_msr[0] = gpa;
    sim_clock_reference_written(machine, before);
}

const char *sim_clock_left(const struct sim_machine *machine)
{
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++)
        if ((machine->clock.kvm_msr[vp] & PV_KVM_ENABLE) != 0)
            return "kvmclock is still registered";
    if (machine->clock.wall_msr != 0)
        return "the wall clock is still registered";
    return (machine->model.reference_msr[0] & PV_HV_PAGE_ENABLE) != 0
               ? "the reference TSC page is still enabled"
               : NULL;
}
