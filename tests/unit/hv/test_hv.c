/* SPDX-License-Identifier: MIT */
/* Taking up hypercalls: configuration, identity, conduit, forms, features. */
#include "rig.h"

static enum pv_status init_with(struct pv_hv_config hv)
{
    struct pv_guest_config config = rig_config();

    hv.os_id = OS_ID;
    config.hv = hv;
    return pv_guest_init(&guest, &config);
}

/* ---- configuration ---- */

static void expect_config(enum sim_kind kind, struct pv_hv_config hv, enum pv_status status)
{
    rig_machine(kind);
    assert_status(init_with(hv), status);
    if (status != PV_OK) {
        assert_false(guest.initialised);
        assert_int_equal(guest.config.hv.os_id, 0);
        assert_int_equal(machine.msr_writes + machine.msr_reads + rig_calls(), 0);
    }
    rig_release();
}

static void test_config_range(void **state)
{
    (void)state;
    expect_config(SIM_HYPERV_X86, (struct pv_hv_config){ .arg_pages = 2 }, PV_OK);
    expect_config(SIM_HYPERV_X86, (struct pv_hv_config){ .arg_pages = 3 }, PV_INVALID);
    expect_config(SIM_HYPERV_X86, (struct pv_hv_config){ .forms_off = PV_HV_FORM_MEMORY },
                  PV_INVALID);
    expect_config(SIM_HYPERV_X86, (struct pv_hv_config){ .forms_off = 0x10 }, PV_INVALID);
    expect_config(SIM_HYPERV_X86, (struct pv_hv_config){ .forms_off = RIG_MEMORY_ONLY }, PV_OK);
}

static void expect_conduit(enum sim_kind kind, enum pv_hv_conduit conduit, enum pv_status status)
{
    expect_config(kind, (struct pv_hv_config){ .conduit = conduit }, status);
}

static void test_config_conduit(void **state)
{
    (void)state;
    expect_conduit(SIM_HYPERV_X86, PV_HV_CONDUIT_PAGE, PV_OK);
    expect_conduit(SIM_HYPERV_X86, PV_HV_CONDUIT_SMCCC, PV_INVALID);
    expect_conduit(SIM_HYPERV_X86, PV_HV_CONDUIT_HVC1, PV_INVALID);
    expect_conduit(SIM_HYPERV_ARM64, PV_HV_CONDUIT_PAGE, PV_INVALID);
    expect_conduit(SIM_HYPERV_ARM64, PV_HV_CONDUIT_SMCCC, PV_OK);
    expect_conduit(SIM_HYPERV_ARM64, PV_HV_CONDUIT_HVC1, PV_OK);
    expect_conduit(SIM_HYPERV_ARM64, (enum pv_hv_conduit)4, PV_INVALID);
    expect_conduit(SIM_HYPERV_ARM64, PV_HV_CONDUIT_DEFAULT, PV_OK);
}

/* ---- who gets hypercalls ---- */

static void expect_off(enum sim_kind kind)
{
    rig_up(kind);
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(rig_calls(), 0);
    assert_int_equal(machine.msr_reads + machine.msr_writes, 0);
    assert_int_equal(machine.os.allocs, 0);
    rig_release();
}

static void test_not_hyperv(void **state)
{
    (void)state;
    expect_off(SIM_BARE);
    expect_off(SIM_RISCV_KVM);
    rig_machine(SIM_HYPERV_ARM64);
    machine.no_uid = true;
    rig_up_with(rig_config());
    assert_int_equal(guest.hv.entry, 0);
}

static void test_no_hypercall_instruction(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.cpus[0].port.has_hv = false;
    rig_up_with(rig_config());
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(machine.msr_reads, 0);
}

/* An MSR that is not advertised is not touched. */
static void test_no_privilege(void **state)
{
    (void)state;
    for (unsigned bit = PV_HV_PRIVILEGE_HYPERCALL; bit <= PV_HV_PRIVILEGE_VP_INDEX; bit++) {
        rig_machine(SIM_HYPERV_X86);
        machine.model.privileges &= ~(1ull << bit);
        rig_up_with(rig_config());
        assert_int_equal(guest.hv.entry, 0);
        assert_int_equal(machine.msr_reads, 0);
        rig_release();
    }
}

