/* SPDX-License-Identifier: MIT */
#include "crew.h"
#include "insn.h"
#include "kernel.h"

#define PATIENCE 1000000000ull

typedef void (*job)(unsigned cpu);

static job given[KERNEL_MAX_CPUS]; /* NULL once it is done */

static void relax(unsigned cpu)
{
    (void)cpu;
    __asm__ volatile(INSN_RELAX);
}

static void nothing(unsigned cpu)
{
    (void)cpu;
}

static void (*rest_here)(unsigned cpu) = relax;
static void (*wake_up)(unsigned cpu) = nothing;

static job look(unsigned cpu)
{
    return __atomic_load_n(&given[cpu], __ATOMIC_ACQUIRE);
}

static void serve(unsigned cpu)
{
    for (;;) {
        const job work = look(cpu);

        if (work == NULL) {
            rest_here(cpu);
            continue;
        }
        work(cpu);
        __atomic_store_n(&given[cpu], NULL, __ATOMIC_RELEASE);
    }
}

void crew_set_rest(void (*rest)(unsigned cpu), void (*wake)(unsigned cpu))
{
    rest_here = rest;
    wake_up = wake;
}

unsigned crew_size(void)
{
    static bool asked;
    static unsigned size;

    if (!asked)
        size = kernel_start_cpus(serve);
    asked = true;
    return size;
}

void crew_begin(unsigned cpu, void (*work)(unsigned cpu))
{
    __atomic_store_n(&given[cpu], work, __ATOMIC_RELEASE);
    wake_up(cpu);
}

bool crew_finish(unsigned cpu)
{
    for (uint64_t i = 0; i < PATIENCE && look(cpu) != NULL; i++)
        relax(cpu);
    return look(cpu) == NULL;
}

bool crew_does(unsigned cpu, void (*work)(unsigned cpu))
{
    crew_begin(cpu, work);
    return crew_finish(cpu);
}
