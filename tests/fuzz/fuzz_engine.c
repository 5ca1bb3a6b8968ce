/* SPDX-License-Identifier: MIT */
/*
 * The input is a program: which machine, then steps, each a call of libpv's API with arguments, or
 * something that happens to the machine. The kernel that runs it keeps to the documented contexts
 * (one CPU at a time, others offline before quiesce) and to nothing else: calls come in any order,
 * nest, are left open, and their arguments are arbitrary. Held after every step:
 *
 *   - the guest has broken no rule of the TLFS, and canary pages are intact (machine.h)
 *   - hypercalls per API call are bounded, whatever the hypervisor answers
 *   - IRQs are off exactly while a call with memory is open, else as the kernel had them
 *   - output is written on PV_OK only, and never beyond what was asked for
 *   - statuses are among the enum, and those that follow from the order of calls are right
 *
 * At the end everything is released: no page is missing and the hypervisor knows of none.
 *
 * fuzz: -max_len=600 -len_control=20
 */
#include "fuzz/machine.h"

#include <pv/config.h>

#define SLOTS 4u
#define TRIES (PV_CONFIG_HV_TIMEOUT_RETRIES + 1u)
#define LIFE_BOUND                                                                                 \
    (32u * TRIES) /* arm64: identity, features, index and assist page are registers */
#define FRESH 0xA5

/* An args of the kernel, with what libpv must make of it. */
struct slot {
    struct pv_hv_args args;
    enum pv_hv_call call;
    bool begun;
    bool memory; /* needs this VP, innermost first */
    bool claims; /* IRQs are off until its end: memory, or the register block */
    uint32_t cpu;
    bool usable; /* its blocks are there */
};

/* The calls with memory or register block that are open on a CPU, outermost first. */
struct nest {
    uint32_t count;
    struct slot *open[SLOTS];
    bool irqs_off[SLOTS]; /* before each */
};

static struct slot slots[SLOTS];
static struct nest nests[CPUS];

/* Every element may take all the tries there are, and so may the end. A list has batches as well,
 * in the worst case one per element. */
static uint64_t bound_of(uint64_t reps)
{
    return (reps + 1) * TRIES;
}

static struct nest *this_nest(void)
{
    return &nests[world.cpu];
}

/* How many of them have memory. */
static uint32_t depth_of(const struct nest *nest)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < nest->count; i++)
        depth += nest->open[i]->memory;
    return depth;
}

static bool is_last(const struct slot *slot)
{
    const struct nest *nest = this_nest();

    return nest->count != 0 && nest->open[nest->count - 1] == slot;
}

/* Hypercalls are on, and were when this VP came online. */
static bool ready(void)
{
    return world.can_call[world.cpu] && world.guest.hv.entry != 0;
}

/* ---- arguments ---- */

/* Mostly a call, now and then none. */
static enum pv_hv_call take_call(void)
{
    const uint8_t which = next8();

    return which < 0xF8 ? (enum pv_hv_call)(which % (PV_HV_CALLS + 1))
                        : (enum pv_hv_call)take32(&world.input);
}

static struct pv_hv_shape take_shape(enum pv_hv_call call)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    struct pv_hv_shape shape = { 0, 0, 0 };
    const uint8_t flags = next8();

    if (info != NULL && info->kind == PV_HV_KIND_REP)
        shape.reps = 1;
    if ((flags & 1) != 0)
        shape.reps = take16(&world.input);
    if ((flags & 2) != 0)
        shape.var_qwords = next8();
    if ((flags & 4) != 0)
        shape.tail_bytes = take16(&world.input);
    return shape;
}

/* A CPU of its own, another one, or anything. */
static struct pv_hv_target take_target(void)
{
    struct pv_hv_target target = pv_hv_target_self();
    const uint8_t which = next8();

    if ((which & 3) == 1)
        target.index.value = which >> 2;
    if ((which & 3) == 2)
        target.index.value = take32(&world.input);
    if ((which & 3) == 3)
        target.input_vtl = next8();
    return target;
}

/*
 * What a caller may not ask for, because libpv could not know: registers that libpv itself manages
 * (identity, assist page), and debug data longer than the block that was planned for it.
 */
