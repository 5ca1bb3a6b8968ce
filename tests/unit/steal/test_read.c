/* SPDX-License-Identifier: MIT */
/* The reader, and hosts that tear, stall, run backwards and jump. */
#include "unit/steal/rig.h"

#include <pthread.h>

#define YEAR 31556952000000000ull

static void host_writes_while_the_guest_reads(void)
{
    machine.cpus[0].port.host = sim_steal_host;
}

static void host_is_quiet(void)
{
    machine.cpus[0].port.host = NULL;
}

/* Both halves change, whichever comes first. */
#define MORE 0x1000003E8ull

/* Up to where half of MORE is there: what has not changed yet would be given at a glance. */
static void half_an_update(void)
{
    sim_steal_start(&machine, 0, MORE);
    sim_steal_host(pv_sim);
    sim_steal_host(pv_sim);
}

/* ---- updates on their way ---- */

/* Whatever store the update has come to, and a carry into the upper half with it. */
static void a_torn_update_is_never_seen(void **state)
{
    const uint64_t old = 0xFFFFFFF0, new = 0x100000010;

    (void)state;
    for (EACH_VARIANT(v)) {
        for (unsigned stores = 0; !is_estimate(v) && stores <= 5; stores++) {
            uint64_t ns;

            rig_on(v);
            sim_steal_set(&machine, 0, old);
            assert_int_equal(pv_steal_ns(&vp), old);
            sim_steal_start(&machine, 0, new);
            for (unsigned i = 0; i < stores; i++)
                sim_steal_host(pv_sim);
            host_writes_while_the_guest_reads();
            ns = pv_steal_ns(&vp);
            assert_true(ns == old || ns == new);
            host_is_quiet();
            while (machine.steal.vps[0].step != 0)
                sim_steal_host(pv_sim);
            assert_int_equal(pv_steal_ns(&vp), new);
            assert_int_equal(vp.steal.stolen.rebases, 0);
            rig_down();
        }
    }
}

static unsigned looks;

static void count_looks(struct pv_sim *port)
{
    (void)port;
    looks++;
}

static void count_looks_and_write(struct pv_sim *port)
{
    looks++;
    sim_steal_host(port);
}

static void an_update_that_takes_a_while_is_waited_for(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!v->sequence)
            continue;
        rig_on(v);
        machine.steal.stall = 50;
        half_an_update();
        host_writes_while_the_guest_reads();
        assert_int_equal(pv_steal_ns(&vp), MORE);
        assert_int_equal(vp.steal.given_up, 0);
        rig_down();
    }
}

static void an_update_of_something_else_is_not_waited_for(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!v->sequence || v->kind == SIM_XEN_X86)
            continue;
        rig_on(v);
        steal(400);
        assert_int_equal(pv_steal_ns(&vp), 400);
        sim_steal_start(&machine, 0, MORE);
        sim_steal_host(pv_sim);
        looks = 0;
        machine.cpus[0].port.host = count_looks;
        assert_int_equal(pv_steal_ns(&vp), 400);
        assert_in_range(looks, 0, 2); /* 32-bit machines need them for the two halves */
        rig_down();
    }
}

static void an_update_without_end_gives_the_last_good_value(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!v->sequence)
            continue;
        rig_on(v);
        steal(400);
        assert_int_equal(pv_steal_ns(&vp), 400);
        machine.steal.stall = SIM_STEAL_FOREVER;
        half_an_update();
        looks = 0;
        machine.cpus[0].port.host = count_looks_and_write;
        assert_int_equal(pv_steal_ns(&vp), 400);
        assert_int_equal(vp.steal.given_up, 1);
        assert_in_range(looks, 1000, 20000); /* PV_CONFIG_SEQUENCE_RETRIES: 1000 */
        assert_int_equal(pv_steal_ns(&vp), 400);
        assert_int_equal(vp.steal.given_up, 2);
        machine.steal.stall = 0;
        assert_int_equal(pv_steal_ns(&vp), MORE);
        assert_int_equal(vp.steal.given_up, 2);
        rig_down();
    }
}

