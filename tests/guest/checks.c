/* SPDX-License-Identifier: MIT */
/*
 * libpv inside a guest, on whatever hypervisor this is. The image does not know where it runs: it
 * says which interfaces it sees, and tests/lab/check.sh knows what it should have seen. What only
 * one architecture has is checked by check_machine(), in its folder.
 */
#include "checks.h"

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    if (access == PV_OS_READ_ONLY)
        return kernel_map_normal((uintptr_t)page);
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

/* An identity, or there would be no hypercalls where there could be. */
static struct pv_guest_config config_here(void)
{
    const struct pv_guest_config config = {
        .hints.conduit = (enum pv_detect_conduit)kernel_conduit(),
        .hv.os_id = pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 1, 0),
        .clock.counter_hz = kernel_ticks_per_second(),
    };

    return config;
}

struct pv_vp *checks_start(uint32_t sources_off)
{
    struct pv_guest_config config = config_here();
    struct pv_vp *vp = pv_freestanding_vp(0);

    config.clock.sources_off = sources_off;
    if (!tap_equal(pv_guest_init(&pv_freestanding_guest, &config), PV_OK, "guest init") ||
        !tap_equal(pv_vp_online(&pv_freestanding_guest, vp), PV_OK, "VP online"))
        tap_done();
    return vp;
}

void checks_stop(struct pv_vp *vp, enum pv_status wanted)
{
    tap_equal(pv_guest_release(&pv_freestanding_guest, vp), PV_OK, "guest release");
    tap_equal(pv_vp_release(vp), wanted, "VP release");
    tap_equal(pv_freestanding_pages_used(), 0, "all pages are back");
}

/* Without Hyper-V, libpv comes up, makes no hypercalls and says so. */
void check_without_hyperv(void)
{
    const struct pv_guest_config config = config_here();
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

void kernel_main(void)
{
    const struct pv_detect_hints hints = {
        .conduit = (enum pv_detect_conduit)kernel_conduit(),
    };
    struct pv_detect detect;

    pv_detect_probe(&detect, &hints);
    say_interfaces(&detect);
    check_memory();
    check_machine(&detect);
    check_clock();
    check_steal();
    tap_done();
}