static void tame(enum pv_hv_call call, uint8_t *in, size_t in_bytes)
{
    static const uint32_t harmless = 0x20000;
    uint32_t name;

    if (call == PV_HV_CALL_POST_DEBUG_DATA || call == PV_HV_CALL_RETRIEVE_DEBUG_DATA)
        memset(in, 0, in_bytes < 4 ? in_bytes : 4);
    if (call != PV_HV_CALL_SET_VP_REGISTERS)
        return;
    for (size_t at = 16; at + sizeof(name) <= in_bytes; at += sizeof(struct pv_hv_register)) {
        memcpy(&name, in + at, sizeof(name));
        if (name == PV_HV_REGISTER_GUEST_OS_ID || name == PV_HV_REGISTER_VP_ASSIST_PAGE)
            memcpy(in + at, &harmless, sizeof(harmless));
    }
}

/* The bytes of an input block: the own partition and VP in front if the input says so. */
static void fill(enum pv_hv_call call, uint8_t *in, size_t in_bytes)
{
    static const uint8_t self[16] = { 255, 255, 255, 255, 255, 255, 255, 255, 254, 255, 255, 255 };
    const uint8_t how = next8();

    if (in_bytes == 0)
        return;
    memset(in, 0, in_bytes);
    if ((how & 1) != 0)
        splash(in, in_bytes);
    if ((how & 2) != 0)
        memcpy(in, self, in_bytes < sizeof(self) ? in_bytes : sizeof(self));
    tame(call, in, in_bytes);
}

/* ---- memory of the caller, of exactly its size ---- */

static uint8_t *input_of(enum pv_hv_call call, size_t bytes)
{
    uint8_t *in = (uint8_t *)malloc(bytes + (bytes == 0));

    fill(call, in, bytes);
    return in;
}

static uint8_t *output_of(size_t bytes)
{
    uint8_t *out = (uint8_t *)malloc(bytes + (bytes == 0));

    memset(out, FRESH, bytes + (bytes == 0));
    return out;
}

static void check_fresh(const void *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        INSIST(((const uint8_t *)out)[i] == FRESH, "output written without PV_OK");
}

static void check_output(enum pv_status status, const void *out, size_t bytes)
{
    if (status != PV_OK)
        check_fresh(out, bytes);
}

/* ---- life ---- */

/* After going online there is nothing open any more; the kernel that had it open is gone. */
static void follow_online(bool was_offline)
{
    struct nest *nest = this_nest();

    world.can_call[world.cpu] |= was_offline && this_vp()->guest != NULL && world.guest.hv.entry;
    if (!was_offline || this_vp()->hv.innermost != NULL)
        return;
    while (nest->count > 0)
        nest->open[--nest->count]->begun = false;
    world.irqs_off[world.cpu] = false;
    pv_sim->irqs_off = false;
}

static void close_calls(void)
{
    struct nest *nest = this_nest();

    while (nest->count > 0) {
        struct slot *slot = nest->open[--nest->count];

        INSIST(pv_hv_end(this_vp(), &slot->args) == PV_OK, "the innermost call must end");
        slot->begun = false;
        world.irqs_off[world.cpu] = nest->irqs_off[nest->count];
    }
}

static void go_to(uint32_t cpu)
{
    world.cpu = cpu;
    sim_use(&machine, cpu);
}

/* Quiesce and release are for the last CPU that runs. */
static void offline_others(void)
{
    const uint32_t here = world.cpu;

    go_to(1 - here);
    if (this_vp()->guest != NULL) {
        close_calls();
        INSIST(pv_vp_offline(this_vp()) == PV_OK, "a CPU must go offline");
    }
    world.can_call[world.cpu] = false;
    go_to(here);
}

/* Open calls are abandoned: their blocks are not touched any more. libpv keeps no list of those in two
 * registers, so the kernel forgets them itself. */
static void abandon_calls(void)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (!slots[i].begun || slots[i].cpu != world.cpu)
            continue;
        slots[i].usable = false;
        if (slots[i].claims)
            continue;
        memset(&slots[i], 0, sizeof(slots[i]));
    }
}

