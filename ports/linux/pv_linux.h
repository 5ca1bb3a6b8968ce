/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the module share.
 *
 *  main.c       load and unload
 *  cpu.c        CPUs as they come and go
 *  quiesce.c    before sleep, reboot and panic
 *  os.c         what libpv asks of an operating system
 *  sysfs.c, sysfs_hv.c, sysfs_cpu.c, debugfs.c, names.c   what users see (docs/ABI)
 *  trace.c      tracepoints
 */
#ifndef PV_LINUX_H
#define PV_LINUX_H

#include <linux/percpu.h>
#include <linux/types.h>

#include <pv/guest.h>

/*
 * Two guests, because a VP has one source of stolen time and they are wanted side by side: `calls`
 * makes hypercalls and has the clock; `meters` makes none and has a VP for each source.
 * Allocated: the host may keep an area in there for good, which outlives the module then.
 */
struct pv_linux_guests {
	struct pv_guest calls;
	struct pv_guest meters;
};

extern struct pv_linux_guests *pv_linux;

/* Sources of stolen time, best first. */
#ifdef CONFIG_X86
#define PV_LINUX_METERS 2
#else
#define PV_LINUX_METERS 1
#endif
extern const enum pv_steal_backend pv_linux_meters[PV_LINUX_METERS];

struct pv_linux_cpu {
	struct pv_vp vp; /* of `calls` */
	struct pv_vp meter[PV_LINUX_METERS]; /* of `meters`, in the order of pv_linux_meters */
	bool ready; /* all are online; changed on this CPU with IRQs off */
};

/* NULL for a CPU that was never online since the module was loaded. */
DECLARE_PER_CPU(struct pv_linux_cpu *, pv_linux_cpus);

/* cpu.c */
int pv_linux_cpus_start(void);
void pv_linux_cpus_stop(void); /* all offline, for good */
void pv_linux_cpus_free(void); /* after the guests are quiesced */
int pv_linux_cpu_online(unsigned int cpu); /* on that CPU; may sleep */
int pv_linux_cpu_offline(unsigned int cpu); /* on that CPU */

/*
 * Call @function on @cpu with IRQs off and that CPU's VPs online.
 * Return: -ENODEV if it is offline or not followed now; otherwise what @function returns.
 */
int pv_linux_on_cpu(unsigned int cpu, int (*function)(struct pv_linux_cpu *on, void *arg),
		    void *arg);

/* The same on any CPU, for what is the partition's. */
int pv_linux_on_any(int (*function)(struct pv_linux_cpu *on, void *arg), void *arg);

/* quiesce.c */
int pv_linux_quiesce_register(void);
void pv_linux_quiesce_unregister(void);
bool pv_linux_is_quiet(void); /* taken back for sleep or reboot: CPUs that come are not followed */

/* sysfs.c, sysfs_cpu.c, debugfs.c */
int pv_linux_sysfs_create(void);
void pv_linux_sysfs_remove(void);
int pv_linux_sysfs_cpus_create(void);
void pv_linux_sysfs_cpus_remove(void);
void pv_linux_debugfs_create(void);
void pv_linux_debugfs_remove(void);

/* names.c: words for the bits that are `set`, bitN for those without one. Return: characters. */
enum pv_linux_names {
	PV_LINUX_HV_PRIVILEGES,
	PV_LINUX_HV_FEATURES,
	PV_LINUX_HV_HINTS,
	PV_LINUX_KVM_FEATURES,
	PV_LINUX_KVM_HINTS,
	PV_LINUX_NAMES,
};

int pv_linux_names_emit(char *page, enum pv_linux_names which, u64 set);

/* Place in `meter` of the best source that is on, or will be once the CPU is; -1: there is none. */
int pv_linux_best_meter(const struct pv_linux_cpu *on);

/* Stolen ns of one source, brought up to date; the last value while the CPU is offline. */
int pv_linux_meter_read(unsigned int cpu, unsigned int meter, u64 *ns);

/* An error number for a status: -EOPNOTSUPP, -EACCES, -ENODEV, -ENOMEM, ... or -EIO. */
int pv_linux_errno(enum pv_status status);

#endif
