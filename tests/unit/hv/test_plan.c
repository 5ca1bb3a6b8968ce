/* SPDX-License-Identifier: MIT */
/* The planner: layouts known from the field, every documented error, and all calls x rooms x
 * shapes against a reference that counts up one element at a time. */
#include <pv/hv/call.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- known layouts ---- */

struct known {
    enum pv_hv_call call;
    struct pv_hv_shape shape;
    const struct pv_hv_room *room;
    struct pv_hv_plan plan;
};

#define GET PV_HV_CALL_GET_VP_REGISTERS
#define REPS(n) ((uint64_t)(n) << 32)
#define VAR(n) ((uint64_t)(n) << 17)

/* clang-format off */
static const struct known known[] = {
    /* The most registers of one call: 16 + 4n, then 16n, padded. */
    { GET, { .reps = 4095 }, &pv_hv_room_shared,
      { REPS(204) | 0x50, 832, 16, 832, 3264, 832, 204 } },
    { GET, { .reps = 4095 }, &pv_hv_room_two_pages,
      { REPS(256) | 0x50, 1040, 16, 4096, 4096, 4096, 256 } },
    { GET, { .reps = 4095 }, &pv_hv_room_reserve,
      { REPS(12) | 0x50, 64, 16, 64, 192, 64, 12 } },
    { GET, { .reps = 4095 }, &pv_hv_room_x64_block,
      { REPS(4) | 0x50, 32, 16, 32, 64, 32, 4 } },
    { GET, { .reps = 4095 }, &pv_hv_room_smccc_block,
      { REPS(5) | 0x50, 36, 16, 48, 80, 48, 5 } },
    { GET, { .reps = 4095 }, &pv_hv_room_hvc1_block,
      { REPS(5) | 0x50, 36, 16, 48, 80, 48, 5 } },
    /* One register: Linux and mu_msvm read it from X6 and X7 (HVC #0), X15 and X16 (HVC #1). */
    { GET, { .reps = 1 }, &pv_hv_room_smccc_block,
      { REPS(1) | 0x50, 20, 16, 32, 16, 32, 1 } },
    { GET, { .reps = 1 }, &pv_hv_room_hvc1_block,
      { REPS(1) | 0x50, 20, 16, 112, 16, 112, 1 } },
    /* In memory the output follows on the next qword, in registers on the next pair. */
    { GET, { .reps = 1 }, &pv_hv_room_shared,
      { REPS(1) | 0x50, 20, 16, 24, 16, 24, 1 } },
    { GET, { .reps = 1 }, &pv_hv_room_x64_block,
      { REPS(1) | 0x50, 20, 16, 32, 16, 32, 1 } },
    /* Setting registers: 32 bytes each behind the header, no output. */
    { PV_HV_CALL_SET_VP_REGISTERS, { .reps = 9 }, &pv_hv_room_x64_block,
      { REPS(3) | 0x51, 112, 16, 0, 0, 0, 3 } },
    { PV_HV_CALL_SET_VP_REGISTERS, { .reps = 4095 }, &pv_hv_room_shared,
      { REPS(127) | 0x51, 4080, 16, 0, 0, 0, 127 } },
    /* Flush with VP set and GVA list: header, banks, list. */
    { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, { .var_qwords = 2 }, &pv_hv_room_shared,
      { VAR(2) | 0x13, 48, 48, 0, 0, 0, 0 } },
    { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, { .reps = 7, .var_qwords = 2 }, &pv_hv_room_shared,
      { REPS(7) | VAR(2) | 0x14, 104, 48, 0, 0, 0, 7 } },
    { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, { .reps = 4095, .var_qwords = 64 },
      &pv_hv_room_shared, { REPS(444) | VAR(64) | 0x14, 4096, 544, 0, 0, 0, 444 } },
    /* 510 ranges would take 4104 bytes: Linux's own count lets them pass. */
    { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST, { .reps = 510 }, &pv_hv_room_shared,
      { REPS(509) | 0x03, 4096, 24, 0, 0, 0, 509 } },
    { PV_HV_CALL_MODIFY_SPARSE_GPA_PAGE_HOST_VISIBILITY, { .reps = 4095 }, &pv_hv_room_shared,
      { REPS(510) | 0xDB, 4096, 16, 0, 0, 0, 510 } },
    /* Bank mask and banks both count as variable header. */
    { PV_HV_CALL_RETARGET_DEVICE_INTERRUPT, { .var_qwords = 3 }, &pv_hv_room_shared,
      { VAR(3) | 0x7E, PV_HV_BY_ARCH(80, 88), PV_HV_BY_ARCH(80, 88), 0, 0, 0, 0 } },
    /* Byte-sized elements come back in one output block. */
    { PV_HV_CALL_QUERY_SPARSE_GPA_PAGE_HOST_VISIBILITY, { .reps = 3 }, &pv_hv_room_shared,
      { REPS(3) | 0x11C, 32, 8, 32, 3, 32, 3 } },
    /* A count of pages needs no room. */
    { PV_HV_CALL_ACCEPT_GPA_PAGES, { .reps = 4095 }, &pv_hv_room_x64_block,
      { REPS(4095) | 0xD9, 24, 24, 0, 0, 0, 4095 } },
    /* Tails lie behind the fixed part. */
    { PV_HV_CALL_POST_DEBUG_DATA, { .tail_bytes = 13 }, &pv_hv_room_shared,
      { 0x69, 21, 21, 24, 8, 32, 0 } },
    { PV_HV_CALL_RETRIEVE_DEBUG_DATA, { .tail_bytes = 4000 }, &pv_hv_room_two_pages,
      { 0x6A, 16, 16, 4096, 4008, 8104, 0 } },
    /* Output only. */
    { PV_HV_CALL_GET_PARTITION_ID, { 0 }, &pv_hv_room_shared, { 0x46, 0, 0, 0, 8, 8, 0 } },
    { PV_HV_CALL_GET_PARTITION_ID, { 0 }, &pv_hv_room_two_pages,
      { 0x46, 0, 0, 4096, 8, 4104, 0 } },
    { PV_HV_CALL_GET_PARTITION_ID, { 0 }, &pv_hv_room_hvc1_block,
      { 0x46, 0, 0, 112, 8, 120, 0 } },
};
/* clang-format on */

