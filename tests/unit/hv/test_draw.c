/* SPDX-License-Identifier: MIT */
#include <pv/hv/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT 1024

/* ---- pictures as people see them ---- */

struct golden {
    enum pv_hv_call call;
    struct pv_hv_shape shape;
    const struct pv_hv_room *room;
    const char *picture;
};

static const struct golden golden[] = {
    /* One page for both: where the optimum of 204 registers comes from. */
    { PV_HV_CALL_GET_VP_REGISTERS, { .reps = 300 }, &pv_hv_room_shared,
      "       +---------------------------------------+\n"
      "0x0000 | input header                 16 bytes |\n"
      "0x0010 | input list       204 x 4    816 bytes |\n"
      "       +---------------------------------------+\n"
      "0x0340 | output list      204 x 16  3264 bytes |\n"
      "0x1000 +---------------------------------------+\n" },
    { PV_HV_CALL_GET_VP_REGISTERS, { .reps = 3 }, &pv_hv_room_shared,
      "       +---------------------------------------+\n"
      "0x0000 | input header                 16 bytes |\n"
      "0x0010 | input list         3 x 4     12 bytes |\n"
      "0x001c | padding                       4 bytes |\n"
      "       +---------------------------------------+\n"
      "0x0020 | output list        3 x 16    48 bytes |\n"
      "0x0050 | free                       4016 bytes |\n"
      "0x1000 +---------------------------------------+\n" },
    /* A page each. */
    { PV_HV_CALL_GET_VP_REGISTERS, { .reps = 300 }, &pv_hv_room_two_pages,
      "       +---------------------------------------+\n"
      "0x0000 | input header                 16 bytes |\n"
      "0x0010 | input list       256 x 4   1024 bytes |\n"
      "0x0410 | free                       3056 bytes |\n"
      "       +---------------------------------------+\n"
      "0x1000 | output list      256 x 16  4096 bytes |\n"
      "0x2000 +---------------------------------------+\n" },
    { PV_HV_CALL_SIGNAL_EVENT, { 0 }, &pv_hv_room_two_pages,
      "       +---------------------------------------+\n"
      "0x0000 | input                         8 bytes |\n"
      "0x0008 | free                       4088 bytes |\n"
      "       +---------------------------------------+\n"
      "0x1000 | free                       4096 bytes |\n"
      "0x2000 +---------------------------------------+\n" },
    /* Registers: output behind the input, or at the end. */
    { PV_HV_CALL_GET_VP_REGISTERS, { .reps = 2 }, &pv_hv_room_x64_block,
      "       +---------------------------------------+\n"
      "0x0000 | input header                 16 bytes |\n"
      "0x0010 | input list         2 x 4      8 bytes |\n"
      "0x0018 | padding                       8 bytes |\n"
      "       +---------------------------------------+\n"
      "0x0020 | output list        2 x 16    32 bytes |\n"
      "0x0040 | free                         48 bytes |\n"
      "0x0070 +---------------------------------------+\n" },
    { PV_HV_CALL_GET_VP_REGISTERS, { .reps = 1 }, &pv_hv_room_hvc1_block,
      "       +---------------------------------------+\n"
      "0x0000 | input header                 16 bytes |\n"
      "0x0010 | input list         1 x 4      4 bytes |\n"
      "0x0014 | free                         92 bytes |\n"
      "       +---------------------------------------+\n"
      "0x0070 | output list        1 x 16    16 bytes |\n"
      "0x0080 +---------------------------------------+\n" },
    /* Banks between header and list. */
    { PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, { .reps = 509, .var_qwords = 4 },
      &pv_hv_room_shared,
      "       +---------------------------------------+\n"
      "0x0000 | input header                 32 bytes |\n"
      "0x0020 | variable header              32 bytes |\n"
      "0x0040 | input list       504 x 8   4032 bytes |\n"
      "0x1000 +---------------------------------------+\n" },
    /* Tails. */
    { PV_HV_CALL_POST_DEBUG_DATA, { .tail_bytes = 5 }, &pv_hv_room_reserve,
      "       +---------------------------------------+\n"
      "0x0000 | input header                  8 bytes |\n"
      "0x0008 | input data                    5 bytes |\n"
      "0x000d | padding                       3 bytes |\n"
      "       +---------------------------------------+\n"
      "0x0010 | output                        8 bytes |\n"
      "0x0018 | free                        232 bytes |\n"
      "0x0100 +---------------------------------------+\n" },
    { PV_HV_CALL_RETRIEVE_DEBUG_DATA, { .tail_bytes = 100 }, &pv_hv_room_reserve,
      "       +---------------------------------------+\n"
      "0x0000 | input                        16 bytes |\n"
      "       +---------------------------------------+\n"
      "0x0010 | output header                 8 bytes |\n"
      "0x0018 | output data                 100 bytes |\n"
      "0x007c | free                        132 bytes |\n"
      "0x0100 +---------------------------------------+\n" },
    /* No input at all. */
    { PV_HV_CALL_EXT_GET_BOOT_ZEROED_MEMORY, { 0 }, &pv_hv_room_shared,
      "       +---------------------------------------+\n"
      "0x0000 | output                     4088 bytes |\n"
      "0x0ff8 | free                          8 bytes |\n"
      "0x1000 +---------------------------------------+\n" },
};

