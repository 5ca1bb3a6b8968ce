/* SPDX-License-Identifier: MIT */
/* arm64 under Linux. */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "../port.h"

#include <linux/arm-smccc.h>
#include <asm/arch_timer.h>
#include <asm/cpufeature.h>
#include <asm/cputype.h>

#define PV_PORT_CPUID 0
#define PV_PORT_MSR 0
#define PV_PORT_SMCCC 1
#define PV_PORT_KVM 0
#define PV_PORT_HAS_COUNTER_HZ
#define PV_PORT_HAS_PHYSICAL_BITS

static inline uint64_t pv_port_counter(void)
{
	/* Earlier loads are done before the ISB that the counter is read behind. */
	virt_rmb();
	return __arch_counter_get_cntvct();
}

static inline uint64_t pv_port_counter_hz(void)
{
	return arch_timer_get_cntfrq();
}

static inline unsigned int pv_port_physical_bits(void)
{
	const u64 features = read_cpuid(ID_AA64MMFR0_EL1);

	return id_aa64mmfr0_parange_to_phys_shift(features & 7);
}

static inline uint64_t pv_port_hw_id(void)
{
	return read_cpuid_mpidr() & MPIDR_HWID_BITMASK;
}

/* The kernel knows the conduit; it is the one that main.c gave libpv. */
static inline struct pv_port_smccc pv_port_smccc(int conduit, uint64_t function, uint64_t argument)
{
	struct arm_smccc_res r;

	arm_smccc_1_1_invoke(function, argument, &r);
	return (struct pv_port_smccc){ r.a0, r.a1, r.a2, r.a3 };
}

/* As the kernel calls Hyper-V: X0 function, X1 control, X2.. parameters. */
#define PV_LINUX_HV_FUNCTION 0x46000001

union pv_linux_hv_regs {
	struct arm_smccc_1_2_regs named;
	unsigned long x[18];
};

static inline uint64_t pv_port_hv_call_block(uintptr_t entry, uint64_t control,
					     uint64_t block[PV_PORT_BLOCK_QWORDS])
{
	const u64 began = pv_linux_call_begins();
	union pv_linux_hv_regs regs = { .x = { PV_LINUX_HV_FUNCTION, control } };
	unsigned int i;

	if (entry != PV_PORT_ENTRY_SMCCC)
		return PV_HV_STATUS_INVALID_HYPERCALL_CODE;
	for (i = 0; i < PV_PORT_BLOCK_QWORDS; i++)
		regs.x[i + 2] = block[i];
	arm_smccc_1_2_hvc(&regs.named, &regs.named);
	for (i = 0; i < PV_PORT_BLOCK_QWORDS; i++)
		block[i] = regs.x[i + 2];
	pv_linux_call_ended(control, regs.x[0], began);
	return regs.x[0];
}

static inline uint64_t pv_port_hv_call(uintptr_t entry, uint64_t control, uint64_t in, uint64_t out)
{
	u64 block[PV_PORT_BLOCK_QWORDS] = { in, out };

	return pv_port_hv_call_block(entry, control, block);
}

static inline bool pv_port_hv_block_usable(void)
{
	return true;
}

#include "arch/absent.h"

#endif
