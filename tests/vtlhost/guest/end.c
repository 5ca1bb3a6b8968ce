/* SPDX-License-Identifier: MIT */
/* One guest with each way to end, which the monitor's exit status must tell. */
#include "kernel.h"
#include "pv_freestanding.h"

#include <pv/pv.h>

/* The builder writes another digit into the image: one build is enough. */
static const volatile char way[] = "end by way 0";

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    kernel_puts(text);
}

static const struct pv_guest_config config = { .hv.os_id = 0xFF00000001000000ull };
static struct pv_guest guest;
static struct pv_vp vp;

static void begin(void)
{
    if (pv_guest_init(&guest, &config) != PV_OK || pv_vp_online(&guest, &vp) != PV_OK)
        kernel_exit(63);
}

static void end_well(void)
{
    kernel_exit(0);
}

static void end_badly(void)
{
    kernel_exit(5);
}

/* The monitor says where: one hypercall, and then nothing. */
static void end_never(void)
{
    begin();
    if (pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL) != PV_OK)
        kernel_exit(61);
    for (;;)
        __asm__ volatile("" : : : "memory"); /* no PAUSE, which stops an emulated processor */
}

/* A triple fault. */
static void end_by_crash(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = { 0, 0 };

    __asm__ volatile("lidt %0\n\tud2" : : "m"(none));
}

/* Bits 30:27 of the control word must be zero. */
static void end_by_rule(void)
{
    uint64_t control = PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT | PV_HV_CONTROL_FAST | 1ull << 28;
    uint64_t result, in = 0;

    begin();
    __asm__ volatile("call *%[entry]"
                     : "=a"(result), "+c"(control), "+d"(in)
                     : [entry] "r"(guest.hv.entry)
                     : "r8", "r9", "r10", "r11", "cc", "memory");
    kernel_exit(0);
}

/* Arguments in registers, and then an output in the argument page, for monitors that reach elsewhere. */
static void end_by_output(void)
{
    static struct pv_guest_config pages = { .hv.os_id = 0xFF00000001000000ull,
                                            .hv.forms_off = PV_HV_FORM_BLOCK_INPUT |
                                                            PV_HV_FORM_BLOCK_OUTPUT };
    uint64_t value;

    if (pv_guest_init(&guest, &pages) != PV_OK || pv_vp_online(&guest, &vp) != PV_OK)
        kernel_exit(63);
    if (pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL) != PV_OK)
        kernel_exit(61);
    kernel_exit(pv_hv_regs_get64(&vp, PV_HV_REGISTER_VSM_VP_STATUS, &value, NULL) != PV_OK);
}

void kernel_main(void)
{
    static void (*const ways[])(void) = { end_well,     end_badly,   end_never,
                                          end_by_crash, end_by_rule, end_by_output };

    ways[way[sizeof(way) - 2] - '0']();
    kernel_exit(62);
}
