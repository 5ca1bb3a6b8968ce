/* SPDX-License-Identifier: MIT */
/* Checks the ground the other guest tests stand on: CPUs, page protection, caught faults. TAP. */
#include "kernel.h"

static unsigned tests, failures;
static unsigned cpu_seen; /* bit per CPU */
static unsigned cpu_wrong;

static void put_number(unsigned n)
{
	char text[10];
	size_t at = sizeof(text);

	do
		text[--at] = (char)('0' + n % 10);
	while (n /= 10);
	kernel_write(text + at, sizeof(text) - at);
}

static void ok(bool good, const char *what)
{
	failures += !good;
	kernel_puts(good ? "ok " : "not ok ");
	put_number(++tests);
	kernel_puts(" - ");
	kernel_puts(what);
	kernel_puts("\n");
}

static void cpuid(uint32_t leaf, uint32_t r[4])
{
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(0));
}

static void show_signature(void)
{
	uint32_t r[4];
	char text[12];

	cpuid(1, r);
	if (!(r[2] >> 31)) {
		kernel_puts("# no hypervisor\n");
		return;
	}
	for (uint32_t leaf = 0x40000000; leaf <= 0x40000100; leaf += 0x100) {
		cpuid(leaf, r);
		memcpy(text, &r[1], sizeof(text));
		kernel_puts("# signature ");
		for (size_t i = 0; i < sizeof(text); i++)
			kernel_write(text[i] >= ' ' && text[i] <= '~' ? &text[i] : ".", 1);
		kernel_puts("\n");
	}
}

static unsigned char page[KERNEL_PAGE_SIZE] __attribute__((aligned(KERNEL_PAGE_SIZE)));

static void write_page(void *p)
{
	*(volatile unsigned char *)p = 0xc3; /* ret */
}

static void run_page(void *p)
{
	__asm__ volatile("call *%0" : : "r"(p) : "memory");
}

static void undefined(void *unused)
{
	(void)unused;
	__asm__ volatile("ud2");
}

static void non_canonical(void *unused)
{
	(void)unused;
	*(volatile char *)0x8000000000000000ull = 0;
}

static void nothing(void *unused)
{
	(void)unused;
}

static void nested(void *inner_faulted)
{
	*(bool *)inner_faulted = kernel_faults(undefined, NULL);
	undefined(NULL);
}

static void check_faults(void)
{
	bool inner = false;

	ok(!kernel_faults(nothing, NULL), "a harmless call does not fault");
	ok(kernel_faults(undefined, NULL), "#UD is caught");
	ok(kernel_faults(non_canonical, NULL), "#GP is caught");
	ok(kernel_faults(nested, &inner) && inner, "calls nest");
}

static void check_pages(void)
{
	ok(!kernel_faults(write_page, page), "a data page can be written");
	ok(kernel_faults(run_page, page), "and not run");
	ok(kernel_set_exec(page, true), "it becomes executable");
	ok(!kernel_faults(run_page, page), "and runs");
	ok(kernel_faults(write_page, page), "and cannot be written");
	ok(kernel_set_exec(page, false), "it becomes writable");
	ok(!kernel_faults(write_page, page) && kernel_faults(run_page, page), "as it was at first");
	ok(!kernel_set_exec(page + 1, true), "a misaligned page is refused");
}

static void on_cpu(unsigned cpu)
{
	unsigned id = kernel_apic_id();
	bool good = kernel_this_cpu() == NULL && cpu > 0 && cpu < KERNEL_MAX_CPUS && id != 0;

	kernel_set_this_cpu(&page[cpu]);
	good &= kernel_this_cpu() == &page[cpu];
	good &= kernel_faults(undefined, NULL);
	kernel_puts("# another CPU is here\n");
	if (!good)
		__atomic_fetch_add(&cpu_wrong, 1, __ATOMIC_RELAXED);
	__atomic_fetch_or(&cpu_seen, 1u << cpu, __ATOMIC_RELEASE);
}

static void check_cpus(void)
{
	unsigned others, all;

	ok(kernel_this_cpu() == NULL, "no per-CPU pointer at first");
	kernel_set_this_cpu(page);
	others = kernel_start_cpus(on_cpu);
	kernel_puts("# other CPUs: ");
	put_number(others);
	kernel_puts("\n");
	all = (2u << others) - 2;
	for (uint64_t start = kernel_tsc(); kernel_tsc() - start < 1000000000;) {
		if (__atomic_load_n(&cpu_seen, __ATOMIC_ACQUIRE) == all)
			break;
		__asm__ volatile("pause");
	}
	ok(others > 0, "other CPUs start");
	ok(cpu_seen == all, "every CPU started ran");
	ok(cpu_wrong == 0, "with a per-CPU pointer and faults of its own");
	ok(kernel_this_cpu() == page, "and CPU 0 kept its pointer");
}

void kernel_main(void)
{
	kernel_puts("TAP version 13\n");
	show_signature();
	check_faults();
	check_pages();
	check_cpus();
	kernel_puts("1..");
	put_number(tests);
	kernel_puts("\n");
	kernel_exit(failures ? 1 : 0);
}
