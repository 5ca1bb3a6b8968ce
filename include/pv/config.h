/* SPDX-License-Identifier: MIT */
/*
 * The compile-time knobs. Override one with -D, or several in a file named by
 * -DPV_CONFIG='"my_pv_config.h"'. Everything that can be a run-time choice is in
 * struct pv_guest_config instead.
 */
#ifndef PV_CONFIG_H
#define PV_CONFIG_H

#include <pv/types.h>

#ifdef PV_CONFIG
#include PV_CONFIG
#endif

/*
 * How often a hypercall that answers TIME_OUT without progress is issued again before PV_TIMED_OUT.
 * Possible values: 0..1000. Default: 16.
 */
#ifndef PV_CONFIG_HV_TIMEOUT_RETRIES
#define PV_CONFIG_HV_TIMEOUT_RETRIES 16
#endif
PV_STATIC_ASSERT(PV_CONFIG_HV_TIMEOUT_RETRIES >= 0 && PV_CONFIG_HV_TIMEOUT_RETRIES <= 1000,
                 "PV_CONFIG_HV_TIMEOUT_RETRIES: 0..1000");

/*
 * How often an area that the host is updating is read again before the last good value is given.
 * Possible values: 1..1000000. Default: 1000, far beyond any update.
 */
#ifndef PV_CONFIG_SEQUENCE_RETRIES
#define PV_CONFIG_SEQUENCE_RETRIES 1000
#endif
PV_STATIC_ASSERT(PV_CONFIG_SEQUENCE_RETRIES >= 1 && PV_CONFIG_SEQUENCE_RETRIES <= 1000000,
                 "PV_CONFIG_SEQUENCE_RETRIES: 1..1000000");

/*
 * How many rounds pv_spin_round makes before it asks KVM for help, each time.
 * Possible values: 1..1000000. Default: 4096.
 */
#ifndef PV_CONFIG_SPIN_ROUNDS
#define PV_CONFIG_SPIN_ROUNDS 4096
#endif
PV_STATIC_ASSERT(PV_CONFIG_SPIN_ROUNDS >= 1 && PV_CONFIG_SPIN_ROUNDS <= 1000000,
                 "PV_CONFIG_SPIN_ROUNDS: 1..1000000");

/*
 * 1: x86-64 calls the symbol pv_os_hypercall_page directly, for kernels that forbid indirect
 * branches or use IBT (pv_hv_guest.page_has_endbr says whether the page could take one); the kernel
 * then places that page (4096 bytes, 4096-aligned) in its own image, and pv_os_page_alloc is not
 * asked for it. 0: an indirect call to a page allocated at run time.
 */
#ifndef PV_CONFIG_HV_DIRECT_CALL
#define PV_CONFIG_HV_DIRECT_CALL 0
#endif
PV_STATIC_ASSERT(PV_CONFIG_HV_DIRECT_CALL == 0 || PV_CONFIG_HV_DIRECT_CALL == 1,
                 "PV_CONFIG_HV_DIRECT_CALL: 0 or 1");

#endif
