/* SPDX-License-Identifier: MIT */
/* Xen on x86: the runstate area, by GPA or by virtual address. */
#include "unit/steal/rig.h"

static const struct variant by_gpa = { SIM_XEN_X86, PV_STEAL_XEN, NULL, true, 1 };
static const struct variant by_address = { SIM_XEN_X86, PV_STEAL_XEN, use_address, true, 1 };

#define CALLS_MAX 8

static struct {
    unsigned long operation, arguments[3];
    uint64_t address; /* of vcpu_op */
} calls[CALLS_MAX];

static unsigned count;

static long (*real)(struct pv_sim *sim, unsigned long operation, const unsigned long arguments[3]);

static long note(struct pv_sim *sim, unsigned long operation, const unsigned long arguments[3])
{
    if (count < CALLS_MAX) {
        calls[count].operation = operation;
        memcpy(calls[count].arguments, arguments, sizeof(calls[0].arguments));
        if (operation == 24)
            memcpy(&calls[count].address, (const void *)arguments[2], 8);
    }
    count++;
    return real(sim, operation, arguments);
}

static void note_calls(void)
{
    count = 0;
    memset(calls, 0, sizeof(calls));
    real = machine.cpus[0].port.xen_call;
    machine.cpus[0].port.xen_call = note;
}

static void assert_called(unsigned i, unsigned long operation, unsigned long a, unsigned long b)
{
    assert_true(i < count);
    assert_int_equal(calls[i].operation, operation);
    assert_int_equal(calls[i].arguments[0], a);
    if (operation != 17) /* there it points to the answer */
        assert_int_equal(calls[i].arguments[1], b);
}

static void by_gpa_it_is_registered_and_taken_back(void **state)
{
    (void)state;
    rig_up(&by_gpa);
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    assert_int_equal(count, 2);
    assert_called(0, 17, 6, 0);   /* xen_version: get_features */
    assert_called(1, 24, 14, 100); /* vcpu_op: register_runstate_phys_area of this VCPU */
    assert_int_equal(calls[1].address, vp.steal.gpa);
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_int_equal(count, 3);
    assert_called(2, 24, 14, 100);
    assert_int_equal(calls[2].address, ~0ull);
    rig_down();
}

static void by_address_it_is_registered_for_good_with_the_update_flag(void **state)
{
    (void)state;
    rig_up(&by_address);
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    assert_int_equal(count, 3);
    assert_called(0, 17, 6, 0);
    assert_called(1, 21, 0, 5);   /* vm_assist: enable runstate_update_flag */
    assert_called(2, 24, 5, 100); /* vcpu_op: register_runstate_memory_area */
    assert_int_equal(calls[2].address, (uintptr_t)vp.steal.area);
    assert_status(pv_steal_disable(&vp), PV_REFUSED);
    assert_int_equal(count, 3); /* there is nothing to ask for */
    assert_true(vp.steal.stuck);
    rig_down();
}

static void a_xen_without_the_update_flag_is_read_all_the_same(void **state)
{
    (void)state;
    rig_machine(&by_address);
    machine.steal.xen_no_flag = true;
    rig_init();
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    steal(77);
    assert_int_equal(pv_steal_ns(&vp), 77);
    rig_down();
}

static void another_vp_is_registered_under_its_own_number(void **state)
{
    (void)state;
    rig_up(&by_gpa);
    sim_use(&machine, 3);
    assert_status(pv_vp_online(&guest, &vp1), PV_OK);
    assert_status(pv_steal_enable(&vp1, PV_STEAL_XEN), PV_OK);
    assert_true(machine.steal.vps[3].on);
    assert_status(pv_vp_offline(&vp1), PV_OK);
    assert_false(machine.steal.vps[3].on);
    assert_status(pv_vp_release(&vp1), PV_OK);
    sim_use(&machine, 0);
    rig_down();
}

static void without_a_vcpu_number_it_is_unsupported(void **state)
{
    (void)state;
    rig_machine(&by_gpa);
    machine.steal.xen_flags = ~(1u << 3);
    rig_init();
    note_calls();
    assert_int_equal(pv_steal_probe(&guest), PV_STEAL_NONE);
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_UNSUPPORTED);
    assert_int_equal(count, 0);
    rig_down();
}

