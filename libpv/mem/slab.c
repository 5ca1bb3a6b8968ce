/* SPDX-License-Identifier: MIT */
/* Objects of one size from pages of the OS, which is never called with the lock held. */
#include "mem/slab.h"

#include <pv/os.h>

#include "pv_port.h"

static uintptr_t lock(struct pv_mem_slab *slab)
{
    const uintptr_t irqs = pv_port_irq_save();

    while (__atomic_exchange_n(&slab->lock, 1, __ATOMIC_ACQUIRE) != 0)
        pv_port_relax();
    return irqs;
}

static void unlock(struct pv_mem_slab *slab, uintptr_t irqs)
{
    __atomic_store_n(&slab->lock, 0, __ATOMIC_RELEASE);
    pv_port_irq_restore(irqs);
}

static void enter(struct pv_mem_page **list, struct pv_mem_page *page, enum pv_mem_list which)
{
    page->next[which] = *list;
    page->from[which] = list;
    if (*list != NULL)
        (*list)->from[which] = &page->next[which];
    *list = page;
}

static void leave(struct pv_mem_page *page, enum pv_mem_list which)
{
    *page->from[which] = page->next[which];
    if (page->next[which] != NULL)
        page->next[which]->from[which] = page->from[which];
}

static void add_page(struct pv_mem_slab *slab, struct pv_mem_page *page)
{
    for (uint32_t i = slab->per_page; i-- > 0;)
        pv_mem_object_push_(&page->objects,
                            (uint8_t *)page + PV_MEM_PAGE_HEADER + (size_t)i * slab->object_bytes);
    enter(&slab->all, page, PV_MEM_ALL);
    slab->pages++;
}

/* With the lock held, as the next two: `page` or, if that is NULL, the idle one becomes free. */
static bool find_free(struct pv_mem_slab *slab, struct pv_mem_page *page)
{
    if (page != NULL) {
        add_page(slab, page);
    } else if (slab->free == NULL) {
        page = slab->idle;
        slab->idle = NULL;
    }
    if (page != NULL)
        enter(&slab->free, page, PV_MEM_FREE);
    return slab->free != NULL;
}

static void move_one(struct pv_mem_slab *slab, struct pv_mem_cache *to)
{
    struct pv_mem_page *page = slab->free;

    pv_mem_object_push_(&to->ready, pv_mem_object_pop_(&page->objects));
    to->count++;
    to->topped_up++;
    page->used++;
    if (page->objects == NULL)
        leave(page, PV_MEM_FREE);
    if (++slab->used > slab->used_peak)
        slab->used_peak = slab->used;
}

/* Its last object is home. Gives the page if the OS shall have it, else NULL. */
static struct pv_mem_page *retire(struct pv_mem_slab *slab, struct pv_mem_page *page)
{
    leave(page, PV_MEM_FREE);
    if (slab->idle == NULL) {
        slab->idle = page;
        return NULL;
    }
    leave(page, PV_MEM_ALL);
    slab->pages--;
    return page;
}

static bool take_from(struct pv_mem_cache *to, struct pv_mem_page *page)
{
    const uintptr_t irqs = lock(to->slab);
    const bool found = find_free(to->slab, page);

    if (found)
        move_one(to->slab, to);
    unlock(to->slab, irqs);
    return found;
}

bool pv_mem_slab_take_(struct pv_mem_cache *to)
{
    struct pv_mem_page *page;

    if (take_from(to, NULL))
        return true;
    page = pv_os_page_alloc(1);
    if (page == NULL)
        return false;
    return take_from(to, page);
}

void pv_mem_slab_give_(struct pv_mem_slab *slab, void *object)
{
    struct pv_mem_page *page = (void *)((uintptr_t)object & ~(uintptr_t)(PV_PAGE_BYTES - 1));
    const uintptr_t irqs = lock(slab);

    if (page->objects == NULL)
        enter(&slab->free, page, PV_MEM_FREE);
    pv_mem_object_push_(&page->objects, object);
    slab->used--;
    page = --page->used == 0 ? retire(slab, page) : NULL;
    unlock(slab, irqs);
    if (page != NULL)
        pv_os_page_free(page, 1);
}

enum pv_status pv_mem_slab_init(struct pv_mem_slab *slab, uint32_t object_bytes)
{
    if (object_bytes % 16 != 0 || object_bytes < PV_MEM_OBJECT_BYTES_MIN ||
        object_bytes > PV_MEM_OBJECT_BYTES_MAX)
        return PV_INVALID;
    memset(slab, 0, sizeof(*slab));
    slab->object_bytes = object_bytes;
    slab->per_page = PV_MEM_OBJECT_BYTES_MAX / object_bytes;
    return PV_OK;
}

void pv_mem_slab_release(struct pv_mem_slab *slab)
{
    while (slab->all != NULL) {
        struct pv_mem_page *page = slab->all;

        slab->all = page->next[PV_MEM_ALL];
        pv_os_page_free(page, 1);
    }
    slab->free = NULL;
    slab->idle = NULL;
    slab->pages = 0;
    slab->used = 0;
}
