/* SPDX-License-Identifier: MIT */
/* The VSM registers, decoded. Layouts: TLFS "Virtual Secure Mode"; VsmCapabilities as in hvdef. */
#include "hv/hv_internal.h"

#include <pv/hv/vtl.h>

enum pv_status pv_hv_vsm_vp_status(struct pv_vp *vp, struct pv_hv_vsm_vp_status *status,
                                   struct pv_hv_result *result)
{
    uint64_t raw;
    enum pv_status got = pv_hv_regs_get64(vp, PV_HV_REGISTER_VSM_VP_STATUS, &raw, result);

    if (got != PV_OK)
        return got;
    status->active_vtl = (uint8_t)(raw & PV_HV_VSM_VP_ACTIVE_MASK);
    status->mbec = (raw & PV_HV_VSM_VP_MBEC) != 0;
    status->enabled_vtls = (uint16_t)(raw >> PV_HV_VSM_VP_ENABLED_SHIFT & 0xFFFF);
    return PV_OK;
}

enum pv_status pv_hv_vtl_current(struct pv_vp *vp, uint8_t *vtl, struct pv_hv_result *result)
{
    struct pv_hv_vsm_vp_status status;
    enum pv_status got = pv_hv_vsm_vp_status(vp, &status, result);

    if (got == PV_OK)
        *vtl = status.active_vtl;
    return got;
}

enum pv_status pv_hv_vsm_partition_status(struct pv_vp *vp,
                                          struct pv_hv_vsm_partition_status *status,
                                          struct pv_hv_result *result)
{
    uint64_t raw;
    enum pv_status got = pv_hv_regs_get64(vp, PV_HV_REGISTER_VSM_PARTITION_STATUS, &raw, result);

    if (got != PV_OK)
        return got;
    status->enabled_vtls = (uint16_t)(raw & 0xFFFF);
    status->max_vtl = (uint8_t)(raw >> PV_HV_VSM_PARTITION_MAX_SHIFT & 0xF);
    status->mbec_vtls = (uint16_t)(raw >> PV_HV_VSM_PARTITION_MBEC_SHIFT & 0xFFFF);
    return PV_OK;
}

enum pv_status pv_hv_vsm_capabilities(struct pv_vp *vp, struct pv_hv_vsm_capabilities *capabilities,
                                      struct pv_hv_result *result)
{
    uint64_t raw;
    enum pv_status got = pv_hv_regs_get64(vp, PV_HV_REGISTER_VSM_CAPABILITIES, &raw, result);

    if (got != PV_OK)
        return got;
    capabilities->dr6_shared = (raw & PV_HV_VSM_CAP_DR6_SHARED) != 0;
    capabilities->mbec_vtls = (uint16_t)(raw >> PV_HV_VSM_CAP_MBEC_SHIFT & 0xFFFF);
    capabilities->deny_lower_startup = (raw & PV_HV_VSM_CAP_DENY_LOWER_STARTUP) != 0;
    capabilities->raw = raw;
    return PV_OK;
}

/* A trap instruction and a return. */
#define SWITCH_CODE_BYTES 4u

/* Offset 0 is the ordinary hypercall entry: switching there would issue a hypercall instead. What else
 * is where the offset points cannot be told from outside. */
static bool code_may_be(uint64_t offset, uint64_t other)
{
    return offset != 0 && offset != other && offset <= PV_PAGE_BYTES - SWITCH_CODE_BYTES;
}

enum pv_status pv_hv_vsm_code_offsets(struct pv_vp *vp, struct pv_hv_vsm_code_offsets *offsets,
                                      struct pv_hv_result *result)
{
    enum pv_status got;
    uint64_t call;
    uint64_t raw;
    uint64_t ret;

    if (pv_hv_ready_(vp) && vp->guest->hv.conduit != PV_HV_CONDUIT_PAGE)
        return PV_UNSUPPORTED;
    got = pv_hv_regs_get64(vp, PV_HV_REGISTER_VSM_CODE_PAGE_OFFSETS, &raw, result);
    if (got != PV_OK)
        return got;
    call = raw >> PV_HV_VSM_CALL_OFFSET_SHIFT & PV_HV_VSM_OFFSET_MASK;
    ret = raw >> PV_HV_VSM_RETURN_OFFSET_SHIFT & PV_HV_VSM_OFFSET_MASK;
    if (!code_may_be(call, ret) || !code_may_be(ret, call))
        return PV_MALFORMED;
    offsets->call = (uint16_t)call;
    offsets->ret = (uint16_t)ret;
    return PV_OK;
}

static bool vtl_ok(uint8_t vtl)
{
    return vtl >= 1 && vtl <= PV_HV_VTL_MAX;
}

static struct pv_hv_target own_vp(uint8_t vtl)
{
    struct pv_hv_target target = pv_hv_target_self();

    target.input_vtl = pv_hv_input_vtl(vtl);
    return target;
}

enum pv_status pv_hv_vsm_config_get(struct pv_vp *vp, uint8_t vtl,
                                    struct pv_hv_vsm_partition_config *config,
                                    struct pv_hv_result *result)
{
    static const uint32_t name = PV_HV_REGISTER_VSM_PARTITION_CONFIG;
    struct pv_hv_register_value value;
    enum pv_status got;

    if (!vtl_ok(vtl))
        return PV_INVALID;
    got = pv_hv_regs_get(vp, own_vp(vtl), &name, &value, 1, NULL, result);
    if (got != PV_OK)
        return got;
    config->protect = (value.low & PV_HV_VSM_CONFIG_PROTECT) != 0;
    config->default_mask = (uint8_t)(value.low >> PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT & 0xF);
    config->zero_on_reset = (value.low & PV_HV_VSM_CONFIG_ZERO_ON_RESET) != 0;
    config->deny_lower_startup = (value.low & PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP) != 0;
    config->intercept_startup = (value.low & PV_HV_VSM_CONFIG_INTERCEPT_STARTUP) != 0;
    config->raw = value.low;
    return PV_OK;
}

static uint64_t encode(const struct pv_hv_vsm_partition_config *config)
{
    const uint64_t known = PV_HV_VSM_CONFIG_PROTECT |
                           0xFull << PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT |
                           PV_HV_VSM_CONFIG_ZERO_ON_RESET | PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP |
                           PV_HV_VSM_CONFIG_INTERCEPT_STARTUP;
    uint64_t raw = config->raw & ~known;

    raw |= (uint64_t)config->default_mask << PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT;
    raw |= config->protect ? PV_HV_VSM_CONFIG_PROTECT : 0;
    raw |= config->zero_on_reset ? PV_HV_VSM_CONFIG_ZERO_ON_RESET : 0;
    raw |= config->deny_lower_startup ? PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP : 0;
    raw |= config->intercept_startup ? PV_HV_VSM_CONFIG_INTERCEPT_STARTUP : 0;
    return raw;
}

enum pv_status pv_hv_vsm_config_set(struct pv_vp *vp, uint8_t vtl,
                                    const struct pv_hv_vsm_partition_config *config,
                                    struct pv_hv_result *result)
{
    const struct pv_hv_register element = {
        .name = PV_HV_REGISTER_VSM_PARTITION_CONFIG,
        .value = {.low = encode(config)},
    };

    if (!vtl_ok(vtl) || config->default_mask > 0xF)
        return PV_INVALID;
    return pv_hv_regs_set(vp, own_vp(vtl), &element, 1, NULL, result);
}
