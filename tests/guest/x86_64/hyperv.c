/* SPDX-License-Identifier: MIT */
#include "hyperv.h"

#include <pv/abi/kvm.h>

static uint64_t rdmsr(uint32_t msr)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

#define OS_ID pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 0x000100, 7)

/* A flush of the current address space on this VP: harmless, and every form can carry it. */
static struct pv_hv_flush_header own_flush(const struct pv_vp *vp)
{
    const struct pv_hv_flush_header flush = {
        .flags = PV_HV_FLUSH_ALL_SPACES,
        .processor_mask = 1ull << vp->hv.index.value,
    };

    return flush;
}

struct pv_vp *hyperv_start(uint32_t arg_pages, uint32_t forms_off)
{
    const struct pv_guest_config config = {
        .hv = {.os_id = OS_ID, .arg_pages = arg_pages, .forms_off = forms_off},
    };
    struct pv_vp *vp = pv_freestanding_vp(0);

    if (!tap_equal(pv_guest_init(&pv_freestanding_guest, &config), PV_OK, "guest init"))
        tap_done();
    if (!tap_equal(pv_vp_online(&pv_freestanding_guest, vp), PV_OK, "VP online"))
        tap_done();
    return vp;
}

void hyperv_stop(struct pv_vp *vp)
{
    struct pv_hv_result result;

    tap_equal(pv_guest_release(&pv_freestanding_guest, vp), PV_OK, "guest release");
    tap_equal(pv_vp_release(vp), PV_OK, "VP release");
    tap_equal(rdmsr(PV_HV_MSR_HYPERCALL) & PV_HV_PAGE_ENABLE, 0, "hypercall page is off");
    tap_equal(rdmsr(PV_HV_MSR_GUEST_OS_ID), 0, "identity is taken back");
    tap_equal(pv_hv_call_fast(vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, &result), PV_BAD_STATE,
              "a call after release is refused");
    tap_equal(pv_freestanding_pages_used(), 0, "all pages are back");
}

void check_detection(void)
{
    struct pv_detect detect;
    const struct pv_detect_interface *first;

    pv_detect_probe(&detect, NULL);
    first = &detect.interfaces[0];
    tap_say(first->vendor);
    tap_equal(detect.kind, PV_DETECT_HYPERV, "Hyper-V is the first interface");
    tap_equal(first->base, 0x40000000, "at the first leaf");
    tap_ok(first->max_leaf >= 0x40000005, "with its limits leaf");
    tap_ok(pv_detect_has(&detect, PV_DETECT_KVM), "KVM's own interface stands behind it");
    tap_equal(detect.interfaces[1].base, 0x40000100, "a step of 0x100 further");
    tap_ok((detect.kvm.features & PV_KVM_FEATURE_CLOCKSOURCE2) != 0, "KVM features were read");
    tap_ok((detect.hyperv.privileges >> PV_HV_PRIVILEGE_HYPERCALL & 1) != 0, "hypercall privilege");
    tap_ok((detect.hyperv.privileges >> PV_HV_PRIVILEGE_VP_INDEX & 1) != 0, "VP index privilege");
    tap_ok((detect.hyperv.features & PV_HV_FEATURE_XMM_INPUT) != 0, "XMM input is advertised");
    tap_equal(detect.hyperv.isolation, PV_DETECT_ISOLATION_NONE, "no isolation");
}

static void write_byte(void *page)
{
    *(volatile uint8_t *)page = 0x90;
}

void check_page(struct pv_vp *vp)
{
    const struct pv_hv_guest *hv = &vp->guest->hv;

    tap_equal(rdmsr(PV_HV_MSR_GUEST_OS_ID), OS_ID, "the hypervisor has our identity");
    tap_ok(!hv->os_id_adopted && !hv->page_adopted, "identity and page are ours");
    tap_equal(rdmsr(PV_HV_MSR_HYPERCALL), hv->page_gpa | PV_HV_PAGE_ENABLE, "page is enabled");
    tap_equal(hv->entry, (uintptr_t)hv->page, "calls enter at its start");
    tap_ok(kernel_faults(write_byte, hv->page), "it cannot be written");
    tap_equal(rdmsr(PV_HV_MSR_VP_INDEX), vp->hv.index.value, "VP index");
}

