/* SPDX-License-Identifier: MIT */
/*
 * Flushes, interrupts and spin notices with arbitrary sets, ranges and advice, on any machine, inside
 * another call or not, against a hypervisor that answers anything. Held after each:
 *
 *   - the guest has broken no rule of the TLFS, and no set was sent that hypervisors read differently
 *   - hypercalls are bounded, whatever is answered; none is made unless it is advised
 *   - IRQs and nesting are as before
 *   - after PV_OK of a hypervisor that tells the truth, it has reached exactly the members, and has
 *     flushed exactly the pages of the ranges, or more where the whole scope was sent
 *
 * fuzz: -max_len=400 -len_control=20
 */
#include "fuzz/machine.h"

#include <pv/config.h>

#define TRIES (PV_CONFIG_HV_TIMEOUT_RETRIES + 1u)
#define RANGES_MAX 24u
#define ELEMENTS_MAX 1600u /* of a list: bounds the time of one input */

static struct pv_vp_set set;
static struct pv_hv_gva_range ranges[RANGES_MAX];
static uint32_t advice;

/* ---- what is asked for ---- */

/* NULL, or members of all sorts: few or many, low or high, the caller. */
static const struct pv_vp_set *take_set(void)
{
    const uint8_t flags = next8();
    const uint32_t count = next8() % 40;

    pv_vp_set_clear(&set);
    if ((flags & 7) == 7)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t vp = take16(&world.input) & ((flags & 8) != 0 ? 63 : 0x1FFF);

        INSIST((pv_vp_set_add(&set, (struct pv_vp_index){ vp }) == PV_OK) == (vp < 4096), "add");
    }
    if ((flags & 16) != 0)
        INSIST(pv_vp_set_add(&set, this_vp()->hv.index) == PV_OK, "add the caller");
    set.everyone = (flags & 32) != 0;
    return &set;
}

/* Mostly a few pages, else any two numbers; now and then at the end of the address space. */
static struct pv_hv_gva_range take_range(void)
{
    const uint8_t kind = next8();
    struct pv_hv_gva_range range = { take64(&world.input), take16(&world.input) };

    if ((kind & 3) == 1)
        range.bytes <<= 12;
    if ((kind & 3) == 2)
        range.bytes <<= 20;
    if ((kind & 3) == 3)
        range.bytes = take64(&world.input);
    if ((kind & 4) != 0)
        range.start = 0 - range.bytes;
    return range;
}

static struct pv_hv_flush take_flush(void)
{
    const uint8_t flags = next8();
    struct pv_hv_flush flush = {
        .scope = (enum pv_hv_scope)(flags % 8),
        .space = take64(&world.input),
        .ranges = (flags & 8) != 0 ? NULL : ranges,
        .count = next8() % (RANGES_MAX + 1),
        .elements_max = (flags & 16) != 0 ? 0 : take16(&world.input) % ELEMENTS_MAX,
    };

    for (size_t i = 0; flush.ranges != NULL && i < flush.count; i++)
        ranges[i] = take_range();
    return flush;
}

/* ---- what came of it ---- */

/* As the ranges say, element by element. */
static void check_list(const struct pv_hv_flush *flush, const struct sim_gva_record *gva)
{
    uint32_t at = 0;

    for (size_t i = 0; i < flush->count; i++) {
        const uint64_t last = (ranges[i].start + ranges[i].bytes - 1) >> 12;
        uint64_t page = ranges[i].start >> 12;

        for (;;) {
            const uint64_t more = last - page < 4095 ? last - page : 4095;

            INSIST(at < gva->count && gva->list[at++] == (page << 12 | more), "element");
            if (last - page == more)
                break;
            page += more + 1;
        }
    }
    INSIST(at == gva->count, "more elements than ranges need");
}

static void check_told(const struct pv_vp_set *whom)
{
    const uint64_t *vps = machine.model.seen.target.vps;

    for (uint32_t i = 0; i < PV_HV_VPS_MAX; i++) {
        const bool told = (vps[i / 64] >> i % 64 & 1) != 0;

        INSIST(told == (whom == NULL || pv_vp_set_has(whom, (struct pv_vp_index){ i })), "told");
    }
}

/* The call just made, by what this machine advises. */
static void check_advised(void)
{
    const bool arm64 = machine.kind == SIM_HYPERV_ARM64;
    const uint32_t ex = arm64 ? PV_HV_ARM64_HINT_EX_PROCESSOR_MASKS : PV_HV_HINT_EX_PROCESSOR_MASKS;
    const uint32_t ipi = arm64 ? PV_HV_ARM64_HINT_CLUSTER_IPI : PV_HV_HINT_CLUSTER_IPI;
    const uint32_t flush = arm64 ? 0 : PV_HV_HINT_LOCAL_FLUSH | PV_HV_HINT_REMOTE_FLUSH;

    switch (machine.model.seen.control & PV_HV_CONTROL_CODE_MASK) {
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE_EX:
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST_EX:
        INSIST((advice & flush) != 0 && (advice & ex) != 0, "not advised");
        break;
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE:
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST:
        INSIST((advice & flush) != 0, "not advised");
        break;
    case PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI_EX:
        INSIST((advice & ipi) != 0 && (advice & ex) != 0, "not advised");
        break;
    case PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI:
        INSIST((advice & ipi) != 0, "not advised");
        break;
    default:
        INSIST(machine.model.seen.control % 0x10000 == PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT, "call");
    }
}

