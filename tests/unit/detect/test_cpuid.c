/* SPDX-License-Identifier: MIT */
#include "unit/detect/machine.h"

#include <pv/abi/hv.h>
#include <pv/abi/kvm.h>
#include <pv/detect.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FIRST 0x40000000u
#define SECOND 0x40000100u
#define END 0x40010000u

static struct machine machine;
static struct pv_detect detect;

/* What QEMU shows with its Hyper-V enlightenments on. */
static void add_hyperv(uint32_t base)
{
    machine_vendor(&machine, base, base + 0xC, "Microsoft Hv");
    machine_leaf(&machine, base + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
    machine_leaf(&machine, base + 3, 0x2E7F, 0x388030, 2, 0xBED7B2);
    machine_leaf(&machine, base + 5, 64, 128, 0, 0);
}

static void add_kvm(uint32_t base)
{
    machine_vendor(&machine, base, base + 1, "KVMKVMKVM\0\0");
    machine_leaf(&machine, base + 1, PV_KVM_FEATURE_STEAL_TIME | PV_KVM_FEATURE_CLOCKSOURCE2, 0, 0,
                 PV_KVM_HINT_REALTIME);
}

static void assert_interface(unsigned i, enum pv_detect_kind kind, uint32_t base, uint32_t max,
                             const char *vendor)
{
    assert_true(i < detect.count);
    assert_int_equal(detect.interfaces[i].kind, kind);
    assert_int_equal(detect.interfaces[i].base, base);
    assert_int_equal(detect.interfaces[i].max_leaf, max);
    assert_string_equal(detect.interfaces[i].vendor, vendor);
    assert_true(pv_detect_has(&detect, kind));
}

static void assert_nothing_found(void)
{
    static const struct pv_detect nothing;

    assert_memory_equal(&detect, &nothing, sizeof(detect));
}

/* ---- who is there ---- */

static void bare_metal_is_none_and_its_leaves_are_not_read(void **state)
{
    (void)state;
    machine_init(&machine);
    machine.port.has_cpuid = true;
    machine_leaf(&machine, 1, 0, 0, 0x7FFFFFFF, 0);
    add_hyperv(FIRST); /* what Intel's answer beyond the last leaf might look like */
    pv_detect_probe(&detect, NULL);
    assert_nothing_found();
    assert_int_equal(machine.asked, 1);
}

static void every_known_vendor_is_named(void **state)
{
    static const struct {
        char vendor[13];
        uint32_t max_leaf;
        enum pv_detect_kind kind;
        const char *name;
    } cases[] = {
        { "KVMKVMKVM\0\0\0", 0x40000001, PV_DETECT_KVM, "KVM" },
        { "XenVMMXenVMM", 0x40000005, PV_DETECT_XEN, "Xen" },
        { "VMwareVMware", 0x40000010, PV_DETECT_VMWARE, "VMware" },
        { "bhyve bhyve ", 0x40000000, PV_DETECT_BHYVE, "bhyve" },
        { "ACRNACRNACRN", 0x40000010, PV_DETECT_ACRN, "ACRN" },
        { "Jailhouse\0\0\0", 0x40000002, PV_DETECT_JAILHOUSE, "Jailhouse" },
        { "TCGTCGTCGTCG", 0x40000001, PV_DETECT_QEMU_TCG, "QEMU TCG" },
        { "VBoxVBoxVBox", 0x40000006, PV_DETECT_UNKNOWN, "unknown" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine_init_x86(&machine);
        machine_vendor(&machine, FIRST, cases[i].max_leaf, cases[i].vendor);
        pv_detect_probe(&detect, NULL);
        assert_int_equal(detect.count, 1);
        assert_int_equal(detect.kind, cases[i].kind);
        assert_int_equal(detect.kinds, 1u << cases[i].kind);
        assert_interface(0, cases[i].kind, FIRST, cases[i].max_leaf, cases[i].vendor);
        assert_string_equal(pv_detect_name(detect.kind), cases[i].name);
    }
}

static void hyperv_is_known_by_its_interface_not_by_its_vendor(void **state)
{
    static const char *const vendors[] = { "Microsoft Hv", "Linux KVM Hv", "KVMKVMKVM\0\0",
                                           "XenVMMXenVMM", "\0\0\0\0\0\0\0\0\0\0\0" };

    (void)state;
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        machine_init_x86(&machine);
        machine_vendor(&machine, FIRST, FIRST + 5, vendors[i]);
        machine_leaf(&machine, FIRST + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
        pv_detect_probe(&detect, NULL);
        assert_int_equal(detect.count, 1);
        assert_interface(0, PV_DETECT_HYPERV, FIRST, FIRST + 5, vendors[i]);
        assert_int_equal(detect.kind, PV_DETECT_HYPERV);
    }
}

static void microsoft_without_its_interface_is_unknown(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, FIRST, FIRST + 5, "Microsoft Hv");
    machine_leaf(&machine, FIRST + 1, 0x30237648, 0, 0, 0); /* "Hv#0" */
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.count, 1);
    assert_interface(0, PV_DETECT_UNKNOWN, FIRST, FIRST + 5, "Microsoft Hv");
    assert_false(pv_detect_has(&detect, PV_DETECT_HYPERV));
}