static struct pv_vp *vp_if_online(void)
{
    return this_vp()->guest != NULL ? this_vp() : NULL;
}

static void do_init(void)
{
    const uint8_t flags = next8();
    const bool was = world.guest.initialised;
    struct pv_guest_config config;
    enum pv_status status;

    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = (flags & 1) != 0 ? take64(&world.input) : 0x8100000000000042ull;
    config.hv.arg_pages = (flags & 2) != 0 ? 2 : flags >> 6;
    config.hv.forms_off = (flags & 4) != 0 ? next8() & 0x1F : 0;
    config.hv.conduit = world.hvc1 ? PV_HV_CONDUIT_HVC1 : PV_HV_CONDUIT_DEFAULT;
    if ((flags & 8) != 0)
        config.hv.conduit = (enum pv_hv_conduit)(next8() % 5);
    world.bound = LIFE_BOUND;
    status = pv_guest_init(&world.guest, (flags & 48) == 48 ? NULL : &config);
    check_status(status);
    INSIST((status == PV_BAD_STATE) == was, "init twice");
}

static void do_online(void)
{
    const bool can = world.guest.initialised && this_vp()->guest == NULL;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    status = pv_vp_online(&world.guest, this_vp());
    check_status(status);
    INSIST((status == PV_BAD_STATE) == !can, "online out of order");
    INSIST((status == PV_OK) == (can && this_vp()->guest != NULL), "online or not");
    follow_online(can);
}

static void do_offline(void)
{
    const bool online = this_vp()->guest != NULL;
    enum pv_status expected = PV_OK;

    if (this_nest()->count != 0)
        expected = PV_BUSY;
    if (!online)
        expected = PV_BAD_STATE;
    world.bound = LIFE_BOUND;
    INSIST(pv_vp_offline(this_vp()) == expected, "status of offline");
    world.can_call[world.cpu] &= expected != PV_OK;
}

static void do_switch(void)
{
    go_to(next8() % CPUS);
}

/* Memory that the hypervisor or the kernel does not let go of is the one reason not to. */
static void check_release(enum pv_status status)
{
    const bool lost = world.lied || world.refused || world.protect_failures;

    INSIST(status == PV_OK || (lost && (status == PV_REFUSED || status == PV_BAD_ADDRESS)),
           "status of release");
}

static void do_vp_release(void)
{
    const bool online = this_vp()->guest != NULL;
    const enum pv_status status = pv_vp_release(this_vp());

    INSIST((status == PV_BAD_STATE) == online, "release of an online VP");
    if (online)
        return;
    check_release(status);
    abandon_calls();
}

static void quiesce(void)
{
    const enum pv_status expected = world.guest.initialised ? PV_OK : PV_BAD_STATE;

    offline_others();
    abandon_calls();
    INSIST(pv_guest_quiesce(&world.guest, vp_if_online()) == expected, "status of quiesce");
    INSIST(world.guest.hv.entry == 0, "hypercalls are on after quiesce");
    world.can_call[world.cpu] = false;
}

static void do_quiesce(void)
{
    world.bound = LIFE_BOUND;
    quiesce();
}

static void do_resume(void)
{
    const bool with_vp = (next8() & 1) == 0;
    const bool can = world.guest.initialised && world.guest.hv.entry == 0;
    const bool was_offline = can && with_vp && this_vp()->guest == NULL;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    status = pv_guest_resume(&world.guest, with_vp ? this_vp() : NULL);
    check_status(status);
    INSIST(can || status == PV_BAD_STATE, "resume out of order");
    follow_online(was_offline);
}

static void do_release(void)
{
    const bool was = world.guest.initialised;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    offline_others();
    abandon_calls();
    status = pv_guest_release(&world.guest, vp_if_online());
    INSIST((status == PV_BAD_STATE) == !was, "release out of order");
    if (!was)
        return;
    check_release(status);
    world.can_call[world.cpu] = false;
}

/* Suspended here, resumed there: other features, other limits. */
static void do_migrate(void)
{
    world.bound = LIFE_BOUND;
    quiesce();
    take_host();
}

