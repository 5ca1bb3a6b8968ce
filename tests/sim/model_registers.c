/* SPDX-License-Identifier: MIT */
/* The register file of a VP, as HvCallGetVpRegisters and HvCallSetVpRegisters see it. */
#include "sim/model_internal.h"

/* Registers that only keep what was written. `wide`: 128 bits. */
static const struct {
    uint32_t first, last;
    bool wide;
} plain[] = {
    { 0x00020000, 0x00020024, false }, /* x64 RAX..RFLAGS, arm64 X0..PSTATE */
    { 0x00030000, 0x0003000F, true },  /* XMM0..15, Q0..15 */
    { 0x00040000, 0x0004000F, false }, /* control registers */
    { 0x000A0000, 0x000A0014, false }, /* SynIC */
    { 0x000D0005, 0x000D0005, false }, /* VsmVina */
    { 0x000D0010, 0x000D001E, false }, /* VsmVpSecureConfig */
};

static const struct pv_hv_register_value zero;

static bool is_plain(uint32_t name, bool *wide)
{
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (name >= plain[i].first && name <= plain[i].last) {
            *wide = plain[i].wide;
            return true;
        }
    return false;
}

static struct sim_register *find(struct sim_vtl *vtl, uint32_t name)
{
    for (uint32_t i = 0; i < vtl->count; i++)
        if (vtl->registers[i].name == name)
            return &vtl->registers[i];
    return NULL;
}

static sim_status plain_get(struct sim_vtl *vtl, uint32_t name, struct pv_hv_register_value *value)
{
    const struct sim_register *found = find(vtl, name);
    bool wide;

    if (!is_plain(name, &wide))
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    *value = found != NULL ? found->value : zero;
    return PV_HV_STATUS_SUCCESS;
}

static sim_status plain_set(struct sim_vtl *vtl, uint32_t name, struct pv_hv_register_value value)
{
    struct sim_register *found = find(vtl, name);
    bool wide;

    if (!is_plain(name, &wide))
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    if (!wide && value.high != 0)
        return PV_HV_STATUS_INVALID_REGISTER_VALUE;
    if (found == NULL && vtl->count == SIM_REGISTERS_MAX)
        return PV_HV_STATUS_INSUFFICIENT_MEMORY;
    if (found == NULL)
        found = &vtl->registers[vtl->count++];
    found->name = name;
    found->value = value;
    return PV_HV_STATUS_SUCCESS;
}

static sim_status machine_get(const struct sim_model *model, uint32_t vp, uint8_t vtl, uint32_t name,
                              struct pv_hv_register_value *value)
{
    if (model->processor.get == NULL)
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    return model->processor.get(model->processor.owner, vp, vtl, name, value);
}

static sim_status machine_set(const struct sim_model *model, uint32_t vp, uint8_t vtl, uint32_t name,
                              struct pv_hv_register_value value)
{
    if (model->processor.set == NULL)
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    return model->processor.set(model->processor.owner, vp, vtl, name, value);
}

static uint64_t vp_status(const struct sim_model *model, uint32_t vp)
{
    const struct sim_vp_state *state = &model->cpus[vp];
    uint64_t value = state->active_vtl;

    if ((model->mbec_vtls >> state->active_vtl & 1) != 0)
        value |= PV_HV_VSM_VP_MBEC;
    for (uint32_t i = 0; i < SIM_VTLS; i++)
        value |= (uint64_t)state->vtls[i].enabled << (PV_HV_VSM_VP_ENABLED_SHIFT + i);
    return value;
}

static uint64_t partition_status(const struct sim_model *model)
{
    return model->enabled_vtls |
           (uint64_t)model->max_vtl << PV_HV_VSM_PARTITION_MAX_SHIFT |
           (uint64_t)model->mbec_vtls << PV_HV_VSM_PARTITION_MBEC_SHIFT;
}

static uint64_t os_id(const struct sim_model *model, uint8_t vtl)
{
    const uint64_t id = model->os_id[vtl];

    if (sim_behaves(model, SIM_OS_ID_NOT_STICKING))
        return 0;
    return id != 0 && sim_behaves(model, SIM_OS_ID_CHANGED) ? id ^ 0x100 : id;
}

static uint64_t vp_index(const struct sim_model *model, uint32_t vp)
{
    if (sim_behaves(model, SIM_VP_INDEX_HUGE))
        return model->max_vps;
    if (sim_behaves(model, SIM_VP_INDEX_SELF))
        return PV_HV_VP_SELF;
    if (sim_behaves(model, SIM_VP_INDEX_WIDE))
        return 1ull << 32 | vp;
    return sim_behaves(model, SIM_VP_INDEX_NONE) ? 0xFFFFFFFFu : vp;
}