static void an_interface_id_above_the_highest_leaf_is_none(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, FIRST, FIRST, "bhyve bhyve ");
    machine_leaf(&machine, FIRST + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kinds, 1u << PV_DETECT_BHYVE);
}

static void kvm_behind_hyperv_is_found_with_both_their_features(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    add_hyperv(FIRST);
    add_kvm(SECOND);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kind, PV_DETECT_HYPERV);
    assert_int_equal(detect.count, 2);
    assert_int_equal(detect.kinds, 1u << PV_DETECT_HYPERV | 1u << PV_DETECT_KVM);
    assert_interface(0, PV_DETECT_HYPERV, FIRST, FIRST + 0xC, "Microsoft Hv");
    assert_interface(1, PV_DETECT_KVM, SECOND, SECOND + 1, "KVMKVMKVM");
    assert_int_equal(detect.hyperv.privileges, 0x38803000002E7Full);
    assert_int_equal(detect.hyperv.max_vps, 64);
    assert_int_equal(detect.kvm.features, PV_KVM_FEATURE_STEAL_TIME | PV_KVM_FEATURE_CLOCKSOURCE2);
    assert_int_equal(detect.kvm.hints, PV_KVM_HINT_REALTIME);
}

static void xen_behind_hyperv_is_found(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    add_hyperv(FIRST);
    machine_vendor(&machine, SECOND, SECOND + 5, "XenVMMXenVMM");
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kind, PV_DETECT_HYPERV);
    assert_int_equal(detect.count, 2);
    assert_interface(1, PV_DETECT_XEN, SECOND, SECOND + 5, "XenVMMXenVMM");
    assert_false(pv_detect_has(&detect, PV_DETECT_KVM));
}

static void the_interface_at_the_lowest_base_comes_first(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    add_hyperv(0x4000FF00); /* the last base that is looked at */
    add_kvm(SECOND);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kind, PV_DETECT_KVM);
    assert_int_equal(detect.count, 2);
    assert_interface(0, PV_DETECT_KVM, SECOND, SECOND + 1, "KVMKVMKVM");
    assert_interface(1, PV_DETECT_HYPERV, 0x4000FF00, 0x4000FF0C, "Microsoft Hv");
}

static void an_interface_beyond_the_scanned_range_is_not_found(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    add_kvm(FIRST);
    add_hyperv(END);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.count, 1);
    assert_false(pv_detect_has(&detect, PV_DETECT_HYPERV));
}

static void the_first_interface_of_a_kind_gives_the_features(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    add_hyperv(FIRST);
    add_kvm(SECOND);
    machine_vendor(&machine, 0x40000200, 0x40000205, "Microsoft Hv");
    machine_leaf(&machine, 0x40000201, PV_HV_INTERFACE_HV1, 0, 0, 0);
    machine_leaf(&machine, 0x40000203, 1, 2, 3, 4);
    machine_vendor(&machine, 0x40000300, 0x40000301, "KVMKVMKVM\0\0");
    machine_leaf(&machine, 0x40000301, 0xFFFFFFFF, 0, 0, 0xFFFFFFFF);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.count, 4);
    assert_int_equal(detect.hyperv.features, 0xBED7B2);
    assert_int_equal(detect.kvm.features, PV_KVM_FEATURE_STEAL_TIME | PV_KVM_FEATURE_CLOCKSOURCE2);
}

