// SPDX-License-Identifier: MIT
/*
 * libpv as a Linux module: which hypervisor is this, how much time does it steal, what time does it
 * say it is, and in which VTL do we run. It reads; what the kernel has registered with the
 * hypervisor stays the kernel's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cc_platform.h>
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#ifdef CONFIG_ARM64
#include <linux/acpi.h>
#include <linux/arm-smccc.h>
#endif
#ifdef CONFIG_X86
#include <asm/msr.h>
#include <asm/tsc.h>
#endif

#include <pv/abi/hv.h>
#include <pv/hv.h>
#include <pv/pv.h>

#include "pv_linux.h"

struct pv_linux_guests *pv_linux;

#ifdef CONFIG_ARM64
static struct pv_detect_hints hints(void)
{
	struct pv_detect_hints known = { 0 };

	if (arm_smccc_1_1_get_conduit() == SMCCC_CONDUIT_HVC)
		known.conduit = PV_DETECT_CONDUIT_HVC;
	else if (arm_smccc_1_1_get_conduit() == SMCCC_CONDUIT_SMC)
		known.conduit = PV_DETECT_CONDUIT_SMC;
#ifdef CONFIG_ACPI
	if (!acpi_disabled)
		memcpy(known.fadt_hypervisor, &acpi_gbl_FADT.hypervisor_id,
		       sizeof(known.fadt_hypervisor));
#endif
	return known;
}
#else
static struct pv_detect_hints hints(void)
{
	return (struct pv_detect_hints){ 0 };
}
#endif

/*
 * The kernel speaks to Hyper-V. Where it does not (it prefers KVM's own interface if there are
 * both), an identity of ours would turn KVM's calls into Hyper-V's, under the kernel's feet.
 */
#ifdef CONFIG_X86
static bool kernel_makes_hypercalls(const struct pv_detect *detect)
{
	u64 os_id, page;

	if (!(detect->hyperv.privileges & 1ull << PV_HV_PRIVILEGE_HYPERCALL))
		return false;
	if (rdmsrl_safe(PV_HV_MSR_GUEST_OS_ID, &os_id) || rdmsrl_safe(PV_HV_MSR_HYPERCALL, &page))
		return false;
	return os_id && page & PV_HV_PAGE_ENABLE;
}
#else
static bool kernel_makes_hypercalls(const struct pv_detect *detect)
{
	return IS_ENABLED(CONFIG_HYPERV) && pv_detect_has(detect, PV_DETECT_HYPERV);
}
#endif

static u64 counter_hz(void)
{
#ifdef CONFIG_X86
	return (u64)tsc_khz * 1000;
#else
	return 0;
#endif
}

/* Runs on one CPU, without moving. */
static int guests_init(void *unused)
{
	struct pv_guest_config config = { .hints = hints(), .areas_adopt = true };
	struct pv_detect detect;
	enum pv_status status;

	config.clock.counter_hz = counter_hz();
	status = pv_guest_init(&pv_linux->meters, &config);
	if (status != PV_OK)
		return pv_linux_errno(status);
	pv_detect_probe(&detect, &config.hints);
	if (kernel_makes_hypercalls(&detect))
		config.hv.os_id = pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 0, 0);
	status = pv_guest_init(&pv_linux->calls, &config);
	/* Detection stands, and so does all that needs no hypercalls. */
	if (status != PV_OK)
		pr_warn("hypercalls are off: %s\n", pv_status_text(status));
	return 0;
}

static int guests_release(void *unused)
{
	enum pv_status meters = pv_guest_release(&pv_linux->meters, NULL);
	enum pv_status calls = pv_guest_release(&pv_linux->calls, NULL);

	return pv_linux_errno(meters != PV_OK ? meters : calls);
}

static int on_this_cpu(int (*function)(void *unused))
{
	int result;

	cpus_read_lock();
	result = smp_call_on_cpu(cpumask_first(cpu_online_mask), function, NULL, false);
	cpus_read_unlock();
	return result;
}

static int guests_create(void)
{
	int error;

	pv_linux = alloc_pages_exact(sizeof(*pv_linux), GFP_KERNEL | __GFP_ZERO);
	if (!pv_linux)
		return -ENOMEM;
	error = on_this_cpu(guests_init);
	if (!error && pv_linux->calls.detect.kind == PV_DETECT_NONE) {
		pr_info("no hypervisor that libpv knows\n");
		error = -ENODEV;
	}
	if (error)
		free_pages_exact(pv_linux, sizeof(*pv_linux));
	return error;
}

static void guests_destroy(void)
{
	if (on_this_cpu(guests_release))
		pr_warn("the host keeps an area; %zu bytes are lost\n", sizeof(*pv_linux));
	else
		free_pages_exact(pv_linux, sizeof(*pv_linux));
}

static void cpus_destroy(void)
{
	pv_linux_cpus_stop();
	pv_linux_cpus_free();
}

static int __init pv_init(void)
{
	int error;

	/* Areas that the host writes are shared pages there, and the kernel's to choose. */
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT)) {
		pr_info("not for confidential guests\n");
		return -ENODEV;
	}
	error = guests_create();
	if (error)
		return error;
	error = pv_linux_cpus_start();
	if (error)
		goto no_cpus;
	error = pv_linux_quiesce_register();
	if (error)
		goto no_quiesce;
	error = pv_linux_sysfs_create();
	if (error)
		goto no_sysfs;
	error = pv_linux_sysfs_cpus_create();
	if (error)
		goto no_sysfs_cpus;
	pv_linux_debugfs_create();
	pr_info("%s, stolen time by %s, hypercalls %s\n",
		pv_detect_name(pv_linux->calls.detect.kind),
		pv_steal_name(pv_steal_probe(&pv_linux->meters)),
		pv_linux->calls.hv.entry ? "adopted" : "off");
	return 0;

no_sysfs_cpus:
	pv_linux_sysfs_remove();
no_sysfs:
	pv_linux_quiesce_unregister();
no_quiesce:
	cpus_destroy();
no_cpus:
	guests_destroy();
	return error;
}

static void __exit pv_exit(void)
{
	pv_linux_debugfs_remove();
	pv_linux_sysfs_cpus_remove();
	pv_linux_sysfs_remove();
	pv_linux_quiesce_unregister();
	cpus_destroy();
	guests_destroy();
}

module_init(pv_init);
module_exit(pv_exit);

MODULE_AUTHOR("libpv");
MODULE_DESCRIPTION("The guest side of virtualisation: hypervisor, stolen time, clocks, VTLs");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION(__stringify(PV_VERSION_MAJOR.PV_VERSION_MINOR.PV_VERSION_PATCH));
