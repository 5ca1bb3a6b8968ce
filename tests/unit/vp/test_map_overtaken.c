/* SPDX-License-Identifier: MIT */
/* Readers that a change overtakes at a given point: the answer is that of the map as it is then. */
#include "rig.h"

#include <signal.h>

/* What it loads next lies in a page that cannot be read. The fault makes the change, and the reader
 * goes on where it was. */
static struct {
    void *page;
    void (*change)(void);
    unsigned faults;
} overtaking;

static void overtake(int signal_number)
{
    if (overtaking.faults++ != 0)
        abort();
    (void)signal_number;
    (void)mprotect(overtaking.page, PAGE, PROT_READ | PROT_WRITE);
    overtaking.change();
}

static struct sigaction fault_before[2];

/* The reader that is called next is overtaken at the page. */
static void overtake_at(void *page, void (*change)(void))
{
    const struct sigaction action = { .sa_handler = overtake };

    overtaking.page = page;
    overtaking.change = change;
    overtaking.faults = 0;
    assert_int_equal(sigaction(SIGSEGV, &action, &fault_before[0]), 0);
    assert_int_equal(sigaction(SIGBUS, &action, &fault_before[1]), 0);
    let(page, PAGE, PROT_NONE);
}

static void expect_overtaken(void)
{
    assert_int_equal(sigaction(SIGSEGV, &fault_before[0], NULL), 0);
    assert_int_equal(sigaction(SIGBUS, &fault_before[1], NULL), 0);
    assert_int_equal(overtaking.faults, 1);
}

/* ---- lookups ---- */

static struct pv_vp_map *split; /* across two pages, of which the second can be taken away */

/* The map's second page, which begins `offset` bytes into the map. Behind it there is nothing. */
static void *split_at(size_t offset)
{
    uint8_t *pages = map_pages(3);

    let(pages + 2 * PAGE, PAGE, PROT_NONE);
    split = (struct pv_vp_map *)(void *)(pages + PAGE - offset);
    pv_vp_map_init(split, 0);
    for (uint32_t i = 0; i < 2; i++)
        assert_status(pv_vp_map_add(split, cpu(i + 1), vp(i + 7)), PV_OK);
    return pages + PAGE;
}

static void free_split(void *second_page)
{
    pv_vp_map_release(split);
    assert_int_equal(munmap((uint8_t *)second_page - PAGE, 3 * PAGE), 0);
}

/* CPU 1 was VP 7. */
static void renumber_cpu_1(void)
{
    if (pv_vp_map_remove(split, cpu(1)) != PV_OK || pv_vp_map_add(split, cpu(1), vp(70)) != PV_OK)
        abort();
}

static void between_state_and_image_a_lookup_is_overtaken(void **state)
{
    void *images = split_at(sizeof(split->state));
    struct pv_vp_index index;

    (void)state;
    overtake_at(images, renumber_cpu_1);
    assert_status(pv_vp_map_index(split, cpu(1), &index), PV_OK);
    expect_overtaken();
    assert_int_equal(index.value, 70);
    free_split(images);
}

static void remove_cpu_1(void)
{
    if (pv_vp_map_remove(split, cpu(1)) != PV_OK)
        abort();
}

static void between_state_and_image_the_count_is_overtaken(void **state)
{
    void *images = split_at(sizeof(split->state));

    (void)state;
    overtake_at(images, remove_cpu_1);
    assert_int_equal(pv_vp_map_count(split), 1);
    expect_overtaken();
    free_split(images);
}

static void grow(void)
{
    for (uint32_t i = 1; i <= 1500; i++)
        if (pv_vp_map_add(split, cpu(1000 * i), vp(1000 * i)) != PV_OK)
            abort();
}

/* The pointer that the reader has is to a few words in the map itself; the number of runs that it
 * loads next is that of an image which has them elsewhere. */
static void between_pointer_and_size_a_lookup_is_overtaken(void **state)
{
    void *runs = split_at(offsetof(struct pv_vp_map, images[0].by_cpu.runs));
    struct pv_vp_index index;

    (void)state;
    assert_ptr_equal(&pv_vp_image_(split, split->state)->by_cpu.runs, runs);
    overtake_at(runs, grow);
    assert_status(pv_vp_map_index(split, cpu(1500000), &index), PV_OK);
    expect_overtaken();
    assert_int_equal(index.value, 1500000);
    free_split(runs);
}