static void one_update_after_the_other_gives_the_last_good_value(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!v->sequence)
            continue;
        rig_on(v);
        machine.steal.restless = true;
        half_an_update();
        host_writes_while_the_guest_reads();
        assert_int_equal(pv_steal_ns(&vp), 0);
        assert_int_equal(vp.steal.given_up, 1);
        rig_down();
    }
}

static void a_host_that_never_updates_is_read_for_ever(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_on(v);
        host_writes_while_the_guest_reads();
        for (unsigned i = 0; i < 1000; i++)
            assert_int_equal(pv_steal_ns(&vp), 0);
        assert_int_equal(vp.steal.given_up, 0);
        rig_down();
    }
}

/* Another CPU takes the VP offline while this one waits for the host. */
static void go_offline_meanwhile(struct pv_sim *port)
{
    port->host = sim_steal_host;
    assert_status(pv_vp_offline(&vp), PV_OK);
}

static void an_area_that_goes_away_meanwhile_gives_the_last_value(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!v->sequence)
            continue;
        rig_on(v);
        steal(400);
        assert_int_equal(pv_steal_ns(&vp), 400);
        machine.steal.stall = SIM_STEAL_FOREVER;
        half_an_update();
        machine.cpus[0].port.host = go_offline_meanwhile;
        assert_int_equal(pv_steal_ns(&vp), 400);
        assert_null(vp.guest);
        assert_int_equal(vp.steal.given_up, 0);
        machine.steal.stall = 0;
        rig_down();
    }
}

PV_ALIGNED(64) static uint64_t theirs[8]; /* an area of KVM's format that the kernel registers */
static unsigned countdown;
static bool comes_back;

/* Another CPU takes the VP offline, and perhaps back online with an area that says something else. */
static void move_meanwhile(struct pv_sim *port)
{
    if (--countdown != 0)
        return;
    port->host = NULL;
    assert_status(pv_vp_offline(&vp), PV_OK);
    theirs[0] = 900000;
    if (comes_back)
        come_back();
}

static void value_and_area_of_before_and_after_are_not_mixed(void **state)
{
    static const struct variant none = { SIM_BARE, PV_STEAL_NONE, NULL, false, 0 };

    (void)state;
    for (unsigned i = 0; i < 2 * 6; i++) {
        uint64_t ns;

        rig_up(&none);
        memset(theirs, 0, sizeof(theirs));
        theirs[0] = 1000;
        assert_status(pv_steal_adopt(&vp, PV_STEAL_KVM, theirs), PV_OK);
        theirs[0] = 1400;
        countdown = 1 + i / 2;
        comes_back = i % 2 != 0;
        machine.cpus[0].port.host = move_meanwhile;
        ns = pv_steal_ns(&vp);
        assert_true(ns == 0 || ns == 400);
        host_is_quiet();
        if (vp.guest == NULL)
            come_back();
        assert_int_equal(pv_steal_ns(&vp), theirs[0] == 900000 ? ns : 400);
        theirs[0] += 5;
        assert_true(pv_steal_ns(&vp) <= 405);
        assert_int_equal(vp.steal.stolen.rebases, 0);
        rig_down();
    }
}

/* ---- hosts that lie ---- */

/* The value stands until the host counts on; then it does so too. */
static void assert_survives(const struct variant *variant, uint64_t first, uint64_t then)
{
    rig_on(variant);
    sim_steal_set(&machine, 0, 1000000);
    assert_int_equal(pv_steal_ns(&vp), 1000000);
    sim_steal_set(&machine, 0, first);
    assert_int_equal(pv_steal_ns(&vp), 1000000);
    assert_int_equal(vp.steal.stolen.rebases, 1);
    sim_steal_set(&machine, 0, then);
    assert_int_equal(pv_steal_ns(&vp), 1000000 + (then - first));
    assert_int_equal(vp.steal.stolen.rebases, 1);
    rig_down();
}