/* ---- answers that nobody should give ---- */

static void old_kvm_with_a_highest_leaf_of_0_still_has_its_features(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, FIRST, 0, "KVMKVMKVM\0\0");
    machine_leaf(&machine, FIRST + 1, PV_KVM_FEATURE_STEAL_TIME, 0, 0, 0);
    pv_detect_probe(&detect, NULL);
    assert_interface(0, PV_DETECT_KVM, FIRST, FIRST + 1, "KVMKVMKVM");
    assert_int_equal(detect.kvm.features, PV_KVM_FEATURE_STEAL_TIME);
}

static void a_known_vendor_with_an_impossible_highest_leaf_is_cut_to_its_range(void **state)
{
    static const struct {
        uint32_t told;
        uint32_t max;
    } cases[] = {
        { 0, FIRST },
        { FIRST - 1, FIRST },
        { FIRST + 0xFF, FIRST + 0xFF },
        { FIRST + 0x100, FIRST + 0xFF },
        { 0xFFFFFFFF, FIRST + 0xFF },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine_init_x86(&machine);
        machine_vendor(&machine, FIRST, cases[i].told, "XenVMMXenVMM");
        pv_detect_probe(&detect, NULL);
        assert_int_equal(detect.count, 1);
        assert_interface(0, PV_DETECT_XEN, FIRST, cases[i].max, "XenVMMXenVMM");
    }
}

static void an_unknown_vendor_with_an_impossible_highest_leaf_is_no_interface(void **state)
{
    static const uint32_t told[] = { 0, FIRST - 1, FIRST + 0x100, 0xFFFFFFFF };

    (void)state;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        machine_init_x86(&machine);
        machine_vendor(&machine, FIRST, told[i], "Microsoft Hv");
        machine_leaf(&machine, FIRST + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
        machine_leaf(&machine, FIRST + 3, 0xFFFFFFFF, 0xFFFFFFFF, 0, 0);
        pv_detect_probe(&detect, NULL);
        assert_interface(0, PV_DETECT_UNKNOWN, FIRST, FIRST, "");
        assert_int_equal(detect.count, 1);
        assert_int_equal(detect.hyperv.privileges, 0);
    }
}

static void a_hypervisor_without_a_name_is_unknown(void **state)
{
    (void)state;
    machine_init_x86(&machine);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kind, PV_DETECT_UNKNOWN);
    assert_int_equal(detect.count, 1);
    assert_interface(0, PV_DETECT_UNKNOWN, FIRST, FIRST, "");
    /* A plausible leaf but no vendor. */
    machine_init_x86(&machine);
    machine_leaf(&machine, FIRST, FIRST + 3, 0, 0, 0);
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.count, 1);
    assert_interface(0, PV_DETECT_UNKNOWN, FIRST, FIRST, "");
}

/* Processors repeat one and the same data at every leaf that is not there. Only data that could be
 * an interface of an unknown vendor is taken for one, and never for a known one. */
static void data_beyond_the_last_leaf_is_no_known_interface(void **state)
{
    static const struct {
        uint32_t beyond;
        uint32_t count;
    } cases[] = { { 7, 1 },
                  { FIRST + 5, 1 },
                  { 0x4B4D564B, 1 },
                  { 0xFFFFFFFF, 1 },
                  { 0x40000180, 2 } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine_init_x86(&machine);
        add_kvm(FIRST);
        machine.beyond = cases[i].beyond;
        pv_detect_probe(&detect, NULL);
        assert_int_equal(detect.kind, PV_DETECT_KVM);
        assert_int_equal(detect.count, cases[i].count);
        assert_int_equal(detect.kinds & ~(1u << PV_DETECT_UNKNOWN), 1u << PV_DETECT_KVM);
    }
}

