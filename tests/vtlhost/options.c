/* SPDX-License-Identifier: MIT */
/* The command line of the monitor. */
#include "host.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 60u

static const char text[] =
    "usage: vtlhost [OPTION...] IMAGE\n"
    "  IMAGE       ELF with a PVH note; ends by a byte to port 0x501, 1 being success\n"
    "  -c VPS      virtual processors, 1 to 8 (1)\n"
    "  -t SECONDS  until the guest is said to hang (60)\n"
    "  -g          check that hypercalls read and write in the pages of their arguments only\n"
    "  -v          a line for each hypercall, and figures at the end\n"
    "  -l          list the behaviours\n"
    "  -b NAME     how the hypervisor behaves (honest)\n"
    "  -a CALLS    honest for that many hypercalls first (0)\n"
    "  -s SEED     of what is random (1)\n"
    "  -T STEP     list elements per hypercall, 0 = all (0)\n"
    "exit status: 0 success, up to 63 the guest's own; 64 usage; 70 the monitor failed; 77 no KVM;\n"
    "  120 a processor was lost; 121 the guest broke a rule; 122 a hypercall read or wrote\n"
    "  outside its arguments; 124 the guest did not end\n";

static _Noreturn void usage(void)
{
    fputs(text, stderr);
    exit(HOST_STATUS_USAGE);
}

static _Noreturn void list(void)
{
    char name[SIM_NAME_BYTES];

    for (int i = 0; i < SIM_BEHAVIOURS; i++) {
        sim_behaviour_name((enum sim_behaviour)i, name);
        printf("%-20s %s\n", name, sim_behaviour_about((enum sim_behaviour)i));
    }
    exit(0);
}

static unsigned long long number(unsigned long long least, unsigned long long most)
{
    char *end;
    const unsigned long long value = strtoull(optarg, &end, 0);

    if (*optarg < '0' || *optarg > '9' || *end != '\0' || value < least || value > most)
        usage();
    return value;
}

static enum sim_behaviour behaviour(void)
{
    char name[SIM_NAME_BYTES];

    for (int i = 0; i < SIM_BEHAVIOURS; i++) {
        sim_behaviour_name((enum sim_behaviour)i, name);
        if (strcmp(name, optarg) == 0)
            return (enum sim_behaviour)i;
    }
    usage();
}

/* How the model behaves. */
static bool model_option(struct sim_model *model, int option)
{
    switch (option) {
    case 'b': model->behaviour = behaviour(); return true;
    case 'a': model->behave_after = (uint32_t)number(0, 0xFFFFFFFF); return true;
    case 's': model->seed = number(0, ~0ull); return true;
    case 'T': model->step = (uint32_t)number(0, 4095); return true;
    default: return false;
    }
}

struct host_options host_options_read(struct host *host, int argc, char **argv)
{
    struct host_options options = { .seconds = SECONDS };
    int option;

    while ((option = getopt(argc, argv, "c:t:gvlb:a:s:T:")) != -1) {
        if (model_option(&host->model, option))
            continue;
        switch (option) {
        case 'c': host->vps = (uint32_t)number(1, SIM_VPS_MAX); break;
        case 't': options.seconds = (unsigned)number(1, 3600); break;
        case 'g': host->guard.wanted = true; break;
        case 'v': host->trace = true; break;
        case 'l': list();
        default: usage();
        }
    }
    if (optind + 1 != argc)
        usage();
    options.image = argv[optind];
    return options;
}