static sim_status info_get(const struct sim_model *model, uint32_t name,
                           struct pv_hv_register_value *value)
{
    *value = model->info[name - PV_HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO];
    if (name == PV_HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO)
        value->low = model->privileges;
    if (name == PV_HV_REGISTER_IMPLEMENTATION_LIMITS_INFO)
        value->low = (value->low & ~0xFFFFFFFFull) | model->max_vps;
    return PV_HV_STATUS_SUCCESS;
}

/* Both count in 100 ns. */
static bool time_get(const struct sim_model *model, uint32_t vp, uint32_t name, uint64_t *value)
{
    const struct sim_time *time = &model->time;

    if (name == PV_HV_REGISTER_VP_RUNTIME)
        *value = time->run != NULL ? time->run(time->owner, vp) : model->cpus[vp].run_100ns;
    if (name == PV_HV_REGISTER_TIME_REF_COUNT)
        *value = time->reference != NULL ? time->reference(time->owner, vp)
                                         : model->reference_100ns;
    return name == PV_HV_REGISTER_VP_RUNTIME || name == PV_HV_REGISTER_TIME_REF_COUNT;
}

static sim_status config_get(const struct sim_model *model, uint8_t vtl, uint64_t *value)
{
    *value = model->partition_config[vtl];
    return vtl != 0 ? PV_HV_STATUS_SUCCESS : PV_HV_STATUS_INVALID_PARAMETER;
}

/* Bit 0 and the mask that goes with it stay until the partition is reset. */
static sim_status config_set(struct sim_model *model, uint8_t vtl, uint64_t value)
{
    const uint64_t fixed = PV_HV_VSM_CONFIG_PROTECT | 0xFull << PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT;
    const uint64_t old = vtl != 0 ? model->partition_config[vtl] : 0;

    if (vtl == 0)
        return PV_HV_STATUS_INVALID_PARAMETER;
    if (value >> 16 != 0)
        return PV_HV_STATUS_INVALID_REGISTER_VALUE;
    if ((old & PV_HV_VSM_CONFIG_PROTECT) != 0 && ((old ^ value) & fixed) != 0)
        return PV_HV_STATUS_INVALID_REGISTER_VALUE;
    model->partition_config[vtl] = value;
    return PV_HV_STATUS_SUCCESS;
}

uint16_t sim_register_get(struct sim_model *model, uint32_t vp, uint8_t vtl, uint32_t name,
                          struct pv_hv_register_value *value)
{
    sim_status status;

    *value = zero;
    if (name >= PV_HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO &&
        name <= PV_HV_REGISTER_ISOLATION_CONFIGURATION)
        return info_get(model, name, value);
    switch (name) {
    case PV_HV_REGISTER_HYPERVISOR_VERSION:
        *value = model->version;
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_GUEST_OS_ID:
        value->low = os_id(model, vtl);
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VP_INDEX:
        value->low = vp_index(model, vp);
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VP_ASSIST_PAGE:
        value->low = model->cpus[vp].vtls[vtl].assist_page;
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VSM_VP_STATUS:
        value->low = vp_status(model, vp);
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VSM_PARTITION_STATUS:
        value->low = partition_status(model);
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VSM_CAPABILITIES:
        value->low = model->vsm_capabilities;
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VSM_PARTITION_CONFIG:
        return config_get(model, vtl, &value->low);
    case PV_HV_REGISTER_VSM_CODE_PAGE_OFFSETS:
        value->low = model->code_offsets;
        return model->code_offsets != SIM_NO_CODE_OFFSETS ? PV_HV_STATUS_SUCCESS
                                                          : PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    default:
        if (time_get(model, vp, name, &value->low))
            return PV_HV_STATUS_SUCCESS;
        status = machine_get(model, vp, vtl, name, value);
        return status != PV_HV_STATUS_UNKNOWN_REGISTER_NAME
                   ? status
                   : plain_get(&model->cpus[vp].vtls[vtl], name, value);
    }
}

uint16_t sim_register_set(struct sim_model *model, uint32_t vp, uint8_t vtl, uint32_t name,
                          struct pv_hv_register_value value)
{
    const uint64_t lost = sim_behaves(model, SIM_ASSIST_NOT_STICKING) ? PV_HV_PAGE_ENABLE : 0;
    sim_status status;

    switch (name) {
    case PV_HV_REGISTER_GUEST_OS_ID:
        model->os_id[vtl] = value.low;
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VP_ASSIST_PAGE:
        model->cpus[vp].vtls[vtl].assist_page = value.low & ~lost;
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_REGISTER_VSM_PARTITION_CONFIG:
        return config_set(model, vtl, value.low);
    default:
        status = machine_set(model, vp, vtl, name, value);
        return status != PV_HV_STATUS_UNKNOWN_REGISTER_NAME
                   ? status
                   : plain_set(&model->cpus[vp].vtls[vtl], name, value);
    }
}
