/* SPDX-License-Identifier: MIT */
/*
 * What every pv_port.h must provide: the hot half of the OS seam, as static inlines.
 *
 * A port is chosen by include path (-I libpv/arch/x86_64). A kernel with primitives of its own
 * (Linux) puts its own pv_port.h earlier on the path.
 *
 *  PV_PORT_CPUID, PV_PORT_MSR, PV_PORT_SMCCC, PV_PORT_SBI, PV_PORT_HV, PV_PORT_XEN,
 *  PV_PORT_VMWARE, PV_PORT_LOONGARCH, PV_PORT_KVM (KVM's own calls on x86)
 *                          0 or 1: the machine has it. The core writes `if (PV_PORT_MSR)`, so every
 *                          line of it compiles for every architecture and the compiler drops what
 *                          cannot happen. What a machine lacks comes from arch/absent.h, which a
 *                          port includes last. (Only the simulated machine decides at run time; it
 *                          has everything and does not include absent.h.)
 *  pv_port_cpuid           CPUID
 *  pv_port_msr_read/write  RDMSR, WRMSR; the core only names MSRs that the hypervisor advertised
 *  pv_port_irq_save/restore  disable interrupts on this CPU and give back the old state
 *  pv_port_compiler_barrier  the hypervisor reads and writes memory behind the compiler's back
 *  pv_port_read_barrier    loads before it are done before loads after it; the hypervisor writes
 *                          from another CPU: a real fence, even in a kernel built for one CPU
 *  pv_port_relax           the CPU waits for others
 *  pv_port_halt            the CPU sleeps until an interrupt or, on KVM, a kick; called between
 *                          pv_port_irq_save and _restore with the state that was saved. Interrupts
 *                          that were on then end the sleep and are taken, and none that comes
 *                          earlier is missed; afterwards they are off
 *  pv_port_hw_id           APIC id, affinity of MPIDR; 0 where the CPU does not tell
 *  pv_port_counter         TSC, CNTVCT_EL0, time; neither moves up over earlier loads nor down over
 *                          later ones
 *  pv_port_counter_hz      its frequency where the CPU tells (arm64), else 0
 *  pv_port_physical_bits   width of a guest physical address (arm64); 64 where nobody asks
 *  pv_port_smccc           SMCCC call with one argument
 *  pv_port_sbi             SBI ecall with three arguments
 *  pv_port_xen_call        Xen hypercall with three arguments
 *  pv_port_vmware_call     VMware hypercall or backdoor access
 *  pv_port_cpucfg, pv_port_is_vm  LoongArch: CPUCFG word, the VM bit of the feature IOCSR
 *  pv_port_kvm_call        hypercall of KVM's own with four arguments, on x86 and LoongArch;
 *                          vmmcall: x86, by that instruction instead of VMCALL
 *  pv_port_hv_call         one hypercall: control word and two registers in, result word out
 *  pv_port_hv_call_block   one hypercall with the whole register block in and out
 *  pv_port_hv_block_usable the registers of the block may be used now (x86: SSE is switched on)
 *  pv_port_vtl_switch      VTL call or return
 *
 * `entry` of the hypercall primitives is pv_hv_guest.entry: on x86 the address to call, on arm64
 * PV_PORT_ENTRY_SMCCC or PV_PORT_ENTRY_HVC1.
 */
#ifndef PV_ARCH_PORT_TYPES_H
#define PV_ARCH_PORT_TYPES_H

#include <pv/abi/hv.h>
#include <pv/types.h>

/*
 * The only four functions libpv takes from its surroundings besides pv_os_*. Declared here, because
 * a kernel need not have a <string.h>; a port whose own header declares them (Linux) says so.
 */
#ifndef PV_PORT_DECLARES_MEM_FUNCTIONS
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
#endif

struct pv_port_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

struct pv_port_smccc {
    uint64_t a0, a1, a2, a3;
};

struct pv_port_sbi {
    long error;
    unsigned long value;
};

/* How VMware is reached, as its leaf 0x40000010 tells. */
enum pv_port_vmware {
    PV_PORT_VMWARE_PORT = 0, /* IN from the backdoor port */
    PV_PORT_VMWARE_VMMCALL = 1,
    PV_PORT_VMWARE_VMCALL = 2,
};

#define PV_PORT_ENTRY_SMCCC 1u
#define PV_PORT_ENTRY_HVC1 2u

#define PV_PORT_BLOCK_QWORDS 16
PV_STATIC_ASSERT(PV_PORT_BLOCK_QWORDS * 8 == PV_HV_ARM64_BLOCK_BYTES, "the larger register block");

#endif