/* ---- what happens to the machine ---- */

static void do_behave(void)
{
    behave(SIM_BEHAVIOURS);
}

/* Refusals are no lies. */
static void do_refuse(void)
{
    struct sim_model *model = &machine.model;
    const uint8_t flags = next8();

    model->refuse = (flags & 1) != 0 ? next8() : 0;
    model->fail_status = (flags & 2) != 0 ? next8() : 0;
    model->fail_element = (flags & 2) != 0 ? next8() : 0;
    world.refused |= (flags & 3) != 0;
}

static void do_os_failure(void)
{
    struct sim_os *os = &machine.os;
    const uint8_t what = next8();
    uint32_t *const counters[] = { &os->fail.alloc, &os->fail.protect, &os->fail.virt_to_gpa,
                                   &os->fail.map, &os->fail.skew };

    *counters[what % 5] = what / 5 % 8;
    world.protect_failures |= os->fail.protect != 0;
    os->gpa_skew = take16(&world.input);
}

/* The kernel itself turns them on and off, but not while a call of its own is open. */
static void do_irq(void)
{
    if (this_nest()->count != 0)
        return;
    world.irqs_off[world.cpu] = !world.irqs_off[world.cpu];
    pv_sim->irqs_off = world.irqs_off[world.cpu];
}

/* ---- begin, issue, end ---- */

static struct slot *take_slot(void)
{
    return &slots[next8() % SLOTS];
}

static bool inside(const void *part, size_t bytes, const void *area, size_t area_bytes)
{
    const uintptr_t offset = (uintptr_t)part - (uintptr_t)area;

    return part == NULL || (offset <= area_bytes && bytes <= area_bytes - offset);
}

static bool in_its_memory(const struct slot *slot, const void *part, size_t bytes)
{
    const struct pv_hv_vp *hv = &this_vp()->hv;

    if (!slot->memory)
        return inside(part, bytes, slot->args.block, sizeof(slot->args.block));
    if (depth_of(this_nest()) == 1)
        return inside(part, bytes, hv->args, hv->args_pages * (size_t)PV_PAGE_BYTES);
    return inside(part, bytes, hv->reserve, sizeof(hv->reserve));
}

static bool is_zero(const void *from, size_t bytes)
{
    const uint8_t *at = (const uint8_t *)from;

    while (bytes > 0 && at[bytes - 1] == 0)
        bytes--;
    return bytes == 0;
}

static void check_blocks(const struct slot *slot, const struct pv_hv_shape *shape)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(slot->call);
    const struct pv_hv_args *args = &slot->args;
    const size_t in_list = (size_t)args->reps * info->in_rep_bytes;
    const size_t out_list = (size_t)args->reps * info->out_rep_bytes;

    INSIST((args->in != NULL) == (info->in_bytes != 0), "fixed input");
    INSIST((args->in_list != NULL) == (in_list != 0), "input list");
    INSIST((args->out_list != NULL) == (out_list != 0), "output list");
    INSIST(info->kind != PV_HV_KIND_REP || args->reps != 0, "no elements");
    INSIST(args->reps <= shape->reps, "more elements than wanted");
    INSIST(in_its_memory(slot, args->in, info->in_bytes), "input outside its memory");
    INSIST(in_its_memory(slot, args->in_list, in_list), "input list outside its memory");
    INSIST(in_its_memory(slot, args->out, info->out_bytes), "output outside its memory");
    INSIST(in_its_memory(slot, args->out_list, out_list), "output list outside its memory");
    INSIST(args->in == NULL || is_zero(args->in, info->in_bytes), "input not zeroed");
    INSIST(args->var == NULL || is_zero(args->var, 8u * shape->var_qwords), "header not zeroed");
}

static void opened(struct slot *slot, bool irqs_off)
{
    struct nest *nest = this_nest();

    slot->begun = true;
    slot->usable = true;
    slot->cpu = world.cpu;
    slot->memory = slot->args.form == PV_HV_FORM_MEMORY;
    slot->claims = slot->args.form != PV_HV_FORM_FAST;
    if (!slot->claims)
        return;
    nest->irqs_off[nest->count] = irqs_off;
    nest->open[nest->count++] = slot;
    world.irqs_off[world.cpu] = true;
    INSIST(depth_of(nest) <= 2, "nested too deep");
}