static void a_xen_whose_leaves_end_before_the_number_is_unsupported(void **state)
{
    (void)state;
    rig_machine(&by_gpa);
    sim_cpuid_set(&machine, 0x40000000, 0x40000003, 0x566E6558, 0x65584D4D, 0x4D4D566E);
    rig_init();
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_UNSUPPORTED);
    rig_down();
}

/* Behind Hyper-V's leaves, as Xen's viridian option has it. */
static void the_number_is_that_of_xens_own_leaves(void **state)
{
    (void)state;
    rig_machine(&by_gpa);
    sim_cpuid_set(&machine, 0x40000000, 0x40000006, 0x7263694D, 0x666F736F, 0x76482074);
    sim_cpuid_set(&machine, 0x40000001, 0x31237648, 0, 0, 0);
    sim_cpuid_set(&machine, 0x40000004, 8, 9999, 0, 0);
    sim_cpuid_set(&machine, 0x40000002, 0, 0x40000000, 0, 0);
    sim_cpuid_set(&machine, 0x40000100, 0x40000104, 0x566E6558, 0x65584D4D, 0x4D4D566E);
    sim_cpuid_set(&machine, 0x40000102, 1, 0x40000200, 0, 0);
    machine.steal.xen_msr = 0x40000200;
    sim_cpuid_set(&machine, 0x40000104, 8, SIM_XEN_VCPU(0), 0, 0);
    rig_init();
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_OK);
    assert_int_equal(vp.steal.backend, PV_STEAL_XEN);
    assert_int_equal(machine.steal.xen_pages, 1);
    rig_down();
}

static long deaf_to_version(struct pv_sim *sim, unsigned long operation,
                            const unsigned long arguments[3])
{
    const long answer = real(sim, operation, arguments);

    return operation == 17 ? -38 : answer;
}

static void features_that_cannot_be_asked_for_mean_by_address(void **state)
{
    (void)state;
    rig_up(&by_gpa);
    real = machine.cpus[0].port.xen_call;
    machine.cpus[0].port.xen_call = deaf_to_version;
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    assert_true(machine.steal.vps[0].by_address);
    machine.steal.xen_gpa = false; /* as rig_down is to see it */
    rig_down();
}

/* ---- known for good ---- */

/* Xen goes on writing where it was told to: no other host may be told of that memory. */
static void an_address_that_is_kept_keeps_other_backends_out(void **state)
{
    (void)state;
    rig_on(&by_address);
    assert_status(pv_steal_disable(&vp), PV_REFUSED);
    for (unsigned i = PV_STEAL_KVM; i < PV_STEAL_BACKENDS; i++)
        if (i != PV_STEAL_XEN)
            assert_status(pv_steal_enable(&vp, (enum pv_steal_backend)i), PV_REFUSED);
    assert_int_equal(vp.steal.registered, PV_STEAL_XEN);
    assert_true(vp.steal.stuck);
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_vp_release(&vp), PV_REFUSED);
    assert_status(pv_vp_release(&vp), PV_REFUSED);
    come_back();
    rig_down();
}

/* Told of it again, by address or by GPA, Xen does not forget the first time. */
static void an_address_told_twice_stays_kept(void **state)
{
    (void)state;
    for (unsigned gpa = 0; gpa < 2; gpa++) {
        rig_on(&by_address);
        assert_status(pv_steal_disable(&vp), PV_REFUSED);
        machine.steal.xen_gpa = gpa != 0;
        assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
        assert_true(vp.steal.stuck);
        assert_status(pv_vp_offline(&vp), PV_OK);
        assert_status(pv_vp_release(&vp), PV_REFUSED);
    }
}

/* What it was told of by GPA it may have kept with the address of an earlier time. */
static void an_area_by_gpa_that_was_kept_once_stays_kept(void **state)
{
    (void)state;
    rig_on(&by_gpa);
    machine.steal.keeps = true;
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_true(vp.steal.stuck);
    machine.steal.keeps = false;
    come_back();
    assert_status(vp.steal.status, PV_OK);
    steal(50);
    assert_int_equal(pv_steal_ns(&vp), 50);
    assert_status(pv_steal_disable(&vp), PV_OK); /* this time */
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_vp_release(&vp), PV_REFUSED);
    assert_all_is_given_back();
}