static void assert_same_plan(const struct pv_hv_plan *plan, const struct pv_hv_plan *want)
{
    assert_int_equal(plan->control, want->control);
    assert_int_equal(plan->in_bytes, want->in_bytes);
    assert_int_equal(plan->in_list, want->in_list);
    assert_int_equal(plan->out_offset, want->out_offset);
    assert_int_equal(plan->out_bytes, want->out_bytes);
    assert_int_equal(plan->out_list, want->out_list);
    assert_int_equal(plan->reps, want->reps);
}

static void known_layouts_are_planned_as_known(void **state)
{
    struct pv_hv_plan plan;

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(pv_hv_plan(known[i].call, &known[i].shape, known[i].room, &plan), PV_OK);
        assert_same_plan(&plan, &known[i].plan);
    }
}

static void no_shape_means_all_zero(void **state)
{
    static const struct pv_hv_shape zero;
    struct pv_hv_plan without;
    struct pv_hv_plan with;

    (void)state;
    assert_int_equal(
        pv_hv_plan(PV_HV_CALL_SIGNAL_EVENT, NULL, &pv_hv_room_shared, &without), PV_OK);
    assert_int_equal(pv_hv_plan(PV_HV_CALL_SIGNAL_EVENT, &zero, &pv_hv_room_shared, &with), PV_OK);
    assert_same_plan(&without, &with);
    assert_int_equal(pv_hv_plan(GET, NULL, &pv_hv_room_shared, &without), PV_INVALID);
}

/* ---- documented errors ---- */

static void assert_refused(enum pv_hv_call call, const struct pv_hv_shape *shape,
                           const struct pv_hv_room *room, enum pv_status want)
{
    struct pv_hv_plan before;
    struct pv_hv_plan plan;

    memset(&before, 0xA5, sizeof(before));
    memset(&plan, 0xA5, sizeof(plan));
    assert_int_equal(pv_hv_plan(call, shape, room, &plan), want);
    assert_memory_equal(&plan, &before, sizeof(plan));
}

static void a_number_that_is_no_call_is_invalid(void **state)
{
    (void)state;
    assert_refused(PV_HV_CALLS, NULL, &pv_hv_room_shared, PV_INVALID);
    assert_refused((enum pv_hv_call)(PV_HV_CALLS + 1), NULL, &pv_hv_room_shared, PV_INVALID);
    assert_refused((enum pv_hv_call)0x7FFFFFFF, NULL, &pv_hv_room_shared, PV_INVALID);
}

