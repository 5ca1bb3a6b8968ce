/* SPDX-License-Identifier: MIT */
/*
 * VTL 1 takes rights to pages away from VTL 0. VTL 0 tries, and VTL 1 is entered instead: it leaves out the
 * instruction, or opens the page and has it made again.
 */
#include "vtl.h"

#define INTERCEPT_PAGE (1ull << 12) /* of VsmPartitionConfig; hvdef */
#define GPA_INTERCEPT 0x80000001u
#define INSTRUCTION_BYTES 2u /* of each in touch_write and touch_read */
#define SECRET 0x5Eu

/* From the payload of HV_MESSAGE on: HV_X64_MEMORY_INTERCEPT_MESSAGE. */
#define AT_TYPE 0u
#define AT_ACCESS 21u
#define AT_RIP 40u
#define AT_GPA 72u

static uint8_t read_only[PV_PAGE_BYTES] PV_ALIGNED(PV_PAGE_BYTES);
static uint8_t hidden[PV_PAGE_BYTES] PV_ALIGNED(PV_PAGE_BYTES);

static struct {
    uint64_t count, wrong, gpa;
    bool open;
} seen;

/* ---- in VTL 1 ---- */

static enum pv_status protection_on(void)
{
    struct pv_hv_vsm_partition_config config;
    enum pv_status status = pv_hv_vsm_config_get(&secure.vp, 1, &config, NULL);

    if (status != PV_OK || config.protect)
        return status;
    config.protect = true;
    config.default_mask = 0xF;
    config.raw |= INTERCEPT_PAGE;
    return pv_hv_vsm_config_set(&secure.vp, 1, &config, NULL);
}

static enum pv_status protect(uint64_t gpa, uint32_t mask)
{
    const uint64_t page = gpa / PV_PAGE_BYTES;
    const enum pv_status status = protection_on();

    return status != PV_OK ? status : pv_hv_vtl_protect(&secure.vp, 0, mask, &page, 1, NULL, NULL);
}

bool protect_serve(struct pv_hv_vtl_regs *regs)
{
    uint64_t *value = &regs->shared[VALUE];

    switch (regs->shared[REQUEST]) {
    case DO_PROTECT:
        seen.open = (regs->shared[MORE] & OPEN) != 0;
        *value = (uint64_t)protect(*value, regs->shared[MORE] & 0xF);
        return true;
    case DO_TELL_INTERCEPTS:
        *value = seen.count + 1000 * seen.wrong;
        return true;
    case DO_TELL_LAST_GPA:
        *value = seen.gpa;
        return true;
    case DO_TELL_BYTE:
        *value = *(const volatile uint8_t *)(uintptr_t)*value;
        return true;
    default:
        return false;
    }
}

static uint64_t field(uint32_t at)
{
    uint64_t value;

    memcpy(&value, secure.vp.hv.assist->intercept_message + at, sizeof(value));
    return value;
}

/* VTL 0 goes on behind the instruction. */
static enum pv_status leave_out(void)
{
    const struct pv_hv_target below = { { PV_HV_VP_SELF }, pv_hv_input_vtl(0) };
    const uint32_t name = PV_HV_REGISTER_X64_RIP;
    struct pv_hv_register rip = { .name = name };
    struct pv_hv_register_value now;
    enum pv_status status = pv_hv_regs_get(&secure.vp, below, &name, &now, 1, NULL, NULL);

    seen.wrong += status != PV_OK || now.low != field(AT_RIP);
    rip.value.low = field(AT_RIP) + INSTRUCTION_BYTES;
    return pv_hv_regs_set(&secure.vp, below, &rip, 1, NULL, NULL);
}

void protect_intercepted(void)
{
    seen.count++;
    seen.gpa = field(AT_GPA);
    seen.wrong += (uint32_t)field(AT_TYPE) != GPA_INTERCEPT;
    if ((seen.open ? protect(seen.gpa, 0xF) : leave_out()) != PV_OK)
        kernel_exit(7);
}

/* ---- in VTL 0 ---- */

