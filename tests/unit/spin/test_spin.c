/* SPDX-License-Identifier: MIT */
/* Waiting: what the host is asked, how often, and that nobody sleeps for ever. */
#include "unit/kvm/rig.h"

#include <pthread.h>
#include <sched.h>

#define ROUNDS ((uint32_t)PV_CONFIG_SPIN_ROUNDS)
#define UNWANTED 7u

static volatile uint32_t word;

static struct pv_vp *const holder = &vps[1];

static void set_word(uint32_t value)
{
    __atomic_store_n(&word, value, __ATOMIC_SEQ_CST);
}

/* KVM with VP 1 online, which holds what VP 0 waits for. */
static void up(enum sim_kind kind, uint64_t os_id)
{
    rig_machine(kind);
    rig_init(os_id);
    rig_online(1);
    set_word(UNWANTED);
}

static void up_kvm(void)
{
    up(SIM_KVM_NATIVE_X86, 0);
}

/* Hyper-V that wishes to be told after `retries` spins. */
static void up_hyperv_without(enum sim_kind kind, uint32_t retries, uint32_t forms_off)
{
    rig_machine(kind);
    sim_cpuid_set(&machine, 0x40000004, 0, retries, 46, 0);
    rig_init_without(OS_ID, forms_off);
    rig_online(1);
    set_word(UNWANTED);
}

static void up_hyperv(enum sim_kind kind, uint32_t retries)
{
    up_hyperv_without(kind, retries, 0);
}

static void rounds(struct pv_spin *wait, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        pv_spin_round(vp, wait, &word, UNWANTED);
}

static uint64_t calls_of(uint32_t code)
{
    return (machine.model.seen.control & PV_HV_CONTROL_CODE_MASK) == code
               ? machine.model.seen.calls
               : 0;
}

/* ---- what there is ---- */

static void the_host_offers_what_its_features_say(void **state)
{
    static const struct {
        uint32_t features, hints, ways;
    } cases[] = { { 0, 0, 0 },
                  { 1u << 7, 0, PV_SPIN_HALT },
                  { 1u << 13, 0, PV_SPIN_YIELD },
                  { 1u << 7 | 1u << 13, 0, PV_SPIN_HALT | PV_SPIN_YIELD },
                  { ~0u, 0, PV_SPIN_HALT | PV_SPIN_YIELD },
                  { ~0u, 1, 0 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_machine(SIM_KVM_NATIVE_X86);
        sim_cpuid_set(&machine, 0x40000001, cases[i].features, 0, 0, cases[i].hints);
        rig_init(0);
        assert_int_equal(pv_spin_ways(&guest), cases[i].ways);
        assert_status(pv_spin_kick(vp, vp),
                      (cases[i].ways & PV_SPIN_HALT) != 0 ? PV_OK : PV_UNSUPPORTED);
        assert_int_equal(rig_down(NULL), 0);
    }
}

static void elsewhere_there_is_nothing_but_to_spin(void **state)
{
    static const enum sim_kind kinds[] = { SIM_BARE, SIM_XEN_X86, SIM_VMWARE_X86, SIM_KVM_ARM64,
                                           SIM_RISCV_KVM, SIM_KVM_LOONGARCH, SIM_HYPERV_X86 };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct pv_spin wait = { .holder = holder, .kicked = true };

        up(kinds[i], 0);
        assert_int_equal(pv_spin_ways(&guest), 0);
        rounds(&wait, 3 * ROUNDS);
        assert_int_equal(wait.rounds, 3 * ROUNDS);
        assert_status(pv_spin_kick(vp, holder), PV_UNSUPPORTED);
        assert_no_call();
        assert_int_equal(sim_calls(&machine), 0);
        assert_int_equal(machine.kvm.vps[0].halts, 0);
        assert_int_equal(rig_down(NULL), 0);
    }
}

static void who_is_not_online_yet_spins(void **state)
{
    struct pv_spin wait = { .kicked = true };

    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    set_word(UNWANTED);
    rounds(&wait, 2 * ROUNDS);
    assert_int_equal(wait.rounds, 2 * ROUNDS);
    assert_no_call();
    assert_status(pv_spin_kick(vp, vp), PV_BAD_STATE);
}

/* ---- Hyper-V ---- */