static void a_shape_that_does_not_suit_the_call_is_invalid(void **state)
{
    static const struct {
        enum pv_hv_call call;
        struct pv_hv_shape shape;
    } cases[] = {
        { GET, { .reps = 0 } },
        { GET, { .reps = 4096 } },
        { GET, { .reps = 0xFFFFFFFFu } },
        { GET, { .reps = 1, .var_qwords = 1 } },
        { GET, { .reps = 1, .tail_bytes = 1 } },
        { PV_HV_CALL_SIGNAL_EVENT, { .reps = 1 } },
        { PV_HV_CALL_SIGNAL_EVENT, { .var_qwords = 1 } },
        { PV_HV_CALL_SIGNAL_EVENT, { .tail_bytes = 1 } },
        { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, { .reps = 1, .var_qwords = 65 } },
        { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, { .reps = 1, .var_qwords = 0xFFFF } },
        { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, { .reps = 1, .tail_bytes = 1 } },
        { PV_HV_CALL_RETARGET_DEVICE_INTERRUPT, { .var_qwords = 66 } },
        { PV_HV_CALL_POST_DEBUG_DATA, { .var_qwords = 1 } },
        { PV_HV_CALL_RETRIEVE_DEBUG_DATA, { .reps = 1 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_refused(cases[i].call, &cases[i].shape, &pv_hv_room_two_pages, PV_INVALID);
}

static void a_room_that_is_none_is_invalid(void **state)
{
    static const struct pv_hv_room rooms[] = {
        { 4096, 0, 0, false },  { 4096, 0, 4, false },     { 4096, 0, 24, false },
        { 4096, 0, 255, false }, { 4104, 0, 8, false },    { 4097, 0, 8, false },
        { 0xFFF8, 0, 8, false }, { 100, 0, 8, false },     { 104, 0, 16, false },
        { 4096, 4104, 8, false }, { 4096, 0xFFF8, 8, false }, { 4096, 4, 8, false },
        { 4096, 8, 16, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
        assert_refused(PV_HV_CALL_SIGNAL_EVENT, NULL, &rooms[i], PV_INVALID);
}

static void calls_without_a_public_layout_and_switches_are_unsupported(void **state)
{
    (void)state;
    assert_refused(PV_HV_CALL_DISABLE_VP_VTL, NULL, &pv_hv_room_shared, PV_UNSUPPORTED);
    assert_refused(PV_HV_CALL_EXT_EPF_SETUP, NULL, &pv_hv_room_shared, PV_UNSUPPORTED);
    assert_refused(PV_HV_CALL_VTL_CALL, NULL, &pv_hv_room_shared, PV_UNSUPPORTED);
    assert_refused(PV_HV_CALL_VTL_RETURN, NULL, &pv_hv_room_shared, PV_UNSUPPORTED);
}

static void what_does_not_fit_with_one_element_has_no_room(void **state)
{
    static const struct pv_hv_room none = { 0, 0, 8, false };
    static const struct pv_hv_room one_register_less = { 32, 0, 8, false };
    static const struct pv_hv_room no_output = { 4096, 8, 8, false };
    static const struct pv_hv_shape one = { .reps = 1 };
    static const struct pv_hv_shape tail = { .tail_bytes = 4096 };
    static const struct pv_hv_shape most = { .tail_bytes = 0xFFFF };

    (void)state;
    assert_refused(PV_HV_CALL_SIGNAL_EVENT, NULL, &none, PV_NO_ROOM);
    assert_refused(GET, &one, &one_register_less, PV_NO_ROOM);
    assert_refused(GET, &one, &no_output, PV_NO_ROOM);
    assert_refused(PV_HV_CALL_POST_MESSAGE, NULL, &pv_hv_room_x64_block, PV_NO_ROOM);
    assert_refused(PV_HV_CALL_POST_DEBUG_DATA, &tail, &pv_hv_room_shared, PV_NO_ROOM);
    assert_refused(PV_HV_CALL_POST_DEBUG_DATA, &most, &pv_hv_room_two_pages, PV_NO_ROOM);
    assert_refused(PV_HV_CALL_RETRIEVE_DEBUG_DATA, &most, &pv_hv_room_two_pages, PV_NO_ROOM);
    assert_refused(PV_HV_CALL_VBS_VM_CALL_REPORT, NULL, &pv_hv_room_reserve, PV_NO_ROOM);
}

/* ---- everything against a reference ---- */

/* Where the blocks lie with that many elements; worked out one way only, the plain one. */
struct reference {
    uint32_t in, out, out_at;
    bool legal;
};

static uint32_t round_up(uint32_t bytes, uint32_t align)
{
    while (bytes % align != 0)
        bytes++;
    return bytes;
}

static struct reference place(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                              const struct pv_hv_room *room, uint32_t reps)
{
    const uint32_t tail_in = info->var == PV_HV_VAR_TAIL_IN ? shape->tail_bytes : 0;
    const uint32_t tail_out = info->var == PV_HV_VAR_TAIL_OUT ? shape->tail_bytes : 0;
    struct reference at = { 0, 0, 0, false };
    uint32_t end = room->in_bytes;

    at.in = info->in_bytes + tail_in + 8u * shape->var_qwords + reps * info->in_rep_bytes;
    at.out = info->out_bytes + tail_out + reps * info->out_rep_bytes;
    at.out_at = round_up(at.in, room->align);
    if (room->out_last) {
        at.out_at = room->in_bytes >= at.out ? room->in_bytes - at.out : 0;
        at.out_at -= at.out_at % room->align;
    }
    if (room->out_bytes != 0) {
        at.out_at = room->in_bytes;
        end += room->out_bytes;
    }
    at.legal = at.in <= room->in_bytes && (at.out == 0 || at.out_at >= at.in) &&
               at.out_at + at.out <= end;
    return at;
}

/* The most elements, found by adding one at a time. */
static uint32_t most(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                     const struct pv_hv_room *room)
{
    uint32_t reps = 0;

    while (reps < PV_HV_REPS_MAX && place(info, shape, room, reps + 1).legal)
        reps++;
    return reps;
}

/* What the contract promises of every plan. */
static void assert_contract(const struct pv_hv_room *room, const struct pv_hv_plan *plan)
{
    const uint32_t end = (uint32_t)plan->out_offset + plan->out_bytes;

    assert_true(plan->in_bytes <= room->in_bytes);
    assert_true(plan->in_list <= plan->in_bytes);
    assert_int_equal(plan->out_offset % room->align, 0);
    assert_true(end <= (uint32_t)room->in_bytes + room->out_bytes);
    if (plan->out_bytes == 0)
        return;
    assert_true(plan->out_offset >= plan->in_bytes);
    assert_int_equal(plan->out_offset / PV_PAGE_BYTES, (end - 1) / PV_PAGE_BYTES);
    assert_true(plan->out_list >= plan->out_offset && plan->out_list <= end);
}

static void assert_as_reference(const struct pv_hv_call_info *info,
                                const struct pv_hv_shape *shape, const struct pv_hv_room *room,
                                const struct pv_hv_plan *plan, uint32_t reps)
{
    const struct reference at = place(info, shape, room, reps);

    assert_true(at.legal);
    assert_int_equal(plan->reps, reps);
    assert_int_equal(plan->in_bytes, at.in);
    assert_int_equal(plan->out_bytes, at.out);
    assert_int_equal(plan->out_offset, at.out != 0 ? at.out_at : 0);
    assert_int_equal(plan->in_list, at.in - reps * info->in_rep_bytes);
    assert_int_equal(plan->out_list, plan->out_offset + at.out - reps * info->out_rep_bytes);
    assert_int_equal(plan->control & 0xFFFF, info->code);
    assert_int_equal(plan->control >> 17 & 0x3FF, shape->var_qwords);
    assert_int_equal(plan->control >> 32 & 0xFFF, reps);
    assert_int_equal(plan->control & ~0x00000FFF07FEFFFFull, 0);
    assert_contract(room, plan);
}

static void check(enum pv_hv_call call, const struct pv_hv_shape *shape,
                  const struct pv_hv_room *room, uint32_t fitting)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const bool is_rep = info->kind == PV_HV_KIND_REP;
    const uint32_t reps = shape->reps < fitting ? shape->reps : fitting;
    struct pv_hv_plan plan;
    const enum pv_status status = pv_hv_plan(call, shape, room, &plan);

    if (room->out_bytes != 0 && room->in_bytes != 4096) {
        assert_int_equal(status, PV_INVALID);
        return;
    }
    if (is_rep ? reps == 0 : !place(info, shape, room, 0).legal) {
        assert_int_equal(status, PV_NO_ROOM);
        return;
    }
    assert_int_equal(status, PV_OK);
    assert_as_reference(info, shape, room, &plan, reps);
}

static void check_counts(enum pv_hv_call call, struct pv_hv_shape *shape,
                         const struct pv_hv_room *room)
{
    static const uint32_t wanted[] = { 1, 2, 3, 4, 5, 7, 12, 13, 64, 127, 128, 204, 205, 256, 257,
                                       444, 509, 510, 511, 512, 1000, 2048, 4094, 4095 };
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const uint32_t fitting = most(info, shape, room);

    shape->reps = 0;
    if (info->kind != PV_HV_KIND_REP) {
        check(call, shape, room, 0);
        return;
    }
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        shape->reps = wanted[i];
        check(call, shape, room, fitting);
    }
}

static uint16_t var_max(const struct pv_hv_call_info *info)
{
    if (info->var == PV_HV_VAR_MASK_BANKS)
        return 65;
    return info->var == PV_HV_VAR_BANKS ? 64 : 0;
}

static void check_shapes(enum pv_hv_call call, const struct pv_hv_room *room)
{
    static const uint16_t tails[] = { 0, 1, 7, 8, 9, 100, 255, 4000, 4064, 4072, 4080, 4081,
                                      4088, 4089, 4096, 0x8000, 0xFFFF };
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const bool has_tail = info->var == PV_HV_VAR_TAIL_IN || info->var == PV_HV_VAR_TAIL_OUT;
    const size_t tail_count = has_tail ? sizeof(tails) / sizeof(tails[0]) : 1;

    for (unsigned var = 0; var <= var_max(info); var += var < 4 || var > 60 ? 1 : 7)
        for (size_t i = 0; i < tail_count; i++) {
            struct pv_hv_shape shape = { .var_qwords = (uint16_t)var, .tail_bytes = tails[i] };

            check_counts(call, &shape, room);
        }
}

static void check_calls(const struct pv_hv_room *room)
{
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = pv_hv_call_info((enum pv_hv_call)call);

        if (info->kind == PV_HV_KIND_SIMPLE || info->kind == PV_HV_KIND_REP)
            check_shapes((enum pv_hv_call)call, room);
    }
}

static void every_call_in_every_standard_room_is_planned_as_the_reference_does(void **state)
{
    (void)state;
    check_calls(&pv_hv_room_shared);
    check_calls(&pv_hv_room_two_pages);
    check_calls(&pv_hv_room_reserve);
    check_calls(&pv_hv_room_x64_block);
    check_calls(&pv_hv_room_smccc_block);
    check_calls(&pv_hv_room_hvc1_block);
}

static void every_call_in_rooms_of_any_size_is_planned_as_the_reference_does(void **state)
{
    struct pv_hv_room room;

    (void)state;
    for (uint32_t bytes = 0; bytes <= PV_PAGE_BYTES; bytes += bytes < 320 ? 16 : 944)
        for (unsigned kind = 0; kind < 5; kind++) {
            static const struct pv_hv_room kinds[] = {
                { 0, 0, 8, false },  { 0, 0, 8, true },   { 0, 0, 16, false },
                { 0, 0, 16, true },  { 0, 64, 16, false },
            };

            room = kinds[kind];
            room.in_bytes = (uint16_t)bytes;
            check_calls(&room);
        }
}

/* Every single count for the call with the most demanding layout. */
static void every_count_of_registers_is_planned_as_the_reference_does(void **state)
{
    static const struct pv_hv_room *const rooms[] = {
        &pv_hv_room_shared,    &pv_hv_room_two_pages,   &pv_hv_room_reserve,
        &pv_hv_room_x64_block, &pv_hv_room_smccc_block, &pv_hv_room_hvc1_block,
    };
    struct pv_hv_shape shape = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        const uint32_t fitting = most(pv_hv_call_info(GET), &shape, rooms[i]);

        for (shape.reps = 1; shape.reps <= PV_HV_REPS_MAX; shape.reps++)
            check(GET, &shape, rooms[i], fitting);
        shape.reps = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_layouts_are_planned_as_known),
        cmocka_unit_test(no_shape_means_all_zero),
        cmocka_unit_test(a_number_that_is_no_call_is_invalid),
        cmocka_unit_test(a_shape_that_does_not_suit_the_call_is_invalid),
        cmocka_unit_test(a_room_that_is_none_is_invalid),
        cmocka_unit_test(calls_without_a_public_layout_and_switches_are_unsupported),
        cmocka_unit_test(what_does_not_fit_with_one_element_has_no_room),
        cmocka_unit_test(every_call_in_every_standard_room_is_planned_as_the_reference_does),
        cmocka_unit_test(every_call_in_rooms_of_any_size_is_planned_as_the_reference_does),
        cmocka_unit_test(every_count_of_registers_is_planned_as_the_reference_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
