/* SPDX-License-Identifier: MIT */
/* Interrupts to many: who is named by which call. A call names 128 ids; 64 where long has 32 bits. */
#include "unit/kvm/rig.h"

#define VECTOR 0x41u
#define WORD (8u * (unsigned)sizeof(unsigned long))
#define SPAN (2 * WORD)
#define MANY 64u

/* What the calls named, in order. */
static struct {
    size_t count, calls;
    uint64_t ids[4 * MANY];
    uint64_t base[4 * MANY]; /* of the call that named it */
} seen;

static void see(void *context, uint64_t apic_id)
{
    (void)context;
    if (seen.count < 4 * MANY) {
        seen.ids[seen.count] = apic_id;
        seen.base[seen.count] = machine.kvm.arguments[2];
    }
    seen.count++;
}

static void watch(void)
{
    memset(&seen, 0, sizeof(seen));
    machine.kvm.calls = 0;
    machine.kvm.reached = see;
}

static void up(void)
{
    rig_up(SIM_KVM_NATIVE_X86);
    watch();
}

/* Sends to plain numbers. */
static enum pv_status send_to(const uint64_t *ids, size_t count, size_t *sent)
{
    struct pv_hw_id targets[MANY];

    assert_true(count <= MANY);
    for (size_t i = 0; i < count; i++)
        targets[i].value = ids[i];
    return pv_kvm_ipi_send(vp, VECTOR, targets, count, sent);
}

