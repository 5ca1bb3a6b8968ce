/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls as data, and the planner that lays one out.
 *
 * Both need no hypervisor, no OS function and no state.
 */
#ifndef PV_HV_CALL_H
#define PV_HV_CALL_H

#include <pv/abi/hv.h>
#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every hypercall a guest may issue: PV_HV_CALL_GET_VP_REGISTERS, ... Not the TLFS call codes. */
enum pv_hv_call {
#define PV_HV_CALL(code, NAME, Name, kind, in, var, in_rep, out, out_rep, fast, priv, layout, rep) \
    PV_HV_CALL_##NAME,
#include <pv/abi/hv_calls.def>
    PV_HV_CALLS
};

enum pv_hv_kind {
    PV_HV_KIND_SIMPLE,
    PV_HV_KIND_REP,
    PV_HV_KIND_SWITCH,
    PV_HV_KIND_OPAQUE,
};

enum pv_hv_var {
    PV_HV_VAR_NONE,
    PV_HV_VAR_BANKS,
    PV_HV_VAR_MASK_BANKS,
    PV_HV_VAR_TAIL_IN,
    PV_HV_VAR_TAIL_OUT,
};

enum pv_hv_fast {
    PV_HV_FAST_NO,
    PV_HV_FAST_GPR,
    PV_HV_FAST_REG,
};

/* One line of pv/abi/hv_calls.def. Sizes are the hypervisor's, in bytes. */
struct PV_ALIGNED(16) pv_hv_call_info {
    uint16_t code;
    uint16_t in_bytes;
    uint16_t out_bytes;
    uint8_t in_rep_bytes;
    uint8_t out_rep_bytes;
    uint8_t kind;      /* enum pv_hv_kind */
    uint8_t var;       /* enum pv_hv_var */
    uint8_t fast;      /* enum pv_hv_fast */
    uint8_t privilege; /* PV_HV_PRIVILEGE_* */
    uint32_t fast_control; /* control word in pv_hv_call_fast; 0 if it does not take this call */
};

/*
 * The table line of a call; NULL if `call` is none.
 * Context: any.
 */
const struct pv_hv_call_info *pv_hv_call_info(enum pv_hv_call call);

/*
 * Find a call by its TLFS call code; PV_HV_CALLS if the code is not in the table.
 * Context: any.
 */
enum pv_hv_call pv_hv_call_find(uint16_t code);

/* What a caller wants of one call, beyond the fixed parts. All zero is right for simple calls. */
struct pv_hv_shape {
    uint32_t reps;        /* list elements wanted, 1..4095; 0 for a simple call */
    uint16_t var_qwords;  /* variable header: VP-set banks (BANKS), or 1 + banks (MASK_BANKS) */
    uint16_t tail_bytes;  /* data behind the fixed input or output (TAIL_IN, TAIL_OUT) */
};

/* Where the blocks may lie. */
struct pv_hv_room {
    uint16_t in_bytes;  /* bytes for input; with out_bytes 0 for input and output together */
    uint16_t out_bytes; /* bytes for output in a page of its own, behind the first, or 0 */
    uint8_t align;      /* of the output: 8 in memory, 16 in registers */
    bool out_last;      /* output ends where the room ends (HVC #1) */
};

/*
 * Answer of the planner. Offsets are from the start of the room, lengths in bytes.
 * For every plan: input and output lie inside the room, each inside one 4096-byte page if the room
 * starts at one, do not overlap, and are 8-byte aligned; `reps` is the largest number of elements
 * up to the wanted one for which that holds. Proven in tests/proof/plan.c.
 */
struct pv_hv_plan {
    uint64_t control;     /* control word without fast bit and start index */
    uint16_t in_bytes;    /* whole input block; it starts at 0 */
    uint16_t in_list;     /* offset of the input list, behind the variable header and tail */
    uint16_t out_offset;  /* output block; 0 if the call has none */
    uint16_t out_bytes;   /* whole output block */
    uint16_t out_list;    /* offset of the output list */
    uint16_t reps;        /* elements in this call; 0 for a simple call */
};

/*
 * Lay out one call.
 * @shape: may be NULL, which means all zero.
 * Context: any.
 * Return:  PV_INVALID      `call` is none, the shape does not suit it (reps of a simple call, no or
 *                          too many reps, a variable header or tail it does not have), or the
 *                          room is not one (align not 8 or 16, over 4096 bytes, not a multiple
 *                          of align, or two areas of which the first is not a page)
 *          PV_UNSUPPORTED  the layout of the call is not public, or it is a VTL switch
 *          PV_NO_ROOM      not even one element fits
 * Spec:    TLFS "Hypercall Interface"; variable header and list order as confirmed by Hyper-V's
 *          developers for Linux (the TLFS is silent).
 */
PV_MUST_CHECK enum pv_status pv_hv_plan(enum pv_hv_call call, const struct pv_hv_shape *shape,
                                        const struct pv_hv_room *room, struct pv_hv_plan *plan);

/* The rooms there are: one page for both blocks, a page for each, the nested reserve, registers. */
extern const struct pv_hv_room pv_hv_room_shared;
extern const struct pv_hv_room pv_hv_room_two_pages;
extern const struct pv_hv_room pv_hv_room_reserve;
extern const struct pv_hv_room pv_hv_room_x64_block;
extern const struct pv_hv_room pv_hv_room_smccc_block;
extern const struct pv_hv_room pv_hv_room_hvc1_block;

#ifdef __cplusplus
}
#endif

#endif
