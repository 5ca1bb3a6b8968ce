/* SPDX-License-Identifier: MIT */
/* The life of the four, and the interrupts that come to them. */
#include "vps.h"
#include "crew.h"

enum { VECTOR_WAKE = 0x20, VECTOR_ROLL_CALL = 0x21 };

#define PATIENCE 200000000u

struct pv_vp_map vps_map;

static unsigned numbers[VPS];
static unsigned ids[VPS]; /* the local APIC's */
static uint32_t ready;    /* bit per CPU: takes interrupts */
static struct vps_counts counted;
static enum pv_status online[VPS];
static enum pv_status offline[VPS];

static void on_interrupt(unsigned vector)
{
    const unsigned cpu = *(const unsigned *)kernel_this_cpu();

    if (vector == KERNEL_VECTOR_NMI)
        __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");
    __atomic_fetch_add(&counted.came[cpu][vector], 1, __ATOMIC_RELEASE);
}

static void get_ready(unsigned cpu)
{
    numbers[cpu] = cpu;
    ids[cpu] = kernel_hardware_id();
    kernel_set_this_cpu(&numbers[cpu]);
    kernel_interrupts_init(on_interrupt);
    __atomic_fetch_or(&ready, 1u << cpu, __ATOMIC_RELEASE);
}

static uint32_t ready_now(void)
{
    return __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
}

static void rest(unsigned cpu)
{
    if (cpu < VPS && !(ready_now() >> cpu & 1))
        get_ready(cpu);
    kernel_interrupt_wait();
}

static void wake(unsigned cpu)
{
    kernel_interrupt_send(ids[cpu], VECTOR_WAKE);
}

void vps_power_on(void)
{
    get_ready(0);
    crew_set_rest(rest, wake);
    if (!tap_equal(crew_size() + 1, VPS, "four CPUs"))
        tap_done();
    for (uint32_t i = 0; i < PATIENCE && ready_now() != EVERYBODY; i++)
        __asm__ volatile("pause");
    if (!tap_equal(ready_now(), EVERYBODY, "take interrupts"))
        tap_done();
}

static void go_online(unsigned cpu)
{
    struct pv_vp *vp = pv_freestanding_vp(cpu);

    online[cpu] = pv_vp_online(&pv_freestanding_guest, vp);
    if (online[cpu] == PV_OK)
        online[cpu] = pv_steal_enable(vp, PV_STEAL_BEST);
}

static void go_offline(unsigned cpu)
{
    offline[cpu] = pv_vp_offline(pv_freestanding_vp(cpu));
}

/* A map is for those who have VP indexes. */
static uint32_t enter_in_map(void)
{
    const struct pv_guest *guest = &pv_freestanding_guest;
    uint32_t entered = 0;

    pv_vp_map_init(&vps_map, guest->detect.hyperv.max_vps);
    for (unsigned cpu = 0; guest->hv.entry != 0 && cpu < VPS; cpu++) {
        const struct pv_cpu number = { cpu };

        entered += pv_vp_map_add(&vps_map, number, pv_freestanding_vp(cpu)->hv.index) == PV_OK;
    }
    return entered;
}

void vps_start(uint32_t forms_off)
{
    const struct pv_guest_config config = {
        .hv.os_id = pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 1, 0),
        .hv.forms_off = forms_off,
    };
    uint32_t up = 0;

    if (!tap_equal(pv_guest_init(&pv_freestanding_guest, &config), PV_OK, "guest init"))
        tap_done();
    go_online(0);
    for (unsigned cpu = 0; cpu < VPS; cpu++)
        up += (cpu == 0 || crew_does(cpu, go_online)) && online[cpu] == PV_OK;
    if (!tap_equal(up, VPS, "all VPs are online"))
        tap_done();
    tap_equal(enter_in_map(), pv_freestanding_guest.hv.entry != 0 ? VPS : 0,
              "those with VP indexes are in the map");
}

void vps_stop(void)
{
    uint32_t down = 0;
    uint32_t released = 0;

    pv_vp_map_release(&vps_map);
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        down += crew_does(cpu, go_offline) && offline[cpu] == PV_OK;
    tap_equal(down, VPS - 1, "the other VPs go offline");
    tap_equal(pv_guest_release(&pv_freestanding_guest, pv_freestanding_vp(0)), PV_OK,
              "guest release");
    for (unsigned cpu = 0; cpu < VPS; cpu++)
        released += pv_vp_release(pv_freestanding_vp(cpu)) == PV_OK;
    tap_equal(released, VPS, "VP release");
    tap_equal(pv_freestanding_pages_used(), 0, "all pages are back");
}

/* ---- interrupts ---- */

uint32_t vps_came(unsigned cpu, unsigned vector)
{
    return __atomic_load_n(&counted.came[cpu][vector], __ATOMIC_ACQUIRE);
}

void vps_count(struct vps_counts *counts)
{
    for (unsigned cpu = 0; cpu < VPS; cpu++)
        for (unsigned vector = 0; vector < KERNEL_VECTORS; vector++)
            counts->came[cpu][vector] = vps_came(cpu, vector);
}

bool vps_settle(void)
{
    uint32_t answered = 0;
    uint32_t before[VPS];

    kernel_interrupts(true);
    for (unsigned cpu = 0; cpu < VPS; cpu++) {
        before[cpu] = vps_came(cpu, VECTOR_ROLL_CALL);
        kernel_interrupt_send(ids[cpu], VECTOR_ROLL_CALL);
    }
    for (uint32_t i = 0; i < PATIENCE && answered != EVERYBODY; i++)
        for (unsigned cpu = 0; cpu < VPS; cpu++)
            if (vps_came(cpu, VECTOR_ROLL_CALL) != before[cpu])
                answered |= 1u << cpu;
    kernel_interrupts(false);
    return answered == EVERYBODY;
}

/* What of a delivery went as it should. */
struct delivery {
    uint32_t sent;
    uint32_t settled;
    uint32_t exact;
};

static bool is_exact(const struct vps_counts *before, uint32_t cpus, unsigned vector)
{
    static struct vps_counts after;
    uint32_t wrong = 0;

    vps_count(&after);
    for (unsigned cpu = 0; cpu < VPS; cpu++)
        for (unsigned v = 0; v < KERNEL_VECTORS; v++) {
            const bool meant = v == vector && (cpus >> cpu & 1);

            if (v >= VECTOR_CHECKS || v == KERNEL_VECTOR_NMI)
                wrong += after.came[cpu][v] - before->came[cpu][v] != meant;
        }
    return wrong == 0;
}

/* A vector of one's own for each set, so that what comes late is not taken for another. */
void check_delivery(const char *what, unsigned vector,
                    enum pv_status (*send)(uint32_t cpus, unsigned vector))
{
    static struct vps_counts before;
    struct delivery good = { 0, 0, 0 };

    tap_say(what);
    for (uint32_t cpus = 1; cpus <= EVERYBODY; cpus++) {
        const unsigned own = vector == KERNEL_VECTOR_NMI ? vector : vector + cpus;

        vps_count(&before);
        good.sent += send(cpus, own) == PV_OK;
        good.settled += vps_settle();
        good.exact += is_exact(&before, cpus, own);
    }
    tap_equal(good.sent, EVERYBODY, "an interrupt to each of the 15 sets of VPs");
    tap_equal(good.settled, EVERYBODY, "all come to an end");
    tap_equal(good.exact, EVERYBODY, "it came to each addressed VP, once, and to no other");
}