static void check_begin(enum pv_status status)
{
    check_status(status);
    INSIST(ready() || status == PV_BAD_STATE, "begin out of order");
    INSIST(status != PV_NO_ROOM || depth_of(this_nest()) == 0,
           "a nested call has no room: PV_BUSY");
}

/* An args whose call is open is not begun again: that would lose the call. */
static void begin(struct slot *slot)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_shape shape = take_shape(call);
    const bool irqs_off = world.irqs_off[world.cpu];
    enum pv_status status;

    if (slot->begun && slot->claims)
        return;
    slot->call = call;
    slot->begun = false;
    slot->memory = false;
    status = pv_hv_begin(this_vp(), call, &shape, &slot->args);
    check_begin(status);
    if (status != PV_OK)
        return;
    opened(slot, irqs_off);
    check_blocks(slot, &shape);
}

static void do_begin(void)
{
    begin(take_slot());
}

/* All the caller may write: there is no gap between the fixed input and the list. */
static void write_blocks(const struct slot *slot)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(slot->call);
    const struct pv_hv_args *args = &slot->args;
    uint8_t *in = (uint8_t *)args->in;
    size_t bytes = info->in_bytes;

    if (args->in_list != NULL)
        bytes = (size_t)((uint8_t *)args->in_list - in) + (size_t)args->reps * info->in_rep_bytes;
    if (in != NULL)
        fill(slot->call, in, bytes);
}

static void do_write(void)
{
    const struct slot *slot = take_slot();

    if (slot->begun && slot->usable)
        write_blocks(slot);
}

/* Calls in two registers keep no order; all others end in reverse. */
static bool innermost(const struct slot *slot)
{
    return slot->begun && (!slot->claims || is_last(slot));
}

static void check_issue(const struct slot *slot, enum pv_status status)
{
    const struct pv_hv_result result = slot->args.result;

    check_status(status);
    INSIST((status == PV_BAD_STATE) == !(ready() && innermost(slot)), "issue out of order");
    if (status == PV_BAD_STATE)
        return;
    INSIST(result.reps <= slot->args.reps, "more elements done than there are");
    INSIST(status != PV_OK || (result.status == 0 && result.reps == slot->args.reps),
           "success without success");
}

static void issue(struct slot *slot)
{
    world.bound = bound_of(slot->args.reps);
    check_issue(slot, pv_hv_issue(this_vp(), &slot->args));
}

static void do_issue(void)
{
    issue(take_slot());
}

static void end(struct slot *slot)
{
    const bool can = innermost(slot);
    enum pv_status status;

    status = pv_hv_end(this_vp(), &slot->args);
    INSIST(status == (can ? PV_OK : PV_BAD_STATE), "end out of order");
    if (!can)
        return;
    slot->begun = false;
    if (slot->claims && is_last(slot))
        world.irqs_off[world.cpu] = this_nest()->irqs_off[--this_nest()->count];
}

static void do_end(void)
{
    end(take_slot());
}

/* The usual order, in one step. */
static void do_whole(void)
{
    struct slot *slot = take_slot();

    begin(slot);
    if (slot->begun && slot->usable)
        write_blocks(slot);
    issue(slot);
    end(slot);
}

/* ---- shortcuts ---- */

static void do_fast(void)
{
    const enum pv_hv_call call = take_call();
    const uint64_t in0 = take64(&world.input);
    const uint64_t in1 = take64(&world.input);
    struct pv_hv_result result = { 0, 0 };
    enum pv_status status;

    world.bound = TRIES;
    status = pv_hv_call_fast(this_vp(), call, in0, in1, &result);
    check_status(status);
    INSIST(status != PV_OK || (ready() && result.status == 0 && result.reps == 0), "fast success");
}

