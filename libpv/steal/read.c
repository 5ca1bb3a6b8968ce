/* SPDX-License-Identifier: MIT */
/*
 * The reader. All formats but Xen's are a value and perhaps a sequence word that is odd during an
 * update; one without a sequence gets a word that never is. Xen's goes by way of read_again(), and
 * gets a word that always is.
 */
#include "area/area.h"
#include "monotone/monotone.h"
#include "steal/steal_internal.h"

#include <pv/abi/kvm.h>
#include <pv/abi/loongarch.h>
#include <pv/abi/sbi.h>
#include <pv/abi/smccc.h>
#include <pv/abi/vmware.h>
#include <pv/abi/xen.h>
#include <pv/config.h>

static const uint32_t never_odd = 0;
static const uint32_t always_odd = 1;

#define ABSENT (-1)
#define LOW_BYTE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 3) /* of 32 bits */

static const struct {
    int8_t sequence; /* offsets in the area, or ABSENT */
    int8_t value;
    int8_t preempted;
    uint8_t preempted_mask;
} formats[PV_STEAL_BACKENDS] = {
    [PV_STEAL_KVM] = { offsetof(struct pv_kvm_steal_time, version),
                       offsetof(struct pv_kvm_steal_time, steal),
                       offsetof(struct pv_kvm_steal_time, preempted), PV_KVM_PREEMPTED },
    [PV_STEAL_PV_TIME] = { ABSENT, offsetof(struct pv_smccc_stolen_time, stolen_ns), ABSENT, 0 },
    [PV_STEAL_SBI] = { offsetof(struct pv_sbi_steal_time, sequence),
                       offsetof(struct pv_sbi_steal_time, steal),
                       offsetof(struct pv_sbi_steal_time, preempted), 0xFF },
    [PV_STEAL_LOONGARCH] = { offsetof(struct pv_loongarch_steal_time, version),
                             offsetof(struct pv_loongarch_steal_time, steal),
                             offsetof(struct pv_loongarch_steal_time, preempted),
                             PV_KVM_PREEMPTED },
    [PV_STEAL_XEN] = { ABSENT, offsetof(struct pv_xen_runstate, time),
                       offsetof(struct pv_xen_runstate, state) + LOW_BYTE, 0xFF },
    [PV_STEAL_VMWARE] = { ABSENT, offsetof(struct pv_vmware_steal_time, clock), ABSENT, 0 },
    [PV_STEAL_HYPERV] = { ABSENT, 0, ABSENT, 0 },
};

/* One try at an area with a value; false while the host is writing. */
static bool read_value(const struct pv_steal_vp *steal, const volatile uint32_t *sequence,
                       uint64_t *value)
{
    const uint32_t before = pv_area_load32_(sequence);

    pv_port_read_barrier();
    *value = pv_area_load64_(steal->value);
    pv_port_read_barrier();
    return (before & 1) == 0 && pv_area_load32_(sequence) == before;
}

static bool read_once(const struct pv_steal_vp *steal, const volatile uint32_t *sequence,
                      uint64_t *value)
{
    if (sequence == &always_odd)
        return pv_steal_xen_read_(steal->shared, value);
    return read_value(steal, sequence, value);
}

/* The area was not put in place anew meanwhile: a value of the new area with the offset of the old
 * one would be a jump that nobody made. */
static bool same_area(const struct pv_steal_vp *steal, const volatile uint32_t *sequence,
                      uint64_t offset)
{
    return __atomic_load_n(&steal->sequence, __ATOMIC_RELAXED) == sequence &&
           __atomic_load_n(&steal->stolen.offset, __ATOMIC_RELAXED) == offset;
}

/* Everything but "as it was when it was last read". */
static PV_NOINLINE uint64_t read_again(struct pv_steal_vp *steal)
{
    for (unsigned tries = 0; tries < PV_CONFIG_SEQUENCE_RETRIES; tries++) {
        const volatile uint32_t *sequence = __atomic_load_n(&steal->sequence, __ATOMIC_ACQUIRE);
        const struct pv_monotone_moment before = pv_monotone_before_(&steal->stolen);
        uint64_t value;

        if (sequence == NULL)
            return pv_monotone_last_(&steal->stolen);
        pv_port_read_barrier();
        if (read_once(steal, sequence, &value) && same_area(steal, sequence, before.offset))
            return pv_monotone_next_(&steal->stolen, before, value);
        pv_port_relax();
    }
    __atomic_fetch_add(&steal->given_up, 1, __ATOMIC_RELAXED);
    return pv_monotone_last_(&steal->stolen);
}

