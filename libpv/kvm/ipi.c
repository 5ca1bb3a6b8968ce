/* SPDX-License-Identifier: MIT */
/* One call names two words full of neighbouring APIC ids (hypercalls.rst, KVM_HC_SEND_IPI). */
#include "kvm/kvm_internal.h"
#include "pv_port.h"

#define VECTOR_FIRST 0x10u /* those below are exceptions */

PV_STATIC_ASSERT(PV_KVM_IPI_NMI == PV_KVM_ICR_NMI, "what is asked for is what KVM is told");

#define WORD_BITS (8 * sizeof(unsigned long))
#define SPAN (2 * WORD_BITS)

/* A piece of the list that one call can name. */
struct cluster {
    const struct pv_hw_id *targets;
    size_t count;
    uint64_t lowest; /* APIC id */
};

static bool is_vector(uint32_t vector)
{
    return (vector >= VECTOR_FIRST && vector <= PV_KVM_ICR_VECTOR_MASK) || vector == PV_KVM_IPI_NMI;
}

static bool are_apic_ids(const struct pv_hw_id *targets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (targets[i].value >> 32 != 0)
            return false;
    return true;
}

/* As many from the start as lie close enough together. They come in any order, so the lowest is
 * found first, and the bitmap is only made then. */
static struct cluster gather(const struct pv_hw_id *targets, size_t count)
{
    struct cluster cluster = { targets, 1, targets[0].value };
    uint64_t highest = targets[0].value;

    for (; cluster.count < count; cluster.count++) {
        const uint64_t id = targets[cluster.count].value;
        const uint64_t low = id < cluster.lowest ? id : cluster.lowest;

        highest = id > highest ? id : highest;
        if (highest - low >= SPAN)
            break;
        cluster.lowest = low;
    }
    return cluster;
}

/* Fills the bitmap; how many processors are in it, each counted once. */
static long name(const struct cluster *cluster, unsigned long bitmap[2])
{
    long named = 0;

    bitmap[0] = 0;
    bitmap[1] = 0;
    for (size_t i = 0; i < cluster->count; i++) {
        const uint64_t at = cluster->targets[i].value - cluster->lowest;
        const unsigned long bit = 1ul << at % WORD_BITS;
        unsigned long *word = &bitmap[at / WORD_BITS];

        named += (*word & bit) == 0;
        *word |= bit;
    }
    return named;
}

static enum pv_status send_cluster(const struct pv_guest *guest, const struct cluster *cluster,
                                   uint32_t vector)
{
    unsigned long bitmap[2];
    const long named = name(cluster, bitmap);
    const long reached =
        pv_port_kvm_call(guest->detect.kvm.vmmcall, PV_KVM_CALL_SEND_IPI, bitmap[0], bitmap[1],
                         (unsigned long)cluster->lowest, vector);

    if (reached < 0)
        return PV_REFUSED;
    return reached <= named ? PV_OK : PV_MALFORMED;
}

static enum pv_status send_all(const struct pv_guest *guest, uint32_t vector,
                               const struct pv_hw_id *targets, size_t count, size_t *sent)
{
    while (*sent < count) {
        const struct cluster cluster = gather(targets + *sent, count - *sent);
        const enum pv_status status = send_cluster(guest, &cluster, vector);

        if (status != PV_OK)
            return status;
        *sent += cluster.count;
    }
    return PV_OK;
}

enum pv_status pv_kvm_ipi_send(struct pv_vp *vp, uint32_t vector, const struct pv_hw_id *targets,
                               size_t count, size_t *sent)
{
    size_t unread;

    if (sent == NULL)
        sent = &unread;
    *sent = 0;
    if (count == 0)
        return PV_EMPTY;
    if (!is_vector(vector) || !are_apic_ids(targets, count))
        return PV_INVALID;
    if (vp->guest == NULL)
        return PV_BAD_STATE;
    if (!pv_kvm_offers_(vp->guest, PV_KVM_FEATURE_PV_SEND_IPI))
        return PV_UNSUPPORTED;
    return send_all(vp->guest, vector, targets, count, sent);
}
