/* SPDX-License-Identifier: MIT */
#include <pv/hv/os_id.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void known_guests_are_encoded_as_they_are_seen_in_the_field(void **state)
{
    (void)state;
    /* Linux 6.12.0 (TLFS, hyperv_tlfs.h), Windows 10.0 build 19041 (TLFS proprietary form) */
    assert_int_equal(pv_hv_os_id_open(PV_HV_OS_LINUX, 0, 0x060C00, 0), 0x810000060C000000ull);
    assert_int_equal(pv_hv_os_id_open(PV_HV_OS_FREEBSD, 0, 1400097, 0), 0x820000155D210000ull);
    assert_int_equal(pv_hv_os_id_vendor(1, 4, 10, 0, 0, 19041), 0x0001040A00004A61ull);
}

static void each_open_field_has_its_place(void **state)
{
    static const uint64_t open = 1ull << 63;

    (void)state;
    assert_int_equal(pv_hv_os_id_open(0, 0, 0, 0), open);
    assert_int_equal(pv_hv_os_id_open(0x7F, 0, 0, 0), open | 0x7Full << 56);
    assert_int_equal(pv_hv_os_id_open(0, 0xFF, 0, 0), open | 0xFFull << 48);
    assert_int_equal(pv_hv_os_id_open(0, 0, 0xFFFFFFFFu, 0), open | 0xFFFFFFFFull << 16);
    assert_int_equal(pv_hv_os_id_open(0, 0, 0, 0xFFFF), open | 0xFFFFull);
}

static void each_vendor_field_has_its_place(void **state)
{
    (void)state;
    assert_int_equal(pv_hv_os_id_vendor(0x7FFF, 0, 0, 0, 0, 0), 0x7FFFull << 48);
    assert_int_equal(pv_hv_os_id_vendor(0, 0xFF, 0, 0, 0, 0), 0xFFull << 40);
    assert_int_equal(pv_hv_os_id_vendor(0, 0, 0xFF, 0, 0, 0), 0xFFull << 32);
    assert_int_equal(pv_hv_os_id_vendor(0, 0, 0, 0xFF, 0, 0), 0xFFull << 24);
    assert_int_equal(pv_hv_os_id_vendor(0, 0, 0, 0, 0xFF, 0), 0xFFull << 16);
    assert_int_equal(pv_hv_os_id_vendor(0, 0, 0, 0, 0, 0xFFFF), 0xFFFFull);
}

static void too_many_bits_never_reach_the_neighbour(void **state)
{
    (void)state;
    assert_int_equal(pv_hv_os_id_open(0xFF, 0, 0, 0), pv_hv_os_id_open(0x7F, 0, 0, 0));
    assert_int_equal(pv_hv_os_id_open(0x80, 1, 2, 3), pv_hv_os_id_open(0, 1, 2, 3));
    assert_int_equal(pv_hv_os_id_vendor(0x8001, 4, 0, 0, 0, 0),
                     pv_hv_os_id_vendor(1, 4, 0, 0, 0, 0));
}

static void only_a_vendor_identity_of_all_zeroes_is_none(void **state)
{
    (void)state;
    assert_int_equal(pv_hv_os_id_vendor(0, 0, 0, 0, 0, 0), 0);
    for (unsigned type = 0; type <= 0xFF; type++)
        assert_int_not_equal(pv_hv_os_id_open((uint8_t)type, 0, 0, 0), 0);
}

static void unregistered_is_no_registered_type(void **state)
{
    static const uint8_t registered[] = { PV_HV_OS_LINUX, PV_HV_OS_FREEBSD, PV_HV_OS_XEN,
                                          PV_HV_OS_ILLUMOS };
    const uint64_t ours = pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 0, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(registered); i++)
        assert_int_not_equal(ours, pv_hv_os_id_open(registered[i], 0, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_guests_are_encoded_as_they_are_seen_in_the_field),
        cmocka_unit_test(each_open_field_has_its_place),
        cmocka_unit_test(each_vendor_field_has_its_place),
        cmocka_unit_test(too_many_bits_never_reach_the_neighbour),
        cmocka_unit_test(only_a_vendor_identity_of_all_zeroes_is_none),
        cmocka_unit_test(unregistered_is_no_registered_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
