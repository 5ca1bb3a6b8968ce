/* SPDX-License-Identifier: MIT */
/* A flush left to the host is done before the VP runs again, and is left to nobody else. */
#include "unit/kvm/rig.h"

#include <pthread.h>
#include <sched.h>

#define STEAL_TIME 0x4B564D03u
#define PREEMPTED 1u
#define FLUSH 2u

static struct pv_vp *const target = &vps[1];

static uint8_t *mark(void)
{
    return &target->steal.area[16];
}

/* VP 1 online, with its area. */
static void up_with(enum sim_kind kind, uint64_t os_id)
{
    rig_machine(kind);
    rig_init(os_id);
    rig_online(1);
    sim_use(&machine, 1);
    assert_status(pv_steal_enable(target, PV_STEAL_BEST), PV_OK);
    sim_use(&machine, 0);
}

static void up(void)
{
    up_with(SIM_KVM_NATIVE_X86, 0);
}

/* Whatever is in the area. */
static void assert_never_deferred(void)
{
    for (unsigned value = 0; value < 256; value++) {
        *mark() = (uint8_t)value;
        assert_false(pv_kvm_flush_defer(target));
        assert_int_equal(*mark(), value);
    }
    *mark() = 0;
}

/* ---- what is done ---- */

static void a_preempted_vp_is_flushed_before_it_runs(void **state)
{
    (void)state;
    up();
    sim_kvm_preempt(&machine, 1);
    assert_true(pv_kvm_flush_defer(target));
    assert_int_equal(*mark(), PREEMPTED | FLUSH);
    assert_true(sim_kvm_enter(&machine, 1));
    assert_false(pv_kvm_flush_defer(target));
    sim_kvm_preempt(&machine, 1);
    assert_false(sim_kvm_enter(&machine, 1));
    assert_no_call();
}

static void a_running_vp_must_be_interrupted(void **state)
{
    (void)state;
    up();
    assert_false(pv_kvm_flush_defer(target));
    assert_int_equal(*mark(), 0);
}

static void two_may_ask_for_one_flush(void **state)
{
    (void)state;
    up();
    sim_kvm_preempt(&machine, 1);
    assert_true(pv_kvm_flush_defer(target));
    assert_true(pv_kvm_flush_defer(target));
    assert_true(sim_kvm_enter(&machine, 1));
    sim_kvm_preempt(&machine, 1);
    assert_false(sim_kvm_enter(&machine, 1));
}

/* Only bit 0 says "preempted", only bit 1 is ours. */
static void other_bits_mean_nothing_and_stay(void **state)
{
    (void)state;
    up();
    for (unsigned value = 0; value < 256; value++) {
        *mark() = (uint8_t)value;
        memset(mark() + 1, 0xA5, 3);
        assert_int_equal(pv_kvm_flush_defer(target), value & PREEMPTED);
        assert_int_equal(*mark(), (value & PREEMPTED) != 0 ? value | FLUSH : value);
        assert_true(mark()[1] == 0xA5 && mark()[2] == 0xA5 && mark()[3] == 0xA5);
    }
    memset(mark(), 0, 4);
}

static void it_works_beside_hyperv_s_hypercalls(void **state)
{
    (void)state;
    up_with(SIM_KVM_X86, OS_ID);
    assert_int_not_equal(guest.hv.entry, 0);
    sim_kvm_preempt(&machine, 1);
    assert_true(pv_kvm_flush_defer(target));
    assert_true(sim_kvm_enter(&machine, 1));
}

/* ---- where nothing is left to the host ---- */

static void without_the_feature_or_with_the_realtime_hint_it_is_not_offered(void **state)
{
    static const struct {
        uint32_t features, hints;
        bool offered;
    } cases[] = { { 1u << 5, 0, false },
                  { 1u << 5 | 1u << 9, 1, false },
                  { 1u << 5 | 1u << 9, 0, true },
                  { 1u << 5 | 1u << 9, ~1u, true } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_machine(SIM_KVM_NATIVE_X86);
        sim_cpuid_set(&machine, 0x40000001, cases[i].features, 0, 0, cases[i].hints);
        rig_init(0);
        rig_online(1);
        sim_use(&machine, 1);
        assert_status(pv_steal_enable(target, PV_STEAL_KVM), PV_OK);
        sim_kvm_preempt(&machine, 1);
        assert_int_equal(pv_kvm_flush_defer(target), cases[i].offered);
        assert_int_equal(sim_kvm_enter(&machine, 1), cases[i].offered);
        assert_int_equal(rig_down(NULL), 0);
    }
}

static void without_an_area_there_is_nowhere_to_ask(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    assert_never_deferred(); /* never online */
    sim_cpuid_set(&machine, 0x40000001, 1u << 9, 0, 0, 0);
    rig_init(0);
    rig_online(1);
    assert_never_deferred();
    sim_use(&machine, 1);
    assert_status(pv_steal_enable(target, PV_STEAL_KVM), PV_UNSUPPORTED);
    assert_never_deferred();
}

