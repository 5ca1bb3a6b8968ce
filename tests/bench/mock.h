/* SPDX-License-Identifier: MIT */
/*
 * The least hypervisor there can be, so that what is counted is libpv: it answers success with all
 * list elements done. And the least kernel: pages from a static pool, counted.
 */
#ifndef BENCH_MOCK_H
#define BENCH_MOCK_H

#include "pv_port.h"
#include <pv/pv.h>

/* libpv is up on the mock, with these choices; `vp` is online. */
void mock_start(struct pv_guest *guest, struct pv_vp *vp, uint32_t arg_pages, uint32_t forms_off);
/* Pages that pv_os_page_alloc has given since mock_start. */
size_t mock_pages(void);

#endif
