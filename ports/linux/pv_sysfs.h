/* SPDX-License-Identifier: MIT */
/*
 * What the sysfs files share. All directories are the kernel's own kind of kobject: no function of
 * the module is needed to release one, and removing one waits for those who read in it.
 */
#ifndef PV_SYSFS_H
#define PV_SYSFS_H

#include <linux/kobject.h>
#include <linux/sysfs.h>

/* The file `file` of a directory, shown by directory_file_show(). */
#define PV_LINUX_ATTR(directory, file, mode)                     \
	static struct kobj_attribute directory##_##file##_attr = \
		__ATTR(file, mode, directory##_##file##_show, NULL)

/* sysfs_hv.c: hyperv/ below /sys/kernel/pv */
int pv_linux_sysfs_hv_create(struct kobject *root);
void pv_linux_sysfs_hv_remove(void);

#endif