#define GOLDEN (sizeof(golden) / sizeof(golden[0]))

static enum pv_status draw(const struct golden *g, char *text, size_t size)
{
    struct pv_hv_plan plan;

    assert_int_equal(pv_hv_plan(g->call, &g->shape, g->room, &plan), PV_OK);
    return pv_hv_draw(g->call, g->room, &plan, text, size);
}

static void layouts_are_drawn_as_boxes(void **state)
{
    char text[TEXT];

    (void)state;
    for (size_t i = 0; i < GOLDEN; i++) {
        assert_int_equal(draw(&golden[i], text, sizeof(text)), PV_OK);
        assert_string_equal(text, golden[i].picture);
    }
}

/* ---- all of them ---- */

static void assert_box(const char *text)
{
    size_t width = strcspn(text, "\n");

    while (*text != '\0') {
        assert_int_equal(strcspn(text, "\n"), width);
        assert_true(text[7] == '|' || text[7] == '+');
        assert_int_equal(text[width - 1], text[7]);
        text += width + 1;
    }
}

/* The byte counts of the picture add up to the room. */
static unsigned long bytes_drawn(const char *text)
{
    unsigned long sum = 0;

    while ((text = strstr(text, " bytes |")) != NULL) {
        const char *number = text;

        while (number[-1] != ' ')
            number--;
        sum += strtoul(number, NULL, 10);
        text++;
    }
    return sum;
}

static void assert_drawn(enum pv_hv_call call, const struct pv_hv_shape *shape,
                         const struct pv_hv_room *room)
{
    struct pv_hv_plan plan;
    char text[TEXT];

    if (pv_hv_plan(call, shape, room, &plan) != PV_OK)
        return;
    assert_int_equal(pv_hv_draw(call, room, &plan, text, sizeof(text)), PV_OK);
    assert_box(text);
    assert_int_equal(bytes_drawn(text), room->in_bytes + room->out_bytes);
}

static void every_call_in_every_room_is_an_even_box_that_adds_up(void **state)
{
    static const struct pv_hv_room *const rooms[] = {
        &pv_hv_room_shared,    &pv_hv_room_two_pages,   &pv_hv_room_reserve,
        &pv_hv_room_x64_block, &pv_hv_room_smccc_block, &pv_hv_room_hvc1_block,
    };
    static const struct pv_hv_shape shapes[] = {
        { 0 },
        { .reps = 1 },
        { .reps = 4095 },
        { .reps = 5, .var_qwords = 3 },
        { .var_qwords = 64 },
        { .tail_bytes = 999 },
    };

    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++)
        for (size_t room = 0; room < sizeof(rooms) / sizeof(rooms[0]); room++)
            for (size_t shape = 0; shape < sizeof(shapes) / sizeof(shapes[0]); shape++)
                assert_drawn((enum pv_hv_call)call, &shapes[shape], rooms[room]);
}

/* ---- errors ---- */

static void a_number_that_is_no_call_is_invalid_and_nothing_is_written(void **state)
{
    static const struct pv_hv_plan plan;
    char text[] = "before";

    (void)state;
    assert_int_equal(pv_hv_draw(PV_HV_CALLS, &pv_hv_room_shared, &plan, text, sizeof(text)),
                     PV_INVALID);
    assert_int_equal(
        pv_hv_draw((enum pv_hv_call)-1, &pv_hv_room_shared, &plan, text, sizeof(text)),
        PV_INVALID);
    assert_string_equal(text, "before");
}

static void a_short_buffer_holds_a_prefix_of_the_picture(void **state)
{
    const size_t length = strlen(golden[1].picture);

    (void)state;
    assert_int_equal(draw(&golden[1], NULL, 0), PV_NO_ROOM);
    for (size_t size = 1; size <= length + 1; size++) {
        char *text = malloc(size);

        assert_non_null(text);
        assert_int_equal(draw(&golden[1], text, size), size <= length ? PV_NO_ROOM : PV_OK);
        assert_memory_equal(text, golden[1].picture, size - 1);
        assert_int_equal(text[size - 1], '\0');
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_are_drawn_as_boxes),
        cmocka_unit_test(every_call_in_every_room_is_an_even_box_that_adds_up),
        cmocka_unit_test(a_number_that_is_no_call_is_invalid_and_nothing_is_written),
        cmocka_unit_test(a_short_buffer_holds_a_prefix_of_the_picture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
