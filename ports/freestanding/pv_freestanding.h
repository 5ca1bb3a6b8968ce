/* SPDX-License-Identifier: MIT */
/*
 * The reference port: for kernels that have no page allocator yet, or none at all. It serves
 * <pv/os.h> from a static pool, assumes that kernel memory is mapped at a constant distance from
 * its GPA, and keeps one struct pv_guest and one struct pv_vp per CPU in static storage.
 *
 * Compile pv_freestanding.c with the library and supply the two functions below.
 */
#ifndef PV_FREESTANDING_H
#define PV_FREESTANDING_H

#include <pv/pv.h>

/* Pages in the pool: hypercall page 1, and per CPU 1 or 2 for arguments and 1 for VP assist. */
#ifndef PV_FREESTANDING_PAGES
#define PV_FREESTANDING_PAGES 32
#endif

#ifndef PV_FREESTANDING_CPUS
#define PV_FREESTANDING_CPUS 8
#endif

/* VA - GPA of all kernel memory; 0 = identity map. */
#ifndef PV_FREESTANDING_OFFSET
#define PV_FREESTANDING_OFFSET 0
#endif

/* GPAs below this are mapped at PV_FREESTANDING_OFFSET; pv_os_map_gpa fails above. */
#ifndef PV_FREESTANDING_MAPPED
#define PV_FREESTANDING_MAPPED (1ull << 32)
#endif

/* 1: pv_os_virt_to_gpa asks the map of pv_freestanding_memory.h once there is something in it. */
#ifndef PV_FREESTANDING_VIRT_BY_MAP
#define PV_FREESTANDING_VIRT_BY_MAP 0
#endif

/*
 * The kernel's: change one page of the pool, or one that pv_os_map_gpa maps; see pv_os_page_protect.
 * PV_OS_READ_ONLY is asked for pages that the host chose: where the kernel maps them as devices or not
 * at all (arm64), it maps them as ordinary memory now.
 */
bool pv_freestanding_protect(void *page, enum pv_os_access access);
/* The kernel's: print one line; see pv_os_log. */
void pv_freestanding_log(const char *text);

/* The guest of this kernel. */
extern struct pv_guest pv_freestanding_guest;

/* The VP of a CPU, numbered by the kernel from 0; NULL beyond PV_FREESTANDING_CPUS. */
struct pv_vp *pv_freestanding_vp(unsigned cpu);

/* Pages of the pool in use now. */
size_t pv_freestanding_pages_used(void);

#endif
