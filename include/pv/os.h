/* SPDX-License-Identifier: MIT */
/*
 * The cold half of the OS seam: what a kernel must supply, found at link time.
 *
 * | function           | called by                               | needed for                     |
 * |--------------------|-----------------------------------------|--------------------------------|
 * | pv_os_page_alloc   | init, resume, online, assist_enable     | call, argument, assist pages   |
 * |                    | vp_map_add and _remove; in pv/mem/ what | maps, objects for caches       |
 * |                    | changes a map, top_up, cover, share     |                                |
 * |                    | clock_enable; steal_enable on Xen       | Hyper-V clock page; a moment   |
 * | pv_os_page_free    | release, assist_disable, failures       | the same                       |
 * |                    | vp_map_reclaim; in pv/mem/ the same,    | the same                       |
 * |                    | and whatever gives to a full cache      |                                |
 * | pv_os_page_protect | init, resume, release                   | hypercall page (x86)           |
 * | pv_os_virt_to_gpa  | init, resume, online, assist_enable     | pages told to the hypervisor   |
 * |                    | steal_enable, clock_* but clock_ns      | and areas                      |
 * | pv_os_map_gpa      | init, resume, online, assist_enable     | a page enabled by others       |
 * |                    | steal_enable, clock_enable              | an area of the host or others  |
 * |                    | share                                   | zeroing                        |
 * | pv_os_unmap        | release, resume, online, assist_disable | the same                       |
 * |                    | steal_enable, clock_enable              | an area that has moved         |
 * |                    | share                                   | zeroing                        |
 * | pv_os_grace_begin  | changes of a memory map                 | memory that readers may see    |
 * | pv_os_grace_over   | the same                                | the same                       |
 * | pv_os_alias_unmap  | share, unshare                          | pages with aliases             |
 * | pv_os_alias_map    | the same                                | the same                       |
 * | pv_os_log          | the above, and vp_release               | a line when something is amiss |
 *
 * Detection (pv_detect_probe), the hypercall path, reading time (pv_steal_ns, pv_clock_ns) and look-ups
 * in maps call none of them.
 */
#ifndef PV_OS_H
#define PV_OS_H

#include <pv/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pv_os_access {
    PV_OS_READ_WRITE = 0,   /* ordinary data, not executable */
    PV_OS_READ_EXECUTE = 1, /* code the guest cannot write */
    PV_OS_READ_ONLY = 2,    /* data the guest should not write; writable will do */
};

/*
 * Give `pages` zeroed pages of 4096 bytes, physically contiguous, 4096-aligned, writable, in
 * ordinary RAM that no device uses. In a confidential guest they are private: libpv keeps its books in
 * them, and makes hypercalls only where the other side sees private memory (VBS, a paravisor).
 * Context: that of the functions in the table above; several CPUs at once.
 * Owns:    the library until pv_os_page_free with the same count.
 * Return:  NULL when there is none.
 */
void *pv_os_page_alloc(size_t pages);

/*
 * Take back pages given by pv_os_page_alloc; they are READ_WRITE again when this is called.
 * Context: that of the releasing function; several CPUs at once. With caches: any lock that the
 *          kernel holds while it gives objects back, IRQs off.
 */
void pv_os_page_free(void *page, size_t pages);

/*
 * Change the guest's own mapping of one page from pv_os_page_alloc on all CPUs.
 * Context: that of pv_guest_init, pv_guest_resume or pv_guest_release.
 * Return:  false when the kernel cannot. To READ_EXECUTE: the page is not used for hypercalls. Back
 *          to READ_WRITE: it is never freed.
 */
bool pv_os_page_protect(void *page, enum pv_os_access access);

/*
 * Guest physical address of a byte of kernel memory (a page from pv_os_page_alloc, or a byte of a
 * struct pv_vp or struct pv_guest), without encryption or sharing bits.
 * Context: that of the functions in the table above; several CPUs at once.
 * Return:  PV_GPA_NONE when there is none.
 */
uint64_t pv_os_virt_to_gpa(const void *address);

/*
 * Map one page of guest physical memory that the hypervisor or firmware owns, as normal write-back
 * memory (on arm64: inner shareable), never as a device. After kexec it may lie in RAM that this
 * kernel's allocator knows too: whoever maps it reserves it. pv_mem_share maps pages of the guest,
 * which are private until this is undone.
 * Context: that of the functions in the table above.
 * Return:  NULL when it cannot be mapped.
 */
void *pv_os_map_gpa(uint64_t gpa, enum pv_os_access access);

/*
 * Undo pv_os_map_gpa.
 * Context: that of the releasing function.
 */
void pv_os_unmap(void *address);

/*
 * Begin to wait until nobody can be reading any more who is reading now, and give the number of that
 * wait. What is reading is the kernel's choice: a stretch without preemption, with IRQs off, between
 * rcu_read_lock and rcu_read_unlock. Never sleeps. Where nobody reads beside the writer: 0.
 * Orders: who is not reading yet when it is called sees everything that was stored before.
 * Context: that of the functions in the table above.
 */
uint64_t pv_os_grace_begin(void);

/*
 * That wait is over: whoever read when it began has finished, and what he did happened before. Never
 * sleeps; asked again and again. Where nobody reads beside the writer: true.
 * Context: that of the functions in the table above.
 */
bool pv_os_grace_over(uint64_t wait);

/*
 * Take one mapping of a page away on all CPUs, TLBs included: its host visibility is about to change.
 * @va: as it was added to the alias map, with the kernel's own bits 11..1.
 * Context: that of pv_mem_share and pv_mem_unshare.
 * Return:  false when the kernel cannot: the visibility is not changed then.
 */
bool pv_os_alias_unmap(uint64_t va, uint64_t gpa);

/*
 * Map the page there again, as shared with the host or private. Cannot fail: page tables were there.
 * Context: that of pv_mem_share and pv_mem_unshare.
 */
void pv_os_alias_map(uint64_t va, uint64_t gpa, bool shared);

/*
 * One line, without newline. May drop it.
 * Context: that of the functions in the table above.
 */
void pv_os_log(const char *text);

#ifdef __cplusplus
}
#endif

#endif
