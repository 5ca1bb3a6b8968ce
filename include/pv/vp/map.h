/* SPDX-License-Identifier: MIT */
/*
 * Which CPU is which VP: the kernel's numbers and the hypervisor's, both ways.
 *
 *     static struct pv_vp_map map;
 *     pv_vp_map_init(&map, guest.detect.hyperv.max_vps);
 *     pv_vp_map_add(&map, this_cpu, vp->hv.index);         after pv_vp_online, one CPU at a time,
 *                                                          where Hyper-V's hypercalls are on
 *     pv_vp_map_index(&map, other_cpu, &index);            from any CPU, any time, no lock
 *
 * Where every CPU's number is its VP index, which is nearly always so, the map is one word. Where
 * that holds for stretches (sockets that the hypervisor counts in another order), it is a short
 * sorted list of stretches; where it does not hold at all, an array if that is smaller. The form is
 * chosen anew with each change, for each direction, and readers do not see it.
 *
 * Readers never wait and never see half a change: a change is prepared in the image that nobody
 * reads and becomes visible with one store. A reader that a change overtakes begins again.
 */
#ifndef PV_VP_MAP_H
#define PV_VP_MAP_H

#include <pv/abi/hv.h>
#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One direction of one image, sorted by key: runs, or an array. */
struct pv_vp_way {
    const uint32_t *words; /* runs: keys, then values, then lengths; array: values, then who is there */
    uint32_t runs;         /* 0: array */
    uint32_t first;        /* array: its first key, a multiple of 64 */
    uint32_t span;         /* array: keys in it, a multiple of 64 */
};

/* Words that an image has without asking for memory: two runs each way. */
#define PV_VP_IMAGE_WORDS 12u

struct pv_vp_image {
    struct pv_vp_way by_cpu;
    struct pv_vp_way by_index;
    uint32_t count;
    uint32_t banks; /* of a set that may name any of its VPs, as far as sets go */
    uint32_t words[PV_VP_IMAGE_WORDS];
    struct pv_vp_block *block; /* more words, once they were needed */
};

/* Zero it (static storage will do) before pv_vp_map_init. */
struct pv_vp_map {
    pv_atomic64 state; /* which image, and the whole map where every number is its own index */
    uint32_t max_vps;
    struct pv_vp_image images[2];
    struct pv_vp_block *retired; /* outgrown, but readers may still be in there */
};

/*
 * An empty map.
 * @max_vps: VP indexes are below this; 0 = the hypervisor did not tell.
 * Context: before anybody reads it. Not while it has memory (pv_vp_map_release).
 */
void pv_vp_map_init(struct pv_vp_map *map, uint32_t max_vps);

/*
 * Let `cpu` be the VP `index`. CPUs may come in any order.
 * Context: one caller of add, remove, reclaim and release at a time; readers go on meanwhile.
 * Needs:   pv_os_page_alloc, where stretches are many.
 * Return:  PV_EXISTS     cpu or index is in the map already
 *          PV_INVALID    index not below the advertised maximum
 *          PV_NO_ROOM    the map holds PV_HV_VPS_MAX VPs, as many as a set can name
 *          PV_NO_MEMORY  no page
 *          On error the map is as before.
 */
PV_MUST_CHECK enum pv_status pv_vp_map_add(struct pv_vp_map *map, struct pv_cpu cpu,
                                           struct pv_vp_index index);

/*
 * Forget a CPU.
 * Context, Needs: as pv_vp_map_add: a hole in a stretch makes two of it.
 * Return:  PV_NOT_FOUND  cpu is not in the map
 *          PV_NO_MEMORY  no page; the map is as before
 */
PV_MUST_CHECK enum pv_status pv_vp_map_remove(struct pv_vp_map *map, struct pv_cpu cpu);

/*
 * The VP index of a CPU.
 * Context: any CPU, any time, NMI included. No lock, no OS function.
 * Return:  PV_NOT_FOUND  cpu is not in the map
 */
PV_MUST_CHECK enum pv_status pv_vp_map_index(const struct pv_vp_map *map, struct pv_cpu cpu,
                                             struct pv_vp_index *index);

/*
 * The CPU of a VP index.
 * Context: as pv_vp_map_index.
 * Return:  PV_NOT_FOUND  index is not in the map
 */
PV_MUST_CHECK enum pv_status pv_vp_map_cpu(const struct pv_vp_map *map, struct pv_vp_index index,
                                           struct pv_cpu *cpu);

/*
 * How many VPs are in the map.
 * Context: as pv_vp_map_index.
 */
uint32_t pv_vp_map_count(const struct pv_vp_map *map);

/*
 * Bytes of pages that the map has from the OS, those waiting for pv_vp_map_reclaim included.
 * Context: as pv_vp_map_add.
 */
size_t pv_vp_map_bytes(const struct pv_vp_map *map);

/*
 * Give outgrown memory back, once no reader can be in there: when every CPU has been outside of
 * libpv since the last change. Optional; outgrown memory is never more than what is in use.
 * Context: as pv_vp_map_add.
 * Needs:   pv_os_page_free.
 */
void pv_vp_map_reclaim(struct pv_vp_map *map);

/*
 * Empty the map and give all its memory back.
 * Context: as pv_vp_map_add, and nobody reads it any more.
 * Needs:   pv_os_page_free.
 */
void pv_vp_map_release(struct pv_vp_map *map);

#ifdef __cplusplus
}
#endif

#endif
