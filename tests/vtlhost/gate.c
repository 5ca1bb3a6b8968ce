/* SPDX-License-Identifier: MIT */
/*
 * The gate each processor passes on its way into the guest and out again. One that wants the others to stand
 * still closes it: then their registers, their states and their view of memory can be changed.
 */
#include "host.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>

/* INIT and start-up IPIs go through KVM alone; what came of them is seen here (TLFS "Virtual Processors"). */
static void look_if_running(struct host_vp *vp)
{
    struct sim_vp_state *state = &vp->host->model.cpus[vp->index];
    struct kvm_mp_state mp;

    if (state->running)
        return;
    if (ioctl(vp->fd, KVM_GET_MP_STATE, &mp) != 0)
        host_fail("KVM_GET_MP_STATE");
    state->running = mp.mp_state == KVM_MP_STATE_RUNNABLE || mp.mp_state == KVM_MP_STATE_HALTED;
}

void host_gate_in(struct host_vp *vp)
{
    struct host *host = vp->host;

    pthread_mutex_lock(&host->lock);
    while (host->closed != 0)
        pthread_cond_wait(&host->moved, &host->lock);
    if (vp->starts)
        host_vp_start(vp);
    vp->starts = false;
    host_view_narrow(vp);
    vp->in_guest = true;
    pthread_mutex_unlock(&host->lock);
}

void host_gate_out(struct host_vp *vp)
{
    struct host *host = vp->host;

    pthread_mutex_lock(&host->lock);
    vp->run->immediate_exit = 0;
    look_if_running(vp);
    vp->in_guest = false;
    pthread_cond_broadcast(&host->moved);
    pthread_mutex_unlock(&host->lock);
}

/* A processor may enter the guest just after the signal: then it leaves again for `immediate_exit`. */
static void call_out(struct host_vp *vp)
{
    vp->run->immediate_exit = 1;
    pthread_kill(vp->thread, SIGUSR1);
    while (vp->in_guest)
        pthread_cond_wait(&vp->host->moved, &vp->host->lock);
}

void host_gate_close(struct host_vp *vp)
{
    struct host *host = vp->host;

    host->closed++;
    for (uint32_t i = 0; i < host->vps; i++)
        if (host->vp[i].in_guest)
            call_out(&host->vp[i]);
        else
            look_if_running(&host->vp[i]); /* since it came out */
}

void host_gate_open(struct host_vp *vp)
{
    vp->host->closed--;
    pthread_cond_broadcast(&vp->host->moved);
}