static void backwards_jumps_and_wraps_are_counted_and_counting_goes_on(void **state)
{
    static const uint64_t values[] = {
        0,        999999,    1ull << 63,   (1ull << 63) + 1000000, 2 * YEAR,
        100 * YEAR, ~0ull - 5, ~0ull,      1000000 + (1ull << 55) + 1,
    };

    (void)state;
    for (EACH_VARIANT(v))
        for (size_t i = 0; !is_estimate(v) && i < sizeof(values) / sizeof(values[0]); i++)
            assert_survives(v, values[i], values[i] + 77);
}

static void a_jump_of_months_is_believed(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (is_estimate(v))
            continue;
        rig_on(v);
        sim_steal_set(&machine, 0, YEAR / 2);
        assert_int_equal(pv_steal_ns(&vp), YEAR / 2);
        sim_steal_set(&machine, 0, YEAR / 2 + (1ull << 55));
        assert_int_equal(pv_steal_ns(&vp), YEAR / 2 + (1ull << 55));
        assert_int_equal(vp.steal.stolen.rebases, 0);
        rig_down();
    }
}

/* Whatever stands there when it is enabled is no stolen time of ours. */
static void a_counter_that_starts_near_its_end_wraps_without_a_rebase(void **state)
{
    (void)state;
    rig_up(&variants[0]);
    memset(sim_memory_at(&machine, sim_firmware_gpa(2), 64), 0, 64);
    sim_steal_found(&machine, 0, sim_firmware_gpa(2));
    guest.config.areas_adopt = true;
    sim_steal_set(&machine, 0, ~0ull - 9);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 0);
    sim_steal_set(&machine, 0, 90);
    assert_int_equal(pv_steal_ns(&vp), 100);
    assert_int_equal(vp.steal.stolen.rebases, 0);
    rig_down();
}

static void never_less_than_before_whatever_the_host_says(void **state)
{
    uint64_t seed = 42;

    (void)state;
    for (EACH_VARIANT(v)) {
        uint64_t before = 0;

        if (is_estimate(v))
            continue;
        rig_on(v);
        host_writes_while_the_guest_reads();
        for (unsigned i = 0; i < 2000; i++) {
            const uint64_t random = sim_random(&seed);
            uint64_t ns;

            if (machine.steal.vps[0].step == 0)
                sim_steal_start(&machine, 0, random >> (random & 63));
            ns = pv_steal_ns(&vp);
            assert_true(ns >= before);
            before = ns;
        }
        host_is_quiet();
        rig_down();
    }
}

/* ---- the hint ---- */

static void the_hint_is_the_hosts(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_on(v);
        assert_false(pv_steal_preempted(&vp));
        if (v->hint != 0) {
            sim_steal_hint(&machine, 0, v->hint);
            assert_true(pv_steal_preempted(&vp));
            sim_steal_hint(&machine, 0, 0);
        }
        assert_false(pv_steal_preempted(&vp));
        rig_down();
    }
}

/* ---- from within ---- */

static unsigned depth;
static uint64_t inner;

/* As in an NMI, at each point where a read can be interrupted. */
static void read_within(struct pv_sim *port)
{
    (void)port;
    if (depth != 0)
        return;
    depth++;
    sim_steal_add(&machine, 0, 3);
    inner = pv_steal_ns(&vp);
    depth--;
}

static void a_read_within_a_read_is_right_and_hurts_nothing(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (is_estimate(v))
            continue;
        rig_on(v);
        machine.cpus[0].port.host = read_within;
        depth = 0;
        for (unsigned i = 0; i < 100; i++) {
            const uint64_t before = inner;

            (void)pv_steal_ns(&vp);
            assert_true(inner >= before);
        }
        host_is_quiet();
        assert_int_equal(pv_steal_ns(&vp), sim_steal_value(&machine, 0));
        assert_int_equal(vp.steal.stolen.rebases, 0);
        inner = 0;
        rig_down();
    }
}

/* ---- many readers of one VP, on real threads ---- */

#define READERS 3
#define ROUNDS 20000 /* of the writer, at least */
#define READS 300000 /* of all readers, at least */

static uint64_t largest; /* that any reader has seen so far */
static uint64_t decreases;
static uint64_t reads;
static uint32_t stop;

