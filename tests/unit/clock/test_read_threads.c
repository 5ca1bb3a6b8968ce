/* SPDX-License-Identifier: MIT */
/* Readers on several VPs at once, while a thread that is the host updates and jumps. */
#include "unit/clock/rig.h"

#include <pthread.h>
#include <sched.h>

#define READERS 3u
#define ROUNDS 1000u /* of the host */

static pv_atomic64 largest; /* that any reader was given */
static uint32_t reads;
static bool done;
static uint64_t grain;

struct reader {
    uint32_t vp;
    unsigned decreases; /* among its own */
    unsigned behind;    /* what any had been given before the read began */
};

static void raise_largest(uint64_t ns)
{
    uint64_t seen = __atomic_load_n(&largest, __ATOMIC_SEQ_CST);

    while (seen < ns && !__atomic_compare_exchange_n(&largest, &seen, ns, false, __ATOMIC_SEQ_CST,
                                                     __ATOMIC_SEQ_CST))
        ;
}

static uint32_t given_up(void)
{
    return __atomic_load_n(&guest.clock.given_up, __ATOMIC_SEQ_CST);
}

/* Who gives up, because the host is held up in an update, is given the time to a grain. */
static void read_once(struct reader *reader, uint64_t *last)
{
    const uint64_t before = __atomic_load_n(&largest, __ATOMIC_SEQ_CST);
    const uint32_t ups = given_up();
    const uint64_t ns = pv_clock_ns(&vps[reader->vp]);

    reader->decreases += ns < *last;
    reader->behind += ns + (given_up() == ups ? grain : NS_PER_MS) < before;
    *last = ns;
    raise_largest(ns);
    __atomic_fetch_add(&reads, 1, __ATOMIC_SEQ_CST);
}

static void *read_many(void *reader)
{
    uint64_t last = 0;

    sim_use(&machine, ((struct reader *)reader)->vp);
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST))
        read_once((struct reader *)reader, &last);
    return NULL;
}

static void wait_for_reads(void)
{
    const uint32_t start = __atomic_load_n(&reads, __ATOMIC_SEQ_CST);

    while (__atomic_load_n(&reads, __ATOMIC_SEQ_CST) - start < 100)
        sched_yield();
}

static void be_host(bool jumps)
{
    uint64_t seed = 0x5EED;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const int64_t ns = (int64_t)(NS_PER_SECOND + sim_random(&seed) % NS_PER_HOUR);

        sim_clock_update(&machine);
        if (i % 32 == 0)
            wait_for_reads();
        if (jumps && i % 32 == 0)
            sim_clock_jump(&machine, i % 64 == 0 ? -ns : ns);
    }
    __atomic_store_n(&done, true, __ATOMIC_SEQ_CST);
}

static void run(bool jumps)
{
    struct reader readers[READERS];
    pthread_t threads[READERS];

    largest = 0;
    reads = 0;
    done = false;
    machine.clock.step_ns = 100;
    for (uint32_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){ i, 0, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, &readers[i]), 0);
    }
    be_host(jumps);
    for (uint32_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(readers[i].decreases, 0);
        assert_int_equal(readers[i].behind, 0);
    }
    assert_true(!jumps || guest.clock.now.rebases != 0);
}

static void kvmclock_never_runs_backwards(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, READERS);
    grain = NS_PER_MS;
    run(true);
}

static void unstable_kvmclock_never_runs_backwards_on_any_vp(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_KVM);
    machine.clock.unstable = true;
    rig_init();
    for (uint32_t vp = 0; vp < READERS; vp++) {
        rig_online(vp);
        assert_status(rig_enable(vp, PV_CLOCK_BEST), PV_OK);
    }
    grain = 0;
    run(true);
}

static void the_reference_page_never_runs_backwards(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_HV_PAGE, READERS);
    grain = NS_PER_MS;
    run(true);
}

static void updates_alone_are_no_rebases(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, READERS);
    grain = 100; /* the rounding of the scale */
    run(false);
    assert_int_equal(guest.clock.now.rebases, 0);
    assert_int_equal(pv_clock_epoch(&guest), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(kvmclock_never_runs_backwards),
        RIG_TEST(unstable_kvmclock_never_runs_backwards_on_any_vp),
        RIG_TEST(the_reference_page_never_runs_backwards),
        RIG_TEST(updates_alone_are_no_rebases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