/* ---- 64 bits ---- */

static uint32_t told_bits[4]; /* writes of the MSR before each registration */

static long note_bits(struct pv_sim *sim, unsigned long operation,
                      const unsigned long arguments[3])
{
    if (operation == 24 && count < 4)
        told_bits[count++] = machine.steal.xen_pages;
    return real(sim, operation, arguments);
}

static void xen_is_told_of_64_bits_before_each_registration(void **state)
{
    (void)state;
    rig_up(&by_address);
    count = 0;
    real = machine.cpus[0].port.xen_call;
    machine.cpus[0].port.xen_call = note_bits;
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    for (unsigned i = 1; i < 4; i++) {
        assert_status(pv_vp_offline(&vp), PV_OK);
        machine.steal.xen_64 = false; /* a new domain, as after a kexec or a restored image */
        come_back();
        assert_status(vp.steal.status, PV_OK);
        assert_true(machine.steal.xen_64);
    }
    assert_int_equal(count, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(told_bits[i], i + 1);
    rig_down();
}

static void on_a_new_domain_the_right_layout_is_read(void **state)
{
    (void)state;
    rig_on(&by_gpa);
    steal(900);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.steal.xen_64 = false;
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    steal(100);
    assert_int_equal(pv_steal_ns(&vp), 1000);
    assert_int_equal(((const uint64_t *)(void *)vp.steal.area)[3], 67); /* runnable of 100 */
    rig_down();
}

static void the_page_is_given_back_at_once(void **state)
{
    uint32_t live;

    (void)state;
    rig_up(&by_gpa);
    live = machine.os.live_pages;
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    assert_int_equal(machine.os.live_pages, live);
    assert_int_equal(machine.steal.xen_pages, 1);
    assert_int_equal(machine.os.allocs, machine.os.frees);
    assert_true(machine.os.allocs > 0);
    rig_down();
}

static void without_a_page_xen_is_not_told(void **state)
{
    (void)state;
    rig_up(&by_gpa);
    machine.os.fail.alloc = 1;
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_NO_MEMORY);
    assert_status(vp.steal.status, PV_NO_MEMORY);
    assert_int_equal(count, 0);
    assert_int_equal(machine.msr_writes, 0);
    assert_int_equal(vp.told.count, 0);
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    rig_down();
}

static void a_page_without_a_gpa_is_a_bad_address_and_given_back(void **state)
{
    (void)state;
    rig_up(&by_gpa);
    machine.os.fail.virt_to_gpa = 2; /* the first is the area's */
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_BAD_ADDRESS);
    assert_int_equal(count, 0);
    assert_int_equal(machine.msr_writes, 0);
    assert_int_equal(machine.os.allocs, machine.os.frees);
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    rig_down();
}

static void an_msr_that_cannot_be_xens_is_malformed_and_not_written(void **state)
{
    static const uint32_t others[] = { 0, 0x10, 0xC0000080, 0x3FFFFFFF, 0x50000000, ~0u };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        rig_machine(&by_gpa);
        machine.steal.xen_msr = others[i];
        rig_init();
        note_calls();
        assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_MALFORMED);
        assert_int_equal(count, 0);
        assert_int_equal(machine.msr_writes, 0);
        assert_int_equal(machine.os.allocs, 0);
        assert_int_equal(vp.told.count, 0);
        rig_down();
    }
}

static void the_first_and_the_last_msr_of_the_range_are_xens(void **state)
{
    static const uint32_t ends[] = { 0x40000000, 0x4FFFFFFF };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        rig_machine(&by_gpa);
        machine.steal.xen_msr = ends[i];
        rig_init();
        assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
        assert_int_equal(machine.steal.xen_pages, 1);
        rig_down();
    }
}