/* SNP and TDX: the page reaches a paravisor, or nobody. */
static void test_hardware_isolation(void **state)
{
    (void)state;
    for (uint32_t type = PV_DETECT_ISOLATION_NONE; type <= PV_DETECT_ISOLATION_CCA; type++) {
        for (uint32_t paravisor = 0; paravisor <= 1; paravisor++) {
            const bool hardware = type >= PV_DETECT_ISOLATION_SNP;

            rig_machine(SIM_HYPERV_X86);
            sim_cpuid_set(&machine, 0x4000000C, paravisor, type, 0, 0);
            rig_up_with(rig_config());
            assert_int_equal(guest.detect.hyperv.isolation, type);
            assert_int_equal(guest.hv.entry != 0, !hardware || paravisor);
            rig_release();
        }
    }
}

static void test_no_identity_no_hypercalls(void **state)
{
    struct pv_guest_config config = rig_config();

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    config.hv.os_id = 0;
    rig_up_with(config);
    assert_true(pv_detect_has(&guest.detect, PV_DETECT_HYPERV));
    assert_int_equal(machine.msr_reads, 0);
}

/* ---- identity ---- */

static void test_identity(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_int_equal(machine.model.os_id[0], OS_ID);
    assert_int_equal(guest.hv.os_id, OS_ID);
    assert_false(guest.hv.os_id_adopted);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(machine.model.os_id[0], 0);
}

static void test_identity_adopted(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.os_id[0] = 0x8100060100000000;
    rig_up_with(rig_config());
    assert_true(guest.hv.os_id_adopted);
    assert_int_equal(guest.hv.os_id, 0x8100060100000000);
    rig_release();
    assert_int_equal(machine.model.os_id[0], 0x8100060100000000);
}

/* ---- arm64 ---- */

static void expect_arm64(enum pv_hv_conduit conduit, uintptr_t entry)
{
    rig_machine(SIM_HYPERV_ARM64);
    assert_status(init_with((struct pv_hv_config){ .conduit = conduit }), PV_OK);
    assert_int_equal(guest.hv.entry, entry);
    assert_int_equal(guest.hv.forms, PV_HV_FORMS);
    assert_int_equal(machine.model.os_id[0], OS_ID);
    assert_int_equal(machine.model.seen.memory_calls, 0);
    assert_int_equal(machine.os.allocs, 0); /* no page is needed */
    rig_release();
    assert_int_equal(machine.model.os_id[0], 0);
}

static void test_arm64_conduits(void **state)
{
    (void)state;
    expect_arm64(PV_HV_CONDUIT_DEFAULT, PV_PORT_ENTRY_SMCCC);
    expect_arm64(PV_HV_CONDUIT_SMCCC, PV_PORT_ENTRY_SMCCC);
    expect_arm64(PV_HV_CONDUIT_HVC1, PV_PORT_ENTRY_HVC1);
}

static void test_arm64_features(void **state)
{
    const struct pv_detect_hyperv *hyperv = &guest.detect.hyperv;

    (void)state;
    rig_machine(SIM_HYPERV_ARM64);
    machine.model.info[1].low = 0x123ull << 32 | 0x55; /* hints, spin retries */
    machine.model.info[1].high = 48;                   /* address bits */
    machine.model.info[3].low = 0x99;                  /* hardware */
    machine.model.info[9].low = 3ull << 32 | 1;        /* isolation type, paravisor */
    rig_up_with(rig_config());
    assert_int_equal(hyperv->privileges, machine.model.privileges);
    assert_int_equal(hyperv->features, 0x1234);
    assert_int_equal(hyperv->version_build, 20348);
    assert_int_equal(hyperv->version_major, 10);
    assert_int_equal(hyperv->hints, 0x55);
    assert_int_equal(hyperv->spin_retries, 0x123);
    assert_int_equal(hyperv->physical_address_bits, 48);
    assert_int_equal(hyperv->max_vps, 64);
    assert_int_equal(hyperv->hardware, 0x99);
    assert_int_equal(hyperv->isolation, PV_DETECT_ISOLATION_TDX);
    assert_true(hyperv->paravisor);
}