static void a_signature_without_features_gives_all_zero_features(void **state)
{
    static const struct pv_detect_hyperv no_hyperv;
    static const struct pv_detect_kvm no_kvm;

    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, FIRST, FIRST + 1, "Microsoft Hv");
    machine_leaf(&machine, FIRST + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
    machine_vendor(&machine, SECOND, SECOND, "KVMKVMKVM\0\0");
    machine.beyond = 0;
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.count, 2);
    assert_int_equal(detect.kinds, 1u << PV_DETECT_HYPERV | 1u << PV_DETECT_KVM);
    assert_memory_equal(&detect.hyperv, &no_hyperv, sizeof(no_hyperv));
    assert_memory_equal(&detect.kvm, &no_kvm, sizeof(no_kvm));
}

static void leaves_above_the_highest_one_are_never_read_as_features(void **state)
{
    static const struct pv_detect_hyperv no_hyperv;

    (void)state;
    machine_init_x86(&machine);
    machine_vendor(&machine, FIRST, FIRST + 1, "Microsoft Hv");
    machine_leaf(&machine, FIRST + 1, PV_HV_INTERFACE_HV1, 0, 0, 0);
    for (uint32_t leaf = 2; leaf <= 0xC; leaf++)
        machine_leaf(&machine, FIRST + leaf, 0x11111111, 0x22222222, 0x33333333, 0x44444444);
    pv_detect_probe(&detect, NULL);
    assert_memory_equal(&detect.hyperv, &no_hyperv, sizeof(no_hyperv));
}

static void too_many_interfaces_fill_the_table_and_no_more(void **state)
{
    uint32_t base;

    (void)state;
    machine_init_x86(&machine);
    for (base = FIRST; base < END; base += 0x100)
        machine_vendor(&machine, base, base + 2, "VBoxVBoxVBox");
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.count, PV_DETECT_INTERFACES_MAX);
    for (unsigned i = 0; i < PV_DETECT_INTERFACES_MAX; i++)
        assert_interface(i, PV_DETECT_UNKNOWN, FIRST + i * 0x100, FIRST + i * 0x100 + 2,
                         "VBoxVBoxVBox");
}