static void hyperv_is_told_as_often_as_it_wishes(void **state)
{
    static const enum sim_kind kinds[] = { SIM_HYPERV_X86, SIM_KVM_X86 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pv_spin wait = { .holder = holder, .kicked = true };
        uint64_t before;

        up_hyperv(kinds[i], 10);
        assert_int_equal(pv_spin_ways(&guest), PV_SPIN_NOTIFY);
        before = sim_calls(&machine);
        rounds(&wait, 9);
        assert_int_equal(sim_calls(&machine), before);
        rounds(&wait, 1);
        assert_int_equal(calls_of(PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT), before + 1);
        assert_int_equal(machine.model.seen.spin_count, 10);
        rounds(&wait, 25);
        assert_int_equal(sim_calls(&machine), before + 3);
        assert_int_equal(machine.model.seen.spin_count, 30);
        assert_status(pv_spin_kick(vp, holder), PV_UNSUPPORTED);
        assert_no_call();
        assert_int_equal(machine.kvm.vps[0].halts, 0);
        assert_int_equal(rig_down(NULL), 0);
    }
}

/* Nor is it if two registers must not be used. */
static void hyperv_that_does_not_want_to_know_is_not_told(void **state)
{
    static const uint32_t never[] = { 0, 0xFFFFFFFF, 10 };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pv_spin wait = { .holder = holder, .kicked = true };
        uint64_t before;

        up_hyperv_without(SIM_HYPERV_X86, never[i], i == 2 ? PV_HV_FORM_FAST : 0);
        before = sim_calls(&machine);
        assert_int_equal(pv_spin_ways(&guest), 0);
        rounds(&wait, 2 * ROUNDS);
        assert_int_equal(sim_calls(&machine), before);
        assert_int_equal(rig_down(NULL), 0);
    }
}

static void a_hyperv_that_refuses_is_told_again_all_the_same(void **state)
{
    struct pv_spin wait = { 0 };
    uint64_t before;

    (void)state;
    up_hyperv(SIM_HYPERV_X86, 1);
    machine.model.refuse = PV_HV_STATUS_ACCESS_DENIED;
    before = sim_calls(&machine);
    rounds(&wait, 3);
    machine.model.refuse = 0;
    assert_int_equal(sim_calls(&machine), before + 3);
}

/* ---- KVM: yield ---- */

static void the_holder_gets_the_place_of_who_waits_for_it(void **state)
{
    struct pv_spin wait = { .holder = holder };

    (void)state;
    up_kvm();
    rounds(&wait, ROUNDS - 1);
    assert_no_call();
    rounds(&wait, 1);
    assert_int_equal(machine.kvm.calls, 1);
    assert_int_equal(machine.kvm.vps[1].yields, 1);
    rounds(&wait, 2 * ROUNDS);
    assert_int_equal(machine.kvm.vps[1].yields, 3);
    assert_int_equal(machine.kvm.calls, 3);
    assert_int_equal(machine.kvm.vps[0].halts, 0);
}

/* Where it has a hint. */
static void a_holder_that_is_known_to_run_is_left_alone(void **state)
{
    struct pv_spin wait = { .holder = holder };

    (void)state;
    up_kvm();
    sim_use(&machine, 1);
    assert_status(pv_steal_enable(holder, PV_STEAL_KVM), PV_OK);
    sim_use(&machine, 0);
    rounds(&wait, 2 * ROUNDS);
    assert_no_call();
    sim_kvm_preempt(&machine, 1);
    rounds(&wait, ROUNDS);
    assert_int_equal(machine.kvm.vps[1].yields, 1);
    (void)sim_kvm_enter(&machine, 1);
    rounds(&wait, ROUNDS);
    assert_int_equal(machine.kvm.calls, 1);
}

static void who_does_not_know_the_holder_just_spins(void **state)
{
    struct pv_spin wait = { 0 };

    (void)state;
    up_kvm();
    rounds(&wait, 2 * ROUNDS);
    assert_no_call();
    assert_int_equal(machine.kvm.vps[0].halts, 0);
}

static void a_host_that_refuses_to_yield_does_no_harm(void **state)
{
    struct pv_spin wait = { .holder = holder };

    (void)state;
    up_kvm();
    machine.kvm.refuse = -1000;
    rounds(&wait, 2 * ROUNDS);
    assert_int_equal(machine.kvm.calls, 2);
    assert_int_equal(wait.rounds, 2 * ROUNDS);
}

static void once_the_word_has_changed_nobody_is_asked(void **state)
{
    struct pv_spin wait = { .holder = holder, .kicked = true };

    (void)state;
    up_kvm();
    rounds(&wait, ROUNDS - 1);
    set_word(UNWANTED + 1);
    rounds(&wait, 10);
    assert_no_call();
    assert_int_equal(machine.kvm.vps[0].halts, 0);
}

/* ---- KVM: sleep ---- */

static void release_and_kick(struct sim_machine *host, uint32_t sleeper)
{
    set_word(UNWANTED + 1);
    sim_use(host, 1);
    assert_status(pv_spin_kick(holder, &vps[sleeper]), PV_OK);
    sim_use(host, sleeper);
}

