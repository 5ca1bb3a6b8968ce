/* SPDX-License-Identifier: MIT */
/*
 * A monitor of stolen time: every CPU is busy, and CPU 0 shows how much of each the host took
 * away. Read kernel_main() first, then take_up(): that is all a kernel does for it.
 */
#include "kernel.h"
#include "pv_freestanding.h"
#include "view.h"

/* How long it runs, and how often it looks. */
#ifndef STEAL_SECONDS
#define STEAL_SECONDS 30
#endif
#ifndef STEAL_INTERVAL_MS
#define STEAL_INTERVAL_MS 500
#endif
/* 1: starts with lines, and bars only now and then. */
#ifndef STEAL_LINES
#define STEAL_LINES 0
#endif
#define BARS_AMONG_LINES_MS 2000

#define NS_PER_MS 1000000ull
#define TICK_NS NS_PER_MS

static struct view_vp vps[PV_FREESTANDING_CPUS];
static unsigned vp_count;

/* What has become of each CPU that was started. */
enum state { STARTING, BUSY, GONE };
static uint32_t states[KERNEL_MAX_CPUS];

/* ---- what the freestanding port wants from a kernel ---- */

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    if (access == PV_OS_READ_ONLY)
        return kernel_map_normal((uintptr_t)page);
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    kernel_puts(text);
    kernel_puts("\n");
}

/* ---- taking up libpv ---- */

static void say(const char *what, enum pv_status status)
{
    kernel_puts(what);
    kernel_puts(": ");
    kernel_puts(pv_status_text(status));
    kernel_puts("\n");
}

/* On each CPU. A VP without stolen time is shown all the same; one without a clock cannot be. */
static bool take_up(struct pv_vp *vp)
{
    enum pv_status status = pv_vp_online(&pv_freestanding_guest, vp);

    if (status == PV_OK)
        status = pv_clock_enable(vp, PV_CLOCK_BEST);
    if (status != PV_OK) {
        say("no clock", status);
        return false;
    }
    status = pv_steal_enable(vp, PV_STEAL_BEST);
    if (status != PV_OK)
        say("no stolen time", status);
    return true;
}

/* ---- being busy ---- */

/* What a kernel would do on its timer tick. Where the host counts by itself, it does nothing. */
static void tick(struct pv_vp *vp)
{
    const uint64_t idle_ns = 0; /* this kernel never is */
    const enum pv_status status = pv_steal_update(vp, idle_ns);

    (void)status; /* stolen time that is off stays 0 */
}

static void be_busy_until(struct pv_vp *vp, uint64_t end_ns)
{
    uint64_t next_tick = 0;

    for (uint64_t now = 0; now < end_ns; now = pv_clock_ns(vp)) {
        if (now < next_tick)
            continue;
        tick(vp);
        next_tick = now + TICK_NS;
    }
}

static void other_cpu(unsigned cpu)
{
    struct pv_vp *vp = pv_freestanding_vp(cpu);
    const bool good = vp != NULL && take_up(vp);

    __atomic_store_n(&states[cpu], good ? BUSY : GONE, __ATOMIC_RELEASE);
    if (good)
        be_busy_until(vp, UINT64_MAX);
}

/* ---- looking ---- */

/* Any CPU may read the stolen time of any VP; the clock is that of the CPU that reads. */
static void look_at_all(void)
{
    for (unsigned i = 0; i < vp_count; i++) {
        vps[i].before = vps[i].now;
        vps[i].now.stolen_ns = pv_steal_ns(vps[i].vp);
        vps[i].now.time_ns = pv_clock_ns(pv_freestanding_vp(0));
    }
}

static void add(unsigned cpu)
{
    vps[vp_count].number = cpu;
    vps[vp_count].vp = pv_freestanding_vp(cpu);
    vp_count++;
}

static void start_others(void)
{
    const unsigned others = kernel_start_cpus(other_cpu);

    add(0);
    for (unsigned cpu = 1; cpu <= others; cpu++) {
        while (__atomic_load_n(&states[cpu], __ATOMIC_ACQUIRE) == STARTING)
            ;
        if (states[cpu] == BUSY)
            add(cpu);
    }
}

/* ---- showing ---- */

static bool lines = STEAL_LINES;
static bool fresh = true; /* the bars are drawn where the cursor is */

static void show(uint64_t at_ms)
{
    if (lines)
        view_lines(vps, vp_count);
    if (!lines || at_ms % BARS_AMONG_LINES_MS < STEAL_INTERVAL_MS)
        view_bars(vps, vp_count, fresh);
    fresh = lines;
}

/* Return: false when the user has seen enough. */
static bool obey_keys(void)
{
    char key;

    while (kernel_read(&key)) {
        if (key == 'q')
            return false;
        if (key == 'l' || key == 'b')
            lines = key == 'l';
    }
    return true;
}

static void monitor(struct pv_vp *vp)
{
    const uint64_t start = pv_clock_ns(vp);

    look_at_all();
    for (uint64_t at = STEAL_INTERVAL_MS; at <= STEAL_SECONDS * 1000; at += STEAL_INTERVAL_MS) {
        be_busy_until(vp, start + at * NS_PER_MS);
        look_at_all();
        if (!obey_keys())
            return;
        show(at);
    }
}

void kernel_main(void)
{
    const struct pv_guest_config config = {
        .hints.conduit = (enum pv_detect_conduit)kernel_conduit(),
        .clock.counter_hz = kernel_ticks_per_second(),
    };
    const enum pv_status status = pv_guest_init(&pv_freestanding_guest, &config);
    struct pv_vp *vp = pv_freestanding_vp(0);

    if (status != PV_OK)
        say("pv_guest_init", status);
    if (status != PV_OK || !take_up(vp))
        kernel_exit(1);
    start_others();
    monitor(vp);
    kernel_exit(0);
}
