/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page, and hypercalls by the model.
 *
 * Each entry of the page is an OUT to a port of its own, and a near return: the guest stops there
 * and the monitor finds its registers as the trap instruction would have. A guest cannot tell; the
 * TLFS says no more of the page than that it is called.
 */
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* Offsets that VsmCodePageOffsets tells; 64-bit ones of openvmm, so that nobody can rely on 0x10. */
#define VTL_CALL_OFFSET 0x0Fu
#define VTL_RETURN_OFFSET 0x26u
#define OUT_IMM8 0xE7u

static void write_entry(uint8_t *page, uint32_t offset, uint8_t port)
{
    const uint8_t code[] = { OUT_IMM8, port, 0xC3 }; /* out %eax, $port; ret */

    memcpy(page + offset, code, sizeof(code));
}

/* Wherever else the page is called, the guest gets to an OUT that is answered by an exception. */
static void write_rest(uint8_t *page)
{
    for (uint32_t i = 0; i < PV_PAGE_BYTES; i += 2) {
        page[i] = OUT_IMM8;
        page[i + 1] = HOST_PORT_NO_ENTRY;
    }
}

void host_hypercall_page_follow(struct host *host, uint8_t vtl)
{
    const bool zero = sim_behaves(&host->model, SIM_PAGE_ZERO);
    const bool ones = sim_behaves(&host->model, SIM_PAGE_ONES);
    uint8_t page[PV_PAGE_BYTES];

    memset(page, zero ? 0x00 : 0xFF, sizeof(page));
    if (!zero && !ones) {
        write_rest(page);
        write_entry(page, 0, HOST_PORT_CALL);
        write_entry(page, VTL_CALL_OFFSET, HOST_PORT_VTL_CALL);
        write_entry(page, VTL_RETURN_OFFSET, HOST_PORT_VTL_RETURN);
    }
    host->model.code_offsets = VTL_CALL_OFFSET | VTL_RETURN_OFFSET << 12;
    host_overlay_place(host, &host->hypercall_page[vtl], host->model.hypercall_msr[vtl], page);
}

void host_exit_complete(struct host_vp *vp)
{
    vp->run->immediate_exit = 1;
    (void)ioctl(vp->fd, KVM_RUN, 0);
    vp->run->immediate_exit = 0;
}

/* RDX, R8 and XMM0-5, in the order of the TLFS. */
static void gather(const struct host_registers *now, uint64_t block[SIM_BLOCK_BYTES / 8])
{
    block[0] = now->general.rdx;
    block[1] = now->general.r8;
    memcpy(&block[2], now->xmm, 6 * 16);
}

static void scatter(struct host_registers *now, const uint64_t block[SIM_BLOCK_BYTES / 8])
{
    now->general.rdx = block[0];
    now->general.r8 = block[1];
    memcpy(now->xmm, &block[2], 6 * 16);
}

static uint64_t call_model(struct host_vp *vp, struct sim_registers *call)
{
    struct host *host = vp->host;
    uint64_t result;

    host->calling = vp->index;
    host_guard_begin(host, call);
    result = sim_model_call(&host->model, vp->index, call);
    host_guard_end(host);
    vp->calls++;
    vp->last_control = call->control;
    vp->last_result = result;
    return result;
}

/* Those who do not run yet must not begin to, by a start-up IPI, while the model decides about it. */
static uint64_t start_vp(struct host_vp *vp, struct sim_registers *call)
{
    struct host *host = vp->host;
    struct sim_vp_state *cpus = host->model.cpus;
    bool running[SIM_VPS_MAX];
    uint64_t result;

    host_gate_close(vp);
    for (uint32_t i = 0; i < host->vps; i++)
        running[i] = cpus[i].running;
    result = call_model(vp, call);
    for (uint32_t i = 0; i < host->vps; i++)
        host->vp[i].starts |= cpus[i].running && !running[i];
    host_gate_open(vp);
    return result;
}

/* Nobody may go on with rights that the call takes away. */
static uint64_t protect(struct host_vp *vp, struct sim_registers *call)
{
    struct host *host = vp->host;
    uint64_t result;

    host_gate_close(vp);
    result = call_model(vp, call);
    host_view_stale(host);
    host_gate_open(vp);
    return result;
}

/* Input that cannot be read is the model's to refuse. */
static bool names_another(const struct host_vp *vp, const struct sim_registers *call)
{
    uint32_t index = (uint32_t)call->out;

    if ((call->control & PV_HV_CONTROL_FAST) == 0 &&
        !host_memory_read(vp->host, call->in + 8, &index, sizeof(index)))
        return false;
    return index != PV_HV_VP_SELF && index != vp->index;
}

/* A VP that waits to be started does so within KVM_RUN, and KVM gives no registers meanwhile. */
static uint64_t get_registers(struct host_vp *vp, struct sim_registers *call)
{
    uint64_t result;

    if (!names_another(vp, call))
        return call_model(vp, call);
    host_gate_close(vp);
    result = call_model(vp, call);
    host_gate_open(vp);
    return result;
}

static uint64_t execute(struct host_vp *vp, struct sim_registers *call)
{
    switch (call->control & PV_HV_CONTROL_CODE_MASK) {
    case PV_HV_CODE_START_VIRTUAL_PROCESSOR:
        return start_vp(vp, call);
    case PV_HV_CODE_GET_VP_REGISTERS:
        return get_registers(vp, call);
    case PV_HV_CODE_MODIFY_VTL_PROTECTION_MASK:
    case PV_HV_CODE_SET_VP_REGISTERS: /* VsmPartitionConfig is one of them */
        return protect(vp, call);
    default:
        return call_model(vp, call);
    }
}

void host_hypercall(struct host_vp *vp)
{
    struct host *host = vp->host;
    uint64_t block[SIM_BLOCK_BYTES / 8] = { 0 };
    struct sim_registers call = { .convention = SIM_X64, .block = block };
    uint64_t result;

    host_exit_complete(vp);
    host_registers_fetch(vp);
    gather(&vp->now, block);
    call.control = vp->now.general.rcx;
    call.in = vp->now.general.rdx;
    call.out = vp->now.general.r8;
    pthread_mutex_lock(&host->lock);
    result = execute(vp, &call);
    pthread_mutex_unlock(&host->lock);
    if (host->trace)
        fprintf(stderr, "vp %u: control 0x%llx result 0x%llx\n", vp->index,
                (unsigned long long)call.control, (unsigned long long)result);
    if ((call.control & PV_HV_CONTROL_FAST) != 0)
        scatter(&vp->now, block);
    vp->now.general.rax = result;
    host_registers_store(vp);
}
