/* SPDX-License-Identifier: MIT */
/*
 * libpv inside a guest, on whatever hypervisor this is. The image does not know where it runs: it
 * says which interfaces it sees, and tests/lab/check.sh knows what it should have seen.
 */
#include "hyperv.h"
#include "port.h"

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    tap_say(text);
}

static void say_interfaces(const struct pv_detect *detect)
{
    kernel_puts("# interfaces:");
    for (uint32_t i = 0; i < detect->count; i++) {
        kernel_puts(" ");
        kernel_puts(pv_detect_name(detect->interfaces[i].kind));
    }
    kernel_puts(detect->count == 0 ? " none\n" : "\n");
}

/* Without Hyper-V, libpv comes up, makes no hypercalls and says so. */
static void check_without_hyperv(void)
{
    const struct pv_guest_config config = {
        .hv.os_id = pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 1, 0),
    };
    struct pv_guest *guest = &pv_freestanding_guest;
    struct pv_vp *vp = pv_freestanding_vp(0);
    uint8_t vtl;

    tap_equal(pv_guest_init(guest, &config), PV_OK, "init without Hyper-V");
    tap_equal(guest->hv.entry, 0, "hypercalls are off");
    tap_equal(pv_vp_online(guest, vp), PV_OK, "VP comes online");
    tap_equal(pv_hv_call_fast(vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL), PV_BAD_STATE,
              "a fast call is refused");
    tap_equal(pv_hv_vtl_current(vp, &vtl, NULL), PV_BAD_STATE, "a register read is refused");
    tap_equal(pv_guest_release(guest, vp), PV_OK, "release");
    tap_equal(pv_freestanding_pages_used(), 0, "no page was taken");
}

static void check_memory_only(void)
{
    struct pv_vp *vp = hyperv_start(1, PV_HV_FORM_FAST | PV_HV_FORM_BLOCK_INPUT);

    check_page(vp);
    check_calls(vp, "memory");
    check_lists(vp);
    check_nesting(vp);
    hyperv_stop(vp);
}

static void check_two_pages(void)
{
    struct pv_vp *vp = hyperv_start(2, PV_HV_FORM_FAST | PV_HV_FORM_BLOCK_INPUT);

    check_calls(vp, "two pages");
    check_lists(vp);
    hyperv_stop(vp);
}

static void check_every_form(void)
{
    struct pv_vp *vp = hyperv_start(1, 0);

    check_calls(vp, "cheapest form");
    check_lists(vp);
    check_xmm_preserved(vp);
    check_refusals(vp);
    check_assist(vp);
    check_quiesce_resume(vp);
    check_two_vps(vp);
    hyperv_stop(vp);
}

void kernel_main(void)
{
    struct pv_detect detect;

    pv_detect_probe(&detect, NULL);
    say_interfaces(&detect);
    /* A direct call reaches no other page than the kernel's own. */
    if (!PV_CONFIG_HV_DIRECT_CALL)
        check_port();
    if (pv_detect_has(&detect, PV_DETECT_HYPERV)) {
        check_detection();
        check_memory_only();
        check_two_pages();
        check_every_form();
    } else {
        check_without_hyperv();
    }
    tap_done();
}
