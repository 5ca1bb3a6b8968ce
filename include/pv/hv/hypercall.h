/* SPDX-License-Identifier: MIT */
/*
 * Issue hypercalls.
 *
 * Any call, with typed access to its blocks:
 *
 *     struct pv_hv_args args;
 *     struct pv_hv_shape shape = { .reps = 2 };
 *     enum pv_status status = pv_hv_begin(vp, PV_HV_CALL_GET_VP_REGISTERS, &shape, &args);
 *     if (status != PV_OK)
 *         return status;
 *     struct pv_hv_vp_registers_header *in = args.in;
 *     in->partition = PV_HV_PARTITION_SELF;
 *     in->vp_index = PV_HV_VP_SELF;
 *     uint32_t *names = args.in_list;
 *     names[0] = PV_HV_REGISTER_VSM_VP_STATUS;
 *     names[1] = PV_HV_REGISTER_VP_INDEX;
 *     status = pv_hv_issue(vp, &args);
 *     if (status == PV_OK)
 *         use((const struct pv_hv_register_value *)args.out_list);
 *     pv_hv_end(vp, &args);
 *
 * The cheapest form that fits is chosen: two registers, the register block (XMM registers on x64),
 * or the argument page. Where the blocks lie is the library's business; the caller only sees
 * pointers. Shortcuts below spare the three steps where the sizes are simple.
 *
 * A hypervisor is not believed: rep counts are checked, every loop is bounded, and output is only
 * to be read after PV_OK.
 */
#ifndef PV_HV_HYPERCALL_H
#define PV_HV_HYPERCALL_H

#include <pv/hv/call.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_vp;

/* The hypervisor's own answer. */
struct pv_hv_result {
    uint16_t status; /* PV_HV_STATUS_* */
    uint16_t reps;   /* list elements done, counted from the first one of the call */
};

/* A hypercall in preparation. Lives on the caller's stack; filled by pv_hv_begin. */
struct pv_hv_args {
    void *in;             /* fixed input, zeroed; NULL if the call has no input */
    void *var;            /* variable header or input tail, zeroed; NULL if it has none */
    void *in_list;        /* input list; NULL if it has none */
    const void *out;      /* fixed output, then any output tail; NULL if the call has none */
    const void *out_list; /* output list; NULL if it has none */
    uint32_t reps;        /* elements this call takes: the wanted number, or what fits */
    struct pv_hv_result result; /* of the last pv_hv_issue */

    /* Private from here on. */
    const struct pv_hv_args *self;
    const struct pv_hv_args *outer;
    uint64_t control;
    uint64_t in_gpa;
    uint64_t out_gpa;
    uintptr_t irq;
    uint32_t form;
    uint32_t level;
    uint32_t in_bytes;
    PV_ALIGNED(16) uint64_t block[16];
};

/*
 * Prepare one call: choose its form, lay it out and zero its fixed input.
 * @shape: may be NULL, which means all zero.
 * Context: this VP; also in NMI and machine check handlers. Unless the call fits two registers, IRQs
 *          are off from here until pv_hv_end.
 * Owns:    the blocks are the caller's until pv_hv_end. Must be followed by pv_hv_end.
 * Return:  PV_INVALID, PV_UNSUPPORTED, PV_NO_ROOM: as pv_hv_plan
 *          PV_BAD_STATE  hypercalls are off, or vp is not online (or went online before they were on)
 *          PV_BUSY       this VP's page and reserve are both in use, or the nested call does not
 *                        fit the reserve
 *          After any of these pv_hv_issue and pv_hv_end answer PV_BAD_STATE.
 */
PV_MUST_CHECK enum pv_status pv_hv_begin(struct pv_vp *vp, enum pv_hv_call call,
                                         const struct pv_hv_shape *shape, struct pv_hv_args *args);

/*
 * Issue the call, continue its list until it is done, and check the answer. May be repeated.
 * @args: as begun. args->result always tells what the hypervisor said last.
 * Context: as pv_hv_begin, same CPU.
 * Return:  PV_BAD_STATE  not begun, or not the innermost open call
 *          PV_MALFORMED  rep count out of bounds, or success without progress
 *          PV_TIMED_OUT  TIME_OUT more than PV_CONFIG_HV_TIMEOUT_RETRIES times in a row without an
 *                        element done; so at most max(reps, 1) * (retries + 1) rounds are made
 *          otherwise what pv_hv_status_pv() says of args->result.status
 *          Output below args->result.reps may have been written on error, but is not to be used.
 * Spec:    TLFS "Hypercall Continuation".
 */
PV_MUST_CHECK enum pv_status pv_hv_issue(struct pv_vp *vp, struct pv_hv_args *args);

/*
 * Finish: the blocks are gone, IRQs are as before pv_hv_begin.
 * Context: as pv_hv_begin, same CPU.
 * Return:  PV_BAD_STATE  not begun, or not the innermost open call; nothing was changed
 */
