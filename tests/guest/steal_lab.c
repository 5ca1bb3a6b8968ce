/* SPDX-License-Identifier: MIT */
/*
 * The guest that tests/lab/steal.sh measures: every CPU is busy reading its clock and its stolen
 * time, none of which may ever decrease, and CPU 0 says what they read in lines that begin with
 * "@". Built with LAB_SECONDS, how long a part lasts; LAB_MIGRATIONS and LAB_SNAPSHOTS, how often
 * the host is asked to move or to save and put back the guest, each of which begins another part;
 * LAB_COUNTER_HZ where the lab knows by itself how fast the counter runs; and LAB_TOLD_HZ where
 * nobody but the lab can tell the guest.
 */
#include "pv_freestanding.h"
#include "tap.h"

#ifndef LAB_COUNTER_HZ
#define LAB_COUNTER_HZ 0
#endif

#ifndef LAB_TOLD_HZ
#define LAB_TOLD_HZ 0
#endif

#define NS_PER_SECOND 1000000000ull
#define INTERVAL_NS (NS_PER_SECOND / 2)
#define PAIR_TRIES 1000

static unsigned vp_count = 1;
static uint64_t counter_hz;

/* Readings that were less than the one before, on any CPU. */
static uint32_t backwards;
/* CPUs whose enabling failed. */
static uint32_t failed;

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    if (access == PV_OS_READ_ONLY)
        return kernel_map_normal((uintptr_t)page);
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    tap_say(text);
}

/* ---- lines ---- */

struct line {
    char text[128];
    size_t length;
};

static void add(struct line *line, const char *text)
{
    for (; *text != '\0' && line->length < sizeof(line->text); text++)
        line->text[line->length++] = *text;
}

static void add_number(struct line *line, uint64_t number)
{
    char digits[21];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    add(line, &digits[at]);
}

static void say_vp(unsigned cpu)
{
    struct line line = { .length = 0 };

    add(&line, "@ vp ");
    add_number(&line, cpu);
    add(&line, " stolen ");
    add_number(&line, pv_steal_ns(pv_freestanding_vp(cpu)));
    add(&line, " time ");
    add_number(&line, pv_clock_ns(pv_freestanding_vp(0)));
    add(&line, "\n");
    kernel_write(line.text, line.length);
}

static uint64_t counter_ns(uint64_t counter)
{
    return counter / counter_hz * NS_PER_SECOND + counter % counter_hz * NS_PER_SECOND / counter_hz;
}

/* The clock between two looks at the counter; of many, the pair that was disturbed least. */
static void say_clock(struct pv_vp *vp)
{
    struct line line = { .length = 0 };
    uint64_t gap = UINT64_MAX;
    uint64_t clock = 0;
    uint64_t counter = 0;

    for (int i = 0; i < PAIR_TRIES; i++) {
        const uint64_t before = kernel_ticks();
        const uint64_t ns = pv_clock_ns(vp);
        const uint64_t passed = kernel_ticks() - before;

        if (passed < gap) {
            gap = passed;
            clock = ns;
            counter = before + passed / 2;
        }
    }
    add(&line, "@ clock ");
    add(&line, pv_clock_name(vp->guest->clock.source));
    add(&line, " ");
    add_number(&line, clock);
    add(&line, " arch ");
    add_number(&line, counter_ns(counter));
    add(&line, "\n");
    kernel_write(line.text, line.length);
}

/* ---- being busy ---- */

struct last {
    uint64_t clock;
    uint64_t stolen;
};

static void read_once(struct pv_vp *vp, struct last *last)
{
    const uint64_t clock = pv_clock_ns(vp);
    const uint64_t stolen = pv_steal_ns(vp);

    if (clock < last->clock || stolen < last->stolen)
        __atomic_fetch_add(&backwards, 1, __ATOMIC_RELAXED);
    last->clock = clock;
    last->stolen = stolen;
}

static enum pv_status take_up(struct pv_vp *vp)
{
    enum pv_status status = pv_vp_online(&pv_freestanding_guest, vp);

    if (status == PV_OK)
        status = pv_clock_enable(vp, PV_CLOCK_BEST);
    if (status == PV_OK)
        status = pv_steal_enable(vp, PV_STEAL_BEST);
    return status;
}

static void other_cpu(unsigned cpu)
{
    struct pv_vp *vp = pv_freestanding_vp(cpu);
    struct last last = { 0, 0 };

    if (vp == NULL || take_up(vp) != PV_OK) {
        __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
        return;
    }
    for (;;)
        read_once(vp, &last);
}