void check_calls(struct pv_vp *vp, const char *forms)
{
    const struct pv_hv_flush_header flush = own_flush(vp);
    const struct pv_hv_ipi ipi = {.vector = 0xF0}; /* to nobody */
    struct pv_hv_result result = {0xFFFF, 0xFFFF};

    tap_say(forms);
    tap_equal(pv_hv_call_simple(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, &flush, NULL, &result),
              PV_OK, "flush of an address space");
    tap_equal(result.status, PV_HV_STATUS_SUCCESS, "raw status is success");
    tap_equal(pv_hv_call_simple(vp, PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, &ipi, NULL, &result),
              PV_OK, "IPI to an empty mask");
    if ((vp->guest->hv.forms & PV_HV_FORM_FAST) != 0)
        tap_equal(pv_hv_call_fast(vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, &result), PV_OK,
                  "fast call");
    else
        tap_equal(pv_hv_call_fast(vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, &result),
                  PV_UNSUPPORTED, "fast call is turned off");
}

#define MANY 1200
static uint64_t gva_ranges[MANY];

static void check_flush_list(struct pv_vp *vp)
{
    const struct pv_hv_flush_header header = own_flush(vp);
    struct pv_hv_list list = {
        .call = PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST,
        .header = &header,
        .in = gva_ranges,
        .count = 3,
    };
    struct pv_hv_result result = {0xFFFF, 0};

    for (size_t i = 0; i < MANY; i++)
        gva_ranges[i] = i << 12;
    tap_equal(pv_hv_call_list(vp, &list, &result), PV_OK, "rep call with 3 elements");
    tap_equal(result.reps, 3, "the hypervisor did 3");
    list.count = MANY;
    tap_equal(pv_hv_call_list(vp, &list, &result), PV_OK, "list longer than a page");
    tap_equal(list.done, MANY, "all of it was done");
}

/* Variable header (a VP set with one bank) and a list in one block. */
static void check_flush_list_ex(struct pv_vp *vp)
{
    const struct pv_hv_shape shape = {.reps = 5, .var_qwords = 1};
    struct pv_hv_flush_ex_header *in;
    struct pv_hv_args args;

    if (!tap_equal(pv_hv_begin(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, &shape, &args), PV_OK,
                   "begin with VP set and list"))
        return;
    in = (struct pv_hv_flush_ex_header *)args.in;
    in->flags = PV_HV_FLUSH_ALL_SPACES;
    in->set.format = PV_HV_SET_SPARSE;
    in->set.bank_mask = 1ull << vp->hv.index.value / 64;
    *(uint64_t *)args.var = 1ull << vp->hv.index.value % 64;
    memcpy(args.in_list, gva_ranges, args.reps * sizeof(gva_ranges[0]));
    tap_equal(pv_hv_issue(vp, &args), PV_OK, "issue");
    tap_equal(args.result.reps, 5, "5 elements done");
    tap_equal(pv_hv_end(vp, &args), PV_OK, "end");
}

void check_lists(struct pv_vp *vp)
{
    check_flush_list(vp);
    check_flush_list_ex(vp);
}