static void the_vendor_is_shown_as_printable_text(void **state)
{
    static const struct {
        char bytes[13];
        const char *shown;
    } cases[] = {
        { "Microsoft Hv", "Microsoft Hv" },
        { "a\0\0\0\0\0\0\0\0\0\0\0", "a" },
        { "\0bcdefghijk\0", ".bcdefghijk" },
        { "ab\0\0efghijkl", "ab..efghijkl" },
        { "\0\0\0\0efghijkl", "....efghijkl" },
        { "\0\0\0\0\0\0\0\0ijkl", "........ijkl" },
        { "\x1b[31m\n\t\x7f\x80\xff!~", ".[31m.....!~" },
        { "trailing   \0", "trailing   " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        machine_init_x86(&machine);
        machine_vendor(&machine, FIRST, FIRST + 1, cases[i].bytes);
        pv_detect_probe(&detect, NULL);
        assert_string_equal(detect.interfaces[0].vendor, cases[i].shown);
    }
}

/* ---- any garbage at all ---- */

static uint64_t garbage(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Mostly plausible values, so that the answers get past the first checks. */
static uint32_t garbage_word(uint64_t *seed, uint32_t base)
{
    static const char words[][5] = { "KVMK", "VMKV", "XenV", "MMXe", "Micr", "osof", "t Hv" };
    const uint64_t r = garbage(seed);

    switch (r & 7) {
    case 0:
        return 0;
    case 1:
        return base + (uint32_t)(r >> 8 & 0x1FF);
    case 2:
        return PV_HV_INTERFACE_HV1;
    case 3:
        return machine_word(words[(r >> 8) % 7]);
    default:
        return (uint32_t)(r >> 16);
    }
}

static void make_garbage(uint64_t *seed)
{
    machine_init_x86(&machine);
    for (unsigned i = 0; i < 4 + (unsigned)(garbage(seed) & 7); i++) {
        const uint32_t base = FIRST + (uint32_t)(garbage(seed) & 3) * 0x100;
        const uint32_t leaf = base + (uint32_t)(garbage(seed) & (i & 1 ? 1 : 0xF));

        machine_leaf(&machine, leaf, garbage_word(seed, base), garbage_word(seed, base),
                     garbage_word(seed, base), garbage_word(seed, base));
    }
    machine.beyond = (garbage(seed) & 3) == 0 ? garbage_word(seed, FIRST) : 0;
}

static void assert_clean_vendor(const char vendor[13])
{
    const char *end = memchr(vendor, '\0', 13);

    assert_non_null(end);
    for (; vendor < end; vendor++)
        assert_true(*vendor >= ' ' && *vendor <= '~');
}

static void assert_clean_answer(void)
{
    uint32_t kinds = 0;

    assert_true(detect.count >= 1 && detect.count <= PV_DETECT_INTERFACES_MAX);
    for (unsigned i = 0; i < detect.count; i++) {
        const struct pv_detect_interface *found = &detect.interfaces[i];

        assert_true(found->kind > PV_DETECT_NONE && found->kind < PV_DETECT_KINDS);
        assert_true(found->base >= FIRST && found->base < END && found->base % 0x100 == 0);
        assert_true(found->max_leaf >= found->base && found->max_leaf <= found->base + 0xFF);
        assert_true(i == 0 || found->base > detect.interfaces[i - 1].base);
        assert_clean_vendor(found->vendor);
        kinds |= 1u << found->kind;
    }
    assert_int_equal(detect.kind, detect.interfaces[0].kind);
    assert_int_equal(detect.kinds, kinds);
    if ((kinds >> PV_DETECT_HYPERV & 1) == 0)
        assert_int_equal(detect.hyperv.privileges, 0);
    if ((kinds >> PV_DETECT_KVM & 1) == 0)
        assert_int_equal(detect.kvm.features, 0);
}

static void garbage_gives_a_clean_and_bounded_answer(void **state)
{
    uint64_t seed = 0x2545F4914F6CDD1Dull;

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        make_garbage(&seed);
        memset(&detect, 0xEE, sizeof(detect));
        pv_detect_probe(&detect, NULL);
        assert_clean_answer();
        assert_true(machine.asked <= 1 + 256 * 2 + 7 + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare_metal_is_none_and_its_leaves_are_not_read),
        cmocka_unit_test(every_known_vendor_is_named),
        cmocka_unit_test(hyperv_is_known_by_its_interface_not_by_its_vendor),
        cmocka_unit_test(microsoft_without_its_interface_is_unknown),
        cmocka_unit_test(an_interface_id_above_the_highest_leaf_is_none),
        cmocka_unit_test(kvm_behind_hyperv_is_found_with_both_their_features),
        cmocka_unit_test(xen_behind_hyperv_is_found),
        cmocka_unit_test(the_interface_at_the_lowest_base_comes_first),
        cmocka_unit_test(an_interface_beyond_the_scanned_range_is_not_found),
        cmocka_unit_test(the_first_interface_of_a_kind_gives_the_features),
        cmocka_unit_test(old_kvm_with_a_highest_leaf_of_0_still_has_its_features),
        cmocka_unit_test(a_known_vendor_with_an_impossible_highest_leaf_is_cut_to_its_range),
        cmocka_unit_test(an_unknown_vendor_with_an_impossible_highest_leaf_is_no_interface),
        cmocka_unit_test(a_hypervisor_without_a_name_is_unknown),
        cmocka_unit_test(data_beyond_the_last_leaf_is_no_known_interface),
        cmocka_unit_test(a_signature_without_features_gives_all_zero_features),
        cmocka_unit_test(leaves_above_the_highest_one_are_never_read_as_features),
        cmocka_unit_test(too_many_interfaces_fill_the_table_and_no_more),
        cmocka_unit_test(the_vendor_is_shown_as_printable_text),
        cmocka_unit_test(garbage_gives_a_clean_and_bounded_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
