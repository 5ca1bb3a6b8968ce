// SPDX-License-Identifier: MIT
/* /sys/kernel/pv/hyperv: what Hyper-V's interface says of itself. */
#include <linux/kobject.h>
#include <linux/sysfs.h>
#ifdef CONFIG_X86
#include <asm/msr.h>
#endif

#include <pv/abi/hv.h>
#include <pv/hv.h>

#include "pv_linux.h"
#include "pv_sysfs.h"

static struct kobject *hyperv;

static const struct pv_detect_hyperv *told(void)
{
	return &pv_linux->calls.detect.hyperv;
}

static ssize_t hv_version_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%u.%u.%u\n", told()->version_major, told()->version_minor,
			  told()->version_build);
}

static ssize_t hv_privileges_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return pv_linux_names_emit(page, PV_LINUX_HV_PRIVILEGES, told()->privileges);
}

static ssize_t hv_features_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return pv_linux_names_emit(page, PV_LINUX_HV_FEATURES, told()->features);
}

static ssize_t hv_hints_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return pv_linux_names_emit(page, PV_LINUX_HV_HINTS, told()->hints);
}

static ssize_t hv_max_vps_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	return sysfs_emit(page, "%u\n", told()->max_vps);
}

static ssize_t hv_isolation_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	static const char *const names[] = {
		[PV_DETECT_ISOLATION_NONE] = "none", [PV_DETECT_ISOLATION_VBS] = "vbs",
		[PV_DETECT_ISOLATION_SNP] = "snp",   [PV_DETECT_ISOLATION_TDX] = "tdx",
		[PV_DETECT_ISOLATION_CCA] = "cca",
	};
	const unsigned int type = told()->isolation;

	if (type >= ARRAY_SIZE(names))
		return sysfs_emit(page, "type%u\n", type);
	return sysfs_emit(page, "%s\n", names[type]);
}

/* Asked anew each time: it is the kernel's to change. */
static int read_os_id(struct pv_linux_cpu *on, void *id)
{
#ifdef CONFIG_X86
	return rdmsrl_safe(PV_HV_MSR_GUEST_OS_ID, (u64 *)id);
#else
	return pv_linux_errno(pv_hv_regs_get64(&on->vp, PV_HV_REGISTER_GUEST_OS_ID, id, NULL));
#endif
}

static ssize_t hv_os_id_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	u64 id;
	int error = pv_linux_on_any(read_os_id, &id);

	return error ? error : sysfs_emit(page, "0x%016llx\n", id);
}

PV_LINUX_ATTR(hv, version, 0444);
PV_LINUX_ATTR(hv, privileges, 0444);
PV_LINUX_ATTR(hv, features, 0444);
PV_LINUX_ATTR(hv, hints, 0444);
PV_LINUX_ATTR(hv, max_vps, 0444);
PV_LINUX_ATTR(hv, isolation, 0444);
PV_LINUX_ATTR(hv, os_id, 0400);

static struct attribute *hv_attrs[] = {
	&hv_version_attr.attr,	&hv_privileges_attr.attr,
	&hv_features_attr.attr, &hv_hints_attr.attr,
	&hv_max_vps_attr.attr,	&hv_isolation_attr.attr,
	&hv_os_id_attr.attr,	NULL,
};

static const struct attribute_group hv_group = { .attrs = hv_attrs };

/* ---- vsm/ ---- */

static int read_partition(struct pv_linux_cpu *on, void *status)
{
	return pv_linux_errno(pv_hv_vsm_partition_status(&on->vp, status, NULL));
}

static int read_capabilities(struct pv_linux_cpu *on, void *capabilities)
{
	return pv_linux_errno(pv_hv_vsm_capabilities(&on->vp, capabilities, NULL));
}

static ssize_t vsm_enabled_vtls_show(struct kobject *object, struct kobj_attribute *attr,
				     char *page)
{
	struct pv_hv_vsm_partition_status status;
	int error = pv_linux_on_any(read_partition, &status);

	return error ? error : sysfs_emit(page, "0x%x\n", status.enabled_vtls);
}

static ssize_t vsm_max_vtl_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	struct pv_hv_vsm_partition_status status;
	int error = pv_linux_on_any(read_partition, &status);

	return error ? error : sysfs_emit(page, "%u\n", status.max_vtl);
}

static ssize_t vsm_mbec_vtls_show(struct kobject *object, struct kobj_attribute *attr, char *page)
{
	struct pv_hv_vsm_partition_status status;
	int error = pv_linux_on_any(read_partition, &status);

	return error ? error : sysfs_emit(page, "0x%x\n", status.mbec_vtls);
}

static ssize_t vsm_capabilities_show(struct kobject *object, struct kobj_attribute *attr,
				     char *page)
{
	struct pv_hv_vsm_capabilities capabilities;
	int error = pv_linux_on_any(read_capabilities, &capabilities);

	return error ? error : sysfs_emit(page, "0x%016llx\n", capabilities.raw);
}

PV_LINUX_ATTR(vsm, enabled_vtls, 0400);
PV_LINUX_ATTR(vsm, max_vtl, 0400);
PV_LINUX_ATTR(vsm, mbec_vtls, 0400);
PV_LINUX_ATTR(vsm, capabilities, 0400);

static struct attribute *vsm_attrs[] = {
	&vsm_enabled_vtls_attr.attr,
	&vsm_max_vtl_attr.attr,
	&vsm_mbec_vtls_attr.attr,
	&vsm_capabilities_attr.attr,
	NULL,
};

static const struct attribute_group vsm_group = { .name = "vsm", .attrs = vsm_attrs };

int pv_linux_sysfs_hv_create(struct kobject *root)
{
	int error;

	hyperv = kobject_create_and_add("hyperv", root);
	if (!hyperv)
		return -ENOMEM;
	error = sysfs_create_group(hyperv, &hv_group);
	return error ? error : sysfs_create_group(hyperv, &vsm_group);
}

void pv_linux_sysfs_hv_remove(void)
{
	kobject_del(hyperv);
	kobject_put(hyperv);
	hyperv = NULL;
}
