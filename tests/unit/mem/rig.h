/* SPDX-License-Identifier: MIT */
/*
 * What the tests of slabs, caches and alias maps share. A test ends with its memory given back
 * (MEM_TEST insists), so the test itself releases what it has.
 */
#ifndef UNIT_MEM_RIG_H
#define UNIT_MEM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pages.h"

#include <pv/mem/cache.h>

#define assert_status(call, status) assert_int_equal((call), (status))

static inline int mem_start(void **state)
{
    (void)state;
    pages_start();
    return 0;
}

static inline int mem_down(void **state)
{
    (void)state;
    pages.forbidden = false;
    return pages.live != 0;
}

#define MEM_TEST(name) cmocka_unit_test_setup_teardown(name, mem_start, mem_down)

/* Take what must be there. */
static inline void *take(struct pv_mem_cache *cache)
{
    void *object = pv_mem_cache_take(cache);

    assert_non_null(object);
    return object;
}

#endif
