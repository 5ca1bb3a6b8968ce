/* SPDX-License-Identifier: MIT */
#include "unit/detect/machine.h"

#include <pv/abi/hv.h>
#include <pv/abi/smccc.h>
#include <pv/detect.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct machine machine;
static struct pv_detect detect;

static void every_kind_has_a_name_of_its_own(void **state)
{
    static const char *const names[PV_DETECT_KINDS] = {
        "none", "Hyper-V", "KVM",       "Xen",      "VMware",
        "bhyve", "ACRN",   "Jailhouse", "QEMU TCG", "unknown",
    };

    (void)state;
    for (unsigned kind = 0; kind < PV_DETECT_KINDS; kind++)
        assert_string_equal(pv_detect_name((enum pv_detect_kind)kind), names[kind]);
}

static void a_number_that_is_no_kind_is_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(pv_detect_name(PV_DETECT_KINDS), "?");
    assert_string_equal(pv_detect_name((enum pv_detect_kind)32), "?");
    assert_string_equal(pv_detect_name((enum pv_detect_kind)-1), "?");
}

static void has_tells_the_kinds_of_the_set(void **state)
{
    struct pv_detect all;

    (void)state;
    memset(&all, 0, sizeof(all));
    for (unsigned kind = 0; kind < PV_DETECT_KINDS; kind++)
        assert_false(pv_detect_has(&all, (enum pv_detect_kind)kind));
    all.kinds = 1u << PV_DETECT_XEN;
    assert_true(pv_detect_has(&all, PV_DETECT_XEN));
    assert_false(pv_detect_has(&all, PV_DETECT_KVM));
    assert_false(pv_detect_has(&all, PV_DETECT_VMWARE));
}

static void has_is_false_for_a_number_that_is_no_kind(void **state)
{
    struct pv_detect all;

    (void)state;
    memset(&all, 0xFF, sizeof(all));
    assert_true(pv_detect_has(&all, PV_DETECT_UNKNOWN));
    assert_false(pv_detect_has(&all, PV_DETECT_KINDS));
    assert_false(pv_detect_has(&all, (enum pv_detect_kind)31));
    assert_false(pv_detect_has(&all, (enum pv_detect_kind)32));
    assert_false(pv_detect_has(&all, (enum pv_detect_kind)-1));
}

static void find_gives_the_lowest_interface_of_a_kind(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, 0x40000000, 0x40000001, "KVMKVMKVM\0\0");
    machine_vendor(&machine, 0x40000100, 0x40000104, "XenVMMXenVMM");
    machine_vendor(&machine, 0x40000200, 0x40000202, "XenVMMXenVMM");
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.count, 3);
    assert_ptr_equal(pv_detect_find(&detect, PV_DETECT_KVM), &detect.interfaces[0]);
    assert_ptr_equal(pv_detect_find(&detect, PV_DETECT_XEN), &detect.interfaces[1]);
    assert_int_equal(pv_detect_find(&detect, PV_DETECT_XEN)->base, 0x40000100);
}

static void find_gives_null_for_what_was_not_found(void **state)
{
    struct pv_detect none;

    (void)state;
    memset(&none, 0, sizeof(none));
    for (unsigned kind = 0; kind < PV_DETECT_KINDS; kind++)
        assert_null(pv_detect_find(&none, (enum pv_detect_kind)kind));
    machine_init_x86(&machine);
    machine_vendor(&machine, 0x40000000, 0x40000001, "KVMKVMKVM\0\0");
    pv_detect_probe(&detect, NULL);
    assert_null(pv_detect_find(&detect, PV_DETECT_XEN));
    assert_null(pv_detect_find(&detect, PV_DETECT_NONE));
    assert_null(pv_detect_find(&detect, PV_DETECT_KINDS));
    assert_null(pv_detect_find(&detect, (enum pv_detect_kind)-1));
}

static void a_machine_without_any_way_to_ask_has_no_hypervisor(void **state)
{
    static const struct pv_detect nothing;
    const struct pv_detect_hints hints = { PV_DETECT_CONDUIT_HVC, "MsHyper" };

    (void)state;
    machine_init(&machine);
    memset(&detect, 0xEE, sizeof(detect));
    pv_detect_probe(&detect, &hints);
    assert_memory_equal(&detect, &nothing, sizeof(detect));
    assert_int_equal(machine.asked, 0);
}

/* Nothing of an earlier probe stays: the host may have changed over a resume. */
static void a_probe_forgets_the_one_before(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, 0x40000000, 0x40000005, "Microsoft Hv");
    machine_leaf(&machine, 0x40000001, PV_HV_INTERFACE_HV1, 0, 0, 0);
    machine_leaf(&machine, 0x40000003, 0xFF, 0xFF, 0, 0xFF);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kind, PV_DETECT_HYPERV);
    machine_init_x86(&machine);
    machine_vendor(&machine, 0x40000000, 0x40000001, "KVMKVMKVM\0\0");
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kind, PV_DETECT_KVM);
    assert_int_equal(detect.count, 1);
    assert_int_equal(detect.hyperv.privileges, 0);
}

static void probing_twice_answers_the_same(void **state)
{
    struct pv_detect again;

    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, 0x40000000, 0x40000005, "XenVMMXenVMM");
    pv_detect_probe(&detect, NULL);
    pv_detect_probe(&again, NULL);
    assert_memory_equal(&detect, &again, sizeof(detect));
}

static void hints_are_for_machines_with_smccc_only(void **state)
{
    struct pv_detect_hints hints = { .conduit = PV_DETECT_CONDUIT_HVC };

    (void)state;
    memcpy(hints.fadt_hypervisor, PV_FADT_XEN, 8);
    machine_init_x86(&machine);
    machine_vendor(&machine, 0x40000000, 0x40000001, "KVMKVMKVM\0\0");
    pv_detect_probe(&detect, &hints);
    assert_int_equal(detect.kinds, 1u << PV_DETECT_KVM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
        cmocka_unit_test(a_number_that_is_no_kind_is_a_question_mark),
        cmocka_unit_test(has_tells_the_kinds_of_the_set),
        cmocka_unit_test(has_is_false_for_a_number_that_is_no_kind),
        cmocka_unit_test(find_gives_the_lowest_interface_of_a_kind),
        cmocka_unit_test(find_gives_null_for_what_was_not_found),
        cmocka_unit_test(a_machine_without_any_way_to_ask_has_no_hypervisor),
        cmocka_unit_test(a_probe_forgets_the_one_before),
        cmocka_unit_test(probing_twice_answers_the_same),
        cmocka_unit_test(hints_are_for_machines_with_smccc_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
