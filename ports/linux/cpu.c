// SPDX-License-Identifier: MIT
/* CPUs as they come and go. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel_stat.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/tick.h>

#include "pv_linux.h"

DEFINE_PER_CPU(struct pv_linux_cpu *, pv_linux_cpus);

const enum pv_steal_backend pv_linux_meters[PV_LINUX_METERS] = {
#ifdef CONFIG_X86
	PV_STEAL_KVM,
	PV_STEAL_HYPERV,
#else
	PV_STEAL_PV_TIME,
#endif
};

static enum cpuhp_state hotplug_state;

/* Whole pages: a struct pv_vp that the host writes into must not straddle two. */
static struct pv_linux_cpu *get_cpu_struct(unsigned int cpu)
{
	struct pv_linux_cpu **place = per_cpu_ptr(&pv_linux_cpus, cpu);
	struct pv_linux_cpu *made;

	if (*place)
		return *place;
	made = alloc_pages_exact(sizeof(*made), GFP_KERNEL | __GFP_ZERO);
	/* Others may be looking, and depend on finding zeroes: see READ_ONCE() of it. */
	smp_store_release(place, made);
	return made;
}

static void complain(unsigned int cpu, const char *what, enum pv_status status)
{
	if (status != PV_OK && status != PV_UNSUPPORTED)
		pr_warn("CPU %u: %s: %s\n", cpu, what, pv_status_text(status));
}

/* Without a tickless idle the kernel counts ticks. */
static u64 idle_ns(unsigned int cpu)
{
	const u64 idle = get_cpu_idle_time_us(cpu, NULL);
	const u64 *ticks = kcpustat_cpu(cpu).cpustat;

	if (idle == (u64)-1)
		return ticks[CPUTIME_IDLE] + ticks[CPUTIME_IOWAIT];
	return (idle + get_cpu_iowait_time_us(cpu, NULL)) * NSEC_PER_USEC;
}

/* Hyper-V's estimate counts from the first of these; the others need none. */
static enum pv_status estimate(struct pv_vp *vp)
{
	unsigned long flags;
	enum pv_status status;

	local_irq_save(flags);
	status = pv_steal_update(vp, idle_ns(smp_processor_id()));
	local_irq_restore(flags);
	return status;
}

static void meter_online(unsigned int cpu, struct pv_vp *vp, enum pv_steal_backend backend)
{
	enum pv_status status = pv_vp_online(&pv_linux->meters, vp);

	complain(cpu, "online", status);
	/* Once enabled it comes back with the VP. */
	if (status == PV_OK && !vp->steal.wanted)
		complain(cpu, pv_steal_name(backend), pv_steal_enable(vp, backend));
	if (vp->steal.backend != PV_STEAL_NONE)
		complain(cpu, "estimate", estimate(vp));
}

static void meter_offline(unsigned int cpu, struct pv_vp *vp)
{
	/* What was not read until now would be lost. */
	if (vp->steal.backend != PV_STEAL_NONE) {
		complain(cpu, "estimate", estimate(vp));
		pv_steal_ns(vp);
	}
	complain(cpu, "offline", pv_vp_offline(vp));
}

/* Never refuses: a CPU is worth more than what we would say about it. */
int pv_linux_cpu_online(unsigned int cpu)
{
	struct pv_linux_cpu *on = get_cpu_struct(cpu);
	enum pv_status status;
	unsigned int i;

	if (!on || pv_linux_is_quiet() || on->ready)
		return 0;
	status = pv_vp_online(&pv_linux->calls, &on->vp);
	complain(cpu, "online", status);
	if (status == PV_OK && !on->vp.clock.wanted)
		complain(cpu, "clock", pv_clock_enable(&on->vp, PV_CLOCK_BEST));
	for (i = 0; i < PV_LINUX_METERS; i++)
		meter_online(cpu, &on->meter[i], pv_linux_meters[i]);
	WRITE_ONCE(on->ready, true);
	return 0;
}

int pv_linux_cpu_offline(unsigned int cpu)
{
	struct pv_linux_cpu *on = *per_cpu_ptr(&pv_linux_cpus, cpu);
	unsigned long flags;
	unsigned int i;

	if (!on)
		return 0;
	local_irq_save(flags);
	if (on->ready) {
		WRITE_ONCE(on->ready, false);
		for (i = 0; i < PV_LINUX_METERS; i++)
			meter_offline(cpu, &on->meter[i]);
		complain(cpu, "offline", pv_vp_offline(&on->vp));
	}
	local_irq_restore(flags);
	return 0;
}

