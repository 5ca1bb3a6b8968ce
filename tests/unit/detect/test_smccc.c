/* SPDX-License-Identifier: MIT */
#include "unit/detect/machine.h"

#include <pv/abi/smccc.h>
#include <pv/detect.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HVC PV_DETECT_CONDUIT_HVC
#define SMC PV_DETECT_CONDUIT_SMC

static struct machine machine;
static struct pv_detect detect;

static void start(void)
{
    machine_init(&machine);
    machine.port.has_smccc = true;
}

static void answer_hyperv(int conduit)
{
    machine_smccc(&machine, conduit, PV_SMCCC_VENDOR_HYP_UID, 0x4D32BA58, 0xCD244764, 0x8EEF6C75,
                  0x16597024);
}

static void answer_kvm(int conduit)
{
    machine_smccc(&machine, conduit, PV_SMCCC_VENDOR_HYP_UID, 0xB66FB428, 0xE911C52E, 0x564BCAA9,
                  0x743A004D);
}

static void probe(enum pv_detect_conduit conduit, const char *fadt)
{
    struct pv_detect_hints hints = { .conduit = conduit };

    memcpy(hints.fadt_hypervisor, fadt, strlen(fadt));
    pv_detect_probe(&detect, &hints);
}

static void assert_only(enum pv_detect_kind kind)
{
    assert_int_equal(detect.kind, kind);
    assert_int_equal(detect.kinds, kind != PV_DETECT_NONE ? 1u << kind : 0);
    assert_int_equal(detect.count, kind != PV_DETECT_NONE);
}

static void without_hints_nothing_is_called_and_nothing_found(void **state)
{
    (void)state;
    start();
    answer_hyperv(HVC);
    answer_hyperv(SMC);
    pv_detect_probe(&detect, NULL);
    assert_only(PV_DETECT_NONE);
    assert_int_equal(machine.asked, 0);
}

static void the_uid_is_asked_for_through_the_told_conduit(void **state)
{
    (void)state;
    start();
    answer_hyperv(HVC);
    answer_kvm(SMC);
    probe(HVC, "");
    assert_only(PV_DETECT_HYPERV);
    assert_int_equal(machine.asked, 1);
    probe(SMC, "");
    assert_only(PV_DETECT_KVM);
    assert_int_equal(machine.asked, 2);
}

static void found_interfaces_have_no_leaves_and_no_vendor_text(void **state)
{
    (void)state;
    start();
    answer_kvm(HVC);
    probe(HVC, "");
    assert_int_equal(detect.interfaces[0].base, 0);
    assert_int_equal(detect.interfaces[0].max_leaf, 0);
    assert_string_equal(detect.interfaces[0].vendor, "");
}

static void not_supported_and_other_uids_are_no_hypervisor(void **state)
{
    (void)state;
    start();
    probe(HVC, "");
    assert_only(PV_DETECT_NONE);
    machine_smccc(&machine, SMC, PV_SMCCC_VENDOR_HYP_UID, 0xFFFFFFFFu, 0xCD244764, 0x8EEF6C75,
                  0x16597024);
    probe(SMC, "");
    assert_only(PV_DETECT_NONE);
}

static void one_wrong_word_is_another_uid(void **state)
{
    static const uint64_t uid[4] = { 0xB66FB428, 0xE911C52E, 0x564BCAA9, 0x743A004D };

    (void)state;
    for (unsigned wrong = 0; wrong < 4; wrong++) {
        uint64_t told[4];

        memcpy(told, uid, sizeof(told));
        told[wrong] ^= 1;
        start();
        machine_smccc(&machine, HVC, PV_SMCCC_VENDOR_HYP_UID, told[0], told[1], told[2], told[3]);
        probe(HVC, "");
        assert_only(PV_DETECT_NONE);
    }
}

/* SMCCC defines 32-bit results; what the upper halves hold is nobody's business. */
static void upper_halves_of_the_answer_do_not_matter(void **state)
{
    (void)state;
    start();
    machine_smccc(&machine, HVC, PV_SMCCC_VENDOR_HYP_UID, 0xFFFFFFFFB66FB428ull,
                  0xFFFFFFFFE911C52Eull, 0x12345678564BCAA9ull, 0xFFFFFFFF743A004Dull);
    probe(HVC, "");
    assert_only(PV_DETECT_KVM);
}

static void an_unknown_conduit_makes_no_call(void **state)
{
    (void)state;
    start();
    answer_kvm(3);
    probe((enum pv_detect_conduit)3, "");
    assert_only(PV_DETECT_NONE);
    assert_int_equal(machine.asked, 0);
}

static void the_fadt_names_the_hypervisor(void **state)
{
    static const struct {
        const char *id;
        enum pv_detect_kind kind;
    } cases[] = {
        { "", PV_DETECT_NONE },
        { "MsHyperV", PV_DETECT_HYPERV },
        { "XenVMMHV", PV_DETECT_XEN },
        { "MsHyperW", PV_DETECT_UNKNOWN },
        { "KVM", PV_DETECT_UNKNOWN },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start();
        probe(PV_DETECT_CONDUIT_NONE, cases[i].id);
        assert_only(cases[i].kind);
        assert_int_equal(machine.asked, 0);
    }
}

static void fadt_and_uid_that_agree_are_one_interface(void **state)
{
    (void)state;
    start();
    answer_hyperv(HVC);
    probe(HVC, "MsHyperV");
    assert_only(PV_DETECT_HYPERV);
}

static void fadt_and_uid_that_differ_are_two_interfaces_fadt_first(void **state)
{
    (void)state;
    start();
    answer_kvm(HVC);
    probe(HVC, "XenVMMHV");
    assert_int_equal(detect.kind, PV_DETECT_XEN);
    assert_int_equal(detect.count, 2);
    assert_int_equal(detect.kinds, 1u << PV_DETECT_XEN | 1u << PV_DETECT_KVM);
    assert_int_equal(detect.interfaces[1].kind, PV_DETECT_KVM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_hints_nothing_is_called_and_nothing_found),
        cmocka_unit_test(the_uid_is_asked_for_through_the_told_conduit),
        cmocka_unit_test(found_interfaces_have_no_leaves_and_no_vendor_text),
        cmocka_unit_test(not_supported_and_other_uids_are_no_hypervisor),
        cmocka_unit_test(one_wrong_word_is_another_uid),
        cmocka_unit_test(upper_halves_of_the_answer_do_not_matter),
        cmocka_unit_test(an_unknown_conduit_makes_no_call),
        cmocka_unit_test(the_fadt_names_the_hypervisor),
        cmocka_unit_test(fadt_and_uid_that_agree_are_one_interface),
        cmocka_unit_test(fadt_and_uid_that_differ_are_two_interfaces_fadt_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
