/* SPDX-License-Identifier: MIT */
/*
 * What the guests of tests/lab expect of a PC: COM1, QEMU's way out and its number of processors. And the
 * watch, which no PC has.
 */
#include "host.h"

#include <unistd.h>

#define COM1 0x3F8u
#define COM1_LINE (COM1 + 3)
#define COM1_DIVISOR 0x80u /* the first port sets the rate */
#define COM1_STATUS (COM1 + 5)
#define COM1_EMPTY 0x60u
#define EXIT 0x501u
#define CONFIG_SELECT 0x510u
#define CONFIG_READ 0x511u

/* Guests write 1 for success, so that QEMU's exit status can never be 0 by accident. */
static int guest_status(uint8_t byte)
{
    const int status = byte - 1;

    return status >= 0 && status < HOST_STATUS_GUEST_MAX ? status : HOST_STATUS_GUEST_MAX;
}

static void write_port(struct host_vp *vp, uint16_t port, const uint8_t *data, size_t bytes)
{
    if (port == COM1_LINE)
        vp->host->divisor = (data[0] & COM1_DIVISOR) != 0;
    if (port == COM1 && !vp->host->divisor && write(STDOUT_FILENO, data, bytes) < 0)
        host_fail("standard output");
    if (port == EXIT)
        host_end(vp->host, guest_status(data[0]));
    if (port == HOST_PORT_WATCH)
        host_watch(vp->host, bytes == 2 ? data[0] | (uint64_t)data[1] << 8 : 0);
    if (port == HOST_PORT_CALL)
        host_hypercall(vp);
    if (port == HOST_PORT_NO_ENTRY)
        host_undefined_opcode(vp);
    if (port == HOST_PORT_VTL_CALL || port == HOST_PORT_VTL_RETURN)
        host_vtl_switch(vp, port == HOST_PORT_VTL_RETURN);
}

static uint8_t read_port(const struct host_vp *vp, uint16_t port)
{
    switch (port) {
    case COM1_STATUS:
        return COM1_EMPTY;
    case CONFIG_READ:
        return (uint8_t)vp->host->vps; /* the only thing that is ever selected */
    case HOST_PORT_WATCH:
        return vp->host->watch.by_guest;
    case HOST_PORT_WATCH + 1:
        return vp->host->watch.by_hypercalls;
    default:
        return 0xFF;
    }
}

void host_io(struct host_vp *vp)
{
    struct kvm_run *run = vp->run;
    uint8_t *data = (uint8_t *)run + run->io.data_offset;
    const size_t bytes = (size_t)run->io.size * run->io.count;

    if (run->io.direction == KVM_EXIT_IO_OUT)
        write_port(vp, run->io.port, data, bytes);
    else
        for (size_t i = 0; i < bytes; i++)
            data[i] = read_port(vp, run->io.port);
}
