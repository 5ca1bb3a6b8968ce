/* SPDX-License-Identifier: MIT */
/*
 * What a libpv function answers. Positive, explicit, never renumbered.
 *
 * The hypervisor's own status is another type (struct pv_hv_result) and is never lost: functions
 * that issue a hypercall hand it out beside their own answer.
 */
#ifndef PV_STATUS_H
#define PV_STATUS_H

#include <pv/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* PV_STATUS(number, NAME, cause and remedy) */
#define PV_STATUS_TABLE(PV_STATUS)                                                                 \
    PV_STATUS(0, OK, "done")                                                                       \
    PV_STATUS(1, UNSUPPORTED, "the hypervisor does not offer or advise this; use the native way")  \
    PV_STATUS(2, INVALID, "an argument is outside its documented range; nothing was changed")      \
    PV_STATUS(3, BAD_STATE, "called out of order: before init or online, after offline, or end "   \
                            "without begin")                                                       \
    PV_STATUS(4, BUSY, "the argument memory of this VP is in use by an outer call; retry later")   \
    PV_STATUS(5, NO_ROOM, "the request does not fit the page or the buffer; ask for less")         \
    PV_STATUS(6, NO_MEMORY, "the OS had no page to give")                                          \
    PV_STATUS(7, BAD_ADDRESS, "an address is misaligned, crosses a page, overlaps another, has "   \
                              "no GPA, or cannot be mapped as it must be")                         \
    PV_STATUS(8, DENIED, "the hypervisor lacks or withholds the privilege")                        \
    PV_STATUS(9, REFUSED, "the hypervisor answered with an error; its status says which")          \
    PV_STATUS(10, HOST_NO_MEMORY, "the hypervisor is short of memory or buffers; back off, retry") \
    PV_STATUS(11, TIMED_OUT, "the hypervisor kept asking for more time, up to the retry bound")    \
    PV_STATUS(12, MALFORMED, "the hypervisor's answer breaks its own rules; do not use it")        \
    PV_STATUS(13, LOCKED, "the hypervisor has locked this setting until the next reset")           \
    PV_STATUS(14, NOT_FOUND, "nothing goes by that name; add it first")                            \
    PV_STATUS(15, EXISTS, "that name is taken; nothing was changed")                               \
    PV_STATUS(16, EMPTY, "nobody is addressed; nothing was sent")                                  \
    PV_STATUS(17, OVERLAPS, "some of that memory is another's already; nothing was changed")       \
    PV_STATUS(18, LEAKED, "the state of some pages is unknown now; never use them again")

enum pv_status {
#define PV_STATUS_ENUM(number, name, text) PV_##name = (number),
    PV_STATUS_TABLE(PV_STATUS_ENUM)
#undef PV_STATUS_ENUM
};

/*
 * Name of a status, e.g. "UNSUPPORTED"; "?" for a number that is none.
 * Context: any.
 */
const char *pv_status_name(enum pv_status status);

/*
 * One line of cause and remedy; "?" for a number that is none.
 * Context: any.
 */
const char *pv_status_text(enum pv_status status);

#ifdef __cplusplus
}
#endif

#endif
