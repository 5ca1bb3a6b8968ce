/* SPDX-License-Identifier: MIT */
/*
 * The guest OS identity that Hyper-V asks for before it takes hypercalls.
 *
 * Say who you are. Four of the published guests pose as another OS, and hosts act on the value.
 * OS types are given out by Microsoft on request; until a kernel has one, PV_HV_OS_UNREGISTERED
 * with its own version is the honest answer.
 */
#ifndef PV_HV_OS_ID_H
#define PV_HV_OS_ID_H

#include <pv/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Open-source OS types (TLFS); the registered ones are for those systems only. */
#define PV_HV_OS_LINUX 1u
#define PV_HV_OS_FREEBSD 2u
#define PV_HV_OS_XEN 3u
#define PV_HV_OS_ILLUMOS 4u
#define PV_HV_OS_UNREGISTERED 0x7Fu

/*
 * Identity of an open-source OS: bit 63, type 62:56, detail 55:48, version 47:16, build 15:0.
 * @type:    PV_HV_OS_*, 0..0x7F; more bits are cut off.
 * @detail:  distribution or variant, the OS's own numbering.
 * Context: any. Return: never 0.
 * Spec:    TLFS "Guest OS Identity MSR", open source encoding.
 */
uint64_t pv_hv_os_id_open(uint8_t type, uint8_t detail, uint32_t version, uint16_t build);

/*
 * Identity of a vendor's OS: vendor 62:48, OS 47:40, version 39:16, build 15:0.
 * @vendor:  number given by Microsoft, 1..0x7FFF; more bits are cut off.
 * Context: any. Return: 0, which is no identity, if all arguments are 0.
 * Spec:    TLFS "Guest OS Identity MSR", proprietary encoding.
 */
uint64_t pv_hv_os_id_vendor(uint16_t vendor, uint8_t os, uint8_t major, uint8_t minor,
                            uint8_t service, uint16_t build);

#ifdef __cplusplus
}
#endif

#endif