static void an_area_that_was_refused_is_none(void **state)
{
    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    rig_online(1);
    sim_use(&machine, 1);
    machine.steal.ignores = true;
    assert_status(pv_steal_enable(target, PV_STEAL_KVM), PV_REFUSED);
    assert_never_deferred();
}

/* Off and on, offline and online: each time there is an area, and only then. */
static void it_comes_and_goes_with_the_area(void **state)
{
    (void)state;
    up();
    sim_use(&machine, 1);
    for (unsigned i = 0; i < 3; i++) {
        assert_status(pv_steal_disable(target), PV_OK);
        assert_never_deferred();
        assert_status(pv_steal_enable(target, PV_STEAL_KVM), PV_OK);
        sim_kvm_preempt(&machine, 1);
        assert_true(pv_kvm_flush_defer(target));
        assert_true(sim_kvm_enter(&machine, 1));
        assert_status(pv_vp_offline(target), PV_OK);
        assert_never_deferred();
        assert_status(pv_vp_online(&guest, target), PV_OK);
        sim_kvm_preempt(&machine, 1);
        assert_true(pv_kvm_flush_defer(target));
        assert_true(sim_kvm_enter(&machine, 1));
    }
}

/* An older KVM may mark a VP in the middle of the write that takes the area back. */
static void (*real_write)(struct pv_sim *sim, uint32_t msr, uint64_t value);

static void marking_write(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    if (msr == STEAL_TIME && value == 0)
        sim_kvm_preempt(&machine, 1);
    real_write(sim, msr, value);
}

static void mark_on_the_way_off(void)
{
    real_write = pv_sim->msr_write;
    pv_sim->msr_write = marking_write;
}

static void a_mark_that_was_left_behind_is_not_believed(void **state)
{
    (void)state;
    up();
    sim_use(&machine, 1);
    mark_on_the_way_off();
    assert_status(pv_steal_disable(target), PV_OK);
    assert_int_equal(*mark(), PREEMPTED);
    assert_false(pv_kvm_flush_defer(target));
    assert_int_equal(*mark(), PREEMPTED);
    assert_status(pv_steal_enable(target, PV_STEAL_KVM), PV_OK);
    assert_int_equal(*mark(), 0);
    assert_false(pv_kvm_flush_defer(target));
}

/* Theirs is read, and it is theirs to write. */
static void somebody_else_s_area_is_left_alone(void **state)
{
    PV_ALIGNED(64) static uint8_t theirs[64];
    uint8_t *found;

    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    rig_online(1);
    sim_use(&machine, 1);
    memset(theirs, 0, sizeof(theirs));
    assert_status(pv_steal_adopt(target, PV_STEAL_KVM, theirs), PV_OK);
    theirs[16] = PREEMPTED;
    assert_true(pv_steal_preempted(target));
    assert_never_deferred();
    assert_int_equal(theirs[16], PREEMPTED);
    assert_status(pv_steal_disable(target), PV_OK);

    found = (uint8_t *)sim_memory_at(&machine, sim_firmware_gpa(2), 64);
    memset(found, 0, 64);
    sim_steal_found(&machine, 1, sim_firmware_gpa(2));
    guest.config.areas_adopt = true;
    assert_status(pv_steal_enable(target, PV_STEAL_KVM), PV_OK);
    sim_kvm_preempt(&machine, 1);
    assert_true(pv_steal_preempted(target));
    assert_never_deferred();
    assert_false(sim_kvm_enter(&machine, 1));
}

/* Some have a hint in the same place, which is not theirs to be written to. */
static void other_hosts_are_asked_for_nothing(void **state)
{
    static const enum sim_kind kinds[] = { SIM_RISCV_KVM, SIM_XEN_X86, SIM_VMWARE_X86,
                                           SIM_HYPERV_X86, SIM_KVM_ARM64, SIM_KVM_LOONGARCH };
    const size_t count = sizeof(kinds) / sizeof(kinds[0]) - (sizeof(long) == 8 ? 0 : 1);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        uint8_t before;

        up_with(kinds[i], kinds[i] == SIM_HYPERV_X86 ? OS_ID : 0);
        before = *mark();
        assert_never_deferred();
        *mark() = before;
        sim_use(&machine, 1);
        assert_status(pv_steal_disable(target), PV_OK);
        assert_int_equal(rig_down(NULL), 0);
    }
}