/* The low half of one time and the high half of another: nonsense, but it never decreases. */
static void a_xen_that_goes_on_with_32_bits_does_no_harm(void **state)
{
    /* Runnable is the second of four times, from 12 on. */
    const size_t at = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 20 : 24;
    uint64_t last = 0;
    uint32_t low;

    (void)state;
    rig_machine(&by_gpa);
    machine.steal.xen_deaf = true;
    rig_init();
    assert_status(pv_steal_enable(&vp, PV_STEAL_XEN), PV_OK);
    for (uint64_t ns = 1; ns < 1ull << 62; ns = ns * 5 / 2 + 1) {
        sim_steal_set(&machine, 0, ns);
        memcpy(&low, vp.steal.area + at, sizeof(low));
        assert_int_equal(low, (uint32_t)(ns - ns / 3));
        assert_true(pv_steal_ns(&vp) >= last);
        last = pv_steal_ns(&vp);
    }
    assert_true(last > 0); /* so it was read */
    rig_down();
}

/* ---- the area ---- */

static void stolen_is_runnable_plus_offline(void **state)
{
    uint64_t *times;

    (void)state;
    rig_on(&by_gpa);
    times = (uint64_t *)(void *)(vp.steal.area + 16); /* running, runnable, blocked, offline */
    times[0] = 1ull << 40;
    times[2] = 1ull << 41;
    assert_int_equal(pv_steal_ns(&vp), 0);
    times[1] = 30;
    assert_int_equal(pv_steal_ns(&vp), 30);
    times[3] = 12;
    assert_int_equal(pv_steal_ns(&vp), 42);
    memset(vp.steal.area, 0, 64); /* as the host left it */
    rig_down();
}

static void bit_63_of_the_entry_time_says_that_it_is_being_written(void **state)
{
    uint64_t *words;

    (void)state;
    rig_on(&by_gpa);
    words = (uint64_t *)(void *)vp.steal.area;
    words[1] = 1ull << 63 | 5;
    words[3] = 30;
    assert_int_equal(pv_steal_ns(&vp), 0);
    assert_int_equal(vp.steal.given_up, 1);
    words[1] = 6;
    assert_int_equal(pv_steal_ns(&vp), 30);
    memset(vp.steal.area, 0, 64);
    rig_down();
}

static void only_the_state_runnable_says_preempted(void **state)
{
    (void)state;
    rig_on(&by_gpa);
    for (unsigned runstate = 0; runstate < 4; runstate++) {
        sim_steal_hint(&machine, 0, (uint8_t)runstate);
        assert_int_equal(pv_steal_preempted(&vp), runstate == 1);
    }
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_gpa_it_is_registered_and_taken_back),
        cmocka_unit_test(by_address_it_is_registered_for_good_with_the_update_flag),
        cmocka_unit_test(a_xen_without_the_update_flag_is_read_all_the_same),
        cmocka_unit_test(another_vp_is_registered_under_its_own_number),
        cmocka_unit_test(without_a_vcpu_number_it_is_unsupported),
        cmocka_unit_test(a_xen_whose_leaves_end_before_the_number_is_unsupported),
        cmocka_unit_test(the_number_is_that_of_xens_own_leaves),
        cmocka_unit_test(features_that_cannot_be_asked_for_mean_by_address),
        cmocka_unit_test(an_address_that_is_kept_keeps_other_backends_out),
        cmocka_unit_test(an_address_told_twice_stays_kept),
        cmocka_unit_test(an_area_by_gpa_that_was_kept_once_stays_kept),
        cmocka_unit_test(xen_is_told_of_64_bits_before_each_registration),
        cmocka_unit_test(on_a_new_domain_the_right_layout_is_read),
        cmocka_unit_test(the_page_is_given_back_at_once),
        cmocka_unit_test(without_a_page_xen_is_not_told),
        cmocka_unit_test(a_page_without_a_gpa_is_a_bad_address_and_given_back),
        cmocka_unit_test(an_msr_that_cannot_be_xens_is_malformed_and_not_written),
        cmocka_unit_test(the_first_and_the_last_msr_of_the_range_are_xens),
        cmocka_unit_test(a_xen_that_goes_on_with_32_bits_does_no_harm),
        cmocka_unit_test(stolen_is_runnable_plus_offline),
        cmocka_unit_test(bit_63_of_the_entry_time_says_that_it_is_being_written),
        cmocka_unit_test(only_the_state_runnable_says_preempted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
