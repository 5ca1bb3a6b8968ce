/* SPDX-License-Identifier: MIT */
/*
 * Synthetic MSRs of x86 (TLFS appendix "MSR Index", and the chapters that it names). Each VTL has
 * its own identity, hypercall page, reference TSC page and VP assist pages.
 */
#include "sim/model_internal.h"
#include "sim/wide.h"

#define HYPERCALL_PRESERVED 0xFFCull /* bits that a guest must write as it has read them */
#define PAGE_PRESERVED 0xFFEull
#define UNITS_PER_SECOND 10000000u

static bool fault(struct sim_model *model, const char *text)
{
    sim_complain(model, text);
    return false;
}

/* The privilege bit without which the MSR does not exist. */
static int privilege_of(uint32_t msr)
{
    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
    case PV_HV_MSR_HYPERCALL:
        return PV_HV_PRIVILEGE_HYPERCALL;
    case PV_HV_MSR_VP_INDEX:
        return PV_HV_PRIVILEGE_VP_INDEX;
    case PV_HV_MSR_VP_RUNTIME:
        return PV_HV_PRIVILEGE_VP_RUNTIME;
    case PV_HV_MSR_VP_ASSIST_PAGE:
        return PV_HV_PRIVILEGE_APIC_ACCESS;
    case PV_HV_MSR_TIME_REF_COUNT:
        return PV_HV_PRIVILEGE_TIME_REF_COUNT;
    case PV_HV_MSR_REFERENCE_TSC:
        return PV_HV_PRIVILEGE_REFERENCE_TSC;
    case PV_HV_MSR_TSC_FREQUENCY:
    case PV_HV_MSR_APIC_FREQUENCY:
        return PV_HV_PRIVILEGE_FREQUENCY;
    default:
        return PV_HV_PRIVILEGE_NONE;
    }
}

static bool exists(const struct sim_model *model, uint32_t msr)
{
    return (model->privileges >> privilege_of(msr) & 1) != 0;
}

/* ---- reading ---- */

static uint64_t register_of(struct sim_model *model, uint32_t vp, uint8_t vtl, uint32_t name)
{
    struct pv_hv_register_value value;

    (void)sim_register_get(model, vp, vtl, name, &value);
    return value.low;
}

/* Those that only tell the time. */
static uint64_t read_time(struct sim_model *model, uint32_t vp, uint32_t msr)
{
    switch (msr) {
    case PV_HV_MSR_VP_RUNTIME:
        return register_of(model, vp, 0, PV_HV_REGISTER_VP_RUNTIME);
    case PV_HV_MSR_TIME_REF_COUNT:
        return register_of(model, vp, 0, PV_HV_REGISTER_TIME_REF_COUNT);
    case PV_HV_MSR_TSC_FREQUENCY:
        return model->tsc_hz;
    default:
        return model->apic_hz;
    }
}

bool sim_model_msr_read(struct sim_model *model, uint32_t vp, uint32_t msr, uint64_t *value)
{
    const uint8_t vtl = model->cpus[vp].active_vtl;

    *value = 0;
    if (!exists(model, msr))
        return fault(model, "#GP: an MSR that is not there");
    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
        *value = register_of(model, vp, vtl, PV_HV_REGISTER_GUEST_OS_ID);
        break;
    case PV_HV_MSR_HYPERCALL:
        *value = model->hypercall_msr[vtl] | model->page_reserved;
        break;
    case PV_HV_MSR_VP_INDEX:
        *value = register_of(model, vp, vtl, PV_HV_REGISTER_VP_INDEX);
        break;
    case PV_HV_MSR_REFERENCE_TSC:
        *value = model->reference_msr[vtl] | model->reference_reserved;
        break;
    case PV_HV_MSR_VP_ASSIST_PAGE:
        *value = model->cpus[vp].vtls[vtl].assist_page | model->page_reserved;
        break;
    default:
        *value = read_time(model, vp, msr);
    }
    return true;
}