/* KVM that also plays Xen: the area then holds a runstate. */
static void an_area_of_xen_on_kvm_is_not_written_to(void **state)
{
    (void)state;
    rig_machine(SIM_XEN_X86);
    sim_cpuid_set(&machine, 0x40000100, 0x40000101, 0x4B4D564B, 0x564B4D56, 0x4D);
    sim_cpuid_set(&machine, 0x40000101, 1u << 5 | 1u << 9, 0, 0, 0);
    rig_init(0);
    rig_online(1);
    sim_use(&machine, 1);
    assert_status(pv_steal_enable(target, PV_STEAL_XEN), PV_OK);
    assert_never_deferred();
}

/* ---- with a host in a thread of its own ---- */

/* Page tables by number, and what VP 1 has of them in its TLB. A flush that was left to the host must
 * have been done wherever the VP runs and can know of it. */
static struct {
    uint32_t tables;   /* as they are now */
    uint32_t deferred; /* the last that a flush was left to the host for */
    bool done;
    uint32_t flushes;
    uint32_t tlb; /* VP 1's own from here on */
    unsigned stale;
} world;

static void run_vp(uint64_t length)
{
    for (uint64_t i = 0; i < 4 + length % 64; i++)
        world.stale += __atomic_load_n(&world.deferred, __ATOMIC_SEQ_CST) > world.tlb;
}

static void preempt_and_enter(uint64_t choice)
{
    sim_kvm_preempt(&machine, 1);
    if (choice % 8 == 0)
        sched_yield();
    if (sim_kvm_enter(&machine, 1)) {
        world.tlb = __atomic_load_n(&world.tables, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&world.flushes, 1, __ATOMIC_SEQ_CST);
    }
    run_vp(choice >> 8);
    if (choice % 8 == 1)
        sched_yield();
}

static void *be_preempted(void *unused)
{
    uint64_t seed = 0xF1;

    (void)unused;
    sim_use(&machine, 1);
    while (!__atomic_load_n(&world.done, __ATOMIC_SEQ_CST))
        preempt_and_enter(sim_random(&seed));
    return NULL;
}

static void *come_and_go(void *unused)
{
    uint64_t seed = 0xF2;

    (void)unused;
    sim_use(&machine, 1);
    while (!__atomic_load_n(&world.done, __ATOMIC_SEQ_CST)) {
        preempt_and_enter(sim_random(&seed));
        world.stale += pv_steal_disable(target) != PV_OK;
        run_vp(sim_random(&seed));
        world.stale += pv_steal_enable(target, PV_STEAL_KVM) != PV_OK;
        run_vp(sim_random(&seed));
    }
    return NULL;
}

/* Until the host has flushed often enough, and often enough was not asked to. */
static void change_tables(uint32_t times)
{
    uint32_t refused = 0;

    for (uint32_t n = 1; refused < times || __atomic_load_n(&world.flushes, __ATOMIC_SEQ_CST) < times;
         n++) {
        __atomic_store_n(&world.tables, n, __ATOMIC_RELAXED);
        if (pv_kvm_flush_defer(target))
            __atomic_store_n(&world.deferred, n, __ATOMIC_SEQ_CST);
        else
            refused++;
        if (n % 64 == 0)
            sched_yield();
    }
}

static void run_against(void *(*host)(void *), uint32_t times)
{
    pthread_t thread;

    memset(&world, 0, sizeof(world));
    assert_int_equal(pthread_create(&thread, NULL, host, NULL), 0);
    change_tables(times);
    __atomic_store_n(&world.done, true, __ATOMIC_SEQ_CST);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(world.stale, 0);
}

static void no_flush_is_lost_to_a_host_that_runs(void **state)
{
    (void)state;
    up();
    run_against(be_preempted, 10000);
}

static void no_flush_is_left_to_a_host_that_looks_away(void **state)
{
    (void)state;
    up();
    sim_use(&machine, 1);
    mark_on_the_way_off();
    sim_use(&machine, 0);
    run_against(come_and_go, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_preempted_vp_is_flushed_before_it_runs),
        RIG_TEST(a_running_vp_must_be_interrupted),
        RIG_TEST(two_may_ask_for_one_flush),
        RIG_TEST(other_bits_mean_nothing_and_stay),
        RIG_TEST(it_works_beside_hyperv_s_hypercalls),
        RIG_TEST(without_the_feature_or_with_the_realtime_hint_it_is_not_offered),
        RIG_TEST(without_an_area_there_is_nowhere_to_ask),
        RIG_TEST(an_area_that_was_refused_is_none),
        RIG_TEST(it_comes_and_goes_with_the_area),
        RIG_TEST(a_mark_that_was_left_behind_is_not_believed),
        RIG_TEST(somebody_else_s_area_is_left_alone),
        RIG_TEST(other_hosts_are_asked_for_nothing),
        RIG_TEST(an_area_of_xen_on_kvm_is_not_written_to),
        RIG_TEST(no_flush_is_lost_to_a_host_that_runs),
        RIG_TEST(no_flush_is_left_to_a_host_that_looks_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
