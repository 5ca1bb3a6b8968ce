/* SPDX-License-Identifier: MIT */
/* A thread for each processor: run the guest until it stops, and see why. */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static void nothing(int signal)
{
    (void)signal;
}

static bool ended(struct host *host)
{
    return __atomic_load_n(&host->verdict, __ATOMIC_ACQUIRE) >= 0;
}

/* The first verdict counts. Processors that run in the guest are called back by a signal. */
void host_end(struct host *host, int verdict)
{
    int running = -1;

    __atomic_compare_exchange_n(&host->verdict, &running, verdict, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
}

static void lose(struct host_vp *vp, const char *why, int status)
{
    struct kvm_regs regs;

    if (ioctl(vp->fd, KVM_GET_REGS, &regs) != 0)
        regs.rip = 0;
    fprintf(stderr, "vtlhost: VP %u at 0x%llx: %s (exit %u)\n", vp->index,
            (unsigned long long)regs.rip, why, vp->run->exit_reason);
    host_end(vp->host, status);
}

static void handle(struct host_vp *vp)
{
    switch (vp->run->exit_reason) {
    case KVM_EXIT_IO:
        host_io(vp);
        break;
    case KVM_EXIT_X86_RDMSR:
        host_msr_read(vp);
        break;
    case KVM_EXIT_X86_WRMSR:
        host_msr_write(vp);
        break;
    case KVM_EXIT_INTR:
        break;
    case KVM_EXIT_MMIO:
        if (!host_mmio(vp))
            lose(vp, "touched memory that is not there for it", HOST_STATUS_LOST);
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        lose(vp, "KVM cannot run this instruction", HOST_STATUS_FAILED);
        break;
    case KVM_EXIT_SHUTDOWN:
        lose(vp, "triple fault", HOST_STATUS_LOST);
        break;
    default:
        lose(vp, "stopped for a reason that the monitor does not know", HOST_STATUS_FAILED);
    }
}

/* linux/kvm.h has it since 6.8: flags, GPA, bytes. Not every kernel since tells it of ordinary memory. */
#define EXIT_MEMORY_FAULT 39u

static void memory_fault(struct host_vp *vp)
{
    const bool told = vp->run->exit_reason == EXIT_MEMORY_FAULT;
    uint64_t words[3];

    memcpy(words, vp->run->padding, sizeof(words));
    if (!host_memory_fault(vp, told ? words[1] : HOST_GPA_UNKNOWN))
        lose(vp, "touched memory it may not touch, and no VTL takes the intercept",
             HOST_STATUS_LOST);
}

static void *run_vp(void *data)
{
    struct host_vp *vp = data;

    while (!ended(vp->host)) {
        int result;

        host_gate_in(vp);
        result = ioctl(vp->fd, KVM_RUN, 0) == 0 ? 0 : errno;
        host_gate_out(vp);
        if (result == 0)
            handle(vp);
        else if (result == EFAULT)
            memory_fault(vp);
        else if (result != EINTR && result != EAGAIN)
            lose(vp, "KVM_RUN", HOST_STATUS_FAILED);
        __atomic_fetch_add(&vp->host->exits, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void wait_until_ended(struct host *host, unsigned seconds)
{
    const struct timespec moment = { .tv_nsec = 5000000 };

    for (uint64_t i = 0; !ended(host) && i < seconds * 200ull; i++)
        nanosleep(&moment, NULL);
    if (!ended(host))
        fprintf(stderr, "vtlhost: the guest has not ended after %u s\n", seconds);
    host_end(host, HOST_STATUS_HANGS);
}

/* A processor may enter the guest just after the signal, so it is sent until the thread is gone. */
static void call_back(struct host_vp *vp)
{
    const struct timespec moment = { .tv_nsec = 1000000 };

    while (pthread_tryjoin_np(vp->thread, NULL) != 0) {
        pthread_kill(vp->thread, SIGUSR1);
        nanosleep(&moment, NULL);
    }
}

/* For a guest that hangs, once its processors stand. */
static void say_where(const struct host_vp *vp)
{
    struct kvm_regs regs;

    if (ioctl(vp->fd, KVM_GET_REGS, &regs) != 0)
        host_fail("KVM_GET_REGS");
    fprintf(stderr,
            "vtlhost: VP %u, VTL %u, at 0x%llx; %llu hypercalls, last one 0x%llx answered 0x%llx\n",
            vp->index, host_vtl_of(vp), (unsigned long long)regs.rip,
            (unsigned long long)vp->calls, (unsigned long long)vp->last_control,
            (unsigned long long)vp->last_result);
}

void host_run(struct host *host, unsigned seconds)
{
    const struct sigaction action = { .sa_handler = nothing };

    sigaction(SIGUSR1, &action, NULL);
    for (uint32_t i = 0; i < host->vps; i++)
        if (pthread_create(&host->vp[i].thread, NULL, run_vp, &host->vp[i]) != 0)
            host_fail("a thread");
    wait_until_ended(host, seconds);
    for (uint32_t i = 0; i < host->vps; i++)
        call_back(&host->vp[i]);
    for (uint32_t i = 0; host->verdict == HOST_STATUS_HANGS && i < host->vps; i++)
        say_where(&host->vp[i]);
}
