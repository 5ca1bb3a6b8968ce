/* SPDX-License-Identifier: MIT */
/* What a flush sends: the choice alone, as tables. No hypervisor. */
#include "sets.h"

#define SPACE PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE
#define SPACE_EX PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX
#define LIST PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST
#define LIST_EX PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX

#define LOCAL PV_HV_HINT_LOCAL_FLUSH
#define REMOTE PV_HV_HINT_REMOTE_FLUSH
#define EX PV_HV_HINT_EX_PROCESSOR_MASKS

#define ALL PV_HV_FLUSH_ALL_PROCESSORS
#define SPACES PV_HV_FLUSH_ALL_SPACES
#define MAY_STAY PV_HV_FLUSH_NON_GLOBAL_ONLY

#define CR3 0x123456000ull
#define UNIT (4096ull * 4096)

static const struct pv_hv_gva_range one_page = { 0x7000, 0x1000 };
static const struct pv_hv_flush whole = { .scope = PV_HV_SCOPE_SPACE, .space = CR3 };
static const struct pv_hv_flush listed = {
    .scope = PV_HV_SCOPE_SPACE,
    .space = CR3,
    .ranges = &one_page,
    .count = 1,
};

/* ---- whom ---- */

enum whom {
    ANYONE,   /* NULL */
    THESE,    /* members */
    EVERYONE, /* members, who are all there are */
};

static const struct {
    enum whom whom;
    uint32_t members[MEMBERS_MAX];
    uint32_t self;
    uint32_t advice;
    enum pv_status status;
    enum pv_hv_naming naming;
    uint64_t mask;
    uint32_t banks;
} choices[] = {
    /* Everybody is a flag of the plain call, however many they are. */
    { ANYONE, { NOBODY }, 0, REMOTE, PV_OK, PV_HV_NAMING_ALL, 0, 0 },
    { ANYONE, { NOBODY }, 4095, REMOTE | LOCAL | EX, PV_OK, PV_HV_NAMING_ALL, 0, 0 },
    { EVERYONE, { 0, 1, NOBODY }, 0, REMOTE, PV_OK, PV_HV_NAMING_ALL, 0, 0 },
    { EVERYONE, { 0, 1, 64, 4095, NOBODY }, 0, REMOTE, PV_OK, PV_HV_NAMING_ALL, 0, 0 },
    { EVERYONE, { 100, NOBODY }, 0, REMOTE, PV_OK, PV_HV_NAMING_ALL, 0, 0 },
    { ANYONE, { NOBODY }, 0, LOCAL | EX, PV_UNSUPPORTED, 0, 0, 0 },
    { EVERYONE, { 0, 1, NOBODY }, 0, LOCAL | EX, PV_UNSUPPORTED, 0, 0, 0 },

    /* VPs 0..63 are a mask. */
    { THESE, { 0, 1, NOBODY }, 0, REMOTE, PV_OK, PV_HV_NAMING_MASK, 3, 0 },
    { THESE, { 63, NOBODY }, 0, REMOTE, PV_OK, PV_HV_NAMING_MASK, 1ull << 63, 0 },
    { THESE, { 0, 5, 63, NOBODY }, 1, REMOTE | EX, PV_OK, PV_HV_NAMING_MASK, 1ull << 63 | 0x21, 0 },
    { THESE, { 0, 1, NOBODY }, 0, LOCAL | EX, PV_UNSUPPORTED, 0, 0, 0 },

    /* Anybody above takes banks, if they are advised. */
    { THESE, { 64, NOBODY }, 0, REMOTE | EX, PV_OK, PV_HV_NAMING_BANKS, 0, 1 },
    { THESE, { 0, 64, NOBODY }, 0, REMOTE | EX, PV_OK, PV_HV_NAMING_BANKS, 0, 2 },
    { THESE, { 0, 63, 2000, 4095, NOBODY }, 0, REMOTE | EX, PV_OK, PV_HV_NAMING_BANKS, 0, 3 },
    { THESE, { 64, NOBODY }, 0, REMOTE, PV_UNSUPPORTED, 0, 0, 0 },
    { THESE, { 0, 4095, NOBODY }, 0, REMOTE | LOCAL, PV_UNSUPPORTED, 0, 0, 0 },
    { THESE, { 64, NOBODY }, 0, LOCAL | EX, PV_UNSUPPORTED, 0, 0, 0 },

    /* The caller alone. */
    { THESE, { 5, NOBODY }, 5, LOCAL, PV_OK, PV_HV_NAMING_MASK, 0x20, 0 },
    { THESE, { 5, NOBODY }, 5, REMOTE | EX, PV_UNSUPPORTED, 0, 0, 0 },
    { THESE, { 69, NOBODY }, 69, LOCAL | EX, PV_OK, PV_HV_NAMING_BANKS, 0, 1 },
    { THESE, { 69, NOBODY }, 69, LOCAL, PV_UNSUPPORTED, 0, 0, 0 },
    { EVERYONE, { 5, NOBODY }, 5, LOCAL, PV_OK, PV_HV_NAMING_MASK, 0x20, 0 },
    { EVERYONE, { 5, NOBODY }, 5, REMOTE, PV_UNSUPPORTED, 0, 0, 0 },

    /* Who looks like the caller, and is not. */
    { THESE, { 5, NOBODY }, 69, REMOTE, PV_OK, PV_HV_NAMING_MASK, 0x20, 0 },
    { THESE, { 5, NOBODY }, 6, REMOTE, PV_OK, PV_HV_NAMING_MASK, 0x20, 0 },
    { THESE, { 5, 6, NOBODY }, 5, REMOTE, PV_OK, PV_HV_NAMING_MASK, 0x60, 0 },
    { THESE, { 5, 69, NOBODY }, 5, REMOTE | EX, PV_OK, PV_HV_NAMING_BANKS, 0, 2 },
    { THESE, { 0, NOBODY }, 4096, REMOTE, PV_OK, PV_HV_NAMING_MASK, 1, 0 },
    { THESE, { 0, NOBODY }, 0xFFFFFFFD, REMOTE, PV_OK, PV_HV_NAMING_MASK, 1, 0 },

    /* Nobody, whatever is advised. */
    { THESE, { NOBODY }, 0, REMOTE | LOCAL | EX, PV_EMPTY, 0, 0, 0 },
    { THESE, { NOBODY }, 0, 0, PV_EMPTY, 0, 0, 0 },
    { EVERYONE, { NOBODY }, 0, REMOTE | LOCAL | EX, PV_EMPTY, 0, 0, 0 },
    { ANYONE, { NOBODY }, 0, ~(REMOTE | LOCAL | EX), PV_UNSUPPORTED, 0, 0, 0 },
};

