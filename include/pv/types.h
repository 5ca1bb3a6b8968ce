/* SPDX-License-Identifier: MIT */
/*
 * Types and attributes that every libpv header uses.
 *
 * Conventions, stated once for all headers:
 *  - Pointers must not be NULL unless a parameter says "may be NULL".
 *  - Results are written through the last parameters, and only when the function returns PV_OK
 *    unless its text says otherwise.
 *  - GPA = guest physical address, always 64 bits wide. A hypervisor page has 4096 bytes whatever
 *    page size the kernel uses.
 *  - `Context:` says where a function may be called. "this VP" = on the processor that the
 *    struct pv_vp belongs to, and staying there until it returns. "IRQs off or preemption off" is
 *    that for most kernels; a thread bound to its CPU will do as well, if nothing that runs on that
 *    CPU meanwhile uses the same VP. No function ever sleeps, but what it calls of the OS may, where
 *    the kernel calls it from a thread.
 *  - Structures are the caller's memory. Members are readable; only the library writes them.
 */
#ifndef PV_TYPES_H
#define PV_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PV_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define PV_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Spelled with underscores: kernels have macros called noinline and aligned. */
#define PV_MUST_CHECK __attribute__((__warn_unused_result__))
#define PV_ALIGNED(bytes) __attribute__((__aligned__(bytes)))
#define PV_NOINLINE __attribute__((__noinline__)) /* one copy, out of the way of fast callers */
#define PV_RARELY(condition) __builtin_expect((condition), 0)

#define PV_PAGE_BYTES 4096u

/* Read and written atomically, so aligned also where uint64_t is not (i386). */
typedef uint64_t pv_atomic64 PV_ALIGNED(8);

/* "No such address": what pv_os_virt_to_gpa() answers when it cannot translate. */
#define PV_GPA_NONE (~0ull)

/*
 * Three numbers name a processor. Each has a type of its own, so that one cannot be taken for another.
 */

/* Number by which the kernel names a processor. */
struct pv_cpu {
    uint32_t value;
};

/* Number by which the hypervisor names a virtual processor. Not an APIC id, not a CPU number. */
struct pv_vp_index {
    uint32_t value;
};

/* Number by which the hardware names a processor: APIC id on x86, affinity of MPIDR on arm64. */
struct pv_hw_id {
    uint64_t value;
};

#endif