static bool honest(void)
{
    return !world.answers && machine.model.behaviour <= SIM_TIMEOUT_ONCE;
}

static void check_flushed(const struct pv_hv_flush *flush, const struct pv_vp_set *whom)
{
    const struct sim_model *model = &machine.model;
    const bool all = (model->seen.target.flags & PV_HV_FLUSH_ALL_PROCESSORS) != 0;
    const bool list = model->seen.gva.count != 0;

    INSIST(!all || whom == NULL || whom->everyone, "told everybody instead of some");
    check_told(all ? NULL : whom);
    INSIST(list || flush->ranges == NULL || model->seen.target.ranges == 0, "list or not");
    if (list)
        check_list(flush, &model->seen.gva);
    INSIST((model->seen.target.flags & PV_HV_FLUSH_NON_GLOBAL_ONLY) == 0 ||
               flush->scope == PV_HV_SCOPE_SPACE || flush->scope == PV_HV_SCOPE_ALL_SPACES,
           "global entries stay");
}

static void do_flush(void)
{
    const struct pv_vp_set *whom = take_set();
    const struct pv_hv_flush flush = take_flush();
    struct pv_hv_result result;
    enum pv_status status;

    world.bound = 2 * (ELEMENTS_MAX + 1) * TRIES;
    memset(&machine.model.seen.gva, 0, sizeof(machine.model.seen.gva));
    status = pv_hv_flush(this_vp(), &flush, whom, &result);
    check_status(status);
    if (status != PV_OK)
        return;
    INSIST(result.status == PV_HV_STATUS_SUCCESS, "success without success");
    if (honest())
        check_flushed(&flush, whom);
}

static void do_ipi(void)
{
    const struct pv_vp_set *whom = take_set();
    const uint32_t vector = take16(&world.input) % 0x120;
    enum pv_status status;

    if (whom == NULL)
        return;
    world.bound = TRIES;
    status = pv_hv_ipi_send(this_vp(), vector, whom, NULL);
    check_status(status);
    INSIST((status == PV_INVALID) == (vector < 0x10 || vector > 0xFF), "vector");
    if (status == PV_OK && honest())
        check_told(whom);
}

static void do_spin(void)
{
    const uint64_t spins = take64(&world.input);

    world.bound = TRIES;
    check_status(pv_hv_spin_notify(this_vp(), spins));
}

/* ---- the machine ---- */

static void do_behave(void)
{
    behave(SIM_RANDOM + 1);
}

static void do_refuse(void)
{
    struct sim_model *model = &machine.model;

    model->refuse = next8();
    model->fail_status = next8();
    model->fail_element = next8();
    world.refused = true;
}

static void (*const steps[])(void) = { do_flush, do_ipi,    do_flush,  do_spin,
                                       do_flush, do_behave, do_answer, do_refuse };

static void step(void)
{
    const uint32_t depth = this_vp()->hv.depth;
    const bool irqs_off = pv_sim->irqs_off;
    const uint64_t before = sim_calls(&machine);

    world.bound = 0;
    steps[next8() % (sizeof(steps) / sizeof(steps[0]))]();
    INSIST(sim_calls(&machine) - before <= world.bound, "too many hypercalls");
    if (sim_calls(&machine) != before)
        check_advised();
    INSIST(this_vp()->hv.depth == depth && pv_sim->irqs_off == irqs_off, "nesting, IRQs");
    check_complaints();
}

/* What the hypervisor says it wants. */
static void take_advice(void)
{
    const uint32_t spins = (next8() & 1) != 0 ? 4095 : PV_HV_SPIN_NEVER;

    advice = take16(&world.input);
    if (machine.kind == SIM_HYPERV_ARM64)
        machine.model.info[1].low = advice | (uint64_t)spins << 32;
    else
        sim_cpuid_set(&machine, 0x40000000 + PV_HV_CPUID_HINTS, advice, spins, 46, 0);
}

static void bring_up(void)
{
    const uint8_t flags = next8();
    struct pv_guest_config config;

    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = 0x8100000000000042ull;
    config.hv.arg_pages = flags % 3;
    config.hv.forms_off = (flags >> 2 & 7u) << 1;
    config.hv.conduit = world.hvc1 ? PV_HV_CONDUIT_HVC1 : PV_HV_CONDUIT_DEFAULT;
    check_status(pv_guest_init(&world.guest, &config));
    check_status(pv_vp_online(&world.guest, this_vp()));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pv_hv_args outer[2];
    uint32_t open;

    world_clear((struct input){ data, size });
    take_machine();
    machine.model.any_target = false;
    take_advice();
    bring_up();
    open = nest(outer);
    while (world.input.left != 0)
        step();
    unnest(outer, open);
    stop_lying();
    (void)!pv_guest_release(&world.guest, this_vp()->guest != NULL ? this_vp() : NULL);
    (void)!pv_vp_release(this_vp());
    pv_os_page_free(world.pages, 2);
    check_end();
    return 0;
}
