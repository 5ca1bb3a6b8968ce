/* SPDX-License-Identifier: MIT */
/* The simulated KVM does what its calls say, notices what a guest must not do, and never hangs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

#include <pthread.h>

#define KICK_CPU 5ul
#define SEND_IPI 10ul
#define SCHED_YIELD 11ul
#define HERE SIM_HW_ID(0)

static struct sim_machine machine;
PV_ALIGNED(64) static uint8_t area[64];

static void start(enum sim_kind kind)
{
    sim_machine_init(&machine, kind);
    memset(area, 0, sizeof(area));
}

static long call(unsigned long function, unsigned long a, unsigned long b, unsigned long c,
                 unsigned long d)
{
    return pv_port_kvm_call(false, function, a, b, c, d);
}

static void expect(const char *complaint)
{
    if (complaint == NULL)
        assert_null(sim_complaint(&machine));
    else
        assert_string_equal(sim_complaint(&machine), complaint);
    machine.model.complaint = NULL;
}

static void interrupts_reach_who_is_there(void **state)
{
    const unsigned bits = 8 * sizeof(long);

    (void)state;
    start(SIM_KVM_NATIVE_X86);
    assert_int_equal(call(SEND_IPI, 7, 0, HERE, 0x20), 2); /* nobody has an even id */
    assert_int_equal(machine.kvm.vps[0].interrupts, 1);
    assert_int_equal(machine.kvm.vps[1].interrupts, 1);
    assert_int_equal(call(SEND_IPI, 0, 4, HERE, 0x20), 0);
    machine.cpus[3].port.hw_id = HERE + bits + 2;
    assert_int_equal(call(SEND_IPI, 0, 4, HERE, 0x400), 1);
    assert_int_equal(machine.kvm.vps[3].nmis, 1);
    machine.model.vps = 3;
    assert_int_equal(call(SEND_IPI, 0, 4, HERE, 0x400), 0);
    expect(NULL);
}

static void it_can_refuse_and_lie(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    machine.kvm.lie = 5;
    assert_int_equal(call(SEND_IPI, 1, 0, HERE, 0x20), 6);
    machine.kvm.refuse = -22;
    machine.kvm.refuse_after = 2;
    assert_int_equal(call(SCHED_YIELD, HERE, 0, 0, 0), 0);
    assert_int_equal(call(SCHED_YIELD, HERE, 0, 0, 0), -22);
    assert_int_equal(machine.kvm.vps[0].yields, 1);
    expect(NULL);
}

static void calls_that_no_guest_should_make_are_noticed(void **state)
{
    static const struct {
        unsigned long function, arguments[4];
        const char *complaint;
    } cases[] = {
        { SEND_IPI, { 1, 0, HERE, 0x0F }, "an interrupt command that KVM does not take" },
        { SEND_IPI, { 1, 0, HERE, 0x100 }, "an interrupt command that KVM does not take" },
        { SEND_IPI, { 1, 0, HERE, 0x420 }, "an interrupt command that KVM does not take" },
        { SEND_IPI, { 0, 0, HERE, 0x20 }, "an interrupt to nobody" },
        { KICK_CPU, { 1, HERE, 0, 0 }, "flags that KICK_CPU does not know" },
        { 9, { 0, 0, 0, 0 }, "a call that KVM does not offer" },
    };

    (void)state;
    start(SIM_KVM_NATIVE_X86);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const unsigned long *a = cases[i].arguments;

        (void)call(cases[i].function, a[0], a[1], a[2], a[3]);
        expect(cases[i].complaint);
    }
}

static void calls_that_would_go_elsewhere_are_noticed(void **state)
{
    (void)state;
    start(SIM_KVM_X86);
    assert_int_equal(call(SCHED_YIELD, HERE, 0, 0, 0), 0);
    machine.model.os_id[0] = 1;
    assert_int_equal(call(SCHED_YIELD, HERE, 0, 0, 0), 2);
    expect("KVM took its own call for one of Hyper-V's");
    start(SIM_KVM_NATIVE_X86);
    (void)pv_port_kvm_call(true, SCHED_YIELD, HERE, 0, 0, 0);
    expect("#UD: the hypercall of another vendor");
    machine.kvm.features = 0;
    assert_int_equal(call(SCHED_YIELD, HERE, 0, 0, 0), -1000);
    expect("a call that KVM does not offer");
    start(SIM_HYPERV_X86);
    assert_int_equal(call(SCHED_YIELD, HERE, 0, 0, 0), -1000);
    expect("a call that KVM does not offer");
}

