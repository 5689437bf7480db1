// SPDX-License-Identifier: MIT
// Has an init and no exit, so it cannot be removed.
#include <linux/module.h>

static int __init permanent_init(void)
{
	return 0;
}

module_init(permanent_init);
MODULE_DESCRIPTION("No exit");
MODULE_LICENSE("Dual MIT/GPL");
