// SPDX-License-Identifier: MIT
// Its init returns a positive value, which the kernel takes for success with a complaint.
#include <linux/module.h>

static int __init positive_init(void)
{
	return 5;
}

static void __exit positive_exit(void)
{
}

module_init(positive_init);
module_exit(positive_exit);
MODULE_DESCRIPTION("Init returns 5");
MODULE_LICENSE("Dual MIT/GPL");