static void a_kick_is_kept_for_one_halt(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    assert_int_equal(call(KICK_CPU, 0, HERE, 0, 0), 0);
    assert_int_equal(call(KICK_CPU, 0, HERE, 0, 0), 0);
    pv_sim->irqs_off = true;
    pv_port_halt(0);
    expect(NULL);
    pv_port_halt(0);
    expect("HLT, and nobody to wake the VP");
    assert_true(sim_kvm_stuck(&machine));
}

static void an_interrupt_ends_a_halt_with_irqs_on(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    pv_sim->irqs_off = true;
    sim_kvm_interrupt(&machine, 0);
    pv_port_halt(0); /* were on */
    expect(NULL);
    assert_true(pv_sim->irqs_off);
    sim_kvm_interrupt(&machine, 0);
    pv_port_halt(1);
    expect("HLT, and nobody to wake the VP");
    assert_true(machine.kvm.vps[0].irq);
    pv_sim->irqs_off = false;
    pv_port_halt(0);
    expect("pv_port_halt with IRQs on");
}

/* The one sleeps until the other kicks, or until the other has ended without. */
static void *sleep_on_vp_1(void *unused)
{
    (void)unused;
    sim_use(&machine, 1);
    pv_sim->irqs_off = true;
    pv_port_halt(1);
    sim_kvm_leave(&machine);
    return NULL;
}

static void run_two(bool kicks)
{
    pthread_t thread;

    start(SIM_KVM_NATIVE_X86);
    sim_kvm_threads(&machine, 2);
    assert_int_equal(pthread_create(&thread, NULL, sleep_on_vp_1, NULL), 0);
    if (kicks)
        assert_int_equal(call(KICK_CPU, 0, SIM_HW_ID(1), 0, 0), 0);
    sim_kvm_leave(&machine);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void who_is_left_asleep_by_all_others_is_found(void **state)
{
    (void)state;
    run_two(true);
    expect(NULL);
    run_two(false);
    expect("HLT, and nobody to wake the VP");
}

static void a_flush_is_handed_over_once(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    pv_port_msr_write(0x4B564D03, pv_os_virt_to_gpa(area) | 1);
    sim_kvm_preempt(&machine, 0);
    assert_int_equal(area[16], 1);
    area[16] = 3;
    sim_steal_set(&machine, 0, 5); /* finds nothing wrong with that */
    expect(NULL);
    assert_true(sim_kvm_enter(&machine, 0));
    assert_int_equal(area[16], 0);
    assert_false(sim_kvm_enter(&machine, 0));
    area[16] = 2;
    sim_steal_set(&machine, 0, 6);
    expect("the guest wrote into its stolen-time area");
    machine.kvm.features &= ~(1u << 9);
    (void)sim_kvm_enter(&machine, 0);
    expect("a flush was asked for that KVM does not do");
}

static void processors_have_numbers_where_they_tell(void **state)
{
    (void)state;
    start(SIM_RISCV_KVM);
    assert_int_equal(pv_port_hw_id(), 0);
    start(SIM_HYPERV_ARM64);
    sim_use(&machine, 2);
    assert_int_equal(pv_port_hw_id(), SIM_HW_ID(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_reach_who_is_there),
        cmocka_unit_test(it_can_refuse_and_lie),
        cmocka_unit_test(calls_that_no_guest_should_make_are_noticed),
        cmocka_unit_test(calls_that_would_go_elsewhere_are_noticed),
        cmocka_unit_test(a_kick_is_kept_for_one_halt),
        cmocka_unit_test(an_interrupt_ends_a_halt_with_irqs_on),
        cmocka_unit_test(who_is_left_asleep_by_all_others_is_found),
        cmocka_unit_test(a_flush_is_handed_over_once),
        cmocka_unit_test(processors_have_numbers_where_they_tell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
