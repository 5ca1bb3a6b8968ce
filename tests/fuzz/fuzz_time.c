/* SPDX-License-Identifier: MIT */
/*
 * Stolen time and clocks of a host whose every answer comes from the input, and which writes into what
 * is shared with it whenever the guest looks: on each machine, any sequence of calls ends in a status
 * that there is, and neither stolen time nor the clock ever decreases; between VPs, which the host lets
 * differ against its word, the clock decreases by less than a millisecond.
 *
 * fuzz: -max_len=512
 */
#include "fuzz/input.h"
#include "sim/sim.h"

#define VPS 2u

enum machine_kind { X86, ARM64, RISCV64, LOONGARCH64, MACHINE_KINDS };

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_vp vps[VPS];
static struct input input;
static uint64_t stolen[VPS]; /* as last read */
static uint64_t clocks[VPS]; /* likewise */
static uint64_t newest;      /* of the clocks */
static uint64_t msrs[8];     /* what was written, by the low bits of the number */

/* ---- the host ---- */

/* Plausible answers are as rare as others, unless the host is led: half of them are a given one. */
static uint64_t answer(uint64_t plausible)
{
    return (take8(&input) & 1) != 0 ? plausible : take64(&input);
}

static struct pv_port_cpuid signature(const char *text)
{
    struct pv_port_cpuid leaf = { 0, 0, 0, 0 };

    memcpy(&leaf.ebx, text, 4);
    memcpy(&leaf.ecx, text + 4, 4);
    memcpy(&leaf.edx, text + 8, 4);
    return leaf;
}

static struct pv_port_cpuid any_leaf(void)
{
    struct pv_port_cpuid leaf;

    take(&input, &leaf, sizeof(leaf));
    return leaf;
}

/* Four interfaces, as no host has them together. */
static struct pv_port_cpuid first_leaf(uint32_t base)
{
    static const char *const names[] = { "Microsoft Hv", "KVMKVMKVM\0\0\0", "XenVMMXenVMM",
                                         "VMwareVMware" };
    const uint32_t number = base >> 8 & 0xFF;
    struct pv_port_cpuid leaf = { 0, 0, 0, 0 };

    if (number < 4)
        leaf = signature(names[number]);
    leaf.eax = base + 0x20;
    return leaf;
}

static struct pv_port_cpuid cpuid(struct pv_sim *sim, uint32_t number, uint32_t subleaf)
{
    const struct pv_port_cpuid hypervisor = { 1, 0, 1u << 31, 0 };
    const struct pv_port_cpuid interface = { 0x31237648, 0, 0, 0 };

    (void)sim;
    (void)subleaf;
    if (number == 1)
        return hypervisor;
    if (number == 0x40000001)
        return interface;
    return number >= 0x40000000 && (number & 0xFF) == 0 ? first_leaf(number) : any_leaf();
}

static uint64_t msr_read(struct pv_sim *sim, uint32_t msr)
{
    (void)sim;
    return answer(msrs[msr % 8]);
}

static void msr_write(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    (void)sim;
    msrs[msr % 8] = value;
}

static struct pv_port_smccc smccc(struct pv_sim *sim, int conduit, uint64_t function, uint64_t a)
{
    struct pv_port_smccc result = { 0, 0, 0, 0 };

    (void)sim;
    (void)a;
    INSIST(conduit == 1 || conduit == 2, "conduit");
    result.a0 = answer(function == 0xC5000021 ? sim_firmware_gpa(0) : 0x10001 * (function == 0x80000000));
    return result;
}

static struct pv_port_sbi sbi(struct pv_sim *sim, unsigned long extension, unsigned long function,
                              const unsigned long arguments[3])
{
    struct pv_port_sbi result;

    (void)sim;
    (void)extension;
    (void)function;
    (void)arguments;
    result.error = (long)answer(0);
    result.value = (unsigned long)answer(2ul << 24);
    return result;
}

static long xen_call(struct pv_sim *sim, unsigned long operation, const unsigned long arguments[3])
{
    (void)sim;
    (void)operation;
    (void)arguments;
    return (long)answer(0);
}

static uint32_t vmware_call(struct pv_sim *sim, enum pv_port_vmware way, uint32_t command,
                            uint64_t argument)
{
    (void)sim;
    (void)way;
    (void)command;
    (void)argument;
    return (uint32_t)answer(1);
}

static uint32_t cpucfg(struct pv_sim *sim, uint32_t word)
{
    (void)sim;
    return (uint32_t)answer(word == 0x40000000 ? 0x004D564B : 0x4);
}

static long kvm_call(struct pv_sim *sim, bool vmmcall, unsigned long function,
                     const unsigned long arguments[4])
{
    (void)sim;
    (void)vmmcall;
    (void)function;
    (void)arguments;
    return (long)answer(0);
}

static uint64_t counter(struct pv_sim *sim)
{
    static uint64_t ticks;

    (void)sim;
    ticks = answer(ticks + 1000);
    return ticks;
}

/* A piece of any shared area gets bytes of the input. */
static void scribble(uint8_t *area, size_t bytes)
{
    const size_t from = take8(&input) % bytes;
    const size_t most = bytes - from;

    take(&input, area + from, take8(&input) % (most < 9 ? most + 1 : 9));
}

static void host(struct pv_sim *sim)
{
    struct pv_vp *vp = &vps[take8(&input) % VPS];

    (void)sim;
    switch (take8(&input) % 8) {
    case 1:
        scribble(vp->steal.area, sizeof(vp->steal.area));
        break;
    case 2:
        scribble(vp->clock.area, sizeof(vp->clock.area));
        break;
    case 3:
        scribble(guest.clock.scratch, sizeof(guest.clock.scratch));
        break;
    case 4:
        scribble(machine.firmware[0], 64);
        break;
    case 5:
        if (guest.clock.page != NULL)
            scribble((uint8_t *)guest.clock.page, 24);
        break;
    default:
        break;
    }
}