static void raise_largest(uint64_t seen)
{
    uint64_t now = __atomic_load_n(&largest, __ATOMIC_RELAXED);

    while (now < seen && !__atomic_compare_exchange_n(&largest, &now, seen, false,
                                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        ;
}

static void *read_on(void *cpu)
{
    pv_sim = (struct pv_sim *)cpu;
    while (__atomic_load_n(&stop, __ATOMIC_RELAXED) == 0) {
        const uint64_t before = __atomic_load_n(&largest, __ATOMIC_ACQUIRE);
        const uint64_t ns = pv_steal_ns(&vp);

        if (ns < before)
            __atomic_fetch_add(&decreases, 1, __ATOMIC_RELAXED);
        raise_largest(ns);
        if (__atomic_fetch_add(&reads, 1, __ATOMIC_RELAXED) % 64 == 0)
            sched_yield(); /* both sides get on also where there is one processor for all */
    }
    return NULL;
}

static void write_one(uint64_t *value, uint32_t *version, uint64_t ns)
{
    __atomic_store_n(version, *version + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(value, ns, __ATOMIC_RELAXED);
    __atomic_store_n(version, *version + 1, __ATOMIC_RELEASE);
}

/* The host's thread: forward mostly, and now and then back, by years, or around. */
static void write_on(uint64_t *value, uint32_t *version)
{
    uint64_t seed = 7, ns = 0;

    for (unsigned i = 0; i < ROUNDS || __atomic_load_n(&reads, __ATOMIC_RELAXED) < READS; i++) {
        const uint64_t random = sim_random(&seed);

        ns += random % 1000;
        if (i % 256 == 0)
            ns = random >> (random & 63);
        write_one(value, version, ns);
        for (volatile unsigned pause = 0; pause < 200; pause++)
            ; /* or no reader would meet an even version */
        if (i % 8 == 0)
            sched_yield();
    }
}

static void no_reader_on_any_thread_ever_sees_less(void **state)
{
    pthread_t readers[READERS];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        const bool sequence = i == 0;

        rig_on(sequence ? &variants[0] : &variants[7]); /* KVM, VMware */
        largest = decreases = reads = 0;
        stop = 0;
        for (unsigned r = 0; r < READERS; r++)
            assert_int_equal(
                pthread_create(&readers[r], NULL, read_on, &machine.cpus[r + 1].port), 0);
        write_on((uint64_t *)(void *)vp.steal.area,
                 (uint32_t *)(void *)(vp.steal.area + (sequence ? 8 : 32)));
        __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
        for (unsigned r = 0; r < READERS; r++)
            assert_int_equal(pthread_join(readers[r], NULL), 0);
        assert_int_equal(decreases, 0);
        assert_true(largest > 0);
        assert_true(vp.steal.stolen.rebases > 0);
        memset(vp.steal.area, 0, sizeof(vp.steal.area)); /* as the host had left it */
        rig_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_torn_update_is_never_seen),
        cmocka_unit_test(an_update_that_takes_a_while_is_waited_for),
        cmocka_unit_test(an_update_of_something_else_is_not_waited_for),
        cmocka_unit_test(an_update_without_end_gives_the_last_good_value),
        cmocka_unit_test(one_update_after_the_other_gives_the_last_good_value),
        cmocka_unit_test(a_host_that_never_updates_is_read_for_ever),
        cmocka_unit_test(an_area_that_goes_away_meanwhile_gives_the_last_value),
        cmocka_unit_test(value_and_area_of_before_and_after_are_not_mixed),
        cmocka_unit_test(backwards_jumps_and_wraps_are_counted_and_counting_goes_on),
        cmocka_unit_test(a_jump_of_months_is_believed),
        cmocka_unit_test(a_counter_that_starts_near_its_end_wraps_without_a_rebase),
        cmocka_unit_test(never_less_than_before_whatever_the_host_says),
        cmocka_unit_test(the_hint_is_the_hosts),
        cmocka_unit_test(a_read_within_a_read_is_right_and_hurts_nothing),
        cmocka_unit_test(no_reader_on_any_thread_ever_sees_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
