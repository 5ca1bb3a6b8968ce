/* SPDX-License-Identifier: MIT */
/* What both sides do alike, and what the freestanding port wants from a kernel. */
#include "hello.h"
#include "pv_freestanding.h"

static const struct pv_guest_config config = {
    .hv.os_id = 0xFF00000001000000ull, /* an open-source OS nobody has heard of */
};

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    kernel_puts(text);
    kernel_puts("\n");
}

enum pv_status side_up(struct side *side)
{
    enum pv_status status = pv_guest_init(&side->guest, &config);

    if (status == PV_OK)
        status = pv_vp_online(&side->guest, &side->vp);
    if (status == PV_OK)
        status = pv_hv_assist_enable(&side->vp); /* tells why a VTL was entered */
    if (status == PV_OK)
        status = pv_hv_vtl_switch_init(&side->vp, NULL);
    return status;
}

enum pv_status side_where(struct side *side, uint8_t *vtl)
{
    return pv_hv_vtl_current(&side->vp, vtl, NULL);
}

void say(const char *who, const char *before, uint64_t number, const char *after)
{
    char text[21];
    size_t at = sizeof(text) - 1;

    text[at] = '\0';
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    kernel_puts(who);
    kernel_puts(before);
    kernel_puts(text + at);
    kernel_puts(after);
    kernel_puts("\n");
}