/* Twice, so that the reader goes on in an image that has been written anew. */
static void renumber_cpu_0(void)
{
    if (pv_vp_map_remove(&map, cpu(0)) != PV_OK || pv_vp_map_add(&map, cpu(0), vp(4001)) != PV_OK)
        abort();
}

static void in_the_words_a_lookup_is_overtaken(void **state)
{
    struct pv_vp_index index;

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        add(i, 50 * i);
    assert_true((uintptr_t)way(PV_VP_BY_CPU)->words % PAGE != 0);
    overtake_at((void *)((uintptr_t)way(PV_VP_BY_CPU)->words & ~(uintptr_t)(PAGE - 1)), renumber_cpu_0);
    assert_status(pv_vp_map_index(&map, cpu(0), &index), PV_OK);
    expect_overtaken();
    assert_int_equal(index.value, 4001);
}

static void drop_cpu_99(void)
{
    if (pv_vp_map_remove(&map, cpu(99)) != PV_OK)
        abort();
}

static void what_a_change_took_away_is_not_found(void **state)
{
    struct pv_cpu number = { NOT_TOUCHED };

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        add(i, 50 * i);
    overtake_at((void *)((uintptr_t)way(PV_VP_BY_INDEX)->words & ~(uintptr_t)(PAGE - 1)), drop_cpu_99);
    assert_status(pv_vp_map_cpu(&map, vp(50 * 99), &number), PV_NOT_FOUND);
    expect_overtaken();
    assert_int_equal(number.value, NOT_TOUCHED);
}

/* ---- sets ---- */

static struct pv_vp_set set;

static void while_the_mask_is_read_the_map_may_change(void **state)
{
    uint64_t *page = (uint64_t *)(void *)map_pages(1);

    (void)state;
    add_run(0, 100, 64);
    *page = 1;
    overtake_at(page, renumber_cpu_0);
    assert_status(pv_vp_set_from_cpus(&set, &map, page, 64), PV_OK);
    expect_overtaken();
    assert_int_equal(pv_vp_set_count(&set), 1);
    assert_true(pv_vp_set_has(&set, vp(4001)));
    assert_int_equal(munmap(page, PAGE), 0);
}

/* The state word was all of that map. */
static void an_identity_is_what_it_was_when_the_reader_began(void **state)
{
    uint64_t *page = (uint64_t *)(void *)map_pages(1);

    (void)state;
    add_run(0, 0, 64);
    *page = 1;
    overtake_at(page, renumber_cpu_0);
    assert_status(pv_vp_set_from_cpus(&set, &map, page, 64), PV_OK);
    expect_overtaken();
    assert_int_equal(pv_vp_set_count(&set), 1);
    assert_true(pv_vp_set_has(&set, vp(0)));
    assert_int_equal(munmap(page, PAGE), 0);
}

static void while_everyone_is_gathered_the_map_may_change(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++)
        add(i, 50 * i);
    overtake_at((void *)((uintptr_t)way(PV_VP_BY_INDEX)->words & ~(uintptr_t)(PAGE - 1)),
                renumber_cpu_0);
    assert_status(pv_vp_set_everyone(&set, &map), PV_OK);
    expect_overtaken();
    assert_int_equal(pv_vp_set_count(&set), 20);
    assert_true(pv_vp_set_has(&set, vp(4001)));
    assert_false(pv_vp_set_has(&set, vp(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(between_state_and_image_a_lookup_is_overtaken),
        RIG_TEST(between_state_and_image_the_count_is_overtaken),
        RIG_TEST(between_pointer_and_size_a_lookup_is_overtaken),
        RIG_TEST(in_the_words_a_lookup_is_overtaken),
        RIG_TEST(what_a_change_took_away_is_not_found),
        RIG_TEST(while_the_mask_is_read_the_map_may_change),
        RIG_TEST(an_identity_is_what_it_was_when_the_reader_began),
        RIG_TEST(while_everyone_is_gathered_the_map_may_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
