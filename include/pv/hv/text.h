/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls as text: for traces, crash dumps and learning. Nothing here is needed to make one.
 * Each function writes at most `size` bytes including the terminating NUL.
 */
#ifndef PV_HV_TEXT_H
#define PV_HV_TEXT_H

#include <pv/hv/call.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Name of a call as the TLFS spells it, without "HvCall", e.g. "GetVpRegisters"; "?" if none.
 * Context: any.
 */
const char *pv_hv_call_name(enum pv_hv_call call);

/*
 * One hypercall as one line: control word, then every argument by name.
 * e.g. "GetVpRegisters reps=1 partition=self vp=self vtl=0x0 [0] name=0xd0003"
 * @in:     its input block, or the qwords of its registers; may be NULL if in_bytes is 0.
 * @in_bytes: how much of it there is; arguments beyond are shown as "...".
 * Context: any. Trusts neither the control word nor the block.
 * Return:  PV_NO_ROOM  the text was cut
 */
PV_MUST_CHECK enum pv_status pv_hv_decode(uint64_t control, const void *in, size_t in_bytes,
                                          char *text, size_t size);

/*
 * The result word of a hypercall: e.g. "INVALID_ALIGNMENT (0x4), 2 reps".
 * Context: any.
 * Return:  PV_NO_ROOM  the text was cut
 */
PV_MUST_CHECK enum pv_status pv_hv_decode_result(uint64_t result, char *text, size_t size);

/*
 * A planned layout drawn as text, a line per part, offsets on the left.
 * @room: the one that `plan` was made for.
 * Context: any.
 * Return:  PV_INVALID  `call` is none
 *          PV_NO_ROOM  the text was cut
 */
PV_MUST_CHECK enum pv_status pv_hv_draw(enum pv_hv_call call, const struct pv_hv_room *room,
                                        const struct pv_hv_plan *plan, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
