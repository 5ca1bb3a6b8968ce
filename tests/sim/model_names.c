/* SPDX-License-Identifier: MIT */
/* The behaviours by name, for a command line: TIMEOUT_ONCE is timeout-once. */
#include "sim/model.h"

static const struct {
    const char *name;
    const char *about;
} behaviours[] = {
#define SIM_BEHAVIOUR(name, about) { #name, about },
#include "sim/behaviours.def"
#undef SIM_BEHAVIOUR
};

void sim_behaviour_name(enum sim_behaviour behaviour, char name[SIM_NAME_BYTES])
{
    const char *from = behaviours[behaviour].name;
    uint32_t i = 0;

    for (; from[i] != '\0' && i < SIM_NAME_BYTES - 1; i++)
        name[i] = from[i] == '_' ? '-' : (char)(from[i] | 0x20);
    name[i] = '\0';
}

const char *sim_behaviour_about(enum sim_behaviour behaviour)
{
    return behaviours[behaviour].about;
}
