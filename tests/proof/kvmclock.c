/* SPDX-License-Identifier: MIT */
/*
 * kvmclock's arithmetic, for any fields that pass as plausible and any counter: a stamp ahead of the
 * counter is never taken for centuries, everything else is the formula's product (scale.c proves its
 * shift), no shift is out of range, and a frequency is one that can be or none.
 *
 * cbmc: --z3 --unwind 2 --stop-on-fail
 * part: -DCHECK=check_behind
 * part: -DCHECK=check_formula -DSHIFT=-31
 * part: -DCHECK=check_formula -DSHIFT=-1
 * part: -DCHECK=check_formula -DSHIFT=0
 * part: -DCHECK=check_formula -DSHIFT=1
 * part: -DCHECK=check_formula -DSHIFT=31
 * part: -DCHECK=check_hz
 * bug: stamp-ahead libpv/clock/kvm.c s/if (passed >> 63 != 0)/if (passed >> 63 > 1)/
 * bug: shift-left-lost libpv/clock/kvm.c s/32u - (uint32_t)time->tsc_shift/32u/
 * bug: shift-right-lost libpv/clock/kvm.c s/(passed >> -time->tsc_shift,/(passed,/
 * bug: shift-32 libpv/clock/kvm.c s/time->tsc_shift >= -31/time->tsc_shift >= -128/
 * bug: mul-0 libpv/clock/kvm.c s/time->tsc_to_system_mul != 0 && //
 * bug: any-hz libpv/clock/kvm.c s/return pv_clock_plausible_hz_(hz) ? hz : 0;/return hz;/
 */
#include "clock/kvm.c"

#ifndef SHIFT
#define SHIFT 1
#endif

struct pv_kvm_time nondet_time(void);
uint64_t nondet_tsc(void);

static struct pv_sim sim;
_Thread_local struct pv_sim *pv_sim = &sim;

static struct pv_kvm_time any_time(void)
{
    const struct pv_kvm_time time = nondet_time();

    __CPROVER_assume(plausible(&time));
    return time;
}

static inline void check_behind(void)
{
    const struct pv_kvm_time time = any_time();
    const uint64_t tsc = nondet_tsc();

    __CPROVER_assume(tsc - time.tsc_timestamp > INT64_MAX);
    __CPROVER_assert(pv_clock_kvm_time_(&time, tsc) == time.system_time, "as at the stamp");
}

static inline void check_shift(int shift)
{
    struct pv_kvm_time time = any_time();
    const uint64_t passed = nondet_tsc() >> 1;
    const uint64_t halved = passed >> (shift < 0 ? -shift : 0);
    const uint32_t right = shift < 0 ? 32 : 32 - (uint32_t)shift;
    const uint64_t ns = pv_clock_multiply_shift_(halved, time.tsc_to_system_mul, right);

    time.tsc_shift = (int8_t)shift;
    __CPROVER_assert(pv_clock_kvm_time_(&time, time.tsc_timestamp + passed) ==
                         time.system_time + ns, "as the formula");
}

static inline void check_formula(void)
{
    check_shift(SHIFT);
}

static inline void check_hz(void)
{
    const struct pv_kvm_time time = nondet_time();
    const uint64_t hz = pv_clock_kvm_hz_(&time);

    __CPROVER_assert(hz == 0 || (hz >= 1000 && hz <= 1000000000000ull), "can be, or none");
    __CPROVER_assert(time.tsc_to_system_mul != 0 || hz == 0, "none from nothing");
}

/* A seeded bug may be in any. */
static inline void check_all(void)
{
    check_behind();
    check_shift(-1);
    check_shift(1);
    check_hz();
}

#ifndef CHECK
#define CHECK check_all
#endif

int main(void)
{
    CHECK();
    return 0;
}
