// SPDX-License-Identifier: MIT
/* Bits by name, as the ABI headers call them. */
#include <linux/log2.h>
#include <linux/sysfs.h>

#include <pv/abi/hv.h>
#include <pv/abi/kvm.h>

#include "pv_linux.h"

#define BITS 64
#define KVM_FEATURE(bit) const_ilog2(PV_KVM_FEATURE_##bit)

static const char *const hv_privileges[BITS] = {
	[PV_HV_PRIVILEGE_VP_RUNTIME] = "vp_runtime",
	[PV_HV_PRIVILEGE_TIME_REF_COUNT] = "time_ref_count",
	[PV_HV_PRIVILEGE_SYNIC] = "synic",
	[PV_HV_PRIVILEGE_STIMER] = "stimer",
	[PV_HV_PRIVILEGE_APIC_ACCESS] = "apic_access",
	[PV_HV_PRIVILEGE_HYPERCALL] = "hypercall",
	[PV_HV_PRIVILEGE_VP_INDEX] = "vp_index",
	[PV_HV_PRIVILEGE_RESET] = "reset",
	[PV_HV_PRIVILEGE_STATS_PAGES] = "stats_pages",
	[PV_HV_PRIVILEGE_REFERENCE_TSC] = "reference_tsc",
	[PV_HV_PRIVILEGE_GUEST_IDLE] = "guest_idle",
	[PV_HV_PRIVILEGE_FREQUENCY] = "frequency",
	[PV_HV_PRIVILEGE_DEBUG_REGISTERS] = "debug_registers",
	[PV_HV_PRIVILEGE_REENLIGHTENMENT] = "reenlightenment",
	[PV_HV_PRIVILEGE_ROOT_SCHEDULER] = "root_scheduler",
	[PV_HV_PRIVILEGE_TSC_INVARIANT] = "tsc_invariant",
	[PV_HV_PRIVILEGE_CREATE_PARTITIONS] = "create_partitions",
	[PV_HV_PRIVILEGE_ACCESS_PARTITION_ID] = "access_partition_id",
	[PV_HV_PRIVILEGE_ACCESS_MEMORY_POOL] = "access_memory_pool",
	[PV_HV_PRIVILEGE_ADJUST_MESSAGE_BUFFERS] = "adjust_message_buffers",
	[PV_HV_PRIVILEGE_POST_MESSAGES] = "post_messages",
	[PV_HV_PRIVILEGE_SIGNAL_EVENTS] = "signal_events",
	[PV_HV_PRIVILEGE_CREATE_PORT] = "create_port",
	[PV_HV_PRIVILEGE_CONNECT_PORT] = "connect_port",
	[PV_HV_PRIVILEGE_ACCESS_STATS] = "access_stats",
	[PV_HV_PRIVILEGE_DEBUGGING] = "debugging",
	[PV_HV_PRIVILEGE_CPU_MANAGEMENT] = "cpu_management",
	[PV_HV_PRIVILEGE_CONFIGURE_PROFILER] = "configure_profiler",
	[PV_HV_PRIVILEGE_VP_EXIT_TRACING] = "vp_exit_tracing",
	[PV_HV_PRIVILEGE_EXTENDED_GVA_RANGES] = "extended_gva_ranges",
	[PV_HV_PRIVILEGE_ACCESS_VSM] = "access_vsm",
	[PV_HV_PRIVILEGE_ACCESS_VP_REGISTERS] = "access_vp_registers",
	[PV_HV_PRIVILEGE_FAST_OUTPUT] = "fast_output",
	[PV_HV_PRIVILEGE_EXTENDED_HYPERCALLS] = "extended_hypercalls",
	[PV_HV_PRIVILEGE_START_VIRTUAL_PROCESSOR] = "start_virtual_processor",
	[PV_HV_PRIVILEGE_ISOLATION] = "isolation",
};

#ifdef CONFIG_ARM64
#define FEATURE(bit) const_ilog2(PV_HV_ARM64_FEATURE_##bit)
#define HINT(bit) const_ilog2(PV_HV_ARM64_HINT_##bit)
#else
#define FEATURE(bit) const_ilog2(PV_HV_FEATURE_##bit)
#define HINT(bit) const_ilog2(PV_HV_HINT_##bit)
#endif

static const char *const hv_features[BITS] = {
	[FEATURE(GUEST_DEBUGGING)] = "guest_debugging",
	[FEATURE(PERF_MONITOR)] = "perf_monitor",
	[FEATURE(CPU_PARTITIONING)] = "cpu_partitioning",
	[FEATURE(GUEST_IDLE)] = "guest_idle",
	[FEATURE(SLEEP_STATE)] = "sleep_state",
	[FEATURE(NUMA_DISTANCE)] = "numa_distance",
	[FEATURE(FREQUENCY)] = "frequency",
	[FEATURE(MACHINE_CHECK)] = "machine_check",
	[FEATURE(CRASH)] = "crash",
	[FEATURE(DISABLE_HYPERVISOR)] = "disable_hypervisor",
	[FEATURE(SINT_POLLING)] = "sint_polling",
	[FEATURE(DIRECT_STIMER)] = "direct_stimer",
#ifdef CONFIG_X86
	[FEATURE(MWAIT)] = "mwait",
	[FEATURE(XMM_INPUT)] = "xmm_input",
	[FEATURE(DEBUG_REGISTERS)] = "debug_registers",
	[FEATURE(NPIEP)] = "npiep",
	[FEATURE(EXTENDED_GVA_RANGES)] = "extended_gva_ranges",
	[FEATURE(XMM_OUTPUT)] = "xmm_output",
	[FEATURE(SVM)] = "svm",
	[FEATURE(HYPERCALL_LOCK)] = "hypercall_lock",
	[FEATURE(VSM_PAT)] = "vsm_pat",
	[FEATURE(VSM_BNDCFGS)] = "vsm_bndcfgs",
	[FEATURE(WATCHDOG)] = "watchdog",
	[FEATURE(UNHALTED_TIMER)] = "unhalted_timer",
	[FEATURE(DEVICE_DOMAINS)] = "device_domains",
	[FEATURE(STAGE1_DEVICE_DOMAINS)] = "stage1_device_domains",
	[FEATURE(LBR)] = "lbr",
#endif
};

