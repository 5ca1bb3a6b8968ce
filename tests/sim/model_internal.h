/* SPDX-License-Identifier: MIT */
/* What the files of the model share: one hypercall under way. */
#ifndef SIM_MODEL_INTERNAL_H
#define SIM_MODEL_INTERNAL_H

#include "sim/model.h"

/* A line of the calls table with the two columns that struct pv_hv_call_info leaves out. */
struct sim_line {
    struct pv_hv_call_info info;
    const char *layout;
    const char *rep_layout;
};

/* NULL if the code is not in the table. */
const struct sim_line *sim_line_find(uint16_t code);

struct sim_call {
    struct sim_model *model;
    struct sim_registers *registers;
    uint32_t vp; /* the calling one */
    const struct sim_line *line;
    bool fast;
    uint32_t var_qwords;
    uint32_t reps;
    uint32_t start;
    uint32_t done;      /* elements finished so far, counted from 0 */
    uint32_t in_fixed;  /* fixed part with variable header and tail */
    uint32_t in_bytes;
    uint32_t out_fixed;
    uint32_t out_bytes;
    PV_ALIGNED(16) uint8_t in[PV_PAGE_BYTES];
    PV_ALIGNED(16) uint8_t out[PV_PAGE_BYTES];
};

/* A step of a call: a PV_HV_STATUS_*. */
typedef uint16_t sim_status;

/* ---- before the call is executed ---- */

sim_status sim_check_control(struct sim_call *call);
/* Sizes and privilege; reserved fields and variable header need the input. */
sim_status sim_check_line(struct sim_call *call);
sim_status sim_check_input(struct sim_call *call);

/* ---- parameters ---- */

sim_status sim_data_fetch(struct sim_call *call);
/* Bring elements [from, to) of the output, or all of the output of a simple call, to the guest. */
void sim_data_store(struct sim_call *call, uint32_t from, uint32_t to);
/* Overwrite all that a hostile hypervisor could mistake for the output area. */
void sim_data_scribble(struct sim_call *call);
uint32_t sim_block_bytes(const struct sim_call *call);
uint32_t sim_block_out(const struct sim_call *call);

/* Little fields of a block, wherever they lie. */
uint64_t sim_get64(const uint8_t *from);
uint32_t sim_get32(const uint8_t *from);
void sim_put64(uint8_t *to, uint64_t value);
void sim_put32(uint8_t *to, uint32_t value);

/* ---- the work ---- */

/* A whole simple call, or element `index` of a rep call. */
sim_status sim_execute(struct sim_call *call, uint32_t index);

sim_status sim_flush(struct sim_call *call, uint32_t index);
sim_status sim_ipi(struct sim_call *call);
sim_status sim_enable_partition_vtl(struct sim_call *call);
sim_status sim_enable_vp_vtl(struct sim_call *call);
sim_status sim_start_vp(struct sim_call *call);
sim_status sim_protect(struct sim_call *call, uint32_t index);
sim_status sim_translate(struct sim_call *call);
sim_status sim_extended(struct sim_call *call, uint32_t index);
sim_status sim_modify_visibility(struct sim_call *call, uint32_t index);
sim_status sim_query_visibility(struct sim_call *call, uint32_t index);

/* Who is meant by the fields of a block. */
sim_status sim_partition_ok(const struct sim_call *call);
sim_status sim_target_vp(const struct sim_call *call, uint32_t field, uint32_t *vp);
sim_status sim_target_vtl(const struct sim_call *call, uint8_t input_vtl, uint8_t *vtl);
bool sim_page_exists(const struct sim_call *call, uint64_t gpa_page);

/* ---- hostile behaviour ---- */

/* True if it has answered in place of the honest model. */
bool sim_hostile_answer(struct sim_call *call, uint64_t *result);
/* Spoils what the honest model has answered. */
void sim_hostile_spoil(struct sim_call *call);

uint64_t sim_result(sim_status status, uint32_t reps);

#endif
