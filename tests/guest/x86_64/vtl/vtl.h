/* SPDX-License-Identifier: MIT */
/*
 * A guest with a normal side in VTL 0 and a secure side in VTL 1, both in this image. It asks the monitor of
 * tests/vtlhost who touches a page; a hypervisor without those ports fails the checks that do (query.c).
 *
 *  main.c      what is checked, in that order
 *  side.c      what both sides do alike
 *  secure.c    the secure side: serves one request after another
 *  trip.S      a switch with all XMM registers loaded before and stored after
 *  trips.c     many calls, with registers checked both ways
 *  state.c     what is shared besides, and what each side has for itself
 *  query.c     which VTL is this? by each form of a hypercall, and who touches the argument page
 *  protect.c   memory that VTL 0 must not touch
 *  second.c    further processors
 *  stopped.c   registers of one that has not been started
 *  paths.c     what each way to the hypervisor and back costs
 */
#ifndef VTL_H
#define VTL_H

#include "tap.h"

#include <pv/pv.h>

/* Round trips. */
#ifndef VTL_ROUNDS
#define VTL_ROUNDS 100000u
#endif

/* Calls by each path that are timed; 0: none are. */
#ifndef VTL_CALLS
#define VTL_CALLS 0u
#endif

#define STACK_BYTES 16384u
#define XMM_QWORDS 32u

/* Each side has a guest of its own: its identity, its hypercall page, its argument pages. */
struct side {
    struct pv_guest guest;
    struct pv_vp vp;
};

extern struct side normal, secure;

/* Registers that both sides see, as they were loaded or stored around a switch. */
struct trip {
    struct pv_hv_vtl_regs regs;
    uint64_t xmm[XMM_QWORDS];
};

/* trip.S; an enum pv_status. */
enum pv_status trip_call(struct pv_vp *vp, struct trip *trip);
enum pv_status trip_return(struct pv_vp *vp, bool fast, struct trip *trip);

/* In RDX. What else there is goes both ways in the registers after it. */
enum { REQUEST = 0, VALUE = 1, MORE = 2 };
enum request {
    DO_TELL_STATUS = 1, /* how the secure side came up */
    DO_TELL_VTL,        /* what the hypervisor told it; by each form */
    DO_TRIP,            /* MORE: round; answers other numbers in all registers */
    DO_TELL_WRONG,      /* registers that did not arrive in trips */
    DO_STATE,
    DO_PROTECT, /* VALUE: page, MORE: what VTL 0 may do with it, PV_HV_MAP_*, with OPEN or not */
    DO_TELL_INTERCEPTS,
    DO_TELL_LAST_GPA,
    DO_TELL_BYTE,      /* at address VALUE */
    DO_ENABLE_VP,      /* VTL 1 of VP VALUE */
    DO_TELL_LSTAR,     /* of VP VALUE, in the VTL that HV_INPUT_VTL MORE names */
    DO_BACK_AND_FORTH, /* for the next VALUE calls; MORE: fast returns */
};

/* At an intercept the secure side opens the page; otherwise the instruction is left out. */
#define OPEN 0x100u

/* side.c */
enum pv_status side_up(struct side *side, struct pv_hv_result *result);
uint64_t side_ask(enum request what, uint64_t value, uint64_t more); /* from VTL 0 */
void side_context(union pv_hv_context *context, void (*begin)(void), uint8_t *stack);

/* What a VTL has for itself, as far as it can be told by looking. */
struct own {
    uint64_t cr3, cr4, gs_base, kernel_gs_base, dr7, idt_base, gdt_base;
    uint16_t idt_limit, gdt_limit, cs, ss;
};

/* state.c */
void own_look(struct own *own);
bool own_same(const struct own *a, const struct own *b);
void state_check(void);                            /* from VTL 0 */
uint64_t state_serve(struct pv_hv_vtl_regs *regs); /* in VTL 1; how much was wrong */
void state_secure_begins(void);
void state_context(union pv_hv_context *context); /* private state that differs from VTL 0's */

/* secure.c */
void secure_context(union pv_hv_context *context);

/* trips.c */
void trips_check(uint32_t rounds);
bool trips_serve(struct trip *trip); /* how to return: fast or not */
uint64_t trips_wrong(void);

/* query.c: in either VTL; 0, or what is wrong by XMM + 1000 times what is by the page */
uint64_t query_wrong(struct side *side, uint8_t vtl);

/* query.c too. A guest of its own for a set of forms; what it finds it adopts. One VTL at a time is here. */
#define NO_BLOCK (PV_HV_FORM_BLOCK_INPUT | PV_HV_FORM_BLOCK_OUTPUT)
struct way {
    struct pv_guest guest;
    struct pv_vp vp;
    struct pv_guest_config config;
};
struct pv_vp *way_up(struct way *way, uint32_t forms_off); /* NULL: failed */

/* Who touches the argument page of a VP, from one of these to the other? */
struct touched {
    bool by_guest, by_hypercall;
};
void page_watch(const struct pv_vp *vp);
struct touched page_touched(void);

/* paths.c */
void paths_check(uint32_t calls);
void paths_serve(struct pv_hv_vtl_regs *regs);

/* protect.c */
void protect_check(void);
bool protect_serve(struct pv_hv_vtl_regs *regs); /* false: not a request of this kind */
void protect_intercepted(void);

/* second.c */
void second_check(void);
bool second_serve(struct pv_hv_vtl_regs *regs);
void second_begin(void); /* VP 1 in VTL 0 */

/* stopped.c */
void stopped_check(struct pv_vp_index index);         /* before it is started */
void stopped_begin(void);                             /* where it is; goes on to second_begin */
void stopped_arrive(void);                            /* first thing there */
void stopped_check_running(struct pv_vp_index index); /* from the others */
bool stopped_serve(struct pv_hv_vtl_regs *regs);

#endif