/* Reading a counter costs an emulator a lot, arithmetic does not. */
static void compute(void)
{
    for (unsigned i = 0; i < 10000; i++)
        __asm__ volatile("" : : "r"(i));
}

static void be_busy_until(struct pv_vp *vp, uint64_t end, struct last *last)
{
    do {
        compute();
        read_once(vp, last);
    } while (last->clock < end);
}

/* ---- parts ---- */

static void measure(struct pv_vp *vp)
{
    static struct last last;
    const uint64_t start = pv_clock_ns(vp);

    say_clock(vp);
    for (uint64_t at = 0; at <= LAB_SECONDS * NS_PER_SECOND + INTERVAL_NS; at += INTERVAL_NS) {
        be_busy_until(vp, start + at, &last);
        for (unsigned cpu = 0; cpu < vp_count; cpu++)
            say_vp(cpu);
    }
    say_clock(vp);
    tap_equal(__atomic_load_n(&backwards, __ATOMIC_RELAXED), 0, "no reading ran backwards");
}

/* The host does it while the guest waits for the answer. */
static char ask(const char *line)
{
    char answer;

    kernel_puts(line);
    while (!kernel_read(&answer))
        ;
    return answer;
}

/* kvmclock tells that the guest stood still: once, and perhaps once on each VP. */
static void check_epoch(const struct pv_guest *guest, uint32_t before)
{
    const uint32_t changes = pv_clock_epoch(guest) - before;

    if (guest->clock.source == PV_CLOCK_KVM)
        tap_ok(changes >= 1 && changes <= vp_count, "the clock has another epoch");
}

/* QEMU 10.0 does not carry the registration of a hart's area along. */
static void register_again(struct pv_vp *vp)
{
    tap_equal(pv_steal_disable(vp), PV_OK, "stolen time goes off after the move");
    tap_equal(pv_steal_enable(vp, PV_STEAL_SBI), PV_OK, "stolen time is on again");
}

static void migrate(struct pv_vp *vp)
{
    const uint32_t epoch = pv_clock_epoch(vp->guest);

    tap_equal((uint64_t)ask("@migrate\n"), 'm', "the guest was moved");
    if (vp->steal.backend == PV_STEAL_SBI)
        register_again(vp);
    measure(vp);
    check_epoch(vp->guest, epoch);
}

/* ask() returns twice: once the state is saved, and once it is put back. */
static void save_and_put_back(struct pv_vp *vp)
{
    const uint32_t epoch = pv_clock_epoch(vp->guest);
    const char answer = ask("@savevm\n");

    measure(vp);
    check_epoch(vp->guest, epoch);
    if (answer == 's') {
        (void)ask("@loadvm\n");
        tap_ok(false, "the state was put back");
    }
    tap_equal((uint64_t)answer, 'r', "the state was put back");
}

static struct pv_vp *start(void)
{
    const struct pv_guest_config config = {
        .hints.conduit = (enum pv_detect_conduit)kernel_conduit(),
        .clock.counter_hz = LAB_TOLD_HZ != 0 ? LAB_TOLD_HZ : kernel_ticks_per_second(),
    };
    struct pv_vp *vp = pv_freestanding_vp(0);

    if (!tap_equal(pv_guest_init(&pv_freestanding_guest, &config), PV_OK, "guest init") ||
        !tap_equal(take_up(vp), PV_OK, "clock and stolen time are on"))
        tap_done();
    counter_hz = LAB_COUNTER_HZ != 0 ? LAB_COUNTER_HZ : pv_clock_counter_hz(&pv_freestanding_guest);
    if (!tap_ok(counter_hz != 0, "the counter's frequency is known"))
        tap_done();
    vp_count += kernel_start_cpus(other_cpu);
    return vp;
}

void kernel_main(void)
{
    struct pv_vp *vp = start();

    measure(vp);
    for (int i = 0; i < LAB_MIGRATIONS; i++)
        migrate(vp);
    for (int i = 0; i < LAB_SNAPSHOTS; i++)
        save_and_put_back(vp);
    tap_equal(failed, 0, "every CPU has its clock and stolen time");
    tap_note("epoch", pv_clock_epoch(vp->guest));
    tap_note("rebases of the clock", vp->guest->clock.now.rebases);
    tap_note("rebases of stolen time", vp->steal.stolen.rebases);
    tap_done();
}
