/* SPDX-License-Identifier: MIT */
/* Prints docs/hypercalls.md from the calls and status tables. */
#include <pv/hv.h>
#include <stdio.h>
#include <string.h>

/* "PV_HV_BY_ARCH(240, 88)" as "240 / 88"; plain numbers as they are. */
static void put_size(const char *text)
{
    const char *open = strchr(text, '(');
    int x64;
    int arm64;

    if (open == NULL)
        printf(" %s |", text);
    else if (sscanf(open, "(%d, %d)", &x64, &arm64) == 2)
        printf(" %d / %d |", x64, arm64);
}

static void put_call(const char *const row[12])
{
    printf("| %s | %s | %s |", row[0], row[1], row[2]);
    for (int i = 3; i < 8; i++) {
        if (i == 4)
            printf(" %s |", strcmp(row[4], "NONE") == 0 ? "-" : row[4]);
        else
            put_size(row[i]);
    }
    printf(" %s | %s |", row[8], strcmp(row[9], "NONE") == 0 ? "-" : row[9]);
    if (*row[10] == '\0')
        printf(" - |\n");
    else
        printf(" `%s%s%s` |\n", row[10], *row[11] != '\0' ? "` + n x `" : "", row[11]);
}

static const char *const calls[][12] = {
#define PV_HV_CALL(code, NAME, Name, kind, in, var, in_rep, out, out_rep, fast, priv, layout, rep) \
    { #code, #Name, #kind, #in, #var, #in_rep, #out, #out_rep, #fast, #priv, layout, rep },
#include <pv/abi/hv_calls.def>
};

static const char *const statuses[][5] = {
#define PV_HV_STATUS(number, NAME, retry, pv, meaning) { #number, #NAME, #retry, #pv, meaning },
#include <pv/abi/hv_status.def>
};

int main(void)
{
    printf("# Hypercalls\n\n"
           "Made from `include/pv/abi/hv_calls.def` and `hv_status.def`, which also say what the\n"
           "columns mean; `sh tests/build/hypercalls.sh update` makes it again.\n\n"
           "Sizes are bytes. `240 / 88` means x86-64 / arm64. In a layout, `-` is reserved.\n\n"
           "| code | call | kind | input | var | element in | output | element out | fast | "
           "privilege | input layout |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        put_call(calls[i]);
    printf("\n## Statuses\n\n"
           "| number | status | retry | libpv answers | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        printf("| %s | %s | %s | PV_%s | %s |\n", statuses[i][0], statuses[i][1], statuses[i][2],
               statuses[i][3], statuses[i][4]);
    return 0;
}