static enum pv_hv_call call_of(enum pv_hv_naming naming, bool list)
{
    if (naming == PV_HV_NAMING_BANKS)
        return list ? LIST_EX : SPACE_EX;
    return list ? LIST : SPACE;
}

static void expect_whom(size_t i, const struct pv_hv_flush *flush)
{
    struct pv_vp_set set = set_of(choices[i].members);
    const struct pv_vp_index self = { choices[i].self };
    const bool list = flush->ranges != NULL;
    struct pv_hv_flush_choice choice;
    enum pv_status status;

    set.everyone = choices[i].whom == EVERYONE;
    memset(&choice, 0xEE, sizeof(choice));
    status = pv_hv_flush_choose_(flush, choices[i].whom == ANYONE ? NULL : &set, self,
                                 choices[i].advice, &choice);
    if (status != choices[i].status)
        print_error("choice %zu\n", i);
    assert_status(status, choices[i].status);
    if (status != PV_OK)
        return;
    if (choice.whom.naming != choices[i].naming)
        print_error("choice %zu\n", i);
    assert_int_equal(choice.whom.naming, choices[i].naming);
    assert_int_equal(choice.whom.mask, choices[i].mask);
    assert_int_equal(choice.whom.banks, choices[i].banks);
    assert_int_equal(choice.call, call_of(choice.whom.naming, list));
    assert_int_equal(choice.flags & ALL, choice.whom.naming == PV_HV_NAMING_ALL ? ALL : 0);
}

static void test_whom(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        expect_whom(i, &whole);
        expect_whom(i, &listed);
    }
}

/* ---- which translations ---- */

static const struct {
    enum pv_hv_scope scope;
    uint64_t space;
    uint64_t whole_flags;
    uint64_t list_flags;
} scopes[] = {
    { PV_HV_SCOPE_SPACE, CR3, MAY_STAY, 0 },
    { PV_HV_SCOPE_SPACE_AND_GLOBAL, CR3, 0, 0 },
    { PV_HV_SCOPE_ALL_SPACES, 0, SPACES | MAY_STAY, SPACES },
    { PV_HV_SCOPE_EVERYTHING, 0, SPACES, SPACES },
};

static struct pv_hv_flush_choice choose(const struct pv_hv_flush *flush)
{
    struct pv_hv_flush_choice choice;

    memset(&choice, 0xEE, sizeof(choice));
    assert_status(pv_hv_flush_choose_(flush, NULL, (struct pv_vp_index){ 0 }, REMOTE, &choice),
                  PV_OK);
    return choice;
}

