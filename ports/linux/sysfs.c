// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/pv: what is true of the whole machine (docs/ABI/sysfs-kernel-pv). What belongs to one
 * interface exists where there is that interface.
 */
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include <pv/pv.h>

#include "pv_linux.h"
#include "pv_sysfs.h"

static struct kobject *root;

/* ---- the machine ---- */

static ssize_t pv_hypervisor_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%s\n", pv_detect_name(pv_linux->calls.detect.kind));
}

static ssize_t pv_interfaces_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	const struct pv_detect *detect = &pv_linux->calls.detect;
	unsigned int i;
	int length = 0;

	for (i = 0; i < min_t(u32, detect->count, PV_DETECT_INTERFACES_MAX); i++)
		length += sysfs_emit_at(page, length, "%s%s", i ? ", " : "",
					pv_detect_name(detect->interfaces[i].kind));
	return length + sysfs_emit_at(page, length, "\n");
}

static ssize_t pv_version_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%u.%u.%u\n", PV_VERSION_MAJOR, PV_VERSION_MINOR, PV_VERSION_PATCH);
}

static ssize_t pv_hypercalls_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%s\n", pv_linux->calls.hv.entry ? "adopted" : "off");
}

PV_LINUX_ATTR(pv, hypervisor, 0444);
PV_LINUX_ATTR(pv, interfaces, 0444);
PV_LINUX_ATTR(pv, version, 0444);
PV_LINUX_ATTR(pv, hypercalls, 0444);

static struct attribute *pv_attrs[] = {
	&pv_hypervisor_attr.attr,
	&pv_interfaces_attr.attr,
	&pv_version_attr.attr,
	&pv_hypercalls_attr.attr,
	NULL,
};

static const struct attribute_group pv_group = { .attrs = pv_attrs };

/* ---- the clock ---- */

static int read_clock(struct pv_linux_cpu *on, void *ns)
{
	if (!on->vp.clock.on)
		return -ENODEV;
	*(u64 *)ns = pv_clock_ns(&on->vp);
	return 0;
}

static int read_counter_hz(struct pv_linux_cpu *on, void *hz)
{
	*(u64 *)hz = pv_clock_counter_hz(&pv_linux->calls);
	return 0;
}

static ssize_t clock_source_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%s\n", pv_clock_name(pv_linux->calls.clock.source));
}

static ssize_t clock_ns_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	u64 ns;
	int error = pv_linux_on_any(read_clock, &ns);

	return error ? error : sysfs_emit(page, "%llu\n", ns);
}

static ssize_t clock_epoch_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%u\n", pv_clock_epoch(&pv_linux->calls));
}

static ssize_t clock_counter_hz_show(struct kobject *object, struct kobj_attribute *attr,
				     char *page)
{
	static DEFINE_MUTEX(one_at_a_time); /* as pv_clock_counter_hz() wants it */
	int error;
	u64 hz;

	mutex_lock(&one_at_a_time);
	error = pv_linux_on_any(read_counter_hz, &hz);
	mutex_unlock(&one_at_a_time);
	return error ? error : sysfs_emit(page, "%llu\n", hz);
}

static ssize_t clock_kernel_ns_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%llu\n", ktime_get_raw_ns());
}

PV_LINUX_ATTR(clock, source, 0444);
PV_LINUX_ATTR(clock, ns, 0444);
PV_LINUX_ATTR(clock, epoch, 0444);
PV_LINUX_ATTR(clock, counter_hz, 0444);
PV_LINUX_ATTR(clock, kernel_ns, 0444);

static struct attribute *clock_attrs[] = {
	&clock_source_attr.attr,     &clock_ns_attr.attr,	 &clock_epoch_attr.attr,
	&clock_counter_hz_attr.attr, &clock_kernel_ns_attr.attr, NULL,
};

static const struct attribute_group clock_group = { .name = "clock", .attrs = clock_attrs };

/* ---- KVM's own interface ---- */

static ssize_t kvm_features_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return pv_linux_names_emit(page, PV_LINUX_KVM_FEATURES,
				   pv_linux->calls.detect.kvm.features);
}

static ssize_t kvm_hints_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return pv_linux_names_emit(page, PV_LINUX_KVM_HINTS, pv_linux->calls.detect.kvm.hints);
}

PV_LINUX_ATTR(kvm, features, 0444);
PV_LINUX_ATTR(kvm, hints, 0444);

static struct attribute *kvm_attrs[] = {
	&kvm_features_attr.attr,
	&kvm_hints_attr.attr,
	NULL,
};

static const struct attribute_group kvm_group = { .name = "kvm", .attrs = kvm_attrs };

/* ---- all of it ---- */

static bool kvm_tells(void)
{
	return IS_ENABLED(CONFIG_X86) && pv_detect_has(&pv_linux->calls.detect, PV_DETECT_KVM);
}

static int fill(void)
{
	int error = sysfs_create_group(root, &pv_group);

	if (!error)
		error = sysfs_create_group(root, &clock_group);
	if (!error && kvm_tells())
		error = sysfs_create_group(root, &kvm_group);
	if (!error && pv_detect_has(&pv_linux->calls.detect, PV_DETECT_HYPERV))
		error = pv_linux_sysfs_hv_create(root);
	return error;
}

int pv_linux_sysfs_create(void)
{
	int error;

	root = kobject_create_and_add("pv", kernel_kobj);
	if (!root)
		return -ENOMEM;
	error = fill();
	if (error)
		pv_linux_sysfs_remove();
	return error;
}

/* Waits for those who are reading. */
void pv_linux_sysfs_remove(void)
{
	pv_linux_sysfs_hv_remove();
	kobject_del(root);
	kobject_put(root);
}
