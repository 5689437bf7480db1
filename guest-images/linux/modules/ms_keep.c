// SPDX-License-Identifier: MIT
// Its init takes vmalloc memory of the given sizes and keeps it until the module goes.
#include <linux/module.h>
#include <linux/vmalloc.h>

#define SIZES 16

static unsigned long sizes[SIZES];
static int count;
module_param_array(sizes, ulong, &count, 0444);
MODULE_PARM_DESC(sizes, "bytes of each allocation");

static void *kept[SIZES];

static void release(void)
{
	int i;

	for (i = 0; i < SIZES; i++)
		vfree(kept[i]);
}

static int __init keep_init(void)
{
	int i;

	for (i = 0; i < count; i++) {
		kept[i] = vmalloc(sizes[i]);
		if (!kept[i]) {
			release();
			return -ENOMEM;
		}
	}
	return 0;
}

static void __exit keep_exit(void)
{
	release();
}

module_init(keep_init);
module_exit(keep_exit);
MODULE_DESCRIPTION("Keeps vmalloc memory");
MODULE_LICENSE("Dual MIT/GPL");
