/* SPDX-License-Identifier: MIT */
/* Puts a machine together, runs it, and says how it ended. */
#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES (64ull << 20)

_Noreturn void host_fail(const char *what)
{
    fprintf(stderr, "vtlhost: %s: %s\n", what, errno != 0 ? strerror(errno) : "failed");
    exit(HOST_STATUS_FAILED);
}

#define MAY(name) (1ull << PV_HV_PRIVILEGE_##name)

/* What the model and the monitor have; VSM needs the SynIC (TLFS "VSM Detection"). */
#define PRIVILEGES                                                                                \
    (MAY(VP_RUNTIME) | MAY(TIME_REF_COUNT) | MAY(SYNIC) | MAY(APIC_ACCESS) | MAY(HYPERCALL) |     \
     MAY(VP_INDEX) | MAY(REFERENCE_TSC) | MAY(FREQUENCY) | MAY(ACCESS_PARTITION_ID) |             \
     MAY(POST_MESSAGES) | MAY(SIGNAL_EVENTS) | MAY(ACCESS_VSM) | MAY(ACCESS_VP_REGISTERS) |       \
     MAY(START_VIRTUAL_PROCESSOR))

static void model_create(struct host *host)
{
    sim_model_init(&host->model);
    host->model.memory = (struct sim_memory){ host, host_memory_read, host_memory_write };
    host->model.processor = (struct sim_processor){ host, host_register_get, host_register_set };
    host->model.max_vps = SIM_VPS_MAX;
    host->model.privileges = PRIVILEGES;
}

static void vps_create(struct host *host)
{
    host->model.vps = host->vps;
    host->model.vsm_capabilities |= SIM_VSM_CAP_INTERCEPT_PAGE;
    for (uint32_t i = 0; i < host->vps; i++) {
        host->model.cpus[i].apic_id = i;
        host_vp_create(host, i);
    }
}

static void say_figures(const struct host *host)
{
    const struct host_guard *guard = &host->guard;
    uint64_t switches = 0;

    for (uint32_t i = 0; i < host->vps; i++)
        switches += host->vp[i].switches;
    fprintf(stderr, "vtlhost: %llu exits, %llu hypercalls (%llu by pages), %llu VTL switches\n",
            (unsigned long long)host->exits, (unsigned long long)host->model.seen.calls,
            (unsigned long long)host->model.seen.memory_calls, (unsigned long long)switches);
    if (guard->wanted)
        fprintf(stderr, "vtlhost: %llu hypercalls guarded, %llu reads, %llu writes, %llu outside\n",
                (unsigned long long)guard->calls, (unsigned long long)guard->reads,
                (unsigned long long)guard->writes, (unsigned long long)guard->outside);
}

/* A broken rule is worse than whatever the guest says of itself, but not than that it hangs. */
static int judge(const struct host *host)
{
    const char *complaint = host->model.complaint;

    if (complaint != NULL)
        fprintf(stderr, "vtlhost: the guest broke a rule: %s\n", complaint);
    if (host->guard.outside != 0)
        fprintf(stderr, "vtlhost: hypercalls read or wrote outside of their arguments\n");
    if (host->verdict > HOST_STATUS_GUEST_MAX)
        return host->verdict;
    if (host->guard.outside != 0)
        return HOST_STATUS_STRAY;
    return complaint != NULL ? HOST_STATUS_RULE : host->verdict;
}

int main(int argc, char **argv)
{
    static struct host host = { .vps = 1, .verdict = -1, .lock = PTHREAD_MUTEX_INITIALIZER,
                                .moved = PTHREAD_COND_INITIALIZER };
    struct host_options options;

    model_create(&host);
    options = host_options_read(&host, argc, argv);
    host_vm_create(&host);
    host_memory_create(&host, MEMORY_BYTES);
    host_msr_filter(&host);
    vps_create(&host);
    host_clock_create(&host);
    host_vp_enter_at(&host.vp[0], host_image_load(&host, options.image));
    host_run(&host, options.seconds);
    if (host.trace)
        say_figures(&host);
    return judge(&host);
}
