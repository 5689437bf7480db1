// SPDX-License-Identifier: MIT
// Takes and frees areas of the vmalloc space on request, one numbered slot each. Write to
// /sys/module/ms_areas/parameters/do:
//
//   SLOT vmalloc BYTES          SLOT vmap PAGES          SLOT ioremap PHYS BYTES
//   SLOT vm_map_ram PAGES       SLOT percpu BYTES ALIGN  SLOT free
//   0 purge
//
// Numbers may be decimal or 0x hexadecimal. Reading `do` gives "SLOT ADDRESS" of the last request.
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#define SLOTS 1024

enum kind { NONE, VMALLOC, VMAP, IOREMAP, VM_MAP_RAM, PERCPU };

static struct slot {
	enum kind kind;
	void *at;
	void __percpu *percpu;
	struct page **pages;
	unsigned int count;
} slots[SLOTS];

static unsigned int last;

// vmap and vm_map_ram map one page over and over: only the addresses matter here.
static struct page **same_page(unsigned int count)
{
	struct page **pages = kmalloc_array(count, sizeof(*pages), GFP_KERNEL | __GFP_NOWARN);
	struct page *page = pages ? alloc_page(GFP_KERNEL) : NULL;
	unsigned int i;

	if (!page) {
		kfree(pages);
		return NULL;
	}
	for (i = 0; i < count; i++)
		pages[i] = page;
	return pages;
}

static void drop_pages(struct slot *s)
{
	if (s->pages) {
		__free_page(s->pages[0]);
		kfree(s->pages);
	}
}

static void release(struct slot *s)
{
	switch (s->kind) {
	case VMALLOC:
		vfree(s->at);
		break;
	case VMAP:
		vunmap(s->at);
		break;
	case IOREMAP:
		iounmap((void __iomem *)s->at);
		break;
	case VM_MAP_RAM:
		vm_unmap_ram(s->at, s->count);
		break;
	case PERCPU:
		free_percpu(s->percpu);
		break;
	case NONE:
		break;
	}
	drop_pages(s);
	memset(s, 0, sizeof(*s));
}

static int take(struct slot *s, const char *what, unsigned long a, unsigned long b)
{
	if (!strcmp(what, "vmalloc")) {
		s->kind = VMALLOC;
		s->at = vmalloc(a);
	} else if (!strcmp(what, "ioremap")) {
		s->kind = IOREMAP;
		s->at = (void __force *)ioremap(a, b);
	} else if (!strcmp(what, "percpu")) {
		s->kind = PERCPU;
		s->percpu = __alloc_percpu(a, b);
		s->at = (void __force *)s->percpu;
	} else if (!strcmp(what, "vmap") || !strcmp(what, "vm_map_ram")) {
		s->pages = same_page(a);
		s->count = a;
		if (!s->pages)
			return -ENOMEM;
		s->kind = what[2] == 'a' ? VMAP : VM_MAP_RAM;
		s->at = s->kind == VMAP ? vmap(s->pages, a, VM_MAP, PAGE_KERNEL) :
					  vm_map_ram(s->pages, a, NUMA_NO_NODE);
	} else {
		return -EINVAL;
	}
	if (s->at)
		return 0;
	s->kind = NONE;
	release(s);
	return -ENOMEM;
}

static int do_set(const char *text, const struct kernel_param *param)
{
	unsigned int slot;
	unsigned long a = 0, b = 0;
	char what[16];

	if (sscanf(text, "%u %15s %li %li", &slot, what, &a, &b) < 2 || slot >= SLOTS)
		return -EINVAL;
	last = slot;
	if (!strcmp(what, "purge")) {
		vm_unmap_aliases();
		return 0;
	}
	if (!strcmp(what, "free")) {
		release(&slots[slot]);
		return 0;
	}
	return slots[slot].kind == NONE ? take(&slots[slot], what, a, b) : -EBUSY;
}

static int do_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%u 0x%08lx\n", last, (unsigned long)slots[last].at);
}

static const struct kernel_param_ops do_ops = { .set = do_set, .get = do_get };
module_param_cb(do, &do_ops, NULL, 0600);

static void __exit areas_exit(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		release(&slots[i]);
}

static int __init areas_init(void)
{
	return 0;
}

module_init(areas_init);
module_exit(areas_exit);
MODULE_DESCRIPTION("vmalloc areas on request");
MODULE_LICENSE("Dual MIT/GPL");
