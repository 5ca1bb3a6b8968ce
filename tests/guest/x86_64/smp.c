/* SPDX-License-Identifier: MIT */
/* Two VPs make hypercalls through their own argument pages at the same time. */
#include "crew.h"
#include "hyperv.h"

#define ROUNDS 200
#define ROUNDS_MAX 100000 /* until the other was seen at it too; one CPU of L1 serves both */

/* What the second CPU has to tell. */
static struct {
    enum pv_status online;
    enum pv_status offline;
    uint32_t calls;
} other;

/* Rounds of each CPU so far, and how many of them it saw the other one move in. */
static uint32_t rounds[2];
static uint32_t side_by_side[2];

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Through memory, whatever else is on offer: begin and issue with a list that fits no registers. */
static uint32_t flush_rounds(struct pv_vp *vp, unsigned cpu)
{
    uint32_t last = load(&rounds[!cpu]);
    static uint64_t ranges[64];
    const struct pv_hv_flush_header header = {
        .flags = PV_HV_FLUSH_ALL_SPACES,
        .processor_mask = 1ull << vp->hv.index.value,
    };
    uint32_t good = 0;

    for (uint32_t i = 0; i < ROUNDS || (side_by_side[cpu] == 0 && i < ROUNDS_MAX); i++) {
        struct pv_hv_list list = {
            .call = PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST,
            .header = &header,
            .in = ranges,
            .count = sizeof(ranges) / sizeof(ranges[0]),
        };

        good += pv_hv_call_list(vp, &list, NULL) == PV_OK && list.done == list.count;
        side_by_side[cpu] += load(&rounds[!cpu]) != last;
        last = load(&rounds[!cpu]);
        store(&rounds[cpu], i + 1);
    }
    return good;
}

static void go_online(unsigned cpu)
{
    other.online = pv_vp_online(&pv_freestanding_guest, pv_freestanding_vp(cpu));
}

static void make_calls(unsigned cpu)
{
    if (other.online == PV_OK)
        other.calls = flush_rounds(pv_freestanding_vp(cpu), cpu);
}

static void go_offline(unsigned cpu)
{
    other.offline = pv_vp_offline(pv_freestanding_vp(cpu));
}

void check_two_vps(struct pv_vp *vp)
{
    struct pv_vp *second = pv_freestanding_vp(1);
    uint32_t calls;

    if (crew_size() == 0) {
        tap_say("one CPU only: nothing to check side by side");
        return;
    }
    if (!tap_ok(crew_does(1, go_online), "the second CPU runs"))
        tap_done();
    tap_equal(other.online, PV_OK, "the second VP is online");
    tap_ok(second->hv.index.value != vp->hv.index.value, "with an index of its own");
    tap_ok(second->hv.args_gpa != vp->hv.args_gpa, "and an argument page of its own");
    crew_begin(1, make_calls);
    calls = flush_rounds(vp, 0);
    tap_equal(calls, rounds[0], "the first VP's calls all succeed");
    if (!tap_ok(crew_finish(1), "the second CPU finishes"))
        tap_done();
    tap_equal(other.calls, rounds[1], "the second VP's calls all succeed");
    tap_ok(calls >= ROUNDS && side_by_side[0] > 0 && side_by_side[1] > 0,
           "each made calls while the other did");
    if (crew_does(1, go_offline))
        tap_equal(other.offline, PV_OK, "the second VP goes offline");
    tap_equal(pv_vp_release(second), PV_OK, "and gives its page back");
}
