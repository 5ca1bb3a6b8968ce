/* SPDX-License-Identifier: MIT */
/* Firmware: how it is called, and the way out (Arm DEN0022). */
#include "../fdt.h"
#include "cpu.h"
#include "start.h"

int kernel_conduit(void)
{
    char method[4];

    if (!fdt_string((const void *)KERNEL_RAM, "psci", "method", method, sizeof(method)))
        return KERNEL_CONDUIT_NONE;
    if (memcmp(method, "hvc", sizeof(method)) == 0)
        return KERNEL_CONDUIT_HVC;
    return memcmp(method, "smc", sizeof(method)) == 0 ? KERNEL_CONDUIT_SMC : KERNEL_CONDUIT_NONE;
}

/* As under SMCCC 1.0, X4 to X17 do not survive. */
#define CALL(instruction)                                                                          \
    __asm__ volatile(instruction                                                                   \
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3)                                      \
                     :                                                                             \
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",      \
                       "x15", "x16", "x17", "memory")

int64_t kernel_psci(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    enum { NOT_SUPPORTED = -1 };
    const int conduit = kernel_conduit();
    register uint64_t a0 __asm__("x0") = function;
    register uint64_t a1 __asm__("x1") = x1;
    register uint64_t a2 __asm__("x2") = x2;
    register uint64_t a3 __asm__("x3") = x3;

    if (conduit == KERNEL_CONDUIT_NONE)
        return NOT_SUPPORTED;
    if (conduit == KERNEL_CONDUIT_HVC)
        CALL("hvc #0");
    else
        CALL("smc #0");
    return (int64_t)a0;
}

/* SYSTEM_OFF carries no code. */
_Noreturn void kernel_exit(unsigned code)
{
    kernel_write_exit(code);
    kernel_psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    halt();
}
