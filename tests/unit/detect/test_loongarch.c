/* SPDX-License-Identifier: MIT */
#include "unit/detect/machine.h"

#include <pv/detect.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct machine machine;
static struct pv_detect detect;
static uint32_t signature, features;

static uint32_t cpucfg(struct pv_sim *sim, uint32_t word)
{
    struct machine *asked = sim->machine;

    asked->asked++;
    if (word == 0x40000000)
        return signature;
    return word == 0x40000004 ? features : 0xBAD00BAD;
}

static void start(uint32_t its_signature, uint32_t its_features)
{
    machine_init(&machine);
    machine.port.has_loongarch = true;
    machine.port.cpucfg = cpucfg;
    signature = its_signature;
    features = its_features;
    memset(&detect, 0xEE, sizeof(detect));
}

static void kvm_is_known_by_its_signature_and_its_features_are_read(void **state)
{
    (void)state;
    start(0x004D564B, 0x01000006); /* "KVM" */
    pv_detect_probe(&detect, NULL);
    assert_int_equal(detect.kind, PV_DETECT_KVM);
    assert_int_equal(detect.kinds, 1u << PV_DETECT_KVM);
    assert_int_equal(detect.count, 1);
    assert_int_equal(detect.interfaces[0].base, 0);
    assert_int_equal(detect.kvm.features, 0x01000006);
    assert_int_equal(detect.kvm.hints, 0);
}

/* Its words may trap there. */
static void on_bare_metal_no_word_is_asked_for(void **state)
{
    static const struct pv_detect nothing;

    (void)state;
    start(0x004D564B, ~0u);
    machine.port.bare_metal = true;
    pv_detect_probe(&detect, NULL);
    assert_memory_equal(&detect, &nothing, sizeof(detect));
    assert_int_equal(machine.asked, 0);
}

static void a_virtual_machine_without_kvms_signature_is_unknown_and_has_no_features(void **state)
{
    static const uint32_t signatures[] = { 0, 0x004D564C, 0x4D564B00, 0xFF4D564B, ~0u };

    (void)state;
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        start(signatures[i], ~0u);
        pv_detect_probe(&detect, NULL);
        assert_int_equal(detect.kind, PV_DETECT_UNKNOWN);
        assert_int_equal(detect.count, 1);
        assert_int_equal(detect.kvm.features, 0);
        assert_int_equal(machine.asked, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kvm_is_known_by_its_signature_and_its_features_are_read),
        cmocka_unit_test(on_bare_metal_no_word_is_asked_for),
        cmocka_unit_test(a_virtual_machine_without_kvms_signature_is_unknown_and_has_no_features),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
