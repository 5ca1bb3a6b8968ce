/* SPDX-License-Identifier: MIT */
#include "detect/hyperv_leaves.h"
#include "unit/detect/machine.h"

#include <pv/abi/hv.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BASE 0x40000000u
#define ISOLATION (1u << (PV_HV_PRIVILEGE_ISOLATION - 32)) /* leaf 3 EBX */

static struct machine machine;
static struct pv_detect detect;

static void probe_with_leaf(uint32_t leaf, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    machine_init_x86(&machine);
    machine_vendor(&machine, BASE, BASE + 0xC, "Microsoft Hv");
    machine_leaf(&machine, BASE + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
    machine_leaf(&machine, BASE + leaf, eax, ebx, ecx, edx);
    pv_detect_probe(&detect, NULL);
}

static void probe_with_isolation(uint32_t privileges, uint32_t eax, uint32_t ebx)
{
    machine_init_x86(&machine);
    machine_vendor(&machine, BASE, BASE + 0xC, "Microsoft Hv");
    machine_leaf(&machine, BASE + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
    machine_leaf(&machine, BASE + 3, 0, privileges, 0, 0);
    machine_leaf(&machine, BASE + 0xC, eax, ebx, 0xFFFFFFFF, 0xFFFFFFFF);
    pv_detect_probe(&detect, NULL);
}

/* ---- leaves 2 to 0xA ---- */

static void version_is_build_major_and_minor(void **state)
{
    (void)state;
    probe_with_leaf(2, 19041, 10u << 16 | 7, 1, 2);
    assert_int_equal(detect.hyperv.version_build, 19041);
    assert_int_equal(detect.hyperv.version_major, 10);
    assert_int_equal(detect.hyperv.version_minor, 7);
    probe_with_leaf(2, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0);
    assert_int_equal(detect.hyperv.version_major, 0xFFFF);
    assert_int_equal(detect.hyperv.version_minor, 0xFFFF);
}

static void privileges_are_ebx_above_eax_and_features_are_edx(void **state)
{
    (void)state;
    probe_with_leaf(3, 1u << PV_HV_PRIVILEGE_HYPERCALL, 1u << (PV_HV_PRIVILEGE_ACCESS_VSM - 32),
                    0x77777777, PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT);
    assert_int_equal(detect.hyperv.privileges,
                     1ull << PV_HV_PRIVILEGE_HYPERCALL | 1ull << PV_HV_PRIVILEGE_ACCESS_VSM);
    assert_int_equal(detect.hyperv.features, PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT);
}

static void hints_carry_spins_and_address_width(void **state)
{
    (void)state;
    probe_with_leaf(4, PV_HV_HINT_CLUSTER_IPI | PV_HV_HINT_NESTED, 4095, 46, 0);
    assert_int_equal(detect.hyperv.hints, PV_HV_HINT_CLUSTER_IPI | PV_HV_HINT_NESTED);
    assert_int_equal(detect.hyperv.spin_retries, 4095);
    assert_int_equal(detect.hyperv.physical_address_bits, 46);
    probe_with_leaf(4, 0, 0, 0xFFFFFFAE, 0); /* only seven bits are the width */
    assert_int_equal(detect.hyperv.physical_address_bits, 46);
}

static void both_ways_to_say_never_spin_notify_are_one_value(void **state)
{
    static const struct {
        uint32_t told;
        uint32_t retries;
    } cases[] = { { 0, 0 },
                  { 1, 1 },
                  { 4095, 4095 },
                  { 0xFFFFFFFE, 0xFFFFFFFE },
                  { 0xFFFFFFFF, 0 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        probe_with_leaf(4, 0, cases[i].told, 0, 0);
        assert_int_equal(detect.hyperv.spin_retries, cases[i].retries);
    }
}

static void limits_hardware_and_nested_words_are_kept(void **state)
{
    (void)state;
    probe_with_leaf(5, 240, 1024, 0x5555, 0);
    assert_int_equal(detect.hyperv.max_vps, 240);
    assert_int_equal(detect.hyperv.max_lps, 1024);
    probe_with_leaf(6, 0xF, 1, 2, 3);
    assert_int_equal(detect.hyperv.hardware, 0xF);
    probe_with_leaf(0xA, 0x60101, 1, 2, 3);
    assert_int_equal(detect.hyperv.nested, 0x60101);
}

static void leaves_nobody_asked_for_change_nothing(void **state)
{
    static const struct pv_detect_hyperv nothing;

    (void)state;
    for (uint32_t leaf = 7; leaf <= 0xC; leaf++) {
        probe_with_leaf(leaf, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF);
        detect.hyperv.nested = 0; /* leaf 0xA */
        assert_memory_equal(&detect.hyperv, &nothing, sizeof(nothing));
    }
}

static void the_highest_leaf_bounds_what_is_read(void **state)
{
    (void)state;
    for (uint32_t max = 2; max <= 0xC; max++) {
        machine_init_x86(&machine);
        machine_vendor(&machine, BASE, BASE + max, "Microsoft Hv");
        machine_leaf(&machine, BASE + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
        for (uint32_t leaf = 2; leaf <= 0xC; leaf++)
            machine_leaf(&machine, BASE + leaf, leaf, ISOLATION | 1, 0, 0);
        pv_detect_probe(&detect, NULL);
        assert_int_equal(detect.hyperv.version_build, 2);
        assert_int_equal(detect.hyperv.privileges & 0xFF, max >= 3 ? 3 : 0);
        assert_int_equal(detect.hyperv.hints, max >= 4 ? 4 : 0);
        assert_int_equal(detect.hyperv.max_vps, max >= 5 ? 5 : 0);
        assert_int_equal(detect.hyperv.hardware, max >= 6 ? 6 : 0);
        assert_int_equal(detect.hyperv.nested, max >= 0xA ? 0xA : 0);
        assert_int_equal(detect.hyperv.isolation, max >= 0xC ? 1 : 0);
    }
}

/* ---- isolation ---- */

static void isolation_types_are_told_apart(void **state)
{
    static const enum pv_detect_isolation types[] = {
        PV_DETECT_ISOLATION_NONE, PV_DETECT_ISOLATION_VBS, PV_DETECT_ISOLATION_SNP,
        PV_DETECT_ISOLATION_TDX,  PV_DETECT_ISOLATION_CCA,
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        probe_with_isolation(ISOLATION, 0, i | 0x10); /* bit 4 is reserved */
        assert_int_equal(detect.hyperv.isolation, types[i]);
        assert_false(detect.hyperv.paravisor);
        assert_int_equal(detect.hyperv.shared_gpa_boundary_bits, 0);
    }
}

static void an_isolation_without_a_name_is_not_taken_for_none(void **state)
{
    (void)state;
    for (uint32_t type = 5; type <= 15; type++) {
        probe_with_isolation(ISOLATION, 0, type);
        assert_int_equal(detect.hyperv.isolation, type);
    }
}

static void without_the_privilege_the_isolation_leaf_means_nothing(void **state)
{
    (void)state;
    probe_with_isolation(~ISOLATION, 0xFFFFFFFF, 0xFFFFFFFF);
    assert_int_equal(detect.hyperv.isolation, PV_DETECT_ISOLATION_NONE);
    assert_false(detect.hyperv.paravisor);
    assert_int_equal(detect.hyperv.shared_gpa_boundary_bits, 0);
}

static void a_paravisor_is_told(void **state)
{
    (void)state;
    probe_with_isolation(ISOLATION, PV_HV_ISOLATION_PARAVISOR, 2);
    assert_true(detect.hyperv.paravisor);
    assert_int_equal(detect.hyperv.isolation, PV_DETECT_ISOLATION_SNP);
    probe_with_isolation(ISOLATION, ~PV_HV_ISOLATION_PARAVISOR, 2);
    assert_false(detect.hyperv.paravisor);
}

static void the_shared_boundary_counts_only_while_active(void **state)
{
    static const struct {
        uint32_t ebx;
        uint8_t bits;
    } cases[] = {
        { 2 | 47u << 6, 0 },
        { 2 | 1u << 5 | 47u << 6, 47 },
        { 3 | 1u << 5 | 51u << 6, 51 },
        { 1 | 1u << 5, 0 },
        { 0xFFFFFFE1, 63 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        probe_with_isolation(ISOLATION, 0, cases[i].ebx);
        assert_int_equal(detect.hyperv.shared_gpa_boundary_bits, cases[i].bits);
    }
}

/* ---- the decoder by itself, as arm64 uses it ---- */

static void the_decoder_writes_every_word_it_owns(void **state)
{
    static const struct pv_detect_leaves nothing;
    const struct pv_detect_leaves leaves = {
        .version = { 1, 2u << 16 | 3, 0, 0 },
        .features = { 4, 5, 6, 7 },
        .hints = { 8, 9, 10, 0 },
        .limits = { 11, 12, 0, 0 },
        .hardware = { 13, 0, 0, 0 },
        .nested = { 14, 0, 0, 0 },
    };
    static const struct pv_detect_hyperv zero;
    static struct pv_detect_hyperv hyperv;

    (void)state;
    pv_detect_decode_(&hyperv, &leaves);
    assert_int_equal(hyperv.privileges, 5ull << 32 | 4);
    assert_int_equal(hyperv.features, 7);
    assert_int_equal(hyperv.physical_address_bits, 10);
    assert_int_equal(hyperv.max_lps, 12);
    assert_int_equal(hyperv.nested, 14);
    pv_detect_decode_(&hyperv, &nothing);
    assert_memory_equal(&hyperv, &zero, sizeof(zero));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_build_major_and_minor),
        cmocka_unit_test(privileges_are_ebx_above_eax_and_features_are_edx),
        cmocka_unit_test(hints_carry_spins_and_address_width),
        cmocka_unit_test(both_ways_to_say_never_spin_notify_are_one_value),
        cmocka_unit_test(limits_hardware_and_nested_words_are_kept),
        cmocka_unit_test(leaves_nobody_asked_for_change_nothing),
        cmocka_unit_test(the_highest_leaf_bounds_what_is_read),
        cmocka_unit_test(isolation_types_are_told_apart),
        cmocka_unit_test(an_isolation_without_a_name_is_not_taken_for_none),
        cmocka_unit_test(without_the_privilege_the_isolation_leaf_means_nothing),
        cmocka_unit_test(a_paravisor_is_told),
        cmocka_unit_test(the_shared_boundary_counts_only_while_active),
        cmocka_unit_test(the_decoder_writes_every_word_it_owns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