/* A call that travels in XMM registers must leave the kernel's own contents in them. */
void check_xmm_preserved(struct pv_vp *vp)
{
    static const uint64_t pattern[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    uint64_t after[12];
    struct pv_hv_flush_header *in;
    struct pv_hv_args args;

    if (!tap_equal(pv_hv_begin(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL, &args), PV_OK,
                   "begin in XMM registers"))
        return;
    tap_equal(args.form, PV_HV_FORM_BLOCK_INPUT, "the register block was chosen");
    tap_equal(vp->hv.depth, 0, "no argument memory is in use");
    in = (struct pv_hv_flush_header *)args.in;
    *in = own_flush(vp);
    __asm__ volatile("movups 0(%0), %%xmm0\n\tmovups 16(%0), %%xmm1\n\tmovups 32(%0), %%xmm2\n\t"
                     "movups 48(%0), %%xmm3\n\tmovups 64(%0), %%xmm4\n\tmovups 80(%0), %%xmm5"
                     :
                     : "r"(pattern)
                     : "memory");
    tap_equal(pv_hv_issue(vp, &args), PV_OK, "XMM-input call");
    __asm__ volatile("movups %%xmm0, 0(%0)\n\tmovups %%xmm1, 16(%0)\n\tmovups %%xmm2, 32(%0)\n\t"
                     "movups %%xmm3, 48(%0)\n\tmovups %%xmm4, 64(%0)\n\tmovups %%xmm5, 80(%0)"
                     :
                     : "r"(after)
                     : "memory");
    tap_equal(pv_hv_end(vp, &args), PV_OK, "end");
    tap_ok(memcmp(after, pattern, sizeof(after)) == 0, "XMM0-5 are as before");
}

void check_nesting(struct pv_vp *vp)
{
    const struct pv_hv_flush_header flush = own_flush(vp);
    struct pv_hv_args outer;
    struct pv_hv_args third;
    struct pv_hv_args inner;

    if (!tap_equal(pv_hv_begin(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL, &outer), PV_OK,
                   "outer begin"))
        return;
    memcpy(outer.in, &flush, sizeof(flush));
    tap_equal(pv_hv_begin(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL, &inner), PV_OK,
              "nested begin gets the reserve");
    memcpy(inner.in, &flush, sizeof(flush));
    tap_equal(pv_hv_begin(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL, &third), PV_BUSY,
              "a third is busy");
    tap_equal(pv_hv_issue(vp, &outer), PV_BAD_STATE, "the outer one waits for the inner");
    tap_equal(pv_hv_issue(vp, &inner), PV_OK, "nested call");
    tap_equal(pv_hv_end(vp, &inner), PV_OK, "nested end");
    tap_equal(pv_hv_issue(vp, &outer), PV_OK, "outer call, undisturbed");
    tap_equal(pv_hv_end(vp, &outer), PV_OK, "outer end");
    tap_equal(pv_hv_end(vp, &outer), PV_BAD_STATE, "end without begin");
}

/* KVM has no VP-register calls: a clean "no", with its own status kept. */
void check_refusals(struct pv_vp *vp)
{
    struct pv_hv_result result = {0, 0};
    uint64_t value = 0x5A5A;
    uint8_t vtl = 0xEE;

    tap_equal(pv_hv_vtl_current(vp, &vtl, &result), PV_UNSUPPORTED, "VTL query is unsupported");
    tap_equal(result.status, PV_HV_STATUS_INVALID_HYPERCALL_CODE, "raw status: no such call");
    tap_equal(vtl, 0xEE, "the answer is untouched");
    tap_equal(pv_hv_regs_get64(vp, PV_HV_REGISTER_VP_INDEX, &value, &result), PV_UNSUPPORTED,
              "register read is unsupported");
    tap_equal(value, 0x5A5A, "the value is untouched");
    tap_equal(pv_hv_vtl_enable_partition(vp, 1, 0, &result), PV_UNSUPPORTED,
              "VTL 1 cannot be enabled");
    tap_ok(pv_hv_call_fast(vp, PV_HV_CALL_SIGNAL_EVENT, 0x00FFFFFF, 0, &result) != PV_OK,
           "signal on a connection that is none");
    tap_ok(result.status != PV_HV_STATUS_SUCCESS, "and its raw status is kept");
    tap_equal(pv_hv_call_gpa(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL, vp->hv.args_gpa + 4,
                             0, NULL),
              PV_BAD_ADDRESS, "misaligned block");
    tap_equal(pv_hv_call_gpa(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL,
                             vp->hv.args_gpa + 4080, 0, NULL),
              PV_BAD_ADDRESS, "block across a page");
}

void check_assist(struct pv_vp *vp)
{
    tap_equal(pv_hv_assist_enable(vp), PV_OK, "VP assist page");
    tap_equal(rdmsr(PV_HV_MSR_VP_ASSIST_PAGE), vp->hv.assist_gpa | PV_HV_PAGE_ENABLE,
              "the hypervisor has it");
    tap_equal(pv_hv_assist_enable(vp), PV_BAD_STATE, "enable twice");
    tap_equal(pv_hv_assist_disable(vp), PV_OK, "disable");
    tap_equal(rdmsr(PV_HV_MSR_VP_ASSIST_PAGE) & PV_HV_PAGE_ENABLE, 0, "it is off");
}

void check_quiesce_resume(struct pv_vp *vp)
{
    const struct pv_hv_flush_header flush = own_flush(vp);
    struct pv_guest *guest = vp->guest;

    tap_equal(pv_guest_quiesce(guest, vp), PV_OK, "quiesce");
    tap_equal(rdmsr(PV_HV_MSR_HYPERCALL) & PV_HV_PAGE_ENABLE, 0, "page is off");
    tap_equal(rdmsr(PV_HV_MSR_GUEST_OS_ID), 0, "identity is gone");
    tap_equal(pv_hv_call_simple(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, &flush, NULL, NULL),
              PV_BAD_STATE, "calls in between are refused");
    tap_equal(pv_guest_resume(guest, vp), PV_OK, "resume");
    tap_equal(pv_hv_call_simple(vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, &flush, NULL, NULL),
              PV_OK, "calls work again");
}