#define IN_RAX 0xA0A1A2A3A4A5A6A7u
#define IN_RCX 0xC0C1C2C3C4C5C6C7u

/* RAX and RCX that were not what they had been, where VTL 1 had come between. */
static unsigned lost;

static void touch_write(uint8_t *at, uint8_t value)
{
    uint64_t rax = IN_RAX, rcx = IN_RCX;

    __asm__ volatile("movb %%bl, (%%rdi)" : "+a"(rax), "+c"(rcx) : "D"(at), "b"(value) : "memory");
    lost += (rax != IN_RAX) + (rcx != IN_RCX);
}

static uint8_t touch_read(const uint8_t *at)
{
    uint64_t rax = IN_RAX, rcx = IN_RCX;
    uint8_t value = 0;

    __asm__ volatile("movb (%%rdi), %%bl"
                     : "+a"(rax), "+b"(value), "+c"(rcx)
                     : "D"(at)
                     : "memory");
    lost += (rax != IN_RAX) + (rcx != IN_RCX);
    return value;
}

static void check_read_only(void)
{
    uint8_t *at = read_only + 17;
    const uint64_t before = side_ask(DO_TELL_INTERCEPTS, 0, 0);

    *at = SECRET;
    tap_equal(side_ask(DO_PROTECT, (uintptr_t)read_only, PV_HV_MAP_READ), PV_OK,
              "VTL 1 makes a page read-only for VTL 0");
    tap_equal(touch_read(at), SECRET, "VTL 0 reads it");
    tap_equal(side_ask(DO_TELL_INTERCEPTS, 0, 0) - before, 0, "without an intercept");
    touch_write(at, 0x11);
    tap_equal(touch_read(at), SECRET, "what VTL 0 writes does not get there");
    tap_equal(side_ask(DO_TELL_INTERCEPTS, 0, 0) - before, 1, "but to VTL 1, as an intercept");
    tap_equal(side_ask(DO_TELL_LAST_GPA, 0, 0) & ~0xFFFull, (uintptr_t)read_only,
              "which tells the page");
}

static void check_hidden(void)
{
    uint8_t *at = hidden + 4000;
    const uint64_t before = side_ask(DO_TELL_INTERCEPTS, 0, 0);

    *at = SECRET;
    tap_equal(side_ask(DO_PROTECT, (uintptr_t)hidden, 0), PV_OK, "VTL 1 hides a page from VTL 0");
    tap_equal(touch_read(at), 0, "VTL 0 cannot read it");
    touch_write(at, 0x11);
    tap_equal(side_ask(DO_TELL_INTERCEPTS, 0, 0) - before, 2, "two tries, two intercepts");
    tap_equal(side_ask(DO_TELL_BYTE, (uintptr_t)at, 0), SECRET, "VTL 1 can: it is as it was");
}

static void check_opened(void)
{
    uint8_t *at = hidden + 4000;
    const uint64_t before = side_ask(DO_TELL_INTERCEPTS, 0, 0);

    tap_equal(side_ask(DO_PROTECT, (uintptr_t)hidden, OPEN), PV_OK,
              "VTL 1 will open the page when VTL 0 comes");
    tap_equal(touch_read(at), SECRET, "VTL 0 comes, and reads it after all");
    touch_write(at, 0x22);
    tap_equal(side_ask(DO_TELL_BYTE, (uintptr_t)at, 0), 0x22, "and writes it");
    tap_equal(side_ask(DO_TELL_INTERCEPTS, 0, 0) - before, 1, "with one intercept");
}

void protect_check(void)
{
    check_read_only();
    check_hidden();
    check_opened();
    tap_equal(side_ask(DO_PROTECT, (uintptr_t)read_only, 0xF), PV_OK,
              "VTL 1 opens the first page too");
    touch_write(read_only, 0x33);
    tap_equal(touch_read(read_only), 0x33, "and VTL 0 writes it");
    tap_equal(lost, 0, "RAX and RCX of VTL 0 have survived each intercept");
}
