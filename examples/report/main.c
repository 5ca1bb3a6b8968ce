/* SPDX-License-Identifier: MIT */
/*
 * A kernel that finds out all it can about its hypervisor and reports it. Read kernel_main() first:
 * it is the order in which a kernel takes up libpv.
 */
#include "costs.h"
#include "print.h"
#include "pv_freestanding.h"

/* ---- what the freestanding port wants from a kernel ---- */

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    print(text);
    print("\n");
}

/* ---- the report ---- */

static void report_interfaces(const struct pv_detect *detect)
{
    print_label("hypervisor");
    print(pv_detect_name(detect->kind));
    print("\n");
    for (uint32_t i = 0; i < detect->count; i++) {
        const struct pv_detect_interface *found = &detect->interfaces[i];

        print_label(i == 0 ? "interfaces" : "");
        print(pv_detect_name(found->kind));
        print(" \"");
        print(found->vendor);
        print("\", CPUID leaves ");
        print_hex(found->base);
        print(" to ");
        print_hex(found->max_leaf);
        print("\n");
    }
}

static void print_limit(uint32_t limit)
{
    if (limit == 0 || limit == UINT32_MAX)
        print("any number of");
    else
        print_decimal(limit);
}

static void report_limits(const struct pv_detect_hyperv *hyperv)
{
    print_label("version");
    print_decimal(hyperv->version_major);
    print(".");
    print_decimal(hyperv->version_minor);
    print(" build ");
    print_decimal(hyperv->version_build);
    print("\n");
    print_label("limits");
    print_limit(hyperv->max_vps);
    print(" virtual and ");
    print_limit(hyperv->max_lps);
    print(" logical processors\n");
    print_label("privileges");
    print_hex(hyperv->privileges);
    print("\n");
    print_label("XMM hypercalls");
    print((hyperv->features & PV_HV_FEATURE_XMM_INPUT) != 0 ? "input yes" : "input no");
    print((hyperv->features & PV_HV_FEATURE_XMM_OUTPUT) != 0 ? ", output yes\n" : ", output no\n");
    print_label("isolation");
    print(hyperv->isolation == PV_DETECT_ISOLATION_NONE ? "none\n" : "yes\n");
}

static void report_pages(const struct pv_guest *guest, const struct pv_vp *vp)
{
    const uint8_t *code = (const uint8_t *)guest->hv.page;

    print_label("identity");
    print_hex(guest->hv.os_id);
    print(guest->hv.os_id_adopted ? " (found set)\n" : " (ours)\n");
    print_label("hypercall page");
    print("GPA ");
    print_hex(guest->hv.page_gpa);
    print(", code");
    for (int i = 0; i < 4; i++) {
        print(" ");
        print_hex(code[i]);
    }
    print("\n");
    print_label("this VP");
    print("index ");
    print_decimal(vp->hv.index.value);
    print(", argument page GPA ");
    print_hex(vp->hv.args_gpa);
    print(", ");
    print_decimal(vp->hv.args_pages * PV_PAGE_BYTES);
    print(" bytes\n");
}

static void report_vtl(struct pv_vp *vp)
{
    struct pv_hv_result result = { 0, 0 };
    uint8_t vtl;
    enum pv_status status = pv_hv_vtl_current(vp, &vtl, &result);
    char text[64];

    print_label("VTL");
    if (status == PV_OK) {
        print_decimal(vtl);
        print("\n");
        return;
    }
    print(pv_status_text(status));
    print(": ");
    if (pv_hv_decode_result(result.status, text, sizeof(text)) == PV_OK)
        print(text);
    print("\n");
}

/* The argument page of the largest register read that fits it. */
static void report_layout(void)
{
    const struct pv_hv_shape shape = { .reps = PV_HV_REPS_MAX };
    static char picture[1024];
    struct pv_hv_plan plan;

    if (pv_hv_plan(PV_HV_CALL_GET_VP_REGISTERS, &shape, &pv_hv_room_shared, &plan) != PV_OK)
        return;
    print("\nOne argument page for input and output, planned for as many registers as fit (");
    print_decimal(plan.reps);
    print("):\n");
    if (pv_hv_draw(PV_HV_CALL_GET_VP_REGISTERS, &pv_hv_room_shared, &plan, picture,
                   sizeof(picture)) == PV_OK)
        print(picture);
}

static void report_call(void)
{
    const struct pv_hv_vp_registers_header in = {
        .partition = PV_HV_PARTITION_SELF,
        .vp_index = PV_HV_VP_SELF,
    };
    const uint64_t control = PV_HV_CODE_GET_VP_REGISTERS | 2ull << PV_HV_CONTROL_REPS_SHIFT;
    uint32_t block[6];
    char line[160];

    memcpy(block, &in, sizeof(in));
    block[4] = PV_HV_REGISTER_VSM_VP_STATUS;
    block[5] = PV_HV_REGISTER_VP_INDEX;
    print("\nA hypercall decoded:\n");
    if (pv_hv_decode(control, block, sizeof(block), line, sizeof(line)) == PV_OK)
        print(line);
    print("\n");
}

static void report_cost(const char *label, uint64_t ticks)
{
    print_column(ticks, 8);
    print("  ");
    print(label);
    print("\n");
}

/* ---- taking up libpv ---- */

/* Some number that is this kernel's own; an unregistered OS says so. */
#define OS_ID pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 0x000100, 0)

static void stop(const char *what, enum pv_status status)
{
    print(what);
    print(": ");
    print(pv_status_text(status));
    print("\n");
    kernel_exit(1);
}

static struct pv_vp *start(uint32_t forms_off)
{
    const struct pv_guest_config config = { .hv = { .os_id = OS_ID, .forms_off = forms_off } };
    struct pv_vp *vp = pv_freestanding_vp(0);
    enum pv_status status = pv_guest_init(&pv_freestanding_guest, &config);

    if (status != PV_OK)
        stop("pv_guest_init", status);
    status = pv_vp_online(&pv_freestanding_guest, vp);
    if (status != PV_OK)
        stop("pv_vp_online", status);
    return vp;
}

static void finish(struct pv_vp *vp)
{
    enum pv_status status = pv_guest_release(&pv_freestanding_guest, vp);

    if (status == PV_OK)
        status = pv_vp_release(vp);
    if (status != PV_OK)
        stop("release", status);
}

static void report_hypercalls(void)
{
    struct pv_vp *vp = start(0);

    report_limits(&vp->guest->detect.hyperv);
    report_pages(vp->guest, vp);
    report_vtl(vp);
    report_layout();
    report_call();
    print("\nCost of a hypercall, in ticks of the TSC, hypervisor included:\n");
    report_cost("bare: registers loaded, call to the page", cost_bare_call(vp));
    report_cost("fast: pv_hv_call_fast, two registers", cost_fast_call(vp));
    report_cost("flush, 24 bytes of input in XMM registers", cost_flush(vp));
    finish(vp);
    vp = start(PV_HV_FORM_BLOCK_INPUT);
    report_cost("flush, 24 bytes of input in the argument page", cost_flush(vp));
    finish(vp);
}

void kernel_main(void)
{
    struct pv_detect detect;

    pv_detect_probe(&detect, NULL);
    report_interfaces(&detect);
    if (pv_detect_has(&detect, PV_DETECT_HYPERV))
        report_hypercalls();
    else
        print("No Hyper-V interface here, so no hypercalls.\n");
    kernel_exit(0);
}