static void assert_seen(const uint64_t *ids, size_t count, uint32_t calls)
{
    assert_int_equal(seen.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(seen.ids[i], ids[i]);
    assert_int_equal(machine.kvm.calls, calls);
}

/* ---- what is sent ---- */

static void vps_are_reached_by_their_hw_ids(void **state)
{
    struct pv_hw_id targets[2];
    size_t sent = 9;

    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    rig_online(1);
    rig_online(3);
    targets[0] = vps[1].hw_id;
    targets[1] = vps[3].hw_id;
    assert_status(pv_kvm_ipi_send(vp, VECTOR, targets, 2, &sent), PV_OK);
    assert_int_equal(sent, 2);
    for (uint32_t i = 0; i < RIG_VPS; i++) {
        assert_int_equal(machine.kvm.vps[i].interrupts, i == 1 || i == 3);
        assert_int_equal(machine.kvm.vps[i].nmis, 0);
    }
    assert_int_equal(machine.kvm.vps[3].vector, VECTOR);
    assert_int_equal(machine.kvm.calls, 1);
}

static void the_call_has_bitmap_lowest_id_and_vector(void **state)
{
    const uint64_t ids[] = { 100, 101, 100 + WORD, 99 + SPAN };

    (void)state;
    up();
    assert_status(send_to(ids, 4, NULL), PV_OK);
    assert_int_equal(machine.kvm.function, 10);
    assert_int_equal(machine.kvm.arguments[0], 3);
    assert_int_equal(machine.kvm.arguments[1], 1ul | 1ul << (WORD - 1));
    assert_int_equal(machine.kvm.arguments[2], 100);
    assert_int_equal(machine.kvm.arguments[3], VECTOR);
    assert_seen(ids, 4, 1);
}

static void an_nmi_is_an_nmi(void **state)
{
    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    assert_status(pv_kvm_ipi_send(vp, PV_KVM_IPI_NMI, &vp->hw_id, 1, NULL), PV_OK);
    assert_int_equal(machine.kvm.arguments[3], 0x400);
    assert_int_equal(machine.kvm.vps[0].nmis, 1);
    assert_int_equal(machine.kvm.vps[0].interrupts, 0);
}

static void every_vector_from_16_to_255_is_one(void **state)
{
    size_t sent = 9;

    (void)state;
    up();
    for (uint32_t vector = 0; vector < 0x1000; vector++) {
        const bool good = (vector >= 0x10 && vector <= 0xFF) || vector == 0x400;
        const uint32_t calls = machine.kvm.calls;

        assert_status(pv_kvm_ipi_send(vp, vector, &vp->hw_id, 1, &sent),
                      good ? PV_OK : PV_INVALID);
        assert_int_equal(sent, good);
        assert_int_equal(machine.kvm.calls - calls, good);
    }
    assert_status(pv_kvm_ipi_send(vp, 0x80000041, &vp->hw_id, 1, &sent), PV_INVALID);
}

/* ---- who fits into one call ---- */

static void neighbours_take_one_call_up_to_the_span(void **state)
{
    const uint64_t fits[] = { 7, 7 + SPAN - 1 }, apart[] = { 7, 7 + SPAN };

    (void)state;
    up();
    assert_status(send_to(fits, 2, NULL), PV_OK);
    assert_seen(fits, 2, 1);
    watch();
    assert_status(send_to(apart, 2, NULL), PV_OK);
    assert_seen(apart, 2, 2);
}

static void a_lower_id_that_comes_later_still_fits(void **state)
{
    const uint64_t ids[] = { 200, 199 + SPAN, 150, 201 }, in_order[] = { 150, 200, 201 };
    const uint64_t down[] = { SPAN + 9, 9 + SPAN / 2, 10, 9 };
    const uint64_t up_again[] = { 10, 9 + SPAN / 2, SPAN + 9, 9 };

    (void)state;
    up();
    assert_status(send_to(ids, 4, NULL), PV_OK);
    assert_int_equal(machine.kvm.calls, 2); /* 150 and 199 + SPAN are too far apart */
    assert_int_equal(seen.ids[0], 200);
    assert_int_equal(seen.ids[1], 199 + SPAN);
    assert_int_equal(seen.ids[2], 150);
    assert_int_equal(seen.count, 4);
    watch();
    assert_status(send_to(in_order, 3, NULL), PV_OK);
    assert_seen(in_order, 3, 1);
    watch();
    assert_status(send_to(down, 4, NULL), PV_OK);
    assert_seen(up_again, 4, 2);
}

static void the_highest_ids_there_are_can_be_named(void **state)
{
    const uint64_t ids[] = { 0xFFFFFFFE, 0xFFFFFFFF }, both_ends[] = { 0, 0xFFFFFFFF };

    (void)state;
    up();
    assert_status(send_to(ids, 2, NULL), PV_OK);
    assert_seen(ids, 2, 1);
    watch();
    assert_status(send_to(both_ends, 2, NULL), PV_OK);
    assert_seen(both_ends, 2, 2);
}

static void who_is_named_twice_is_counted_once(void **state)
{
    const uint64_t ids[] = { 5, 6, 5, 5 }, each[] = { 5, 6 };
    size_t sent = 0;

    (void)state;
    up();
    assert_status(send_to(ids, 4, &sent), PV_OK);
    assert_seen(each, 2, 1);
    assert_int_equal(sent, 4);
    machine.kvm.lie = 1; /* 3 of 2 */
    assert_status(send_to(ids, 4, &sent), PV_MALFORMED);
    assert_int_equal(sent, 0);
}

/* ---- answers ---- */

static void who_is_not_there_is_left_out(void **state)
{
    const struct pv_hw_id targets[] = { { SIM_HW_ID(0) }, { SIM_HW_ID(0) + 1 } };
    const struct pv_hw_id nobody = { 0xABCDEF };
    size_t sent = 0;

    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    assert_status(pv_kvm_ipi_send(vp, VECTOR, targets, 2, &sent), PV_OK);
    assert_int_equal(sent, 2);
    assert_int_equal(machine.kvm.vps[0].interrupts, 1);
    assert_status(pv_kvm_ipi_send(vp, VECTOR, &nobody, 1, &sent), PV_OK);
    assert_int_equal(sent, 1);
}

static void nobody_is_an_answer_of_its_own(void **state)
{
    size_t sent = 9;

    (void)state;
    up();
    assert_status(pv_kvm_ipi_send(vp, VECTOR, &vp->hw_id, 0, &sent), PV_EMPTY);
    assert_int_equal(sent, 0);
    assert_no_call();
}

static void an_id_of_more_than_32_bits_anywhere_sends_nothing(void **state)
{
    static const uint64_t bad[] = { 1ull << 32, 1ull << 63, ~0ull };
    size_t sent = 9;

    (void)state;
    up();
    for (size_t place = 0; place < 3; place++) {
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            uint64_t ids[3] = { 1, 1000, 2000 };

            ids[place] = bad[i];
            assert_status(send_to(ids, 3, &sent), PV_INVALID);
            assert_int_equal(sent, 0);
        }
    }
    assert_no_call();
}

static void without_kvm_or_offline_nothing_is_sent(void **state)
{
    size_t sent = 9;

    (void)state;
    rig_up(SIM_BARE);
    assert_status(pv_kvm_ipi_send(vp, VECTOR, &vp->hw_id, 1, &sent), PV_UNSUPPORTED);
    assert_int_equal(sent, 0);
    sent = 9;
    assert_status(pv_vp_offline(vp), PV_OK);
    assert_status(pv_kvm_ipi_send(vp, VECTOR, &vp->hw_id, 1, &sent), PV_BAD_STATE);
    assert_int_equal(sent, 0);
    assert_no_call();
}

/* Four calls' worth, of which the last ones fail. */
static void an_error_leaves_the_rest_to_the_apic(void **state)
{
    const uint64_t ids[] = { 0, 1, 1000, 2000, 2001, 2002, 3000 };
    static const size_t sent_after[] = { 0, 2, 3, 6 };
    static const long errors[] = { -22, -1000, -1 };

    (void)state;
    up();
    for (uint32_t good = 0; good < 4; good++) {
        for (size_t i = 0; i < 3; i++) {
            size_t sent = 99;

            watch();
            machine.kvm.refuse = errors[i];
            machine.kvm.refuse_after = good;
            assert_status(send_to(ids, 7, &sent), PV_REFUSED);
            assert_int_equal(sent, sent_after[good]);
            assert_seen(ids, sent_after[good], good + 1);
            assert_status(send_to(ids, 7, NULL), PV_REFUSED);
        }
    }
}