static void test_scopes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        struct pv_hv_flush flush = listed;
        struct pv_hv_flush_choice choice;

        flush.scope = scopes[i].scope;
        choice = choose(&flush);
        assert_int_equal(choice.flags, scopes[i].list_flags | ALL);
        assert_int_equal(choice.space, scopes[i].space);
        flush.ranges = NULL;
        choice = choose(&flush);
        assert_int_equal(choice.flags, scopes[i].whole_flags | ALL);
        assert_int_equal(choice.space, scopes[i].space);
    }
}

/*
 * FreeBSD's hv_vm_tlb_flush says "non-global only" for a single page, so a kernel page of which the
 * translation is global stays. No list may say so, whatever its length; and none that became a flush
 * of the whole scope, unless its scope lets global entries stay.
 */
static void test_global_entries_of_a_page_go(void **state)
{
    static const uint64_t lengths[] = { 1, 4096, 4097, UNIT, UNIT + 1, 40 * UNIT };

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (unsigned scope = PV_HV_SCOPE_SPACE; scope <= PV_HV_SCOPE_EVERYTHING; scope++) {
            const struct pv_hv_gva_range range = { 0xFFFFFFFF80000000, lengths[i] };
            struct pv_hv_flush flush = { (enum pv_hv_scope)scope, CR3, &range, 1, 0 };
            const struct pv_hv_flush_choice choice = choose(&flush);
            const bool stay = scope == PV_HV_SCOPE_SPACE || scope == PV_HV_SCOPE_ALL_SPACES;

            assert_int_equal(choice.elements == 0, lengths[i] == 40 * UNIT);
            assert_int_equal((choice.flags & MAY_STAY) != 0, stay && choice.elements == 0);
        }
}

static void test_threshold(void **state)
{
    static const struct {
        uint64_t bytes;
        uint32_t max;
        uint64_t elements; /* 0: the whole scope */
    } cases[] = {
        { 1, 0, 1 },
        { 32 * UNIT, 0, 32 },
        { 32 * UNIT + 1, 0, 0 },
        { UNIT, 1, 1 },
        { UNIT + 1, 1, 0 },
        { 100 * UNIT, 100, 100 },
        { 100 * UNIT, 99, 0 },
        { UNIT << 32, 0xFFFFFFFF, 0 },
        { (UNIT << 32) - 1, 0xFFFFFFFF, 0 },
        { (UNIT << 32) - UNIT, 0xFFFFFFFF, 0xFFFFFFFF },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct pv_hv_gva_range range = { 0, cases[i].bytes };
        struct pv_hv_flush flush = { PV_HV_SCOPE_SPACE, CR3, &range, 1, cases[i].max };
        const struct pv_hv_flush_choice choice = choose(&flush);

        assert_int_equal(choice.elements, cases[i].elements);
        assert_int_equal(choice.call, cases[i].elements != 0 ? LIST : SPACE);
    }
}

/* Bad input is bad input, also where nothing would be sent. */
static void expect_invalid(struct pv_hv_flush flush)
{
    const struct pv_vp_set nobody = SET(NOBODY);
    const struct pv_vp_index self = { 0 };
    struct pv_hv_flush_choice choice;

    assert_status(pv_hv_flush_choose_(&flush, NULL, self, REMOTE, &choice), PV_INVALID);
    assert_status(pv_hv_flush_choose_(&flush, NULL, self, 0, &choice), PV_INVALID);
    assert_status(pv_hv_flush_choose_(&flush, &nobody, self, REMOTE, &choice), PV_INVALID);
}

static void test_bad_input(void **state)
{
    static const struct pv_hv_gva_range bad[] = {
        { 0x7000, 1 },
        { 0x7000, 0 },
        { ~0ull, 2 },
    };
    static const unsigned no_scopes[] = { 0, 5, 0x7FFFFFFF };
    struct pv_hv_flush flush = listed;

    (void)state;
    for (size_t i = 0; i < sizeof(no_scopes) / sizeof(no_scopes[0]); i++) {
        flush = listed;
        flush.scope = (enum pv_hv_scope)no_scopes[i];
        expect_invalid(flush);
        flush.ranges = NULL;
        expect_invalid(flush);
    }
    flush = listed;
    flush.count = 0;
    expect_invalid(flush);
    flush.count = PV_HV_GVA_RANGES_MAX + 1;
    expect_invalid(flush);
    flush.ranges = bad;
    flush.count = 2;
    expect_invalid(flush);
    flush.ranges = &bad[2];
    flush.count = 1;
    expect_invalid(flush);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whom),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_global_entries_of_a_page_go),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_bad_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