static void interrupt(struct sim_machine *host, uint32_t sleeper)
{
    sim_kvm_interrupt(host, sleeper);
}

/* The kick in the sleep, or at the last moment before it. */
static void who_is_kicked_wakes(void **state)
{
    (void)state;
    for (unsigned early = 0; early < 2; early++) {
        struct pv_spin wait = { .kicked = true };

        up_kvm();
        machine.kvm.asleep = early ? NULL : release_and_kick;
        machine.kvm.falling_asleep = early ? release_and_kick : NULL;
        rounds(&wait, ROUNDS - 1);
        assert_int_equal(machine.kvm.vps[0].halts, 0);
        rounds(&wait, 1);
        assert_int_equal(machine.kvm.vps[0].halts, 1);
        assert_int_equal(machine.kvm.vps[0].kicks, 1);
        assert_false(machine.kvm.vps[0].kicked);
        assert_false(pv_sim->irqs_off);
        assert_int_equal(rig_down(NULL), 0);
    }
}

static void only_who_will_be_kicked_sleeps(void **state)
{
    struct pv_spin wait = { .kicked = false };

    (void)state;
    up_kvm();
    machine.kvm.asleep = release_and_kick;
    rounds(&wait, 3 * ROUNDS);
    assert_int_equal(machine.kvm.vps[0].halts, 0);
}

static void the_holder_is_let_run_before_one_sleeps(void **state)
{
    struct pv_spin wait = { .holder = holder, .kicked = true };

    (void)state;
    up_kvm();
    machine.kvm.asleep = release_and_kick;
    rounds(&wait, ROUNDS);
    assert_int_equal(machine.kvm.vps[1].yields, 1);
    assert_int_equal(machine.kvm.vps[0].halts, 1);
}

static void without_the_calls_nobody_sleeps(void **state)
{
    struct pv_spin wait = { .holder = holder, .kicked = true };

    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    machine.kvm.features = 1u << 13;
    rig_init(0);
    rig_online(1);
    set_word(UNWANTED);
    rounds(&wait, 2 * ROUNDS);
    assert_int_equal(machine.kvm.vps[1].yields, 2);
    assert_int_equal(machine.kvm.vps[0].halts, 0);
}

/* IRQs are off when the word is looked at for the last time, and what comes by then is seen. */
static void change_as_irqs_go_off(struct pv_sim *sim)
{
    sim->nmi = NULL;
    set_word(UNWANTED + 1);
}

static void a_change_before_the_last_look_keeps_one_awake(void **state)
{
    struct pv_spin wait = { .kicked = true };

    (void)state;
    up_kvm();
    rounds(&wait, ROUNDS - 1);
    pv_sim->nmi = change_as_irqs_go_off;
    rounds(&wait, 1);
    assert_int_equal(machine.kvm.vps[0].halts, 0);
    assert_false(pv_sim->irqs_off);
}

/* The kick was meant for this wait, was used up by another halt, and the word shows it. */
static void a_kick_that_an_interrupt_used_up_is_not_missed(void **state)
{
    struct pv_spin wait = { .kicked = true };

    (void)state;
    up_kvm();
    machine.kvm.asleep = interrupt;
    rounds(&wait, ROUNDS);
    assert_int_equal(machine.kvm.vps[0].halts, 1);
    machine.kvm.asleep = NULL;
    release_and_kick(&machine, 0);
    pv_sim->irqs_off = true;
    pv_port_halt(0); /* of the interrupt's handler */
    pv_sim->irqs_off = false;
    assert_false(machine.kvm.vps[0].kicked);
    rounds(&wait, 2 * ROUNDS);
    assert_int_equal(machine.kvm.vps[0].halts, 2);
}

static void an_interrupt_ends_the_sleep_if_irqs_were_on(void **state)
{
    struct pv_spin wait = { .kicked = true };

    (void)state;
    up_kvm();
    machine.kvm.asleep = interrupt;
    rounds(&wait, ROUNDS);
    assert_int_equal(machine.kvm.vps[0].halts, 1);
    assert_int_equal(machine.kvm.vps[0].kicks, 0);
    assert_false(machine.kvm.vps[0].irq);
    assert_false(pv_sim->irqs_off);
}

static void interrupt_then_kick(struct sim_machine *host, uint32_t sleeper)
{
    interrupt(host, sleeper);
    release_and_kick(host, sleeper);
}