/* The first CPU chooses the clock, so they come one after the other, as cpuhp has it. */
int pv_linux_cpus_start(void)
{
	int state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "pv:online", pv_linux_cpu_online,
				      pv_linux_cpu_offline);

	if (state < 0)
		return state;
	hotplug_state = state;
	return 0;
}

void pv_linux_cpus_stop(void)
{
	cpuhp_remove_state(hotplug_state);
}

static bool released(struct pv_linux_cpu *on)
{
	bool all = pv_vp_release(&on->vp) == PV_OK;
	unsigned int i;

	for (i = 0; i < PV_LINUX_METERS; i++)
		all &= pv_vp_release(&on->meter[i]) == PV_OK;
	return all;
}

void pv_linux_cpus_free(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct pv_linux_cpu *on = *per_cpu_ptr(&pv_linux_cpus, cpu);

		if (on && !released(on))
			pr_warn("CPU %u: the host keeps an area; %zu bytes are lost\n", cpu,
				sizeof(*on));
		else if (on)
			free_pages_exact(on, sizeof(*on));
		*per_cpu_ptr(&pv_linux_cpus, cpu) = NULL;
	}
}

struct call {
	int (*function)(struct pv_linux_cpu *on, void *arg);
	void *arg;
	int result;
};

static void call_here(void *data)
{
	struct pv_linux_cpu *on = this_cpu_read(pv_linux_cpus);
	struct call *call = data;

	if (on && on->ready)
		call->result = call->function(on, call->arg);
}

int pv_linux_on_cpu(unsigned int cpu, int (*function)(struct pv_linux_cpu *on, void *arg),
		    void *arg)
{
	struct call call = { function, arg, -ENODEV };

	smp_call_function_single(cpu, call_here, &call, 1);
	return call.result;
}

int pv_linux_on_any(int (*function)(struct pv_linux_cpu *on, void *arg), void *arg)
{
	struct call call = { function, arg, -ENODEV };

	smp_call_function_any(cpu_online_mask, call_here, &call, 1);
	return call.result;
}

struct reading {
	unsigned int meter;
	u64 ns;
};

static int read_here(struct pv_linux_cpu *on, void *arg)
{
	struct reading *reading = arg;
	struct pv_vp *vp = &on->meter[reading->meter];
	int error = pv_linux_errno(estimate(vp));

	reading->ns = pv_steal_ns(vp);
	return error;
}

/*
 * KVM writes into the kernel's own memory, which can be read from anywhere. The estimate is made on
 * the CPU, and Arm's area may be mapped anew when the CPU comes back: no one else may be reading.
 */
int pv_linux_meter_read(unsigned int cpu, unsigned int meter, u64 *ns)
{
	struct pv_linux_cpu *on = READ_ONCE(*per_cpu_ptr(&pv_linux_cpus, cpu));
	struct reading reading = { .meter = meter };

	if (!on || !on->meter[meter].steal.wanted)
		return -ENODEV;
	if (pv_linux_meters[meter] == PV_STEAL_KVM)
		reading.ns = pv_steal_ns(&on->meter[meter]);
	else if (pv_linux_on_cpu(cpu, read_here, &reading))
		reading.ns = READ_ONCE(on->meter[meter].steal.stolen.last);
	*ns = reading.ns;
	return 0;
}

/* Also while the CPU is offline: it comes back. */
int pv_linux_best_meter(const struct pv_linux_cpu *on)
{
	int i;

	for (i = 0; i < PV_LINUX_METERS; i++)
		if (on->meter[i].steal.wanted)
			return i;
	return -1;
}

int pv_linux_errno(enum pv_status status)
{
	switch (status) {
	case PV_OK:
		return 0;
	case PV_UNSUPPORTED:
		return -EOPNOTSUPP;
	case PV_DENIED:
		return -EACCES;
	case PV_BAD_STATE:
		return -ENODEV;
	case PV_NO_MEMORY:
		return -ENOMEM;
	case PV_BUSY:
		return -EBUSY;
	case PV_INVALID:
		return -EINVAL;
	default:
		return -EIO;
	}
}