enum pv_status pv_hv_end(struct pv_vp *vp, struct pv_hv_args *args);

/*
 * A simple call whose input is at most 16 bytes and which has no output: registers only, the
 * shortest way there is.
 * @in0, @in1: input bytes 0..7 and 8..15.
 * @result:    may be NULL; the hypervisor's answer, also on error.
 * Context: this VP; any IRQ state; also in NMI handlers.
 * Return:  PV_INVALID      not such a call
 *          PV_BAD_STATE    hypercalls are off, or vp is not online
 *          PV_UNSUPPORTED  the fast form is turned off
 *          otherwise as pv_hv_issue
 */
PV_MUST_CHECK enum pv_status pv_hv_call_fast(struct pv_vp *vp, enum pv_hv_call call, uint64_t in0,
                                             uint64_t in1, struct pv_hv_result *result);

/*
 * A simple call, input copied from and output to memory of any kind.
 * @in:     the fixed input as the table sizes it; may be NULL if the call has none.
 * @out:    the fixed output likewise; untouched unless PV_OK.
 * @result: may be NULL; the hypervisor's answer, also on error.
 * Context: as pv_hv_begin.
 * Return:  PV_INVALID  not a simple call, or a pointer is missing; otherwise as pv_hv_begin, issue
 */
PV_MUST_CHECK enum pv_status pv_hv_call_simple(struct pv_vp *vp, enum pv_hv_call call,
                                               const void *in, void *out,
                                               struct pv_hv_result *result);

/* A list of any length, for pv_hv_call_list. */
struct pv_hv_list {
    enum pv_hv_call call;
    const void *header; /* fixed input, the same for every batch */
    const void *in;     /* input elements as the table sizes them; NULL if there are none */
    void *out;          /* output elements likewise; only those below `done` are written */
    size_t count;       /* elements, at least 1 */
    size_t done;        /* answer: elements finished, from the first on */
};

/*
 * A rep call over a list of any length, in as few calls as the argument memory allows. Not for
 * calls with a variable header. Calls without list elements (AcceptGpaPages) have one batch, because
 * their position is in the header: at most 4095.
 * @list:   `done` is set whatever is returned.
 * @result: may be NULL; the hypervisor's answer to the last call, also on error.
 * Context: as pv_hv_begin; IRQs are off for one batch at a time.
 * Return:  PV_INVALID  not a rep call, count 0 or too large, or a pointer is missing; otherwise as
 *          pv_hv_begin and pv_hv_issue. Elements below list->done were finished. Those from it on
 *          were not, except that a failed batch of a call with output counts as not done at all,
 *          since its output is not to be used.
 */
PV_MUST_CHECK enum pv_status pv_hv_call_list(struct pv_vp *vp, struct pv_hv_list *list,
                                             struct pv_hv_result *result);

/*
 * A call whose blocks the caller has laid out in memory of its own.
 * @in_gpa, @out_gpa: of blocks as pv_hv_plan sizes them; ignored where the call has none.
 * @result: may be NULL; the hypervisor's answer, also on error.
 * Context: this VP; nobody else touches the blocks meanwhile.
 * Return:  PV_BAD_ADDRESS  a block is not 8-byte aligned or crosses a page, or they overlap
 *          otherwise as pv_hv_plan and pv_hv_issue
 */
PV_MUST_CHECK enum pv_status pv_hv_call_gpa(struct pv_vp *vp, enum pv_hv_call call,
                                            const struct pv_hv_shape *shape, uint64_t in_gpa,
                                            uint64_t out_gpa, struct pv_hv_result *result);

/* What to do about a status. */
enum pv_hv_retry {
    PV_HV_RETRY_NEVER,   /* permanent for the given input */
    PV_HV_RETRY_BACKOFF, /* the same call may succeed after a pause */
    PV_HV_RETRY_DEPOSIT, /* a parent deposits pages first; others back off */
    PV_HV_RETRY_REISSUE, /* the engine has done it, up to its bound */
    PV_HV_RETRY_PENDING, /* completes asynchronously */
};

/* One line of pv/abi/hv_status.def. */
struct pv_hv_status_info {
    uint16_t number;
    uint8_t retry; /* enum pv_hv_retry */
    uint8_t pv;    /* enum pv_status */
    const char *name;
    const char *meaning;
};

/*
 * The table line of a hypervisor status; NULL if the number is not in the table.
 * Context: any.
 */
const struct pv_hv_status_info *pv_hv_status_find(uint16_t number);

/*
 * What libpv answers for a hypervisor status; PV_REFUSED for a number that is not in the table.
 * Context: any.
 */
enum pv_status pv_hv_status_pv(uint16_t number);

#ifdef __cplusplus
}
#endif

#endif