static void do_simple(void)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const size_t out_bytes = info != NULL ? info->out_bytes : 0;
    uint8_t *in = input_of(call, info != NULL ? info->in_bytes : 0);
    uint8_t *out = output_of(out_bytes);
    struct pv_hv_result result;
    enum pv_status status;

    world.bound = TRIES;
    status = pv_hv_call_simple(this_vp(), call, in, out, &result);
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
    check_output(status, out, out_bytes);
    free(out);
    free(in);
}

/* Long enough for several batches, also of those calls that have no elements to copy. */
static size_t take_count(const struct pv_hv_call_info *info)
{
    const bool empty = info == NULL || info->in_rep_bytes + info->out_rep_bytes == 0;

    return take16(&world.input) % (empty ? 9000 : 600);
}

static void check_list(enum pv_status status, size_t done, size_t count, const uint8_t *out,
                       size_t bytes)
{
    check_status(status);
    INSIST(done <= count, "more elements done than there are");
    INSIST(status != PV_OK || (count != 0 && done == count), "success without success");
    if (out != NULL)
        check_fresh(out + done * bytes, (count - done) * bytes);
}

static void do_list(void)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const size_t count = take_count(info);
    const size_t out_bytes = info != NULL ? info->out_rep_bytes : 0;
    const size_t header = info != NULL ? info->in_bytes : 0;
    const size_t in_bytes = info != NULL ? info->in_rep_bytes : 0;
    uint8_t *in = input_of(call, header + count * in_bytes);
    uint8_t *out = output_of(count * out_bytes);
    struct pv_hv_list list = {
        .call = call, .header = in, .in = in + header, .out = out, .count = count, .done = 77
    };

    world.bound = 2 * bound_of(count);
    check_list(pv_hv_call_list(this_vp(), &list, NULL), list.done, count, out, out_bytes);
    free(out);
    free(in);
}

/* Mostly in the kernel's own two pages, else where there is no memory at all. */
static uint64_t take_gpa(void)
{
    const uint8_t which = next8();
    const uint64_t offset = take16(&world.input) % PV_PAGE_BYTES & ((which & 1) != 0 ? ~0u : ~7u);
    const uint64_t page = world.pages_gpa + (which >> 1 & 1) * PV_PAGE_BYTES;

    if (which < 0xF0)
        return page + offset;
    return which < 0xF8 ? offset : ~offset;
}

static void fill_at(enum pv_hv_call call, const struct pv_hv_shape *shape, uint64_t gpa)
{
    const size_t room = PV_PAGE_BYTES - gpa % PV_PAGE_BYTES;
    struct pv_hv_plan plan;
    uint8_t *in;

    if (pv_hv_plan(call, shape, &pv_hv_room_two_pages, &plan) != PV_OK)
        return;
    in = (uint8_t *)sim_memory_at(&machine, gpa, 1);
    if (in != NULL)
        fill(call, in, plan.in_bytes < room ? plan.in_bytes : room);
}

static void do_gpa(void)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_shape shape = take_shape(call);
    const uint64_t in_gpa = take_gpa();
    const uint64_t out_gpa = take_gpa();
    enum pv_status status;

    fill_at(call, &shape, in_gpa);
    world.bound = bound_of(shape.reps & 0xFFF);
    status = pv_hv_call_gpa(this_vp(), call, &shape, in_gpa, out_gpa, NULL);
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
}

/* ---- registers and VTLs ---- */

static void do_regs_get(void)
{
    const struct pv_hv_target target = take_target();
    const size_t count = take16(&world.input) % 300;
    const size_t bytes = sizeof(struct pv_hv_register_value);
    uint8_t *names = input_of(PV_HV_CALLS, count * sizeof(uint32_t));
    uint8_t *values = output_of(count * bytes);
    size_t done = 77;
    enum pv_status status;

    world.bound = 2 * bound_of(count);
    status = pv_hv_regs_get(this_vp(), target, (const uint32_t *)(const void *)names,
                            (struct pv_hv_register_value *)(void *)values, count, &done, NULL);
    check_list(status, done, count, values, bytes);
    free(values);
    free(names);
}

