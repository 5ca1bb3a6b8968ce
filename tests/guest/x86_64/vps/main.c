/* SPDX-License-Identifier: MIT */
/* Four VPs on KVM: on its Hyper-V interface with Hyper-V's calls, else with KVM's own. */
#include "vps.h"

#define REGISTERS_OFF (PV_HV_FORM_FAST | PV_HV_FORM_BLOCK_INPUT)

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

static uint64_t index_of(const struct pv_vp *vp)
{
    return vp->hv.index.value;
}

static uint64_t apic_of(const struct pv_vp *vp)
{
    return vp->hw_id.value;
}

/* In ascending order: check.sh knows what they should be, not which CPU came up first. */
static void say_numbers(const char *what, uint64_t (*number)(const struct pv_vp *vp))
{
    uint64_t numbers[VPS];

    for (unsigned cpu = 0; cpu < VPS; cpu++) {
        const uint64_t own = number(pv_freestanding_vp(cpu));
        unsigned at = cpu;

        for (; at > 0 && numbers[at - 1] > own; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = own;
    }
    tap_numbers(what, numbers, VPS);
}

static void on_hyperv(void)
{
    vps_start(0);
    say_numbers("VP indexes", index_of);
    say_numbers("APIC ids", apic_of);
    check_hv_flush(0);
    check_hv_flush_limits();
    check_hv_ipi(0);
    check_hv_without_kvm();
    check_defer();
    check_wait(PV_SPIN_NOTIFY);
    vps_stop();

    tap_say("all in memory");
    vps_start(REGISTERS_OFF);
    check_hv_flush(REGISTERS_OFF);
    check_hv_ipi(REGISTERS_OFF);
    vps_stop();
}

static void on_kvm(void)
{
    vps_start(0);
    say_numbers("APIC ids", apic_of);
    check_kvm_ipi();
    check_kvm_kick();
    check_kvm_yield();
    check_kvm_without_hv();
    check_defer();
    check_wait(PV_SPIN_YIELD | PV_SPIN_HALT);
    vps_stop();
}

void kernel_main(void)
{
    struct pv_detect detect;

    pv_detect_probe(&detect, NULL);
    tap_word("interfaces", detect.kind == PV_DETECT_HYPERV ? "Hyper-V" : "KVM");
    vps_power_on();
    if (detect.kind == PV_DETECT_HYPERV)
        on_hyperv();
    else
        on_kvm();
    tap_done();
}
