// SPDX-License-Identifier: MIT
/*
 * What the hypervisor was told is taken back before the system sleeps, starts another kernel or
 * dies. Sleep and reboot are announced while all CPUs run and threads may sleep, so nothing here is
 * done with IRQs off on a last CPU, but for a panic.
 *
 * A crash kernel that is started before the panic notifiers run finds everything as it was; areas
 * lie in the old kernel's memory, which it does not use.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/suspend.h>

#include "pv_linux.h"

static bool quiet;

bool pv_linux_is_quiet(void)
{
	return READ_ONCE(quiet);
}

static int offline_here(void *unused)
{
	return pv_linux_cpu_offline(raw_smp_processor_id());
}

static int online_here(void *unused)
{
	return pv_linux_cpu_online(raw_smp_processor_id());
}

static int guests_quiesce(void *unused)
{
	enum pv_status meters = pv_guest_quiesce(&pv_linux->meters, NULL);
	enum pv_status calls = pv_guest_quiesce(&pv_linux->calls, NULL);

	return pv_linux_errno(meters != PV_OK ? meters : calls);
}

static int guests_resume(void *unused)
{
	enum pv_status meters = pv_guest_resume(&pv_linux->meters, NULL);
	enum pv_status calls = pv_guest_resume(&pv_linux->calls, NULL);

	return pv_linux_errno(meters != PV_OK ? meters : calls);
}

static void on_each(int (*function)(void *unused))
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		smp_call_on_cpu(cpu, function, NULL, false);
}

static void fall_quiet(void)
{
	cpus_read_lock();
	if (!quiet) {
		WRITE_ONCE(quiet, true);
		on_each(offline_here);
		guests_quiesce(NULL);
	}
	cpus_read_unlock();
}

static void wake(void)
{
	int error;

	/* Loaded after others were told to prepare for a sleep that then did not come. */
	if (!quiet)
		return;
	cpus_read_lock();
	if (quiet) {
		error = smp_call_on_cpu(cpumask_first(cpu_online_mask), guests_resume, NULL, false);
		if (error)
			pr_warn("not everything is back after sleep (%d)\n", error);
		WRITE_ONCE(quiet, false);
		on_each(online_here);
	}
	cpus_read_unlock();
}

static int sleep_notify(struct notifier_block *block, unsigned long event, void *data)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		fall_quiet();
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		wake();
		break;
	}
	return NOTIFY_DONE;
}

static int reboot_notify(struct notifier_block *block, unsigned long event, void *data)
{
	fall_quiet();
	return NOTIFY_DONE;
}

/* Other CPUs have stopped, wherever they were. */
static int panic_notify(struct notifier_block *block, unsigned long event, void *data)
{
	struct pv_linux_cpu *on = this_cpu_read(pv_linux_cpus);
	unsigned int i;

	if (quiet || !on)
		return NOTIFY_DONE;
	for (i = 0; i < PV_LINUX_METERS; i++)
		if (pv_guest_quiesce(&pv_linux->meters, &on->meter[i]) != PV_OK)
			pr_emerg("stolen time of this CPU is not taken back\n");
	if (pv_guest_quiesce(&pv_linux->calls, &on->vp) != PV_OK)
		pr_emerg("hypercalls are not taken back\n");
	return NOTIFY_DONE;
}

static struct notifier_block sleep_block = { .notifier_call = sleep_notify };
static struct notifier_block reboot_block = { .notifier_call = reboot_notify };
static struct notifier_block panic_block = { .notifier_call = panic_notify };

int pv_linux_quiesce_register(void)
{
	int error = register_pm_notifier(&sleep_block);

	if (error)
		return error;
	error = register_reboot_notifier(&reboot_block);
	if (error) {
		unregister_pm_notifier(&sleep_block);
		return error;
	}
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}

void pv_linux_quiesce_unregister(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	unregister_reboot_notifier(&reboot_block);
	unregister_pm_notifier(&sleep_block);
}