static void do_regs_set(void)
{
    const struct pv_hv_target target = take_target();
    const size_t count = take16(&world.input) % 300;
    const size_t header = 16;
    uint8_t *in =
        input_of(PV_HV_CALL_SET_VP_REGISTERS, header + count * sizeof(struct pv_hv_register));
    size_t done = 77;
    enum pv_status status;

    world.bound = 2 * bound_of(count);
    status = pv_hv_regs_set(this_vp(), target,
                            (const struct pv_hv_register *)(const void *)(in + header), count,
                            &done, NULL);
    check_list(status, done, count, NULL, 0);
    free(in);
}

/* One output of each kind, guarded by the others. */
static struct {
    uint64_t value;
    uint8_t vtl;
    struct pv_hv_vsm_vp_status vp_status;
    struct pv_hv_vsm_partition_status partition_status;
    struct pv_hv_vsm_capabilities capabilities;
    struct pv_hv_vsm_code_offsets offsets;
    struct pv_hv_vsm_partition_config config;
    struct pv_hv_translation translation;
    struct pv_vp_index index;
} answers_of;

static enum pv_status read_one(uint8_t which, struct pv_hv_result *result)
{
    struct pv_vp *vp = this_vp();

    switch (which % 8) {
    case 0:
        return pv_hv_vtl_current(vp, &answers_of.vtl, result);
    case 1:
        return pv_hv_vsm_vp_status(vp, &answers_of.vp_status, result);
    case 2:
        return pv_hv_vsm_partition_status(vp, &answers_of.partition_status, result);
    case 3:
        return pv_hv_vsm_capabilities(vp, &answers_of.capabilities, result);
    case 4:
        return pv_hv_vsm_code_offsets(vp, &answers_of.offsets, result);
    case 5:
        return pv_hv_vsm_config_get(vp, next8(), &answers_of.config, result);
    case 6:
        return pv_hv_vp_index_find(vp, (struct pv_hw_id){ take64(&world.input) }, next8() & 31,
                                   &answers_of.index, result);
    default:
        return pv_hv_regs_get64(vp, take32(&world.input), &answers_of.value, result);
    }
}

static void check_answer(enum pv_status status)
{
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
    check_output(status, &answers_of, sizeof(answers_of));
}

static void do_read(void)
{
    struct pv_hv_result result;

    memset(&answers_of, FRESH, sizeof(answers_of));
    world.bound = TRIES;
    check_answer(read_one(next8(), &result));
}

static void do_translate(void)
{
    const struct pv_hv_target target = take_target();
    const uint64_t flags = take16(&world.input);
    const uint64_t va = take64(&world.input);

    memset(&answers_of, FRESH, sizeof(answers_of));
    world.bound = TRIES;
    check_answer(pv_hv_translate(this_vp(), target, flags, va, &answers_of.translation, NULL));
}

static enum pv_status set_up_vtl(uint8_t which)
{
    const struct pv_vp_index index = take_target().index;
    struct pv_hv_vsm_partition_config config;
    union pv_hv_context context;

    take(&world.input, &config.default_mask, 1);
    config.protect = (which & 4) != 0;
    config.zero_on_reset = config.deny_lower_startup = config.intercept_startup = false;
    config.raw = (which & 8) != 0 ? take64(&world.input) : 0;
    memset(&context, which, sizeof(context));
    switch (which % 4) {
    case 0:
        return pv_hv_vtl_enable_partition(this_vp(), next8() & 31, next8() & 3, NULL);
    case 1:
        return pv_hv_vtl_enable_vp(this_vp(), index, next8() & 31, &context, NULL);
    case 2:
        return pv_hv_vp_start(this_vp(), index, next8() & 31, &context, NULL);
    default:
        return pv_hv_vsm_config_set(this_vp(), next8() & 31, &config, NULL);
    }
}

static void do_set_up_vtl(void)
{
    enum pv_status status;

    world.bound = TRIES;
    status = set_up_vtl(next8());
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
}

static void do_protect(void)
{
    const uint8_t input_vtl = next8();
    const uint32_t mask = next8();
    const size_t count = take16(&world.input) % 600;
    uint8_t *pages = input_of(PV_HV_CALLS, count * sizeof(uint64_t));
    size_t done = 77;
    enum pv_status status;

    world.bound = 2 * bound_of(count);
    status = pv_hv_vtl_protect(this_vp(), input_vtl, mask, (const uint64_t *)(const void *)pages,
                               count, &done, NULL);
    check_list(status, done, count, NULL, 0);
    free(pages);
}