/*
 * Between two preemptions the host writes nothing, so nearly always nothing is new, and nothing has
 * to be written down. Then nothing has to be proved either: the last value is one that may be given at
 * any time, and whatever else is in the area, torn or of another area, only says that it is time to
 * read again.
 */
uint64_t pv_steal_ns(struct pv_vp *vp)
{
    struct pv_steal_vp *steal = &vp->steal;
    const volatile uint64_t *value = __atomic_load_n(&steal->at_a_glance, __ATOMIC_RELAXED);
    const struct pv_monotone_moment before = pv_monotone_before_(&steal->stolen);

    if (PV_RARELY(value == NULL || pv_area_load64_(value) != before.last - before.offset))
        return read_again(steal);
    return before.last;
}

bool pv_steal_preempted(const struct pv_vp *vp)
{
    const enum pv_steal_backend backend = vp->steal.backend;
    const volatile uint8_t *hint = __atomic_load_n(&vp->steal.preempted, __ATOMIC_RELAXED);

    if (hint == NULL)
        return false;
    if (backend == PV_STEAL_XEN)
        return *hint == PV_XEN_RUNNABLE;
    return (*hint & formats[backend].preempted_mask) != 0;
}

static const volatile void *at(const volatile void *area, int offset)
{
    return (const volatile uint8_t *)area + offset;
}

static const volatile uint32_t *sequence_of(const volatile void *area,
                                            enum pv_steal_backend backend)
{
    if (backend == PV_STEAL_XEN)
        return &always_odd;
    if (formats[backend].sequence == ABSENT)
        return &never_odd;
    return (const volatile uint32_t *)at(area, formats[backend].sequence);
}

static bool read_first(const struct pv_steal_vp *steal, const volatile uint32_t *sequence,
                       uint64_t *value)
{
    for (unsigned tries = 0; tries < PV_CONFIG_SEQUENCE_RETRIES; tries++) {
        if (read_once(steal, sequence, value))
            return true;
        pv_port_relax();
    }
    return false;
}

enum pv_status pv_steal_publish_(struct pv_steal_vp *steal, enum pv_steal_backend backend)
{
    const volatile uint32_t *sequence = sequence_of(steal->shared, backend);
    const int8_t hint = formats[backend].preempted;
    uint64_t value;

    steal->value = (const volatile uint64_t *)at(steal->shared, formats[backend].value);
    if (!read_first(steal, sequence, &value))
        return PV_MALFORMED;
    pv_monotone_restart_(&steal->stolen, value, pv_monotone_last_(&steal->stolen));
    steal->backend = backend;
    __atomic_store_n(&steal->preempted,
                     hint == ABSENT ? NULL : (const volatile uint8_t *)at(steal->shared, hint),
                     __ATOMIC_RELEASE);
    __atomic_store_n(&steal->sequence, sequence, __ATOMIC_RELEASE);
    __atomic_store_n(&steal->at_a_glance, backend == PV_STEAL_XEN ? NULL : steal->value,
                     __ATOMIC_RELEASE);
    return PV_OK;
}

void pv_steal_retract_(struct pv_steal_vp *steal)
{
    __atomic_store_n(&steal->at_a_glance, NULL, __ATOMIC_RELAXED);
    /* Even, and another number than before: see pv_kvm_flush_defer(). */
    __atomic_store_n(&steal->flush_epoch, (steal->flush_epoch + 1) & ~1u, __ATOMIC_RELAXED);
    __atomic_store_n(&steal->sequence, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&steal->preempted, NULL, __ATOMIC_RELAXED);
    /* Whatever becomes of the area comes after; see same_area(). */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    steal->backend = PV_STEAL_NONE;
}
