/* SPDX-License-Identifier: MIT */
/* What the tests of flushes and IPIs share: sets by hand, and a machine that advises what is wanted. */
#ifndef UNIT_HV_SETS_H
#define UNIT_HV_SETS_H

#include "rig.h"

#include "hv/hv_internal.h"

#define ADVICE_ALL                                                                                 \
    (PV_HV_HINT_LOCAL_FLUSH | PV_HV_HINT_REMOTE_FLUSH | PV_HV_HINT_CLUSTER_IPI |                   \
     PV_HV_HINT_EX_PROCESSOR_MASKS)
#define MEMBERS_MAX 6u
#define NOBODY 0xFFFFu /* no member */

/* A set with these members; the list ends with NOBODY, or is full. */
static inline struct pv_vp_set set_of(const uint32_t members[MEMBERS_MAX])
{
    struct pv_vp_set set;

    memset(&set, 0xA5, sizeof(set));
    pv_vp_set_clear(&set);
    for (uint32_t i = 0; i < MEMBERS_MAX && members[i] != NOBODY; i++)
        assert_status(pv_vp_set_add(&set, (struct pv_vp_index){ members[i] }), PV_OK);
    return set;
}

#define SET(...) set_of((const uint32_t[MEMBERS_MAX + 1]){ __VA_ARGS__, NOBODY })

/* One VP in each of the first `banks` banks. */
static inline struct pv_vp_set set_of_banks(uint32_t banks)
{
    struct pv_vp_set set;

    pv_vp_set_clear(&set);
    for (uint32_t i = 0; i < banks; i++)
        assert_status(pv_vp_set_add(&set, (struct pv_vp_index){ 64 * i + i }), PV_OK);
    return set;
}

/* The hypervisor was told of exactly these. */
static inline void expect_told(const struct pv_vp_set *set)
{
    const uint64_t *vps = machine.model.seen.target.vps;

    for (uint32_t i = 0; i < PV_HV_VPS_MAX; i++)
        assert_int_equal(vps[i / 64] >> i % 64 & 1, pv_vp_set_has(set, (struct pv_vp_index){ i }));
}

static inline void expect_told_everybody(void)
{
    for (uint32_t i = 0; i < PV_HV_VPS_MAX / 64; i++)
        assert_int_equal(machine.model.seen.target.vps[i], ~0ull);
}

static inline void advise_machine(enum sim_kind kind, uint32_t advice, uint32_t spins)
{
    rig_machine(kind);
    if (kind == SIM_HYPERV_ARM64)
        machine.model.info[1].low = advice | (uint64_t)spins << 32;
    else
        sim_cpuid_set(&machine, 0x40000000 + PV_HV_CPUID_HINTS, advice, spins, 46, 0);
}

/* Hypercalls on, `forms_off` off, that advice given. */
static inline void advise_without(enum sim_kind kind, uint32_t advice, uint32_t forms_off)
{
    struct pv_guest_config config = rig_config();

    config.hv.forms_off = forms_off;
    advise_machine(kind, advice, PV_HV_SPIN_NEVER);
    rig_up_with(config);
}

/* Online, but the kernel has given no identity. */
static inline void rig_up_without_hypercalls(void)
{
    struct pv_guest_config config = rig_config();

    config.hv.os_id = 0;
    advise_machine(SIM_HYPERV_X86, ADVICE_ALL, 4095);
    rig_up_with(config);
}

static inline void advise(uint32_t advice)
{
    advise_without(SIM_HYPERV_X86, advice, 0);
}

/* The one call made since `before`. */
static inline void expect_call(uint64_t before, enum pv_hv_call call)
{
    assert_int_equal(rig_calls() - before, 1);
    assert_int_equal(machine.model.seen.control & PV_HV_CONTROL_CODE_MASK,
                     pv_hv_call_info(call)->code);
}

#endif
