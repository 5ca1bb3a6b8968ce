/* SPDX-License-Identifier: MIT */
/* The wall clock: boot time as KVM tells it, plus kvmclock. */
#include "unit/clock/rig.h"
#include "unit/guest/log.h"

static struct pv_clock_wall wall;

static void up(void)
{
    rig_best(PV_CLOCK_KVM);
    rig_init();
    rig_online(0);
    memset(&wall, 0x55, sizeof(wall));
}

/* `ns` after the boot time. */
static void assert_wall(uint64_t ns)
{
    const uint64_t since = SIM_WALL_NANOSECONDS + ns;

    assert_status(pv_clock_wall(&vps[0], &wall), PV_OK);
    assert_true(wall.nanoseconds < NS_PER_SECOND);
    rig_assert_near((wall.seconds - SIM_WALL_SECONDS) * NS_PER_SECOND + wall.nanoseconds, since,
                    100);
}

static void assert_fails(enum pv_status status)
{
    const struct pv_clock_wall before = wall;

    assert_status(pv_clock_wall(&vps[0], &wall), status);
    assert_memory_equal(&wall, &before, sizeof(wall));
}

static void it_is_boot_time_and_time_since_then(void **state)
{
    (void)state;
    up();
    log_start(&machine);
    assert_wall(NS_PER_HOUR);
    assert_int_equal(journal.count, 4);
    assert_int_equal(journal.lines[2].number, 0x4B564D00);
    assert_u64(journal.lines[2].value, pv_os_virt_to_gpa(guest.clock.scratch));
    assert_int_equal(journal.lines[3].number, 0x4B564D00);
    assert_u64(journal.lines[3].value, 0);
    sim_clock_advance(&machine, 12345678); /* carries into the second */
    assert_wall(NS_PER_HOUR + 12345678);
    sim_clock_advance(&machine, 30 * NS_PER_YEAR);
    assert_wall(NS_PER_HOUR + 12345678 + 30 * NS_PER_YEAR);
    assert_null(sim_clock_left(&machine));
}

static void where_kvmclock_is_the_clock_its_area_is_read(void **state)
{
    (void)state;
    up();
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    sim_clock_advance(&machine, NS_PER_SECOND);
    log_start(&machine);
    assert_wall(NS_PER_HOUR + NS_PER_SECOND);
    assert_int_equal(journal.count, 2);
    machine.clock.behaviour = SIM_CLOCK_ODD;
    sim_clock_update(&machine);
    assert_fails(PV_MALFORMED);
}

static void where_another_is_the_clock_kvmclock_is_sampled(void **state)
{
    (void)state;
    up();
    guest.config.clock.counter_hz = SIM_COUNTER_HZ;
    assert_status(rig_enable(0, PV_CLOCK_UNSURE_COUNTER), PV_OK);
    assert_wall(NS_PER_HOUR);
    assert_null(sim_clock_left(&machine));
}

/* The host would write there once more when the guest is moved. */
static void the_host_forgets_the_area_once_it_is_read(void **state)
{
    static const uint8_t untouched[sizeof(guest.clock.scratch)] = { 0 };

    (void)state;
    up();
    assert_wall(NS_PER_HOUR);
    assert_u64(machine.clock.wall_msr, 0);
    machine.clock.behaviour = SIM_CLOCK_NANOSECONDS;
    assert_fails(PV_MALFORMED);
    assert_u64(machine.clock.wall_msr, 0);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    memset(guest.clock.scratch, 0, sizeof(guest.clock.scratch));
    sim_clock_migrate(&machine, 3000000000, 0);
    assert_memory_equal(guest.clock.scratch, untouched, sizeof(untouched));
}

static void an_offline_vp_has_none(void **state)
{
    (void)state;
    up();
    rig_offline(0);
    assert_fails(PV_BAD_STATE);
}

static void without_kvmclock_or_trust_there_is_none(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    rig_init();
    rig_online(0);
    assert_fails(PV_UNSUPPORTED);
    up();
    guest.config.clock.trust = PV_CLOCK_TRUST_COUNTER;
    assert_fails(PV_UNSUPPORTED);
    assert_int_equal(machine.msr_writes, 0);
}

static void an_area_without_usable_address_is_not_told(void **state)
{
    (void)state;
    up();
    machine.os.fail.virt_to_gpa = 1;
    assert_fails(PV_BAD_ADDRESS);
    assert_int_equal(machine.msr_writes, 0);
    machine.os.fail.virt_to_gpa = 2; /* kvmclock's is found, the wall clock's is not */
    assert_fails(PV_BAD_ADDRESS);
    assert_null(sim_clock_left(&machine));
}

static void (*pass_on)(struct pv_sim *sim, uint32_t msr, uint64_t value);

static void wall_clock_is_lost(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    if (msr != 0x4B564D00)
        pass_on(sim, msr, value);
}

/* Only the wall clock misbehaves. */
static void misbehave(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    const enum sim_clock_behaviour behaviour = machine.clock.behaviour;

    if (msr != 0x4B564D00)
        machine.clock.behaviour = SIM_CLOCK_HONEST;
    pass_on(sim, msr, value);
    machine.clock.behaviour = behaviour;
}

static void what_the_host_never_finished_writing_is_malformed(void **state)
{
    (void)state;
    up();
    machine.clock.behaviour = SIM_CLOCK_ODD;
    assert_fails(PV_MALFORMED); /* kvmclock's area */
    pass_on = pv_sim->msr_write;
    pv_sim->msr_write = misbehave;
    assert_fails(PV_MALFORMED);
    machine.clock.behaviour = SIM_CLOCK_NANOSECONDS;
    assert_fails(PV_MALFORMED);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    pv_sim->msr_write = wall_clock_is_lost;
    assert_fails(PV_MALFORMED);
    pv_sim->msr_write = pass_on;
    assert_wall(NS_PER_HOUR);
}

static void move_version(struct pv_sim *sim)
{
    (void)sim;
    *(volatile uint32_t *)(void *)guest.clock.scratch += 2;
}

static void a_version_that_changes_for_ever_is_malformed(void **state)
{
    (void)state;
    up();
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    rig_host(move_version);
    assert_fails(PV_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(it_is_boot_time_and_time_since_then),
        RIG_TEST(where_kvmclock_is_the_clock_its_area_is_read),
        RIG_TEST(where_another_is_the_clock_kvmclock_is_sampled),
        RIG_TEST(the_host_forgets_the_area_once_it_is_read),
        RIG_TEST(an_offline_vp_has_none),
        RIG_TEST(without_kvmclock_or_trust_there_is_none),
        RIG_TEST(an_area_without_usable_address_is_not_told),
        RIG_TEST(what_the_host_never_finished_writing_is_malformed),
        RIG_TEST(a_version_that_changes_for_ever_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
