// SPDX-License-Identifier: MIT
/* /sys/kernel/debug/pv: diagnostics, for people (docs/ABI/debugfs-pv). */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>

#include <pv/hv.h>

#include "pv_linux.h"

static struct dentry *root;

/* ---- registers ---- */

#define REGISTER(name) { PV_HV_REGISTER_##name, #name }

/* Not GUEST_IDLE: reading it puts the processor to sleep. */
static const struct {
	u32 number;
	const char *name;
} registers[] = {
	REGISTER(HYPERVISOR_VERSION),
	REGISTER(PRIVILEGES_AND_FEATURES_INFO),
	REGISTER(FEATURES_INFO),
	REGISTER(IMPLEMENTATION_LIMITS_INFO),
	REGISTER(HARDWARE_FEATURES_INFO),
	REGISTER(NESTED_VIRT_FEATURES_INFO),
	REGISTER(ISOLATION_CONFIGURATION),
	REGISTER(ISOLATION_CAPABILITIES),
	REGISTER(GUEST_CRASH_CTL),
	REGISTER(EXPLICIT_SUSPEND),
	REGISTER(INTERCEPT_SUSPEND),
	REGISTER(INTERNAL_ACTIVITY_STATE),
	REGISTER(PENDING_INTERRUPTION),
	REGISTER(INTERRUPT_STATE),
	REGISTER(DELIVERABILITY_NOTIFICATIONS),
#ifdef CONFIG_X86
	REGISTER(X64_HYPERCALL),
#endif
	REGISTER(GUEST_OS_ID),
	REGISTER(VP_INDEX),
	REGISTER(NESTED_VP_INDEX),
	REGISTER(VP_RUNTIME),
	REGISTER(TIME_REF_COUNT),
	REGISTER(REFERENCE_TSC),
	REGISTER(VP_ASSIST_PAGE),
	REGISTER(SCONTROL),
	REGISTER(SVERSION),
	REGISTER(SIFP),
	REGISTER(SIPP),
	REGISTER(STIMER0_CONFIG),
	REGISTER(VSM_CODE_PAGE_OFFSETS),
	REGISTER(VSM_VP_STATUS),
	REGISTER(VSM_PARTITION_STATUS),
	REGISTER(VSM_VINA),
	REGISTER(VSM_CAPABILITIES),
	REGISTER(VSM_PARTITION_CONFIG),
};

struct reading {
	u32 number;
	struct pv_hv_register_value value;
	struct pv_hv_result result;
	enum pv_status status;
};

static int read_register(struct pv_linux_cpu *on, void *arg)
{
	struct reading *reading = arg;

	reading->status = pv_hv_regs_get(&on->vp, pv_hv_target_self(), &reading->number,
					 &reading->value, 1, NULL, &reading->result);
	return 0;
}

/* libpv's word, and the hypervisor's if it was asked. */
static void show_failure(struct seq_file *file, const struct reading *reading)
{
	const u64 result = reading->result.status;
	char text[80];

	seq_printf(file, "%s", pv_status_name(reading->status));
	if (result && pv_hv_decode_result(result, text, sizeof(text)) == PV_OK)
		seq_printf(file, ": %s", text);
	seq_putc(file, '\n');
}

static void show_register(struct seq_file *file, unsigned int cpu, u32 number)
{
	struct reading reading = { .number = number };

	if (pv_linux_on_cpu(cpu, read_register, &reading))
		seq_puts(file, "offline\n");
	else if (reading.status != PV_OK)
		show_failure(file, &reading);
	else if (reading.value.high)
		seq_printf(file, "0x%llx%016llx\n", reading.value.high, reading.value.low);
	else
		seq_printf(file, "0x%llx\n", reading.value.low);
}

static unsigned int cpu_of(struct seq_file *file)
{
	return (unsigned long)file->private;
}

static int registers_show(struct seq_file *file, void *unused)
{
	unsigned int i;

	if (!pv_linux->calls.hv.entry) {
		seq_puts(file, "hypercalls are off\n");
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		seq_printf(file, "%-30s ", registers[i].name);
		show_register(file, cpu_of(file), registers[i].number);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(registers);

/* ---- state ---- */

static const char *whose(bool any, bool adopted)
{
	if (!any)
		return "none";
	return adopted ? "adopted" : "own";
}

static void show_clock(struct seq_file *file, const struct pv_clock_vp *clock)
{
	const struct pv_clock_guest *guest = &pv_linux->calls.clock;

	seq_printf(file, "clock: %s\n",
		   clock->on ? pv_clock_name(guest->source) : pv_status_text(clock->status));
	seq_printf(file, "clock area: %s, 0x%llx\n", whose(clock->shared, clock->mapped),
		   clock->gpa);
	seq_printf(file, "clock page: %s, 0x%llx\n", whose(guest->page, guest->page_adopted),
		   guest->page_gpa);
	seq_printf(file, "clock rebased: %u\n", guest->now.rebases);
	seq_printf(file, "clock retries given up: %u\n", guest->given_up);
	seq_printf(file, "clock unstable: %d\n", guest->unstable);
}

static void show_meter(struct seq_file *file, const char *name, const struct pv_steal_vp *steal)
{
	seq_printf(file, "%s: %s\n", name, steal->backend ? "on" : pv_status_text(steal->status));
	seq_printf(file, "%s area: %s, 0x%llx\n", name, whose(steal->shared, steal->mapped),
		   steal->gpa);
	seq_printf(file, "%s rebased: %u\n", name, steal->stolen.rebases);
	seq_printf(file, "%s retries given up: %u\n", name, steal->given_up);
	seq_printf(file, "%s host error: %lld\n", name, steal->host_error);
}

static int state_show(struct seq_file *file, void *unused)
{
	const struct pv_linux_cpu *on = READ_ONCE(*per_cpu_ptr(&pv_linux_cpus, cpu_of(file)));
	unsigned int i;

	if (!on) {
		seq_puts(file, "never online\n");
		return 0;
	}
	seq_printf(file, "online: %d\n", READ_ONCE(on->ready));
	seq_printf(file, "hypercalls: %s\n", on->vp.hv.way_in ? "on" : "off");
	show_clock(file, &on->vp.clock);
	for (i = 0; i < PV_LINUX_METERS; i++)
		show_meter(file, pv_steal_name(pv_linux_meters[i]), &on->meter[i].steal);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/* ---- all of it ---- */

/* Without debugfs all of this does nothing, and nobody minds. */
void pv_linux_debugfs_create(void)
{
	unsigned int cpu;
	char name[16];

	root = debugfs_create_dir("pv", NULL);
	for_each_present_cpu(cpu) {
		void *data = (void *)(unsigned long)cpu;
		struct dentry *directory;

		snprintf(name, sizeof(name), "cpu%u", cpu);
		directory = debugfs_create_dir(name, root);
		debugfs_create_file("registers", 0400, directory, data, &registers_fops);
		debugfs_create_file("state", 0400, directory, data, &state_fops);
	}
}

/* Waits for those who are reading. */
void pv_linux_debugfs_remove(void)
{
	debugfs_remove(root);
}
