/* SPDX-License-Identifier: MIT */
/* KVM paravirtual CPUID leaves (Linux Documentation/virt/kvm/x86/cpuid.rst, kvm_para.h). */
#ifndef PV_ABI_KVM_H
#define PV_ABI_KVM_H

#define PV_KVM_CPUID_FEATURES 0x1u /* relative to the base; EAX features, EDX hints */

#define PV_KVM_FEATURE_CLOCKSOURCE2 (1u << 3)
#define PV_KVM_FEATURE_STEAL_TIME (1u << 5)
#define PV_KVM_FEATURE_PV_TLB_FLUSH (1u << 9)
#define PV_KVM_FEATURE_PV_SEND_IPI (1u << 11)
#define PV_KVM_HINT_REALTIME (1u << 0)

#endif