static const char *const hv_hints[BITS] = {
	[HINT(RELAXED_TIMING)] = "relaxed_timing",
	[HINT(CLUSTER_IPI)] = "cluster_ipi",
	[HINT(EX_PROCESSOR_MASKS)] = "ex_processor_masks",
	[HINT(NESTED)] = "nested",
	[HINT(SYNCED_TIMELINE)] = "synced_timeline",
	[HINT(MMIO_HYPERCALLS)] = "mmio_hypercalls",
	[HINT(GPA_PINNING)] = "gpa_pinning",
	[HINT(WAKE_VPS)] = "wake_vps",
#ifdef CONFIG_ARM64
	[HINT(RESET_REGISTER)] = "reset_register",
#else
	[HINT(ADDRESS_SWITCH)] = "address_switch",
	[HINT(LOCAL_FLUSH)] = "local_flush",
	[HINT(REMOTE_FLUSH)] = "remote_flush",
	[HINT(APIC_MSRS)] = "apic_msrs",
	[HINT(RESET_MSR)] = "reset_msr",
	[HINT(DMA_REMAPPING)] = "dma_remapping",
	[HINT(INTERRUPT_REMAPPING)] = "interrupt_remapping",
	[HINT(X2APIC_MSRS)] = "x2apic_msrs",
	[HINT(NO_AUTO_EOI)] = "no_auto_eoi",
	[HINT(INT_MBEC)] = "int_mbec",
	[HINT(ENLIGHTENED_VMCS)] = "enlightened_vmcs",
	[HINT(CORE_SCHEDULER)] = "core_scheduler",
	[HINT(LOCAL_FLUSH_BY_PGE)] = "local_flush_by_pge",
	[HINT(NO_CORE_SHARING)] = "no_core_sharing",
	[HINT(X2APIC)] = "x2apic",
	[HINT(RESTORE_TIME)] = "restore_time",
#endif
};

static const char *const kvm_features[BITS] = {
	[KVM_FEATURE(CLOCKSOURCE)] = "clocksource",
	[KVM_FEATURE(NOP_IO_DELAY)] = "nop_io_delay",
	[KVM_FEATURE(MMU_OP)] = "mmu_op",
	[KVM_FEATURE(CLOCKSOURCE2)] = "clocksource2",
	[KVM_FEATURE(ASYNC_PF)] = "async_pf",
	[KVM_FEATURE(STEAL_TIME)] = "steal_time",
	[KVM_FEATURE(PV_EOI)] = "pv_eoi",
	[KVM_FEATURE(PV_UNHALT)] = "pv_unhalt",
	[KVM_FEATURE(PV_TLB_FLUSH)] = "pv_tlb_flush",
	[KVM_FEATURE(ASYNC_PF_VMEXIT)] = "async_pf_vmexit",
	[KVM_FEATURE(PV_SEND_IPI)] = "pv_send_ipi",
	[KVM_FEATURE(POLL_CONTROL)] = "poll_control",
	[KVM_FEATURE(PV_SCHED_YIELD)] = "pv_sched_yield",
	[KVM_FEATURE(ASYNC_PF_INT)] = "async_pf_int",
	[KVM_FEATURE(MSI_EXT_DEST_ID)] = "msi_ext_dest_id",
	[KVM_FEATURE(MAP_GPA_RANGE)] = "map_gpa_range",
	[KVM_FEATURE(MIGRATION_CONTROL)] = "migration_control",
	[KVM_FEATURE(CLOCK_STABLE)] = "clock_stable",
};

static const char *const kvm_hints[BITS] = {
	[const_ilog2(PV_KVM_HINT_REALTIME)] = "realtime",
};

static const char *const *const tables[PV_LINUX_NAMES] = {
	[PV_LINUX_HV_PRIVILEGES] = hv_privileges, [PV_LINUX_HV_FEATURES] = hv_features,
	[PV_LINUX_HV_HINTS] = hv_hints,		  [PV_LINUX_KVM_FEATURES] = kvm_features,
	[PV_LINUX_KVM_HINTS] = kvm_hints,
};

int pv_linux_names_emit(char *page, enum pv_linux_names which, u64 set)
{
	int length = 0;
	int bit;

	for (bit = 0; bit < BITS; bit++) {
		const char *name = tables[which][bit];

		if (!(set >> bit & 1))
			continue;
		length += sysfs_emit_at(page, length, "%s", length ? " " : "");
		if (name)
			length += sysfs_emit_at(page, length, "%s", name);
		else
			length += sysfs_emit_at(page, length, "bit%d", bit);
	}
	return length + sysfs_emit_at(page, length, "\n");
}