static void with_irqs_off_only_the_kick_does(void **state)
{
    struct pv_spin wait = { .kicked = true };

    (void)state;
    up_kvm();
    pv_sim->irqs_off = true;
    machine.kvm.asleep = interrupt_then_kick;
    rounds(&wait, ROUNDS);
    assert_int_equal(machine.kvm.vps[0].halts, 1);
    assert_false(machine.kvm.vps[0].kicked);
    assert_true(machine.kvm.vps[0].irq);
    assert_true(pv_sim->irqs_off);
    pv_sim->irqs_off = false;
}

static void a_kick_goes_to_the_waiter_and_says_how_it_went(void **state)
{
    (void)state;
    up_kvm();
    assert_status(pv_spin_kick(vp, holder), PV_OK);
    assert_int_equal(machine.kvm.vps[1].kicks, 1);
    assert_int_equal(machine.kvm.vps[0].kicks, 0);
    machine.kvm.refuse = -1;
    assert_status(pv_spin_kick(vp, holder), PV_REFUSED);
    assert_status(pv_vp_offline(vp), PV_OK);
    assert_status(pv_spin_kick(vp, holder), PV_BAD_STATE);
}

/* ---- with a thread for each VP ---- */

#define TURNS 300u

/* The word goes round; each VP waits until it has its own number, and hands it on. Who sleeps too long
 * brings everybody to a halt, which the machine notices. */
static void take_turns(uint32_t me)
{
    const uint32_t next = (me + 1) % RIG_VPS;

    for (uint32_t turn = 0; turn < TURNS; turn++) {
        struct pv_spin wait = { .kicked = true };
        uint32_t seen = __atomic_load_n(&word, __ATOMIC_SEQ_CST);

        while (seen != me && !sim_kvm_stuck(&machine)) {
            wait.alone = ROUNDS - 1; /* asks at once */
            pv_spin_round(&vps[me], &wait, &word, seen);
            seen = __atomic_load_n(&word, __ATOMIC_SEQ_CST);
        }
        if (turn % 4 == me)
            sched_yield();
        set_word(next);
        for (uint32_t i = 0; i < RIG_VPS; i++)
            if (i != me && pv_spin_kick(&vps[me], &vps[i]) != PV_OK)
                return;
    }
}

static void *be_a_vp(void *index)
{
    const uint32_t me = *(const uint32_t *)index;

    sim_use(&machine, me);
    take_turns(me);
    sim_kvm_leave(&machine);
    return NULL;
}

static void no_wake_up_is_lost_between_threads(void **state)
{
    static const uint32_t indices[RIG_VPS] = { 0, 1, 2, 3 };
    pthread_t threads[RIG_VPS];
    uint32_t halts = 0;

    (void)state;
    up_kvm();
    rig_online(2);
    rig_online(3);
    set_word(0);
    sim_kvm_threads(&machine, RIG_VPS);
    for (uint32_t i = 0; i < RIG_VPS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, be_a_vp, (void *)(uintptr_t)&indices[i]),
                         0);
    for (uint32_t i = 0; i < RIG_VPS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        halts += machine.kvm.vps[i].halts;
    }
    assert_int_equal(word, 0);
    assert_null(sim_complaint(&machine));
    assert_int_not_equal(halts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(the_host_offers_what_its_features_say),
        RIG_TEST(elsewhere_there_is_nothing_but_to_spin),
        RIG_TEST(who_is_not_online_yet_spins),
        RIG_TEST(hyperv_is_told_as_often_as_it_wishes),
        RIG_TEST(hyperv_that_does_not_want_to_know_is_not_told),
        RIG_TEST(a_hyperv_that_refuses_is_told_again_all_the_same),
        RIG_TEST(the_holder_gets_the_place_of_who_waits_for_it),
        RIG_TEST(a_holder_that_is_known_to_run_is_left_alone),
        RIG_TEST(who_does_not_know_the_holder_just_spins),
        RIG_TEST(a_host_that_refuses_to_yield_does_no_harm),
        RIG_TEST(once_the_word_has_changed_nobody_is_asked),
        RIG_TEST(who_is_kicked_wakes),
        RIG_TEST(only_who_will_be_kicked_sleeps),
        RIG_TEST(the_holder_is_let_run_before_one_sleeps),
        RIG_TEST(without_the_calls_nobody_sleeps),
        RIG_TEST(a_change_before_the_last_look_keeps_one_awake),
        RIG_TEST(a_kick_that_an_interrupt_used_up_is_not_missed),
        RIG_TEST(an_interrupt_ends_the_sleep_if_irqs_were_on),
        RIG_TEST(with_irqs_off_only_the_kick_does),
        RIG_TEST(a_kick_goes_to_the_waiter_and_says_how_it_went),
        RIG_TEST(no_wake_up_is_lost_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
