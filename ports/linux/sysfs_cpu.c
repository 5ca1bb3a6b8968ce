// SPDX-License-Identifier: MIT
/*
 * /sys/devices/system/cpu/cpuN/pv (docs/ABI/sysfs-devices-system-cpu-pv). The directory lives as
 * long as the CPU's own, whether the CPU is online or not. It goes when the CPU is taken out of the
 * machine, which waits for readers with the hotplug lock held: a reader must not want that lock.
 */
#include <linux/cpu.h>
#include <linux/device.h>
#include <linux/kernel_stat.h>
#include <linux/kobject.h>
#include <linux/percpu.h>
#include <linux/sysfs.h>

#include <pv/hv.h>

#include "pv_linux.h"
#include "pv_sysfs.h"

static DEFINE_PER_CPU(struct kobject *, pv_linux_directories);

/* The directory's parent is the CPU's. */
static unsigned int cpu_of(struct kobject *object)
{
	return kobj_to_dev(object->parent)->id;
}

/* NULL: never online since the module was loaded. */
static struct pv_linux_cpu *followed(struct kobject *object)
{
	return READ_ONCE(*per_cpu_ptr(&pv_linux_cpus, cpu_of(object)));
}

static ssize_t cpu_online_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const struct pv_linux_cpu *on = followed(object);

	return sysfs_emit(page, "%d\n", on && READ_ONCE(on->ready));
}

static ssize_t cpu_hw_id_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const struct pv_linux_cpu *on = followed(object);

	return on ? sysfs_emit(page, "0x%llx\n", on->vp.hw_id.value) : -ENODEV;
}

static ssize_t cpu_vp_index_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const struct pv_linux_cpu *on = followed(object);

	if (!on || !on->vp.hv.way_in)
		return -ENODEV;
	return sysfs_emit(page, "%u\n", on->vp.hv.index.value);
}

static int read_vsm(struct pv_linux_cpu *on, void *status)
{
	return pv_linux_errno(pv_hv_vsm_vp_status(&on->vp, status, NULL));
}

static ssize_t cpu_vtl_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	struct pv_hv_vsm_vp_status status;
	int error = pv_linux_on_cpu(cpu_of(object), read_vsm, &status);

	return error ? error : sysfs_emit(page, "%u\n", status.active_vtl);
}

static ssize_t cpu_enabled_vtls_show(struct kobject *object, struct kobj_attribute *attr,
				     char *page)
{
	struct pv_hv_vsm_vp_status status;
	int error = pv_linux_on_cpu(cpu_of(object), read_vsm, &status);

	return error ? error : sysfs_emit(page, "0x%x\n", status.enabled_vtls);
}

PV_LINUX_ATTR(cpu, online, 0444);
PV_LINUX_ATTR(cpu, hw_id, 0444);
PV_LINUX_ATTR(cpu, vp_index, 0444);
PV_LINUX_ATTR(cpu, vtl, 0400);
PV_LINUX_ATTR(cpu, enabled_vtls, 0400);

static struct attribute *cpu_attrs[] = {
	&cpu_online_attr.attr, &cpu_hw_id_attr.attr,	    &cpu_vp_index_attr.attr,
	&cpu_vtl_attr.attr,    &cpu_enabled_vtls_attr.attr, NULL,
};

static const struct attribute_group cpu_group = { .attrs = cpu_attrs };

/* ---- steal/ ---- */

static ssize_t steal_backend_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const struct pv_linux_cpu *on = followed(object);
	const int best = on ? pv_linux_best_meter(on) : -1;

	return sysfs_emit(page, "%s\n",
			  pv_steal_name(best < 0 ? PV_STEAL_NONE : pv_linux_meters[best]));
}

/* Only memory is read: asking the CPU would wake it. */
static ssize_t steal_preempted_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const struct pv_linux_cpu *on = followed(object);
	const int best = on ? pv_linux_best_meter(on) : -1;

	return sysfs_emit(page, "%d\n", best >= 0 && pv_steal_preempted(&on->meter[best]));
}

static ssize_t emit_meter(char *page, struct kobject *object, int meter)
{
	int error;
	u64 ns;

	if (meter < 0)
		return -ENODEV;
	error = pv_linux_meter_read(cpu_of(object), meter, &ns);
	return error ? error : sysfs_emit(page, "%llu\n", ns);
}

static ssize_t emit_backend(char *page, struct kobject *object, enum pv_steal_backend backend)
{
	int i;

	for (i = 0; i < PV_LINUX_METERS; i++)
		if (pv_linux_meters[i] == backend)
			return emit_meter(page, object, i);
	return -ENODEV;
}

static ssize_t steal_ns_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const struct pv_linux_cpu *on = followed(object);

	return emit_meter(page, object, on ? pv_linux_best_meter(on) : -1);
}

static ssize_t steal_kvm_ns_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return emit_backend(page, object, PV_STEAL_KVM);
}

static ssize_t steal_hyperv_ns_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return emit_backend(page, object, PV_STEAL_HYPERV);
}

static ssize_t steal_pv_time_ns_show(struct kobject *object, struct kobj_attribute *attr,
				     char *page)
{
	return emit_backend(page, object, PV_STEAL_PV_TIME);
}

static ssize_t steal_kernel_ns_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const u64 *accounted = kcpustat_cpu(cpu_of(object)).cpustat;

	return sysfs_emit(page, "%llu\n", READ_ONCE(accounted[CPUTIME_STEAL]));
}

PV_LINUX_ATTR(steal, backend, 0444);
PV_LINUX_ATTR(steal, preempted, 0444);
PV_LINUX_ATTR(steal, ns, 0444);
PV_LINUX_ATTR(steal, kvm_ns, 0444);
PV_LINUX_ATTR(steal, hyperv_ns, 0444);
PV_LINUX_ATTR(steal, pv_time_ns, 0444);
PV_LINUX_ATTR(steal, kernel_ns, 0444);

static struct attribute *steal_attrs[] = {
	&steal_backend_attr.attr,   &steal_preempted_attr.attr,
	&steal_ns_attr.attr,	    &steal_kvm_ns_attr.attr,
	&steal_hyperv_ns_attr.attr, &steal_pv_time_ns_attr.attr,
	&steal_kernel_ns_attr.attr, NULL,
};

static const struct attribute_group steal_group = { .name = "steal", .attrs = steal_attrs };

/* ---- all of it ---- */

static const struct attribute_group *groups[] = { &cpu_group, &steal_group, NULL };

static int directory_add(struct device *device, struct subsys_interface *interface)
{
	struct kobject *directory = kobject_create_and_add("pv", &device->kobj);
	int error;

	if (!directory)
		return -ENOMEM;
	error = sysfs_create_groups(directory, groups);
	if (error)
		kobject_put(directory);
	else
		*per_cpu_ptr(&pv_linux_directories, device->id) = directory;
	return error;
}

/* Waits for those who are reading. */
static void directory_remove(struct device *device, struct subsys_interface *interface)
{
	struct kobject **directory = per_cpu_ptr(&pv_linux_directories, device->id);

	kobject_del(*directory);
	kobject_put(*directory);
	*directory = NULL;
}

/* Called for each CPU that is in the machine, and for those that are put in or taken out later. */
static struct subsys_interface interface = {
	.name = "pv",
	.subsys = &cpu_subsys,
	.add_dev = directory_add,
	.remove_dev = directory_remove,
};

int pv_linux_sysfs_cpus_create(void)
{
	return subsys_interface_register(&interface);
}

void pv_linux_sysfs_cpus_remove(void)
{
	subsys_interface_unregister(&interface);
}