static void a_count_that_is_too_high_is_not_believed(void **state)
{
    const uint64_t ids[] = { 3, 4, 1000 };
    size_t sent = 9;

    (void)state;
    up();
    machine.kvm.refuse = 2; /* of the call for 1000 */
    machine.kvm.refuse_after = 1;
    assert_status(send_to(ids, 3, &sent), PV_MALFORMED);
    assert_int_equal(sent, 2);
    machine.kvm.refuse_after = 0;
    machine.kvm.refuse = (long)(~0ul >> 1);
    assert_status(send_to(ids, 3, &sent), PV_MALFORMED);
    assert_int_equal(sent, 0);
    machine.kvm.refuse = 0;
    machine.kvm.lie = -1; /* somebody is not there */
    assert_status(send_to(ids, 3, &sent), PV_OK);
    assert_int_equal(sent, 3);
}

static void irqs_stay_as_they_are(void **state)
{
    (void)state;
    up();
    for (unsigned off = 0; off < 2; off++) {
        pv_sim->irqs_off = off != 0;
        assert_status(pv_kvm_ipi_send(vp, VECTOR, &vp->hw_id, 1, NULL), PV_OK);
        assert_int_equal(pv_sim->irqs_off, off);
    }
    pv_sim->irqs_off = false;
}

/* ---- any list ---- */

static uint64_t seed = 0x1D5;

static uint64_t below(uint64_t n)
{
    return sim_random(&seed) % n;
}

static void shuffle(uint64_t *ids, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = (size_t)below(i);
        const uint64_t id = ids[i - 1];

        ids[i - 1] = ids[other];
        ids[other] = id;
    }
}

/* Ids from a stretch somewhere, from dense to all there are; ascending or not, some twice. */
static size_t any_list(uint64_t *ids)
{
    static const uint64_t widths[] = { 8, 64, 128, 200, 1024, 1ull << 32 };
    const uint64_t width = widths[below(6)];
    const uint64_t first = below((1ull << 32) - width + 1);
    const size_t count = 1 + (size_t)below(MANY);
    uint64_t at = 0;

    for (size_t i = 0; i < count; i++) {
        at += below(2 * width / count + 1);
        ids[i] = first + at % width;
    }
    if (below(2) == 0)
        shuffle(ids, count);
    return count;
}

static size_t times(const uint64_t *ids, size_t count, uint64_t id)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        found += ids[i] == id;
    return found;
}

/* One call per stretch of the list that lies in one aligned window: what one would write first. */
static uint32_t naive_calls(const uint64_t *ids, size_t count)
{
    uint32_t calls = 1;

    for (size_t i = 1; i < count; i++)
        calls += ids[i] / SPAN != ids[i - 1] / SPAN;
    return calls;
}

static void any_list_reaches_exactly_those_named(void **state)
{
    uint64_t ids[MANY];

    (void)state;
    up();
    for (unsigned round = 0; round < 100000; round++) {
        const size_t count = any_list(ids);
        size_t sent = 0;
        size_t wrong = 0;

        watch();
        assert_status(send_to(ids, count, &sent), PV_OK);
        assert_int_equal(sent, count);
        assert_true(seen.count <= count);
        for (size_t i = 0; i < count; i++)
            wrong += times(seen.ids, seen.count, ids[i]) == 0;
        for (size_t i = 0; i < seen.count; i++) {
            /* Named twice, it may be in two calls. */
            wrong += times(seen.ids, seen.count, seen.ids[i]) > times(ids, count, seen.ids[i]);
            wrong += seen.ids[i] - seen.base[i] >= SPAN;
        }
        assert_int_equal(wrong, 0);
        assert_true(machine.kvm.calls <= naive_calls(ids, count));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(vps_are_reached_by_their_hw_ids),
        RIG_TEST(the_call_has_bitmap_lowest_id_and_vector),
        RIG_TEST(an_nmi_is_an_nmi),
        RIG_TEST(every_vector_from_16_to_255_is_one),
        RIG_TEST(neighbours_take_one_call_up_to_the_span),
        RIG_TEST(a_lower_id_that_comes_later_still_fits),
        RIG_TEST(the_highest_ids_there_are_can_be_named),
        RIG_TEST(who_is_named_twice_is_counted_once),
        RIG_TEST(who_is_not_there_is_left_out),
        RIG_TEST(nobody_is_an_answer_of_its_own),
        RIG_TEST(an_id_of_more_than_32_bits_anywhere_sends_nothing),
        RIG_TEST(without_kvm_or_offline_nothing_is_sent),
        RIG_TEST(an_error_leaves_the_rest_to_the_apic),
        RIG_TEST(a_count_that_is_too_high_is_not_believed),
        RIG_TEST(irqs_stay_as_they_are),
        RIG_TEST(any_list_reaches_exactly_those_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
