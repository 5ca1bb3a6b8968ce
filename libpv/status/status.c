/* SPDX-License-Identifier: MIT */
#include <pv/status.h>

static const struct {
    const char *name;
    const char *text;
} lines[] = {
#define LINE(number, NAME, cause) [number] = { #NAME, cause },
    PV_STATUS_TABLE(LINE)
#undef LINE
};

#define LINES (sizeof(lines) / sizeof(lines[0]))

const char *pv_status_name(enum pv_status status)
{
    return (size_t)status < LINES ? lines[status].name : "?";
}

const char *pv_status_text(enum pv_status status)
{
    return (size_t)status < LINES ? lines[status].text : "?";
}