/* ---- writing ---- */

/* An identity of 0 takes the hypercall page away. */
static bool write_os_id(struct sim_model *model, uint8_t vtl, uint64_t value)
{
    if (value == 0 && (model->hypercall_msr[vtl] & PV_HV_PAGE_ENABLE) != 0)
        sim_complain(model, "OS id cleared while the hypercall page was on");
    model->os_id[vtl] = value;
    if (value == 0)
        model->hypercall_msr[vtl] &= ~PV_HV_PAGE_ENABLE;
    return true;
}

/* Without an identity the page cannot be enabled. */
static uint64_t as_enabled(const struct sim_model *model, uint8_t vtl, uint64_t value)
{
    if (model->os_id[vtl] == 0 || sim_behaves(model, SIM_PAGE_NEVER_ENABLED))
        return value & ~PV_HV_PAGE_ENABLE;
    if (sim_behaves(model, SIM_PAGE_ELSEWHERE))
        return value + PV_PAGE_BYTES;
    return value;
}

static bool write_hypercall(struct sim_model *model, uint8_t vtl, uint64_t value)
{
    if ((model->hypercall_msr[vtl] & PV_HV_PAGE_LOCKED) != 0)
        return fault(model, "#GP: HYPERCALL is locked");
    if ((value & HYPERCALL_PRESERVED) != model->page_reserved)
        sim_complain(model, "reserved bits of HYPERCALL not preserved");
    model->hypercall_msr[vtl] = as_enabled(model, vtl, value & ~HYPERCALL_PRESERVED);
    return true;
}

static bool write_reference(struct sim_model *model, uint8_t vtl, uint64_t value)
{
    if ((value & PAGE_PRESERVED) != model->reference_reserved)
        sim_complain(model, "reserved bits of REFERENCE_TSC not preserved");
    model->reference_msr[vtl] = value & ~PAGE_PRESERVED;
    return true;
}

static bool write_assist(struct sim_model *model, uint32_t vp, uint8_t vtl, uint64_t value)
{
    const struct pv_hv_register_value wanted = { value & ~PAGE_PRESERVED, 0 };

    if ((value & PAGE_PRESERVED) != model->page_reserved)
        sim_complain(model, "reserved bits of VP_ASSIST_PAGE not preserved");
    (void)sim_register_set(model, vp, vtl, PV_HV_REGISTER_VP_ASSIST_PAGE, wanted);
    return true;
}

bool sim_model_msr_write(struct sim_model *model, uint32_t vp, uint32_t msr, uint64_t value)
{
    const uint8_t vtl = model->cpus[vp].active_vtl;

    if (!exists(model, msr))
        return fault(model, "#GP: an MSR that is not there");
    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
        return write_os_id(model, vtl, value);
    case PV_HV_MSR_HYPERCALL:
        return write_hypercall(model, vtl, value);
    case PV_HV_MSR_REFERENCE_TSC:
        return write_reference(model, vtl, value);
    case PV_HV_MSR_VP_ASSIST_PAGE:
        return write_assist(model, vp, vtl, value);
    default:
        return fault(model, "#GP: the MSR cannot be written");
    }
}

/* ---- the reference TSC page ---- */

struct pv_hv_reference_tsc sim_reference_tsc(uint32_t sequence, uint64_t hz, uint64_t ticks,
                                             uint64_t units)
{
    const struct sim_wide ten_million = { UNITS_PER_SECOND, 0 };
    struct pv_hv_reference_tsc page = { sequence, 0, 0, 0 };

    page.scale = sim_wide_divide(ten_million, hz);
    page.offset = units - sim_reference_count(&page, ticks);
    return page;
}

uint64_t sim_reference_count(const struct pv_hv_reference_tsc *page, uint64_t ticks)
{
    return sim_wide_multiply(ticks, page->scale).high + page->offset;
}