/* A switch that the VTL state does not allow is #UD, which is the caller's to avoid. */
static bool may_switch(bool to_lower)
{
    const struct sim_vp_state *state = &machine.model.cpus[world.cpu];

    return !world.lied && state->vtls[1].enabled && state->active_vtl == (to_lower ? 1 : 0);
}

static void do_switch_vtl(void)
{
    const uint8_t flags = next8();
    const bool to_lower = (flags & 1) != 0;
    struct pv_hv_vtl_regs regs;
    enum pv_status status;

    world.bound = TRIES;
    if ((flags & 2) != 0)
        check_status(pv_hv_vtl_switch_init(this_vp(), NULL));
    if (!may_switch(to_lower))
        return;
    memset(&regs, 0, sizeof(regs));
    status = to_lower ? pv_hv_vtl_return(this_vp(), (flags & 4) != 0, &regs)
                      : pv_hv_vtl_call(this_vp(), &regs);
    check_status(status);
    INSIST((status == PV_BAD_STATE) == !ready(), "switch out of order");
}

static void do_assist(void)
{
    const bool enable = (next8() & 3) != 0;
    const bool online = this_vp()->guest != NULL;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    status = enable ? pv_hv_assist_enable(this_vp()) : pv_hv_assist_disable(this_vp());
    check_status(status);
    INSIST(online || status == PV_BAD_STATE, "assist page out of order");
    if (status == PV_OK)
        INSIST((this_vp()->hv.assist != NULL) == enable, "assist page or not");
}

/* ---- the program ---- */

static void (*const steps[])(void) = {
    do_init,     do_online,   do_offline,    do_switch, do_vp_release, do_quiesce,    do_resume,
    do_release,  do_migrate,  do_behave,     do_answer, do_refuse,     do_os_failure, do_irq,
    do_begin,    do_write,    do_issue,      do_end,    do_whole,      do_fast,       do_simple,
    do_list,     do_gpa,      do_read,       do_assist, do_translate,  do_set_up_vtl, do_protect,
    do_regs_get, do_regs_set, do_switch_vtl,
};

static void check_step(uint64_t calls_before)
{
    INSIST(sim_calls(&machine) - calls_before <= world.bound, "too many hypercalls");
    check_complaints();
    for (uint32_t i = 0; i < CPUS; i++) {
        INSIST(machine.cpus[i].port.irqs_off == world.irqs_off[i], "IRQ state");
        INSIST(world.vps[i].hv.depth == depth_of(&nests[i]), "nesting depth");
        INSIST(world.vps[i].told.count <= PV_TOLD_MAX, "registry overrun");
    }
    INSIST(world.guest.told.count <= PV_TOLD_MAX, "registry overrun");
}

static void step(void)
{
    const uint64_t before = sim_calls(&machine);

    world.bound = 0;
    steps[next8() % (sizeof(steps) / sizeof(steps[0]))]();
    check_step(before);
}

/* Most programs begin as most kernels do. */
static void start(struct input input)
{
    world_clear(input);
    memset(slots, 0, sizeof(slots));
    memset(nests, 0, sizeof(nests));
    take_machine();
    if (next8() % 4 == 3)
        return;
    do_init();
    do_online();
}

/* An honest end: whatever came before, everything can be given back. */
static void finish(void)
{
    stop_lying();
    memset(&machine.os.fail, 0, sizeof(machine.os.fail));
    go_to(0);
    close_calls();
    offline_others();
    if (world.guest.initialised)
        check_release(pv_guest_release(&world.guest, vp_if_online()));
    for (uint32_t i = 0; i < CPUS; i++)
        check_release(pv_vp_release(&world.vps[i]));
    pv_os_page_free(world.pages, 2);
    check_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    start((struct input){ data, size });
    while (world.input.left != 0)
        step();
    finish();
    return 0;
}
