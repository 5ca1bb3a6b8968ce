/* SPDX-License-Identifier: MIT */
/*
 * The kernel as a UEFI application. Firmware is left running but is not called from kernel_main():
 * interrupts are off and exceptions are ours. Only starting CPUs goes back to it for a moment.
 * No other CPU returns to the firmware, so nothing of its state has to be put back.
 */
#include <efi.h>

#include "../x86_64/cpu.h"

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);
/* What gnu-efi's start-up code calls since 3.0.18; there it belongs to a library we do not need. */
EFI_STATUS _entry(EFI_HANDLE, EFI_SYSTEM_TABLE *) __attribute__((alias("efi_main")));

/* EFI_MP_SERVICES_PROTOCOL (PI Specification II-13.4), which gnu-efi does not have. */
typedef VOID(EFIAPI *ap_procedure)(VOID *argument);

struct mp_services;

typedef EFI_STATUS(EFIAPI *start_all_function)(struct mp_services *, ap_procedure,
                                               BOOLEAN one_by_one, EFI_EVENT finished,
                                               UINTN timeout_us, VOID *argument, UINTN **failed);

struct mp_services {
    EFI_STATUS(EFIAPI *count)(struct mp_services *, UINTN *all, UINTN *enabled);
    VOID *info;
    start_all_function start_all;
};

static EFI_BOOT_SERVICES *firmware;
static struct descriptor_table firmware_idt;

/* gnu-efi's linker script; the rest of the image is of no more use once it has been relocated. */
extern char _text[], _etext[], _data[], _edata[];

static struct kernel_memory_map memory_map;

static void (*cpu_entry)(unsigned cpu);
static unsigned cpus_up;

/* What is allocated from now on is not in it. */
static EFI_STATUS keep_memory_map(void)
{
    static _Alignas(8) unsigned char descriptors[32768];
    UINTN bytes = sizeof(descriptors);
    UINTN key;
    UINTN descriptor_bytes;
    UINT32 version;
    const EFI_STATUS status = firmware->GetMemoryMap(
        &bytes, (EFI_MEMORY_DESCRIPTOR *)descriptors, &key, &descriptor_bytes, &version);

    memory_map.descriptors = descriptors;
    memory_map.bytes = bytes;
    memory_map.descriptor_bytes = descriptor_bytes;
    memory_map.version = version;
    return status;
}

struct kernel_memory_map kernel_memory_map(void)
{
    return memory_map;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
    EFI_STATUS status;

    (void)image;
    firmware = system->BootServices;
    /* Or the firmware resets the machine after five minutes. */
    firmware->SetWatchdogTimer(0, 0, 0, NULL);
    /* It leaves interrupts on, too. */
    status = keep_memory_map();
    __asm__ volatile("cli");
    __asm__ volatile("sidt %0" : "=m"(firmware_idt));
    kernel_cpu_init(0);
    kernel_serial_init();
    if (status != EFI_SUCCESS ||
        !kernel_protect((uintptr_t)_text, (uintptr_t)_etext, PAGE_EXEC) ||
        !kernel_protect((uintptr_t)_data, (uintptr_t)_edata, PAGE_WRITE))
        kernel_exit(1);
    kernel_main();
    kernel_exit(0);
}

static VOID EFIAPI other_cpu(VOID *unused)
{
    unsigned cpu = __atomic_add_fetch(&cpus_up, 1, __ATOMIC_RELAXED);

    (void)unused;
    __asm__ volatile("cli");
    if (cpu < KERNEL_MAX_CPUS) {
        kernel_cpu_init(cpu);
        cpu_entry(cpu);
    }
    halt();
}

/* The others run on while we do: an event to signal at their end makes the call return at once. */
static EFI_STATUS start_others(UINTN *enabled)
{
    static EFI_GUID guid = {
        0x3fdda605, 0xa76e, 0x4f46, {0xad, 0x29, 0x12, 0xf4, 0x53, 0x1b, 0x3d, 0x08}};
    struct mp_services *mp;
    EFI_EVENT finished;
    UINTN all;
    EFI_STATUS status = firmware->LocateProtocol(&guid, NULL, (VOID **)&mp);

    if (status == EFI_SUCCESS)
        status = mp->count(mp, &all, enabled);
    if (status == EFI_SUCCESS)
        status = firmware->CreateEvent(0, 0, NULL, NULL, &finished);
    if (status == EFI_SUCCESS)
        status = mp->start_all(mp, other_cpu, 0, finished, 0, NULL, NULL);
    return status;
}

unsigned kernel_start_cpus(void (*entry)(unsigned cpu))
{
    enum { SECOND = 1000000 };
    struct descriptor_table ours;
    UINTN cpus = 1;
    EFI_STATUS status;

    cpu_entry = entry;
    __asm__ volatile("sidt %0" : "=m"(ours));
    /* It enables interrupts whenever it lowers its task priority, so it needs its own handlers. */
    __asm__ volatile("lidt %0" : : "m"(firmware_idt));
    status = start_others(&cpus);
    __asm__ volatile("cli; lidt %0" : : "m"(ours));
    if (status != EFI_SUCCESS)
        return 0;
    for (unsigned us = 0; us < SECOND; us++) {
        if (__atomic_load_n(&cpus_up, __ATOMIC_ACQUIRE) == cpus - 1)
            break;
        outb(0x80, 0); /* takes 1 us or more */
        cpu_relax();
    }
    return __atomic_load_n(&cpus_up, __ATOMIC_ACQUIRE);
}
