/* SPDX-License-Identifier: MIT */
/* x86-64 under Linux. */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "../port.h"

#include <asm/irqflags.h>
#include <asm/kvm_para.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/smp.h>

#define PV_PORT_CPUID 1
#define PV_PORT_MSR 1
#define PV_PORT_SMCCC 0
#define PV_PORT_KVM 1

static inline struct pv_port_cpuid pv_port_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct pv_port_cpuid r;

	cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
	return r;
}

static inline uint64_t pv_port_msr_read(uint32_t msr)
{
	u64 value;

	rdmsrl(msr, value);
	return value;
}

static inline void pv_port_msr_write(uint32_t msr, uint64_t value)
{
	wrmsrl(msr, value);
}

static inline void pv_port_halt(uintptr_t flags)
{
	if (arch_irqs_disabled_flags(flags)) {
		halt();
	} else {
		raw_safe_halt();
		raw_local_irq_disable();
	}
}

static inline uint64_t pv_port_counter(void)
{
	return rdtsc_ordered();
}

static inline uint64_t pv_port_hw_id(void)
{
	return this_cpu_read(x86_cpu_to_apicid);
}

/* The kernel knows which instruction it is. */
static inline long pv_port_kvm_call(bool vmmcall, unsigned long function, unsigned long a,
				    unsigned long b, unsigned long c, unsigned long d)
{
	return kvm_hypercall4(function, a, b, c, d);
}

/* Registers as in libpv's own port; the call is made as the kernel makes its own. */
static inline uint64_t pv_port_hv_call(uintptr_t entry, uint64_t control, uint64_t in, uint64_t out)
{
	const u64 began = pv_linux_call_begins();
	const u64 asked = control;
	register u64 r8 asm("r8") = out;
	u64 result = 0;

	asm volatile(CALL_NOSPEC
		     : "+a"(result), "+c"(control), "+d"(in), "+r"(r8), ASM_CALL_CONSTRAINT
		     : THUNK_TARGET(entry)
		     : "r9", "r10", "r11", "memory", "cc");
	pv_linux_call_ended(asked, result, began);
	return result;
}

/* Vector registers belong to whoever was interrupted, and the kernel's rule for them is
 * kernel_fpu_begin(): parameters go through memory instead.
 */
static inline bool pv_port_hv_block_usable(void)
{
	return false;
}

static inline uint64_t pv_port_hv_call_block(uintptr_t entry, uint64_t control,
					     uint64_t block[PV_PORT_BLOCK_QWORDS])
{
	return PV_HV_STATUS_INVALID_HYPERCALL_CODE;
}

#include "arch/absent.h"

#endif
