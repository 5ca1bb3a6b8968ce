/* SPDX-License-Identifier: MIT */
/*
 * The smallest kernel that can host a library: one address space, all CPUs, a serial port, page
 * protection and caught faults. Nothing in it knows libpv. The same interface stands on a bare
 * machine (<arch>/) and on UEFI (efi/): an image defines kernel_main() and links one of the two.
 *
 * kernel_main() runs privileged in 64-bit mode (ring 0, EL1, S-mode), memory mapped 1:1, interrupts
 * off, floating point on (riscv64: off, so that use of it shows).
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_PAGE_SIZE 4096u
#define KERNEL_MAX_CPUS 32u

/* Provided by the image; runs on CPU 0. Returning means kernel_exit(0). */
void kernel_main(void);

/* Writes n bytes to the serial port, polled. Calls from several CPUs do not mix their bytes. */
void kernel_write(const char *text, size_t n);
void kernel_puts(const char *text);

/* Takes the next byte that came in at the serial port. Return: false when there is none yet. */
bool kernel_read(char *byte);

/*
 * Ends the machine and reports code to whoever started it: 0 is success. Where the machine has no
 * device for that, the last line on the serial port is KERNEL_EXIT_LINE and the code in decimal.
 */
#define KERNEL_EXIT_LINE "kernel: exit "
_Noreturn void kernel_exit(unsigned code);

/*
 * Starts every other CPU. Each calls entry(cpu) once, with cpu counted from 1, on a stack of its
 * own and in the same state as CPU 0, and is halted when entry returns. To be called once.
 * Return: how many came up, after waiting a bounded time for those the machine is known to have.
 */
unsigned kernel_start_cpus(void (*entry)(unsigned cpu));

/*
 * What the machine calls the calling CPU: x86 the local APIC id (the full 32 bits where the CPU
 * tells them), arm64 the affinity fields of MPIDR, riscv64 the hart id.
 */
unsigned kernel_hardware_id(void);

/*
 * The CPU's counter (TSC, CNTVCT, time), not read before earlier instructions have finished, and
 * how often it counts in a second; 0 where the machine does not tell.
 */
uint64_t kernel_ticks(void);
uint64_t kernel_ticks_per_second(void);

/* How arm64 firmware takes calls, from the device tree; elsewhere always KERNEL_CONDUIT_NONE. */
enum kernel_conduit { KERNEL_CONDUIT_NONE, KERNEL_CONDUIT_HVC, KERNEL_CONDUIT_SMC };
int kernel_conduit(void);

/*
 * Makes one page of 4 KiB executable and read-only, or writable and not executable; nothing is
 * ever both. Only the calling CPU's TLB is flushed. One CPU at a time may call this.
 * Return: false when page is not aligned or not mapped, or when page tables ran out (splitting a
 * large page takes one).
 */
bool kernel_set_exec(void *page, bool executable_and_readonly);

/*
 * Makes the page of 4 KiB at a physical address ordinary cached memory, writable and not
 * executable, at the same virtual address: a hypervisor may keep memory of its own where devices
 * are. A page that is memory already stays as it is. All CPUs may call this at once.
 * Return: false when the address is beyond what can be mapped, or when page tables ran out.
 */
bool kernel_map_normal(uint64_t physical);

/*
 * Where memory is, as the firmware told before the kernel began; descriptors as UEFI's GetMemoryMap
 * gives them. `bytes` is 0 on a bare machine.
 */
struct kernel_memory_map {
    const void *descriptors;
    size_t bytes;
    size_t descriptor_bytes;
    uint32_t version;
};

struct kernel_memory_map kernel_memory_map(void);

/* One pointer per CPU, NULL until set. */
void *kernel_this_cpu(void);
void kernel_set_this_cpu(void *self);

/*
 * Calls fn(arg). Return: true when it raised a fault on this CPU (an undefined or refused
 * instruction, a refused address; x86: #UD, #GP or #PF), in which case it was abandoned where it
 * stood. Calls nest. Any other exception ends the machine with a report.
 */
bool kernel_faults(void (*fn)(void *), void *arg);

/* What a freestanding compiler may call. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