static void expect_arm64_failure(enum sim_behaviour behaviour, enum pv_status status)
{
    rig_machine(SIM_HYPERV_ARM64);
    machine.model.behaviour = behaviour;
    assert_status(init_with((struct pv_hv_config){ 0 }), status);
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(guest.told.count, 0);
    assert_int_equal(machine.os.logs, 1);
    rig_release();
}

static void test_arm64_hostile(void **state)
{
    (void)state;
    expect_arm64_failure(SIM_REGISTERS_REFUSED, PV_UNSUPPORTED);
    expect_arm64_failure(SIM_REGISTERS_DENIED, PV_DENIED);
    expect_arm64_failure(SIM_OS_ID_NOT_STICKING, PV_REFUSED);
    expect_arm64_failure(SIM_OS_ID_CHANGED, PV_REFUSED);
    expect_arm64_failure(SIM_NO_PROGRESS, PV_MALFORMED);
    expect_arm64_failure(SIM_REPS_ABOVE, PV_MALFORMED);
    expect_arm64_failure(SIM_TIMEOUT_FOREVER, PV_TIMED_OUT);
    expect_arm64_failure(SIM_GARBAGE_STATUS, PV_REFUSED);
}

/* The identity can be read but not written, then written but not read back. */
static void test_arm64_fails_later(void **state)
{
    (void)state;
    for (uint32_t calls = 1; calls <= 2; calls++) {
        rig_machine(SIM_HYPERV_ARM64);
        machine.model.behaviour = SIM_REGISTERS_DENIED;
        machine.model.behave_after = calls;
        assert_status(init_with((struct pv_hv_config){ 0 }), PV_DENIED);
        assert_int_equal(guest.hv.entry, 0);
        assert_int_equal(guest.told.count, 0);
        rig_release();
    }
}

/* Feature registers that cannot be read count as zero. */
static void test_arm64_without_features(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_ARM64);
    machine.model.behaviour = SIM_REGISTERS_REFUSED;
    machine.model.behave_after = 3;
    assert_status(init_with((struct pv_hv_config){ 0 }), PV_OK);
    assert_int_equal(guest.detect.hyperv.privileges, 0);
    assert_int_equal(guest.detect.hyperv.max_vps, 0);
    assert_int_not_equal(guest.hv.entry, 0);
}

/* Any answers at all: set-up ends, and what is up is consistent. */
static void random_machine(enum sim_kind kind, uint64_t seed)
{
    rig_machine(kind);
    machine.model.behaviour = SIM_RANDOM;
    machine.model.seed = seed;
    if (init_with((struct pv_hv_config){ 0 }) == PV_OK)
        (void)!pv_vp_online(&guest, &vp);
    machine.model.behaviour = SIM_HONEST;
    rig_release();
    assert_null(sim_complaint(&machine));
    assert_null(sim_os_leak(&machine));
}

static void test_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 300; seed++) {
        random_machine(SIM_HYPERV_ARM64, seed);
        random_machine(SIM_HYPERV_X86, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_config_range),
        RIG_TEST(test_config_conduit),
        RIG_TEST(test_not_hyperv),
        RIG_TEST(test_no_hypercall_instruction),
        RIG_TEST(test_no_privilege),
        RIG_TEST(test_hardware_isolation),
        RIG_TEST(test_no_identity_no_hypercalls),
        RIG_TEST(test_identity),
        RIG_TEST(test_identity_adopted),
        RIG_TEST(test_arm64_conduits),
        RIG_TEST(test_arm64_features),
        RIG_TEST(test_arm64_hostile),
        RIG_TEST(test_arm64_fails_later),
        RIG_TEST(test_arm64_without_features),
        RIG_TEST(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
