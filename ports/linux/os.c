// SPDX-License-Identifier: MIT
/* What libpv asks of an operating system (include/pv/os.h), by Linux. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/vmalloc.h>
#if IS_ENABLED(CONFIG_HYPERV)
#include <asm/mshyperv.h>
#endif

#include <pv/os.h>

/* Every caller may sleep: libpv allocates when it is set up, which is done in threads here. */
void *pv_os_page_alloc(size_t pages)
{
	return alloc_pages_exact(pages * PV_PAGE_BYTES, GFP_KERNEL | __GFP_ZERO);
}

void pv_os_page_free(void *page, size_t pages)
{
	free_pages_exact(page, pages * PV_PAGE_BYTES);
}

/*
 * Linux has no set_memory_rox() for modules. So there is no hypercall page of our own: main.c
 * turns hypercalls on only where the kernel has placed one.
 */
bool pv_os_page_protect(void *page, enum pv_os_access access)
{
	return access == PV_OS_READ_WRITE;
}

uint64_t pv_os_virt_to_gpa(const void *address)
{
	if (is_vmalloc_addr(address))
		return PFN_PHYS(vmalloc_to_pfn(address)) + offset_in_page(address);
	return virt_addr_valid(address) ? virt_to_phys((void *)address) : PV_GPA_NONE;
}

/* Mapped executable by the kernel, which a module cannot do. */
static void *kernel_hypercall_page(void)
{
#if defined(CONFIG_X86) && IS_ENABLED(CONFIG_HYPERV)
	return hv_hypercall_pg;
#else
	return NULL;
#endif
}

void *pv_os_map_gpa(uint64_t gpa, enum pv_os_access access)
{
	void *page = kernel_hypercall_page();

	if (access != PV_OS_READ_EXECUTE)
		return memremap(gpa, PV_PAGE_BYTES, MEMREMAP_WB);
	return page && pv_os_virt_to_gpa(page) == gpa ? page : NULL;
}

void pv_os_unmap(void *address)
{
	if (address != kernel_hypercall_page())
		memunmap(address);
}

uint64_t pv_os_grace_begin(void)
{
	return start_poll_synchronize_rcu();
}

bool pv_os_grace_over(uint64_t wait)
{
	return poll_state_synchronize_rcu(wait);
}

/* The module shares no memory with the host: Linux does, and keeps its own books of it. */
bool pv_os_alias_unmap(uint64_t va, uint64_t gpa)
{
	return false;
}

void pv_os_alias_map(uint64_t va, uint64_t gpa, bool shared)
{
}

void pv_os_log(const char *text)
{
	pr_warn("%s\n", text);
}
