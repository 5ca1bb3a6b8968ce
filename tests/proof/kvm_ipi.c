/* SPDX-License-Identifier: MIT */
/*
 * Interrupts through KVM, for any list of up to N targets, any vector and any answers: a call names
 * exactly the targets of one stretch of the list, the longest that fits from where the last one
 * ended; what is told to be sent was named in calls that succeeded, and it is everything unless KVM
 * said otherwise. A processor of which nothing is assumed stands for all.
 *
 * cbmc: --unwind 4 --conversion-check --stop-on-fail
 * full: -DN=3u --unwind 5
 * timeout: 900
 * bug: span-too-wide libpv/kvm/ipi.c s/highest - low >= SPAN/highest - low > SPAN/
 * bug: span-too-narrow libpv/kvm/ipi.c s/highest - low >= SPAN/highest - low >= SPAN - 1/
 * bug: lowest-stays libpv/kvm/ipi.c s/cluster.lowest = low;//
 * bug: second-word-lost libpv/kvm/ipi.c s/&bitmap\[at . WORD_BITS\]/bitmap/
 * bug: narrow-bit libpv/kvm/ipi.c s/1ul << at/1u << at/
 * bug: bitmap-not-cleared libpv/kvm/ipi.c s/bitmap\[1\] = 0;//
 * bug: counted-twice libpv/kvm/ipi.c s/named += .*;/named++;/
 * bug: believed libpv/kvm/ipi.c s/reached <= named/reached >= 0/
 * bug: errors-believed libpv/kvm/ipi.c s/if (reached < 0)/if (reached < -999)/
 * bug: named-again libpv/kvm/ipi.c s/\*sent += cluster.count;/*sent += 1;/
 * bug: wide-ids libpv/kvm/ipi.c s/targets\[i\].value >> 32 != 0/targets[i].value >> 33 != 0/
 * bug: exceptions-sent libpv/kvm/ipi.c s/VECTOR_FIRST 0x10u/VECTOR_FIRST 0x0Fu/
 */
#include "kvm/ipi.c"

#ifndef N
#define N 2u
#endif

uint64_t nondet_qword(void);
uint32_t nondet_dword(void);
size_t nondet_size(void);
bool nondet_bool(void);
long nondet_long(void);

static struct pv_sim sim;
_Thread_local struct pv_sim *pv_sim = &sim;

static struct pv_hw_id targets[N];
static size_t count, sent;
static uint32_t vector;
static bool offered;

static size_t from;         /* where the next call begins */
static enum pv_status last; /* what the last answer means */
static struct pv_hw_id any; /* stands for every processor */
static bool reached;        /* it was named in a call that succeeded */

bool pv_kvm_offers_(const struct pv_guest *guest, uint32_t feature)
{
    (void)guest;
    __CPROVER_assert(feature == PV_KVM_FEATURE_PV_SEND_IPI, "the feature");
    return offered;
}

static bool is_target(size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (targets[i].value == any.value)
            return true;
    return false;
}

/* The stretch from `from` to before `end` lies within the bits of one call. */
static bool fits(size_t end)
{
    for (size_t i = from; i < end; i++)
        for (size_t j = from; j < end; j++)
            if (targets[i].value >= targets[j].value + SPAN)
                return false;
    return true;
}

static size_t longest(void)
{
    size_t end = from + 1;

    while (end < count && fits(end + 1))
        end++;
    return end;
}

static long distinct(size_t end)
{
    long found = 0;

    for (size_t i = from; i < end; i++) {
        bool before = false;

        for (size_t j = from; j < i; j++)
            before = before || targets[j].value == targets[i].value;
        found += !before;
    }
    return found;
}

static bool names_any(const unsigned long arguments[4])
{
    const uint64_t bit = any.value - arguments[2];

    return any.value >= arguments[2] && bit < SPAN &&
           (arguments[bit / WORD_BITS] >> bit % WORD_BITS & 1) != 0;
}

static long kvm_call(struct pv_sim *s, bool vmmcall, unsigned long function,
                     const unsigned long arguments[4])
{
    const long answer = nondet_long();
    const size_t end = longest();
    const long most = distinct(end);

    (void)s;
    (void)vmmcall;
    __CPROVER_assert(function == 10 && arguments[3] == vector, "the call");
    __CPROVER_assert(arguments[2] >> 32 == 0, "an APIC id");
    __CPROVER_assert(offered && last == PV_OK && from < count, "a call that may be made");
    __CPROVER_assert(sent == from, "what was sent is told");
    __CPROVER_assert(names_any(arguments) == is_target(from, end), "exactly these targets");
    if (answer < 0)
        last = PV_REFUSED;
    else if (answer > most)
        last = PV_MALFORMED;
    else {
        reached = reached || names_any(arguments);
        from = end;
    }
    return answer;
}

static bool all_in_range(void)
{
    for (size_t i = 0; i < count; i++)
        if (targets[i].value > 0xFFFFFFFF)
            return false;
    return (vector >= 0x10 && vector <= 0xFF) || vector == 0x400;
}

static enum pv_status right_status(const struct pv_vp *vp)
{
    if (count == 0)
        return PV_EMPTY;
    if (!all_in_range())
        return PV_INVALID;
    if (vp->guest == NULL)
        return PV_BAD_STATE;
    return offered ? last : PV_UNSUPPORTED;
}

int main(void)
{
    static struct pv_guest guest;
    static struct pv_vp vp;
    enum pv_status status;

    sim.kvm_call = kvm_call;
    vp.guest = nondet_bool() ? &guest : NULL;
    offered = nondet_bool();
    vector = nondet_dword();
    any.value = nondet_qword();
    count = nondet_size();
    __CPROVER_assume(count <= N);
    for (size_t i = 0; i < N; i++)
        targets[i].value = nondet_qword();
    status = pv_kvm_ipi_send(&vp, vector, targets, count, &sent);
    __CPROVER_assert(status == right_status(&vp), "status");
    __CPROVER_assert(sent == from, "sent");
    __CPROVER_assert(status != PV_OK || sent == count, "all, if nobody objected");
    __CPROVER_assert(reached == is_target(0, sent), "those who were sent to, and nobody else");
    return 0;
}
