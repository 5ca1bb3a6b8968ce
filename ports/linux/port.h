/* SPDX-License-Identifier: MIT */
/*
 * The hot half of libpv's OS seam in Linux's own primitives: what all architectures share. Each
 * pv_port.h includes it first. What a primitive must do is said in libpv/arch/port_types.h.
 *
 * Xen's runstate area and VMware's steal clock exist once for each VP, and the kernel has
 * registered them if it wants them: the module does not ask for them, so the port has neither.
 */
#ifndef PV_LINUX_PORT_H
#define PV_LINUX_PORT_H

#include <linux/irqflags.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include <linux/tracepoint-defs.h>
#include <asm/barrier.h>
#include <asm/processor.h>

#define PV_PORT_DECLARES_MEM_FUNCTIONS
#include "arch/port_types.h"

#define PV_PORT_SBI 0
#define PV_PORT_XEN 0
#define PV_PORT_VMWARE 0
#define PV_PORT_LOONGARCH 0
#define PV_PORT_HV 1
#define PV_PORT_HAS_HW_ID

static inline uintptr_t pv_port_irq_save(void)
{
	unsigned long flags;

	local_irq_save(flags);
	return flags;
}

static inline void pv_port_irq_restore(uintptr_t flags)
{
	local_irq_restore(flags);
}

static inline void pv_port_compiler_barrier(void)
{
	barrier();
}

static inline void pv_port_read_barrier(void)
{
	/* Not smp_rmb(): the hypervisor writes from another CPU also where the guest has one. */
	virt_rmb();
}

static inline void pv_port_relax(void)
{
	cpu_relax();
}

/* Hypercalls are traced where they leave the kernel, whoever in libpv makes them. */
DECLARE_TRACEPOINT(pv_hypercall);
void pv_linux_trace_call(u64 control, u64 result, u64 ns);

static inline u64 pv_linux_call_begins(void)
{
	return tracepoint_enabled(pv_hypercall) ? ktime_get_mono_fast_ns() : 0;
}

static inline void pv_linux_call_ended(u64 control, u64 result, u64 began)
{
	if (tracepoint_enabled(pv_hypercall) && began)
		pv_linux_trace_call(control, result, ktime_get_mono_fast_ns() - began);
}

/* A module changes its VTL nowhere: the kernel would have to agree. */
static inline void pv_port_vtl_switch(uintptr_t entry, bool to_lower, uint64_t control,
				      uint64_t shared[PV_HV_VTL_SHARED])
{
}

#endif
