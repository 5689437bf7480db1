// SPDX-License-Identifier: MIT
// Its init fails.
#include <linux/module.h>

static int __init fail_init(void)
{
	return -EIO;
}

static void __exit fail_exit(void)
{
}

module_init(fail_init);
module_exit(fail_exit);
MODULE_DESCRIPTION("Init returns -EIO");
MODULE_LICENSE("Dual MIT/GPL");
