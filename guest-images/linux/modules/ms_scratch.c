// SPDX-License-Identifier: MIT
// Its init takes vmalloc memory of the given sizes, then frees it in the same order.
#include <linux/module.h>
#include <linux/vmalloc.h>

#define SIZES 16

static unsigned long sizes[SIZES];
static int count;
module_param_array(sizes, ulong, &count, 0444);
MODULE_PARM_DESC(sizes, "bytes of each allocation");

static int __init scratch_init(void)
{
	void *taken[SIZES];
	int i, ret = 0;

	for (i = 0; i < count; i++) {
		taken[i] = vmalloc(sizes[i]);
		if (!taken[i])
			ret = -ENOMEM;
	}
	for (i = 0; i < count; i++)
		vfree(taken[i]);
	return ret;
}

static void __exit scratch_exit(void)
{
}

module_init(scratch_init);
module_exit(scratch_exit);
MODULE_DESCRIPTION("Uses vmalloc memory during init");
MODULE_LICENSE("Dual MIT/GPL");