static void set_up_machine(enum machine_kind kind)
{
    sim_machine_init(&machine, SIM_BARE);
    for (uint32_t i = 0; i < SIM_VPS_MAX; i++) {
        struct pv_sim *port = &machine.cpus[i].port;

        port->has_cpuid = port->has_msr = port->has_xen = port->has_vmware = kind == X86;
        port->has_smccc = kind == ARM64;
        port->has_sbi = kind == RISCV64;
        port->has_loongarch = kind == LOONGARCH64;
        port->has_hv = false;
        port->cpuid = cpuid;
        port->msr_read = msr_read;
        port->msr_write = msr_write;
        port->smccc = smccc;
        port->sbi = sbi;
        port->xen_call = xen_call;
        port->vmware_call = vmware_call;
        port->cpucfg = cpucfg;
        port->kvm_call = kvm_call;
        port->counter = counter;
        port->host = host;
        port->physical_bits = 40;
    }
}

/* ---- the guest ---- */

static void check_status(enum pv_status status)
{
    INSIST(strcmp(pv_status_name(status), "?") != 0, "a status that there is not");
}

static void read_times(uint32_t i)
{
    const uint64_t now = pv_clock_ns(&vps[i]);

    INSIST(now >= clocks[i], "the clock ran backwards");
    INSIST(!vps[i].clock.on || now + 1000000 > newest, "the clock ran backwards between VPs");
    clocks[i] = now;
    newest = now > newest ? now : newest;
}

static void read_stolen(uint32_t i)
{
    const uint64_t now = pv_steal_ns(&vps[i]);

    INSIST(now >= stolen[i], "stolen time decreased");
    stolen[i] = now;
    (void)pv_steal_preempted(&vps[i]);
}

static void others(uint32_t i)
{
    struct pv_clock_wall wall;
    uint64_t hz;

    switch (take8(&input) % 5) {
    case 0:
        check_status(pv_clock_wall(&vps[i], &wall));
        break;
    case 1:
        hz = pv_clock_counter_hz(&guest);
        INSIST(hz == 0 || (hz >= 1000 && hz <= 1000000000000ull), "frequency");
        break;
    case 2:
        hz = pv_clock_apic_hz(&guest);
        INSIST(hz == 0 || (hz >= 1000 && hz <= 1000000000000ull), "frequency");
        break;
    case 3:
        check_status(pv_steal_update(&vps[i], take64(&input)));
        break;
    default:
        INSIST((unsigned)pv_steal_probe(&guest) < PV_STEAL_BACKENDS, "backend");
        INSIST((unsigned)pv_clock_probe(&guest) < PV_CLOCK_SOURCES, "source");
        break;
    }
}

static void offline_all(void)
{
    for (uint32_t i = 0; i < VPS; i++) {
        sim_use(&machine, i);
        check_status(pv_vp_offline(&vps[i]));
    }
}

static void quiesce_and_resume(uint32_t i)
{
    offline_all();
    sim_use(&machine, i);
    check_status(pv_guest_quiesce(&guest, NULL));
    INSIST(guest.told.count == 0, "something is still told");
    check_status(pv_guest_resume(&guest, &vps[i]));
}

static void step(uint32_t i)
{
    sim_use(&machine, i);
    switch (take8(&input) % 10) {
    case 0:
        check_status(pv_steal_enable(&vps[i], (enum pv_steal_backend)(take8(&input) % 10)));
        break;
    case 1:
        check_status(pv_clock_enable(&vps[i], (enum pv_clock_source)(take8(&input) % 8)));
        break;
    case 2:
        check_status(pv_steal_disable(&vps[i]));
        break;
    case 3:
        check_status(pv_vp_offline(&vps[i]));
        break;
    case 4:
        check_status(pv_vp_online(&guest, &vps[i]));
        break;
    case 5:
        quiesce_and_resume(i);
        break;
    case 6:
        others(i);
        break;
    default:
        read_stolen(take8(&input) % VPS);
        read_times(i);
        break;
    }
    INSIST(vps[i].told.count <= PV_TOLD_MAX && guest.told.count <= PV_TOLD_MAX, "registry overrun");
}

static void clean_up(void)
{
    offline_all();
    check_status(pv_guest_release(&guest, NULL));
    for (uint32_t i = 0; i < VPS; i++)
        check_status(pv_vp_release(&vps[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pv_guest_config config = { .hints.conduit = PV_DETECT_CONDUIT_HVC };

    input.at = data;
    input.left = size;
    memset(&guest, 0, sizeof(guest));
    memset(vps, 0, sizeof(vps));
    memset(msrs, 0, sizeof(msrs));
    memset(stolen, 0, sizeof(stolen));
    memset(clocks, 0, sizeof(clocks));
    newest = 0;
    set_up_machine((enum machine_kind)(take8(&input) % MACHINE_KINDS));
    config.clock.counter_hz = (take8(&input) & 1) != 0 ? 1000000000 : 0;
    config.clock.sources_off = take8(&input) & 0x3E;
    check_status(pv_guest_init(&guest, &config));
    for (uint32_t i = 0; i < VPS; i++) {
        sim_use(&machine, i);
        check_status(pv_vp_online(&guest, &vps[i]));
    }
    while (input.left != 0)
        step(take8(&input) % VPS);
    clean_up();
    return 0;
}
