/* SPDX-License-Identifier: MIT */
/*
 * Sets of VPs, for flushes and IPIs: made from the kernel's CPU masks, sent in the hypervisor's form.
 *
 *     struct pv_vp_set set;
 *     enum pv_status status = pv_vp_set_from_cpus(&set, &map, mask, 4096);
 *     if (status == PV_EMPTY)
 *         return;                          nobody to tell: not the same as having told everybody
 *
 * 520 bytes that need no clearing: a bank has a meaning only if its bit in `valid` is set.
 */
#ifndef PV_VP_SET_H
#define PV_VP_SET_H

#include <pv/abi/hv.h>
#include <pv/abi/hv_layout.h>
#include <pv/vp/map.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_vp_set {
    uint64_t valid;                  /* bit n: bank n has a member */
    uint64_t banks[PV_HV_SET_BANKS_MAX]; /* bit m of bank n: VP 64 n + m */
    bool everyone;                   /* names every VP of the map it was made from */
};

/* ---- one by one ---- */

/* Context: any. */
void pv_vp_set_clear(struct pv_vp_set *set);

/*
 * Add a VP; it may be in there already.
 * Context: any.
 * Return:  PV_NO_ROOM  index is not below PV_HV_VPS_MAX
 */
PV_MUST_CHECK enum pv_status pv_vp_set_add(struct pv_vp_set *set, struct pv_vp_index index);

/*
 * Take a VP out, if it is in there. Everybody but the caller: pv_vp_set_everyone, then this.
 * Context: any.
 */
void pv_vp_set_remove(struct pv_vp_set *set, struct pv_vp_index index);

/* Context: any. */
bool pv_vp_set_has(const struct pv_vp_set *set, struct pv_vp_index index);
bool pv_vp_set_is_empty(const struct pv_vp_set *set);
uint32_t pv_vp_set_count(const struct pv_vp_set *set);

/*
 * The members in ascending order: the smallest one that is not below *index goes to *index.
 *     for (struct pv_vp_index vp = { 0 }; pv_vp_set_next(&set, &vp); vp.value++)
 * Context: any.
 * Return:  false when there is none.
 */
bool pv_vp_set_next(const struct pv_vp_set *set, struct pv_vp_index *index);

/* ---- from the kernel's masks ---- */

/*
 * The VPs of the CPUs in a mask.
 * @mask:  bit m of word n: CPU 64 n + m. On 64-bit machines, what kernels keep as long[] as well.
 * @cpus:  bits in it; those beyond in the last word are ignored.
 * Context: any CPU, any time, NMI included. Sees the map before or after a change, never in between;
 *          the mask is read more than once if the map changes meanwhile.
 * Return:  PV_EMPTY      no CPU in the mask
 *          PV_NOT_FOUND  a CPU in the mask is not in the map
 *          PV_NO_ROOM    the VP index of a CPU in the mask is not below PV_HV_VPS_MAX, and all are
 *                        in the map
 *          The set is empty unless PV_OK.
 */
PV_MUST_CHECK enum pv_status pv_vp_set_from_cpus(struct pv_vp_set *set,
                                                 const struct pv_vp_map *map,
                                                 const uint64_t *mask, uint32_t cpus);

/*
 * Every VP of the map.
 * Context, Return: as pv_vp_set_from_cpus. PV_EMPTY: the map is.
 */
PV_MUST_CHECK enum pv_status pv_vp_set_everyone(struct pv_vp_set *set,
                                                const struct pv_vp_map *map);

/* ---- in the hypervisor's form ---- */

/* Which banks travel. */
enum pv_vp_set_form {
    PV_VP_SET_COMPACT = 0, /* those with a member: never more than the other form */
    PV_VP_SET_PREFIX = 1,  /* from bank 0 to the last one with a member */
};

/*
 * Banks that the form has; 0 for an empty set.
 * Context: any.
 */
uint32_t pv_vp_set_banks(const struct pv_vp_set *set, enum pv_vp_set_form form);

/*
 * Write the set as an HV_VP_SET, always in the sparse format: that is the one every hypervisor takes.
 * @fixed:  format and bank mask, which are part of a call's fixed input.
 * @banks:  the variable header.
 * @room:   of `banks`, in qwords.
 * Context: any.
 * Return:  PV_EMPTY    the set is: as a target it would mean nobody to one hypervisor, everybody
 *                      to another
 *          PV_NO_ROOM  more banks than room
 *          Nothing is written unless PV_OK.
 * Spec:    TLFS "Sparse Virtual Processor Set".
 */
PV_MUST_CHECK enum pv_status pv_vp_set_encode(const struct pv_vp_set *set,
                                              enum pv_vp_set_form form, uint32_t room,
                                              struct pv_hv_vp_set *fixed, uint64_t *banks);

/*
 * Read an HV_VP_SET.
 * @count:  banks there are.
 * Context: any. Copes with whatever is in there.
 * Return:  PV_MALFORMED  not a known format, or a number of banks that does not suit the mask
 *          PV_EMPTY      no member
 *          The set is empty unless PV_OK. The format for all VPs gives all 4,096.
 */
PV_MUST_CHECK enum pv_status pv_vp_set_decode(struct pv_vp_set *set,
                                              const struct pv_hv_vp_set *fixed,
                                              const uint64_t *banks, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
